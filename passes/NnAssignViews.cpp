// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nn-assign-views: concatenations without a copy, results in place of operands; what cannot be a view becomes a copying
// kernel. A view that would raise the peak of memory is declined.
#include "passes/AssignInPlace.h"
#include "passes/AssignScan.h"
#include "passes/Buffers.h"
#include "passes/Passes.h"
#include "passes/SelectKernel.h"

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
        wrapInKernel(concat, *target);
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
};

} // namespace
