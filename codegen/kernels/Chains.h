// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sums over the rows of a product, in several chains where few sums are computed: each waits for the one before it.
#pragma once

#include "codegen/KernelBuilder.h"

namespace layerc {

/// Chains of `sums` sums each over `depth` rows, so that there are enough sums, and at least `rowsEach` rows in each.
int64_t chainsOf(int64_t sums, int64_t depth, int64_t rowsEach);

/// `sums` plus what `addRow` adds to them for each of `depth` rows: row i to chain i mod `chains`, the chains by
/// halves. `unroll`: without a loop.
llvm::SmallVector<mlir::Value>
addRows(KernelBuilder &k, llvm::ArrayRef<mlir::Value> sums, int64_t depth, int64_t chains, bool unroll,
        llvm::function_ref<void(llvm::MutableArrayRef<mlir::Value> sums, mlir::Value row)> addRow);

} // namespace layerc
