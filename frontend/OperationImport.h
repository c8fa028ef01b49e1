// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One call of an operation: a keras.ops node of a Functional model, or a TensorFlow function that stands for one. Keras
// keeps an argument in the node's configuration, by keyword or by position; here all are found by name.
#pragma once

#include "frontend/LayerImport.h"
#include "frontend/Promotion.h"

namespace layerc {

class OperationImport {
public:
  /// `parameters` are the names of the positional arguments, separated by blanks; the last takes all that follow as a
  /// list where it ends in "...".
  OperationImport(LayerImport &l, llvm::StringRef parameters);
  /// A call of `operation` whose arguments are already known by Keras' names.
  OperationImport(llvm::StringRef operation, nlohmann::json arguments, LayerImport &l)
      : l(l), operation(operation), arguments_(std::move(arguments)) {}

  LayerImport &l;        ///< errors, ops, location
  std::string operation; ///< Keras' class

  /// An argument; nullptr where it is absent or null.
  const nlohmann::json *value(llvm::StringRef name) const;
  bool has(llvm::StringRef name) const { return value(name) != nullptr; }
  bool flag(llvm::StringRef name, bool standard);
  double number(llvm::StringRef name, double standard);
  int64_t integer(llvm::StringRef name, std::optional<int64_t> standard = std::nullopt);
  std::string string(llvm::StringRef name, llvm::StringRef standard);
  /// One integer or a list of them.
  Sizes integers(llvm::StringRef name);
  /// A copy in which integer tensors that do not depend on the model's inputs, such as a shape, are their numbers.
  nlohmann::json withNumbers(const nlohmann::json &value);
  /// An axis of a tensor of `rank` dimensions, counted from the front.
  int64_t axis(llvm::StringRef name, int64_t rank, std::optional<int64_t> standard = std::nullopt);
  /// Axes, counted from the front and sorted; all where the argument is absent or null.
  Sizes axes(llvm::StringRef name, int64_t rank);
  /// `dtype` and the like; `standard` where absent.
  mlir::Type elementType(llvm::StringRef name, mlir::Type standard);

  /// Whether an argument is a number, not a tensor.
  bool isNumber(llvm::StringRef name) const {
    return has(name) && (value(name)->is_number() || value(name)->is_boolean());
  }
  /// A tensor argument; numbers and literal arrays become constants.
  mlir::Value tensor(llvm::StringRef name);
  /// The same with integers and booleans as float32.
  mlir::Value real(llvm::StringRef name);
  /// The same as i1: not zero.
  mlir::Value boolean(llvm::StringRef name);
  /// The tensors of a list argument, in their common element type.
  llvm::SmallVector<mlir::Value> tensors(llvm::StringRef name);
  /// Arguments in their common element type; with `asFloats`, in that of them and a Python float.
  llvm::SmallVector<mlir::Value> promoted(llvm::ArrayRef<llvm::StringRef> names, bool asFloats = false);

  /// A tensor of numbers that the operation makes, of any element type.
  mlir::Value constant(mlir::Type element, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<double> numbers);
  /// Numbers of the model as a weight of its own even where they are few: what a kernel of a convolution must be.
  mlir::Value asWeight(mlir::Value numbers);
  /// 0, 1, ... along dimension `axis` of `rank`, all other dimensions of size 1.
  mlir::Value iota(mlir::Type element, int64_t size, int64_t axis, int64_t rank);
  /// `x` with all elements replaced by `number`.
  mlir::Value filled(llvm::ArrayRef<int64_t> shape, mlir::Type element, double number);
  /// The layer says that the argument is not understood.
  Failure wrongArgument(llvm::StringRef name, llvm::StringRef expected);

private:
  mlir::Value literal(const nlohmann::json &value, std::optional<mlir::Type> element);
  PromotedType typeOf(const nlohmann::json &value);
  llvm::SmallVector<mlir::Value> promoted(llvm::ArrayRef<const nlohmann::json *> values, bool asFloats);

  nlohmann::json arguments_;
  int constants_ = 0;
};

/// Sizes of parts, as TensorFlow splits, to the places between them, as NumPy does.
void partSizesToPlaces(nlohmann::json &splits);

/// What an operation of keras.ops computes.
struct OperationRow {
  const char *name;       ///< Keras' class: "ExpandDims"
  const char *parameters; ///< of its call, see OperationImport
  Results (*build)(OperationImport &o);
  const char *words = "all"; ///< the supported subset
};

/// All operations, by group.
llvm::ArrayRef<OperationRow> elementwiseOperations(); ///< operations/Elementwise.cpp
llvm::ArrayRef<OperationRow> reductionOperations();   ///< operations/Reductions.cpp
llvm::ArrayRef<OperationRow> shapeOperations();       ///< operations/Shapes.cpp
llvm::ArrayRef<OperationRow> indexingOperations();    ///< operations/Indexing.cpp
llvm::ArrayRef<OperationRow> gatheringOperations();   ///< operations/Gathering.cpp
llvm::ArrayRef<OperationRow> productOperations();     ///< operations/Products.cpp
llvm::ArrayRef<OperationRow> neuralOperations();      ///< operations/Neural.cpp
llvm::ArrayRef<OperationRow> statisticsOperations();  ///< operations/Statistics.cpp
llvm::ArrayRef<OperationRow> matrixOperations();      ///< operations/Matrices.cpp
llvm::ArrayRef<OperationRow> imageOperations();       ///< operations/Images.cpp
llvm::ArrayRef<OperationRow> fourierOperations();     ///< operations/Fourier.cpp
std::array<llvm::ArrayRef<OperationRow>, 11> operationGroups();

/// The operation of a class of keras.ops, or nullptr.
const OperationRow *findOperation(llvm::StringRef name);

/// The importer of every keras.ops node.
Results importOperation(LayerImport &l);

} // namespace layerc
