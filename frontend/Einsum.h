// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Einstein summation of two tensors as contractions: what EinsumDense, attention and keras.ops.einsum are made of.
#pragma once

#include "frontend/NnBuilder.h"

namespace layerc {

/// `equation` as NumPy writes it, with "->", one letter per dimension and at most one "..." per operand. A letter
/// stands once in an operand; one that only an operand has is summed over. Errors name `equation`.
mlir::Value einsum(NnBuilder &b, llvm::StringRef equation, mlir::Value lhs, mlir::Value rhs);

} // namespace layerc
