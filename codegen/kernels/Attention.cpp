// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Emits the attention template. Per head: keys are transposed into panels and values copied beside each other; then per
// tile of rows the scores of all keys, their softmax in place, and the sums of values.
#include "ir/kernels/Attention.h"
#include "codegen/Reals.h"
#include "codegen/Reduction.h"
#include "codegen/VectorMath.h"
#include "codegen/kernels/KernelEmitter.h"
#include "codegen/kernels/Windows.h"
#include "ir/kernels/ConvGeometry.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace layerc;

namespace {

class AttentionEmitter {
public:
  explicit AttentionEmitter(KernelBuilder &k)
      : k(k), g(attentionGeometry(k.body())), tile(AttentionTile::of(k.kernel.getTile())), lanes(k.target.lanes()),
        s(g, tile, lanes) {
    auto scratch = [&](int64_t from, int64_t to) { return k.ownScratch(k.b.getF32Type(), from * 4, to - from); };
    keys = scratch(0, s.valuesAt);
    values = scratch(s.valuesAt, s.scoresAt);
    scores = scratch(s.scoresAt, s.factorsAt);
    factors = scratch(s.factorsAt, s.floats);
  }

  void emit(Value begin, Value end) {
    EvenTiles tiles = EvenTiles::of(g.rows, tile.rows);
    k.forLoop(begin, end, 1, [&](Value unit) {
      SmallVector<Value> head = headIndex(k.div(unit, tile.parts));
      packKeys(head);
      packValues(head);
      Value part = k.rem(unit, tile.parts);
      Value first = blockStart(k, part, tile.parts, tiles.count());
      Value last = blockStart(k, k.add(part, 1), tile.parts, tiles.count());
      k.forLoop(first, k.min(last, k.constant(tiles.wideCount)), 1,
                [&](Value index) { emitTile(head, k.mul(index, tiles.wide), tiles.wide); });
      if (tiles.narrowCount == 0)
        return;
      k.forLoop(k.max(first, k.constant(tiles.wideCount)), last, 1, [&](Value index) {
        emitTile(head, k.add(k.mul(index, tiles.wide - 1), tiles.wideCount), tiles.wide - 1);
      });
    });
  }

private:
  SmallVector<Value> headIndex(Value head) {
    ArrayRef<int64_t> sizes = g.headSizes();
    SmallVector<Value> index(sizes.size());
    for (auto d = static_cast<int64_t>(sizes.size()) - 1; d >= 0; --d) {
      index[d] = k.rem(head, sizes[d]);
      head = k.div(head, sizes[d]);
    }
    return index;
  }

  /// An operand of a product as a matrix of one head: which dimension is contracted, which is free.
  struct Matrix {
    unsigned operand;
    SmallVector<int64_t> batch;
    int64_t contracted, free;
  };
  static Matrix matrix(Value value, std::optional<ArrayRef<int64_t>> batch, ArrayRef<int64_t> contracting) {
    Matrix m{cast<BlockArgument>(value).getArgNumber(), SmallVector<int64_t>(batch.value_or(ArrayRef<int64_t>())),
             contracting.front(), 0};
    while (m.free == m.contracted || llvm::is_contained(m.batch, m.free))
      ++m.free;
    return m;
  }
  Matrix queryMatrix() { return matrix(g.scores.getLhs(), g.scores.getLhsBatch(), g.scores.getLhsContracting()); }
  Matrix keyMatrix() { return matrix(g.scores.getRhs(), g.scores.getRhsBatch(), g.scores.getRhsContracting()); }
  Matrix valueMatrix() { return matrix(g.context.getRhs(), g.context.getRhsBatch(), g.context.getRhsContracting()); }

  Value addressOf(const Matrix &m, ArrayRef<Value> head, Value free, Value contracted) {
    SmallVector<Value> index(head.size() + 2);
    for (auto [d, dimension] : llvm::enumerate(m.batch))
      index[dimension] = head[d];
    index[m.free] = free;
    index[m.contracted] = contracted;
    return k.addressOf(m.operand, index);
  }

  //===-- Vectors in scratch --===//
  Value loadScratch(Value memory, Value address, int64_t count) {
    return k.b.create<vector::LoadOp>(VectorType::get({count}, k.b.getF32Type()), memory, address);
  }
  void storeScratch(Value memory, Value address, Value value) {
    if (isa<VectorType>(value.getType()))
      k.b.create<vector::StoreOp>(value, memory, address);
    else
      k.b.create<memref::StoreOp>(value, memory, address);
  }
  Value loadScores(Value address, int64_t count) {
    if (count == 1)
      return k.b.create<memref::LoadOp>(scores, address);
    return loadScratch(scores, address, count);
  }

  //===-- Packing --===//
  /// keys[panel][depth][width]. Columns past the last key keep what they hold: their scores are never read.
  void packKeys(ArrayRef<Value> head) {
    Matrix m = keyMatrix();
    k.forLoop(k.constant(0), k.constant(g.keys), 1, [&](Value key) {
      Value column = k.add(k.mul(k.div(key, s.width), g.depth * s.width), k.rem(key, s.width));
      k.forLoop(k.constant(0), k.constant(g.depth), 1, [&](Value c) {
        Value number = k.b.create<memref::LoadOp>(k.buffer(m.operand), addressOf(m, head, key, c));
        storeScratch(keys, k.add(column, k.mul(c, s.width)), number);
      });
    });
  }

  /// values[key][column]. Columns past the last one keep what they hold: sums of them are never stored.
  void packValues(ArrayRef<Value> head) {
    Matrix m = valueMatrix();
    int64_t whole = g.columns / lanes * lanes;
    k.forLoop(k.constant(0), k.constant(g.keys), 1, [&](Value key) {
      auto copy = [&](Value column, int64_t count) {
        Value from = addressOf(m, head, column, key), to = k.add(k.mul(key, s.columns), column);
        storeScratch(values, to, k.loadVector(m.operand, from, count));
      };
      k.forLoop(k.constant(0), k.constant(whole), lanes, [&](Value column) { copy(column, lanes); });
      for (auto [first, count] : lanePieces(g.columns - whole, lanes))
        copy(k.constant(whole + first), count);
    });
  }

  //===-- A tile of rows --===//
  void emitTile(ArrayRef<Value> head, Value row, int64_t rows) {
    int64_t full = g.keys / s.width, rest = g.keys % s.width;
    k.forLoop(k.constant(0), k.constant(full), 1, [&](Value panel) { emitScores(head, row, rows, panel, s.width); });
    if (rest != 0)
      emitScores(head, row, rows, k.constant(full), rest);
    k.forLoop(k.constant(0), k.constant(rows), 1, [&](Value r) { emitSoftmax(r); });
    full = g.columns / s.width;
    rest = g.columns % s.width;
    k.forLoop(k.constant(0), k.constant(full), 1,
              [&](Value panel) { emitContext(head, row, rows, k.mul(panel, s.width), s.width); });
    if (rest != 0)
      emitContext(head, row, rows, k.constant(full * s.width), rest);
  }

  /// sums[r, v] += number(i, r) * line(i, v) for i in [0, depth).
  SmallVector<Value> emitProduct(int64_t rows, int64_t vectors, int64_t depth,
                                 function_ref<Value(Value, int64_t)> number, function_ref<Value(Value, int64_t)> line) {
    return k.forLoop(k.constant(0), k.constant(depth), 1, SmallVector<Value>(rows * vectors, k.zeroVector(lanes)),
                     [&](Value i, ValueRange carried) -> SmallVector<Value> {
                       SmallVector<Value> sums(carried), columns;
                       for (int64_t v = 0; v < vectors; ++v)
                         columns.push_back(line(i, v));
                       for (int64_t r = 0; r < rows; ++r) {
                         Value factor = number(i, r);
                         for (int64_t v = 0; v < vectors; ++v)
                           sums[r * vectors + v] = k.fma(factor, columns[v], sums[r * vectors + v]);
                       }
                       return sums;
                     });
  }

  /// The scores of one panel of keys, through the elementwise ops before the softmax.
  void emitScores(ArrayRef<Value> head, Value row, int64_t rows, Value panel, int64_t columns) {
    Matrix m = queryMatrix();
    int64_t vectors = llvm::divideCeil(columns, lanes);
    Value base = k.mul(panel, g.depth * s.width);
    SmallVector<Value> sums = emitProduct(
        rows, vectors, g.depth,
        [&](Value c, int64_t r) { return k.loadSplat(m.operand, addressOf(m, head, k.add(row, r), c), lanes); },
        [&](Value c, int64_t v) { return loadScratch(keys, k.add(base, k.add(k.mul(c, s.width), v * lanes)), lanes); });
    SmallVector<Value> index(head);
    index.append(2, Value());
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t v = 0; v < vectors; ++v) {
        Value key = k.add(k.mul(panel, s.width), v * lanes);
        index[head.size()] = k.add(row, r);
        index.back() = key;
        k.emitFused(g.scores.getResult(), sums[r * vectors + v], g.softmax.getInput(), index,
                    std::min(lanes, columns - v * lanes), [&](const Lanes &at, Value value) {
                      storeScratch(scores, k.add(at.index.back(), r * s.keys), value);
                    });
      }
  }

  /// Scores of row `r` of the tile to exponentials, and the factor that makes them a softmax.
  void emitSoftmax(Value r) {
    Value row = k.mul(r, s.keys);
    Type type = k.b.getF32Type();
    auto maximum = [&](Value a, Value b) { return emitBinary(k, nn::BinaryFunction::Maximum, type, a, b); };
    auto sum = [&](Value a, Value b) { return emitBinary(k, nn::BinaryFunction::Add, type, a, b); };
    Value largest = emitRowReduction(
        k, {g.keys}, lanes,
        {[&](int64_t count) { return k.number(type, -std::numeric_limits<double>::infinity(), count); },
         [&](Value most, ArrayRef<Value> at, int64_t count) {
           return maximum(most, loadScores(k.add(row, at[0]), count));
         },
         maximum});
    Value total = emitRowReduction(k, {g.keys}, lanes,
                                   {[&](int64_t count) { return k.number(type, 0, count); },
                                    [&](Value total, ArrayRef<Value> at, int64_t count) {
                                      Value address = k.add(row, at[0]), x = loadScores(address, count);
                                      Value shift = count == 1 ? largest : k.splat(largest, count);
                                      Value power = emitFastExp(k, Reals(k, x).sub(x, shift));
                                      storeScratch(scores, address, power);
                                      return sum(total, power);
                                    },
                                    sum});
    Reals reals(k, total);
    storeScratch(factors, r, reals.div(reals.number(1), total));
  }

  /// Columns [column, column + columns) of the result.
  void emitContext(ArrayRef<Value> head, Value row, int64_t rows, Value column, int64_t columns) {
    int64_t vectors = llvm::divideCeil(columns, lanes);
    SmallVector<Value> sums = emitProduct(
        rows, vectors, g.keys,
        [&](Value key, int64_t r) {
          return k.splat(k.b.create<memref::LoadOp>(scores, ValueRange{k.add(key, r * s.keys)}), lanes);
        },
        [&](Value key, int64_t v) {
          return loadScratch(values, k.add(k.mul(key, s.columns), k.add(column, v * lanes)), lanes);
        });
    SmallVector<Value> index(head);
    index.append(2, Value());
    for (int64_t r = 0; r < rows; ++r) {
      Value factor = k.splat(k.b.create<memref::LoadOp>(factors, ValueRange{k.constant(r)}), lanes);
      for (int64_t v = 0; v < vectors; ++v) {
        index[head.size()] = k.add(row, r);
        index.back() = k.add(column, v * lanes);
        Value scaled = k.b.create<arith::MulFOp>(sums[r * vectors + v], factor);
        k.store(k.outputOperand(), resultIndex(index), scaled, std::min(lanes, columns - v * lanes));
      }
    }
  }

  /// Where the kernel's result has the element of the context at `index`.
  SmallVector<Value> resultIndex(ArrayRef<Value> index) {
    auto transpose = k.body().getTerminator()->getOperand(0).getDefiningOp<nn::TransposeOp>();
    if (!transpose)
      return SmallVector<Value>(index);
    SmallVector<Value> moved;
    for (int64_t from : transpose.getPermutation())
      moved.push_back(index[from]);
    return moved;
  }

  KernelBuilder &k;
  AttentionGeometry g;
  AttentionTile tile;
  int64_t lanes;
  AttentionScratch s;
  Value keys, values, scores, factors; ///< parts of the worker's scratch
};

struct Emitter final : KernelEmitter {
  StringRef name() const override { return "attention"; }
  void emitPhase(KernelBuilder &k, unsigned, Value begin, Value end) const override {
    AttentionEmitter(k).emit(begin, end);
  }
};

} // namespace

const KernelEmitter &layerc::attentionEmitter() {
  static const Emitter instance;
  return instance;
}
