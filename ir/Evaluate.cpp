// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Evaluation of nn values on demand: where each value's numbers come from, and memoisation.
#include "ir/Evaluate.h"

#include "ir/EvaluateRules.h"
#include "ir/Plan.h"

using namespace mlir;
using namespace layerc;

EvaluatedValue::EvaluatedValue(RankedTensorType type)
    : type(type), element(numberFormatOf(type.getElementType())), shape(type.getShape()), strides(shape.size()) {
  int64_t stride = 1;
  for (size_t d = shape.size(); d-- > 0; stride *= shape[d])
    strides[d] = shape[d] == 1 ? 0 : stride;
}

Scalar EvaluatedValue::computeElement(int64_t linear) {
  SmallVector<int64_t, 6> index(shape.size());
  int64_t rest = linear;
  for (size_t d = shape.size(); d-- > 0; rest /= shape[d])
    index[d] = rest % shape[d];
  Scalar value = roundTo(element, rule(index));
  if (stored) {
    writeElement(element, owned.data() + linear * element.bytes(), value);
    known[linear] = true;
    if (--unknown == 0)
      known.clear();
  }
  return value;
}

static std::shared_ptr<EvaluatedValue> makeStored(TensorData data) {
  auto value = std::make_shared<EvaluatedValue>(data.type);
  value->owned = std::move(data.bytes);
  value->stored = value->owned.data();
  return value;
}

static std::shared_ptr<EvaluatedValue> makeConstant(nn::ConstantOp op) {
  auto value = std::make_shared<EvaluatedValue>(op.getType());
  auto numbers = cast<DenseElementsAttr>(op.getValue());
  value->isSplat = numbers.isSplat();
  value->owned = storedBytes(numbers);
  value->stored = value->owned.data();
  return value;
}

static std::shared_ptr<EvaluatedValue> makeWeight(nn::WeightOp op, WeightStore &weights) {
  const Weight &weight = weights.getOrMake(op.getName(), op.getType());
  if (weight.type != op.getType())
    llvm::report_fatal_error("weight " + Twine(op.getName()) + " is stored with another type");
  auto value = std::make_shared<EvaluatedValue>(op.getType());
  value->stored = weight.bytes.data();
  return value;
}

std::shared_ptr<EvaluatedValue> Evaluator::find(Value value) {
  if (auto known = values_.find(value); known != values_.end())
    return known->second;
  std::shared_ptr<EvaluatedValue> made = make(value);
  values_[value] = made;
  return made;
}

std::shared_ptr<EvaluatedValue> Evaluator::make(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto kernel = dyn_cast<nn::KernelOp>(argument.getOwner()->getParentOp());
    if (!kernel)
      llvm::report_fatal_error("an argument without a value");
    return find(kernel.getInputs()[argument.getArgNumber()]);
  }
  Operation *op = value.getDefiningOp();
  if (auto constant = dyn_cast<nn::ConstantOp>(op))
    return makeConstant(constant);
  if (auto weight = dyn_cast<nn::WeightOp>(op))
    return makeWeight(weight, weights_);
  if (auto kernel = dyn_cast<nn::KernelOp>(op)) {
    unsigned number = cast<OpResult>(value).getResultNumber();
    return find(cast<nn::YieldOp>(kernel.getBody().front().getTerminator()).getValues()[number]);
  }
  if (auto scan = dyn_cast<nn::ScanOp>(op)) {
    runScan(scan);
    return values_.lookup(value);
  }
  SmallVector<EvaluatedValue *> inputs;
  for (Value operand : op->getOperands())
    inputs.push_back(find(operand).get()); // kept alive by values_
  auto made = std::make_shared<EvaluatedValue>(cast<RankedTensorType>(value.getType()));
  made->rule = ruleOf(op, inputs);
  if (int64_t size = made->type.getNumElements(); size <= kMemoLimit && size > 0) {
    made->owned.resize(size * made->element.bytes());
    made->known.resize(size);
    made->unknown = size;
    made->stored = made->owned.data();
  }
  return made;
}

/// Element `t` of the first dimension.
static TensorData sliceOf(const TensorData &sequence, int64_t t) {
  TensorData slice = makeTensor(sequence.type.clone(sequence.type.getShape().drop_front()));
  std::copy_n(sequence.bytes.begin() + t * slice.bytes.size(), slice.bytes.size(), slice.bytes.begin());
  return slice;
}

/// Gives all results of `scan` their numbers. Every step has an evaluator of its own, which sees the values outside.
void Evaluator::runScan(nn::ScanOp scan) {
  std::vector<TensorData> sequences, carried, stacked;
  for (Value sequence : scan.getSequences())
    sequences.push_back(evaluate(sequence));
  for (Value initial : scan.getInitials())
    carried.push_back(evaluate(initial));
  for (Value result : scan.stacked())
    stacked.push_back(makeTensor(cast<RankedTensorType>(result.getType())));
  SmallVector<Value> outside;
  scan.getBody().walk([&](Operation *op) {
    for (Value operand : op->getOperands())
      if (operand.getParentRegion()->isProperAncestor(&scan.getBody()))
        outside.push_back(operand);
  });
  auto unroll = static_cast<int64_t>(scan.getUnroll());
  for (int64_t first = 0; first < scan.steps(); first += unroll) {
    auto position = [&](size_t number) {
      int64_t step = first + scan.stepInBody(number);
      return scan.getReverse() ? scan.steps() - 1 - step : step;
    };
    Evaluator body(weights_);
    for (Value value : outside)
      body.values_[value] = find(value);
    for (auto [number, argument] : llvm::enumerate(scan.slices()))
      body.bind(argument, sliceOf(sequences[number / unroll], position(number)));
    for (auto [argument, data] : llvm::zip(scan.carried(), carried))
      body.bind(argument, data);
    std::vector<TensorData> yielded;
    for (Value value : scan.yield().getValues())
      yielded.push_back(body.evaluate(value));
    for (auto [number, data] : llvm::enumerate(ArrayRef(yielded).drop_front(carried.size())))
      llvm::copy(data.bytes, stacked[number / unroll].bytes.begin() + position(number) * data.bytes.size());
    std::move(yielded.begin(), yielded.begin() + carried.size(), carried.begin());
  }
  for (auto [result, data] : llvm::zip(scan.lastValues(), carried))
    values_[result] = makeStored(std::move(data));
  for (auto [result, data] : llvm::zip(scan.stacked(), stacked))
    values_[result] = makeStored(std::move(data));
}

void Evaluator::bind(Value argument, TensorData data) {
  assert(data.type == argument.getType() && "a value is bound to a tensor of its type");
  values_[argument] = makeStored(std::move(data));
}

Scalar Evaluator::at(Value value, Index index) { return find(value)->at(index); }

TensorData Evaluator::evaluate(Value value) {
  std::shared_ptr<EvaluatedValue> source = find(value);
  TensorData result = makeTensor(source->type);
  for (int64_t i = 0, size = result.size(); i < size; ++i)
    writeElement(source->element, result.bytes.data() + i * source->element.bytes(), source->load(i));
  return result;
}

std::vector<TensorData> layerc::evaluate(func::FuncOp function, ArrayRef<TensorData> arguments, WeightStore &weights) {
  Evaluator evaluator(weights);
  for (auto [argument, data] : llvm::zip_equal(function.getArguments(), arguments))
    evaluator.bind(argument, data);
  std::vector<TensorData> results;
  for (Value result : function.front().getTerminator()->getOperands())
    results.push_back(evaluator.evaluate(result));
  return results;
}
