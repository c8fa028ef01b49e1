// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See EvaluatePlan.h. Steps gather their inputs from memory, evaluate, and scatter their outputs.
#include "passes/EvaluatePlan.h"

#include "ir/Recipe.h"
#include "ir/StridedView.h"

using namespace mlir;
using namespace layerc;

namespace {

constexpr char kNan = static_cast<char>(0xff); // in every byte: NaN in every float type

RankedTensorType tensorType(Value value) {
  auto type = cast<MemRefType>(value.getType());
  return RankedTensorType::get(type.getShape(), type.getElementType());
}

class PlanMachine {
public:
  PlanMachine(plan::EntryOp entry, WeightStore &weights)
      : entry_(entry), weights_(weights), arena_(entry.getArena(), kNan) {}

  std::vector<TensorData> run(ArrayRef<TensorData> arguments);

private:
  void loadWeights();
  void runSteps(Block &block);
  void runStep(plan::StepOp step);
  char *addressOf(Value value);
  std::vector<char> &memoryOf(Operation *owner, int64_t bytes);
  TensorData gather(Value value);
  void scatter(const TensorData &data, Value value);

  plan::EntryOp entry_;
  WeightStore &weights_;
  std::vector<char> arena_;
  DenseMap<Operation *, std::vector<char>> memories_; ///< of inputs, outputs, weights, and slots without an offset
  DenseMap<Operation *, int64_t> iterations_;         ///< the current one of each loop
};

std::vector<TensorData> PlanMachine::run(ArrayRef<TensorData> arguments) {
  for (auto [input, argument] : llvm::zip_equal(entry_.getOps<plan::InputOp>(), arguments))
    memories_[input] = argument.bytes;
  loadWeights();
  for (auto state : entry_.getOps<plan::StateOp>())
    memories_[state] = makeTensor(tensorType(state)).bytes;
  runSteps(entry_.getBody().front());
  std::vector<TensorData> results;
  for (auto output : entry_.getOps<plan::OutputOp>())
    results.push_back(gather(output));
  return results;
}

void PlanMachine::loadWeights() {
  for (auto weight : cast<plan::ProgramOp>(entry_->getParentOp()).getOps<plan::WeightOp>()) {
    std::vector<char> &bytes = memoryOf(weight, weight.getBytes());
    Value recipe = weight.getRecipe().front().getTerminator()->getOperand(0);
    if (llvm::Error error = runRecipe(recipe, weights_, bytes))
      llvm::report_fatal_error(std::move(error));
  }
}

void PlanMachine::runSteps(Block &block) {
  for (Operation &op : block) {
    if (auto step = dyn_cast<plan::StepOp>(op))
      runStep(step);
    else if (auto loop = dyn_cast<plan::LoopOp>(op))
      for (int64_t i = 0, count = loop.getIterations(); i < count; ++i) {
        iterations_[loop] = i;
        runSteps(loop.getBody().front());
      }
  }
}

void PlanMachine::runStep(plan::StepOp step) {
  auto kernel = SymbolTable::lookupNearestSymbolFrom<plan::KernelOp>(step, step.getKernelAttr());
  Block &body = kernel.getBody().front();
  Evaluator evaluator(weights_);
  for (auto [argument, input] : llvm::zip_equal(body.getArguments(), step.getInputs()))
    evaluator.bind(argument, gather(input));
  std::vector<TensorData> results;
  for (Value result : body.getTerminator()->getOperands())
    results.push_back(evaluator.evaluate(result));
  for (auto [result, output] : llvm::zip_equal(results, step.getOutputs()))
    scatter(result, output);
}

std::vector<char> &PlanMachine::memoryOf(Operation *owner, int64_t bytes) {
  std::vector<char> &memory = memories_[owner];
  if (memory.empty())
    memory.assign(bytes, kNan);
  return memory;
}

char *PlanMachine::addressOf(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto view = dyn_cast<plan::ViewOp>(op))
    return addressOf(view.getSource()) + view.getOffset() +
           static_cast<int64_t>(view.getStride()) * iterations_.lookup(view->getParentOp());
  if (auto slot = dyn_cast<plan::SlotOp>(op))
    return slot.getOffset() ? arena_.data() + *slot.getOffset() : memoryOf(slot, slot.getBytes()).data();
  if (auto weight = dyn_cast<plan::WeightRefOp>(op))
    op = SymbolTable::lookupNearestSymbolFrom<plan::WeightOp>(weight, weight.getWeightAttr());
  return memoryOf(op, makeTensor(tensorType(value)).bytes.size()).data();
}

static SmallVector<int64_t> stridesOf(Value value) {
  SmallVector<int64_t> strides;
  int64_t offset = 0;
  [[maybe_unused]] LogicalResult strided = getStridesAndOffset(cast<MemRefType>(value.getType()), strides, offset);
  assert(succeeded(strided) && offset == 0 && "plans hold memrefs of fixed strides that begin at their first element");
  return strides;
}

TensorData PlanMachine::gather(Value value) {
  TensorData data = makeTensor(tensorType(value));
  StridedView source = StridedView::dense(data.type, addressOf(value));
  source.strides.assign(stridesOf(value));
  copyElements(source, data.bytes.data(), denseStrides(data.type.getShape()));
  return data;
}

void PlanMachine::scatter(const TensorData &data, Value value) {
  copyElements(StridedView::dense(data.type, data.bytes.data()), addressOf(value), stridesOf(value));
}

} // namespace

std::vector<TensorData> layerc::evaluatePlan(plan::EntryOp entry, ArrayRef<TensorData> arguments,
                                             WeightStore &weights) {
  return PlanMachine(entry, weights).run(arguments);
}
