// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which layers hand the mask of their input on, and how merging layers combine masks; both depend on the file's Keras.
// The mask of a value itself is reached through LayerImport.
#pragma once

#include "frontend/LayerImport.h"

namespace layerc {

/// Whether a layer that says nothing about masks gives its results the mask of its first input.
bool passesMask(const Layer &layer, const LayerGraph &graph);

/// The mask of an elementwise merge of l.inputs(): before Keras 3.4 every mask there is must hold; from then on one is
/// enough, and one input without a mask leaves none.
mlir::Value mergedMask(LayerImport &l);

/// The mask of l.inputs() concatenated along `axis`, where a missing mask holds everywhere.
mlir::Value concatenatedMask(LayerImport &l, int64_t axis);

/// `mask` with a dimension of size 1 for each dimension of `x` that it lacks, so that it broadcasts against x.
mlir::Value expandMask(LayerImport &l, mlir::Value mask, mlir::Value x);

} // namespace layerc
