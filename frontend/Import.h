// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A Keras model to one function of the nn dialect. Sizes become numbers, Keras classes become ops, weights go into the
// dialect's WeightStore; each op's location is the path of its layer.
#pragma once

#include "frontend/CustomLayer.h"
#include "frontend/LayerGraph.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <functional>
#include <map>
#include <optional>

namespace layerc {

/// A layer that cannot be imported.
struct Refusal {
  std::string path, className, reason;
};

struct ImportOptions {
  /// The name of the function; the model's own where empty.
  std::string name;
  /// The size of a free batch dimension, 1 unless given. A model with a fixed batch accepts only that.
  std::optional<int64_t> batch;
  /// Whole shapes, batch included, by name of the input (`--input-shape NAME=1x8x8x1`).
  std::map<std::string, std::vector<int64_t>> inputShapes;
  /// Where set, is told of every refused layer, not only of the first, which becomes the diagnostic.
  std::function<void(const Refusal &)> onRefused;
  /// Layers that the user's own code computes.
  CustomLayers custom = {};
};

/// Makes `func.func @name` with arguments and results named by `nn.name`. On an error of the model one diagnostic
/// `FILE: layer 'path' (Class): what is wrong` is emitted at the layer's location and the result is null.
mlir::OwningOpRef<mlir::ModuleOp> importModel(const LayerGraph &graph, const ImportOptions &options,
                                              mlir::MLIRContext &context);

} // namespace layerc
