// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Layers.def as data; see LayerTable.h.
#include "frontend/LayerTable.h"

#include "frontend/Activations.h"
#include "frontend/Importers.h"
#include "frontend/OperationImport.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"

using namespace layerc;

static std::vector<LayerRow> makeTable() {
  std::vector<LayerRow> rows;
  const char *group = "";
#define GROUP(title) group = title;
#define LAYER(Class, importer, subset) rows.push_back({group, #Class, importer, subset, RowKind::Layer});
#define CUSTOM(Class, importer, subset) rows.push_back({group, #Class, importer, subset, RowKind::Custom});
#define REFUSED(Class, why) rows.push_back({group, #Class, nullptr, why, RowKind::Layer});
#include "frontend/Layers.def"
  for (llvm::ArrayRef<OperationRow> operations : operationGroups())
    for (const OperationRow &operation : operations)
      rows.push_back({"Operations (keras.ops)", operation.name, importOperation, operation.words, RowKind::Operation});
  return rows;
}

llvm::ArrayRef<LayerRow> layerc::layerTable() {
  static const std::vector<LayerRow> rows = makeTable();
  return rows;
}

/// A custom layer is never Keras' own of that name; a layer that a package registers may also come without its package.
static bool describes(const LayerRow &row, const Layer &layer) {
  return layer.className == row.className && layer.isOperation == (row.kind == RowKind::Operation) &&
         (!layer.isCustom || row.kind == RowKind::Custom);
}

const LayerRow *layerc::findLayer(const Layer &layer) {
  const LayerRow *row = llvm::find_if(layerTable(), [&](const LayerRow &row) { return describes(row, layer); });
  return row == layerTable().end() ? nullptr : row;
}

/// Calls `title` before the first row of each group and `line` for each row.
static void eachRow(llvm::function_ref<void(llvm::StringRef)> title, llvm::function_ref<void(const LayerRow &)> line) {
  llvm::StringRef group;
  for (const LayerRow &row : layerTable()) {
    if (group != row.group)
      title(group = row.group);
    line(row);
  }
}

static std::string support(const LayerRow &row) {
  return (row.import ? "" : "not supported: ") + std::string(row.words);
}

void layerc::printLayers(llvm::raw_ostream &out) {
  eachRow([&](llvm::StringRef group) { out << group << "\n"; },
          [&](const LayerRow &row) { out << "  " << llvm::left_justify(row.className, 28) << support(row) << "\n"; });
}

static const char *nameOf(RowKind kind) {
  switch (kind) {
  case RowKind::Layer:
    return "layer";
  case RowKind::Operation:
    return "operation";
  case RowKind::Custom:
    return "custom";
  }
  llvm_unreachable("a row without a kind");
}

void layerc::printLayersJson(llvm::raw_ostream &out) {
  llvm::json::OStream json(out, /*IndentSize=*/1);
  json.object([&] {
    json.attributeArray("layers", [&] {
      for (const LayerRow &row : layerTable())
        json.object([&] {
          json.attribute("group", row.group);
          json.attribute("class", row.className);
          json.attribute("kind", nameOf(row.kind));
          json.attribute("supported", row.import != nullptr);
          json.attribute("words", row.words);
        });
    });
    json.attributeArray("activations", [&] {
      for (const std::string &name : activationNames())
        json.value(name);
    });
  });
  out << "\n";
}
