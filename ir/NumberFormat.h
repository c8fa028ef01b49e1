// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Element types without MLIR's type objects, for loops over many numbers.
#pragma once

#include "ir/Evaluate.h"

namespace layerc {

enum class ElementKind : uint8_t { F16, BF16, F32, F64, Bool, Signed, Unsigned };

struct NumberFormat {
  ElementKind kind;
  int bits;
  bool isReal() const { return kind <= ElementKind::F64; }
  int64_t bytes() const { return (bits + 7) / 8; }
};

/// A number at any address: weights lie in a model's file wherever its writer put them.
template <typename T> struct [[gnu::packed, gnu::may_alias]] Unaligned {
  T value;
  operator T() const { return value; }
};

NumberFormat numberFormatOf(mlir::Type type);
/// The numbers of a constant, one for a splat, i1 as one byte.
std::vector<char> storedBytes(mlir::DenseElementsAttr numbers);
/// As the functions of these names in Evaluate.h.
Scalar roundTo(NumberFormat type, Scalar value);
Scalar convert(Scalar value, NumberFormat from, NumberFormat to);
/// One element at `bytes`, of any alignment. Writing rounds.
Scalar readElement(NumberFormat type, const char *bytes);
void writeElement(NumberFormat type, char *bytes, Scalar value);

} // namespace layerc
