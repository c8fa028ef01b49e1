// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nn-fuse: groups ops into nn.kernel. An op joins the group of the value it consumes when that value has no other use
// and the template of the group accepts the longer body; a heavy template is never given up for the sake of a join.
// Groups of its other operands then follow it, where that computes nothing twice.
#include "passes/Buffers.h"
#include "passes/FuseGates.h"
#include "passes/FuseWhole.h"
#include "passes/Passes.h"

#include "ir/kernels/Attention.h"

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
         !isa<nn::ReshapeOp, nn::ConcatOp, nn::KernelOp, nn::ConstantOp, nn::ScanOp>(op) && op->getNumResults() == 1 &&
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
const KernelTemplate *templateOf(ArrayRef<Operation *> ops, ArrayRef<const KernelTemplate *> templates,
                                 std::string &reason) {
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
  for (const KernelTemplate *candidate : templates) {
    if (candidate->accepts(kernel->getRegion(0).front(), reason)) {
      found = candidate;
      break;
    }
  }
  kernel->destroy();
  return found;
}

/// Ops that only say where elements come from.
bool isMovement(Operation *op) {
  return isa<nn::TransposeOp, nn::BroadcastOp, nn::PadOp, nn::SliceOp, nn::ReverseOp, nn::ResizeOp>(op);
}

/// Movements that leave neighbours of the last dimension side by side, so that vectors can be read through them.
bool keepsLines(Operation *op) {
  int64_t last = cast<RankedTensorType>(op->getOperand(0).getType()).getRank() - 1;
  if (auto transpose = dyn_cast<nn::TransposeOp>(op))
    return transpose.getPermutation().back() == last;
  if (auto reverse = dyn_cast<nn::ReverseOp>(op))
    return !llvm::is_contained(reverse.getAxes(), last);
  if (auto slice = dyn_cast<nn::SliceOp>(op))
    return slice.stride(last) == 1;
  if (auto pad = dyn_cast<nn::PadOp>(op))
    return pad.getLow()[last] == 0 && pad.getHigh()[last] == 0;
  return isa<nn::ResizeOp>(op);
}

/// Elementwise ops so cheap that softmax and normalization, which read their operand three times, may repeat them.
bool isArithmetic(Operation *op) {
  if (auto binary = dyn_cast<nn::BinaryOp>(op))
    return binary.getFunction() <= nn::BinaryFunction::Mul;
  if (auto unary = dyn_cast<nn::UnaryOp>(op))
    return unary.getFunction() <= nn::UnaryFunction::Relu;
  return isa<nn::AffineOp, nn::SelectOp, nn::CastOp>(op);
}

/// Ops that read one element of an operand, or one and a table, for each of theirs.
bool isLookup(Operation *op) { return isa<nn::GatherOp, nn::OneHotOp, nn::BucketizeOp>(op); }

/// Whether `op` may come after `ops` in one loop: loops pull elements through the body, so nothing before `op` may be
/// computed more often than it is now.
bool joinsLoop(ArrayRef<Operation *> ops, Operation *op, std::string &reason) {
  bool onlyMoves = llvm::all_of(ops, isMovement);
  bool isPointwise =
      llvm::all_of(ops, [](Operation *o) { return isMovement(o) || nn::isElementwise(o) || isLookup(o); });
  auto shapeOf = [](Operation *o) { return cast<RankedTensorType>(o->getResult(0).getType()).getShape(); };
  if (isa<nn::ConvOp, nn::ConvTransposeOp, nn::LocalConvOp, nn::ContractOp>(op))
    return reason = "it is not computed by loops", false;
  reason = "it would compute its operand several times";
  if (nn::isElementwise(op))
    return onlyMoves || shapeOf(ops.back()) == shapeOf(op);
  if (isMovement(op))
    return onlyMoves || (isPointwise && !isa<nn::BroadcastOp, nn::ResizeOp>(op));
  if (auto gather = dyn_cast<nn::GatherOp>(op)) // indices are computed once per slice
    return gather.getIndices() == ops.back()->getResult(0) ? isPointwise : onlyMoves && llvm::all_of(ops, keepsLines);
  if (isa<nn::OneHotOp, nn::BucketizeOp>(op))
    return isPointwise && op->getOperand(0) == ops.back()->getResult(0);
  if (isa<nn::ReduceOp>(op))
    return isPointwise;
  if (isa<nn::SoftmaxOp, nn::NormalizeOp>(op))
    return llvm::all_of(ops, isArithmetic);
  return isa<nn::PoolOp>(op) && onlyMoves && llvm::all_of(ops, keepsLines);
}

struct NnFuse : layerc::impl::NnFuseBase<NnFuse> {
  using NnFuseBase::NnFuseBase;
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (!function.getBody().hasOneBlock())
      return;
    std::optional<KernelSource> source = findKernelSource(kernels);
    if (!source) {
      function.emitError() << "kernels come from mlir, onednn or auto; got '" << kernels << "'";
      return signalPassFailure();
    }
    templates_ = kernelTemplates(*source);
    function.walk([&](nn::ScanOp scan) {
      if (fuseScan(scan))
        return;
      unroll(scan);
      fuse(scan.getBody().front());
    });
    if (!fuseSmallNet(function.getBody().front()))
      fuse(function.getBody().front());
    giveResultsTheirOwnBytes(function);
  }

private:
  /// What a group may be extended by.
  struct Join {
    const KernelTemplate *kernelTemplate = nullptr; ///< null: nothing
    SmallVector<Operation *> ops;
  };

  /// Puts two or a few steps into the body of a loop whose products read carried values, which the next ones cannot be
  /// written over: then the next ones have bytes of their own, and the last of the body's steps writes over the first.
  /// Where a mask chooses between the next and the current value, it can do so in the current one's bytes, unless it
  /// becomes part of an only product.
  static void unroll(nn::ScanOp scan) {
    constexpr int64_t most = 8;
    int64_t steps = 2;
    while (steps <= most && scan.steps() % steps != 0)
      ++steps;
    Block &body = scan.getBody().front();
    auto isProduct = [](Operation &op) { return isa<nn::ContractOp, nn::ConvOp>(op); };
    bool hasOnlyProduct = llvm::count_if(body, isProduct) == 1;
    bool isMultiplied = llvm::any_of(llvm::zip(scan.carried(), scan.yield().getValues()), [&](auto values) {
      auto [current, next] = values;
      auto chosen = Value(next).getDefiningOp<nn::SelectOp>();
      bool isChosen = !hasOnlyProduct && chosen && llvm::is_contained(chosen->getOperands(), Value(current));
      return !isChosen && llvm::any_of(Value(current).getUsers(), [&](Operation *user) { return isProduct(*user); });
    });
    if (steps > most || scan.getUnroll() != 1 || !isMultiplied)
      return;
    nn::YieldOp yield = scan.yield();
    OpBuilder builder(yield);
    size_t sequences = scan.getSequences().size(), carried = scan.carriedCount();
    SmallVector<Operation *> ops;
    for (Operation &op : body.without_terminator())
      ops.push_back(&op);
    SmallVector<SmallVector<Value>> yielded{SmallVector<Value>(yield.getValues())};
    for (int64_t step = 1; step < steps; ++step) {
      IRMapping mapping;
      for (size_t number = 0; number < sequences; ++number) {
        auto place = static_cast<unsigned>(number * (step + 1) + step); // behind the sequence's slices so far
        mapping.map(body.getArgument(place - step),
                    body.insertArgument(place, body.getArgument(place - 1).getType(), scan.getLoc()));
      }
      for (size_t number = 0; number < carried; ++number)
        mapping.map(body.getArgument(sequences * (step + 1) + number), yielded.back()[number]);
      for (Operation *op : ops)
        builder.clone(*op, mapping);
      SmallVector<Value> next;
      for (Value value : yielded.front())
        next.push_back(mapping.lookupOrDefault(value));
      yielded.push_back(std::move(next));
    }
    SmallVector<Value> all(ArrayRef(yielded.back()).take_front(carried));
    for (size_t number = carried; number < yielded.front().size(); ++number)
      for (ArrayRef<Value> values : yielded)
        all.push_back(values[number]);
    yield.getValuesMutable().assign(all);
    scan.setUnroll(steps);
  }

  /// Groups stay inside one block: a loop's body is fused like a function.
  void fuse(Block &block) {
    groups_.clear();
    indexOf_.clear();
    fuseGates(block);
    for (auto softmax : block.getOps<nn::SoftmaxOp>())
      placeAttention(softmax);
    for (Operation &op : block)
      if (isGrouped(&op))
        place(&op);
    for (Group &group : groups_)
      if (!group.ops.empty())
        build(group);
  }

  /// An attention is a kernel as a whole or not at all: no part of it shows what it will be.
  void placeAttention(nn::SoftmaxOp softmax) {
    SmallVector<Operation *> ops = attentionOps(softmax);
    std::string reason;
    if (ops.empty() || !templateOf(ops, &attentionTemplate(), reason))
      return;
    for (Operation *op : ops)
      indexOf_[op] = groups_.size();
    groups_.push_back({std::move(ops), &attentionTemplate()});
  }

  void place(Operation *op) {
    if (indexOf_.contains(op))
      return; // came with its siblings
    Group *best = nullptr;
    Join bestJoin;
    for (Value operand : op->getOperands()) {
      Group *group = groupOf(operand);
      if (!group)
        continue;
      Join join = tryJoin(*group, op);
      // Heavy groups first; among equals the later one, whose other operands are computed by then.
      if (join.kernelTemplate && (!best || rank(join.kernelTemplate) <= rank(bestJoin.kernelTemplate))) {
        best = group;
        bestJoin = std::move(join);
      }
    }
    if (!best) {
      std::string reason;
      bestJoin.ops.push_back(op);
      Group group;
      group.kernelTemplate = templateOf(bestJoin.ops, templates_, reason);
      assert(group.kernelTemplate && "the last template takes every op");
      best = &groups_.emplace_back(std::move(group));
    }
    for (Operation *joined : bestJoin.ops) {
      best->ops.push_back(joined);
      indexOf_[joined] = best - groups_.data();
    }
    for (Operation *joined : bestJoin.ops)
      absorbOperands(joined);
  }

  /// Brings loops that end in `op` into its kernel.
  void absorbOperands(Operation *op) {
    for (Value operand : op->getOperands()) {
      size_t index = indexOf_[op];
      Group &group = groups_[index];
      Group *other = groupOf(operand);
      std::string reason;
      if (!other || other == &group || !isLoops(*other) || !endsIn(*other, op) || !joinsLoop(other->ops, op, reason))
        continue;
      SmallVector<Operation *> ops(other->ops);
      llvm::append_range(ops, group.ops);
      llvm::sort(ops, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
      if (!templateOf(ops, group.kernelTemplate, reason)) {
        emitRemark(op->getLoc()) << op->getName() << " does not take in the loops before it: " << reason;
        continue;
      }
      for (Operation *moved : other->ops)
        indexOf_[moved] = index;
      other->ops.clear();
      group.ops = std::move(ops);
    }
  }

  bool isLoops(const Group &group) const { return group.kernelTemplate == templates_.back(); }
  static bool endsIn(const Group &group, Operation *op) {
    return llvm::all_of(group.result().getUsers(), [&](Operation *user) { return user == op; });
  }

  size_t rank(const KernelTemplate *kernelTemplate) const {
    return llvm::find(templates_, kernelTemplate) - templates_.begin();
  }

  Group *groupOf(Value value) {
    auto found = indexOf_.find(value.getDefiningOp());
    if (found == indexOf_.end())
      return nullptr;
    Group &group = groups_[found->second];
    return group.result() == value ? &group : nullptr;
  }

  /// How `op`, or `op` and its siblings, may join the group; says why not.
  Join tryJoin(const Group &group, Operation *op) {
    std::string reason;
    Join join{group.kernelTemplate, {op}};
    if (!endsIn(group, op))
      join.ops = findSiblings(group, op);
    if (join.ops.empty()) {
      reason = "its operand has other uses";
    } else if (!isLoops(group) || joinsLoop(group.ops, op, reason)) {
      SmallVector<Operation *> ops(group.ops);
      llvm::append_range(ops, join.ops);
      if (templateOf(ops, group.kernelTemplate, reason))
        return join;
    }
    emitRemark(op->getLoc()) << op->getName() << " is not fused into the kernel before it: " << reason;
    return {};
  }

  /// Elementwise ops from `op` on, the last of which alone is read by others: all readers of the group's result, as
  /// x * sigmoid(x) has two. Empty when the readers do not meet again soon.
  SmallVector<Operation *> findSiblings(const Group &group, Operation *op) {
    constexpr size_t most = 16;
    llvm::SetVector<Operation *> inside;
    auto isClosed = [&](Value value) {
      return llvm::all_of(value.getUsers(), [&](Operation *user) { return inside.contains(user); });
    };
    auto isInside = [&](Value value) { return value == group.result() || inside.contains(value.getDefiningOp()); };
    Type type = group.result().getType();
    for (Operation *next = op; next && inside.size() < most; next = next->getNextNode()) {
      if (llvm::none_of(next->getOperands(), isInside))
        continue;
      bool fits = nn::isElementwise(next) && !indexOf_.contains(next) &&
                  cast<ShapedType>(next->getResult(0).getType()).getShape() == cast<ShapedType>(type).getShape();
      if (!fits)
        return {};
      inside.insert(next);
      bool othersClosed = llvm::all_of(inside.getArrayRef().drop_back(),
                                       [&](Operation *other) { return isClosed(other->getResult(0)); });
      if (othersClosed && isClosed(group.result()))
        return inside.takeVector();
    }
    return {};
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

  /// Every result of the function must be written by a kernel, into a buffer of its own: inputs, weights, values that
  /// are returned twice, and the next states are copied.
  void giveResultsTheirOwnBytes(func::FuncOp function) {
    auto terminator = cast<func::ReturnOp>(function.getBody().front().getTerminator());
    llvm::SetVector<Value> taken;
    for (OpOperand &operand : terminator->getOpOperands()) {
      Value root = reshapedFrom(operand.get());
      bool written = !nn::isWeightExpression(root) && !isa<BlockArgument>(root);
      // The state is read until the last step that depends on it.
      written &= !function.getResultAttr(operand.getOperandNumber(), nn::kStateAttr);
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

  ArrayRef<const KernelTemplate *> templates_;
  SmallVector<Group> groups_;
  DenseMap<Operation *, size_t> indexOf_;
};

} // namespace
