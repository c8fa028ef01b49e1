// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Emission of ops that only move elements: an index of the result becomes an index of an operand.
// Lanes stay together where the operand holds them side by side along one dimension; else they are fetched one by one.
#include "codegen/EmitAt.h"

#include "codegen/VectorMath.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace layerc;

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }
static Type elementOf(Value value) { return cast<RankedTensorType>(value.getType()).getElementType(); }

static SmallVector<Value> delinearize(KernelBuilder &k, Value linear, ArrayRef<int64_t> shape) {
  SmallVector<Value> index(shape.size(), k.constant(0));
  for (auto d = static_cast<int64_t>(shape.size()) - 1; d > 0; --d) {
    index[d] = k.rem(linear, shape[d]);
    linear = k.div(linear, shape[d]);
  }
  if (!shape.empty())
    index[0] = linear;
  return index;
}

static Value linearize(KernelBuilder &k, ArrayRef<Value> index, ArrayRef<int64_t> shape) {
  Value linear = k.constant(0);
  for (auto [position, size] : llvm::zip_equal(index, shape))
    linear = k.add(k.mul(linear, size), position);
  return linear;
}

//===-- Reshape -------------------------------------------------------------------------------------------------===//

namespace {

/// Dimensions [resultBegin, resultEnd) of the result hold the same elements as [inputBegin, inputEnd) of the input.
struct ReshapeGroup {
  int64_t resultBegin, resultEnd, inputBegin, inputEnd;
};

} // namespace

/// The finest groups of dimensions whose products of sizes agree.
static SmallVector<ReshapeGroup> reshapeGroups(ArrayRef<int64_t> result, ArrayRef<int64_t> input) {
  SmallVector<ReshapeGroup> groups;
  int64_t r = 0, i = 0, resultRank = result.size(), inputRank = input.size();
  while (r < resultRank || i < inputRank) {
    ReshapeGroup group{r, r, i, i};
    int64_t resultSize = 1, inputSize = 1;
    if (r < resultRank)
      resultSize = result[r++];
    if (i < inputRank)
      inputSize = input[i++];
    while (resultSize != inputSize)
      if (resultSize < inputSize)
        resultSize *= result[r++];
      else
        inputSize *= input[i++];
    if (r == resultRank) // sizes of 1 at the end
      i = std::max(i, inputRank);
    if (i == inputRank)
      r = std::max(r, resultRank);
    group.resultEnd = r;
    group.inputEnd = i;
    groups.push_back(group);
  }
  return groups;
}

/// True when `count` lanes from `position` on stay in one row of `size` elements.
static bool staysInRow(KernelBuilder &k, Value position, int64_t count, int64_t size) {
  if (auto range = k.rangeOf(position); range && range->first / size == (range->second + count - 1) / size)
    return true;
  return k.isMultiple(position, count) && size % count == 0;
}

static Value emitReshape(KernelBuilder &k, nn::ReshapeOp op, const Lanes &at) {
  ArrayRef<int64_t> result = shapeOf(op), input = shapeOf(op.getInput());
  // From dense memory, lanes along the last dimensions of the result follow each other.
  Lanes inner{SmallVector<Value>(input.size()), at.count, 0};
  for (const ReshapeGroup &group : reshapeGroups(result, input)) {
    ArrayRef<int64_t> resultSizes = result.slice(group.resultBegin, group.resultEnd - group.resultBegin);
    ArrayRef<int64_t> inputSizes = input.slice(group.inputBegin, group.inputEnd - group.inputBegin);
    Value linear = linearize(k, ArrayRef(at.index).slice(group.resultBegin, resultSizes.size()), resultSizes);
    llvm::copy(delinearize(k, linear, inputSizes), inner.index.begin() + group.inputBegin);
    if (at.count == 1 || at.dim < group.resultBegin || at.dim >= group.resultEnd)
      continue;
    // Lanes must be neighbours: the innermost dimension of the group that is not of size 1, on both sides.
    bool innermost =
        llvm::all_of(result.slice(at.dim + 1, group.resultEnd - at.dim - 1), [](int64_t s) { return s == 1; });
    inner.dim = group.inputEnd - 1;
    while (inner.dim > group.inputBegin && input[inner.dim] == 1)
      --inner.dim;
    bool inOne = group.inputBegin < group.inputEnd && innermost &&
                 (input[inner.dim] == ShapedType::getNumElements(inputSizes) ||
                  staysInRow(k, linear, at.count, input[inner.dim]));
    if (!inOne)
      return emitLaneByLane(k, at, [&](const Lanes &one) { return k.emitAt(op.getResult(), one); });
  }
  return k.emitAt(op.getInput(), inner);
}

//===-- The others ----------------------------------------------------------------------------------------------===//

static Value emitTranspose(KernelBuilder &k, nn::TransposeOp op, const Lanes &at) {
  Lanes inner{SmallVector<Value>(at.index.size()), at.count, 0};
  for (auto [d, from] : llvm::enumerate(op.getPermutation())) {
    inner.index[from] = at.index[d];
    if (static_cast<int64_t>(d) == at.dim)
      inner.dim = from;
  }
  return k.emitAt(op.getInput(), inner);
}

static Value emitSlice(KernelBuilder &k, nn::SliceOp op, const Lanes &at) {
  if (at.count > 1 && op.stride(at.dim) != 1)
    return emitLaneByLane(k, at, [&](const Lanes &one) { return k.emitAt(op.getResult(), one); });
  Lanes inner = at;
  for (auto [d, position] : llvm::enumerate(inner.index))
    position = k.add(k.mul(position, op.stride(d)), op.getStarts()[d]);
  return k.emitAt(op.getInput(), inner);
}

static Value emitReverse(KernelBuilder &k, nn::ReverseOp op, const Lanes &at) {
  Lanes inner = at;
  bool turned = at.count > 1 && llvm::is_contained(op.getAxes(), at.dim);
  for (int64_t axis : op.getAxes()) {
    int64_t last = shapeOf(op)[axis] - (turned && axis == at.dim ? at.count : 1);
    inner.index[axis] = k.sub(k.constant(last), at.index[axis]);
  }
  Value value = k.emitAt(op.getInput(), inner);
  if (!turned)
    return value;
  SmallVector<int64_t> backwards(llvm::reverse(llvm::seq<int64_t>(0, at.count)));
  return k.b.create<vector::ShuffleOp>(value, value, backwards);
}

static Value emitResize(KernelBuilder &k, nn::ResizeOp op, const Lanes &at) {
  ArrayRef<int64_t> result = shapeOf(op), input = shapeOf(op.getInput());
  auto last = static_cast<int64_t>(result.size()) - 1;
  if (at.count > 1 && at.dim > 0 && at.dim < last && result[at.dim] != input[at.dim])
    return emitLaneByLane(k, at, [&](const Lanes &one) { return k.emitAt(op.getResult(), one); });
  Lanes inner = at;
  for (int64_t d = 1; d < last; ++d) // floor((i + 0.5) * n / m)
    if (result[d] != input[d])
      inner.index[d] = k.div(k.mul(k.add(k.mul(at.index[d], 2), 1), input[d]), 2 * result[d]);
  return k.emitAt(op.getInput(), inner);
}

/// The side of `limit` on which all lanes along `axis` lie: true below, false not; nullopt when it is not known.
static std::optional<bool> allBelow(KernelBuilder &k, const Lanes &at, int64_t axis, int64_t limit) {
  auto range = k.rangeOf(at.index[axis]);
  if (!range)
    return std::nullopt;
  if (range->second + (at.dim == axis ? at.count - 1 : 0) < limit)
    return true;
  if (range->first >= limit)
    return false;
  return std::nullopt;
}

static Value emitConcat(KernelBuilder &k, nn::ConcatOp op, const Lanes &at, size_t first, int64_t start) {
  auto axis = static_cast<int64_t>(op.getAxis());
  Value input = op.getInputs()[first];
  int64_t end = start + shapeOf(input)[axis];
  auto fromInput = [&] {
    Lanes inner = at;
    inner.index[axis] = k.narrowed(k.sub(at.index[axis], start), 0, end - start - 1);
    return k.emitAt(input, inner);
  };
  auto fromOthers = [&] { return emitConcat(k, op, at, first + 1, end); };
  if (first + 1 == op.getInputs().size())
    return fromInput();
  if (std::optional<bool> here = allBelow(k, at, axis, end))
    return *here ? fromInput() : fromOthers();
  if (at.count > 1 && at.dim == axis)
    return emitLaneByLane(k, at, [&](const Lanes &one) { return emitConcat(k, op, one, first, start); });
  Type type = k.lanesOf(k.computeType(elementOf(op)), at.count);
  return k.choose(type, k.less(at.index[axis], k.constant(end)), fromInput, fromOthers);
}

static Value emitPad(KernelBuilder &k, nn::PadOp op, const Lanes &at) {
  Type type = k.computeType(elementOf(op));
  Value padding = k.roundTo(elementOf(op), k.number(type, op.getValue().convertToDouble(), at.count));
  ArrayRef<int64_t> input = shapeOf(op.getInput());
  Lanes inner = at;
  Value inside;
  for (auto [d, position] : llvm::enumerate(inner.index)) {
    auto dim = static_cast<int64_t>(d);
    int64_t low = op.getLow()[d], high = low + input[d];
    position = k.sub(position, low);
    std::optional<bool> before = low == 0 ? std::optional(false) : allBelow(k, at, dim, low);
    std::optional<bool> notBehind = op.getHigh()[d] == 0 ? std::optional(true) : allBelow(k, at, dim, high);
    if (before == true || notBehind == false)
      return padding;
    if (before == false && notBehind == true)
      continue;
    if (at.count > 1 && at.dim == dim)
      return emitLaneByLane(k, at, [&](const Lanes &one) { return k.emitAt(op.getResult(), one); });
    // One unsigned comparison for both sides.
    Value within = k.b.create<arith::CmpIOp>(arith::CmpIPredicate::ult, position, k.constant(input[d]));
    inside = inside ? k.b.create<arith::AndIOp>(inside, within).getResult() : within;
  }
  if (!inside)
    return k.emitAt(op.getInput(), inner);
  return k.choose(
      padding.getType(), inside,
      [&] {
        for (auto [d, position] : llvm::enumerate(inner.index))
          position = k.narrowed(position, 0, input[d] - 1);
        return k.emitAt(op.getInput(), inner);
      },
      [&] { return padding; });
}

/// The packed operand at the place of a logical element; lanes along the last dimension stay in one panel or part.
static Value emitUnpack(KernelBuilder &k, nn::UnpackOp op, const Lanes &at) {
  ArrayRef<int64_t> shape = shapeOf(op);
  nn::LayoutAttr layout = op.getLayout();
  assert(layout.getKind() == "panels" && "the loops template accepts no other");
  int64_t width = shape.empty() ? 1 : shape.back(), perGroup = width / layout.getGroups(),
          columns = layout.getColumns();
  auto last = static_cast<int64_t>(shape.size()) - 1;
  Value column = shape.empty() ? k.constant(0) : at.index.back();
  Value inGroup = k.rem(column, perGroup);
  bool together = at.count == 1 || (at.dim == last && staysInRow(k, column, at.count, perGroup) &&
                                    staysInRow(k, inGroup, at.count, columns));
  if (!together)
    return emitLaneByLane(k, at, [&](const Lanes &one) { return k.emitAt(op.getResult(), one); });
  Value row = shape.empty() ? k.constant(0) : linearize(k, ArrayRef(at.index).drop_back(), shape.drop_back());
  return k.emitAt(op.getInput(),
                  Lanes{{k.div(column, perGroup), k.div(inGroup, columns), row, k.rem(inGroup, columns)}, at.count, 3});
}

/// The inverse: zeros beyond the last column.
static Value emitPack(KernelBuilder &k, nn::PackOp op, const Lanes &at) {
  if (at.count > 1)
    return emitLaneByLane(k, at, [&](const Lanes &one) { return k.emitAt(op.getResult(), one); });
  ArrayRef<int64_t> input = shapeOf(op.getInput());
  int64_t width = input.empty() ? 1 : input.back(), perGroup = width / op.getLayout().getGroups();
  Value column = k.add(k.mul(at.index[1], op.getLayout().getColumns()), at.index[3]);
  Type type = k.computeType(elementOf(op));
  return k.choose(
      type, k.less(column, k.constant(perGroup)),
      [&] {
        Lanes inner{{}, 1, 0};
        if (!input.empty()) {
          inner.index = delinearize(k, at.index[2], input.drop_back());
          inner.index.push_back(k.add(k.mul(at.index[0], perGroup), column));
        }
        return k.emitAt(op.getInput(), inner);
      },
      [&] { return k.number(type, 0); });
}

Value layerc::emitViewAt(KernelBuilder &k, Operation *op, const Lanes &at) {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](nn::ReshapeOp reshape) { return emitReshape(k, reshape, at); })
      .Case([&](nn::TransposeOp transpose) { return emitTranspose(k, transpose, at); })
      .Case([&](nn::BroadcastOp broadcast) { return emitBroadcastAt(k, broadcast.getInput(), shapeOf(broadcast), at); })
      .Case([&](nn::SliceOp slice) { return emitSlice(k, slice, at); })
      .Case([&](nn::ReverseOp reverse) { return emitReverse(k, reverse, at); })
      .Case([&](nn::ResizeOp resize) { return emitResize(k, resize, at); })
      .Case([&](nn::ConcatOp concat) { return emitConcat(k, concat, at, 0, 0); })
      .Case([&](nn::PadOp pad) { return emitPad(k, pad, at); })
      .Case([&](nn::UnpackOp unpack) { return emitUnpack(k, unpack, at); })
      .Case([&](nn::PackOp pack) { return emitPack(k, pack, at); })
      .Default(Value());
}
