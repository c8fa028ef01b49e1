// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nn-select-kernels: the cheapest choice of all templates that accept the body.
#include "passes/Passes.h"
#include "passes/SelectKernel.h"

#include "ir/kernels/KernelTemplate.h"

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

void layerc::selectKernel(nn::KernelOp kernel, const Target &target) {
  SmallVector<KernelChoice> choices;
  std::string reason;
  for (const KernelTemplate *kernelTemplate : kernelTemplates())
    if (kernelTemplate->accepts(kernel.getBody().front(), reason))
      kernelTemplate->candidates(kernel, target, choices);
  const KernelChoice *best = nullptr;
  for (KernelChoice &choice : choices) {
    if (!canPack(kernel, choice))
      continue;
    emitRemark(kernel.getLoc()) << choice.algorithm << " tile [" << llvm::ArrayRef<int64_t>(choice.tile) << "] is estimated at "
                        << static_cast<int64_t>(choice.nanoseconds) << " ns";
    if (!best || choice.nanoseconds < best->nanoseconds)
      best = &choice;
  }
  assert(best && "loops can compute every body");
  kernel.setAlgorithm(best->algorithm);
  kernel.setTile(best->tile);
  kernel.setUnits(best->units);
  kernel.setSharedScratch(best->sharedScratch);
  kernel.setWorkerScratch(best->workerScratch);
  SmallVector<Attribute> layouts;
  for (nn::LayoutAttr layout : best->layouts)
    layouts.push_back(layout ? Attribute(layout) : Attribute(UnitAttr::get(kernel.getContext())));
  if (llvm::any_of(best->layouts, [](nn::LayoutAttr layout) { return layout != nullptr; }))
    kernel->setAttr(kLayoutsAttr, ArrayAttr::get(kernel.getContext(), layouts));
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
    getOperation().walk([&](nn::KernelOp kernel) {
      if (!kernel.getAlgorithm())
        selectKernel(kernel, *target);
    });
  }
};
} // namespace
