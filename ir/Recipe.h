// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weight recipes: the ops between a trained weight and the bytes that a kernel reads, run tensor by tensor.
#pragma once

#include "ir/Nn.h"

#include "llvm/Support/Error.h"

namespace layerc {

/// Writes the tensor `value`, an expression of weights and constants, to `out`: dense, row-major, as many bytes as its
/// type takes. The numbers are those of Evaluate. Views (weight, reshape, transpose, slice, reverse, broadcast) read
/// the weight's bytes where they are; an elementwise chain is computed in `out`; beyond that at most one temporary of
/// the tensor's size lives at a time, except for ops that recipes rarely hold, which Evaluate computes. Several recipes
/// may run at once on a store that holds all their weights. Fails when a weight is stored with another type than the
/// recipe says or `out` has another size.
llvm::Error runRecipe(mlir::Value value, WeightStore &weights, llvm::MutableArrayRef<char> out);

/// Equal for equal expressions on weights of equal contents, whatever their names.
uint64_t recipeHash(mlir::Value value, WeightStore &weights);

} // namespace layerc
