// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What Evaluate keeps of each value: stored numbers, or the rule that computes one element from the operands' elements.
#pragma once

#include "ir/NumberFormat.h"

#include <functional>

namespace layerc {

using Index = llvm::ArrayRef<int64_t>;

/// Computes the element at an index; the result is not yet rounded to the element type.
using Rule = std::function<Scalar(Index)>;

/// A tensor of which elements are known, computed on demand, or both (memoised).
struct EvaluatedValue {
  explicit EvaluatedValue(mlir::RankedTensorType type);

  mlir::RankedTensorType type;
  NumberFormat element;
  llvm::SmallVector<int64_t, 6> shape;
  llvm::SmallVector<int64_t, 6> strides; ///< in elements; 0 along dimensions of size 1, so that they broadcast
  const char *stored = nullptr;          ///< numbers in the element type's own width
  bool isSplat = false;                  ///< `stored` holds one number for all elements
  std::vector<char> owned;               ///< what `stored` points at, unless it is a weight's
  std::vector<bool> known;               ///< which elements of `stored` are computed; empty: all
  int64_t unknown = 0;                   ///< how many are not
  Rule rule;

  Scalar load(int64_t linear) {
    if (stored && (known.empty() || known[linear]))
      return readElement(element, stored + (isSplat ? 0 : linear * element.bytes()));
    return computeElement(linear);
  }
  /// All elements as floats, or null where some are not computed yet or of another type.
  const Unaligned<float> *floats() const {
    bool isComplete = stored && known.empty() && !isSplat && element.kind == ElementKind::F32;
    return isComplete ? reinterpret_cast<const Unaligned<float> *>(stored) : nullptr;
  }
  /// Position of `index`, whose last dimensions are aligned with this value's (leading ones may be missing here).
  int64_t offset(Index index) const {
    int64_t linear = 0;
    Index aligned = index.take_back(strides.size());
    for (size_t d = 0; d < strides.size(); ++d)
      linear += aligned[d] * strides[d];
    return linear;
  }
  Scalar at(Index index) { return load(offset(index)); }

private:
  Scalar computeElement(int64_t linear);
};

/// The rule of an op whose operands are `inputs`, which outlive it.
Rule ruleOf(mlir::Operation *op, llvm::ArrayRef<EvaluatedValue *> inputs);

/// The functions of nn.unary and nn.binary on numbers of one element type, not yet rounded.
Scalar applyUnary(nn::UnaryFunction function, NumberFormat type, Scalar x);
Scalar applyBinary(nn::BinaryFunction function, NumberFormat type, Scalar a, Scalar b);

} // namespace layerc
