// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tiles of a line and valid taps, for the convolution-like templates.
#include "codegen/kernels/Windows.h"

#include <algorithm>

using namespace mlir;
using namespace layerc;

SmallVector<TileRun> layerc::tileRuns(const AxisTaps &axis, int64_t inSize, int64_t most) {
  EvenTiles tiles = EvenTiles::of(axis.outCount, most);
  SmallVector<TileRun> runs;
  for (int64_t t = 0; t < tiles.count(); ++t) {
    TileRun run;
    run.start = tiles.start(t);
    run.pixels = t < tiles.wideCount ? tiles.wide : tiles.wide - 1;
    run.count = 1;
    for (int64_t i = 0; i < axis.taps; ++i) {
      auto [first, last] = axis.validOutputs(i, inSize);
      PixelRange range{std::clamp<int64_t>(first - run.start, 0, run.pixels),
                       std::clamp<int64_t>(last - run.start, 0, run.pixels)};
      run.taps.push_back(range.first < range.second ? range : PixelRange{0, 0});
    }
    if (!runs.empty() && runs.back().pixels == run.pixels && runs.back().taps == run.taps)
      ++runs.back().count;
    else
      runs.push_back(std::move(run));
  }
  return runs;
}

std::pair<Value, Value> layerc::validTaps(KernelBuilder &k, const AxisTaps &axis, Value j, int64_t inSize) {
  bool always = true;
  for (int64_t i = 0; i < axis.taps; ++i)
    always &= axis.validOutputs(i, inSize) == std::pair<int64_t, int64_t>{0, axis.outCount};
  if (always)
    return {k.constant(0), k.constant(axis.taps)};
  // base + step * i must lie in [0, inSize); for a negative step the bounds change places.
  Value base = k.add(k.mul(j, axis.inStride), axis.offsetStart), zero = k.constant(0);
  int64_t step = axis.offsetStep;
  Value low = step > 0 ? k.sub(zero, base) : k.sub(base, k.constant(inSize - 1));
  Value high = step > 0 ? k.sub(k.constant(inSize), base) : k.add(base, 1);
  auto ceilDivide = [&](Value value) { return k.div(k.add(k.max(value, zero), std::abs(step) - 1), std::abs(step)); };
  return {ceilDivide(low), k.min(ceilDivide(high), k.constant(axis.taps))};
}

Value layerc::blockStart(KernelBuilder &k, Value part, int64_t parts, int64_t total) {
  return k.div(k.mul(part, total), parts);
}

Value layerc::inputPosition(KernelBuilder &k, const AxisTaps &axis, Value j, Value i) {
  return k.add(k.add(k.mul(j, axis.inStride), axis.offsetStart), k.mul(i, axis.offsetStep));
}
