// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reductions to scalars: up to four vectors of partial sums hide the latency of the additions; they are combined pairwise,
// then their lanes by halves, then the elements left over.
#include "codegen/Reduction.h"

using namespace mlir;
using namespace layerc;

using NestBody = llvm::function_ref<SmallVector<Value>(ArrayRef<Value>, ValueRange)>;

static SmallVector<Value> emitNestFrom(KernelBuilder &k, ArrayRef<LoopBounds> bounds, bool unroll, SmallVector<Value> &index,
                                       ValueRange init, NestBody body) {
  if (index.size() == bounds.size())
    return body(index, init);
  const LoopBounds &loop = bounds[index.size()];
  auto step = [&](Value position, ValueRange carried) {
    index.push_back(position);
    SmallVector<Value> result = emitNestFrom(k, bounds, unroll, index, carried, body);
    index.pop_back();
    return result;
  };
  if (!unroll)
    return k.forLoop(loop.low, loop.high, 1, init, step);
  SmallVector<Value> carried(init);
  for (int64_t i = k.rangeOf(loop.low)->first; i < k.rangeOf(loop.high)->first; ++i)
    carried = step(k.constant(i), carried);
  return carried;
}

SmallVector<Value> layerc::emitNest(KernelBuilder &k, ArrayRef<LoopBounds> bounds, ValueRange init, NestBody body) {
  int64_t steps = 1;
  for (const LoopBounds &loop : bounds) {
    auto low = k.rangeOf(loop.low), high = k.rangeOf(loop.high);
    bool known = low && high && low->first == low->second && high->first == high->second;
    steps *= known ? high->first - low->first : kUnrolledTaps + 1;
  }
  SmallVector<Value> index;
  return emitNestFrom(k, bounds, steps <= kUnrolledTaps, index, init, body);
}

Value layerc::emitRowReduction(KernelBuilder &k, ArrayRef<int64_t> sizes, int64_t lanes, const RowReduction &reduction) {
  SmallVector<LoopBounds> outer;
  for (int64_t size : sizes.drop_back())
    outer.push_back({k.constant(0), k.constant(size)});
  int64_t size = sizes.empty() ? 1 : sizes.back();
  if (lanes > size)
    lanes = 1;
  int64_t vectors = size / lanes, sums = lanes == 1 ? 1 : std::min<int64_t>(4, vectors), rest = size % lanes;
  SmallVector<Value> start(sums, reduction.start(lanes));
  if (rest != 0)
    start.push_back(reduction.start(1));

  auto emitRow = [&](ArrayRef<Value> position, ValueRange carried) -> SmallVector<Value> {
    SmallVector<Value> index(position);
    index.push_back(k.constant(0));
    if (sizes.empty())
      return {reduction.step(carried[0], {}, 1)};
    int64_t blocks = vectors / sums * sums * lanes;
    SmallVector<Value> totals = k.forLoop(
        k.constant(0), k.constant(blocks), sums * lanes, carried.take_front(sums), [&](Value at, ValueRange inner) {
          SmallVector<Value> next(inner);
          for (auto [i, sum] : llvm::enumerate(next)) {
            index.back() = k.add(at, static_cast<int64_t>(i) * lanes);
            sum = reduction.step(sum, index, lanes);
          }
          return next;
        });
    for (int64_t at = blocks, i = 0; at + lanes <= size; at += lanes, ++i) {
      index.back() = k.constant(at);
      totals[i] = reduction.step(totals[i], index, lanes);
    }
    if (rest == 0)
      return totals;
    Value tail = carried.back();
    for (auto [first, count] : lanePieces(rest, lanes)) {
      index.back() = k.constant(size - rest + first);
      Value piece = reduction.step(reduction.start(count), index, count);
      tail = reduction.combine(tail, k.combineLanes(piece, reduction.combine));
    }
    totals.push_back(tail);
    return totals;
  };
  SmallVector<Value> totals = emitNest(k, outer, start, emitRow);
  Value tail = rest != 0 ? totals.pop_back_val() : Value();
  while (totals.size() > 1) {
    SmallVector<Value> halves;
    for (size_t i = 0; i + 1 < totals.size(); i += 2)
      halves.push_back(reduction.combine(totals[i], totals[i + 1]));
    if (totals.size() % 2 == 1)
      halves.push_back(totals.back());
    totals = halves;
  }
  Value total = k.combineLanes(totals.front(), reduction.combine);
  return tail ? reduction.combine(total, tail) : total;
}

SmallVector<int64_t> layerc::othersThan(ArrayRef<int64_t> axes, int64_t rank) {
  SmallVector<int64_t> others;
  for (int64_t d = 0; d < rank; ++d)
    if (!llvm::is_contained(axes, d))
      others.push_back(d);
  return others;
}

int64_t layerc::innermostAxis(ArrayRef<int64_t> shape, ArrayRef<int64_t> axes) {
  auto d = static_cast<int64_t>(shape.size()) - 1;
  while (d > 0 && shape[d] == 1)
    --d;
  auto found = llvm::find(axes, d);
  return found == axes.end() ? -1 : found - axes.begin();
}
