// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nn-fold-affine: a convolution or contraction followed by an affine of its channels becomes one with other weights.
// (x * k + b) * s + t = x * (k s) + (b s + t); both parentheses are weight recipes.
#include "passes/Passes.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace layerc {
#define GEN_PASS_DEF_NNFOLDAFFINE
#include "passes/Passes.h.inc"
} // namespace layerc

using namespace mlir;
using namespace layerc;

namespace {

/// The weight of a linear op whose last dimension is the channels of the result, or null.
Value scalableWeight(Operation *op) {
  if (!isa_and_present<nn::ConvOp, nn::ConvTransposeOp, nn::ContractOp>(op) || !op->hasOneUse() ||
      !nn::isWeightExpression(op->getOperand(1)))
    return {};
  auto result = cast<RankedTensorType>(op->getResult(0).getType());
  auto weight = cast<RankedTensorType>(op->getOperand(1).getType());
  if (auto contract = dyn_cast<nn::ContractOp>(op); contract && contract.getRhsContracting().back() == weight.getRank() - 1)
    return {};
  return weight.getShape().back() == result.getShape().back() ? op->getOperand(1) : Value();
}

/// The channel-wise constant that `op` adds to a single-use value, or null.
Value addedBias(nn::BinaryOp op) {
  if (!op || op.getFunction() != nn::BinaryFunction::Add || !op->hasOneUse() || !nn::isWeightExpression(op.getRhs()))
    return {};
  auto type = cast<RankedTensorType>(op.getRhs().getType());
  bool perChannel = type.getNumElements() == type.getShape().back() &&
                    type.getShape().back() == cast<RankedTensorType>(op.getType()).getShape().back();
  return type.getRank() >= 1 && perChannel ? op.getRhs() : Value();
}

struct FoldAffine : OpRewritePattern<nn::AffineOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::AffineOp op, PatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op.getType());
    if (op.getAxis() != static_cast<uint64_t>(type.getRank() - 1))
      return rewriter.notifyMatchFailure(op, "the axis is not the last");
    if (!nn::isWeightExpression(op.getScale()) || !nn::isWeightExpression(op.getShift()))
      return rewriter.notifyMatchFailure(op, "scale or shift is computed");
    Value input = op.getInput();
    Value bias = addedBias(input.getDefiningOp<nn::BinaryOp>());
    if (bias)
      input = input.getDefiningOp<nn::BinaryOp>().getLhs();
    Operation *linear = input.getDefiningOp();
    Value weight = scalableWeight(linear);
    if (!weight)
      return rewriter.notifyMatchFailure(op, "no convolution or contraction of its own before it");
    Location location = rewriter.getFusedLoc({input.getLoc(), op.getLoc()});
    auto binary = [&](nn::BinaryFunction function, Value lhs, Value rhs) -> Value {
      return rewriter.create<nn::BinaryOp>(location, function, lhs, rhs);
    };
    Value shift = op.getShift();
    if (bias) {
      int64_t channels = type.getShape().back();
      Value flat = rewriter.createOrFold<nn::ReshapeOp>(location, bias, ArrayRef<int64_t>{channels});
      shift = binary(nn::BinaryFunction::Add, binary(nn::BinaryFunction::Mul, flat, op.getScale()), shift);
    }
    IRMapping mapping;
    mapping.map(weight, binary(nn::BinaryFunction::Mul, weight, op.getScale()));
    Operation *scaled = rewriter.clone(*linear, mapping);
    scaled->setLoc(location);
    rewriter.replaceOp(op, binary(nn::BinaryFunction::Add, scaled->getResult(0), shift));
    return success();
  }
};

struct NnFoldAffine : layerc::impl::NnFoldAffineBase<NnFoldAffine> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FoldAffine>(&getContext());
    if (failed(applyPatternsAndFoldGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
