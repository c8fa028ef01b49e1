// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Layers.def as data: for importing, for `layerc layers`, and for docs/reference/layers.md.
#pragma once

#include "frontend/LayerImport.h"

#include "llvm/Support/raw_ostream.h"

namespace layerc {

/// What a row of Layers.def is about: one name may be a layer of Keras, an operation, and someone's own layer.
enum class RowKind { Layer, Operation, Custom };

/// One row of Layers.def.
struct LayerRow {
  const char *group;                ///< heading in Keras' manual
  const char *className;            ///< as in files
  Results (*import)(LayerImport &); ///< null for a class that is refused
  const char *words;                ///< the supported subset, or why the class is refused
  RowKind kind;
};

/// All rows in the order of the table.
llvm::ArrayRef<LayerRow> layerTable();

/// The row of a layer's class, or nullptr.
const LayerRow *findLayer(const Layer &layer);

/// What `layerc layers` prints: a group's title, then one line per class.
void printLayers(llvm::raw_ostream &out);

/// The same as JSON: {"layers": [{"group", "class", "kind", "supported", "words"}], "activations": [...]}.
void printLayersJson(llvm::raw_ostream &out);

} // namespace layerc
