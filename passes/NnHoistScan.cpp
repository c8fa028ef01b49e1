// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nn-hoist-scan: what does not depend on the carried values is computed before the loop, for all steps at once. Heavy
// ops decide: they take what they read with them and what is added to their result; cheap ops alone stay in the loop.
#include "passes/Passes.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

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

bool isHeavy(Operation *op) { return isa<nn::ContractOp, nn::ConvOp>(op); }

void moveInvariantsOut(nn::ScanOp scan) {
  for (Operation &op : llvm::make_early_inc_range(scan.getBody().front().without_terminator()))
    if (op.getNumRegions() == 0 && llvm::all_of(op.getOperands(), [&](Value operand) {
          return operand.getParentRegion()->isProperAncestor(&scan.getBody());
        }))
      op.moveBefore(scan);
}

/// Values of the body that come before the loop: results of heavy ops, and of the elementwise ops behind them.
SmallVector<Value> liftHeavyOps(nn::ScanOp scan, Lifter &lifter) {
  llvm::SetVector<Value> lifted;
  for (Operation &op : scan.getBody().front().without_terminator()) {
    bool follows = nn::isElementwise(&op) && llvm::any_of(op.getOperands(), [&](Value operand) {
                     return lifted.contains(operand) && shapeOf(operand) == shapeOf(op.getResult(0));
                   });
    if ((isHeavy(&op) || follows) && lifter.lift(op.getResult(0)))
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
    getOperation().walk([](nn::ScanOp scan) { scan.steps() == 1 ? inlineOnlyStep(scan) : hoist(scan); });
  }

  static void hoist(nn::ScanOp scan) {
    moveInvariantsOut(scan);
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
