// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Emits the winograd template. Per chunk of tiles: transform the input, then per panel of columns one product for each
// point of the transformed tile, transformed back and stored through the fused body.
#include "ir/kernels/Winograd.h"
#include "codegen/kernels/KernelEmitter.h"
#include "codegen/kernels/Windows.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace layerc;

namespace {

/// Channels summed in one chain. Transforms amplify what rounding leaves of a long chain: over 512 channels the error
/// of F(4 x 4) falls by half when four chains are added at the end.
constexpr int64_t kChainLength = 128;

/// Numbers along one dimension, transformed.
using Points = SmallVector<Value, 6>;

class WinogradEmitter {
public:
  explicit WinogradEmitter(KernelBuilder &k)
      : k(k), g(convGeometry(k.body())), tile(WinogradTile::of(k.kernel.getTile())), lanes(k.target.lanes()),
        s(g, tile, lanes), side(tile.outputs + 2), inputOperand(cast<BlockArgument>(g.input).getArgNumber()),
        kernelOperand(cast<BlockArgument>(g.kernel).getArgNumber()) {
    assert(g.packed && g.packed.getColumns() == s.width && WinogradTransform::of(g.packed)->outputs == tile.outputs &&
           "the kernel is packed for this tile");
    auto scratch = [&](int64_t from, int64_t to) { return k.ownScratch(k.b.getF32Type(), from * 4, to - from); };
    transformed = scratch(s.inputAt, s.productsAt);
    products = scratch(s.productsAt, s.patchAt);
    patch = scratch(s.patchAt, s.resultsAt);
    results = scratch(s.resultsAt, s.scratch);
  }

  void emit(Value begin, Value end) {
    k.forLoop(begin, end, 1, [&](Value unit) {
      Value chunk = k.div(unit, tile.panelBlocks), block = k.rem(unit, tile.panelBlocks);
      Value firstPanel = blockStart(k, block, tile.panelBlocks, s.panels);
      Value lastPanel = blockStart(k, k.add(block, 1), tile.panelBlocks, s.panels);
      // The wide chunks come first.
      Value narrower = k.max(k.sub(chunk, s.chunks.wideCount), k.constant(0));
      Value firstTile = k.sub(k.mul(chunk, s.chunks.wide), narrower);
      auto emitVariant = [&](int64_t tiles) {
        k.forLoop(k.constant(0), k.constant(tiles), 1, [&](Value t) { emitInputTile(k.add(firstTile, t), t); });
        k.forLoop(firstPanel, lastPanel, 1, [&](Value panel) { emitPanel(panel, firstTile, tiles); });
      };
      if (s.chunks.narrowCount == 0)
        return emitVariant(s.chunks.wide);
      k.ifElse(
          k.less(chunk, k.constant(s.chunks.wideCount)), [&] { emitVariant(s.chunks.wide); },
          [&] { emitVariant(s.chunks.wide - 1); });
    });
  }

private:
  //===-- Vectors in scratch --===//
  Value loadScratch(Value memory, Value address) {
    return k.b.create<vector::LoadOp>(VectorType::get({lanes}, k.b.getF32Type()), memory, address);
  }
  void storeScratch(Value memory, Value address, Value value) { k.b.create<vector::StoreOp>(value, memory, address); }

  //===-- Transforms: B^T d and A^T m for the points 0, 1, -1, (2, -2), see ir/WinogradTransform.h --===//
  Value plus(Value a, Value b) { return k.b.create<arith::AddFOp>(a, b); }
  Value minus(Value a, Value b) { return k.b.create<arith::SubFOp>(a, b); }
  /// factor * a + b.
  Value scaled(double factor, Value a, Value b) { return k.fma(k.number(k.b.getF32Type(), factor, lanes), a, b); }

  Points inputTransform(ArrayRef<Value> d) {
    if (tile.outputs == 2)
      return {minus(d[0], d[2]), plus(d[1], d[2]), minus(d[2], d[1]), minus(d[1], d[3])};
    Value a = scaled(-4, d[2], d[4]), b = scaled(-4, d[1], d[3]), c = minus(d[4], d[2]), e = minus(d[3], d[1]);
    return {scaled(4, d[0], scaled(-5, d[2], d[4])), plus(a, b), minus(a, b), scaled(2, e, c), scaled(-2, e, c),
            scaled(4, d[1], scaled(-5, d[3], d[5]))};
  }

  Points outputTransform(ArrayRef<Value> m) {
    if (tile.outputs == 2)
      return {plus(plus(m[0], m[1]), m[2]), minus(minus(m[1], m[2]), m[3])};
    Value s1 = plus(m[1], m[2]), d1 = minus(m[1], m[2]), s2 = plus(m[3], m[4]), d2 = minus(m[3], m[4]);
    return {plus(plus(m[0], s1), s2), scaled(2, d2, d1), scaled(4, s2, s1), plus(scaled(8, d2, d1), m[5])};
  }

  /// Both dimensions: `load(y, x)` for every element of a side x side square, `transform` over y, then over x.
  void emitSquare(function_ref<Value(int64_t, int64_t)> load, function_ref<Points(ArrayRef<Value>)> transform,
                  function_ref<void(int64_t, int64_t, Value)> store) {
    SmallVector<Points> columns;
    for (int64_t x = 0; x < side; ++x) {
      Points column;
      for (int64_t y = 0; y < side; ++y)
        column.push_back(load(y, x));
      columns.push_back(transform(column));
    }
    for (size_t y = 0; y < columns.front().size(); ++y) {
      Points row;
      for (const Points &column : columns)
        row.push_back(column[y]);
      for (auto [x, value] : llvm::enumerate(transform(row)))
        store(static_cast<int64_t>(y), static_cast<int64_t>(x), value);
    }
  }

  //===-- Tiles --===//
  struct Place {
    Value batch, y, x; ///< of the tile's first output
  };
  Place placeOf(Value number) {
    Value inImage = k.rem(number, s.tilesY * s.tilesX);
    return {k.div(number, s.tilesY * s.tilesX), k.mul(k.div(inImage, s.tilesX), tile.outputs),
            k.mul(k.rem(inImage, s.tilesX), tile.outputs)};
  }

  Value inputAddress(Value batch, Value y, Value x) {
    return k.add(k.mul(batch, k.strideOf(inputOperand, 0)),
                 k.add(k.mul(y, k.strideOf(inputOperand, 1)), k.mul(x, k.strideOf(inputOperand, 2))));
  }

  /// Whether [at, at + count) lies in [0, size).
  Value isInside(Value at, int64_t count, int64_t size) {
    Value low = k.b.create<arith::CmpIOp>(arith::CmpIPredicate::sge, at, k.constant(0));
    Value high = k.b.create<arith::CmpIOp>(arith::CmpIPredicate::sle, k.add(at, count), k.constant(size));
    return k.b.create<arith::AndIOp>(low, high);
  }

  /// Transforms the input of one tile; a tile at the border is copied beside zeros first.
  void emitInputTile(Value number, Value inChunk) {
    Place place = placeOf(number);
    Value y = k.add(place.y, g.axes[1].front().offsetStart), x = k.add(place.x, g.axes[2].front().offsetStart);
    Value inside = k.b.create<arith::AndIOp>(isInside(y, side, g.in[1]), isInside(x, side, g.in[2]));
    k.ifElse(
        inside,
        [&] {
          Value base = inputAddress(place.batch, y, x);
          emitTransform(inChunk, [&](int64_t i, int64_t j, Value channel) {
            int64_t offset = i * k.strideOf(inputOperand, 1) + j * k.strideOf(inputOperand, 2);
            return k.loadVector(inputOperand, k.add(k.add(base, channel), offset), lanes);
          });
        },
        [&] {
          emitPatch(place.batch, y, x);
          emitTransform(inChunk, [&](int64_t i, int64_t j, Value channel) {
            return loadScratch(patch, k.add(channel, (i * side + j) * g.inChannels));
          });
        });
  }

  void emitPatch(Value batch, Value firstY, Value firstX) {
    k.forLoop(k.constant(0), k.constant(side * side), 1, [&](Value point) {
      Value y = k.add(firstY, k.div(point, side)), x = k.add(firstX, k.rem(point, side)),
            to = k.mul(point, g.inChannels);
      auto copy = [&](function_ref<Value(Value)> element) {
        k.forLoop(k.constant(0), k.constant(g.inChannels), lanes,
                  [&](Value channel) { storeScratch(patch, k.add(to, channel), element(channel)); });
      };
      Value inside = k.b.create<arith::AndIOp>(isInside(y, 1, g.in[1]), isInside(x, 1, g.in[2]));
      k.ifElse(
          inside,
          [&] {
            Value from = inputAddress(batch, y, x);
            copy([&](Value channel) { return k.loadVector(inputOperand, k.add(from, channel), lanes); });
          },
          [&] { copy([&](Value) { return k.zeroVector(lanes); }); });
    });
  }

  void emitTransform(Value inChunk, function_ref<Value(int64_t, int64_t, Value)> load) {
    k.forLoop(k.constant(0), k.constant(g.inChannels), lanes, [&](Value channel) {
      Value base = k.add(k.mul(inChunk, g.inChannels), channel);
      emitSquare([&](int64_t y, int64_t x) { return load(y, x, channel); },
                 [&](ArrayRef<Value> d) { return inputTransform(d); },
                 [&](int64_t y, int64_t x, Value value) {
                   int64_t point = y * side + x;
                   storeScratch(transformed, k.add(base, point * s.chunks.wide * g.inChannels), value);
                 });
    });
  }

  //===-- Products --===//
  void emitPanel(Value panel, Value firstTile, int64_t tiles) {
    EvenTiles rows = EvenTiles::of(tiles, tile.rows);
    k.forLoop(k.constant(0), k.constant(s.points), 1, [&](Value point) {
      Value input = k.mul(point, s.chunks.wide * g.inChannels), product = k.mul(point, s.chunks.wide * s.width);
      Value kernel = k.mul(k.add(k.mul(panel, s.points), point), g.inChannels * s.width);
      auto emitRows = [&](int64_t first, int64_t count, int64_t size) {
        k.forLoop(k.constant(0), k.constant(count), 1, [&](Value index) {
          Value row = k.add(k.mul(index, size), first);
          Value isFirst = k.b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, row, k.constant(0));
          Value ahead = k.b.create<arith::SelectOp>(isFirst, k.constant(g.inChannels * s.width), k.constant(0));
          emitProduct(k.add(input, k.mul(row, g.inChannels)), kernel, k.add(product, k.mul(row, s.width)), size, ahead);
        });
      };
      emitRows(0, rows.wideCount, rows.wide);
      emitRows(rows.wideCount * rows.wide, rows.narrowCount, rows.wide - 1);
    });
    int64_t rest = g.outChannels % s.width;
    auto emitTiles = [&](int64_t columns) {
      k.forLoop(k.constant(0), k.constant(tiles), 1,
                [&](Value t) { emitOutputTile(k.add(firstTile, t), t, panel, columns); });
    };
    if (rest == 0)
      return emitTiles(s.width);
    k.ifElse(k.less(panel, k.constant(s.panels - 1)), [&] { emitTiles(s.width); }, [&] { emitTiles(rest); });
  }

  /// products[row, :] = transformed[row, :] * kernel for `rows` tiles at one point. The first rows ask for the kernel
  /// of the next point meanwhile.
  void emitProduct(Value input, Value kernel, Value product, int64_t rows, Value ahead) {
    SmallVector<Value> zeros(rows * tile.vectors, k.zeroVector(lanes));
    auto step = [&](Value c, ValueRange carried) -> SmallVector<Value> {
      SmallVector<Value> sums(carried), columns;
      Value row = k.add(kernel, k.mul(c, s.width));
      constexpr int64_t floatsPerLine = 16;
      for (int64_t line = 0; line < s.width; line += floatsPerLine)
        k.prefetch(kernelOperand, k.add(k.add(row, ahead), line), 2);
      for (int64_t v = 0; v < tile.vectors; ++v)
        columns.push_back(k.loadVector(kernelOperand, k.add(row, v * lanes), lanes));
      for (int64_t r = 0; r < rows; ++r) {
        Value address = k.add(k.add(input, c), r * g.inChannels);
        Value number = k.splat(k.b.create<memref::LoadOp>(transformed, address), lanes);
        for (int64_t v = 0; v < tile.vectors; ++v)
          sums[r * tile.vectors + v] = k.fma(number, columns[v], sums[r * tile.vectors + v]);
      }
      return sums;
    };
    auto emitChain = [&](Value first, Value last, bool addsUp) {
      SmallVector<Value> sums = k.forLoop(first, last, 1, zeros, step);
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t v = 0; v < tile.vectors; ++v) {
          Value address = k.add(product, r * s.width + v * lanes), sum = sums[r * tile.vectors + v];
          storeScratch(products, address, addsUp ? plus(loadScratch(products, address), sum) : sum);
        }
    };
    emitChain(k.constant(0), k.constant(std::min(kChainLength, g.inChannels)), /*addsUp=*/false);
    k.forLoop(k.constant(kChainLength), k.constant(g.inChannels), kChainLength, [&](Value first) {
      emitChain(first, k.min(k.add(first, kChainLength), k.constant(g.inChannels)), /*addsUp=*/true);
    });
  }

  //===-- Results --===//
  /// Transforms the products of one tile back and stores what lies inside the result.
  void emitOutputTile(Value number, Value inChunk, Value panel, int64_t columns) {
    int64_t vectors = llvm::divideCeil(columns, lanes);
    k.forLoop(k.constant(0), k.constant(vectors * lanes), lanes, [&](Value column) {
      Value base = k.add(k.mul(inChunk, s.width), column);
      emitSquare(
          [&](int64_t y, int64_t x) {
            return loadScratch(products, k.add(base, (y * side + x) * s.chunks.wide * s.width));
          },
          [&](ArrayRef<Value> m) { return outputTransform(m); },
          [&](int64_t y, int64_t x, Value value) {
            storeScratch(results, k.add(column, (y * tile.outputs + x) * s.width), value);
          });
    });
    Place place = placeOf(number);
    Value insideY = k.min(k.sub(k.constant(g.out[1]), place.y), k.constant(tile.outputs));
    Value insideX = k.min(k.sub(k.constant(g.out[2]), place.x), k.constant(tile.outputs));
    Value stored = k.body().getTerminator()->getOperand(0);
    k.forLoop(k.constant(0), insideY, 1, [&](Value y) {
      k.forLoop(k.constant(0), insideX, 1, [&](Value x) {
        Value from = k.mul(k.add(k.mul(y, tile.outputs), x), s.width);
        SmallVector<Value> index{place.batch, k.add(place.y, y), k.add(place.x, x), Value()};
        for (int64_t v = 0; v < vectors; ++v) {
          index.back() = k.add(k.mul(panel, s.width), v * lanes);
          Value sum = loadScratch(results, k.add(from, v * lanes));
          k.storeFused(g.anchor->getResult(0), sum, stored, index, std::min(lanes, columns - v * lanes));
        }
      });
    });
  }

  KernelBuilder &k;
  ConvGeometry g;
  WinogradTile tile;
  int64_t lanes;
  WinogradSizes s;
  int64_t side; ///< of a tile's input and of its products
  unsigned inputOperand, kernelOperand;
  Value transformed, products, patch, results; ///< parts of the worker's scratch
};

struct Emitter final : KernelEmitter {
  StringRef name() const override { return "winograd"; }
  void emitPhase(KernelBuilder &k, unsigned, Value begin, Value end) const override {
    WinogradEmitter(k).emit(begin, end);
  }
};

} // namespace

const KernelEmitter &layerc::winogradEmitter() {
  static const Emitter instance;
  return instance;
}
