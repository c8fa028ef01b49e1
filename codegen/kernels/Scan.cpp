// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Emits the scan template. In each step and stage, block by block: the sums of all gates in registers, their functions,
// then the stores. Carried values have two places in local memory, for even and for odd steps, so none is ever copied.
#include "ir/kernels/Scan.h"
#include "codegen/EmitAt.h"
#include "codegen/kernels/Chains.h"
#include "codegen/kernels/KernelEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

#include <map>
#include <memory>

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
    SmallVector<Value> provided = provideProducts(stage, row, column, count);
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
    for (Value value : provided)
      k.forget(value);
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

  /// What a piece's columns become by adding biases and the like: columns of `value` from `column` on, and the operands
  /// that are added on the way. The sums start from them, so that nothing waits for these additions. Other products are
  /// added behind: the sums would wait for them.
  struct Total {
    ScanPiece piece;
    Value value;
    int64_t column;
    struct Addend {
      Value operand;
      Value sum;
      int64_t column;
    };
    SmallVector<Addend> addends;
    SmallVector<Value> registers; ///< the sums of a block
  };

  static bool dependsOnProduct(Value value) {
    llvm::SetVector<Value> found;
    found.insert(value);
    for (size_t i = 0; i < found.size(); ++i) {
      Operation *op = found[i].getDefiningOp();
      if (isa_and_present<nn::ContractOp>(op))
        return true;
      if (op)
        found.insert(op->operand_begin(), op->operand_end());
    }
    return false;
  }

  /// The only op that reads columns [column, column + width) of `value`, or null.
  static Operation *onlyReader(Value value, int64_t column, int64_t width) {
    Operation *reader = nullptr;
    for (OpOperand &use : value.getUses()) {
      if (auto slice = dyn_cast<nn::SliceOp>(use.getOwner())) {
        int64_t first = slice.getStarts().back();
        if (first >= column + width || first + typeOf(slice).getShape().back() <= column)
          continue;
      }
      if (reader)
        return nullptr;
      reader = use.getOwner();
    }
    return reader;
  }

  Total totalOf(ScanPiece piece, int64_t width) {
    Total total{piece, piece.product.getResult(), piece.column, {}, {}};
    while (Operation *reader = onlyReader(total.value, total.column, width)) {
      auto add = dyn_cast<nn::BinaryOp>(reader);
      if (auto slice = dyn_cast<nn::SliceOp>(reader)) {
        total.column -= slice.getStarts().back();
      } else if (add && add.getFunction() == nn::BinaryFunction::Add && add.getType() == total.value.getType()) {
        Value operand = add.getLhs() == total.value ? add.getRhs() : add.getLhs();
        if (dependsOnProduct(operand))
          break;
        total.addends.push_back({operand, add, total.column});
      } else {
        break;
      }
      total.value = reader->getResult(0);
    }
    return total;
  }

  /// Makes the totals of the pieces' columns [column, column + count) what sums compute: returns what is provided so.
  SmallVector<Value> provideProducts(ScanStage &stage, Value row, Value column, int64_t count) {
    llvm::MapVector<Value, SmallVector<ScanPiece>> byFactor;
    for (ScanPiece piece : stage.pieces)
      byFactor[piece.product.getLhs()].push_back(piece);
    int64_t each = ScanTile::lanes(stage.width, lanes);
    SmallVector<Value> provided;
    for (auto &[factor, pieces] : byFactor) {
      auto totals = std::make_shared<SmallVector<Total>>();
      for (ScanPiece piece : pieces)
        totals->push_back(totalOf(piece, stage.width));
      int64_t vectors = static_cast<int64_t>(pieces.size()) * llvm::divideCeil(count, each);
      bool unroll = vectors * typeOf(factor).getShape().back() <= kMostUnrolled;
      auto compute = [this, factor = factor, width = stage.width, row, column, count, unroll](
                         MutableArrayRef<Total> some) { emitSums(factor, some, width, row, column, count, unroll); };
      if (!unroll) // a loop over `factor` computes them all
        compute(*totals);
      llvm::MapVector<Value, std::map<int64_t, size_t>> byColumn; // by value and first column
      for (auto [number, total] : llvm::enumerate(*totals))
        byColumn[total.value][total.column] = number;
      for (auto &[value, columns] : byColumn) {
        provided.push_back(value);
        k.provide(value, [this, totals, columns = columns, compute, column, each](const Lanes &at) {
          int64_t distance = k.distance(at.index.back(), column);
          auto piece = std::prev(columns.upper_bound(distance));
          distance -= piece->first;
          // Not before something reads it: processors begin with the oldest of the operations that they can begin.
          Total &total = (*totals)[piece->second];
          if (total.registers.empty())
            compute(total);
          return k.extract(total.registers[distance / each], distance % each, at.count);
        });
      }
    }
    return provided;
  }

  /// The addends of a total for `count` columns, in a register of `each` lanes.
  Value emitStart(const Total &total, int64_t each, Value row, Value column, int64_t count) {
    Value start = k.zeroVector(each);
    if (total.addends.empty())
      return start;
    for (auto [first, part] : lanePieces(count, each)) {
      Value sum;
      for (const auto &[operand, result, offset] : total.addends) {
        Lanes at{indexOf(typeOf(result), row, k.add(column, offset + first)), part, typeOf(result).getRank() - 1};
        Value addend = emitBroadcastAt(k, operand, typeOf(result).getShape(), at);
        sum = sum ? k.b.create<arith::AddFOp>(sum, addend).getResult() : addend;
      }
      start = k.insert(sum, start, first);
    }
    return start;
  }

  /// To the registers of each total, its start and the sums of factor[row, i] * weight[i, piece.column + column...].
  void emitSums(Value factor, MutableArrayRef<Total> totals, int64_t width, Value row, Value column, int64_t count,
                bool unroll) {
    int64_t depth = typeOf(factor).getShape().back(), columns = tile.columns(width, lanes);
    int64_t each = ScanTile::lanes(width, lanes), vectors = llvm::divideCeil(count, each);
    SmallVector<Value> starts;
    for (const Total &total : totals)
      for (int64_t first = 0; first < count; first += each)
        starts.push_back(emitStart(total, each, row, k.add(column, first), std::min(each, count - first)));
    auto addRow = [&](MutableArrayRef<Value> sums, Value i) {
      Value number = k.splat(k.emitAt(factor, indexOf(typeOf(factor), row, i), 1), each);
      for (auto [place, sum] : llvm::enumerate(sums)) {
        auto [t, v] = std::div(static_cast<int64_t>(place), vectors);
        sum = k.fma(number, loadWeights(totals[t].piece, width, columns, depth, column, i, v), sum);
      }
    };
    auto sumCount = static_cast<int64_t>(starts.size());
    SmallVector<Value> sums = addRows(k, starts, depth, chainsOf(sumCount, depth, 2), unroll, addRow);
    for (auto [t, total] : llvm::enumerate(totals))
      total.registers.assign(sums.begin() + t * vectors, sums.begin() + (t + 1) * vectors);
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
