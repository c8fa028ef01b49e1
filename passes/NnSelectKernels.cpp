// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nn-select-kernels: the cheapest choice of all templates that accept the body.
#include "passes/Buffers.h"
#include "passes/Passes.h"
#include "passes/SelectKernel.h"

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

/// A network shall not need more memory than its layers one by one: kernels whose scratch would lift the peak above
/// that, or above what the tensors of other steps need anyway, are chosen again from our own. Later passes only lower
/// the sums that this looks at.
static void keepWithinUnfused(func::FuncOp function, const Target &target) {
  auto unfused = function->getAttrOfType<IntegerAttr>("nn.unfused");
  if (!unfused)
    return;
  SmallVector<int64_t> live = liveBytes(function), tensors;
  auto scratchOf = [](nn::KernelOp kernel) {
    return scratchBytes(kernel.getSharedScratch(), kernel.getWorkerScratch());
  };
  forEachKernel(function.getBody().front(),
                [&](nn::KernelOp kernel) { tensors.push_back(live[tensors.size()] - scratchOf(kernel)); });
  if (tensors.empty())
    return;
  int64_t most = std::max(unfused.getInt(), *llvm::max_element(tensors));
  auto step = tensors.begin();
  forEachKernel(function.getBody().front(), [&](nn::KernelOp kernel) {
    int64_t left = most - *step++;
    if (scratchOf(kernel) > left)
      selectKernel(kernel, target, KernelSource::Mlir, left);
  });
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
