// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See FuseWhole.h.
#include "passes/FuseWhole.h"

#include "ir/kernels/Scan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace layerc;

/// Ops of a net that may be small; more are not looked at.
static constexpr size_t kMostOps = 256;

static bool isOfArguments(Value value) {
  auto reshape = value.getDefiningOp<nn::ReshapeOp>();
  return reshape ? isOfArguments(reshape.getInput()) : isa<BlockArgument>(value);
}
static bool isReturned(Value value) {
  return llvm::all_of(value.getUsers(), [](Operation *user) {
    return isa<func::ReturnOp>(user) || (isa<nn::ReshapeOp>(user) && isReturned(user->getResult(0)));
  });
}

/// Whether the matrices of all products are known when weights are packed.
static bool areWeights(nn::KernelOp kernel) {
  return !kernel
              .walk([&](nn::ContractOp product) {
                auto argument = cast<BlockArgument>(product.getRhs());
                return nn::isWeightExpression(kernel.getInputs()[argument.getArgNumber()]) ? WalkResult::advance()
                                                                                           : WalkResult::interrupt();
              })
              .wasInterrupted();
}

static bool isConstantExpression(Value value) {
  Operation *op = value.getDefiningOp();
  return op && nn::isWeightExpression(value) && !isa<nn::WeightOp>(op) &&
         llvm::all_of(op->getOperands(), isConstantExpression);
}

static void cloneConstants(Value value, IRMapping &mapping, OpBuilder &builder) {
  if (mapping.contains(value))
    return;
  for (Value operand : value.getDefiningOp()->getOperands())
    cloneConstants(operand, mapping, builder);
  builder.clone(*value.getDefiningOp(), mapping);
}

bool layerc::takeAsKernel(ArrayRef<Operation *> ops, ArrayRef<Value> results, Operation *before,
                          const KernelTemplate &kernelTemplate) {
  OpBuilder builder(before);
  auto isInside = [&](Operation *op) {
    return llvm::any_of(ops, [&](Operation *outer) { return outer->isAncestor(op); });
  };
  llvm::SetVector<Value> outside;
  for (Operation *op : ops)
    op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (!isInside(operand.getParentBlock()->getParentOp()) &&
            !(operand.getDefiningOp() && isInside(operand.getDefiningOp())))
          outside.insert(operand);
    });
  SmallVector<Value> operands;
  llvm::copy_if(outside, std::back_inserter(operands), [](Value value) { return !isConstantExpression(value); });
  SmallVector<Location> locations;
  for (Operation *op : ops)
    locations.push_back(op->getLoc());
  OperationState state(builder.getFusedLoc(locations), nn::KernelOp::getOperationName());
  state.addOperands(operands);
  state.addTypes(ValueRange(results).getTypes());
  Block &body = state.addRegion()->emplaceBlock();
  auto kernel = cast<nn::KernelOp>(builder.create(state));
  IRMapping mapping;
  for (Value operand : operands)
    mapping.map(operand, body.addArgument(operand.getType(), operand.getLoc()));
  builder.setInsertionPointToStart(&body);
  for (Value value : outside)
    cloneConstants(value, mapping, builder);
  for (Operation *op : ops)
    builder.clone(*op, mapping);
  SmallVector<Value> yielded;
  for (Value result : results)
    yielded.push_back(mapping.lookup(result));
  builder.create<nn::YieldOp>(kernel.getLoc(), yielded);
  std::string reason;
  bool isTaken = kernelTemplate.accepts(body, reason);
  if (isTaken && !areWeights(kernel))
    isTaken = (reason = "a product of two activations", false);
  if (!isTaken) {
    if (isa<nn::ScanOp>(ops.front()))
      emitRemark(kernel.getLoc()) << "is no kernel as a whole: " << reason;
    kernel.erase();
    return false;
  }
  for (auto [number, output] : llvm::enumerate(kernel.getOutputs()))
    Value(results[number]).replaceAllUsesWith(output);
  for (Operation *op : llvm::reverse(ops))
    op->erase();
  return true;
}

bool layerc::fuseScan(nn::ScanOp scan) {
  SmallVector<Value> results;
  llvm::copy_if(scan.getOutputs(), std::back_inserter(results), [](Value result) { return !result.use_empty(); });
  return takeAsKernel({scan}, results, scan, scanTemplate());
}

bool layerc::fuseSmallNet(Block &block) {
  SmallVector<Operation *> ops;
  for (Operation &op : block.without_terminator())
    if (op.getNumResults() != 1 || !nn::isWeightExpression(op.getResult(0)))
      if (!isa<nn::ReshapeOp>(op) || !(isOfArguments(op.getResult(0)) || isReturned(op.getResult(0))))
        ops.push_back(&op);
  if (ops.size() > kMostOps)
    return false;
  SmallVector<Value> results;
  for (Operation *op : ops) {
    if (op->getNumRegions() != 0)
      return false;
    bool leaves = llvm::any_of(op->getUsers(), [&](Operation *user) { return !llvm::is_contained(ops, user); });
    if (leaves)
      llvm::append_range(results, op->getResults());
  }
  if (results.empty() || !takeAsKernel(ops, results, block.getTerminator(), scanTemplate()))
    return false;
  for (Operation &op : llvm::make_early_inc_range(block.without_terminator()))
    if (isa<nn::ReshapeOp>(op) && isReturned(op.getResult(0)))
      op.moveBefore(block.getTerminator());
  return true;
}
