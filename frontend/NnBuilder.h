// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Makes nn ops at one location. The first error is reported and remembered; from then on every call does nothing and
// returns null, so that importers read as formulas and check once, before they look at a shape. At most one argument of
// a call makes ops: C++ does not order arguments, and a model's IR must not depend on the compiler that built layerc.
#pragma once

#include "ir/Nn.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <optional>
#include <utility>

namespace layerc {

/// No tensor of a model is larger: a crafted file must not make sizes overflow.
inline constexpr int64_t kMaxElements = int64_t(1) << 31;

using Sizes = llvm::SmallVector<int64_t, 4>;
using Results = llvm::SmallVector<mlir::Value, 1>;

/// An error being written, or nothing; converts to whatever the importer returns.
class Failure {
public:
  Failure() = default;
  explicit Failure(mlir::InFlightDiagnostic diagnostic) : diagnostic_(std::move(diagnostic)) {}
  template <class Part> Failure &&operator<<(Part &&part) && {
    if (diagnostic_)
      *diagnostic_ << std::forward<Part>(part);
    return std::move(*this);
  }
  operator Results() && { return {}; }
  operator mlir::Value() && { return {}; }

private:
  std::optional<mlir::InFlightDiagnostic> diagnostic_;
};

class NnBuilder {
public:
  NnBuilder(mlir::OpBuilder &builder, mlir::Location location) : builder_(builder), location_(location) {}

  bool failed() const { return failed_; }
  /// Reports an error of the user's model; only the first of a layer reaches the user.
  Failure fail();
  mlir::Location location() const { return location_; }
  mlir::MLIRContext *context() const { return builder_.getContext(); }

  /// An op whose result type is inferred. Errors of inference and of the op's verifier are errors of the layer.
  template <class Op, class... Arguments> mlir::Value create(Arguments &&...arguments) {
    if (failed_)
      return {};
    mlir::OperationState state(location_, Op::getOperationName());
    // The generated builders that infer the type end the program when that fails; the others demand a type. So this one
    // stands in until finish() infers it.
    mlir::Type placeholder = builder_.getNoneType();
    Op::build(builder_, state, mlir::TypeRange(placeholder), std::forward<Arguments>(arguments)...);
    state.types.clear();
    return finish(state, &Op::inferReturnTypes);
  }

  mlir::Value unary(nn::UnaryFunction function, mlir::Value x) { return create<nn::UnaryOp>(function, x); }
  mlir::Value binary(nn::BinaryFunction function, mlir::Value a, mlir::Value b);
  /// A binary function of a tensor and a number, which takes the tensor's element type.
  mlir::Value binary(nn::BinaryFunction function, mlir::Value a, double b) { return binary(function, a, scalar(b, a)); }
  mlir::Value binary(nn::BinaryFunction function, double a, mlir::Value b) { return binary(function, scalar(a, b), b); }
  mlir::Value add(mlir::Value a, mlir::Value b) { return binary(nn::BinaryFunction::Add, a, b); }
  mlir::Value add(mlir::Value a, double b) { return binary(nn::BinaryFunction::Add, a, b); }
  mlir::Value sub(mlir::Value a, mlir::Value b) { return binary(nn::BinaryFunction::Sub, a, b); }
  mlir::Value mul(mlir::Value a, mlir::Value b) { return binary(nn::BinaryFunction::Mul, a, b); }
  mlir::Value mul(mlir::Value a, double b) { return binary(nn::BinaryFunction::Mul, a, b); }
  mlir::Value div(mlir::Value a, mlir::Value b) { return binary(nn::BinaryFunction::Div, a, b); }
  mlir::Value maximum(mlir::Value a, double b) { return binary(nn::BinaryFunction::Maximum, a, b); }
  mlir::Value minimum(mlir::Value a, double b) { return binary(nn::BinaryFunction::Minimum, a, b); }
  mlir::Value greater(mlir::Value a, double b) { return binary(nn::BinaryFunction::Greater, a, b); }
  mlir::Value select(mlir::Value condition, mlir::Value onTrue, mlir::Value onFalse) {
    return create<nn::SelectOp>(condition, onTrue, onFalse);
  }
  mlir::Value reduce(nn::ReduceFunction function, mlir::Value x, llvm::ArrayRef<int64_t> axes);
  mlir::Value softmax(mlir::Value x, llvm::ArrayRef<int64_t> axes, bool log = false);
  mlir::Value normalize(nn::NormalizeFunction function, mlir::Value x, llvm::ArrayRef<int64_t> axes, double epsilon);
  mlir::Value contract(mlir::Value a, mlir::Value b, int64_t axisA, int64_t axisB, bool batched = false);

  /// Builds one step of a scan from a slice of each sequence and the carried values: the next carried values, then the
  /// elements of the stacked results.
  using ScanBody = llvm::function_ref<Results(llvm::ArrayRef<mlir::Value> slices, llvm::ArrayRef<mlir::Value> carried)>;
  /// nn.scan; its results, empty after a failure.
  llvm::SmallVector<mlir::Value> scan(llvm::ArrayRef<mlir::Value> sequences, llvm::ArrayRef<mlir::Value> initials,
                                      bool reverse, ScanBody body);

  /// These return their input where there is nothing to do.
  mlir::Value cast(mlir::Value x, mlir::Type elementType);
  mlir::Value reshape(mlir::Value x, llvm::ArrayRef<int64_t> shape);
  mlir::Value transpose(mlir::Value x, llvm::ArrayRef<int64_t> permutation);
  /// Moves dimension `from` to place `to`; the others keep their order.
  mlir::Value moveAxis(mlir::Value x, int64_t from, int64_t to);

  /// A literal.
  mlir::Value constant(mlir::DenseElementsAttr value);
  /// A rank-0 constant of the element type of `like`, or of `elementType`.
  mlir::Value scalar(double value, mlir::Value like);
  mlir::Value scalar(double value, mlir::Type elementType);

  /// The shape of a value; empty after a failure.
  llvm::ArrayRef<int64_t> shape(mlir::Value x) const;
  int64_t rank(mlir::Value x) const { return static_cast<int64_t>(shape(x).size()); }
  /// The element type of a value; f32 after a failure.
  mlir::Type elementType(mlir::Value x) const;
  /// `values` as an attribute, null where all are `standard`: defaults are not written.
  mlir::DenseI64ArrayAttr unless(int64_t standard, llvm::ArrayRef<int64_t> values);

protected:
  mlir::OpBuilder &builder_;
  mlir::Location location_;
  bool failed_ = false;

private:
  using Infer = llvm::LogicalResult (*)(mlir::MLIRContext *, std::optional<mlir::Location>, mlir::ValueRange,
                                        mlir::DictionaryAttr, mlir::OpaqueProperties, mlir::RegionRange,
                                        llvm::SmallVectorImpl<mlir::Type> &);
  mlir::Value finish(mlir::OperationState &state, Infer infer);
};

/// The number of elements, or kMaxElements + 1 where it is above kMaxElements or a size is negative.
int64_t boundedElements(llvm::ArrayRef<int64_t> shape);

/// "[1, 8, 8, 3]", as shapes stand in messages.
std::string shapeText(llvm::ArrayRef<int64_t> shape);

} // namespace layerc
