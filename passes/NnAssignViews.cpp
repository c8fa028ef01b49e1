// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nn-assign-views: concatenations without a copy, results in place of operands; what cannot be a view becomes a copying
// kernel. A view that would raise the peak of memory is declined.
#include "passes/AssignScan.h"
#include "passes/Buffers.h"
#include "passes/Passes.h"
#include "passes/SelectKernel.h"

#include "ir/kernels/KernelTemplate.h"

namespace layerc {
#define GEN_PASS_DEF_NNASSIGNVIEWS
#include "passes/Passes.h.inc"
} // namespace layerc

using namespace mlir;
using namespace layerc;

namespace {

/// Whether a value, or a reshape of it, is a result of the function and so lies in a buffer of the caller.
bool isReturned(Value value) {
  return llvm::any_of(value.getUsers(), [](Operation *user) {
    return isa<func::ReturnOp>(user) || (isa<nn::ReshapeOp>(user) && isReturned(user->getResult(0)));
  });
}

/// Whether a part can be written straight into the concatenation: a kernel makes it, and whoever else reads it can read
/// it with the concatenation's strides.
bool canLieInside(nn::ConcatOp concat, Value part) {
  if (!part.getDefiningOp<nn::KernelOp>() && !part.getDefiningOp<nn::ConcatOp>())
    return false;
  if (part.getParentBlock() != concat->getBlock()) // made once, while the concatenation of a loop is made anew
    return false;
  if (llvm::count(concat.getInputs(), part) != 1)
    return false;
  auto type = cast<RankedTensorType>(concat.getType());
  bool contiguous = true;
  for (uint64_t d = 0; d < concat.getAxis(); ++d)
    contiguous &= type.getDimSize(d) == 1;
  // On the last axis pixels stay evenly spaced; on others only a contiguous part is read like a tensor of its own.
  if (!contiguous && concat.getAxis() + 1 != static_cast<uint64_t>(type.getRank()))
    return false;
  return llvm::all_of(part.getUsers(), [&](Operation *user) {
    if (user == concat)
      return true;
    if (isa<nn::ReshapeOp>(user))
      return contiguous && !isReturned(user->getResult(0));
    return isa<nn::KernelOp>(user);
  });
}

void replaceByCopy(Operation *op, const Target &target) {
  OpBuilder builder(op);
  OperationState state(op->getLoc(), nn::KernelOp::getOperationName());
  llvm::SmallVector<Value> operands(op->getOperands());
  state.addOperands(operands);
  state.addTypes(op->getResultTypes());
  Block &body = state.addRegion()->emplaceBlock();
  auto kernel = cast<nn::KernelOp>(builder.create(state));
  for (Value operand : operands)
    body.addArgument(operand.getType(), op->getLoc());
  builder.setInsertionPointToStart(&body);
  Operation *copy = builder.clone(*op);
  copy->setOperands(body.getArguments());
  builder.create<nn::YieldOp>(op->getLoc(), copy->getResults());
  op->replaceAllUsesWith(kernel.getOutputs());
  op->erase();
  selectKernel(kernel, target);
}

struct NnAssignViews : layerc::impl::NnAssignViewsBase<NnAssignViews> {
  using NnAssignViewsBase::NnAssignViewsBase;

  void runOnOperation() override {
    auto target = makeTarget(targetCpu, targetTriple);
    if (!target) {
      getOperation().emitError(llvm::toString(target.takeError()));
      return signalPassFailure();
    }
    func::FuncOp function = getOperation();
    SmallVector<nn::KernelOp> kernels;
    forEachKernel(function.getBody().front(), [&](nn::KernelOp kernel) { kernels.push_back(kernel); });
    for (nn::KernelOp kernel : kernels)
      if (!kernel.getAlgorithm()) {
        kernel.emitOpError("has no algorithm; nn-select-kernels chooses one");
        return signalPassFailure();
      }
    function.walk([&](nn::ScanOp scan) {
      if (!scan->getParentOfType<nn::KernelOp>())
        assignScan(scan, *target);
    });
    SmallVector<nn::ConcatOp> concats;
    function.walk([&](nn::ConcatOp concat) {
      if (!nn::isWeightExpression(concat) && !isa<nn::KernelOp>(concat->getParentOp()))
        concats.push_back(concat);
    });
    for (nn::ConcatOp concat : llvm::reverse(concats))
      if (!assignConcat(function, concat))
        replaceByCopy(concat, *target);
    for (nn::KernelOp kernel : kernels)
      assignInPlace(kernel);
  }

private:
  bool assignConcat(func::FuncOp function, nn::ConcatOp concat) {
    for (Value part : concat.getInputs()) {
      if (!canLieInside(concat, part))
        return declined(concat, "a part is no kernel's result or is read in a way that needs it dense");
      if (bufferRoot(part) != part)
        return declined(concat, "a part already lies in another tensor");
    }
    int64_t before = peakBytes(function);
    concat->setAttr(kViewAttr, UnitAttr::get(&getContext()));
    if (peakBytes(function) <= before)
      return true;
    concat->removeAttr(kViewAttr);
    return declined(concat, "the peak of memory would rise");
  }

  static bool declined(Operation *op, StringRef reason) {
    emitRemark(op->getLoc()) << op->getName() << " is not a view: " << reason;
    return false;
  }

  /// The first result over an operand of the same type whose bytes nobody reads afterwards.
  void assignInPlace(nn::KernelOp kernel) {
    const KernelTemplate *kernelTemplate = findKernelTemplate(*kernel.getAlgorithm());
    Value result = kernel.getResult(0);
    if (bufferRoot(result) != result)
      return;
    for (auto [number, operand] : llvm::enumerate(kernel.getInputs())) {
      if (operand.getType() != result.getType() || nn::isWeightExpression(operand) ||
          readers(kernel, bufferRoot(operand)) != 1 ||
          kernelTemplate->access(kernel.getBody().front(), number) != Access::SameIndex)
        continue;
      bool isMadeHere = operand.getDefiningOp<nn::KernelOp>() && operand.getParentBlock() == kernel->getBlock();
      if (!isMadeHere || bufferRoot(operand) != operand || !isLastUse(kernel, operand))
        continue;
      // Then it is the operand's kernel that writes over the state.
      if (Value state = stateBefore(result);
          state && !areReadBefore(bufferRoot(state), operand.getDefiningOp(), kernel))
        continue;
      kernel->setAttr(kInPlaceAttr, IntegerAttr::get(IntegerType::get(&getContext(), 64), number));
      return;
    }
  }

  /// How many operands of `kernel` lie in the buffer `root`: as itself, reshaped or in part.
  static int64_t readers(nn::KernelOp kernel, Value root) {
    return llvm::count_if(kernel.getInputs(), [&](Value operand) {
      return !nn::isWeightExpression(operand) && bufferRoot(operand) == root;
    });
  }

  /// Whether every reader of the operand's bytes comes before `kernel`, and the bytes are no result of the function,
  /// unless the kernel's result is.
  static bool isLastUse(nn::KernelOp kernel, Value operand) {
    Value root = bufferRoot(operand);
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
};

} // namespace
