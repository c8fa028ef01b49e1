// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nn-select-kernels: the cheapest choice of all templates that accept the body.
#include "passes/AssignInPlace.h"
#include "passes/Buffers.h"
#include "passes/Passes.h"
#include "passes/SelectKernel.h"

#include "mlir/IR/IRMapping.h"

namespace layerc {
#define GEN_PASS_DEF_NNSELECTKERNELS
#include "passes/Passes.h.inc"
} // namespace layerc

using namespace mlir;
using namespace layerc;

/// Layouts are for weights only: a choice that wants to pack something computed cannot be had.
static bool canPack(nn::KernelOp kernel, const KernelChoice &choice) {
  for (auto [operand, layout] : llvm::zip(kernel.getInputs(), choice.layouts))
    if (layout && !nn::isWeightExpression(operand))
      return false;
  return true;
}

SmallVector<KernelChoice> layerc::kernelChoices(nn::KernelOp kernel, const Target &target, KernelSource source) {
  SmallVector<KernelChoice> choices;
  std::string reason;
  Block &body = kernel.getBody().front();
  for (const KernelTemplate *kernelTemplate : kernelTemplates(source)) {
    if (!kernelTemplate->accepts(body, reason))
      continue;
    kernelTemplate->candidates(kernel, target, choices);
    if (source != KernelSource::Auto && kernelTemplate->external(body))
      break;
  }
  llvm::erase_if(choices, [&](const KernelChoice &choice) { return !canPack(kernel, choice); });
  return choices;
}

void layerc::applyChoice(nn::KernelOp kernel, const KernelChoice &choice) {
  kernel.setAlgorithm(choice.algorithm);
  kernel.setTile(choice.tile);
  kernel.setUnits(choice.units);
  kernel.setSharedScratch(choice.sharedScratch);
  kernel.setWorkerScratch(choice.workerScratch);
  SmallVector<Attribute> layouts;
  for (nn::LayoutAttr layout : choice.layouts)
    layouts.push_back(layout ? Attribute(layout) : Attribute(UnitAttr::get(kernel.getContext())));
  kernel->removeAttr(kLayoutsAttr);
  if (llvm::any_of(choice.layouts, [](nn::LayoutAttr layout) { return layout != nullptr; }))
    kernel->setAttr(kLayoutsAttr, ArrayAttr::get(kernel.getContext(), layouts));
}

void layerc::selectKernel(nn::KernelOp kernel, const Target &target, KernelSource source, int64_t mostScratch) {
  SmallVector<KernelChoice> choices = kernelChoices(kernel, target, source);
  auto scratchOf = [](const KernelChoice &choice) { return scratchBytes(choice.sharedScratch, choice.workerScratch); };
  int64_t least = INT64_MAX;
  for (const KernelChoice &choice : choices)
    least = std::min(least, scratchOf(choice));
  const KernelChoice *best = nullptr;
  for (KernelChoice &choice : choices) {
    if (scratchOf(choice) > std::max(mostScratch, least))
      continue;
    emitRemark(kernel.getLoc()) << choice.algorithm << " tile [" << llvm::ArrayRef<int64_t>(choice.tile)
                                << "] is estimated at " << static_cast<int64_t>(choice.nanoseconds) << " ns";
    if (!best || choice.nanoseconds < best->nanoseconds)
      best = &choice;
  }
  if (best)
    applyChoice(kernel, *best);
  else // attention and custom layers have one template: their first choice stays
    assert(kernel.getAlgorithm() && "some template computes every body");
}

void layerc::wrapInKernel(Operation *op, const Target &target) {
  OpBuilder builder(op);
  OperationState state(op->getLoc(), nn::KernelOp::getOperationName());
  SmallVector<Value> operands(op->getOperands());
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

/// Makes every op of the body a kernel of its own, so that what passes between them is in the arena instead.
static void takeApart(nn::KernelOp kernel, const Target &target) {
  OpBuilder builder(kernel);
  Block &body = kernel.getBody().front();
  IRMapping mapping;
  mapping.map(body.getArguments(), kernel.getInputs());
  SmallVector<Operation *> ops;
  for (Operation &op : body.without_terminator())
    ops.push_back(builder.clone(op, mapping));
  for (auto [output, value] : llvm::zip(kernel.getOutputs(), body.getTerminator()->getOperands()))
    output.replaceAllUsesWith(mapping.lookup(value));
  kernel.erase();
  for (Operation *op : ops)
    if (!nn::isWeightExpression(op->getResult(0)))
      wrapInKernel(op, target);
}

static int64_t scratchOf(nn::KernelOp kernel) {
  return scratchBytes(kernel.getSharedScratch(), kernel.getWorkerScratch());
}

/// A network shall not need more memory than its layers one by one: kernels whose scratch would lift the peak above
/// that, or above what the tensors of kernels without scratch need anyway, are chosen again from our own, or taken
/// apart. Later passes only lower the sums that this looks at.
static void keepWithinUnfused(func::FuncOp function, const Target &target) {
  auto unfused = function->getAttrOfType<IntegerAttr>("nn.unfused");
  SmallVector<nn::KernelOp> kernels;
  forEachKernel(function.getBody().front(), [&](nn::KernelOp kernel) { kernels.push_back(kernel); });
  if (!unfused || llvm::all_of(kernels, [](nn::KernelOp kernel) { return scratchOf(kernel) == 0; }))
    return;
  // As nn-assign-views will do once the choices are made.
  llvm::for_each(kernels, assignInPlace);
  SmallVector<int64_t> live = liveBytes(function);
  int64_t most = unfused.getInt();
  for (auto [kernel, bytes] : llvm::zip(kernels, live)) {
    kernel->removeAttr(kInPlaceAttr);
    if (scratchOf(kernel) == 0)
      most = std::max(most, bytes);
  }
  for (auto [kernel, bytes] : llvm::zip(kernels, live)) {
    int64_t left = most - (bytes - scratchOf(kernel));
    if (scratchOf(kernel) <= left || scratchOf(kernel) == 0)
      continue;
    selectKernel(kernel, target, KernelSource::Mlir, left);
    bool isOneOp = llvm::hasSingleElement(kernel.getBody().front().without_terminator());
    if (scratchOf(kernel) > std::max<int64_t>(0, left) && !isOneOp)
      takeApart(kernel, target);
  }
}

namespace {
struct NnSelectKernels : layerc::impl::NnSelectKernelsBase<NnSelectKernels> {
  using NnSelectKernelsBase::NnSelectKernelsBase;
  void runOnOperation() override {
    auto target = makeTarget(targetCpu, targetTriple);
    if (!target) {
      getOperation().emitError(llvm::toString(target.takeError()));
      return signalPassFailure();
    }
    std::optional<KernelSource> source = findKernelSource(kernels);
    if (!source) {
      getOperation().emitError() << "kernels come from mlir, onednn or auto; got '" << kernels << "'";
      return signalPassFailure();
    }
    getOperation().walk([&](nn::KernelOp kernel) {
      if (!kernel.getAlgorithm())
        selectKernel(kernel, *target, *source);
    });
    keepWithinUnfused(getOperation(), *target);
  }
};
} // namespace
