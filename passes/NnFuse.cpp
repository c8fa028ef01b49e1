// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nn-fuse: groups ops into nn.kernel. An op joins the group of the value it consumes when that value has no other use and
// the template of the group accepts the longer body; a heavy template is never given up for the sake of a join.
#include "passes/Passes.h"

#include "ir/kernels/KernelTemplate.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

namespace layerc {
#define GEN_PASS_DEF_NNFUSE
#include "passes/Passes.h.inc"
} // namespace layerc

using namespace mlir;
using namespace layerc;

namespace {

/// Ops that will be one kernel, in program order; `result` is the only value that leaves it.
struct Group {
  SmallVector<Operation *> ops;
  const KernelTemplate *kernelTemplate = nullptr;
  Value result() const { return ops.back()->getResult(0); }
};

/// Reshapes and concatenations are left to nn-assign-views; weights' ops are recipes.
bool isGrouped(Operation *op) {
  return isa<nn::NnDialect>(op->getDialect()) &&
         !isa<nn::ReshapeOp, nn::ConcatOp, nn::KernelOp, nn::ConstantOp>(op) && op->getNumResults() == 1 &&
         !nn::isWeightExpression(op->getResult(0));
}

/// What a group reads from outside; scalars' constants are cloned into the body instead.
SmallVector<Value> externalOperands(ArrayRef<Operation *> ops) {
  llvm::SetVector<Value> values;
  for (Operation *op : ops)
    for (Value operand : op->getOperands())
      if (!llvm::is_contained(ops, operand.getDefiningOp()) && !operand.getDefiningOp<nn::ConstantOp>())
        values.insert(operand);
  return values.takeVector();
}

/// Fills `body` with the group's ops on block arguments, one per external operand, and the yield.
void buildBody(Block &body, ArrayRef<Operation *> ops, ArrayRef<Value> operands, OpBuilder &builder) {
  IRMapping mapping;
  for (Value operand : operands)
    mapping.map(operand, body.addArgument(operand.getType(), operand.getLoc()));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&body);
  for (Operation *op : ops) {
    for (Value operand : op->getOperands())
      if (auto constant = operand.getDefiningOp<nn::ConstantOp>(); constant && !mapping.contains(operand))
        mapping.map(operand, builder.clone(*constant)->getResult(0));
    builder.clone(*op, mapping);
  }
  builder.create<nn::YieldOp>(ops.back()->getLoc(), mapping.lookup(ops.back()->getResult(0)));
}

/// The first template that takes these ops as a kernel; `reason` is the refusal of the heaviest one otherwise.
const KernelTemplate *templateOf(ArrayRef<Operation *> ops, const KernelTemplate *wanted, std::string &reason) {
  // The tentative body hangs in a kernel of its own, as templates expect.
  OpBuilder builder(ops.front()->getContext());
  SmallVector<Value> operands = externalOperands(ops);
  OperationState state(ops.front()->getLoc(), nn::KernelOp::getOperationName());
  state.addOperands(operands);
  state.addTypes(ops.back()->getResultTypes());
  state.addRegion()->emplaceBlock();
  Operation *kernel = Operation::create(state);
  buildBody(kernel->getRegion(0).front(), ops, operands, builder);
  const KernelTemplate *found = nullptr;
  for (const KernelTemplate *candidate : kernelTemplates()) {
    if (wanted && candidate != wanted)
      continue;
    if (candidate->accepts(kernel->getRegion(0).front(), reason)) {
      found = candidate;
      break;
    }
  }
  kernel->destroy();
  return found;
}

/// Ops that a plain loop computes once per element, so that they may come before or after others in one loop.
bool isCheap(Operation *op) { return nn::isElementwise(op); }

struct NnFuse : layerc::impl::NnFuseBase<NnFuse> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (!function.getBody().hasOneBlock())
      return;
    for (Operation &op : function.getBody().front())
      if (isGrouped(&op))
        place(&op);
    for (Group &group : groups_)
      build(group);
    giveResultsTheirOwnBytes(function);
  }

private:
  void place(Operation *op) {
    Group *best = nullptr;
    const KernelTemplate *bestTemplate = nullptr;
    for (Value operand : op->getOperands()) {
      Group *group = groupOf(operand);
      if (!group)
        continue;
      const KernelTemplate *joined = tryJoin(*group, op);
      // Heavy groups first; among equals the later one, whose other operands are computed by then.
      if (joined && (!best || rank(joined) <= rank(bestTemplate))) {
        best = group;
        bestTemplate = joined;
      }
    }
    if (best) {
      best->ops.push_back(op);
      indexOf_[op] = best - groups_.data();
      return;
    }
    std::string reason;
    Group group;
    group.ops.push_back(op);
    group.kernelTemplate = templateOf(group.ops, nullptr, reason);
    assert(group.kernelTemplate && "the last template takes every op");
    indexOf_[op] = groups_.size();
    groups_.push_back(std::move(group));
  }

  static size_t rank(const KernelTemplate *kernelTemplate) {
    return llvm::find(kernelTemplates(), kernelTemplate) - kernelTemplates().begin();
  }

  Group *groupOf(Value value) {
    auto found = indexOf_.find(value.getDefiningOp());
    if (found == indexOf_.end())
      return nullptr;
    Group &group = groups_[found->second];
    return group.result() == value ? &group : nullptr;
  }

  /// The group's template when `op` may join it, else null; says why not.
  const KernelTemplate *tryJoin(Group &group, Operation *op) {
    std::string reason;
    if (!llvm::all_of(group.result().getUsers(), [&](Operation *user) { return user == op; })) {
      reason = "its operand has other uses";
    } else if (rank(group.kernelTemplate) + 1 == kernelTemplates().size() && !joinsLoop(group, op, reason)) {
      // reason is set
    } else {
      SmallVector<Operation *> ops(group.ops);
      ops.push_back(op);
      if (templateOf(ops, group.kernelTemplate, reason))
        return group.kernelTemplate;
    }
    op->emitRemark() << op->getName() << " is not fused into the kernel before it: " << reason;
    return nullptr;
  }

  /// Loops take any body; what must not happen is that an expensive op is computed once per use.
  bool joinsLoop(const Group &group, Operation *op, std::string &reason) {
    if (!isCheap(op))
      return reason = "it would compute its operand several times", false;
    if (cast<RankedTensorType>(group.result().getType()).getShape() !=
        cast<RankedTensorType>(op->getResult(0).getType()).getShape())
      return reason = "the shapes differ", false;
    return true;
  }

  void build(Group &group) {
    Operation *last = group.ops.back();
    OpBuilder builder(last);
    SmallVector<Location> locations;
    for (Operation *op : group.ops)
      locations.push_back(op->getLoc());
    SmallVector<Value> operands = externalOperands(group.ops);
    // A residual operand may be computed after the group's first op: weights' recipes may, too.
    OperationState state(builder.getFusedLoc(locations), nn::KernelOp::getOperationName());
    state.addOperands(operands);
    state.addTypes(last->getResultTypes());
    state.addRegion()->emplaceBlock();
    auto kernel = cast<nn::KernelOp>(builder.create(state));
    buildBody(kernel.getBody().front(), group.ops, operands, builder);
    last->getResult(0).replaceAllUsesWith(kernel.getResult(0));
    for (Operation *op : llvm::reverse(group.ops))
      op->erase();
  }

  /// Every result of the function must be written by a kernel, into a buffer of its own: inputs, weights and values that
  /// are returned twice are copied.
  void giveResultsTheirOwnBytes(func::FuncOp function) {
    auto terminator = cast<func::ReturnOp>(function.getBody().front().getTerminator());
    llvm::SetVector<Value> taken;
    for (OpOperand &operand : terminator->getOpOperands()) {
      Value root = operand.get();
      while (auto reshape = root.getDefiningOp<nn::ReshapeOp>())
        root = reshape.getInput();
      bool written = root.getDefiningOp<nn::KernelOp>() || root.getDefiningOp<nn::ConcatOp>();
      if (!written || !taken.insert(root))
        operand.set(copy(operand.get(), terminator));
    }
  }

  static Value copy(Value value, Operation *before) {
    OpBuilder builder(before);
    OperationState state(value.getLoc(), nn::KernelOp::getOperationName());
    state.addOperands(value);
    state.addTypes(value.getType());
    Block &body = state.addRegion()->emplaceBlock();
    auto kernel = builder.create(state);
    Value argument = body.addArgument(value.getType(), value.getLoc());
    builder.setInsertionPointToStart(&body);
    builder.create<nn::YieldOp>(value.getLoc(), argument);
    return kernel->getResult(0);
  }

  SmallVector<Group> groups_;
  DenseMap<Operation *, size_t> indexOf_;
};

} // namespace
