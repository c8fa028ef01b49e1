// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Emits the depthwise template: some pixels of one line by one vector of channels. The taps of a kernel row are loaded
// once per tile row, every input vector once for all its taps.
#include "ir/kernels/Depthwise.h"
#include "codegen/kernels/KernelEmitter.h"
#include "codegen/kernels/Windows.h"

#include <map>

using namespace mlir;
using namespace layerc;

namespace {

class DepthwiseEmitter {
public:
  explicit DepthwiseEmitter(KernelBuilder &k)
      : k(k), body(k.body()), g(convGeometry(body)), tile(DepthwiseTile::of(k.kernel.getTile())),
        width(g.packed.getColumns()), inputOperand(cast<BlockArgument>(g.input).getArgNumber()),
        kernelOperand(cast<BlockArgument>(g.kernel).getArgNumber()) {}

  void emit(Value begin, Value end) {
    const AxisTaps &z = g.axes[0].front(), &y = g.axes[1].front(), &x = g.axes[2].front();
    int64_t lines = g.batch * z.outCount * y.outCount;
    SmallVector<TileRun> runs = tileRuns(x, g.in[2], tile.pixels);
    k.forLoop(begin, end, 1, [&](Value unit) {
      k.forLoop(blockStart(k, unit, tile.rowBlocks, lines), blockStart(k, k.add(unit, 1), tile.rowBlocks, lines), 1,
                [&](Value row) {
                  Place place;
                  place.y = k.rem(row, y.outCount);
                  Value rest = k.div(row, y.outCount);
                  place.z = k.rem(rest, z.outCount);
                  place.batch = k.div(rest, z.outCount);
                  for (const TileRun &run : runs)
                    k.forLoop(k.constant(0), k.constant(run.count), 1, [&](Value index) {
                      place.x = k.add(k.mul(index, run.pixels), run.start);
                      emitChannels(place, run);
                    });
                });
    });
  }

private:
  struct Place {
    Value batch, z, y, x;
  };

  void emitChannels(const Place &place, const TileRun &run) {
    int64_t full = g.outChannels / width * width;
    k.forLoop(k.constant(0), k.constant(full), width, [&](Value channel) { emitTile(place, run, channel, width); });
    for (int64_t channel = full, rest = g.outChannels - full; rest > 0;) {
      int64_t lanes = llvm::bit_floor(static_cast<uint64_t>(rest));
      emitTile(place, run, k.constant(channel), lanes);
      channel += lanes;
      rest -= lanes;
    }
  }

  void emitTile(const Place &place, const TileRun &run, Value channel, int64_t lanes) {
    const AxisTaps &z = g.axes[0].front(), &y = g.axes[1].front();
    auto [z0, z1] = validTaps(k, z, place.z, g.in[0]);
    auto [y0, y1] = validTaps(k, y, place.y, g.in[1]);
    // Panel `channel / width` starts at channel * depth; lanes of the last one begin inside it.
    Value panel = k.div(channel, width);
    Value kernelBase = k.add(k.mul(panel, g.depth() * width), k.rem(channel, width));
    SmallVector<Value> sums(run.pixels, k.zeroVector(lanes));
    sums = k.forLoop(z0, z1, 1, sums, [&](Value iz, ValueRange outer) -> SmallVector<Value> {
      return k.forLoop(y0, y1, 1, outer, [&](Value iy, ValueRange inner) -> SmallVector<Value> {
        Value row = k.add(k.mul(iz, g.kernelSize[1]), iy);
        Value kernel = k.add(kernelBase, k.mul(row, g.kernelSize[2] * width));
        return emitKernelRow(inputBase(place, iz, iy, channel), kernel, run, lanes, inner);
      });
    });
    SmallVector<Value> index = resultIndex(place, channel);
    Value yielded = body.getTerminator()->getOperand(0);
    for (int64_t p = 0; p < run.pixels; ++p) {
      SmallVector<Value> at(index);
      at[at.size() - 2] = k.add(place.x, p);
      k.storeFused(g.anchor->getResult(0), sums[p], yielded, at, lanes);
    }
  }

  SmallVector<Value> emitKernelRow(Value input, Value kernel, const TileRun &run, int64_t lanes, ValueRange start) {
    const AxisTaps &x = g.axes[2].front();
    SmallVector<Value> sums(start), taps(x.taps);
    // Input column -> the (pixel, tap) pairs that read it.
    std::map<int64_t, SmallVector<std::pair<int64_t, int64_t>>> columns;
    for (int64_t i = 0; i < x.taps; ++i)
      for (int64_t p = run.taps[i].first; p < run.taps[i].second; ++p)
        columns[p * x.inStride + i * x.offsetStep].push_back({p, i});
    for (const auto &[column, uses] : columns) {
      Value pixel = k.loadVector(inputOperand, k.add(input, column * pixelStride()), lanes);
      for (auto [p, i] : uses) {
        if (!taps[i])
          taps[i] = k.loadVector(kernelOperand, k.add(kernel, i * width), lanes);
        sums[p] = k.fma(pixel, taps[i], sums[p]);
      }
    }
    return sums;
  }

  Value inputBase(const Place &place, Value iz, Value iy, Value channel) {
    const AxisTaps &z = g.axes[0].front(), &y = g.axes[1].front(), &x = g.axes[2].front();
    std::array<Value, 3> positions{inputPosition(k, z, place.z, iz), inputPosition(k, y, place.y, iy),
                                   inputPosition(k, x, place.x, k.constant(0))};
    Value base = k.add(channel, k.mul(place.batch, k.strideOf(inputOperand, 0)));
    for (int64_t d = 3 - g.spatialRank; d < 3; ++d)
      base = k.add(base, k.mul(positions[d], k.strideOf(inputOperand, d - (3 - g.spatialRank) + 1)));
    return base;
  }

  int64_t pixelStride() const { return k.strideOf(inputOperand, g.spatialRank); }

  SmallVector<Value> resultIndex(const Place &place, Value channel) {
    SmallVector<Value> index{place.batch};
    if (g.spatialRank == 3)
      index.push_back(place.z);
    if (g.spatialRank >= 2)
      index.push_back(place.y);
    index.push_back(place.x);
    index.push_back(channel);
    return index;
  }

  KernelBuilder &k;
  Block &body;
  ConvGeometry g;
  DepthwiseTile tile;
  int64_t width;
  unsigned inputOperand, kernelOperand;
};

struct Emitter final : KernelEmitter {
  StringRef name() const override { return "depthwise"; }
  void emitPhase(KernelBuilder &k, unsigned, Value begin, Value end) const override {
    DepthwiseEmitter(k).emit(begin, end);
  }
};

} // namespace

const KernelEmitter &layerc::depthwiseEmitter() {
  static const Emitter instance;
  return instance;
}
