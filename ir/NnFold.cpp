// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Folders and canonical forms of the nn ops: identities vanish, chains of views become one, small constants are
// computed. Weights are never folded: what is done to them stays an expression, the weight's recipe.
#include "ir/Evaluate.h"
#include "ir/Nn.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace layerc::nn;

/// The value of an op whose operands are all nn.constant, where the result may be a constant too; otherwise null.
static Attribute foldConstants(Operation *op) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  int64_t bytes = llvm::divideCeil(type.getNumElements() * type.getElementTypeBitWidth(), 8);
  bool isConstant = llvm::all_of(op->getOperands(), [](Value v) { return v.getDefiningOp<ConstantOp>() != nullptr; });
  if (!isConstant || bytes > kConstantLimit)
    return {};
  layerc::WeightStore noWeights;
  return layerc::toAttribute(layerc::Evaluator(noWeights).evaluate(op->getResult(0)));
}

static OpFoldResult foldConstantsOrNothing(Operation *op) {
  Attribute value = foldConstants(op);
  return value ? OpFoldResult(value) : OpFoldResult();
}

static bool isSplatOf(Attribute attribute, double number) {
  auto value = dyn_cast_or_null<DenseElementsAttr>(attribute);
  if (!value || !value.isSplat())
    return false;
  if (isa<FloatType>(value.getElementType()))
    return value.getSplatValue<APFloat>().isExactlyValue(number);
  return value.getSplatValue<APInt>().getSExtValue() == static_cast<int64_t>(number) &&
         !value.getElementType().isInteger(1);
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

OpFoldResult UnaryOp::fold(FoldAdaptor) {
  auto producer = getInput().getDefiningOp<UnaryOp>();
  bool same = producer && producer.getFunction() == getFunction();
  if (same && (getFunction() == UnaryFunction::Relu || getFunction() == UnaryFunction::Abs))
    return getInput(); // idempotent
  if (same && (getFunction() == UnaryFunction::Not || getFunction() == UnaryFunction::Neg))
    return producer.getInput(); // its own inverse
  return foldConstantsOrNothing(*this);
}

OpFoldResult BinaryOp::fold(FoldAdaptor operands) {
  bool keepsLhs = getLhs().getType() == getType(), keepsRhs = getRhs().getType() == getType();
  Attribute lhs = operands.getLhs(), rhs = operands.getRhs();
  switch (getFunction()) {
  case BinaryFunction::Add: // x + 0 turns -0 into 0, which compares equal
    if (keepsLhs && isSplatOf(rhs, 0))
      return getLhs();
    if (keepsRhs && isSplatOf(lhs, 0))
      return getRhs();
    break;
  case BinaryFunction::Sub:
    if (keepsLhs && isSplatOf(rhs, 0))
      return getLhs();
    break;
  case BinaryFunction::Mul:
    if (keepsLhs && isSplatOf(rhs, 1))
      return getLhs();
    if (keepsRhs && isSplatOf(lhs, 1))
      return getRhs();
    break;
  case BinaryFunction::Div:
  case BinaryFunction::Pow:
    if (keepsLhs && isSplatOf(rhs, 1))
      return getLhs();
    break;
  default:
    break;
  }
  return foldConstantsOrNothing(*this);
}

OpFoldResult CastOp::fold(FoldAdaptor) {
  if (getInput().getType() == getType())
    return getInput();
  return foldConstantsOrNothing(*this);
}

OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  if (getInput().getType() == getType())
    return getInput();
  return foldConstantsOrNothing(*this);
}

OpFoldResult TransposeOp::fold(FoldAdaptor) {
  if (llvm::equal(getPermutation(), llvm::seq<int64_t>(0, getPermutation().size())))
    return getInput();
  return foldConstantsOrNothing(*this);
}

OpFoldResult BroadcastOp::fold(FoldAdaptor) {
  if (getInput().getType() == getType())
    return getInput();
  return foldConstantsOrNothing(*this);
}

OpFoldResult PadOp::fold(FoldAdaptor) {
  if (getInput().getType() == getType()) // sizes only grow, so all pads are 0
    return getInput();
  return foldConstantsOrNothing(*this);
}

OpFoldResult SliceOp::fold(FoldAdaptor) {
  if (getInput().getType() == getType()) // C2 of nn.slice: all sizes kept means starts of 0 and strides of 1
    return getInput();
  return foldConstantsOrNothing(*this);
}

OpFoldResult ConcatOp::fold(FoldAdaptor) {
  if (getInputs().size() == 1)
    return getInputs().front();
  return foldConstantsOrNothing(*this);
}

namespace {

/// reshape(reshape(x)) -> reshape(x)
struct MergeReshapes : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op, PatternRewriter &rewriter) const override {
    auto producer = op.getInput().getDefiningOp<ReshapeOp>();
    if (!producer)
      return failure();
    Location location = rewriter.getFusedLoc({producer.getLoc(), op.getLoc()});
    Value merged = rewriter.create<ReshapeOp>(location, producer.getInput(), op.getType().getShape());
    rewriter.replaceOp(op, merged);
    return success();
  }
};

/// transpose(transpose(x)) -> transpose(x)
struct MergeTransposes : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    auto producer = op.getInput().getDefiningOp<TransposeOp>();
    if (!producer)
      return failure();
    SmallVector<int64_t> permutation;
    for (int64_t dimension : op.getPermutation())
      permutation.push_back(producer.getPermutation()[dimension]);
    Location location = rewriter.getFusedLoc({producer.getLoc(), op.getLoc()});
    Value merged = rewriter.create<TransposeOp>(location, producer.getInput(), permutation);
    rewriter.replaceOp(op, merged);
    return success();
  }
};

/// The dimensions of more than one element, in the order a permutation leaves them.
static SmallVector<int64_t> movedDimensions(TransposeOp op) {
  SmallVector<int64_t> moved;
  for (int64_t dimension : op.getPermutation())
    if (op.getInput().getType().getDimSize(dimension) != 1)
      moved.push_back(dimension);
  return moved;
}

/// A transpose that only moves dimensions of size 1 -> reshape, which is free.
struct TransposeToReshape : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    if (!llvm::is_sorted(movedDimensions(op)))
      return failure();
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getInput(), op.getType().getShape());
    return success();
  }
};

} // namespace

void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<MergeReshapes>(context);
}

void TransposeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<MergeTransposes, TransposeToReshape>(context);
}
