// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See AssignScan.h. A carried value has one buffer: the kernel that makes the next value writes over the current one
// when nobody reads that any more, else a copy at the end of the body does.
#include "passes/AssignScan.h"

#include "passes/Buffers.h"
#include "passes/SelectKernel.h"

#include "ir/kernels/KernelTemplate.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace layerc;

static bool isConstantExpression(Value value) {
  Operation *op = value.getDefiningOp();
  return op && nn::isWeightExpression(value) && !isa<nn::WeightOp>(op) &&
         llvm::all_of(op->getOperands(), isConstantExpression);
}

static Value cloneExpression(Value value, OpBuilder &builder) {
  IRMapping mapping;
  for (Value operand : value.getDefiningOp()->getOperands())
    mapping.map(operand, cloneExpression(operand, builder));
  return builder.clone(*value.getDefiningOp(), mapping)->getResult(0);
}

Value layerc::copyByKernel(Value value, OpBuilder &builder, const Target &target) {
  bool isMadeInside = isConstantExpression(value);
  OperationState state(value.getLoc(), nn::KernelOp::getOperationName());
  if (!isMadeInside)
    state.addOperands(value);
  state.addTypes(value.getType());
  Block &body = state.addRegion()->emplaceBlock();
  auto kernel = cast<nn::KernelOp>(builder.create(state));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&body);
  Value copied =
      isMadeInside ? cloneExpression(value, builder) : Value(body.addArgument(value.getType(), value.getLoc()));
  builder.create<nn::YieldOp>(value.getLoc(), copied);
  selectKernel(kernel, target);
  return kernel.getResult(0);
}

/// Whether `value` is made in `block`, by a kernel or as a loop's stacked result, and no earlier operand of the user
/// stands for it.
static bool isOwn(Value value, Block *block, OpOperand &use) {
  auto loop = value.getDefiningOp<nn::ScanOp>();
  bool isStacked = loop && llvm::is_contained(loop.stacked(), value);
  return (value.getDefiningOp<nn::KernelOp>() || isStacked) && value.getParentBlock() == block &&
         !llvm::is_contained(use.getOwner()->getOperands().take_front(use.getOperandNumber()), value);
}

/// The ops that read `value`, itself or reshaped.
static void collectReaders(Value value, SmallVectorImpl<OpOperand *> &readers) {
  for (OpOperand &use : value.getUses())
    if (isa<nn::ReshapeOp>(use.getOwner()))
      collectReaders(use.getOwner()->getResult(0), readers);
    else
      readers.push_back(&use);
}

/// Whether `kernel` may write its result over `current`. If it reads it too, `operand` is where.
static bool mayWriteOver(BlockArgument current, nn::KernelOp kernel, std::optional<unsigned> &operand) {
  SmallVector<OpOperand *> readers;
  collectReaders(current, readers);
  for (OpOperand *use : readers) {
    Operation *reader = kernel->getBlock()->findAncestorOpInBlock(*use->getOwner());
    if (reader != kernel) {
      if (!reader->isBeforeInBlock(kernel))
        return false;
      continue;
    }
    if (operand || use->get() != current ||
        findKernelTemplate(*kernel.getAlgorithm())->access(kernel.getBody().front(), use->getOperandNumber()) !=
            Access::SameIndex)
      return false;
    operand = use->getOperandNumber();
  }
  return true;
}

/// Whether kernels can lead from `current` to `value` with each writing its first result over what the one before it
/// made, as those of the steps of an unrolled body do. `places` gets the kernels and the operands that they write over.
static bool findChain(Value value, BlockArgument current, SmallVectorImpl<std::pair<nn::KernelOp, unsigned>> &places) {
  auto kernel = value.getDefiningOp<nn::KernelOp>();
  if (!kernel || kernel->getBlock() != current.getOwner() || value != kernel.getResult(0))
    return false;
  const KernelTemplate *kernelTemplate = findKernelTemplate(*kernel.getAlgorithm());
  for (auto [number, operand] : llvm::enumerate(kernel.getInputs())) {
    if (operand.getType() != value.getType() ||
        kernelTemplate->access(kernel.getBody().front(), number) != Access::SameIndex)
      continue;
    std::optional<unsigned> place;
    bool isStart = operand == current && mayWriteOver(current, kernel, place) && place;
    if (isStart || (operand.hasOneUse() && findChain(operand, current, places))) {
      places.push_back({kernel, static_cast<unsigned>(number)});
      return true;
    }
  }
  return false;
}

static void assignCarried(nn::ScanOp scan, unsigned number, const Target &target) {
  OpOperand &next = scan.yield()->getOpOperand(number);
  auto kernel = next.get().getDefiningOp<nn::KernelOp>();
  SmallVector<std::pair<nn::KernelOp, unsigned>> chain;
  if (findChain(next.get(), scan.carried()[number], chain)) {
    for (auto [writer, place] : chain)
      writer->setAttr(kInPlaceAttr, OpBuilder(writer).getI64IntegerAttr(place));
    return;
  }
  std::optional<unsigned> operand;
  if (!kernel || !mayWriteOver(scan.carried()[number], kernel, operand) || operand) {
    OpBuilder builder(scan.yield());
    next.set(copyByKernel(next.get(), builder, target));
  }
}

void layerc::assignScan(nn::ScanOp scan, const Target &target) {
  Block &body = scan.getBody().front();
  for (OpOperand &use : scan.yield()->getOpOperands()) {
    if (isOwn(use.get(), &body, use))
      continue;
    OpBuilder builder(scan.yield());
    if (isa<BlockArgument>(use.get())) // before anything writes over a carried value
      builder.setInsertionPointToStart(&body);
    use.set(copyByKernel(use.get(), builder, target));
  }
  for (unsigned number = 0; number < scan.carriedCount(); ++number)
    assignCarried(scan, number, target);
  for (OpOperand &initial : scan.getInitialsMutable())
    if (!isOwn(initial.get(), scan->getBlock(), initial) || !initial.get().hasOneUse()) {
      OpBuilder builder(scan);
      initial.set(copyByKernel(initial.get(), builder, target));
    }
}
