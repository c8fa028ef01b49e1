// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nn-schedule: an order of kernels for the least peak of memory. List scheduling: among the kernels that are ready, the
// one that leaves the fewest bytes live, or the next one of the file unless another frees bytes. Or the file's order
// with every kernel right before the first that needs it. The file's order stays where none is better.
#include "passes/Buffers.h"
#include "passes/Passes.h"

#include "llvm/ADT/SetVector.h"

namespace layerc {
#define GEN_PASS_DEF_NNSCHEDULE
#include "passes/Passes.h.inc"
} // namespace layerc

using namespace mlir;
using namespace layerc;

namespace {

/// Moves every view and recipe right before its first user, so that kernels alone decide the order.
void gatherAtUsers(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
    if (isa<nn::KernelOp>(op) || op.hasTrait<OpTrait::IsTerminator>())
      continue;
    Operation *first = nullptr;
    for (Operation *user : op.getUsers())
      if (!first || user->isBeforeInBlock(first))
        first = user;
    if (first)
      op.moveBefore(first);
  }
}

class ListScheduler {
public:
  explicit ListScheduler(Block &block) {
    for (auto kernel : block.getOps<nn::KernelOp>())
      waiting_.insert(kernel);
    for (nn::KernelOp kernel : waiting_) {
      llvm::SetVector<Operation *> producers;
      for (Value operand : kernel.getInputs())
        collectProducers(operand, producers);
      // Who takes an operand in place must come after all its other readers.
      if (auto inPlace = kernel->getAttrOfType<IntegerAttr>(kInPlaceAttr))
        for (Operation *reader : kernelUsers(reshapedFrom(kernel.getInputs()[inPlace.getInt()])))
          if (reader != kernel)
            producers.insert(reader);
      // So must who writes over a state, be it by a copy in place of its result.
      for (Value result = kernel.getResult(0); result; result = copiedInPlace(result))
        if (Value state = stateBefore(result))
          for (Operation *reader : kernelUsers(state))
            if (reader != kernel)
              producers.insert(reader);
      producers_[kernel] = producers.takeVector();
      for (Value root : touched(kernel))
        ++readers_[root];
    }
  }

  /// The order; `onlyFreeing`: what frees no bytes stays in the file's order.
  SmallVector<nn::KernelOp> run(bool onlyFreeing) {
    SmallVector<nn::KernelOp> order;
    while (!waiting_.empty()) {
      nn::KernelOp best;
      int64_t bestGrowth = 0;
      for (nn::KernelOp kernel : waiting_) {
        if (!isReady(kernel))
          continue;
        int64_t growth = std::min(growthOf(kernel), onlyFreeing ? 0 : std::numeric_limits<int64_t>::max());
        if (!best || growth < bestGrowth) {
          best = kernel;
          bestGrowth = growth;
        }
      }
      waiting_.remove(best);
      for (Value root : touched(best)) {
        live_.insert(root);
        --readers_[root];
      }
      order.push_back(best);
    }
    return order;
  }

  /// The file's order, but for kernels that nothing needs until later: those come right before what needs them.
  SmallVector<nn::KernelOp> late() const {
    SmallVector<nn::KernelOp> order; // backwards
    for (nn::KernelOp kernel : llvm::reverse(waiting_)) {
      auto *needsIt = llvm::find_if(llvm::reverse(order), [&](nn::KernelOp later) {
                        return llvm::is_contained(producers_.at(later), kernel);
                      }).base();
      order.insert(needsIt == order.begin() ? order.end() : needsIt, kernel);
    }
    std::reverse(order.begin(), order.end());
    return order;
  }

private:
  static void collectProducers(Value value, llvm::SetVector<Operation *> &producers) {
    Operation *op = value.getDefiningOp();
    if (!op || nn::isWeightExpression(value))
      return;
    if (isa<nn::KernelOp>(op)) {
      producers.insert(op);
      return;
    }
    for (Value operand : op->getOperands())
      collectProducers(operand, producers);
  }

  static void collectKernelUsers(Value value, llvm::SetVector<Operation *> &users) {
    for (Operation *user : value.getUsers())
      if (isa<nn::KernelOp>(user))
        users.insert(user);
      else if (user->getNumResults() == 1)
        collectKernelUsers(user->getResult(0), users);
  }
  static SmallVector<Operation *> kernelUsers(Value value) {
    llvm::SetVector<Operation *> users;
    collectKernelUsers(value, users);
    return users.takeVector();
  }

  /// The result of the kernel that takes `value`, or a reshape of it, in place; null where there is none.
  static Value copiedInPlace(Value value) {
    for (OpOperand &use : value.getUses())
      if (auto reshape = dyn_cast<nn::ReshapeOp>(use.getOwner())) {
        if (Value copied = copiedInPlace(reshape))
          return copied;
      } else if (auto kernel = dyn_cast<nn::KernelOp>(use.getOwner()))
        if (auto inPlace = kernel->getAttrOfType<IntegerAttr>(kInPlaceAttr);
            inPlace && inPlace.getInt() == use.getOperandNumber())
          return kernel.getResult(0);
    return {};
  }

  /// The arena buffers that a kernel reads or writes, each once.
  static SmallVector<Value> touched(nn::KernelOp kernel) {
    llvm::SetVector<Value> roots;
    for (Value value : kernel.getInputs())
      if (!nn::isWeightExpression(value) && !isa<BlockArgument>(bufferRoot(value)))
        roots.insert(bufferRoot(value));
    for (Value value : kernel.getOutputs())
      roots.insert(bufferRoot(value));
    return roots.takeVector();
  }

  bool isReady(nn::KernelOp kernel) {
    return llvm::none_of(producers_[kernel], [&](Operation *op) { return waiting_.contains(cast<nn::KernelOp>(op)); });
  }

  int64_t growthOf(nn::KernelOp kernel) {
    int64_t growth = 0;
    for (Value root : touched(kernel)) {
      int64_t bytes = denseBytes(root.getType());
      if (!live_.contains(root))
        growth += bytes;
      if (readers_[root] == 1)
        growth -= bytes;
    }
    return growth;
  }

  llvm::SetVector<nn::KernelOp> waiting_;
  DenseMap<Operation *, SmallVector<Operation *>> producers_;
  DenseMap<Value, int64_t> readers_;
  DenseSet<Value> live_;
};

struct NnSchedule : layerc::impl::NnScheduleBase<NnSchedule> {
  void runOnOperation() override {
    Block &block = getOperation().getBody().front();
    if (!block.getOps<nn::ScanOp>().empty()) // a loop's kernels are no kernels of the block: the file's order stays
      return;
    SmallVector<nn::KernelOp> best(block.getOps<nn::KernelOp>());
    int64_t least = peakBytes(getOperation());
    for (const auto &order :
         {ListScheduler(block).run(false), ListScheduler(block).run(true), ListScheduler(block).late()}) {
      apply(block, order);
      if (int64_t peak = peakBytes(getOperation()); peak < least) {
        best = order;
        least = peak;
      }
    }
    apply(block, best);
  }

  static void apply(Block &block, ArrayRef<nn::KernelOp> order) {
    for (nn::KernelOp kernel : order)
      kernel->moveBefore(block.getTerminator());
    gatherAtUsers(block);
  }
};

} // namespace
