// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernel builder's index arithmetic, loops, vectors and memory; bodies are in EmitAt*.cpp.
// Indices carry the range of their values, so that arithmetic folds and window bounds become constants inside a tile.
// Above 400 lines because one class is in one file.
#include "codegen/KernelBuilder.h"

#include "codegen/EmitAt.h"
#include "codegen/NarrowFloats.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/bit.h"

#include <numeric>

using namespace mlir;
using namespace layerc;

Type layerc::storageType(Type element) {
  MLIRContext *context = element.getContext();
  if (element.isF16() || element.isBF16())
    return IntegerType::get(context, 16);
  if (auto integer = dyn_cast<IntegerType>(element))
    return IntegerType::get(context, std::max(8u, integer.getWidth()));
  return element;
}

SmallVector<std::pair<int64_t, int64_t>> layerc::lanePieces(int64_t count, int64_t most) {
  SmallVector<std::pair<int64_t, int64_t>> pieces;
  for (int64_t first = 0; first < count;) {
    int64_t lanes = std::min(most, static_cast<int64_t>(llvm::bit_floor(static_cast<uint64_t>(count - first))));
    pieces.push_back({first, lanes});
    first += lanes;
  }
  return pieces;
}

KernelBuilder::KernelBuilder(ImplicitLocOpBuilder &b, const Target &target, plan::KernelOp kernel,
                             ArrayRef<Value> buffers, Value shared, Value own)
    : b(b), target(target), kernel(kernel), entry_(b.getInsertionBlock()), shared_(shared), own_(own) {
  auto addOperand = [&](Type memref, Type tensor) {
    Operand operand;
    operand.tensor = cast<RankedTensorType>(tensor);
    [[maybe_unused]] LogicalResult strided =
        getStridesAndOffset(cast<MemRefType>(memref), operand.strides, operand.offset);
    assert(succeeded(strided) && "operands of kernels have strides");
    operand.buffer = buffers[operands_.size()];
    operands_.push_back(std::move(operand));
  };
  for (auto [type, argument] : llvm::zip_equal(kernel.getInputs(), body().getArgumentTypes()))
    addOperand(cast<TypeAttr>(type).getValue(), argument);
  for (auto [type, result] : llvm::zip_equal(kernel.getOutputs(), body().getTerminator()->getOperandTypes()))
    addOperand(cast<TypeAttr>(type).getValue(), result);
}

bool KernelBuilder::isDense(unsigned operand) const {
  int64_t expected = 1;
  const Operand &o = operands_[operand];
  for (int64_t d = o.tensor.getRank() - 1; d >= 0; expected *= o.tensor.getDimSize(d--))
    if (o.tensor.getDimSize(d) != 1 && o.strides[d] != expected)
      return false;
  return true;
}

Value KernelBuilder::addressOf(unsigned operand, ArrayRef<Value> index) {
  const Operand &o = operands_[operand];
  Value address = constant(o.offset);
  for (auto [position, stride] : llvm::zip_equal(index, o.strides))
    address = add(address, mul(position, stride));
  return address;
}

//===-- Index arithmetic ----------------------------------------------------------------------------------------===//

Value KernelBuilder::constant(int64_t value) {
  Value &constant = constants_[value];
  if (!constant) {
    OpBuilder::InsertionGuard guard(b);
    if (lastConstant_)
      b.setInsertionPointAfter(lastConstant_);
    else
      b.setInsertionPointToStart(entry_);
    constant = b.create<arith::ConstantIndexOp>(value);
    lastConstant_ = constant.getDefiningOp();
    ranges_[constant] = {value, value};
    multiples_[constant] = std::abs(value);
  }
  return constant;
}

std::optional<std::pair<int64_t, int64_t>> KernelBuilder::rangeOf(Value index) const {
  if (auto range = ranges_.find(index); range != ranges_.end())
    return range->second;
  return std::nullopt;
}

int64_t KernelBuilder::multipleOf(Value index) const {
  auto multiple = multiples_.find(index);
  return multiple == multiples_.end() ? 1 : multiple->second;
}

Value KernelBuilder::known(Value index, std::optional<std::pair<int64_t, int64_t>> range, int64_t multiple) {
  if (range && range->first == range->second)
    return constant(range->first);
  if (range)
    ranges_[index] = *range;
  if (multiple != 1)
    multiples_[index] = multiple;
  return index;
}

int64_t KernelBuilder::distance(Value index, Value base) const {
  auto constantOf = [&](Value value) -> std::optional<int64_t> {
    auto known = rangeOf(value);
    return known && known->first == known->second ? std::optional(known->first) : std::nullopt;
  };
  int64_t distance = 0;
  while (index != base) {
    if (auto number = constantOf(index), from = constantOf(base); number && from)
      return distance + *number - *from;
    auto sum = index.getDefiningOp<arith::AddIOp>();
    assert(sum && constantOf(sum.getRhs()) && "the indices differ by a constant");
    distance += *constantOf(sum.getRhs());
    index = sum.getLhs();
  }
  return distance;
}

Value KernelBuilder::narrowed(Value index, int64_t smallest, int64_t largest) {
  if (auto range = rangeOf(index)) {
    smallest = std::max(smallest, range->first);
    largest = std::max(smallest, std::min(largest, range->second));
  }
  return known(b.create<arith::AddIOp>(index, constant(0)), std::pair(smallest, largest), multipleOf(index));
}

using Bounds = std::optional<std::pair<int64_t, int64_t>>;

static bool isExactly(Bounds range, int64_t value) { return range && range->first == value && range->second == value; }
static bool isExactly(Bounds range) { return range && range->first == range->second; }

Value KernelBuilder::add(Value a, Value b2) {
  Bounds x = rangeOf(a), y = rangeOf(b2);
  if (isExactly(x, 0))
    return b2;
  if (isExactly(y, 0))
    return a;
  if (isExactly(x) && isExactly(y))
    return constant(x->first + y->first);
  Bounds sum = x && y ? Bounds({x->first + y->first, x->second + y->second}) : std::nullopt;
  return known(b.create<arith::AddIOp>(a, b2), sum, std::gcd(multipleOf(a), multipleOf(b2)));
}

Value KernelBuilder::sub(Value a, Value b2) {
  Bounds x = rangeOf(a), y = rangeOf(b2);
  if (isExactly(y))
    return add(a, -y->first);
  Bounds difference = x && y ? Bounds({x->first - y->second, x->second - y->first}) : std::nullopt;
  return known(b.create<arith::SubIOp>(a, b2), difference, std::gcd(multipleOf(a), multipleOf(b2)));
}

Value KernelBuilder::mul(Value a, Value b2) {
  Bounds x = rangeOf(a), y = rangeOf(b2);
  if (isExactly(x, 0) || isExactly(y, 0))
    return constant(0);
  if (isExactly(x, 1))
    return b2;
  if (isExactly(y, 1))
    return a;
  Bounds product;
  if (x && y && x->first >= 0 && y->first >= 0)
    product = {x->first * y->first, x->second * y->second};
  else if (x && isExactly(y))
    product = std::minmax(x->first * y->first, x->second * y->first);
  if (isExactly(product))
    return constant(product->first);
  return known(b.create<arith::MulIOp>(a, b2), product, multipleOf(a) * multipleOf(b2));
}

Value KernelBuilder::div(Value a, int64_t divisor) {
  assert(divisor > 0);
  Bounds x = rangeOf(a);
  if (divisor == 1)
    return a;
  Bounds quotient = x && x->first >= 0 ? Bounds({x->first / divisor, x->second / divisor}) : std::nullopt;
  if (isExactly(quotient))
    return constant(quotient->first);
  int64_t multiple = multipleOf(a) % divisor == 0 ? std::max<int64_t>(multipleOf(a) / divisor, 1) : 1;
  return known(b.create<arith::DivUIOp>(a, constant(divisor)), quotient, multiple);
}

Value KernelBuilder::rem(Value a, int64_t divisor) {
  assert(divisor > 0);
  Bounds x = rangeOf(a);
  if (x && x->first >= 0 && x->first / divisor == x->second / divisor)
    return x->first < divisor ? a : sub(a, x->first / divisor * divisor);
  if (divisor == 1)
    return constant(0);
  return known(b.create<arith::RemUIOp>(a, constant(divisor)), Bounds({0, divisor - 1}),
               std::gcd(multipleOf(a), divisor));
}

Value KernelBuilder::min(Value a, Value b2) {
  Bounds x = rangeOf(a), y = rangeOf(b2);
  if (x && y && x->second <= y->first)
    return a;
  if (x && y && y->second <= x->first)
    return b2;
  Bounds range = x && y ? Bounds({std::min(x->first, y->first), std::min(x->second, y->second)}) : std::nullopt;
  return known(b.create<arith::MinSIOp>(a, b2), range, std::gcd(multipleOf(a), multipleOf(b2)));
}

Value KernelBuilder::max(Value a, Value b2) {
  Bounds x = rangeOf(a), y = rangeOf(b2);
  if (x && y && x->first >= y->second)
    return a;
  if (x && y && y->first >= x->second)
    return b2;
  Bounds range = x && y ? Bounds({std::max(x->first, y->first), std::max(x->second, y->second)}) : std::nullopt;
  return known(b.create<arith::MaxSIOp>(a, b2), range, std::gcd(multipleOf(a), multipleOf(b2)));
}

Value KernelBuilder::less(Value a, Value b2) {
  Bounds x = rangeOf(a), y = rangeOf(b2);
  if (x && y && x->second < y->first)
    return b.create<arith::ConstantIntOp>(1, 1);
  if (x && y && x->first >= y->second)
    return b.create<arith::ConstantIntOp>(0, 1);
  return b.create<arith::CmpIOp>(arith::CmpIPredicate::slt, a, b2);
}

//===-- Control -------------------------------------------------------------------------------------------------===//

void KernelBuilder::forLoop(Value low, Value high, int64_t step, llvm::function_ref<void(Value)> body) {
  forLoop(low, high, step, {}, [&](Value index, ValueRange) -> SmallVector<Value> {
    body(index);
    return {};
  });
}

SmallVector<Value> KernelBuilder::forLoop(Value low, Value high, int64_t step, ValueRange init,
                                          llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  Bounds first = rangeOf(low), last = rangeOf(high);
  if (first && last && first->first >= last->second)
    return SmallVector<Value>(init);
  if (isExactly(first) && isExactly(last) && first->first + step >= last->first)
    return body(low, init);
  auto loop = b.create<scf::ForOp>(low, high, constant(step), init);
  if (init.empty() && !loop.getBody()->empty())
    loop.getBody()->getTerminator()->erase();
  if (first && last)
    ranges_[loop.getInductionVar()] = {first->first, last->second - 1};
  multiples_[loop.getInductionVar()] = std::gcd(multipleOf(low), step);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(loop.getBody());
  b.create<scf::YieldOp>(body(loop.getInductionVar(), loop.getRegionIterArgs()));
  return SmallVector<Value>(loop.getResults());
}

void KernelBuilder::ifElse(Value condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise) {
  auto branch = b.create<scf::IfOp>(condition, static_cast<bool>(otherwise));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  then();
  if (!otherwise)
    return;
  b.setInsertionPointToStart(branch.elseBlock());
  otherwise();
}

Value KernelBuilder::choose(Type type, Value condition, llvm::function_ref<Value()> then,
                            llvm::function_ref<Value()> otherwise) {
  auto branch = b.create<scf::IfOp>(type, condition, /*withElseRegion=*/true);
  auto emitSide = [&](Block *block, llvm::function_ref<Value()> side) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(block);
    b.create<scf::YieldOp>(side());
  };
  emitSide(branch.thenBlock(), then);
  emitSide(branch.elseBlock(), otherwise);
  return branch.getResult(0);
}

//===-- Vectors -------------------------------------------------------------------------------------------------===//

Type KernelBuilder::computeType(Type element) const {
  if (element.isF16() || element.isBF16())
    return Float32Type::get(element.getContext());
  if (auto integer = dyn_cast<IntegerType>(element))
    return IntegerType::get(element.getContext(), integer.getWidth());
  return element;
}

Type KernelBuilder::lanesOf(Type type, int64_t lanes) const { return lanes == 1 ? type : VectorType::get(lanes, type); }

Value KernelBuilder::zeroVector(int64_t lanes) {
  auto type = VectorType::get(lanes, b.getF32Type());
  return b.create<arith::ConstantOp>(type, b.getZeroAttr(type));
}

Value KernelBuilder::number(Type type, double value, int64_t lanes) {
  TypedAttr scalar = isa<FloatType>(type) ? TypedAttr(b.getFloatAttr(type, value))
                                          : TypedAttr(IntegerAttr::get(type, static_cast<int64_t>(value)));
  if (lanes == 1)
    return b.create<arith::ConstantOp>(scalar);
  return b.create<arith::ConstantOp>(
      DenseElementsAttr::get(VectorType::get(lanes, type), static_cast<Attribute>(scalar)));
}

Value KernelBuilder::splat(Value scalar, int64_t lanes) {
  return lanes == 1 ? scalar
                    : b.create<vector::BroadcastOp>(VectorType::get(lanes, scalar.getType()), scalar).getResult();
}

Value KernelBuilder::fma(Value a, Value x, Value c) { return b.create<LLVM::FMulAddOp>(a.getType(), a, x, c); }

Value KernelBuilder::extract(Value vector, int64_t first, int64_t count) {
  auto type = dyn_cast<VectorType>(vector.getType());
  if (!type || (count > 1 && type.getNumElements() == count))
    return vector;
  if (count == 1)
    return b.create<vector::ExtractOp>(vector, first);
  return b.create<vector::ExtractStridedSliceOp>(vector, ArrayRef<int64_t>{first}, ArrayRef<int64_t>{count},
                                                 ArrayRef<int64_t>{1});
}

Value KernelBuilder::insert(Value part, Value vector, int64_t first) {
  if (part.getType() == vector.getType())
    return part;
  if (!isa<VectorType>(part.getType()))
    return b.create<vector::InsertOp>(part, vector, first);
  return b.create<vector::InsertStridedSliceOp>(part, vector, ArrayRef<int64_t>{first}, ArrayRef<int64_t>{1});
}

Value KernelBuilder::gather(ArrayRef<Value> scalars) {
  if (scalars.size() == 1)
    return scalars.front();
  Type type = VectorType::get(static_cast<int64_t>(scalars.size()), scalars.front().getType());
  Value vector = b.create<LLVM::PoisonOp>(type);
  for (auto [i, scalar] : llvm::enumerate(scalars))
    vector = b.create<vector::InsertOp>(scalar, vector, static_cast<int64_t>(i));
  return vector;
}

Value KernelBuilder::combineLanes(Value vector, llvm::function_ref<Value(Value, Value)> combine) {
  auto type = dyn_cast<VectorType>(vector.getType());
  if (!type)
    return vector;
  int64_t count = type.getNumElements();
  assert(llvm::isPowerOf2_64(count) && "lanes are halved");
  if (count == 1)
    return extract(vector, 0, 1);
  return combineLanes(combine(extract(vector, 0, count / 2), extract(vector, count / 2, count / 2)), combine);
}

//===-- Memory --------------------------------------------------------------------------------------------------===//

Value KernelBuilder::fromStorage(Type element, Value stored) {
  if (element.isF16() || element.isBF16())
    return widen(*this, element, stored);
  if (!element.isInteger(1))
    return stored;
  Value zero = b.create<arith::ConstantOp>(b.getZeroAttr(stored.getType()));
  return b.create<arith::CmpIOp>(arith::CmpIPredicate::ne, stored, zero);
}

Value KernelBuilder::toStorage(Type element, Value value) {
  if (element.isF16() || element.isBF16())
    return narrow(*this, element, value);
  if (!element.isInteger(1))
    return value;
  Type byte = b.getI8Type();
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    byte = VectorType::get(vector.getShape(), byte);
  return b.create<arith::ExtUIOp>(byte, value);
}

Value KernelBuilder::roundTo(Type element, Value value) {
  return element.isF16() || element.isBF16() ? fromStorage(element, toStorage(element, value)) : value;
}

Value KernelBuilder::loadVector(unsigned operand, Value address, int64_t lanes) {
  Type element = typeOf(operand).getElementType();
  Value stored = b.create<vector::LoadOp>(VectorType::get(lanes, storageType(element)), buffer(operand), address);
  return fromStorage(element, stored);
}

Value KernelBuilder::loadSplat(unsigned operand, Value address, int64_t lanes) {
  Value scalar = fromStorage(typeOf(operand).getElementType(), b.create<memref::LoadOp>(buffer(operand), address));
  return b.create<vector::BroadcastOp>(VectorType::get(lanes, scalar.getType()), scalar);
}

Value KernelBuilder::load(unsigned operand, const Lanes &at) {
  Type element = typeOf(operand).getElementType();
  Value address = addressOf(operand, at.index);
  auto loadOne = [&](Value from) { return b.create<memref::LoadOp>(buffer(operand), from).getResult(); };
  if (at.count == 1)
    return fromStorage(element, loadOne(address));
  int64_t stride = strideOf(operand, at.dim);
  if (stride == 1)
    return loadVector(operand, address, at.count);
  SmallVector<Value> scalars;
  for (int64_t i = 0; i < at.count; ++i)
    scalars.push_back(loadOne(add(address, i * stride)));
  return fromStorage(element, gather(scalars));
}

Value KernelBuilder::load(unsigned operand, ArrayRef<Value> index, int64_t lanes) {
  return load(operand, Lanes{SmallVector<Value>(index), lanes, static_cast<int64_t>(index.size()) - 1});
}

void KernelBuilder::storeVector(unsigned operand, Value address, Value value) {
  Value stored = toStorage(typeOf(operand).getElementType(), value);
  if (isa<VectorType>(stored.getType()))
    b.create<vector::StoreOp>(stored, buffer(operand), address);
  else
    b.create<memref::StoreOp>(stored, buffer(operand), address);
}

void KernelBuilder::store(unsigned operand, const Lanes &at, Value value) {
  Value address = addressOf(operand, at.index);
  if (at.count == 1 || strideOf(operand, at.dim) == 1)
    return storeVector(operand, address, value);
  for (int64_t i = 0; i < at.count; ++i)
    storeVector(operand, add(address, i * strideOf(operand, at.dim)), extract(value, i, 1));
}

void KernelBuilder::store(unsigned operand, ArrayRef<Value> index, Value value, int64_t valid) {
  auto type = dyn_cast<VectorType>(value.getType());
  int64_t count = type ? type.getNumElements() : 1, dim = static_cast<int64_t>(index.size()) - 1;
  for (auto [first, lanes] : lanePieces(valid == 0 ? count : valid, count)) {
    Lanes at{SmallVector<Value>(index), lanes, dim};
    if (first != 0)
      at.index.back() = add(at.index.back(), first);
    store(operand, at, extract(value, first, lanes));
  }
}

Value KernelBuilder::scratchView(Value bytes, Type element, int64_t byteOffset, int64_t count) {
  assert(bytes && "the kernel has this scratch");
  return b.create<memref::ViewOp>(MemRefType::get({count}, element), bytes, constant(byteOffset), ValueRange());
}

Value KernelBuilder::sharedScratch(Type element, int64_t byteOffset, int64_t count) {
  return scratchView(shared_, element, byteOffset, count);
}

Value KernelBuilder::ownScratch(Type element, int64_t byteOffset, int64_t count) {
  return scratchView(own_, element, byteOffset, count);
}

void KernelBuilder::prefetch(unsigned operand, Value address, unsigned locality) {
  b.create<memref::PrefetchOp>(buffer(operand), ValueRange(address), /*isWrite=*/false, locality, /*isDataCache=*/true);
}

//===-- Bodies --------------------------------------------------------------------------------------------------===//

void KernelBuilder::provide(Value value, Provider provider) {
  memo_.clear(); // what was computed from the old provider
  providers_[value] = std::move(provider);
}

void KernelBuilder::forget(Value value) {
  memo_.clear();
  providers_.erase(value);
}

const KernelBuilder::Provider *KernelBuilder::findProvider(Value value) const {
  auto provider = providers_.find(value);
  return provider == providers_.end() ? nullptr : &provider->second;
}

/// A value emitted in this block or around it, before, is visible here: code is only ever appended.
Value KernelBuilder::findMemo(const MemoKey &key) const {
  auto entry = memo_.find(key);
  if (entry == memo_.end())
    return nullptr;
  for (Block *block = b.getInsertionBlock(); block != nullptr;) {
    if (block == entry->second.block)
      return entry->second.value;
    Operation *parent = block->getParentOp();
    block = parent ? parent->getBlock() : nullptr;
  }
  return nullptr;
}

Value KernelBuilder::emitAt(Value value, const Lanes &at) {
  assert(at.index.size() == static_cast<size_t>(cast<RankedTensorType>(value.getType()).getRank()));
  MemoKey key{{at.count, at.dim}, {value.getAsOpaquePointer()}};
  for (Value position : at.index)
    key.second.push_back(position.getAsOpaquePointer());
  if (Value before = findMemo(key))
    return before;
  Value result;
  if (const Provider *provider = findProvider(value))
    result = Provider(*provider)(at);
  else if (auto argument = dyn_cast<BlockArgument>(value))
    result = load(argument.getArgNumber(), at);
  else
    result = emitOpAt(*this, value.getDefiningOp(), at);
  memo_[key] = {b.getInsertionBlock(), result};
  return result;
}

Value KernelBuilder::emitAt(Value value, ArrayRef<Value> index, int64_t lanes) {
  return emitAt(value, Lanes{SmallVector<Value>(index), lanes, static_cast<int64_t>(index.size()) - 1});
}

void KernelBuilder::storeFused(Value anchor, Value accumulator, Value stored, ArrayRef<Value> index, int64_t valid,
                               unsigned result) {
  emitFused(anchor, accumulator, stored, index, valid,
            [&](const Lanes &at, Value elements) { store(outputOperand(result), at, elements); });
}

void KernelBuilder::emitFused(Value anchor, Value accumulator, Value stored, ArrayRef<Value> index, int64_t valid,
                              function_ref<void(const Lanes &at, Value elements)> sink) {
  auto type = dyn_cast<VectorType>(accumulator.getType());
  int64_t count = type ? type.getNumElements() : 1;
  Type element = cast<RankedTensorType>(anchor.getType()).getElementType();
  for (auto [first, lanes] : lanePieces(valid == 0 ? count : valid, count)) {
    Lanes at{SmallVector<Value>(index), lanes, static_cast<int64_t>(index.size()) - 1};
    if (first != 0)
      at.index.back() = add(at.index.back(), first);
    Value part = roundTo(element, extract(accumulator, first, lanes));
    provide(anchor, [part](const Lanes &) { return part; });
    sink(at, emitAt(stored, at));
  }
  forget(anchor);
}
