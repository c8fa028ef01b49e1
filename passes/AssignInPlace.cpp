// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See AssignInPlace.h.
#include "passes/AssignInPlace.h"

#include "passes/Buffers.h"

#include "ir/kernels/KernelTemplate.h"

using namespace mlir;
using namespace layerc;

/// How many operands of `kernel` lie in the buffer `root`: as itself, reshaped or in part.
static int64_t readers(nn::KernelOp kernel, Value root) {
  return llvm::count_if(kernel.getInputs(),
                        [&](Value operand) { return !nn::isWeightExpression(operand) && bufferRoot(operand) == root; });
}

/// Whether `op`, or an op of its loop's body, reads the buffer `root`.
static bool reads(Operation *op, Value root) {
  WalkResult result = op->walk<WalkOrder::PreOrder>([&](Operation *inner) {
    for (Value value : inner->getOperands())
      if (!nn::isWeightExpression(value) && bufferRoot(value) == root)
        return WalkResult::interrupt();
    return isa<nn::KernelOp>(inner) ? WalkResult::skip() : WalkResult::advance();
  });
  return result.wasInterrupted();
}

/// Whether every reader of the buffer `root` comes before `kernel`, and it is no result of the function, unless the
/// kernel's result is.
static bool isLastUse(nn::KernelOp kernel, Value root) {
  for (Operation &op : *kernel->getBlock())
    if (&op != kernel && reads(&op, root) && (op.hasTrait<OpTrait::IsTerminator>() || !op.isBeforeInBlock(kernel)))
      return false;
  return true;
}

/// Whether all ops but `except` that read the state come before `op`.
static bool areReadBefore(Value state, Operation *op, Operation *except) {
  return llvm::all_of(*op->getBlock(), [&](Operation &reader) {
    return &reader == except || reader.isBeforeInBlock(op) || !reads(&reader, state);
  });
}

/// Whether elements of the one can take the places of elements of the other.
static bool isAsWide(Value a, Value b) {
  auto shapeOf = [](Value value) { return cast<RankedTensorType>(value.getType()).getShape(); };
  return shapeOf(a) == shapeOf(b) && denseBytes(a.getType()) == denseBytes(b.getType());
}

/// The kernel's result that owns the bytes of `value`, itself or through reshapes and kernels in place; null where they
/// lie in something else, such as a concatenation.
static Value ownerOf(Value value) {
  Value owner = reshapedFrom(value);
  while (Value operand = inPlaceOperand(owner))
    owner = reshapedFrom(operand);
  return owner.getDefiningOp<nn::KernelOp>() && bufferRoot(value) == owner ? owner : Value();
}

void layerc::assignInPlace(nn::KernelOp kernel) {
  const KernelTemplate *kernelTemplate = findKernelTemplate(*kernel.getAlgorithm());
  Value result = kernel.getResult(0);
  if (bufferRoot(result) != result)
    return;
  for (auto [number, operand] : llvm::enumerate(kernel.getInputs())) {
    if (!isAsWide(operand, result) || nn::isWeightExpression(operand) || readers(kernel, bufferRoot(operand)) != 1 ||
        kernelTemplate->access(kernel.getBody().front(), number) != Access::SameIndex)
      continue;
    Value owner = ownerOf(operand);
    if (!owner || owner.getParentBlock() != kernel->getBlock() || !isLastUse(kernel, owner))
      continue;
    // Then it is the owner's kernel that writes over the state.
    if (Value state = stateBefore(result); state && !areReadBefore(bufferRoot(state), owner.getDefiningOp(), kernel))
      continue;
    kernel->setAttr(kInPlaceAttr, OpBuilder(kernel).getI64IntegerAttr(static_cast<int64_t>(number)));
    return;
  }
}
