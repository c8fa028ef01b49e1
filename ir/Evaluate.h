// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The meaning of every nn op, element by element. It judges kernels and passes, so it is written for clarity: each op
// is the formula of its description, sums in double, every result rounded to its element type.
#pragma once

#include "ir/Nn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace layerc {

/// One number. Integers and i1 are exact in `integer`; floats in `real`, already rounded to their type.
struct Scalar {
  double real = 0;
  int64_t integer = 0;
};

/// A dense tensor of numbers, row-major: what tests compare and what arguments are given as.
struct TensorData {
  mlir::RankedTensorType type;
  std::vector<char> bytes; ///< element type's own width, i1 as one byte
  Scalar at(int64_t linear) const;
  void set(int64_t linear, Scalar value); ///< rounds to the element type
  int64_t size() const { return type.getNumElements(); }
};
/// A tensor of zeros.
TensorData makeTensor(mlir::RankedTensorType type);
/// The same numbers as a constant's value.
mlir::DenseElementsAttr toAttribute(const TensorData &data);

struct EvaluatedValue;

/// Pulls single elements of values. Results are memoised per value while a value has at most `kMemoLimit` elements.
class Evaluator {
public:
  static constexpr int64_t kMemoLimit = 1 << 22;
  /// `weights` must outlive the evaluator; missing weights are made up (WeightStore::getOrMake).
  explicit Evaluator(WeightStore &weights) : weights_(weights) {}

  /// Gives a function argument or block argument (or any other value) its numbers, before anything that uses it is
  /// read.
  void bind(mlir::Value argument, TensorData data);
  /// Element `index` (one number per dimension) of `value`.
  Scalar at(mlir::Value value, llvm::ArrayRef<int64_t> index);
  /// All elements.
  TensorData evaluate(mlir::Value value);

private:
  std::shared_ptr<EvaluatedValue> find(mlir::Value value);
  std::shared_ptr<EvaluatedValue> make(mlir::Value value);
  void runScan(nn::ScanOp scan);
  WeightStore &weights_;
  llvm::DenseMap<mlir::Value, std::shared_ptr<EvaluatedValue>> values_;
};

/// Evaluates a function on arguments; one tensor per result.
std::vector<TensorData> evaluate(mlir::func::FuncOp function, llvm::ArrayRef<TensorData> arguments,
                                 WeightStore &weights);

/// Reproducible values in [-1, 1) (floats) or 0..3 (integers) for tests.
TensorData randomTensor(mlir::RankedTensorType type, uint64_t seed);

/// Rounds `value.real` to a float type (nearest even), or wraps `value.integer` to the width of an integer type.
Scalar roundTo(mlir::Type elementType, Scalar value);
/// What nn.cast does to one number: float to integer truncates and saturates, NaN gives 0; anything to i1 is x != 0.
Scalar convert(Scalar value, mlir::Type from, mlir::Type to);
/// Bytes of one stored element: i1 takes one.
int64_t elementBytes(mlir::Type elementType);

} // namespace layerc
