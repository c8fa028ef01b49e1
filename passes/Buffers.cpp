// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Liveness of buffers over the kernels of a function.
#include "passes/Buffers.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace layerc;

int64_t layerc::denseBytes(Type type) {
  auto tensor = cast<ShapedType>(type);
  int64_t bits = tensor.getElementType().isInteger(1) ? 8 : tensor.getElementTypeBitWidth();
  return tensor.getNumElements() * bits / 8;
}

/// The larger or longer-lived value that `value` is written into, or read from; null if none.
static Value wholeOf(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    if (auto scan = dyn_cast<nn::ScanOp>(argument.getOwner()->getParentOp())) {
      size_t number = argument.getArgNumber(), slices = scan.sliceCount();
      return number < slices ? scan.sequenceOf(argument) : scan.lastValues()[number - slices];
    }
  for (OpOperand &use : value.getUses()) {
    Operation *user = use.getOwner();
    unsigned number = use.getOperandNumber();
    if (isa<nn::ConcatOp>(user) && user->hasAttr(kViewAttr))
      return user->getResult(0);
    if (auto scan = dyn_cast<nn::ScanOp>(user); scan && number >= scan.getSequences().size())
      return scan.lastValues()[number - scan.getSequences().size()];
    if (isa<nn::YieldOp>(user))
      if (auto scan = dyn_cast<nn::ScanOp>(user->getParentOp()))
        return scan.resultOf(number);
  }
  return {};
}

Value layerc::reshapedFrom(Value value) {
  while (auto reshape = value.getDefiningOp<nn::ReshapeOp>())
    value = reshape.getInput();
  return value;
}

Value layerc::inPlaceOperand(Value result) {
  auto kernel = result.getDefiningOp<nn::KernelOp>();
  auto operand = kernel ? kernel->getAttrOfType<IntegerAttr>(kInPlaceAttr) : IntegerAttr();
  return operand && result == kernel.getResult(0) ? kernel.getInputs()[operand.getInt()] : Value();
}

Value layerc::bufferRoot(Value value) {
  while (true) {
    value = reshapedFrom(value);
    if (Value whole = wholeOf(value)) {
      value = whole;
      continue;
    }
    if (Value operand = inPlaceOperand(value)) {
      value = operand;
      continue;
    }
    return value;
  }
}

Value layerc::stateBefore(Value value) {
  for (OpOperand &use : value.getUses()) {
    auto end = dyn_cast<func::ReturnOp>(use.getOwner());
    auto function = end ? cast<func::FuncOp>(end->getParentOp()) : nullptr;
    unsigned number = use.getOperandNumber();
    if (!function || !function.getResultAttr(number, nn::kStateAttr))
      continue;
    // States are the last results and the last arguments, in the same order.
    return function.getArgument(function.getNumArguments() - (function.getNumResults() - number));
  }
  return {};
}

void layerc::forEachKernel(Block &block, llvm::function_ref<void(nn::KernelOp)> visit) {
  for (Operation &op : block)
    if (auto kernel = dyn_cast<nn::KernelOp>(op))
      visit(kernel);
    else if (auto scan = dyn_cast<nn::ScanOp>(op))
      forEachKernel(scan.getBody().front(), visit);
}

namespace {

/// The steps of each scan, first and last.
using LoopSpans = DenseMap<Operation *, std::pair<int64_t, int64_t>>;

LoopSpans loopSpans(Block &block) {
  LoopSpans spans;
  int64_t step = 0;
  forEachKernel(block, [&](nn::KernelOp kernel) {
    for (auto scan = kernel->getParentOfType<nn::ScanOp>(); scan; scan = scan->getParentOfType<nn::ScanOp>())
      spans.try_emplace(scan, step, step).first->second.second = step;
    ++step;
  });
  return spans;
}

/// The steps during which the buffer `root` is needed where `kernel` touches it at `step`: a buffer from outside a scan
/// is needed in all its iterations.
std::pair<int64_t, int64_t> touchedSpan(nn::KernelOp kernel, Value root, int64_t step, const LoopSpans &spans) {
  std::pair<int64_t, int64_t> span(step, step);
  for (auto scan = kernel->getParentOfType<nn::ScanOp>(); scan; scan = scan->getParentOfType<nn::ScanOp>())
    if (!scan.getBody().isAncestor(root.getParentRegion()))
      span = spans.lookup(scan);
  return span;
}

} // namespace

llvm::MapVector<Value, Buffer> layerc::arenaBuffers(func::FuncOp function) {
  llvm::MapVector<Value, Buffer> buffers;
  llvm::SmallPtrSet<void *, 4> external;
  Block &block = function.getBody().front();
  for (Value result : block.getTerminator()->getOperands())
    external.insert(bufferRoot(result).getAsOpaquePointer());
  LoopSpans spans = loopSpans(block);
  int64_t step = 0;
  forEachKernel(block, [&](nn::KernelOp kernel) {
    SmallVector<Value> touched(kernel.getInputs());
    llvm::append_range(touched, kernel.getOutputs());
    for (Value value : touched) {
      if (nn::isWeightExpression(value))
        continue;
      Value root = bufferRoot(value);
      if (isa<BlockArgument>(root) || external.contains(root.getAsOpaquePointer()))
        continue;
      auto [first, last] = touchedSpan(kernel, root, step, spans);
      Buffer &buffer = buffers.insert({root, Buffer{denseBytes(root.getType()), first, last}}).first->second;
      buffer.first = std::min(buffer.first, first);
      buffer.last = std::max(buffer.last, last);
    }
    ++step;
  });
  return buffers;
}

int64_t layerc::scratchBytes(int64_t shared, int64_t own) {
  return static_cast<int64_t>(llvm::alignTo(shared, 64) + llvm::alignTo(own, 64));
}

SmallVector<int64_t> layerc::liveBytes(func::FuncOp function) {
  SmallVector<int64_t> live;
  forEachKernel(function.getBody().front(), [&](nn::KernelOp kernel) {
    live.push_back(scratchBytes(kernel.getSharedScratch(), kernel.getWorkerScratch()));
  });
  for (auto &[root, buffer] : arenaBuffers(function))
    for (int64_t step = buffer.first; step <= buffer.last; ++step)
      live[step] += llvm::alignTo(buffer.bytes, 64);
  return live;
}

int64_t layerc::peakBytes(func::FuncOp function) {
  SmallVector<int64_t> live = liveBytes(function);
  return live.empty() ? 0 : *llvm::max_element(live);
}
