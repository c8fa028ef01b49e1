// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Emission of ops whose element depends on the place that a number of the input names.
// Indices come from the user's data: each is brought inside its operand before anything is loaded with it.
#include "codegen/EmitAt.h"

#include "codegen/VectorMath.h"
#include "llvm/ADT/TypeSwitch.h"

#include <limits>

using namespace mlir;
using namespace layerc;

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }
static Type elementOf(Value value) { return cast<RankedTensorType>(value.getType()).getElementType(); }

static bool isUnsigned(Type element) { return element.isUnsignedInteger() || element.isInteger(1); }

/// Integers of an nn element type as i64; 64 bits are kept whatever their sign.
static Value toInt64(KernelBuilder &k, Value number, Type element) {
  Type type = number.getType(), wide = k.b.getI64Type();
  if (auto vector = dyn_cast<VectorType>(type))
    wide = VectorType::get(vector.getShape(), wide);
  if (type == wide)
    return number;
  return isUnsigned(element) ? k.b.create<arith::ExtUIOp>(wide, number).getResult()
                             : k.b.create<arith::ExtSIOp>(wide, number).getResult();
}

static Value int64Constant(KernelBuilder &k, int64_t value) {
  return k.b.create<arith::ConstantOp>(k.b.getI64IntegerAttr(value));
}

//===-- Gather --------------------------------------------------------------------------------------------------===//

namespace {

/// An index from the data: moved inside [0, size), and whether it was there.
struct BoundedIndex {
  Value index, inside;
};

} // namespace

static BoundedIndex bound(KernelBuilder &k, Value number, Type element, int64_t size) {
  Value wide = toInt64(k, number, element), last = int64Constant(k, size - 1);
  // As an unsigned number a negative one is far above every size.
  Value inside = k.b.create<arith::CmpIOp>(arith::CmpIPredicate::ule, wide, last);
  Value bounded =
      element.isUnsignedInteger()
          ? k.b.create<arith::MinUIOp>(wide, last).getResult()
          : k.b.create<arith::MaxSIOp>(k.b.create<arith::MinSIOp>(wide, last), int64Constant(k, 0)).getResult();
  return {k.narrowed(k.b.create<arith::IndexCastOp>(k.b.getIndexType(), bounded), 0, size - 1), inside};
}

static Value emitGather(KernelBuilder &k, nn::GatherOp op, const Lanes &at) {
  auto axis = static_cast<int64_t>(op.getAxis()), batch = static_cast<int64_t>(op.getBatch());
  int64_t chosen = static_cast<int64_t>(shapeOf(op.getIndices()).size()) - batch;
  bool eachItsOwn = at.dim < batch || (at.dim >= axis && at.dim < axis + chosen);
  if (at.count > 1 && eachItsOwn)
    return emitLaneByLane(k, at, [&](const Lanes &one) { return emitGather(k, op, one); });
  ArrayRef<Value> place(at.index);
  Lanes index{SmallVector<Value>(place.take_front(batch)), 1, 0};
  llvm::append_range(index.index, place.slice(axis, chosen));
  auto [bounded, inside] =
      bound(k, k.emitAt(op.getIndices(), index), elementOf(op.getIndices()), shapeOf(op.getInput())[axis]);
  Lanes from{SmallVector<Value>(place.take_front(axis)), at.count, at.dim < axis ? at.dim : at.dim - chosen + 1};
  from.index.push_back(bounded);
  llvm::append_range(from.index, place.drop_front(axis + chosen));
  if (at.count == 1)
    from.dim = 0;
  Value value = k.emitAt(op.getInput(), from);
  if (op.getBounds() == nn::GatherBounds::Clamp)
    return value;
  Value nan = k.number(k.computeType(elementOf(op)), std::numeric_limits<double>::quiet_NaN(), at.count);
  return k.b.create<arith::SelectOp>(k.splat(inside, at.count), value, nan);
}

//===-- The others ----------------------------------------------------------------------------------------------===//

static Value emitOneHot(KernelBuilder &k, nn::OneHotOp op, const Lanes &at) {
  auto last = static_cast<int64_t>(at.index.size()) - 1;
  Lanes inner{SmallVector<Value>(ArrayRef(at.index).drop_back()), at.dim == last ? 1 : at.count,
              at.dim == last ? 0 : at.dim};
  Value number = toInt64(k, k.emitAt(op.getInput(), inner), elementOf(op.getInput()));
  Value place = k.splat(k.b.create<arith::IndexCastOp>(k.b.getI64Type(), at.index.back()), at.count);
  if (at.count > 1 && at.dim == last) {
    number = k.splat(number, at.count);
    auto steps = llvm::to_vector(llvm::seq<int64_t>(0, at.count));
    place = k.b.create<arith::AddIOp>(place, k.b.create<arith::ConstantOp>(k.b.getI64VectorAttr(steps)));
  }
  return k.b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, number, place);
}

/// Boundaries up to which each is compared with a whole vector.
static constexpr int64_t kMostComparisons = 16;

/// Which lanes are not below a boundary; true for NaN.
static Value notBelow(KernelBuilder &k, Value number, Value boundary, Type element) {
  Value above = emitBinary(k, nn::BinaryFunction::Greater, element, boundary, number);
  return emitUnary(k, nn::UnaryFunction::Not, k.b.getI1Type(), above);
}

/// Counts by halving the range that is left, always inside the boundaries, even where they do not ascend.
static Value emitSearch(KernelBuilder &k, nn::BucketizeOp op, Value number, Type element) {
  int64_t size = shapeOf(op.getBoundaries())[0];
  auto boundaryAt = [&](Value index) {
    return k.emitAt(op.getBoundaries(), Lanes{{k.narrowed(index, 0, size - 1)}, 1, 0});
  };
  auto advance = [&](Value from, int64_t step) {
    Value isPast = notBelow(k, number, boundaryAt(k.add(from, step - 1)), element);
    return k.b.create<arith::SelectOp>(isPast, k.add(from, step), from).getResult();
  };
  Value count = k.constant(0);
  for (int64_t left = size; left > 1; left -= left / 2)
    count = advance(count, left / 2);
  return k.b.create<arith::IndexCastOp>(k.b.getI32Type(), advance(count, 1));
}

static Value emitBucketize(KernelBuilder &k, nn::BucketizeOp op, const Lanes &at) {
  int64_t size = shapeOf(op.getBoundaries())[0];
  Type element = elementOf(op.getInput()), type = k.b.getI32Type();
  if (size > kMostComparisons && at.count > 1)
    return emitLaneByLane(k, at, [&](const Lanes &one) { return emitBucketize(k, op, one); });
  Value number = k.emitAt(op.getInput(), at);
  if (size > kMostComparisons)
    return emitSearch(k, op, number, element);
  Value count = k.number(type, 0, at.count), one = k.number(type, 1, at.count);
  for (int64_t i = 0; i < size; ++i) {
    Value boundary = k.splat(k.emitAt(op.getBoundaries(), Lanes{{k.constant(i)}, 1, 0}), at.count);
    Value step = k.b.create<arith::SelectOp>(notBelow(k, number, boundary, element), one, k.number(type, 0, at.count));
    count = k.b.create<arith::AddIOp>(count, step);
  }
  return count;
}

Value layerc::emitLookupAt(KernelBuilder &k, Operation *op, const Lanes &at) {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](nn::GatherOp gather) { return emitGather(k, gather, at); })
      .Case([&](nn::OneHotOp oneHot) { return emitOneHot(k, oneHot, at); })
      .Case([&](nn::BucketizeOp bucketize) { return emitBucketize(k, bucketize, at); })
      .Default(Value());
}
