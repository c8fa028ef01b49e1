// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nn-hoist-scan: what does not depend on the carried values is computed before the loop, for all steps at once. Heavy
// ops decide: they take what they read with them and what is added to their result; cheap ops alone stay in the loop.
// Where the results of all steps would need more memory than the layers one by one, the loop becomes one over runs of
// steps, and each run is preceded by what its own steps need.
#include "passes/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

namespace layerc {
#define GEN_PASS_DEF_NNHOISTSCAN
#include "passes/Passes.h.inc"
} // namespace layerc

using namespace mlir;
using namespace layerc;

namespace {

ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

SmallVector<int64_t> prepended(int64_t first, ArrayRef<int64_t> rest) {
  SmallVector<int64_t> all{first};
  llvm::append_range(all, rest);
  return all;
}

SmallVector<int64_t> shifted(ArrayRef<int64_t> dimensions) {
  return llvm::map_to_vector(dimensions, [](int64_t dimension) { return dimension + 1; });
}

/// Computes values of a scan's body for all its steps: a value of shape [...] becomes one of shape [steps, ...].
class Lifter {
public:
  explicit Lifter(nn::ScanOp scan) : scan_(scan), builder_(scan) {
    for (auto [slice, sequence] : llvm::zip(scan.slices(), scan.getSequences()))
      lifted_[slice] = sequence;
  }

  /// Whether `op` of the body is computed before the loop as well.
  bool isLifted(Operation *op) const { return op->getNumResults() == 1 && lifted_.contains(op->getResult(0)); }

  /// `value` for all steps, or null where that is not possible.
  Value lift(Value value) {
    if (auto known = lifted_.find(value); known != lifted_.end())
      return known->second;
    Operation *op = value.getDefiningOp();
    if (!op || op->getBlock() != &scan_.getBody().front())
      return {};
    Value result = llvm::TypeSwitch<Operation *, Value>(op)
                       .Case<nn::ContractOp, nn::ConvOp, nn::ReshapeOp, nn::TransposeOp, nn::SliceOp, nn::AffineOp>(
                           [&](auto nnOp) { return liftOp(nnOp); })
                       .Case<nn::UnaryOp, nn::BinaryOp, nn::SelectOp, nn::CastOp>(
                           [&](Operation *elementwise) { return liftElementwise(elementwise); })
                       .Default(Value());
    if (result)
      lifted_[value] = result;
    return result;
  }

  /// True for values that are the same in every step.
  bool isOutside(Value value) { return value.getParentRegion()->isProperAncestor(&scan_.getBody()); }

private:
  template <class Op, class... Arguments> Value create(Operation *like, Arguments &&...arguments) {
    return builder_.create<Op>(like->getLoc(), std::forward<Arguments>(arguments)...);
  }

  Value liftOp(nn::ContractOp op) {
    bool isBatched = op.getLhsBatch() && !op.getLhsBatch()->empty();
    Value lhs = isBatched || !isOutside(op.getRhs()) ? Value() : lift(op.getLhs());
    return lhs ? create<nn::ContractOp>(op, lhs, op.getRhs(), DenseI64ArrayAttr(), DenseI64ArrayAttr(),
                                        shifted(op.getLhsContracting()), op.getRhsContracting())
               : Value();
  }

  /// The steps are further images of the batch.
  Value liftOp(nn::ConvOp op) {
    Value input = isOutside(op.getKernel()) ? lift(op.getInput()) : Value();
    if (!input)
      return {};
    SmallVector<int64_t> folded(shapeOf(op.getInput()));
    folded.front() *= scan_.steps();
    Value images = create<nn::ReshapeOp>(op, input, folded);
    Value result = create<nn::ConvOp>(op, images, op.getKernel(), op.getStridesAttr(), op.getPadsAttr(),
                                      op.getDilationsAttr(), op.getGroupsAttr());
    return create<nn::ReshapeOp>(op, result, prepended(scan_.steps(), op.getType().getShape()));
  }

  Value liftOp(nn::ReshapeOp op) {
    Value input = lift(op.getInput());
    return input ? create<nn::ReshapeOp>(op, input, prepended(scan_.steps(), op.getType().getShape())) : Value();
  }

  Value liftOp(nn::TransposeOp op) {
    Value input = lift(op.getInput());
    return input ? create<nn::TransposeOp>(op, input, prepended(0, shifted(op.getPermutation()))) : Value();
  }

  Value liftOp(nn::SliceOp op) {
    Value input = lift(op.getInput());
    if (!input)
      return {};
    DenseI64ArrayAttr strides;
    if (op.getStrides())
      strides = builder_.getDenseI64ArrayAttr(prepended(1, *op.getStrides()));
    return create<nn::SliceOp>(op, input, prepended(0, op.getStarts()),
                               prepended(scan_.steps(), op.getType().getShape()), strides);
  }

  Value liftOp(nn::AffineOp op) {
    Value input = isOutside(op.getScale()) && isOutside(op.getShift()) ? lift(op.getInput()) : Value();
    return input ? create<nn::AffineOp>(op, input, op.getScale(), op.getShift(), op.getAxis() + 1) : Value();
  }

  /// Operands of lower rank are aligned at the end, so lifted ones get the dimensions that they lack behind the steps.
  Value liftElementwise(Operation *op) {
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      Value whole = isOutside(operand) ? operand : lift(operand);
      if (!whole)
        return {};
      if (whole != operand && static_cast<int64_t>(shapeOf(operand).size()) < type.getRank()) {
        SmallVector<int64_t> shape(type.getRank() + 1 - shapeOf(operand).size(), 1);
        shape.front() = scan_.steps();
        llvm::append_range(shape, shapeOf(operand));
        whole = create<nn::ReshapeOp>(op, whole, shape);
      }
      operands.push_back(whole);
    }
    OperationState state(op->getLoc(), op->getName(), operands, type.clone(prepended(scan_.steps(), type.getShape())),
                         op->getAttrs());
    return builder_.create(state)->getResult(0);
  }

  nn::ScanOp scan_;
  OpBuilder builder_;
  DenseMap<Value, Value> lifted_;
};

int64_t bytesOf(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return static_cast<int64_t>(llvm::alignTo(type.getNumElements() * type.getElementTypeBitWidth() / 8, 64));
}

/// The last op of the block of `op` that reads `value`, or a reshape of it.
Operation *lastReader(Value value, Block &block) {
  Operation *last = nullptr;
  for (Operation *user : value.getUsers()) {
    Operation *reader = block.findAncestorOpInBlock(*user);
    if (isa<nn::ReshapeOp>(user))
      if (Operation *further = lastReader(user->getResult(0), block))
        reader = further;
    if (!last || last->isBeforeInBlock(reader))
      last = reader;
  }
  return last;
}

/// Bytes of values other than the function's operands and results that are there while `scan` runs.
int64_t bytesAround(nn::ScanOp scan, func::FuncOp function) {
  Block &block = function.getBody().front();
  Operation *whole = block.findAncestorOpInBlock(*scan);
  int64_t bytes = 0;
  for (Operation &op : block) {
    if (isa<nn::ReshapeOp>(op) || (whole->isBeforeInBlock(&op) && &op != whole))
      continue;
    for (Value value : op.getResults())
      if (Operation *last = lastReader(value, block);
          last && !nn::isWeightExpression(value) && !last->isBeforeInBlock(whole) && last != block.getTerminator())
        bytes += bytesOf(value);
  }
  if (whole != scan)
    whole->walk([&](Operation *op) { // loops around it: all of their values, to be safe
      if (op != whole && op != scan && !scan->isAncestor(op))
        for (Value value : op->getResults())
          bytes += nn::isWeightExpression(value) ? 0 : bytesOf(value);
    });
  return bytes;
}

/// How many steps to compute ahead: all of them, or a divisor of their number for which the memory suffices; 1 where
/// none does.
int64_t stepsAhead(nn::ScanOp scan) {
  // Rows that share one pass over the weights, from which on further ones gain little, and the bytes of results that
  // still find room beside the weights in the second-level cache.
  constexpr int64_t enough = 8, mostBytes = 1 << 20;
  auto function = scan->getParentOfType<func::FuncOp>();
  auto unfused = function->getAttrOfType<IntegerAttr>("nn.unfused");
  SmallVector<Operation *> projections = scan.projections();
  if (projections.empty() || scan.getInitials().empty())
    return scan.steps();
  int64_t ahead = 0, current = 0, made = 0, products = 0;
  for (Operation *op : projections)
    ahead += bytesOf(op->getResult(0));
  for (Value initial : scan.getInitials())
    current += bytesOf(initial);
  scan.getBody().walk([&](Operation *op) {
    if (isa<nn::ContractOp, nn::ConvOp>(op) && !llvm::is_contained(projections, op)) {
      made += bytesOf(op->getResult(0));
      ++products;
    }
  });
  // The next values, and what they are computed from: the gates of an only product are combined before they are stored.
  int64_t needed = 2 * current + (products > 1 ? made : 0);
  int64_t left = unfused ? unfused.getInt() - bytesAround(scan, function) - needed : mostBytes;
  auto longest = [&](int64_t bytes) {
    int64_t steps = scan.steps();
    if (steps * ahead <= bytes)
      return steps;
    do // a loop over runs has current values of its own
      --steps;
    while (steps > 1 && (scan.steps() % steps != 0 || steps * ahead > bytes - current));
    return std::max<int64_t>(1, steps);
  };
  int64_t cached = longest(std::min(left, mostBytes));
  return cached < enough ? longest(left) : cached;
}

void moveInvariantsOut(nn::ScanOp scan) {
  for (Operation &op : llvm::make_early_inc_range(scan.getBody().front().without_terminator()))
    if (op.getNumRegions() == 0 && llvm::all_of(op.getOperands(), [&](Value operand) {
          return operand.getParentRegion()->isProperAncestor(&scan.getBody());
        }))
      op.moveBefore(scan);
}

/// Values of the body that come before the loop: results of heavy ops, and of the elementwise ops behind them.
SmallVector<Value> liftHeavyOps(nn::ScanOp scan, Lifter &lifter) {
  SmallVector<Operation *> projections = scan.projections();
  llvm::SetVector<Value> lifted;
  for (Operation &op : scan.getBody().front().without_terminator()) {
    bool follows = nn::isElementwise(&op) && llvm::any_of(op.getOperands(), [&](Value operand) {
                     return lifted.contains(operand) && shapeOf(operand) == shapeOf(op.getResult(0));
                   });
    if ((follows || llvm::is_contained(projections, &op)) && lifter.lift(op.getResult(0)))
      lifted.insert(op.getResult(0));
  }
  return lifted.takeVector();
}

/// Replaces `value` of the body by a slice of `sequence`.
void replaceBySlice(nn::ScanOp scan, Value value, Value sequence) {
  unsigned number = scan.getSequences().size();
  BlockArgument slice = scan.getBody().insertArgument(number, value.getType(), value.getLoc());
  scan.getSequencesMutable().append(sequence);
  value.replaceAllUsesWith(slice);
}

/// Drops sequences whose slices nobody reads, but for the last one: it counts the steps.
void dropUnreadSequences(nn::ScanOp scan) {
  for (unsigned number = scan.getSequences().size(); number-- > 0;)
    if (scan.getBody().getArgument(number).use_empty() && scan.getSequences().size() > 1) {
      scan.getBody().eraseArgument(number);
      scan.getSequencesMutable().erase(number);
    }
}

/// Makes `scan` a loop over runs of `steps` steps, each of them a loop of its own, which is returned.
nn::ScanOp splitIntoRuns(nn::ScanOp scan, int64_t steps) {
  OpBuilder builder(scan);
  int64_t runs = scan.steps() / steps;
  auto inRuns = [&](Value value) { return prepended(runs, prepended(steps, shapeOf(value).drop_front())); };
  OperationState state(scan.getLoc(), nn::ScanOp::getOperationName());
  for (Value sequence : scan.getSequences())
    state.addOperands(builder.create<nn::ReshapeOp>(scan.getLoc(), sequence, inRuns(sequence)).getResult());
  state.addOperands(scan.getInitials());
  state.addAttributes(scan->getAttrs());
  state.addTypes(scan.lastValues().getTypes());
  for (Value stacked : scan.stacked())
    state.addTypes(cast<RankedTensorType>(stacked.getType()).clone(inRuns(stacked)));
  Block &body = state.addRegion()->emplaceBlock();
  size_t sequences = scan.getSequences().size();
  for (auto [number, operand] : llvm::enumerate(state.operands)) {
    auto type = cast<RankedTensorType>(operand.getType());
    body.addArgument(number < sequences ? type.clone(type.getShape().drop_front()) : type, scan.getLoc());
  }
  auto outer = cast<nn::ScanOp>(builder.create(state));
  builder.setInsertionPointToStart(&body);
  auto inner = cast<nn::ScanOp>(builder.clone(*scan));
  inner->setOperands(body.getArguments());
  for (OpResult stacked : inner.stacked())
    stacked.setType(cast<RankedTensorType>(stacked.getType()).clone(prepended(steps, shapeOf(stacked).drop_front())));
  builder.create<nn::YieldOp>(scan.getLoc(), inner.getOutputs());
  builder.setInsertionPointAfter(outer);
  for (auto [number, result] : llvm::enumerate(scan.getOutputs())) {
    Value replacement = outer.getOutputs()[number];
    if (number >= scan.carriedCount())
      replacement = builder.create<nn::ReshapeOp>(scan.getLoc(), replacement, shapeOf(result));
    result.replaceAllUsesWith(replacement);
  }
  scan.erase();
  return inner;
}

/// A scan of one step is its body.
void inlineOnlyStep(nn::ScanOp scan) {
  OpBuilder builder(scan);
  SmallVector<Value> arguments, results;
  for (auto [slice, sequence] : llvm::zip(scan.slices(), scan.getSequences()))
    arguments.push_back(builder.create<nn::ReshapeOp>(scan.getLoc(), sequence, shapeOf(slice)));
  llvm::append_range(arguments, scan.getInitials());
  nn::YieldOp yield = scan.yield();
  Block &body = scan.getBody().front();
  scan->getBlock()->getOperations().splice(scan->getIterator(), body.getOperations(), body.begin(),
                                           yield->getIterator());
  for (auto [argument, value] : llvm::zip(body.getArguments(), arguments))
    argument.replaceAllUsesWith(value);
  for (auto [number, value] : llvm::enumerate(yield.getValues())) {
    bool isStacked = number >= scan.carriedCount();
    results.push_back(isStacked ? builder.create<nn::ReshapeOp>(scan.getLoc(), value, prepended(1, shapeOf(value)))
                                : value);
  }
  scan->replaceAllUsesWith(results);
  scan.erase();
}

struct NnHoistScan : layerc::impl::NnHoistScanBase<NnHoistScan> {
  void runOnOperation() override {
    SmallVector<nn::ScanOp> scans;
    getOperation().walk([&](nn::ScanOp scan) {
      if (scan.getUnroll() == 1)
        scans.push_back(scan);
    });
    for (nn::ScanOp scan : scans)
      scan.steps() == 1 ? inlineOnlyStep(scan) : hoist(scan);
  }

  static void hoist(nn::ScanOp scan) {
    moveInvariantsOut(scan);
    int64_t steps = stepsAhead(scan);
    if (steps == 1)
      return;
    if (steps != scan.steps())
      scan = splitIntoRuns(scan, steps);
    Lifter lifter(scan);
    for (Value value : liftHeavyOps(scan, lifter))
      if (llvm::any_of(value.getUsers(), [&](Operation *user) { return !lifter.isLifted(user); }))
        replaceBySlice(scan, value, lifter.lift(value));
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(scan.getBody().front())))
      if (op.use_empty() && !isa<nn::YieldOp>(op))
        op.erase();
    dropUnreadSequences(scan);
  }
};

} // namespace
