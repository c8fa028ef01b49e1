// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What an importer of Layers.def sees of one call: configuration with defaults and type checks, inputs, weights by
// role, and the ops of NnBuilder at the layer's location. Errors are sticky, as in NnBuilder.
#pragma once

#include "frontend/CustomLayer.h"
#include "frontend/LayerGraph.h"
#include "frontend/NnBuilder.h"
#include "frontend/Quantization.h"

#include "llvm/ADT/StringSet.h"

#include <memory>
#include <optional>

namespace layerc {

/// Low and high of one dimension: of a padding or a cropping.
using Pair = std::pair<int64_t, int64_t>;

/// The states of a model's stateful layers: arguments of the function that grows, and what a call makes of them.
struct ModelState {
  std::string layer; ///< path
  size_t number;     ///< among the layer's states
  mlir::Value argument, next;
};
using ModelStates = std::vector<ModelState>;

class LayerImport : public NnBuilder {
public:
  /// One call of `layer`. `path` is the call's; `inputs` are all its tensors, not yet cast to the layer's compute type,
  /// and `masks` those that came with them, one per input or none at all. `call` is null for a layer inside another.
  LayerImport(const LayerGraph &graph, const Layer &layer, llvm::StringRef path, llvm::ArrayRef<mlir::Value> inputs,
              llvm::ArrayRef<mlir::Value> masks, const Call *call, mlir::OpBuilder &builder);

  const LayerGraph &graph() const { return graph_; }
  const Layer &layer() const { return layer_; }
  const std::string &className() const { return layer_.className; }
  int kerasMajor() const { return graph_.kerasMajor(); }
  bool isKerasFrom(int major, int minor, int patch = 0) const { return graph_.isKerasFrom(major, minor, patch); }
  const Call *call() const { return call_; }
  ModelStates *states = nullptr;        ///< of the whole model; handed on to layers inside
  const CustomLayers *custom = nullptr; ///< of the whole model, likewise

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

  /// The tensors of the call, in order, without those that stand in call arguments by keyword (except `inputs`).
  llvm::ArrayRef<mlir::Value> inputs() const { return inputs_; }
  /// Any tensor of the call by its number in the call's arguments, those by keyword included, as it comes.
  mlir::Value tensor(size_t index) const { return index < allInputs_.size() ? allInputs_[index] : mlir::Value(); }
  /// The only input; floats have the compute type.
  mlir::Value input();
  /// The only input in the compute type, integers too.
  mlir::Value floatInput();
  /// `x` in at least the precision of float32: what normalizations compute in whatever the policy.
  mlir::Value single(mlir::Value x);
  /// The number in the class name: 2 for Conv2DTranspose.
  int64_t spatialRank() const;
  /// floatInput() (or `x`) of rank spatialRank() + 2, channels last; back() undoes it.
  mlir::Value channelsLast(mlir::Value x);
  mlir::Value back(mlir::Value x);
  /// The float type that the layer's dtype policy computes in.
  mlir::Type computeType() const { return computeType_; }
  /// How the layer's dtype policy says that its kernel is stored.
  const Quantization &quantization() const { return quantization_; }

  // Call arguments by keyword. Import refuses those that ask for something (not null, not false) and that neither these
  // functions nor the masks below have read.

  /// The value of a call argument, tensors in it as {"tensor": index}; nullptr where it is absent or null.
  const nlohmann::json *argument(llvm::StringRef name);
  /// The tensors of a call argument in order, floats in the compute type; empty where it is absent or null.
  Results tensorArgument(llvm::StringRef name);

  /// The mask that came with the first tensor of a call argument; null where there is none.
  mlir::Value argumentMask(llvm::StringRef name);
  /// Whether a call argument is true.
  bool callFlag(llvm::StringRef name);

  bool hasRead(llvm::StringRef name) const { return readArguments_.contains(name); }

  // Masks. A mask is an i1 tensor over the leading dimensions of its tensor, (N, T) beside (N, T, C), true where a step
  // counts. It travels beside a value through Import and ends unused at layers that do not ask for it; ops that only
  // compute an unused mask are erased at the end.

  /// The mask of an input: the call argument `mask` where the file records one, else the one that came with the input;
  /// null where there is none.
  mlir::Value mask(size_t input = 0);
  /// The mask that came with an input, whatever the call argument says.
  mlir::Value carriedMask(size_t input = 0) const;
  /// Gives a result its mask, null for none. A layer that sets no mask passes on that of its first input when its class
  /// is one that supports masks (Masks.h), and drops it otherwise.
  void setMask(mlir::Value mask, size_t result = 0);
  /// Whether a mask broadcasts to `x` without making it larger; if not, the layer says which shapes disagree.
  bool fits(mlir::Value mask, mlir::Value x);
  /// What setMask has been told, or nullopt.
  const std::optional<Results> &masks() const { return masks_; }

  // Weights

  /// The next stored variable of the layer under Keras' name for it, of exactly this shape, cast to the compute type.
  mlir::Value weight(llvm::StringRef name, llvm::ArrayRef<int64_t> shape);
  /// A weight stored under another arrangement: element i of the result, of `shape`, is element `sources[i]` of the
  /// stored one, or 0 where that is negative.
  mlir::Value weight(llvm::StringRef name, llvm::ArrayRef<int64_t> stored, llvm::ArrayRef<int64_t> shape,
                     llvm::ArrayRef<int64_t> sources);
  /// As the first, in its stored float type: what Keras does not autocast.
  mlir::Value storedWeight(llvm::StringRef name, llvm::ArrayRef<int64_t> shape);
  /// As the first, whole numbers that are stored as `type`.
  mlir::Value wholeWeight(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, ElementType type);
  /// The next stored variable itself, for importers that read its numbers; of any type where none is given. Null after
  /// an error.
  const Array *nextArray(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, std::optional<ElementType> type);
  /// Variable number `index` of the layer inside under `role`, in this layer's compute type.
  mlir::Value innerWeight(llvm::StringRef role, size_t index, llvm::StringRef name, llvm::ArrayRef<int64_t> shape);
  /// Numbers that the importer computes: a constant where they are few, else an owned weight called `name`.
  mlir::Value numbers(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<double> values);
  /// A weight of its own bytes, which the importer computes.
  mlir::Value ownedWeight(llvm::StringRef name, mlir::RankedTensorType type, std::vector<char> bytes);
  /// The same as `numbers` for a list of 64-bit integers.
  mlir::Value integerTable(llvm::StringRef name, llvm::ArrayRef<int64_t> values);
  /// x + bias over the last dimension where `use_bias` holds.
  mlir::Value addBias(mlir::Value x);
  /// The next stored variable as it is.
  mlir::Value nextWeight();
  bool hasMoreWeights() const { return nextWeight_ < layer_.weights.size(); }
  void ignoreOtherWeights() { nextWeight_ = layer_.weights.size(); }

  /// The layer computed by the user's own code from `operands`, with a result of `shape` and the compute type.
  mlir::Value customCall(const CustomLayer &custom, llvm::ArrayRef<mlir::Value> operands,
                         llvm::ArrayRef<int64_t> shape);

  // State

  /// State `number` of this stateful layer, of shape `shape` and the compute type: as the last call left it.
  mlir::Value state(size_t number, llvm::ArrayRef<int64_t> shape);
  /// What this call leaves.
  void setState(size_t number, mlir::Value next);

  // Layers inside

  /// The layer stored under `role`, or nullptr.
  const Layer *child(llvm::StringRef role) const;
  /// The import of a layer inside this one, for callers that use its weights and configuration themselves; `follow`
  /// takes over its failure.
  std::unique_ptr<LayerImport> inner(const Layer &layer, llvm::ArrayRef<mlir::Value> inputs,
                                     llvm::ArrayRef<mlir::Value> masks = {}, const Call *call = nullptr);
  void follow(const LayerImport &inner) { failed_ |= inner.failed(); }
  /// Imports another layer, or the model that it is, at this place, with the masks of its inputs where there are any.
  /// `outMasks`, where not null, gets one mask per result, null for none.
  Results import(const Layer &layer, llvm::ArrayRef<mlir::Value> inputs, llvm::ArrayRef<mlir::Value> masks = {},
                 Results *outMasks = nullptr);
  /// The activation that `key` names, applied to x.
  mlir::Value activation(mlir::Value x, llvm::StringRef key = "activation");

private:
  bool isInteger(const nlohmann::json &value) const { return value.is_number_integer(); }
  void takeInputs(llvm::ArrayRef<mlir::Value> inputs, llvm::ArrayRef<mlir::Value> masks);
  ModelState *findState(size_t number);
  Failure wrongValue(llvm::StringRef key, llvm::StringRef expected);
  const Array *arrayOf(const Layer &layer, size_t index, llvm::StringRef name, llvm::ArrayRef<int64_t> shape);
  mlir::Value weightOf(const Layer &layer, size_t index, llvm::StringRef name, llvm::ArrayRef<int64_t> shape,
                       std::optional<ElementType> whole = std::nullopt);

  const LayerGraph &graph_;
  const Layer &layer_;
  const Call *call_;
  llvm::SmallVector<mlir::Value> allInputs_, allMasks_, inputs_, inputMasks_;
  std::optional<Results> masks_;
  llvm::StringSet<> readArguments_;
  mlir::Type computeType_;
  Quantization quantization_;
  size_t nextWeight_ = 0;
};

/// Imports one call of a layer by its row of Layers.def; empty after an error, which has been reported. `masks`, where
/// not null, gets one mask per result, null for none.
Results importLayer(LayerImport &l, Results *masks = nullptr);

/// Imports the calls of a whole model inside the layer `l`; masks as in LayerImport::import.
Results importInnerModel(LayerImport &l, const LayerGraph &model, llvm::ArrayRef<mlir::Value> inputs,
                         llvm::ArrayRef<mlir::Value> masks, Results *outMasks);

/// The MLIR type of a Keras element type: unsigned integers keep their sign in the type, bool is i1.
mlir::Type mlirType(ElementType type, mlir::MLIRContext *context);

} // namespace layerc
