// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Emission of elementwise ops and constants, and the choice among the groups of ops.
#include "codegen/EmitAt.h"

#include "codegen/VectorMath.h"
#include "ir/Evaluate.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace layerc;

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }
static Type elementOf(Value value) { return cast<RankedTensorType>(value.getType()).getElementType(); }

Value layerc::emitBroadcastAt(KernelBuilder &k, Value operand, ArrayRef<int64_t> shape, const Lanes &at) {
  ArrayRef<int64_t> own = shapeOf(operand);
  if (own == shape)
    return k.emitAt(operand, at);
  int64_t lead = static_cast<int64_t>(shape.size() - own.size());
  Lanes inner{SmallVector<Value>(ArrayRef(at.index).drop_front(lead)), at.count, at.dim - lead};
  for (auto [position, size] : llvm::zip_equal(inner.index, own))
    if (size == 1)
      position = k.constant(0);
  if (at.count == 1 || (inner.dim >= 0 && own[inner.dim] != 1)) {
    inner.dim = std::max<int64_t>(inner.dim, 0);
    return k.emitAt(operand, inner);
  }
  inner.count = 1;
  inner.dim = 0;
  return k.splat(k.emitAt(operand, inner), at.count);
}

Value layerc::emitLaneByLane(KernelBuilder &k, const Lanes &at, llvm::function_ref<Value(const Lanes &)> emit) {
  SmallVector<Value> lanes;
  for (int64_t i = 0; i < at.count; ++i) {
    Lanes one{at.index, 1, at.dim};
    if (i != 0)
      one.index[at.dim] = k.add(at.index[at.dim], i);
    lanes.push_back(emit(one));
  }
  return k.gather(lanes);
}

//===-- Constants -----------------------------------------------------------------------------------------------===//

static Attribute numberAttribute(KernelBuilder &k, Type type, Type element, Scalar number) {
  if (isa<FloatType>(type))
    return FloatAttr::get(type, number.real);
  return IntegerAttr::get(type, APInt(type.getIntOrFloatBitWidth(), static_cast<uint64_t>(number.integer)));
}

/// Numbers of a constant in row-major order.
static SmallVector<Scalar> numbersOf(nn::ConstantOp op) {
  SmallVector<Scalar> numbers;
  auto values = cast<DenseElementsAttr>(op.getValue());
  if (isa<FloatType>(values.getElementType()))
    for (const APFloat &value : values.getValues<APFloat>()) {
      APFloat real = value;
      bool inexact;
      real.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &inexact);
      numbers.push_back({real.convertToDouble(), 0});
    }
  else
    for (const APInt &value : values.getValues<APInt>())
      numbers.push_back({0, values.getElementType().isSignlessInteger(1) || values.getElementType().isUnsignedInteger()
                                ? static_cast<int64_t>(value.getZExtValue())
                                : value.getSExtValue()});
  return numbers;
}

/// A small table in the kernel's read-only data, in the compute type (booleans as bytes).
static Value tableOf(KernelBuilder &k, nn::ConstantOp op, Type stored) {
  auto module = k.b.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  SmallVector<Attribute> numbers;
  for (Scalar number : numbersOf(op))
    numbers.push_back(numberAttribute(k, stored, elementOf(op), number));
  auto count = static_cast<int64_t>(numbers.size());
  auto values = DenseElementsAttr::get(RankedTensorType::get({count}, stored), numbers);
  auto type = MemRefType::get({count}, stored);
  std::string name;
  for (auto global : module.getOps<memref::GlobalOp>())
    if (global.getInitialValueAttr() == values)
      name = global.getSymName().str();
  if (name.empty()) {
    auto globals = module.getOps<memref::GlobalOp>();
    name = "table" + std::to_string(std::distance(globals.begin(), globals.end()));
    OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
    top.create<memref::GlobalOp>(op.getLoc(), name, top.getStringAttr("private"), type, values, /*constant=*/true,
                                 IntegerAttr());
  }
  return k.b.create<memref::GetGlobalOp>(type, name);
}

static Value emitConstant(KernelBuilder &k, nn::ConstantOp op, const Lanes &at) {
  Type type = k.computeType(elementOf(op));
  auto values = cast<DenseElementsAttr>(op.getValue());
  if (values.isSplat()) {
    auto number = cast<TypedAttr>(numberAttribute(k, type, elementOf(op), numbersOf(op).front()));
    return k.splat(k.b.create<arith::ConstantOp>(number), at.count);
  }
  Type stored = type.isInteger(1) ? Type(k.b.getI8Type()) : type;
  Value table = tableOf(k, op, stored), address = k.constant(0);
  int64_t stride = 1, laneStride = 1;
  for (int64_t d = static_cast<int64_t>(at.index.size()) - 1; d >= 0; stride *= shapeOf(op)[d--]) {
    address = k.add(address, k.mul(at.index[d], stride));
    if (d == at.dim)
      laneStride = stride;
  }
  Value loaded;
  if (at.count > 1 && laneStride == 1) {
    loaded = k.b.create<vector::LoadOp>(VectorType::get(at.count, stored), table, address);
  } else {
    SmallVector<Value> lanes;
    for (int64_t i = 0; i < at.count; ++i)
      lanes.push_back(k.b.create<memref::LoadOp>(table, k.add(address, i * laneStride)));
    loaded = k.gather(lanes);
  }
  return type == stored ? loaded : emitConvert(k, loaded, stored, k.b.getI1Type());
}

//===-- Elementwise ---------------------------------------------------------------------------------------------===//

static Value emitSelect(KernelBuilder &k, nn::SelectOp op, const Lanes &at) {
  ArrayRef<int64_t> shape = shapeOf(op);
  Value condition = emitBroadcastAt(k, op.getCondition(), shape, at);
  Value onTrue = emitBroadcastAt(k, op.getOnTrue(), shape, at),
        onFalse = emitBroadcastAt(k, op.getOnFalse(), shape, at);
  return k.b.create<arith::SelectOp>(condition, onTrue, onFalse);
}

/// The entry of a per-channel vector for each lane.
static Value emitChannel(KernelBuilder &k, Value vector, int64_t axis, const Lanes &at) {
  bool along = at.count > 1 && at.dim == axis;
  Value value = k.emitAt(vector, Lanes{{at.index[axis]}, along ? at.count : 1, 0});
  return along ? value : k.splat(value, at.count);
}

static Value emitAffine(KernelBuilder &k, nn::AffineOp op, const Lanes &at) {
  auto axis = static_cast<int64_t>(op.getAxis());
  Value x = k.emitAt(op.getInput(), at), scale = emitChannel(k, op.getScale(), axis, at);
  return k.roundTo(elementOf(op), k.fma(x, scale, emitChannel(k, op.getShift(), axis, at)));
}

/// A product with a sigmoid that nothing else reads; null for others. With the value of a function it is none: both are
/// computed at once, and a quotient after the function would come later than a product.
static Value emitGatedAt(KernelBuilder &k, nn::BinaryOp product, const Lanes &at) {
  if (product.getFunction() != nn::BinaryFunction::Mul || !elementOf(product).isF32())
    return {};
  for (auto [gate, x] : {std::pair(product.getLhs(), product.getRhs()), std::pair(product.getRhs(), product.getLhs())})
    if (auto sigmoid = gate.getDefiningOp<nn::UnaryOp>();
        sigmoid && sigmoid.getFunction() == nn::UnaryFunction::Sigmoid && gate.hasOneUse() &&
        gate.getType() == product.getType() && !k.findProvider(gate) && !x.getDefiningOp<nn::UnaryOp>())
      return emitGated(k, emitBroadcastAt(k, x, shapeOf(product), at), k.emitAt(sigmoid.getInput(), at));
  return {};
}

/// A sum with a product that nothing else reads, as one FMA; null for others. Of two products the second is taken,
/// which cells compute last.
static Value emitProductSumAt(KernelBuilder &k, nn::BinaryOp sum, const Lanes &at) {
  if (sum.getFunction() != nn::BinaryFunction::Add || !elementOf(sum).isF32())
    return {};
  auto operandAt = [&](Value operand) { return emitBroadcastAt(k, operand, shapeOf(sum), at); };
  for (auto [value, other] : {std::pair(sum.getRhs(), sum.getLhs()), std::pair(sum.getLhs(), sum.getRhs())})
    if (auto product = value.getDefiningOp<nn::BinaryOp>();
        product && product.getFunction() == nn::BinaryFunction::Mul && value.hasOneUse() &&
        value.getType() == sum.getType() && !k.findProvider(value)) {
      // First what takes longest: processors begin with the oldest of the operations that they can begin.
      Value first = product.getRhs(), second = product.getLhs();
      if (second.getDefiningOp<nn::UnaryOp>() && !first.getDefiningOp<nn::UnaryOp>())
        std::swap(first, second);
      Value a = operandAt(first), b = operandAt(second);
      return k.fma(a, b, operandAt(other));
    }
  return {};
}

Value layerc::emitElementwiseAt(KernelBuilder &k, Operation *op, const Lanes &at) {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](nn::ConstantOp constant) { return emitConstant(k, constant, at); })
      .Case([&](nn::UnaryOp unary) {
        return emitUnary(k, unary.getFunction(), elementOf(unary.getInput()), k.emitAt(unary.getInput(), at));
      })
      .Case([&](nn::BinaryOp binary) {
        if (Value fused = emitGatedAt(k, binary, at))
          return fused;
        if (Value fused = emitProductSumAt(k, binary, at))
          return fused;
        Value a = emitBroadcastAt(k, binary.getLhs(), shapeOf(binary), at);
        Value b = emitBroadcastAt(k, binary.getRhs(), shapeOf(binary), at);
        return emitBinary(k, binary.getFunction(), elementOf(binary.getLhs()), a, b);
      })
      .Case([&](nn::SelectOp select) { return emitSelect(k, select, at); })
      .Case([&](nn::CastOp cast) {
        return emitConvert(k, k.emitAt(cast.getInput(), at), elementOf(cast.getInput()), elementOf(cast));
      })
      .Case([&](nn::AffineOp affine) { return emitAffine(k, affine, at); })
      .Default(Value());
}

Value layerc::emitOpAt(KernelBuilder &k, Operation *op, const Lanes &at) {
  if (Value value = emitElementwiseAt(k, op, at))
    return value;
  if (Value value = emitViewAt(k, op, at))
    return value;
  if (Value value = emitLookupAt(k, op, at))
    return value;
  if (isSum(op))
    return emitSums(k, op, at).front();
  assert(isRowOp(op) && "an op that kernels may hold");
  auto axes = isa<nn::SoftmaxOp>(op) ? cast<nn::SoftmaxOp>(op).getAxes() : cast<nn::NormalizeOp>(op).getAxes();
  Lanes group = at;
  if (llvm::is_contained(axes, at.dim))
    group.count = 1;
  return emitRowElements(k, op, at, emitRowStatistics(k, op, group));
}
