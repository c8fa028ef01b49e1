// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nn-share-layouts: of a weight that kernels of several sizes would pack differently, one packed copy serves all: in
// the layout whose cheapest choices take the least time over all sizes together.
#include "passes/Buffers.h"
#include "passes/Passes.h"
#include "passes/SelectKernel.h"

#include "ir/Recipe.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

namespace layerc {
#define GEN_PASS_DEF_NNSHARELAYOUTS
#include "passes/Passes.h.inc"
} // namespace layerc

using namespace mlir;
using namespace layerc;

namespace {

/// A kernel that reads a weight, and the ways to run it with no more scratch than chosen: the arena shall not grow.
class Reader {
public:
  Reader(nn::KernelOp kernel, unsigned operand) : kernel_(kernel), operand_(operand) {}

  nn::LayoutAttr layout() {
    auto layouts = kernel_->getAttrOfType<ArrayAttr>(kLayoutsAttr);
    return layouts ? dyn_cast<nn::LayoutAttr>(layouts[operand_]) : nn::LayoutAttr();
  }

  void findChoices(const Target &target, KernelSource source) {
    int64_t most = scratchBytes(kernel_.getSharedScratch(), kernel_.getWorkerScratch());
    choices_ = kernelChoices(kernel_, target, source);
    llvm::erase_if(choices_, [&](const KernelChoice &choice) {
      return scratchBytes(choice.sharedScratch, choice.workerScratch) > most;
    });
  }

  llvm::SmallSetVector<nn::LayoutAttr, 8> layouts() const {
    llvm::SmallSetVector<nn::LayoutAttr, 8> layouts;
    for (const KernelChoice &choice : choices_)
      layouts.insert(layoutIn(choice));
    return layouts;
  }

  /// The cheapest choice that wants `layout`, or null.
  const KernelChoice *choiceWith(nn::LayoutAttr layout) const {
    return cheapest([&](const KernelChoice &choice) { return layoutIn(choice) == layout; });
  }

  /// How many times as long as the cheapest choice of all it takes.
  double slowDown(const KernelChoice &choice) const {
    return choice.nanoseconds / cheapest([](const KernelChoice &) { return true; })->nanoseconds;
  }

  void use(nn::LayoutAttr wanted) {
    if (wanted != layout())
      applyChoice(kernel_, *choiceWith(wanted));
  }

private:
  nn::LayoutAttr layoutIn(const KernelChoice &choice) const {
    return operand_ < choice.layouts.size() ? choice.layouts[operand_] : nn::LayoutAttr();
  }

  template <class Predicate> const KernelChoice *cheapest(Predicate counts) const {
    const KernelChoice *best = nullptr;
    for (const KernelChoice &choice : choices_)
      if (counts(choice) && (!best || choice.nanoseconds < best->nanoseconds))
        best = &choice;
    return best;
  }

  nn::KernelOp kernel_;
  unsigned operand_;
  SmallVector<KernelChoice> choices_;
};

/// How many times as long the readers take with `layout`, added up; nothing where one of them cannot have it.
std::optional<double> slowDown(ArrayRef<Reader> readers, nn::LayoutAttr layout) {
  double sum = 0;
  for (const Reader &reader : readers)
    if (const KernelChoice *choice = reader.choiceWith(layout))
      sum += reader.slowDown(*choice);
    else
      return std::nullopt;
  return sum;
}

/// Gives all readers of a weight one layout, if there is one that all can have.
void shareLayout(MutableArrayRef<Reader> readers, const Target &target, KernelSource source) {
  if (llvm::all_of(readers, [&](Reader &reader) { return reader.layout() == readers.front().layout(); }))
    return;
  for (Reader &reader : readers)
    reader.findChoices(target, source);
  nn::LayoutAttr best;
  std::optional<double> least;
  for (nn::LayoutAttr layout : readers.front().layouts())
    if (std::optional<double> sum = slowDown(readers, layout); sum && (!least || *sum < *least)) {
      best = layout;
      least = sum;
    }
  if (least)
    for (Reader &reader : readers)
      reader.use(best);
}

struct NnShareLayouts : layerc::impl::NnShareLayoutsBase<NnShareLayouts> {
  using NnShareLayoutsBase::NnShareLayoutsBase;

  void runOnOperation() override {
    auto target = makeTarget(targetCpu, targetTriple);
    std::optional<KernelSource> source = findKernelSource(kernels);
    if (!target || !source) {
      getOperation().emitError(target ? "kernels come from mlir, onednn or auto" : llvm::toString(target.takeError()));
      return signalPassFailure();
    }
    if (!getOperation().getName()) // functions that share nothing
      return;
    WeightStore &weights = getContext().getOrLoadDialect<nn::NnDialect>()->weights();
    llvm::MapVector<std::pair<uint64_t, Type>, std::vector<Reader>> readers;
    getOperation().walk([&](nn::KernelOp kernel) {
      for (auto [operand, value] : llvm::enumerate(kernel.getInputs()))
        if (nn::isWeightExpression(value))
          readers[{recipeHash(value, weights), value.getType()}].emplace_back(kernel, operand);
    });
    for (auto &[weight, all] : readers)
      shareLayout(all, *target, *source);
  }
};

} // namespace
