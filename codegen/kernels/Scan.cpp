// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Emits the scan template. In each step and stage, block by block: the sums of all gates in registers, their functions,
// then the stores. Carried values have two places in local memory, for even and for odd steps, so none is ever copied.
#include "ir/kernels/Scan.h"
#include "codegen/kernels/Chains.h"
#include "codegen/kernels/KernelEmitter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/MapVector.h"

#include <map>

using namespace mlir;
using namespace layerc;

/// Products of so many vectors are unrolled: one for each vector of weights that a block reads.
static constexpr int64_t kMostUnrolled = 64;
static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

namespace {

/// A tensor in local memory.
struct Local {
  Value memory;
  Value offset; ///< of its first element
};

class ScanEmitter {
public:
  explicit ScanEmitter(KernelBuilder &k)
      : k(k), g(scanGeometry(k.body())), tile(ScanTile::of(k.kernel.getTile())), lanes(k.target.lanes()) {}

  void emit() {
    if (!g.scan)
      return emitStep(k.constant(0));
    for (Value initial : g.scan.getInitials()) {
      carried.push_back(allocate(2 * typeOf(initial).getNumElements()));
      forEachBlock(typeOf(initial), [&](const Lanes &at) {
        store({carried.back(), k.constant(0)}, initial, at, k.emitAt(initial, at));
      });
    }
    k.forLoop(k.constant(0), k.constant(g.steps()), 1, [&](Value number) { emitStepOfScan(number); });
    for (auto [number, result] : llvm::enumerate(results()))
      if (auto place = cast<OpResult>(result).getResultNumber(); place < carried.size())
        forEachBlock(typeOf(result), [&](const Lanes &at) {
          k.store(k.outputOperand(number), at, load(carriedAt(place, k.constant(g.steps() % 2)), result, at));
        });
  }

private:
  OperandRange results() { return k.body().getTerminator()->getOperands(); }

  //===-- Local memory --===//
  /// In the entry block, so that it is of the function's frame.
  Value allocate(int64_t floats) {
    OpBuilder::InsertionGuard guard(k.b);
    Block *entry = k.b.getInsertionBlock();
    while (!isa<func::FuncOp>(entry->getParentOp()))
      entry = entry->getParentOp()->getBlock();
    k.b.setInsertionPointToStart(entry);
    return k.b.create<memref::AllocaOp>(MemRefType::get({floats}, k.b.getF32Type()), k.b.getI64IntegerAttr(64));
  }
  Local carriedAt(size_t number, Value parity) {
    return {carried[number], k.mul(parity, typeOf(g.scan.getInitials()[number]).getNumElements())};
  }
  /// Where the element `index` of `value` is.
  Value addressIn(Local local, Value value, ArrayRef<Value> index) {
    Value address = local.offset;
    int64_t stride = typeOf(value).getNumElements();
    for (auto [position, size] : llvm::zip_equal(index, typeOf(value).getShape())) {
      stride /= size;
      address = k.add(address, k.mul(position, stride));
    }
    return address;
  }
  Value load(Local local, Value value, const Lanes &at) {
    Value address = addressIn(local, value, at.index);
    if (at.count == 1)
      return k.b.create<memref::LoadOp>(local.memory, address);
    assert(at.dim + 1 == typeOf(value).getRank() && "values are read along their last dimension");
    return k.b.create<vector::LoadOp>(VectorType::get({at.count}, k.b.getF32Type()), local.memory, address);
  }
  void store(Local local, Value value, const Lanes &at, Value elements) {
    Value address = addressIn(local, value, at.index);
    if (at.count == 1)
      k.b.create<memref::StoreOp>(elements, local.memory, address);
    else
      k.b.create<vector::StoreOp>(elements, local.memory, address);
  }
  void provideLocal(Value value, Local local) {
    k.provide(value, [this, value, local](const Lanes &at) { return load(local, value, at); });
  }

  /// Pieces of at most one vector along the last dimension of a tensor.
  void forEachBlock(RankedTensorType type, function_ref<void(const Lanes &at)> visit) {
    int64_t width = type.getShape().back(), whole = width / lanes * lanes;
    k.forLoop(k.constant(0), k.constant(type.getNumElements() / width), 1, [&](Value row) {
      auto visitAt = [&](Value column, int64_t count) {
        visit({indexOf(type, row, column), count, type.getRank() - 1});
      };
      k.forLoop(k.constant(0), k.constant(whole), lanes, [&](Value column) { visitAt(column, lanes); });
      for (auto [first, count] : lanePieces(width - whole, lanes))
        visitAt(k.constant(whole + first), count);
    });
  }

  /// Row `row` of all leading dimensions.
  SmallVector<Value> indexOf(RankedTensorType type, Value row, Value column) {
    SmallVector<Value> index(type.getRank());
    index.back() = column;
    for (int64_t d = type.getRank() - 2; d >= 0; row = k.div(row, type.getDimSize(d--)))
      index[d] = k.rem(row, type.getDimSize(d));
    return index;
  }

  //===-- Steps and stages --===//
  void emitStepOfScan(Value number) {
    Value time = g.scan.getReverse() ? k.sub(k.constant(g.steps() - 1), number) : number;
    for (auto [slice, sequence] : llvm::zip(g.scan.slices(), g.scan.getSequences()))
      k.provide(slice, [this, sequence = sequence, time](const Lanes &at) {
        Lanes whole{{time}, at.count, at.dim + 1};
        llvm::append_range(whole.index, at.index);
        return k.emitAt(sequence, whole);
      });
    Value parity = k.rem(number, 2);
    other = k.sub(k.constant(1), parity);
    for (auto [place, value] : llvm::enumerate(g.scan.carried()))
      provideLocal(value, carriedAt(place, parity));
    emitStep(time);
  }

  void emitStep(Value time) {
    for (ScanStage &stage : g.stages) {
      SmallVector<SmallVector<Local>> places;
      for (Value value : stage.values)
        places.push_back(placesOf(value));
      int64_t columns = tile.columns(stage.width, lanes), whole = stage.width / columns * columns;
      k.forLoop(k.constant(0), k.constant(stage.rows), 1, [&](Value row) {
        auto emit = [&](Value column, int64_t count) { emitBlock(stage, places, time, row, column, count); };
        k.forLoop(k.constant(0), k.constant(whole), columns,
                  [&](Value column) { emit(k.narrowed(column, 0, whole - columns), columns); });
        if (whole != stage.width)
          emit(k.constant(whole), stage.width - whole);
      });
      for (auto [value, local] : llvm::zip(stage.values, places))
        if (!local.empty())
          provideLocal(value, local.front());
    }
    for (ScanStage &stage : g.stages)
      for (Value value : stage.values)
        k.forget(value);
  }

  /// Where a stage's value is kept for the stages and steps behind it.
  SmallVector<Local> placesOf(Value value) {
    SmallVector<Local> places;
    bool isRead = false;
    for (OpOperand &use : value.getUses()) {
      bool isYield = isa<nn::YieldOp>(use.getOwner());
      isRead |= !isYield;
      if (isYield && use.getOperandNumber() < carried.size())
        places.push_back(carriedAt(use.getOperandNumber(), other));
    }
    if (places.empty() && isRead) {
      Value &memory = kept[value];
      if (!memory)
        memory = allocate(typeOf(value).getNumElements());
      places.push_back({memory, k.constant(0)});
    }
    return places;
  }

  //===-- A block of a stage --===//
  void emitBlock(ScanStage &stage, ArrayRef<SmallVector<Local>> places, Value time, Value row, Value column,
                 int64_t count) {
    emitProducts(stage, row, column, count);
    struct Computed {
      size_t value;
      Lanes at;
      Value elements;
    };
    SmallVector<Computed> computed;
    for (auto [first, part] : lanePieces(count, ScanTile::lanes(stage.width, lanes))) {
      Value position = k.add(column, first);
      for (auto [number, value] : llvm::enumerate(stage.values)) {
        Lanes at{indexOf(typeOf(value), row, position), part, typeOf(value).getRank() - 1};
        computed.push_back({number, at, k.emitAt(value, at)});
      }
    }
    for (ScanPiece piece : stage.pieces)
      k.forget(piece.product.getResult());
    for (Computed &c : computed) {
      Value value = stage.values[c.value];
      for (Local local : places[c.value])
        store(local, value, c.at, c.elements);
      storeResults(value, time, c.at, c.elements);
    }
  }

  /// To the kernel's results that `value` is, or is one step of.
  void storeResults(Value value, Value time, const Lanes &at, Value elements) {
    for (OpOperand &use : value.getUses()) {
      if (!isa<nn::YieldOp>(use.getOwner()))
        continue;
      if (!g.scan) {
        k.store(k.outputOperand(use.getOperandNumber()), at, elements);
        continue;
      }
      Value stacked = g.scan.getOutputs()[use.getOperandNumber()];
      if (use.getOperandNumber() < carried.size())
        continue;
      Lanes whole{{time}, at.count, at.dim + 1};
      llvm::append_range(whole.index, at.index);
      for (auto [number, result] : llvm::enumerate(results()))
        if (result == stacked)
          k.store(k.outputOperand(number), whole, elements);
    }
  }

  /// Sums of the pieces' columns [column, column + count), and the products from now on being these.
  void emitProducts(ScanStage &stage, Value row, Value column, int64_t count) {
    llvm::MapVector<Value, SmallVector<ScanPiece>> byFactor;
    for (ScanPiece piece : stage.pieces)
      byFactor[piece.product.getLhs()].push_back(piece);
    llvm::MapVector<Operation *, std::map<int64_t, SmallVector<Value>>> sums; // by product and first column
    int64_t each = ScanTile::lanes(stage.width, lanes), vectors = llvm::divideCeil(count, each);
    for (auto &[factor, pieces] : byFactor) {
      SmallVector<Value> all = emitSums(factor, pieces, stage.width, vectors, row, column);
      for (auto [number, piece] : llvm::enumerate(pieces))
        sums[piece.product][piece.column].assign(all.begin() + number * vectors, all.begin() + (number + 1) * vectors);
    }
    for (auto &[product, byColumn] : sums)
      k.provide(product->getResult(0), [this, byColumn = byColumn, column, each](const Lanes &at) {
        int64_t distance = k.distance(at.index.back(), column);
        auto piece = std::prev(byColumn.upper_bound(distance));
        distance -= piece->first;
        return k.extract(piece->second[distance / each], distance % each, at.count);
      });
  }

  /// The sums of `vectors` registers of each piece: those of factor[row, i] * weight[i, piece.column + column...].
  SmallVector<Value> emitSums(Value factor, ArrayRef<ScanPiece> pieces, int64_t width, int64_t vectors, Value row,
                              Value column) {
    auto count = static_cast<int64_t>(pieces.size()) * vectors;
    int64_t depth = typeOf(factor).getShape().back(), columns = tile.columns(width, lanes);
    int64_t each = ScanTile::lanes(width, lanes);
    auto addRow = [&](MutableArrayRef<Value> sums, Value i) {
      Value number = k.splat(k.emitAt(factor, indexOf(typeOf(factor), row, i), 1), each);
      for (auto [p, piece] : llvm::enumerate(pieces))
        for (int64_t v = 0; v < vectors; ++v) {
          Value &sum = sums[static_cast<int64_t>(p) * vectors + v];
          sum = k.fma(number, loadWeights(piece, width, columns, depth, column, i, v), sum);
        }
    };
    SmallVector<Value> zeros(count, k.zeroVector(each));
    return addRows(k, zeros, depth, chainsOf(count, depth, 2), depth * count <= kMostUnrolled, addRow);
  }

  /// Panels of [depth][columns], one group of them for each range of `width` columns.
  Value loadWeights(ScanPiece piece, int64_t width, int64_t columns, int64_t depth, Value column, Value i, int64_t v) {
    auto unpack = piece.product.getRhs().getDefiningOp<nn::UnpackOp>();
    int64_t panels = llvm::divideCeil(width, columns), group = piece.column / width;
    assert(unpack && unpack.getLayout().getColumns() == columns && "weights are packed as the description says");
    Value panel = k.add(k.div(column, columns), group * panels);
    int64_t each = ScanTile::lanes(width, lanes);
    Value address = k.add(k.mul(k.add(k.mul(panel, depth), i), columns), v * each);
    return k.loadVector(cast<BlockArgument>(unpack.getInput()).getArgNumber(), address, each);
  }

  KernelBuilder &k;
  ScanGeometry g;
  ScanTile tile;
  int64_t lanes;
  SmallVector<Value> carried;  ///< local memory of the scan's carried values
  DenseMap<Value, Value> kept; ///< local memory of other values
  Value other;                 ///< 0 or 1: where the step puts the next carried values
};

struct Emitter final : KernelEmitter {
  StringRef name() const override { return "scan"; }
  void emitPhase(KernelBuilder &k, unsigned, Value begin, Value end) const override {
    k.forLoop(begin, end, 1, [&](Value) { ScanEmitter(k).emit(); });
  }
};

} // namespace

const KernelEmitter &layerc::scanEmitter() {
  static const Emitter instance;
  return instance;
}
