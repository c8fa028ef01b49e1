// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nn-fold-affine: a convolution or contraction with an affine of its channels after or before it becomes one with other
// weights. (x * k + b) * s + t = x * (k s) + (b s + t) and (x s + t) * k = x * (s k) + t * k; all new terms are
// recipes.
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
  if (weight.getRank() == 0 || result.getRank() == 0)
    return {};
  if (auto contract = dyn_cast<nn::ContractOp>(op)) {
    int64_t last = weight.getRank() - 1;
    if (llvm::is_contained(contract.getRhsContracting(), last) ||
        llvm::is_contained(contract.getRhsBatch().value_or(ArrayRef<int64_t>()), last))
      return {};
  }
  return weight.getShape().back() == result.getShape().back() ? op->getOperand(1) : Value();
}

/// The channel-wise constant that `op` adds to a single-use value, or null.
Value addedBias(nn::BinaryOp op) {
  if (!op || op.getFunction() != nn::BinaryFunction::Add || !op->hasOneUse() || !nn::isWeightExpression(op.getRhs()))
    return {};
  auto type = cast<RankedTensorType>(op.getRhs().getType());
  bool perChannel = type.getRank() >= 1 && type.getNumElements() == type.getShape().back() &&
                    type.getShape().back() == cast<RankedTensorType>(op.getType()).getShape().back();
  return perChannel ? op.getRhs() : Value();
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

/// Shape in which a vector of input channels multiplies the weight of `op`, or nullopt where an affine of the input
/// cannot be folded: padding would put zeros where the affine has put its shift.
std::optional<SmallVector<int64_t>> inputChannelShape(Operation *op) {
  auto input = cast<RankedTensorType>(op->getOperand(0).getType());
  int64_t channels = input.getRank() == 0 ? 0 : input.getShape().back();
  if (auto conv = dyn_cast<nn::ConvOp>(op)) {
    for (int64_t d = 0; d < conv.spatialRank(); ++d)
      if (conv.padLow(d) != 0 || conv.padHigh(d) != 0)
        return std::nullopt;
    int64_t groups = conv.getGroups(), filters = conv.getType().getShape().back();
    if (groups == 1)
      return SmallVector<int64_t>{channels, 1};
    return groups == channels && filters == channels ? std::optional(SmallVector<int64_t>{channels}) : std::nullopt;
  }
  auto contract = dyn_cast<nn::ContractOp>(op);
  bool isDense = contract && (!contract.getLhsBatch() || contract.getLhsBatch()->empty()) &&
                 contract.getLhsContracting() == ArrayRef<int64_t>{input.getRank() - 1} &&
                 contract.getRhsContracting() == ArrayRef<int64_t>{0} &&
                 cast<RankedTensorType>(contract.getRhs().getType()).getRank() == 2;
  return isDense ? std::optional(SmallVector<int64_t>{channels, 1}) : std::nullopt;
}

/// linear(affine(x)) -> add(linear(x), bias)
struct FoldAffineBefore : RewritePattern {
  explicit FoldAffineBefore(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isa<nn::ConvOp, nn::ContractOp>(op))
      return rewriter.notifyMatchFailure(op, "no convolution or contraction");
    auto affine = op->getOperand(0).getDefiningOp<nn::AffineOp>();
    Value weight = op->getOperand(1);
    if (!affine || !affine->hasOneUse() || nn::isWeightExpression(affine) || !nn::isWeightExpression(weight) ||
        !nn::isWeightExpression(affine.getScale()) || !nn::isWeightExpression(affine.getShift()))
      return rewriter.notifyMatchFailure(op, "no affine by weights before it");
    std::optional<SmallVector<int64_t>> shape = inputChannelShape(op);
    if (!shape || affine.getAxis() + 1 != static_cast<uint64_t>(affine.getType().getRank()))
      return rewriter.notifyMatchFailure(op, "the affine does not fold into the weights exactly");
    Location location = rewriter.getFusedLoc({affine.getLoc(), op->getLoc()});
    auto timesWeight = [&](Value vector) -> Value {
      Value factor = rewriter.createOrFold<nn::ReshapeOp>(location, vector, *shape);
      return rewriter.create<nn::BinaryOp>(location, nn::BinaryFunction::Mul, weight, factor);
    };
    auto allButLast = llvm::to_vector(llvm::seq<int64_t>(0, cast<RankedTensorType>(weight.getType()).getRank() - 1));
    Value bias =
        rewriter.create<nn::ReduceOp>(location, nn::ReduceFunction::Sum, timesWeight(affine.getShift()), allButLast);
    IRMapping mapping;
    mapping.map(affine.getResult(), affine.getInput());
    mapping.map(weight, timesWeight(affine.getScale()));
    Operation *scaled = rewriter.clone(*op, mapping);
    scaled->setLoc(location);
    rewriter.replaceOpWithNewOp<nn::BinaryOp>(op, nn::BinaryFunction::Add, scaled->getResult(0), bias);
    return success();
  }
};

/// affine(affine(x)) -> affine(x)
struct MergeAffines : OpRewritePattern<nn::AffineOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::AffineOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<nn::AffineOp>();
    if (!inner || !inner->hasOneUse() || inner.getAxis() != op.getAxis())
      return rewriter.notifyMatchFailure(op, "no affine of the same axis before it");
    for (Value factor : {op.getScale(), op.getShift(), inner.getScale(), inner.getShift()})
      if (!nn::isWeightExpression(factor))
        return rewriter.notifyMatchFailure(op, "scale or shift is computed");
    Location location = rewriter.getFusedLoc({inner.getLoc(), op.getLoc()});
    auto binary = [&](nn::BinaryFunction function, Value lhs, Value rhs) -> Value {
      return rewriter.create<nn::BinaryOp>(location, function, lhs, rhs);
    };
    Value scale = binary(nn::BinaryFunction::Mul, inner.getScale(), op.getScale());
    Value shift = binary(nn::BinaryFunction::Add, binary(nn::BinaryFunction::Mul, inner.getShift(), op.getScale()),
                         op.getShift());
    rewriter.replaceOp(op, rewriter.create<nn::AffineOp>(location, inner.getInput(), scale, shift, op.getAxis()));
    return success();
  }
};

struct NnFoldAffine : layerc::impl::NnFoldAffineBase<NnFoldAffine> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FoldAffine, FoldAffineBefore, MergeAffines>(&getContext());
    if (failed(applyPatternsAndFoldGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
