// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Emits the loops template: walks the result, the innermost dimension in vectors, and pulls every element with emitAt.
// Reductions are computed for several vectors at once, statistics of rows once per row, and windows and pads are cut
// where they cross a border, so that inner loops have no branches.
#include "ir/kernels/Loops.h"
#include "codegen/EmitAt.h"
#include "codegen/kernels/KernelEmitter.h"

#include "llvm/ADT/SmallSet.h"

#include <set>

using namespace mlir;
using namespace layerc;

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

namespace {

constexpr int64_t kOne[] = {1};
constexpr int64_t kMostRegions = 9; // copies of the innermost loops that cutting may make

/// Lanes of the widest number in the body.
int64_t lanesFor(KernelBuilder &k) {
  int64_t bytes = 1;
  bool anyNumber = false;
  auto look = [&](Value value) {
    Type type = k.computeType(cast<RankedTensorType>(value.getType()).getElementType());
    anyNumber |= !type.isInteger(1);
    bytes = std::max<int64_t>(bytes, type.getIntOrFloatBitWidth() / 8);
  };
  for (Value argument : k.body().getArguments())
    look(argument);
  for (Operation &op : k.body().without_terminator())
    look(op.getResult(0));
  return k.target.lanes(anyNumber ? bytes : 4);
}

/// Indices of one spatial dimension at which a window begins or ceases to be inside.
void addWindowCuts(std::set<int64_t> &cuts, int64_t results, int64_t stride, int64_t padLow, int64_t reach,
                   int64_t size) {
  int64_t first = llvm::divideCeil(padLow, stride); // the first window that begins inside
  int64_t last = size + padLow >= reach ? (size + padLow - reach) / stride + 1 : 0; // behind the last that ends inside
  if (first < last)
    for (int64_t cut : {first, last})
      if (cut > 0 && cut < results)
        cuts.insert(cut);
}

class LoopsEmitter {
public:
  explicit LoopsEmitter(KernelBuilder &k)
      : k(k), walk(loopsWalk(k.body())), tile(LoopsTile::of(k.kernel.getTile())), lanes(lanesFor(k)),
        rank(static_cast<int64_t>(walk.shape().size())), cuts(rank) {
    assert((!tile.flat || walk.flat) && "a flat walk is for flat bodies");
    chooseTile();
    findCuts(walk.stored);
    int64_t regions = 1;
    for (const std::set<int64_t> &cut : cuts)
      regions *= static_cast<int64_t>(cut.size()) + 1;
    if (regions > kMostRegions)
      cuts.assign(rank, {});
  }

  void emit(Value begin, Value end) {
    if (tile.flat)
      return emitFlat(begin, end);
    int64_t rows = walk.rows(tile), units = k.kernel.getUnits()[0];
    k.forLoop(rowOf(begin, rows, units), rowOf(end, rows, units), 1, [&](Value row) { emitRow(row); });
  }

private:
  /// How many results of a reduction are computed side by side.
  void chooseTile() {
    if (!walk.anchor || !isSum(walk.anchor))
      return;
    if (auto conv = dyn_cast<nn::ConvOp>(walk.anchor); conv && sumsAlongChannels(conv, lanes)) {
      lanes = 1;
      return;
    }
    vectorsPerTile = {8, 1};
    auto contract = dyn_cast<nn::ContractOp>(walk.anchor);
    if (!contract)
      return;
    bool fewRegisters = k.target.vectorRegisters <= 16;
    vectorsPerTile = {2, 1};
    if (leftRows(contract))
      rowsPerTile = fewRegisters ? SmallVector<int64_t>{6, 3, 1} : SmallVector<int64_t>{12, 4, 1};
    if (!isDot(contract))
      return;
    lanes = 1;
    vectorsPerTile = {4, 1};
    if (leftRows(contract))
      rowsPerTile = fewRegisters ? SmallVector<int64_t>{3, 1} : SmallVector<int64_t>{6, 1};
  }

  /// Whether the last two dimensions of the result are one of each operand, so that they make a tile.
  bool leftRows(nn::ContractOp op) const {
    int64_t rightFree =
        shapeOf(op.getRhs()).size() - op.getRhsContracting().size() - (op.getRhsBatch() ? op.getRhsBatch()->size() : 0);
    int64_t batch = op.getLhsBatch() ? op.getLhsBatch()->size() : 0;
    return rank >= 2 && walk.vectorDim == rank - 1 && rightFree == 1 && rank - 2 >= batch;
  }

  /// Whether both operands are summed over their innermost dimension: vectors then run along the sum.
  bool isDot(nn::ContractOp op) const {
    auto innermost = [](Value operand, ArrayRef<int64_t> contracting) {
      return contracting.empty() ? -1
             : contracting.back() + 1 == static_cast<int64_t>(shapeOf(operand).size())
                 ? static_cast<int64_t>(contracting.size()) - 1
                 : -1;
    };
    int64_t left = innermost(op.getLhs(), op.getLhsContracting()),
            right = innermost(op.getRhs(), op.getRhsContracting());
    return left >= 0 && left == right && shapeOf(op.getLhs()).back() >= lanes;
  }

  Value rowOf(Value unit, int64_t rows, int64_t units) { return k.div(k.mul(unit, rows), units); }

  //===-- Cuts --===//

  /// Collects cuts of the result's dimensions from ops that see the result's indices.
  void findCuts(Value value) {
    Operation *op = value.getDefiningOp();
    if (!op || shapeOf(value) != walk.shape())
      return;
    if (nn::isElementwise(op)) {
      for (Value operand : op->getOperands())
        findCuts(operand);
    } else if (auto concat = dyn_cast<nn::ConcatOp>(op)) {
      int64_t start = 0, axis = concat.getAxis();
      for (Value input : concat.getInputs().drop_back())
        cuts[axis].insert(start += shapeOf(input)[axis]);
    } else if (auto pad = dyn_cast<nn::PadOp>(op)) {
      for (int64_t d = 0; d < rank; ++d)
        for (int64_t cut : {pad.getLow()[d], pad.getLow()[d] + shapeOf(pad.getInput())[d]})
          if (cut > 0 && cut < walk.shape()[d])
            cuts[d].insert(cut);
    } else if (auto pool = dyn_cast<nn::PoolOp>(op)) {
      for (int64_t d = 0; d < pool.spatialRank(); ++d)
        addWindowCuts(cuts[d + 1], walk.shape()[d + 1], pool.stride(d), pool.padLow(d), pool.getWindow()[d],
                      shapeOf(pool.getInput())[d + 1]);
    }
  }

  /// The parts of dimension d between its cuts.
  SmallVector<std::pair<int64_t, int64_t>> segments(int64_t d) const {
    SmallVector<std::pair<int64_t, int64_t>> parts;
    int64_t start = 0;
    for (int64_t cut : cuts[d]) {
      parts.push_back({start, cut});
      start = cut;
    }
    parts.push_back({start, walk.shape()[d]});
    return parts;
  }

  //===-- Rows --===//

  /// The part of the walk that one row stands for: a point of the outer dimensions, a block of the tile's dimension.
  void emitRow(Value row) {
    Lanes at{SmallVector<Value>(rank), 1, walk.vectorDim};
    if (walk.outer == 0)
      return emitFrom(0, at);
    int64_t split = walk.order[tile.dim], size = walk.shape()[split], blocks = llvm::divideCeil(size, tile.grain);
    Value block = k.rem(row, blocks), outer = k.div(row, blocks);
    for (int64_t i = tile.dim - 1; i >= 0; --i) {
      at.index[walk.order[i]] = i == 0 ? outer : k.rem(outer, walk.shape()[walk.order[i]]);
      outer = k.div(outer, walk.shape()[walk.order[i]]);
    }
    Value low = k.mul(block, tile.grain), high = k.min(k.add(low, tile.grain), k.constant(size));
    chooseSegments(0, at, low, high);
  }

  /// Gives each outer index, one branch per segment, the range of the segment it lies in.
  void chooseSegments(int64_t position, const Lanes &at, Value low, Value high) {
    if (position > tile.dim)
      return emitFrom(tile.dim + 1, at);
    int64_t d = walk.order[position];
    if (position == tile.dim && tile.grain != 1)
      return emitSplit(at, low, high);
    Value index = position == tile.dim ? low : at.index[d];
    chooseSegment(segments(d), index, [&](Value narrowed) {
      Lanes inner = at;
      inner.index[d] = narrowed;
      chooseSegments(position + 1, inner, low, high);
    });
  }

  void chooseSegment(ArrayRef<std::pair<int64_t, int64_t>> parts, Value index,
                     llvm::function_ref<void(Value)> emitPart) {
    auto [first, last] = parts.front();
    if (parts.size() == 1)
      return emitPart(first == 0 ? index : k.narrowed(index, first, last - 1));
    k.ifElse(
        k.less(index, k.constant(last)), [&] { emitPart(k.narrowed(index, first, last - 1)); },
        [&] { chooseSegment(parts.drop_front(), index, emitPart); });
  }

  void emitSplit(const Lanes &at, Value low, Value high) {
    int64_t d = walk.order[tile.dim];
    for (auto [first, last] : segments(d))
      emitDimension(tile.dim, at, k.max(low, k.constant(first)), k.min(high, k.constant(last)));
  }

  //===-- Loops --===//

  /// Loops over order[position] and everything inside it, for some places at once.
  void emitFrom(int64_t position, ArrayRef<Lanes> places) {
    if (position == walk.outer && walk.anchor && isRowOp(walk.anchor))
      provideRow(places.front());
    if (position == static_cast<int64_t>(walk.order.size()))
      return emitPlaces(places);
    for (auto [first, last] : segments(walk.order[position]))
      emitDimension(position, places, k.constant(first), k.constant(last));
  }

  void emitDimension(int64_t position, ArrayRef<Lanes> places, Value low, Value high) {
    int64_t d = walk.order[position];
    bool isVector = d == walk.vectorDim, isRow = rowsPerTile.size() > 1 && d == rank - 2;
    int64_t step = isVector ? lanes : 1;
    ArrayRef<int64_t> counts = isVector ? ArrayRef(vectorsPerTile)
                               : isRow  ? ArrayRef(rowsPerTile)
                                        : ArrayRef<int64_t>(kOne);
    for (int64_t count : counts) {
      Value whole = high;
      if (count * step > 1)
        whole = k.add(low, k.mul(k.div(k.max(k.sub(high, low), k.constant(0)), count * step), count * step));
      k.forLoop(low, whole, count * step, [&](Value index) { emitPlacesAt(position, places, index, count, step); });
      low = whole;
    }
    if (isVector && lanes > 1)
      emitTail(position, places, low, high);
  }

  /// Elements of the vector dimension that do not fill a vector.
  void emitTail(int64_t position, ArrayRef<Lanes> places, Value low, Value high) {
    auto first = k.rangeOf(low), last = k.rangeOf(high);
    bool known = first && last && first->first == first->second && last->first == last->second;
    if (!known && k.isMultiple(low, lanes) && k.isMultiple(high, lanes))
      return;
    if (!known)
      return k.forLoop(low, high, 1, [&](Value index) { emitPlacesAt(position, places, index, 1, 1); });
    for (auto [start, count] : lanePieces(last->first - first->first, lanes))
      emitPlacesAt(position, places, k.constant(first->first + start), 1, count);
  }

  /// Each place becomes `count` places from `index` on along order[position], of `lanesEach` lanes where that is the
  /// vector dimension.
  void emitPlacesAt(int64_t position, ArrayRef<Lanes> places, Value index, int64_t count, int64_t lanesEach) {
    int64_t d = walk.order[position];
    SmallVector<Lanes> inner;
    for (const Lanes &at : places)
      for (int64_t i = 0; i < count; ++i) {
        Lanes place = at;
        if (d == walk.vectorDim)
          place.count = lanesEach;
        place.index[d] = k.add(index, i * lanesEach);
        inner.push_back(std::move(place));
      }
    emitFrom(position + 1, inner);
  }

  void provideRow(const Lanes &at) {
    Operation *op = walk.anchor;
    RowStatistics statistics = emitRowStatistics(k, op, at);
    k.provide(op->getResult(0),
              [this, op, statistics](const Lanes &place) { return emitRowElements(k, op, place, statistics); });
  }

  void emitPlaces(ArrayRef<Lanes> places) {
    bool sums = walk.anchor && isSum(walk.anchor);
    SmallVector<Value> results = sums ? emitSums(k, walk.anchor, places) : SmallVector<Value>(places.size());
    for (auto [place, result] : llvm::zip_equal(places, results)) {
      if (sums)
        k.provide(walk.anchor->getResult(0), [result = result](const Lanes &) { return result; });
      k.store(k.outputOperand(), place, k.emitAt(walk.stored, place));
    }
    if (sums)
      k.forget(walk.anchor->getResult(0));
  }

  //===-- Flat --===//

  /// All elements as one line, if every buffer is one; else whole lines of the last dimension one after the other.
  void emitFlat(Value begin, Value end) {
    int64_t elements = ShapedType::getNumElements(walk.shape()), blocks = walk.rows(tile),
            units = k.kernel.getUnits()[0];
    auto elementOf = [&](Value unit) {
      return k.min(k.mul(rowOf(unit, blocks, units), tile.grain), k.constant(elements));
    };
    Value low = elementOf(begin), high = elementOf(end);
    bool dense = k.isDense(k.outputOperand());
    for (unsigned operand = 0; operand < k.inputCount(); ++operand)
      dense &= k.isDense(operand) || shapeOf(k.body().getArgument(operand)) != walk.shape();
    if (!dense)
      return emitLines(low, high);
    for (BlockArgument argument : k.body().getArguments())
      if (shapeOf(argument) == walk.shape())
        k.provide(argument, [this, number = argument.getArgNumber()](const Lanes &at) { return loadLine(number, at); });
    Value whole = k.add(low, k.mul(k.div(k.sub(high, low), lanes), lanes));
    k.forLoop(low, whole, lanes, [&](Value index) { emitLine(index, lanes); });
    k.forLoop(whole, high, 1, [&](Value index) { emitLine(index, 1); });
  }

  /// In a flat walk an index is all zeros but for the last dimension, which counts all elements.
  Value loadLine(unsigned operand, const Lanes &at) {
    Value address = k.add(k.addressOf(operand, SmallVector<Value>(rank, k.constant(0))), at.index.back());
    Value vector = k.loadVector(operand, address, at.count);
    return k.extract(vector, 0, at.count);
  }

  void emitLine(Value index, int64_t count) {
    Lanes at{SmallVector<Value>(rank, k.constant(0)), count, rank - 1};
    Value start = k.addressOf(k.outputOperand(), at.index);
    at.index.back() = index;
    k.storeVector(k.outputOperand(), k.add(start, index), k.emitAt(walk.stored, at));
  }

  void emitLines(Value low, Value high) {
    int64_t line = walk.shape()[walk.vectorDim];
    k.forLoop(k.div(low, line), k.div(high, line), 1, [&](Value row) {
      Lanes at{SmallVector<Value>(rank, k.constant(0)), 1, walk.vectorDim};
      for (int64_t d = walk.vectorDim - 1; d >= 0; --d) {
        at.index[d] = d == 0 ? row : k.rem(row, walk.shape()[d]);
        row = k.div(row, walk.shape()[d]);
      }
      emitDimension(walk.vectorDim, at, k.constant(0), k.constant(line));
    });
  }

  KernelBuilder &k;
  LoopsWalk walk;
  LoopsTile tile;
  int64_t lanes;
  int64_t rank;
  SmallVector<int64_t> vectorsPerTile{1}, rowsPerTile{1}; ///< the last entry is 1, the others what is tried before
  std::vector<std::set<int64_t>> cuts;
};

struct Emitter final : KernelEmitter {
  StringRef name() const override { return "loops"; }
  void emitPhase(KernelBuilder &k, unsigned phase, Value begin, Value end) const override {
    assert(phase == 0 && "loops have one phase");
    LoopsEmitter(k).emit(begin, end);
  }
};

} // namespace

const KernelEmitter &layerc::loopsEmitter() {
  static const Emitter instance;
  return instance;
}
