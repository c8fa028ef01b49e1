// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reductions to scalars: up to four vectors of partial sums hide the latency of the additions; they are combined
// pairwise, then their lanes by halves, then the elements left over.
#include "codegen/Reduction.h"

using namespace mlir;
using namespace layerc;

using NestBody = llvm::function_ref<SmallVector<Value>(ArrayRef<Value>, ValueRange)>;

static SmallVector<Value> emitNestFrom(KernelBuilder &k, ArrayRef<LoopBounds> bounds, bool unroll,
                                       SmallVector<Value> &index, ValueRange init, NestBody body) {
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

namespace {

/// One walk over a row for some reductions: each has `sums` vectors of partial sums, and one scalar for what is left
/// over.
class RowWalk {
public:
  RowWalk(KernelBuilder &k, ArrayRef<LoopBounds> outer, int64_t size, int64_t lanes, ArrayRef<RowReduction> reductions)
      : k(k), outer(outer), reductions(reductions), size(size), lanes(lanes > size ? 1 : lanes),
        vectors(size / this->lanes), rest(size % this->lanes) {
    int64_t chains = llvm::divideCeil(4, static_cast<int64_t>(reductions.size()));
    sums = this->lanes == 1 ? 1 : std::min(chains, vectors);
  }

  SmallVector<Value> emit() {
    SmallVector<Value> start;
    for (const RowReduction &reduction : reductions)
      start.append(sums, reduction.start(lanes));
    for (size_t r = 0; rest != 0 && r < reductions.size(); ++r)
      start.push_back(reductions[r].start(1));
    SmallVector<Value> totals = emitNest(
        k, outer, start, [&](ArrayRef<Value> position, ValueRange carried) { return emitRow(position, carried); });
    SmallVector<Value> results;
    for (size_t r = 0; r < reductions.size(); ++r)
      results.push_back(combineAll(r, totals));
    return results;
  }

private:
  int64_t vectorSums() const { return sums * static_cast<int64_t>(reductions.size()); }

  SmallVector<Value> emitRow(ArrayRef<Value> position, ValueRange carried) {
    SmallVector<Value> index(position);
    index.push_back(k.constant(0));
    int64_t blocks = vectors / sums * sums * lanes;
    SmallVector<Value> totals = k.forLoop(k.constant(0), k.constant(blocks), sums * lanes,
                                          carried.take_front(vectorSums()), [&](Value at, ValueRange inner) {
                                            SmallVector<Value> stepped(inner);
                                            for (int64_t i = 0; i < sums; ++i)
                                              stepAll(stepped, i, index, k.add(at, i * lanes));
                                            return stepped;
                                          });
    for (int64_t at = blocks, i = 0; at + lanes <= size; at += lanes, ++i)
      stepAll(totals, i, index, k.constant(at));
    for (size_t r = 0; rest != 0 && r < reductions.size(); ++r)
      totals.push_back(emitRest(reductions[r], carried[vectorSums() + r], index));
    return totals;
  }

  /// Partial sum `i` of every reduction takes in the vector at `at`.
  void stepAll(SmallVectorImpl<Value> &totals, int64_t i, SmallVectorImpl<Value> &index, Value at) {
    index.back() = at;
    for (auto [r, reduction] : llvm::enumerate(reductions)) {
      Value &sum = totals[static_cast<int64_t>(r) * sums + i];
      sum = reduction.step(sum, index, lanes);
    }
  }

  Value emitRest(const RowReduction &reduction, Value tail, SmallVectorImpl<Value> &index) {
    for (auto [first, count] : lanePieces(rest, lanes)) {
      index.back() = k.constant(size - rest + first);
      Value piece = reduction.step(reduction.start(count), index, count);
      tail = reduction.combine(tail, k.combineLanes(piece, reduction.combine));
    }
    return tail;
  }

  Value combineAll(size_t r, ArrayRef<Value> totals) {
    const RowReduction &reduction = reductions[r];
    SmallVector<Value> parts(totals.slice(r * sums, sums));
    while (parts.size() > 1) {
      SmallVector<Value> halves;
      for (size_t i = 0; i + 1 < parts.size(); i += 2)
        halves.push_back(reduction.combine(parts[i], parts[i + 1]));
      if (parts.size() % 2 == 1)
        halves.push_back(parts.back());
      parts = halves;
    }
    Value total = k.combineLanes(parts.front(), reduction.combine);
    return rest != 0 ? reduction.combine(total, totals[vectorSums() + r]) : total;
  }

  KernelBuilder &k;
  ArrayRef<LoopBounds> outer;
  ArrayRef<RowReduction> reductions;
  int64_t size, lanes, vectors, rest, sums;
};

} // namespace

SmallVector<Value> layerc::emitRowReductions(KernelBuilder &k, ArrayRef<int64_t> sizes, int64_t lanes,
                                             ArrayRef<RowReduction> reductions) {
  SmallVector<Value> results;
  if (sizes.empty()) {
    for (const RowReduction &reduction : reductions)
      results.push_back(reduction.step(reduction.start(1), {}, 1));
    return results;
  }
  SmallVector<LoopBounds> outer;
  for (int64_t dimension : sizes.drop_back())
    outer.push_back({k.constant(0), k.constant(dimension)});
  return emitRowReductions(k, outer, sizes.back(), lanes, reductions);
}

SmallVector<Value> layerc::emitRowReductions(KernelBuilder &k, ArrayRef<LoopBounds> outer, int64_t size, int64_t lanes,
                                             ArrayRef<RowReduction> reductions) {
  return RowWalk(k, outer, size, lanes, reductions).emit();
}

Value layerc::emitRowReduction(KernelBuilder &k, ArrayRef<int64_t> sizes, int64_t lanes,
                               const RowReduction &reduction) {
  return emitRowReductions(k, sizes, lanes, reduction).front();
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
