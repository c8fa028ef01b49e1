// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Makes nn ops; see NnBuilder.h.
#include "frontend/NnBuilder.h"

#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"

#include <numeric>

using namespace mlir;
using namespace layerc;

Failure NnBuilder::fail() {
  if (failed_) // later errors of the same layer are consequences of the first
    return Failure();
  failed_ = true;
  return Failure(emitError(location_));
}

Value NnBuilder::finish(OperationState &state, Infer infer) {
  assert(llvm::all_of(state.operands, [](Value operand) { return bool(operand); }) && "null operand before a failure");
  SmallVector<Type> types;
  if (mlir::failed(infer(context(), location_, state.operands, state.attributes.getDictionary(context()),
                         state.getRawProperties(), state.regions, types))) {
    failed_ = true;
    return {};
  }
  ArrayRef<int64_t> result = llvm::cast<RankedTensorType>(types[0]).getShape();
  if (boundedElements(result) > kMaxElements)
    return fail() << "result of shape " << shapeText(result) << " is too large";
  state.addTypes(types);
  Operation *op = builder_.create(state);
  if (mlir::failed(verify(op, /*verifyRecursively=*/false))) {
    failed_ = true;
    return {};
  }
  return op->getResult(0);
}

Value NnBuilder::binary(nn::BinaryFunction function, Value a, Value b) { return create<nn::BinaryOp>(function, a, b); }

Value NnBuilder::reduce(nn::ReduceFunction function, Value x, ArrayRef<int64_t> axes) {
  return axes.empty() ? x : create<nn::ReduceOp>(function, x, axes);
}

Value NnBuilder::softmax(Value x, ArrayRef<int64_t> axes, bool log) { return create<nn::SoftmaxOp>(x, axes, log); }

Value NnBuilder::normalize(nn::NormalizeFunction function, Value x, ArrayRef<int64_t> axes, double epsilon) {
  return create<nn::NormalizeOp>(function, x, axes, APFloat(epsilon));
}

Value NnBuilder::contract(Value a, Value b, int64_t axisA, int64_t axisB, bool batched) {
  DenseI64ArrayAttr batch = batched ? builder_.getDenseI64ArrayAttr({0}) : DenseI64ArrayAttr();
  return create<nn::ContractOp>(a, b, batch, batch, ArrayRef<int64_t>(axisA), ArrayRef<int64_t>(axisB));
}

SmallVector<Value> NnBuilder::scan(ArrayRef<Value> sequences, ArrayRef<Value> initials, bool reverse, ScanBody body) {
  if (failed_)
    return {};
  Region region;
  Block &block = region.emplaceBlock();
  SmallVector<Value> slices, carried;
  for (Value sequence : sequences) {
    auto type = llvm::cast<RankedTensorType>(sequence.getType());
    slices.push_back(block.addArgument(type.clone(type.getShape().drop_front()), location_));
  }
  for (Value initial : initials)
    carried.push_back(block.addArgument(initial.getType(), location_));
  SmallVector<Type> types(ValueRange(initials).getTypes());
  {
    OpBuilder::InsertionGuard guard(builder_);
    builder_.setInsertionPointToStart(&block);
    Results yielded = body(slices, carried);
    if (failed_)
      return {};
    builder_.create<nn::YieldOp>(location_, yielded);
    for (Value value : ArrayRef(yielded).drop_front(initials.size())) {
      Sizes sizes{shape(sequences.front()).front()};
      llvm::append_range(sizes, shape(value));
      if (boundedElements(sizes) > kMaxElements) {
        fail() << "result of shape " << shapeText(sizes) << " is too large";
        return {};
      }
      types.push_back(RankedTensorType::get(sizes, elementType(value)));
    }
  }
  OperationState state(location_, nn::ScanOp::getOperationName());
  state.addOperands(sequences);
  state.addOperands(initials);
  state.addAttribute(
      nn::ScanOp::getOperandSegmentSizesAttrName(state.name),
      builder_.getDenseI32ArrayAttr({static_cast<int32_t>(sequences.size()), static_cast<int32_t>(initials.size())}));
  if (reverse)
    state.addAttribute("reverse", builder_.getUnitAttr());
  state.addTypes(types);
  state.addRegion()->takeBody(region);
  Operation *op = builder_.create(state);
  if (mlir::failed(verify(op, /*verifyRecursively=*/false))) {
    failed_ = true;
    return {};
  }
  return SmallVector<Value>(op->getResults());
}

Value NnBuilder::cast(Value x, Type elementType) {
  if (failed_ || this->elementType(x) == elementType)
    return x;
  return builder_.create<nn::CastOp>(location_, RankedTensorType::get(shape(x), elementType), x);
}

Value NnBuilder::reshape(Value x, ArrayRef<int64_t> newShape) {
  return failed_ || shape(x) == newShape ? x : create<nn::ReshapeOp>(x, newShape);
}

Value NnBuilder::transpose(Value x, ArrayRef<int64_t> permutation) {
  return failed_ || llvm::is_sorted(permutation) ? x : create<nn::TransposeOp>(x, permutation);
}

Value NnBuilder::moveAxis(Value x, int64_t from, int64_t to) {
  Sizes permutation(rank(x));
  std::iota(permutation.begin(), permutation.end(), 0);
  if (!failed_) {
    permutation.erase(permutation.begin() + from);
    permutation.insert(permutation.begin() + to, from);
  }
  return transpose(x, permutation);
}

Value NnBuilder::constant(DenseElementsAttr value) {
  return failed_ ? Value()
                 : builder_.create<nn::ConstantOp>(location_, llvm::cast<RankedTensorType>(value.getType()), value);
}

Value NnBuilder::scalar(double value, Value like) { return failed_ ? Value() : scalar(value, elementType(like)); }

Value NnBuilder::scalar(double value, Type elementType) {
  if (failed_)
    return {};
  auto type = RankedTensorType::get({}, elementType);
  Attribute element = isa<FloatType>(type.getElementType())
                          ? Attribute(builder_.getFloatAttr(type.getElementType(), value))
                          : Attribute(builder_.getIntegerAttr(type.getElementType(), static_cast<int64_t>(value)));
  return builder_.create<nn::ConstantOp>(location_, type, DenseElementsAttr::get(type, element));
}

ArrayRef<int64_t> NnBuilder::shape(Value x) const {
  return x ? llvm::cast<RankedTensorType>(x.getType()).getShape() : ArrayRef<int64_t>();
}

Type NnBuilder::elementType(Value x) const {
  return x ? llvm::cast<RankedTensorType>(x.getType()).getElementType() : builder_.getF32Type();
}

DenseI64ArrayAttr NnBuilder::unless(int64_t standard, ArrayRef<int64_t> values) {
  bool same = llvm::all_of(values, [&](int64_t value) { return value == standard; });
  return same ? DenseI64ArrayAttr() : builder_.getDenseI64ArrayAttr(values);
}

int64_t layerc::boundedElements(ArrayRef<int64_t> shape) {
  int64_t elements = 1;
  for (int64_t size : shape) {
    if (size < 0 || (size > 0 && elements > kMaxElements / size))
      return kMaxElements + 1;
    elements *= size;
  }
  return elements;
}

std::string layerc::shapeText(ArrayRef<int64_t> shape) {
  return "[" +
         llvm::join(llvm::map_range(shape, [](int64_t size) { return size < 0 ? "?" : std::to_string(size); }), ", ") +
         "]";
}
