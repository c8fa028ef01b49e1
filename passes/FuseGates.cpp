// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See FuseGates.h.
#include "passes/FuseGates.h"

#include "passes/FuseWhole.h"

#include "ir/kernels/Conv.h"

#include "llvm/ADT/SetVector.h"

#include <algorithm>

using namespace mlir;
using namespace layerc;

/// Input channels from which a 3 x 3 convolution by Winograd saves more than stored gates cost.
static constexpr int64_t kMostConvChannels = 32;

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

namespace {

/// The ops from an anchor to the values that leave its gates.
class GateGroup {
public:
  explicit GateGroup(Operation *anchor) : anchor(anchor), whole(shapeOf(anchor->getResult(0))) {
    ops.insert(anchor);
    for (Operation *op = anchor->getNextNode(); op && !op->hasTrait<OpTrait::IsTerminator>(); op = op->getNextNode()) {
      if (!readsGroup(op))
        continue;
      if (!joins(op))
        break; // the kernel stands before it
      ops.insert(op);
    }
    if (gate.empty())
      return;
    addSlicesOfOthers();
    for (size_t i = 0; i < ops.size(); ++i)
      addResult(ops[i]->getResult(0));
    // Only a kernel's first result can be written over an operand.
    std::stable_partition(results.begin(), results.end(), [&](Value value) { return mayReplaceCarried(value); });
  }

  bool fuse() {
    if (results.empty() || llvm::any_of(results, [&](Value value) { return shapeOf(value) != ArrayRef(gate); }))
      return false;
    SmallVector<Operation *> sorted(ops.getArrayRef());
    llvm::sort(sorted, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    return takeAsKernel(sorted, results, sorted.back(), convTemplate());
  }

private:
  bool readsGroup(Operation *op) const {
    return llvm::any_of(op->getOperands(), [&](Value operand) { return ops.contains(operand.getDefiningOp()); }) ||
           op->getNumRegions() != 0;
  }

  bool joins(Operation *op) {
    if (op->getNumResults() != 1 || op->getNumRegions() != 0)
      return false;
    if (auto slice = dyn_cast<nn::SliceOp>(op)) {
      ArrayRef<int64_t> shape = shapeOf(slice);
      bool isGate = shapeOf(slice.getInput()) == whole && shape.size() == whole.size() &&
                    shape.drop_back() == whole.drop_back() && shape.back() < whole.back();
      if (isGate && gate.empty())
        gate.assign(shape.begin(), shape.end());
      return isGate && shape == ArrayRef(gate);
    }
    ArrayRef<int64_t> shape = shapeOf(op->getResult(0));
    return nn::isElementwise(op) && (shape == whole || shape == ArrayRef(gate));
  }

  /// What leaves the loop's body twice, as the next carried value and as part of a sequence, is stored to both places
  /// by a result of its own each; copies would follow otherwise.
  void addResult(Value value) {
    bool leaves = false;
    for (OpOperand &use : llvm::make_early_inc_range(value.getUses())) {
      if (ops.contains(use.getOwner()))
        continue;
      if (leaves && isa<nn::YieldOp>(use.getOwner())) {
        Operation *twin = OpBuilder(value.getDefiningOp()).clone(*value.getDefiningOp());
        use.set(twin->getResult(0));
        ops.insert(twin);
      }
      leaves = true;
    }
    if (leaves)
      results.push_back(value);
  }

  /// Whether `value` is the next one of a carried value that the group reads only where it makes the next.
  bool mayReplaceCarried(Value value) const {
    return llvm::any_of(value.getUses(), [&](OpOperand &use) {
      auto scan = dyn_cast<nn::ScanOp>(use.getOwner()->getParentOp());
      if (!scan || !isa<nn::YieldOp>(use.getOwner()) || use.getOperandNumber() >= scan.carriedCount())
        return false;
      return llvm::all_of(scan.carried()[use.getOperandNumber()].getUsers(),
                          [&](Operation *user) { return ops.contains(user) && nn::isElementwise(user); });
    });
  }

  /// Gates of a second operand of the same width, such as the input's part of a GRU.
  void addSlicesOfOthers() {
    for (size_t i = 0; i < ops.size(); ++i)
      for (Value operand : ops[i]->getOperands())
        if (auto slice = operand.getDefiningOp<nn::SliceOp>();
            slice && slice->getBlock() == anchor->getBlock() && !nn::isWeightExpression(slice) &&
            shapeOf(slice) == ArrayRef(gate) &&
            llvm::all_of(slice->getUsers(), [&](Operation *user) { return ops.contains(user); }))
          ops.insert(slice);
  }

  Operation *anchor;
  ArrayRef<int64_t> whole;
  SmallVector<int64_t> gate; ///< the shape of one
  llvm::SetVector<Operation *> ops;
  SmallVector<Value> results;
};

} // namespace

static bool mayHaveGates(Operation *op) {
  if (op->getNumResults() != 1 || nn::isWeightExpression(op->getResult(0)))
    return false;
  if (auto conv = dyn_cast<nn::ConvOp>(op))
    return shapeOf(conv.getInput()).back() <= kMostConvChannels;
  return isa<nn::ContractOp>(op);
}

void layerc::fuseGates(Block &block) {
  SmallVector<Operation *> anchors;
  for (Operation &op : block)
    if (mayHaveGates(&op))
      anchors.push_back(&op);
  // The recurrent product comes behind the input's, which is added to it.
  for (Operation *anchor : llvm::reverse(anchors))
    GateGroup(anchor).fuse();
}
