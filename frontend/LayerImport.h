// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What an importer of Layers.def sees of one call: configuration with defaults and type checks, inputs, weights by
// role, and the ops of NnBuilder at the layer's location. Errors are sticky, as in NnBuilder.
#pragma once

#include "frontend/LayerGraph.h"
#include "frontend/NnBuilder.h"

#include <optional>

namespace layerc {

/// Low and high of one dimension: of a padding or a cropping.
using Pair = std::pair<int64_t, int64_t>;

class LayerImport : public NnBuilder {
public:
  /// One call of `layer`. `path` is the call's; `inputs` are not yet cast to the layer's compute type.
  LayerImport(const LayerGraph &graph, const Layer &layer, llvm::StringRef path, llvm::ArrayRef<mlir::Value> inputs,
              mlir::OpBuilder &builder);

  const LayerGraph &graph() const { return graph_; }
  const Layer &layer() const { return layer_; }
  const std::string &className() const { return layer_.className; }
  int kerasMajor() const { return graph_.kerasMajor(); }
  const Call *call = nullptr; ///< null for a layer inside another

  // Configuration. A value of the wrong type is an error.

  /// The value, or nullptr where it is absent or null.
  const nlohmann::json *config(llvm::StringRef key) const;
  bool flag(llvm::StringRef key, bool standard);
  double number(llvm::StringRef key, double standard);
  std::optional<double> optionalNumber(llvm::StringRef key);
  std::string string(llvm::StringRef key, llvm::StringRef standard);
  int64_t integer(llvm::StringRef key);
  /// A list of `count` integers; one integer stands for all of them. Without `standard` the key must be present.
  Sizes integers(llvm::StringRef key, int64_t count, std::optional<int64_t> standard = std::nullopt);
  /// As `integers`, each above zero.
  Sizes positive(llvm::StringRef key, int64_t count, std::optional<int64_t> standard = std::nullopt);
  /// An integer or a list of integers of any length.
  Sizes list(llvm::StringRef key, std::optional<int64_t> standard = std::nullopt);
  /// The same, as dimensions of a tensor of `rank` dimensions: negative ones counted from the end, sorted, distinct.
  Sizes axes(llvm::StringRef key, int64_t rank, std::optional<int64_t> standard = std::nullopt);
  /// Numbers in any nesting of lists or `__numpy__` objects; nullopt where the key is absent.
  std::optional<std::vector<double>> numbers(llvm::StringRef key);
  /// `count` pairs: n for (n, n) everywhere, [a, b] for (a, a), (b, b), or a list of pairs. One pair may stand alone.
  llvm::SmallVector<Pair, 3> pairs(llvm::StringRef key, int64_t count, int64_t standard);
  bool channelsFirst();

  // Inputs

  llvm::ArrayRef<mlir::Value> inputs() const { return inputs_; }
  /// The only input; floats have the compute type.
  mlir::Value input();
  /// The only input in the compute type, integers too.
  mlir::Value floatInput();
  /// The number in the class name: 2 for Conv2DTranspose.
  int64_t spatialRank() const;
  /// floatInput() (or `x`) of rank spatialRank() + 2, channels last; back() undoes it.
  mlir::Value channelsLast(mlir::Value x);
  mlir::Value back(mlir::Value x);
  /// The float type that the layer's dtype policy computes in.
  mlir::Type computeType() const { return computeType_; }

  // Weights

  /// The next stored variable of the layer under Keras' name for it, of exactly this shape, cast to the compute type.
  mlir::Value weight(llvm::StringRef name, llvm::ArrayRef<int64_t> shape);
  /// The same, in its stored float type: what Keras does not autocast.
  mlir::Value storedWeight(llvm::StringRef name, llvm::ArrayRef<int64_t> shape);
  /// Numbers that the importer computes: a constant where they are few, else an owned weight called `name`.
  mlir::Value numbers(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<double> values);
  /// x + bias over the last dimension where `use_bias` holds.
  mlir::Value addBias(mlir::Value x);
  bool hasMoreWeights() const { return nextWeight_ < layer_.weights.size(); }
  void ignoreOtherWeights() { nextWeight_ = layer_.weights.size(); }

  // Layers inside

  /// The layer stored under `role`, or nullptr.
  const Layer *child(llvm::StringRef role) const;
  /// Imports another layer at this place.
  Results import(const Layer &layer, llvm::ArrayRef<mlir::Value> inputs);
  /// The activation that `key` names, applied to x.
  mlir::Value activation(mlir::Value x, llvm::StringRef key = "activation");

private:
  bool isInteger(const nlohmann::json &value) const { return value.is_number_integer(); }
  Failure wrongValue(llvm::StringRef key, llvm::StringRef expected);

  const LayerGraph &graph_;
  const Layer &layer_;
  llvm::SmallVector<mlir::Value> inputs_;
  mlir::Type computeType_;
  size_t nextWeight_ = 0;
};

/// Imports one call of a layer by its row of Layers.def; empty after an error, which has been reported.
Results importLayer(LayerImport &l);

/// The MLIR type of a Keras element type: unsigned integers keep their sign in the type, bool is i1.
mlir::Type mlirType(ElementType type, mlir::MLIRContext *context);

} // namespace layerc
