// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Emits the conv template: a register tile of pixels x vectors of output channels carried through loops over taps and
// channels. Borders are tiles of their own: a run of tiles that sees the same taps is one loop, so no tile holds a
// branch.
#include "ir/kernels/Conv.h"
#include "codegen/kernels/Chains.h"
#include "codegen/kernels/KernelEmitter.h"
#include "codegen/kernels/RowSoftmax.h"
#include "codegen/kernels/Windows.h"

using namespace mlir;
using namespace layerc;

namespace {

/// Floats that a product of one row with a large matrix asks for ahead: 4 to 8 KB hide the latency of memory
/// (docs/kernels.md); the hardware prefetchers stop at pages.
constexpr int64_t kStreamAhead = 2048;

/// Where a tile stands: the class of each axis, the outputs' indices within their class, and what it computes.
struct TilePlace {
  std::array<const AxisTaps *, 3> axes;
  Value batch, z, y, x; ///< x is the first pixel
  Value channel;        ///< first input channel of the group
  Value column;         ///< first output column of the panel
  Value panelOffset;    ///< of the panel, in elements, in the packed kernel
  Value ahead;          ///< how far ahead of the panel the tile prefetches, in elements; null: not at all
};

class ConvEmitter {
public:
  explicit ConvEmitter(KernelBuilder &k)
      : k(k), body(k.body()), g(convGeometry(body)), tile(ConvTile::of(k.kernel.getTile())), lanes(k.target.lanes()),
        width(tile.vectors * lanes), inputOperand(argument(g.input)), kernelOperand(argument(g.kernel)),
        rowStride(width * g.gates) {
    assert(g.packed && g.packed.getColumns() == width && "the kernel is packed for this tile");
    llvm::append_range(stored, body.getTerminator()->getOperands());
    if (nn::SoftmaxOp softmax = trailingSoftmax(body))
      stored.front() = softmax.getInput();
    line = g.pointwise() && isLine();
    rank = cast<RankedTensorType>(g.anchor->getResult(0).getType()).getRank();
  }

  void emit(Value begin, Value end) {
    int64_t panelsPerGroup = llvm::divideCeil(g.columnsPerGate(), width), panels = panelsPerGroup * g.groups;
    k.forLoop(begin, end, 1, [&](Value unit) {
      Value rowBlock = k.div(unit, tile.panelBlocks), panelBlock = k.rem(unit, tile.panelBlocks);
      auto [firstPanel, lastPanel] = block(panelBlock, tile.panelBlocks, panels);
      k.forLoop(firstPanel, lastPanel, 1, [&](Value panel) { emitPanel(panel, panelsPerGroup, rowBlock); });
    });
  }

private:
  unsigned argument(Value value) const { return cast<BlockArgument>(value).getArgNumber(); }

  /// Part `index` of `parts` even parts of [0, total).
  std::pair<Value, Value> block(Value index, int64_t parts, int64_t total) {
    return {blockStart(k, index, parts, total), blockStart(k, k.add(index, 1), parts, total)};
  }

  /// Whether pixels of every operand that follows them are evenly spaced, so that a pixel's number is all that is
  /// needed.
  bool isLine() {
    auto result = cast<RankedTensorType>(g.anchor->getResult(0).getType());
    for (auto affine : body.getOps<nn::AffineOp>()) // along another dimension it needs that dimension's index
      if (static_cast<int64_t>(affine.getAxis()) != result.getRank() - 1)
        return false;
    auto even = [&](unsigned operand, ArrayRef<int64_t> shape) {
      int64_t pixelRank = result.getRank() - 1, lead = result.getRank() - static_cast<int64_t>(shape.size());
      bool ones = true, all = lead == 0;
      for (int64_t d = lead; d < pixelRank; ++d) {
        ones &= shape[d - lead] == 1;
        all &= shape[d - lead] == result.getDimSize(d) || operand == inputOperand;
      }
      if (ones)
        return true;
      if (!all)
        return false;
      for (int64_t d = pixelRank - 2; d >= 0; --d)
        if (shape[d] != 1 && k.strideOf(operand, d) != k.strideOf(operand, d + 1) * shape[d + 1])
          return false;
      return true;
    };
    for (unsigned operand = 0; operand < body.getNumArguments(); ++operand)
      if (operand != kernelOperand &&
          !even(operand, cast<RankedTensorType>(body.getArgument(operand).getType()).getShape()))
        return false;
    for (auto [number, value] : llvm::enumerate(stored))
      if (!even(k.outputOperand(number), cast<RankedTensorType>(value.getType()).getShape()))
        return false;
    return true;
  }

  void emitPanel(Value panel, int64_t panelsPerGroup, Value rowBlock) {
    TilePlace place;
    Value group = k.div(panel, panelsPerGroup), inGroup = k.rem(panel, panelsPerGroup);
    place.channel = k.mul(group, g.channelsPerGroup());
    place.column = k.add(k.mul(group, g.columnsPerGate()), k.mul(inGroup, width));
    place.panelOffset = k.mul(panel, g.depth() * rowStride);
    int64_t full = g.columnsPerGate() / width, rest = g.columnsPerGate() % width;
    if (rest == 0)
      return emitRows(place, rowBlock, width);
    if (full == 0)
      return emitRows(place, rowBlock, rest);
    k.ifElse(
        k.less(inGroup, k.constant(full)), [&] { emitRows(place, rowBlock, width); },
        [&] { emitRows(place, rowBlock, rest); });
  }

  void emitRows(TilePlace place, Value rowBlock, int64_t columns) {
    for (const AxisTaps &z : g.axes[0])
      for (const AxisTaps &y : g.axes[1])
        for (const AxisTaps &x : g.axes[2]) {
          place.axes = {&z, &y, &x};
          if (line)
            emitLine(place, rowBlock, columns);
          else
            emitLines(place, rowBlock, columns);
        }
  }

  /// All pixels as one line, cut at tiles.
  void emitLine(TilePlace place, Value rowBlock, int64_t columns) {
    EvenTiles tiles = EvenTiles::of(g.pixels(), tile.pixels);
    auto [first, last] = block(rowBlock, tile.rowBlocks, tiles.count());
    place.batch = place.z = place.y = k.constant(0);
    SmallVector<PixelRange> all{{0, tiles.wide}}, allNarrow{{0, tiles.wide - 1}};
    k.forLoop(first, k.min(last, k.constant(tiles.wideCount)), 1, [&](Value index) {
      place.x = k.mul(index, tiles.wide);
      place.ahead = nextPanel(index, first);
      emitTile(place, tiles.wide, all, columns);
    });
    if (tiles.narrowCount == 0)
      return;
    place.ahead = Value();
    k.forLoop(k.max(first, k.constant(tiles.wideCount)), last, 1, [&](Value index) {
      place.x = k.add(k.mul(index, tiles.wide - 1), tiles.wideCount);
      emitTile(place, tiles.wide - 1, allNarrow, columns);
    });
  }

  /// Line by line, a line being the outputs of one row of one class.
  void emitLines(TilePlace place, Value rowBlock, int64_t columns) {
    const AxisTaps &z = *place.axes[0], &y = *place.axes[1];
    auto [first, last] = block(rowBlock, tile.rowBlocks, g.batch * z.outCount * y.outCount);
    SmallVector<TileRun> runs = tileRuns(*place.axes[2], g.in[2], tile.pixels);
    k.forLoop(first, last, 1, [&](Value row) {
      place.y = k.rem(row, y.outCount);
      Value rest = k.div(row, y.outCount);
      place.z = k.rem(rest, z.outCount);
      place.batch = k.div(rest, z.outCount);
      for (const TileRun &run : runs)
        k.forLoop(k.constant(0), k.constant(run.count), 1, [&](Value index) {
          place.x = k.add(k.mul(index, run.pixels), run.start);
          place.ahead = run.start == 0 && run.count == 1 ? nextPanel(row, first) : Value();
          emitTile(place, run.pixels, run.taps, columns);
        });
    });
  }

  /// While the first tile of a panel is computed, the next panel is asked for: nothing below L2 hides its latency by
  /// itself. Later tiles ask for lines that they have. Null where the weights stay in L2.
  Value nextPanel(Value index, Value first) {
    bool cold = g.depth() * g.outChannels * 4 > k.target.l2Bytes / 2;
    if (!cold)
      return {};
    if (g.pixels() == 1)
      return k.constant(kStreamAhead);
    Value isFirst = k.b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, index, first);
    return k.b.create<arith::SelectOp>(isFirst, k.constant(g.depth() * rowStride), k.constant(0));
  }

  struct Tile {
    int64_t pixels, vectors; ///< vectors of all gates
    Value ahead;
    Value inputBase; ///< address of pixel 0 at tap 0, channel 0
    Value kernelBase;
  };

  void emitTile(const TilePlace &place, int64_t pixels, ArrayRef<PixelRange> taps, int64_t columns) {
    int64_t vectors = llvm::divideCeil(columns, lanes) * g.gates;
    const AxisTaps &z = *place.axes[0], &y = *place.axes[1], &x = *place.axes[2];
    SmallVector<Value> accumulators(pixels * vectors, k.zeroVector(lanes));
    int64_t kernelRow = g.channelsPerGroup() * rowStride;
    auto [z0, z1] = validTaps(k, z, place.z, g.in[0]);
    auto [y0, y1] = validTaps(k, y, place.y, g.in[1]);
    accumulators = k.forLoop(z0, z1, 1, accumulators, [&](Value iz, ValueRange outer) -> SmallVector<Value> {
      return k.forLoop(y0, y1, 1, outer, [&](Value iy, ValueRange inner) -> SmallVector<Value> {
        Value kz = k.add(k.mul(iz, z.kernelStep), z.kernelStart), ky = k.add(k.mul(iy, y.kernelStep), y.kernelStart);
        Tile t{pixels, vectors, place.ahead, inputBase(place, iz, iy), Value()};
        t.kernelBase =
            k.add(place.panelOffset, k.mul(k.add(k.mul(kz, g.kernelSize[1]), ky), g.kernelSize[2] * kernelRow));
        return emitKernelRow(t, x, taps, inner);
      });
    });
    emitResults(place, pixels, columns, accumulators);
  }

  Value inputBase(const TilePlace &place, Value iz, Value iy) {
    Value base = place.channel;
    if (g.spatialRank == 0 || line)
      return k.add(base, k.mul(place.x, pixelStride()));
    std::array<Value, 3> positions{inputPosition(k, *place.axes[0], place.z, iz),
                                   inputPosition(k, *place.axes[1], place.y, iy),
                                   inputPosition(k, *place.axes[2], place.x, k.constant(0))};
    base = k.add(base, k.mul(place.batch, k.strideOf(inputOperand, 0)));
    for (int64_t d = 3 - g.spatialRank; d < 3; ++d)
      base = k.add(base, k.mul(positions[d], k.strideOf(inputOperand, d - (3 - g.spatialRank) + 1)));
    return base;
  }

  /// Elements from one input pixel to the next along the line.
  int64_t pixelStride() const {
    int64_t inputRank = cast<RankedTensorType>(g.input.getType()).getRank();
    return inputRank >= 2 ? k.strideOf(inputOperand, inputRank - 2) : g.inChannels;
  }

  /// One row of kernel positions: all at once where they and their channels follow each other in memory.
  SmallVector<Value> emitKernelRow(const Tile &t, const AxisTaps &x, ArrayRef<PixelRange> taps, ValueRange start) {
    int64_t channels = g.channelsPerGroup(), kernelRow = channels * rowStride;
    bool everywhere = llvm::all_of(taps, [&](PixelRange range) { return range == PixelRange{0, t.pixels}; });
    bool contiguous = x.taps == 1 || (x.kernelStep == 1 && x.offsetStep == 1 && pixelStride() == channels);
    if (everywhere && contiguous)
      return reduce(t, t.inputBase, k.add(t.kernelBase, x.kernelStart * kernelRow), x.taps * channels, {0, t.pixels}, x,
                    start);
    SmallVector<Value> accumulators(start);
    for (int64_t i = 0; i < x.taps; ++i) {
      if (taps[i].first == taps[i].second)
        continue;
      Value input = k.add(t.inputBase, i * x.offsetStep * pixelStride());
      Value kernel = k.add(t.kernelBase, (x.kernelStart + i * x.kernelStep) * kernelRow);
      accumulators = reduce(t, input, kernel, channels, taps[i], x, accumulators);
    }
    return accumulators;
  }

  /// accumulators[p, v] += input[p, c] * kernel[c, v] for c in [0, depth), for the pixels of `active`. A tile of few
  /// accumulators has several chains of them, as each sum waits for the one before.
  SmallVector<Value> reduce(const Tile &t, Value input, Value kernel, int64_t depth, PixelRange active,
                            const AxisTaps &x, ValueRange start) {
    int64_t pixelStep = x.inStride * pixelStride();
    auto addRow = [&](MutableArrayRef<Value> sums, Value c) {
      SmallVector<Value> columns;
      Value row = k.add(kernel, k.mul(c, rowStride)), at = k.add(input, c);
      constexpr int64_t floatsPerLine = 16;
      for (int64_t line = 0; t.ahead && line < rowStride; line += floatsPerLine)
        k.prefetch(kernelOperand, k.add(k.add(row, t.ahead), line), 2);
      for (int64_t gate = 0; gate < g.gates; ++gate)
        for (int64_t v = 0; v < t.vectors / g.gates; ++v)
          columns.push_back(k.loadVector(kernelOperand, k.add(row, gate * width + v * lanes), lanes));
      for (int64_t p = active.first; p < active.second; ++p) {
        Value pixel = k.loadSplat(inputOperand, k.add(at, p * pixelStep), lanes);
        for (int64_t v = 0; v < t.vectors; ++v) {
          Value &sum = sums[(p - active.first) * t.vectors + v];
          sum = k.fma(pixel, columns[v], sum);
        }
      }
    };
    SmallVector<Value> all(start);
    auto part = MutableArrayRef<Value>(all).slice(active.first * t.vectors, (active.second - active.first) * t.vectors);
    int64_t chains = chainsOf(t.pixels * t.vectors, depth, 4);
    llvm::copy(addRows(k, part, depth, chains, /*unroll=*/false, addRow), part.begin());
    return all;
  }

  void emitResults(const TilePlace &place, int64_t pixels, int64_t columns, ArrayRef<Value> accumulators) {
    int64_t vectors = llvm::divideCeil(columns, lanes);
    for (int64_t p = 0; p < pixels; ++p) {
      SmallVector<Value> index = resultIndex(place, p);
      for (int64_t v = 0; v < vectors; ++v) {
        int64_t valid = std::min(lanes, columns - v * lanes);
        index.back() = k.add(place.column, v * lanes);
        if (g.gates == 1) {
          k.storeFused(g.anchor->getResult(0), accumulators[p * vectors + v], stored.front(), index, valid);
          continue;
        }
        SmallVector<Value> sums;
        for (int64_t gate = 0; gate < g.gates; ++gate)
          sums.push_back(accumulators[(p * g.gates + gate) * vectors + v]);
        combineGates(sums, index, valid);
      }
    }
  }

  /// With `sums` the anchor's elements at `index` and at the same place in the gates behind it, stores the results'
  /// first `valid` elements: all are computed before one overwrites what another reads.
  void combineGates(ArrayRef<Value> sums, ArrayRef<Value> index, int64_t valid) {
    for (auto [first, count] : lanePieces(valid, lanes)) {
      Lanes at{SmallVector<Value>(index), count, rank - 1};
      at.index.back() = k.add(at.index.back(), first);
      k.provide(g.anchor->getResult(0), [&, first = first](const Lanes &part) {
        int64_t distance = k.distance(part.index.back(), index.back());
        return k.extract(sums[distance / g.columnsPerGate()], first, part.count);
      });
      SmallVector<Value> results;
      for (Value value : stored)
        results.push_back(k.emitAt(value, at));
      for (auto [number, elements] : llvm::enumerate(results))
        k.store(k.outputOperand(number), at, elements);
    }
    k.forget(g.anchor->getResult(0));
  }

  /// Index of pixel p in the result; the last entry is filled in by the caller.
  SmallVector<Value> resultIndex(const TilePlace &place, int64_t p) {
    SmallVector<Value> index(rank, k.constant(0));
    if (line) {
      if (rank >= 2)
        index[rank - 2] = k.add(place.x, p);
      return index;
    }
    if (g.spatialRank == 0)
      return unflattened(k.add(place.x, p));
    std::array<Value, 3> outer{place.z, place.y, k.add(place.x, p)};
    index[0] = place.batch;
    for (int64_t d = 3 - g.spatialRank; d < 3; ++d) {
      const AxisTaps &axis = *place.axes[d];
      index[d - (3 - g.spatialRank) + 1] = k.add(k.mul(outer[d], axis.outStride), axis.outStart);
    }
    return index;
  }

  SmallVector<Value> unflattened(Value pixel) {
    SmallVector<Value> index(rank, k.constant(0));
    auto shape = cast<RankedTensorType>(g.anchor->getResult(0).getType()).getShape();
    for (int64_t d = rank - 2; d >= 0; --d) {
      index[d] = k.rem(pixel, shape[d]);
      pixel = k.div(pixel, shape[d]);
    }
    return index;
  }

  KernelBuilder &k;
  Block &body;
  ConvGeometry g;
  ConvTile tile;
  int64_t lanes, width;
  unsigned inputOperand, kernelOperand;
  int64_t rowStride;         ///< elements from one row of the packed kernel to the next: a panel of each gate
  SmallVector<Value> stored; ///< what goes to the outputs
  bool line = false;
  int64_t rank = 0;
};

struct Emitter final : KernelEmitter {
  StringRef name() const override { return "conv"; }
  void emitPhase(KernelBuilder &k, unsigned phase, Value begin, Value end) const override {
    if (phase == 0)
      ConvEmitter(k).emit(begin, end);
    else
      emitRowSoftmax(k, trailingSoftmax(k.body()), begin, end);
  }
};

} // namespace

const KernelEmitter &layerc::convEmitter() {
  static const Emitter instance;
  return instance;
}
