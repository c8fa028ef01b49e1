// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/kernels/Chains.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/bit.h"

#include <algorithm>

using namespace mlir;
using namespace layerc;

/// Sums that hide the latency of an FMA where two start per cycle.
static constexpr int64_t kEnoughSums = 8;

int64_t layerc::chainsOf(int64_t sums, int64_t depth, int64_t rowsEach) {
  int64_t enough = llvm::divideCeil(kEnoughSums, sums);
  // Three chains are added up in as many steps as four.
  return std::clamp<int64_t>(llvm::bit_ceil(static_cast<uint64_t>(enough)), 1, std::max<int64_t>(1, depth / rowsEach));
}

SmallVector<Value> layerc::addRows(KernelBuilder &k, ArrayRef<Value> sums, int64_t depth, int64_t chains, bool unroll,
                                   function_ref<void(MutableArrayRef<Value> sums, Value row)> addRow) {
  auto count = static_cast<int64_t>(sums.size());
  SmallVector<Value> all(sums);
  all.resize(chains * count,
             chains > 1 ? k.zeroVector(cast<VectorType>(sums.front().getType()).getNumElements()) : Value());
  auto addChains = [&](MutableArrayRef<Value> to, Value first, int64_t rows) {
    for (int64_t chain = 0; chain < rows; ++chain)
      addRow(to.slice(chain * count, count), k.add(first, chain));
  };
  int64_t whole = depth / chains * chains;
  if (unroll)
    for (int64_t row = 0; row < whole; row += chains)
      addChains(all, k.constant(row), chains);
  else
    all = k.forLoop(k.constant(0), k.constant(whole), chains, all, [&](Value row, ValueRange carried) {
      SmallVector<Value> next(carried);
      addChains(next, row, chains);
      return next;
    });
  addChains(all, k.constant(whole), depth - whole);
  for (int64_t left = chains; left > 1; left = llvm::divideCeil(left, 2))
    for (int64_t i = 0; i < left / 2 * count; ++i)
      all[i] = k.b.create<arith::AddFOp>(all[i], all[i + llvm::divideCeil(left, 2) * count]);
  all.truncate(count);
  return all;
}
