// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nn-simplify: canonicalisation to a fixed point. Transposes sink towards the results until they meet their inverse.
#include "passes/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace layerc {
#define GEN_PASS_DEF_NNSIMPLIFY
#include "passes/Passes.h.inc"
} // namespace layerc

using namespace mlir;
using namespace layerc;

namespace {

SmallVector<int64_t> inverse(ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> result(permutation.size());
  for (auto [to, from] : llvm::enumerate(permutation))
    result[from] = to;
  return result;
}

int64_t rankOf(Value value) { return cast<RankedTensorType>(value.getType()).getRank(); }

/// op(transpose(a), transpose(b), small) -> transpose(op(a, b, small')) for elementwise ops. Operands that are no
/// transposes must be scalars or weights, which are transposed back instead.
struct SinkTranspose : RewritePattern {
  explicit SinkTranspose(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isa<nn::UnaryOp, nn::BinaryOp, nn::SelectOp, nn::CastOp>(op))
      return rewriter.notifyMatchFailure(op, "not elementwise");
    nn::TransposeOp transpose;
    for (Value operand : op->getOperands())
      if (auto found = operand.getDefiningOp<nn::TransposeOp>(); found && !nn::isWeightExpression(operand))
        transpose = transpose ? transpose : found;
    if (!transpose || rankOf(transpose) != rankOf(op->getResult(0)))
      return rewriter.notifyMatchFailure(op, "no transposed operand");
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      auto other = operand.getDefiningOp<nn::TransposeOp>();
      if (other && other.getPermutation() == transpose.getPermutation())
        operands.push_back(other.getInput());
      else if (rankOf(operand) == 0)
        operands.push_back(operand);
      else if (nn::isWeightExpression(operand))
        operands.push_back(turnedBack(operand, transpose, rewriter));
      else
        return rewriter.notifyMatchFailure(op, "an operand is not transposed alike");
    }
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    SmallVector<int64_t> shape;
    for (int64_t d : inverse(transpose.getPermutation()))
      shape.push_back(type.getDimSize(d));
    OperationState state(op->getLoc(), op->getName(), operands, {RankedTensorType::get(shape, type.getElementType())},
                         op->getAttrs());
    Operation *moved = rewriter.create(state);
    rewriter.replaceOpWithNewOp<nn::TransposeOp>(op, moved->getResult(0), transpose.getPermutation());
    return success();
  }

  static Value turnedBack(Value operand, nn::TransposeOp transpose, PatternRewriter &rewriter) {
    auto type = cast<RankedTensorType>(operand.getType());
    SmallVector<int64_t> shape(rankOf(transpose) - type.getRank(), 1);
    llvm::append_range(shape, type.getShape());
    Value full = rewriter.create<nn::ReshapeOp>(operand.getLoc(), operand, shape);
    return rewriter.create<nn::TransposeOp>(operand.getLoc(), full, inverse(transpose.getPermutation()));
  }
};

/// op(reshape(x), small) -> reshape(op(x, small')) for elementwise ops, so that a product's bias and activation follow
/// it directly. Operands beside the reshape must be scalars, or weights over trailing dimensions of x.
struct SinkReshape : RewritePattern {
  explicit SinkReshape(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isa<nn::UnaryOp, nn::BinaryOp, nn::SelectOp, nn::CastOp>(op))
      return rewriter.notifyMatchFailure(op, "not elementwise");
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    nn::ReshapeOp reshape;
    for (Value operand : op->getOperands())
      if (auto found = operand.getDefiningOp<nn::ReshapeOp>(); found && !reshape && !nn::isWeightExpression(operand))
        reshape = found;
    if (!reshape || !reshape->hasOneUse() || reshape.getType().getShape() != type.getShape())
      return rewriter.notifyMatchFailure(op, "no reshaped operand");
    ArrayRef<int64_t> shape = reshape.getInput().getType().getShape();
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      auto trailing = trailingShape(operand, type.getShape(), shape);
      if (operand == reshape)
        operands.push_back(reshape.getInput());
      else if (rankOf(operand) == 0)
        operands.push_back(operand);
      else if (nn::isWeightExpression(operand) && trailing)
        operands.push_back(rewriter.createOrFold<nn::ReshapeOp>(operand.getLoc(), operand, *trailing));
      else
        return rewriter.notifyMatchFailure(op, "an operand is no weight over trailing dimensions");
    }
    OperationState state(op->getLoc(), op->getName(), operands, {type.clone(shape)}, op->getAttrs());
    Value moved = rewriter.create(state)->getResult(0);
    rewriter.replaceOpWithNewOp<nn::ReshapeOp>(op, moved, type.getShape());
    return success();
  }

private:
  /// The trailing dimensions of `shape` that hold the elements of `operand`, whose own are the trailing ones of `from`.
  static std::optional<SmallVector<int64_t>> trailingShape(Value operand, ArrayRef<int64_t> from,
                                                           ArrayRef<int64_t> shape) {
    ArrayRef<int64_t> own = cast<RankedTensorType>(operand.getType()).getShape();
    if (own.size() > from.size() || from.take_back(own.size()) != own)
      return std::nullopt;
    int64_t elements = ShapedType::getNumElements(own), rest = elements;
    size_t count = 0;
    while (rest > 1 && count < shape.size() && rest % shape[shape.size() - 1 - count] == 0)
      rest /= shape[shape.size() - 1 - count++];
    if (rest != 1)
      return std::nullopt;
    return SmallVector<int64_t>(shape.take_back(count));
  }
};

/// affine(transpose(x)) along axis a -> transpose(affine(x)) along permutation[a].
struct SinkTransposeThroughAffine : OpRewritePattern<nn::AffineOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(nn::AffineOp op, PatternRewriter &rewriter) const override {
    auto transpose = op.getInput().getDefiningOp<nn::TransposeOp>();
    if (!transpose)
      return rewriter.notifyMatchFailure(op, "no transposed operand");
    Value moved = rewriter.create<nn::AffineOp>(op.getLoc(), transpose.getInput(), op.getScale(), op.getShift(),
                                                transpose.getPermutation()[op.getAxis()]);
    rewriter.replaceOpWithNewOp<nn::TransposeOp>(op, moved, transpose.getPermutation());
    return success();
  }
};

/// concat(transpose(a), transpose(b)) -> transpose(concat(a, b)).
struct SinkTransposeThroughConcat : OpRewritePattern<nn::ConcatOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(nn::ConcatOp op, PatternRewriter &rewriter) const override {
    SmallVector<Value> inputs;
    nn::TransposeOp first;
    for (Value input : op.getInputs()) {
      auto transpose = input.getDefiningOp<nn::TransposeOp>();
      if (!transpose || (first && first.getPermutation() != transpose.getPermutation()))
        return rewriter.notifyMatchFailure(op, "inputs are not transposed alike");
      first = first ? first : transpose;
      inputs.push_back(transpose.getInput());
    }
    Value moved = rewriter.create<nn::ConcatOp>(op.getLoc(), inputs, first.getPermutation()[op.getAxis()]);
    rewriter.replaceOpWithNewOp<nn::TransposeOp>(op, moved, first.getPermutation());
    return success();
  }
};

/// pad(transpose(x)) -> transpose(pad(x)).
struct SinkTransposeThroughPad : OpRewritePattern<nn::PadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(nn::PadOp op, PatternRewriter &rewriter) const override {
    auto transpose = op.getInput().getDefiningOp<nn::TransposeOp>();
    if (!transpose || nn::isWeightExpression(op))
      return rewriter.notifyMatchFailure(op, "no transposed operand");
    SmallVector<int64_t> low, high;
    for (int64_t d : inverse(transpose.getPermutation())) {
      low.push_back(op.getLow()[d]);
      high.push_back(op.getHigh()[d]);
    }
    Value moved = rewriter.create<nn::PadOp>(op.getLoc(), transpose.getInput(), low, high, op.getValue());
    rewriter.replaceOpWithNewOp<nn::TransposeOp>(op, moved, transpose.getPermutation());
    return success();
  }
};

/// The input's dimensions behind dimensions of a transpose's result, increasing as axes must be.
SmallVector<int64_t> axesBefore(nn::TransposeOp transpose, ArrayRef<int64_t> axes) {
  SmallVector<int64_t> result;
  for (int64_t axis : axes)
    result.push_back(transpose.getPermutation()[axis]);
  llvm::sort(result);
  return result;
}

/// reduce(transpose(x)) -> transpose(reduce(x)), where the transpose of what remains is often none.
struct SinkTransposeThroughReduce : OpRewritePattern<nn::ReduceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(nn::ReduceOp op, PatternRewriter &rewriter) const override {
    auto transpose = op.getInput().getDefiningOp<nn::TransposeOp>();
    if (!transpose || nn::isWeightExpression(op))
      return rewriter.notifyMatchFailure(op, "no transposed operand");
    SmallVector<int64_t> kept; // the input's dimension behind each dimension of the result
    for (auto [d, from] : llvm::enumerate(transpose.getPermutation()))
      if (!llvm::is_contained(op.getAxes(), static_cast<int64_t>(d)))
        kept.push_back(from);
    SmallVector<int64_t> permutation;
    for (int64_t dimension : kept)
      permutation.push_back(llvm::count_if(kept, [&](int64_t other) { return other < dimension; }));
    Value moved = rewriter.create<nn::ReduceOp>(op.getLoc(), op.getFunction(), transpose.getInput(),
                                                axesBefore(transpose, op.getAxes()));
    rewriter.replaceOpWithNewOp<nn::TransposeOp>(op, moved, permutation);
    return success();
  }
};

/// softmax, normalize and reverse of transpose(x) -> transpose of the same along the axes before.
template <typename Op> struct SinkTransposeThroughAxes : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    auto transpose = op.getInput().template getDefiningOp<nn::TransposeOp>();
    if (!transpose || nn::isWeightExpression(op))
      return rewriter.notifyMatchFailure(op, "no transposed operand");
    auto moved = cast<Op>(rewriter.clone(*op));
    moved.getInputMutable().assign(transpose.getInput());
    moved.setAxes(axesBefore(transpose, op.getAxes()));
    moved.getResult().setType(cast<RankedTensorType>(transpose.getInput().getType()));
    rewriter.replaceOpWithNewOp<nn::TransposeOp>(op, moved.getResult(), transpose.getPermutation());
    return success();
  }
};

/// slice(transpose(x)) -> transpose(slice(x)).
struct SinkTransposeThroughSlice : OpRewritePattern<nn::SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(nn::SliceOp op, PatternRewriter &rewriter) const override {
    auto transpose = op.getInput().getDefiningOp<nn::TransposeOp>();
    if (!transpose || nn::isWeightExpression(op))
      return rewriter.notifyMatchFailure(op, "no transposed operand");
    SmallVector<int64_t> starts, sizes, strides;
    for (int64_t d : inverse(transpose.getPermutation())) {
      starts.push_back(op.getStarts()[d]);
      sizes.push_back(op.getSizes()[d]);
      strides.push_back(op.stride(d));
    }
    Value moved = rewriter.create<nn::SliceOp>(op.getLoc(), transpose.getInput(), starts, sizes,
                                               op.getStrides() ? rewriter.getDenseI64ArrayAttr(strides) : nullptr);
    rewriter.replaceOpWithNewOp<nn::TransposeOp>(op, moved, transpose.getPermutation());
    return success();
  }
};

/// conv(pad(x, 0)) -> conv with larger pads, where only spatial dimensions are padded.
struct PadIntoConv : OpRewritePattern<nn::ConvOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(nn::ConvOp op, PatternRewriter &rewriter) const override {
    auto pad = op.getInput().getDefiningOp<nn::PadOp>();
    if (!pad || !pad.getValue().isZero())
      return rewriter.notifyMatchFailure(op, "no zero padding before it");
    int64_t last = pad.getLow().size() - 1;
    if (pad.getLow()[0] || pad.getHigh()[0] || pad.getLow()[last] || pad.getHigh()[last])
      return rewriter.notifyMatchFailure(op, "batch or channels are padded");
    SmallVector<int64_t> pads;
    for (int64_t d = 0; d < op.spatialRank(); ++d) {
      pads.push_back(op.padLow(d) + pad.getLow()[d + 1]);
      pads.push_back(op.padHigh(d) + pad.getHigh()[d + 1]);
    }
    Location location = rewriter.getFusedLoc({pad.getLoc(), op.getLoc()});
    rewriter.replaceOp(op, rewriter.create<nn::ConvOp>(location, pad.getInput(), op.getKernel(), op.getStridesAttr(),
                                                       rewriter.getDenseI64ArrayAttr(pads), op.getDilationsAttr(),
                                                       op.getGroupsAttr()));
    return success();
  }
};

struct NnSimplify : layerc::impl::NnSimplifyBase<NnSimplify> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    for (RegisteredOperationName name : getContext().getRegisteredOperations())
      if (isa_and_present<nn::NnDialect>(&name.getDialect()))
        name.getCanonicalizationPatterns(patterns, &getContext());
    patterns.add<SinkTranspose, SinkTransposeThroughAffine, SinkTransposeThroughConcat, SinkTransposeThroughPad,
                 SinkTransposeThroughReduce, SinkTransposeThroughSlice, SinkTransposeThroughAxes<nn::SoftmaxOp>,
                 SinkTransposeThroughAxes<nn::NormalizeOp>, SinkTransposeThroughAxes<nn::ReverseOp>, PadIntoConv,
                 SinkReshape>(&getContext());
    GreedyRewriteConfig config;
    config.useTopDownTraversal = true;
    if (failed(applyPatternsAndFoldGreedily(getOperation(), std::move(patterns), config)))
      return signalPassFailure();
    IRRewriter rewriter(&getContext());
    DominanceInfo dominance(getOperation());
    eliminateCommonSubExpressions(rewriter, dominance, getOperation());
  }
};

} // namespace
