// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nn-stream: a function of a whole sequence becomes one of its next steps. What a step needs of earlier ones becomes
// state: the last inputs of causal windows, the carried values of scans. What needs later ones is refused.
// Above 400 lines because it holds one rule for each op that a time axis can go through.
#include "passes/Passes.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

namespace layerc {
#define GEN_PASS_DEF_NNSTREAM
#include "passes/Passes.h.inc"
} // namespace layerc

using namespace mlir;
using namespace layerc;

namespace {

/// Where a value holds the time steps: dimension `axis` counts `outer` sequences of `whole` steps each, of which
/// `chunk` are left when the function takes but some steps at once.
struct Time {
  int64_t axis, outer, whole, chunk;
  int64_t size() const { return outer * chunk; }
  bool operator==(const Time &other) const = default;
};
using MaybeTime = std::optional<Time>;

ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }
int64_t rankOf(Value value) { return static_cast<int64_t>(shapeOf(value).size()); }

SmallVector<int64_t> listOr(std::optional<ArrayRef<int64_t>> list, size_t count, int64_t standard) {
  return list ? SmallVector<int64_t>(*list) : SmallVector<int64_t>(count, standard);
}

/// Zeros whichever way an importer writes them.
bool isZeros(Value value) {
  if (auto broadcast = value.getDefiningOp<nn::BroadcastOp>())
    return isZeros(broadcast.getInput());
  return matchPattern(value, m_AnyZeroFloat());
}

/// Whether the op or one in its regions has such an operand.
bool reads(Operation *op, llvm::function_ref<bool(Value)> predicate) {
  return op
      ->walk([&](Operation *inner) {
        return llvm::any_of(inner->getOperands(), predicate) ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

class Streamer {
public:
  Streamer(func::FuncOp function, int64_t steps)
      : function_(function), builder_(function.getContext()), steps_(steps) {}
  LogicalResult run();

private:
  bool takeInputs();
  LogicalResult stream(Operation *op);
  void finish();

  /// Says why the layer of `op` cannot stream; nullopt.
  std::nullopt_t refuse(Operation *op, const Twine &why);
  MaybeTime timeOf(Value value) const {
    auto found = times_.find(value);
    return found == times_.end() ? std::nullopt : MaybeTime(found->second);
  }
  bool hasTime(Value value) const { return times_.contains(value); }
  bool isSoFar(Value value) const { return soFar_.contains(value); }
  bool touches(ArrayRef<int64_t> axes, const Time &time) { return llvm::is_contained(axes, time.axis); }
  LogicalResult inferAgain(Operation *op);
  BlockArgument addState(Operation *op, RankedTensorType type);
  MaybeTime everyStride(Operation *op, Time time, int64_t stride, int64_t wholeSteps);
  Value withContext(Operation *op, Value input, const Time &time, int64_t steps);

  // The time of an op's result, of which one operand at least has one. They change the op to the new number of steps.
  MaybeTime at(Operation *elementwise);
  MaybeTime at(nn::AffineOp op);
  MaybeTime at(nn::ReduceOp op);
  MaybeTime at(nn::ContractOp op);
  MaybeTime at(nn::ConvOp op);
  MaybeTime at(nn::PoolOp op);
  MaybeTime at(nn::ReshapeOp op);
  MaybeTime at(nn::TransposeOp op);
  MaybeTime at(nn::BroadcastOp op);
  MaybeTime at(nn::PadOp op);
  MaybeTime at(nn::SliceOp op);
  MaybeTime at(nn::ReverseOp op);
  MaybeTime at(nn::ConcatOp op);
  MaybeTime at(nn::GatherOp op);
  MaybeTime overOthers(Operation *op, ArrayRef<int64_t> axes, StringRef what);
  LogicalResult streamScan(nn::ScanOp scan);

  func::FuncOp function_;
  OpBuilder builder_;
  int64_t steps_;
  DenseMap<Value, Time> times_;
  DenseSet<Value> soFar_; ///< what has no time but depends on the steps so far; whole behind the last one
  DenseMap<std::pair<Value, int64_t>, Value> contexts_;
  SmallVector<std::pair<Value, Attribute>> nextStates_;
};

} // namespace

std::nullopt_t Streamer::refuse(Operation *op, const Twine &why) {
  auto paths = nn::layerPaths(op->getLoc());
  op->emitError() << "layer '" << (paths.empty() ? "model" : paths.front()) << "' cannot stream: " << why;
  return std::nullopt;
}

//===-- State ---------------------------------------------------------------------------------------------------===//

/// A new argument that the layer of `op` keeps from call to call, zeros at first.
BlockArgument Streamer::addState(Operation *op, RankedTensorType type) {
  auto paths = nn::layerPaths(op->getLoc());
  Attribute layer = builder_.getStringAttr(paths.empty() ? "model" : paths.front());
  unsigned number = function_.getNumArguments();
  function_.insertArgument(number, type, builder_.getDictionaryAttr(builder_.getNamedAttr(nn::kStateAttr, layer)),
                           op->getLoc());
  return function_.getArgument(number);
}

/// `input` behind the last `steps` steps of earlier calls; the same for layers that read the same.
Value Streamer::withContext(Operation *op, Value input, const Time &time, int64_t steps) {
  Value &known = contexts_[{input, steps}];
  if (known)
    return known;
  auto type = cast<RankedTensorType>(input.getType());
  SmallVector<int64_t> shape(type.getShape()), starts(shape.size(), 0);
  shape[time.axis] = steps;
  BlockArgument before = addState(op, type.clone(shape));
  builder_.setInsertionPoint(op);
  Value joined = builder_.create<nn::ConcatOp>(op->getLoc(), ValueRange{before, input}, time.axis);
  starts[time.axis] = time.chunk;
  Value last = builder_.create<nn::SliceOp>(op->getLoc(), joined, starts, shape, DenseI64ArrayAttr());
  nextStates_.push_back({last, function_.getArgAttr(before.getArgNumber(), nn::kStateAttr)});
  return known = joined;
}

//===-- Windows over time ---------------------------------------------------------------------------------------===//

/// Every `stride`-th step.
MaybeTime Streamer::everyStride(Operation *op, Time time, int64_t stride, int64_t wholeSteps) {
  if (time.chunk % stride != 0)
    return refuse(op,
                  "makes one step of every " + Twine(stride) + "; " + Twine(time.chunk) + " at once are no multiple");
  return Time{time.axis, time.outer, wholeSteps, time.chunk / stride};
}

MaybeTime Streamer::at(nn::ConvOp op) {
  MaybeTime time = timeOf(op.getInput());
  int64_t spatial = rankOf(op.getInput()) - 2, d = time ? time->axis - 1 : 0;
  if (!time || hasTime(op.getKernel()) || d == spatial)
    return refuse(op, "mixes all steps");
  if (d < 0)
    return time;
  SmallVector<int64_t> strides = listOr(op.getStrides(), spatial, 1), dilations = listOr(op.getDilations(), spatial, 1),
                       pads = listOr(op.getPads(), 2 * spatial, 0);
  int64_t context = (shapeOf(op.getKernel())[d] - 1) * dilations[d];
  if (time->outer != 1 || pads[2 * d] != context || pads[2 * d + 1] != 0)
    return refuse(op, "its window is not causal");
  if (context > 0) {
    op.getInputMutable().assign(withContext(op, op.getInput(), *time, context));
    pads[2 * d] = 0;
    op.setPadsAttr(llvm::all_of(pads, [](int64_t pad) { return pad == 0; }) ? DenseI64ArrayAttr()
                                                                            : builder_.getDenseI64ArrayAttr(pads));
  }
  return everyStride(op, *time, strides[d], op.getType().getShape()[time->axis]);
}

MaybeTime Streamer::at(nn::PoolOp op) {
  Time time = *timeOf(op.getInput());
  int64_t spatial = rankOf(op.getInput()) - 2, d = time.axis - 1;
  if (d < 0 || d == spatial)
    return time;
  SmallVector<int64_t> strides = listOr(op.getStrides(), spatial, 1), pads = listOr(op.getPads(), 2 * spatial, 0);
  if (time.outer != 1 || op.getWindow()[d] != strides[d] || pads[2 * d] != 0 || pads[2 * d + 1] != 0)
    return refuse(op, "its windows do not follow each other without a gap");
  return everyStride(op, time, strides[d], op.getType().getShape()[time.axis]);
}

//===-- Ops that keep each step to itself -----------------------------------------------------------------------===//

/// Operands of lower rank are aligned at the end.
MaybeTime Streamer::at(Operation *op) {
  int64_t rank = rankOf(op->getResult(0));
  MaybeTime result;
  for (Value operand : op->getOperands())
    if (MaybeTime time = timeOf(operand)) {
      time->axis += rank - rankOf(operand);
      if (result && *result != *time)
        return refuse(op, "meets the sequence at two places");
      result = time;
    }
  for (Value operand : op->getOperands())
    if (int64_t d = result->axis - (rank - rankOf(operand)); d >= 0 && !hasTime(operand) && shapeOf(operand)[d] != 1)
      return refuse(op, "has a value of its own for each step");
  return result;
}

MaybeTime Streamer::at(nn::AffineOp op) {
  MaybeTime time = timeOf(op.getInput());
  if (!time || time->axis == static_cast<int64_t>(op.getAxis()))
    return refuse(op, "has a value of its own for each step");
  return time;
}

MaybeTime Streamer::overOthers(Operation *op, ArrayRef<int64_t> axes, StringRef what) {
  Time time = *timeOf(op->getOperand(0));
  if (touches(axes, time))
    return refuse(op, what);
  return time;
}

MaybeTime Streamer::at(nn::ReduceOp op) {
  MaybeTime time = overOthers(op, op.getAxes(), "needs the whole sequence");
  if (time)
    time->axis -= llvm::count_if(op.getAxes(), [&](int64_t axis) { return axis < time->axis; });
  return time;
}

/// The dimensions of the result: batch, those of lhs that are left, those of rhs that are left.
MaybeTime Streamer::at(nn::ContractOp op) {
  MaybeTime left = timeOf(op.getLhs()), right = timeOf(op.getRhs());
  ArrayRef<int64_t> leftBatch = op.getLhsBatch().value_or(ArrayRef<int64_t>()),
                    rightBatch = op.getRhsBatch().value_or(ArrayRef<int64_t>());
  if ((left && touches(op.getLhsContracting(), *left)) || (right && touches(op.getRhsContracting(), *right)))
    return refuse(op, "needs the whole sequence");
  auto place = [](const Time &time, ArrayRef<int64_t> batch, ArrayRef<int64_t> contracting) {
    if (const int64_t *found = llvm::find(batch, time.axis); found != batch.end())
      return found - batch.begin();
    auto isBefore = [&](int64_t axis) { return axis < time.axis; };
    return time.axis + static_cast<int64_t>(batch.size()) - llvm::count_if(batch, isBefore) -
           llvm::count_if(contracting, isBefore);
  };
  if (left)
    left->axis = place(*left, leftBatch, op.getLhsContracting());
  if (right) {
    right->axis = place(*right, rightBatch, op.getRhsContracting());
    if (right->axis >= static_cast<int64_t>(rightBatch.size())) // behind what is left of lhs
      right->axis += rankOf(op.getLhs()) - static_cast<int64_t>(leftBatch.size() + op.getLhsContracting().size());
  }
  if (left && right && *left != *right)
    return refuse(op, "compares every step with every other");
  MaybeTime result = left ? left : right;
  if (!(left && right) && result->axis < static_cast<int64_t>(leftBatch.size()))
    return refuse(op, "has a value of its own for each step");
  return result;
}

/// The steps are still a dimension, or the last part of one with what stands before it.
MaybeTime Streamer::at(nn::ReshapeOp op) {
  Time time = *timeOf(op.getInput());
  int64_t before = time.outer, prefix = 1;
  for (int64_t d = 0; d < time.axis; ++d)
    before *= shapeOf(op.getInput())[d];
  SmallVector<int64_t> shape(op.getType().getShape());
  for (auto [axis, size] : llvm::enumerate(shape)) {
    if (before % prefix == 0 && size == before / prefix * time.whole) {
      Time result{static_cast<int64_t>(axis), before / prefix, time.whole, time.chunk};
      size = result.size();
      op.setShape(shape);
      return result;
    }
    prefix *= size;
  }
  return refuse(op, "joins the steps with other dimensions");
}

MaybeTime Streamer::at(nn::TransposeOp op) {
  Time time = *timeOf(op.getInput());
  time.axis = llvm::find(op.getPermutation(), time.axis) - op.getPermutation().begin();
  return time;
}

MaybeTime Streamer::at(nn::BroadcastOp op) {
  Time time = *timeOf(op.getInput());
  SmallVector<int64_t> shape(op.getType().getShape());
  time.axis += static_cast<int64_t>(shape.size()) - rankOf(op.getInput());
  shape[time.axis] = time.size();
  op.setShape(shape);
  return time;
}

MaybeTime Streamer::at(nn::PadOp op) {
  Time time = *timeOf(op.getInput());
  if (op.getLow()[time.axis] != 0 || op.getHigh()[time.axis] != 0)
    return refuse(op, "lengthens the sequence");
  return time;
}

/// All steps, or the last one: the value so far.
MaybeTime Streamer::at(nn::SliceOp op) {
  Time time = *timeOf(op.getInput());
  SmallVector<int64_t> starts(op.getStarts()), sizes(op.getType().getShape());
  int64_t &start = starts[time.axis], &size = sizes[time.axis];
  bool isWhole =
      start == 0 && size == time.outer * time.whole && (!op.getStrides() || (*op.getStrides())[time.axis] == 1);
  bool isLast = time.outer == 1 && start == time.whole - 1 && size == 1;
  if (!isWhole && !isLast)
    return refuse(op, "takes some steps of the sequence");
  if (isLast && !isWhole) {
    soFar_.insert(op.getResult());
    start = time.chunk - 1;
    op.setStarts(starts);
    op.setSizes(sizes);
    return time;
  }
  size = time.size();
  op.setSizes(sizes);
  return time;
}

MaybeTime Streamer::at(nn::ReverseOp op) { return overOthers(op, op.getAxes(), "goes backwards"); }

MaybeTime Streamer::at(nn::ConcatOp op) {
  MaybeTime time = timeOf(op.getInputs().front());
  for (Value input : op.getInputs())
    if (!time || timeOf(input) != time || static_cast<int64_t>(op.getAxis()) == time->axis)
      return refuse(op, "joins the sequence with something else along time");
  return time;
}

/// Embedding: the dimensions of the indices stand in place of the table's.
MaybeTime Streamer::at(nn::GatherOp op) {
  auto axis = static_cast<int64_t>(op.getAxis());
  MaybeTime time = timeOf(op.getIndices());
  if (hasTime(op.getInput()) || op.getBatch() != 0)
    return refuse(op, "looks up steps of the sequence");
  time->axis += axis;
  return time;
}

//===-- Scans ---------------------------------------------------------------------------------------------------===//

/// The number of the state argument that the scan begins with and leaves, if it is one.
static bool keepsState(nn::ScanOp scan, Value initial) {
  auto argument = dyn_cast<BlockArgument>(initial);
  auto function = argument ? dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp()) : nullptr;
  return function && function.getArgAttr(argument.getArgNumber(), nn::kStateAttr);
}

LogicalResult Streamer::streamScan(nn::ScanOp scan) {
  MaybeTime time = timeOf(scan.getSequences().front());
  for (Value sequence : scan.getSequences())
    if (!time || time->axis != 0 || time->outer != 1 || timeOf(sequence) != time)
      return refuse(scan, "loops over something else than the sequence"), failure();
  if (scan.getReverse())
    return refuse(scan, "goes backwards"), failure();
  if (llvm::any_of(scan.getBody().front(),
                   [&](Operation &op) { return reads(&op, [&](Value operand) { return hasTime(operand); }); }))
    return refuse(scan, "needs the whole sequence at every step"), failure();
  for (auto [number, initial] : llvm::enumerate(scan.getInitials())) {
    if (keepsState(scan, initial))
      continue;
    if (!isZeros(initial))
      return refuse(scan, "begins with a state that is not zero"), failure();
    BlockArgument state = addState(scan, cast<RankedTensorType>(initial.getType()));
    scan.getInitialsMutable()[number].set(state);
    nextStates_.push_back({scan.lastValues()[number], function_.getArgAttr(state.getArgNumber(), nn::kStateAttr)});
  }
  soFar_.insert(scan.lastValues().begin(), scan.lastValues().end());
  for (Value all : scan.stacked())
    times_[all] = *time;
  return inferAgain(scan);
}

//===-- The function --------------------------------------------------------------------------------------------===//

LogicalResult Streamer::inferAgain(Operation *op) {
  if (auto cast = dyn_cast<nn::CastOp>(op)) {
    cast.getResult().setType(cast.getType().clone(shapeOf(cast.getInput())));
    return success();
  }
  SmallVector<Type> types;
  if (failed(cast<InferTypeOpInterface>(op).inferReturnTypes(op->getContext(), op->getLoc(), op->getOperands(),
                                                             op->getAttrDictionary(), op->getPropertiesStorage(),
                                                             op->getRegions(), types)))
    return failure();
  for (auto [value, type] : llvm::zip(op->getResults(), types))
    value.setType(type);
  return success();
}

LogicalResult Streamer::stream(Operation *op) {
  bool needsEnd = reads(op, [&](Value operand) { return isSoFar(operand); });
  if (llvm::none_of(op->getOperands(), [&](Value operand) { return hasTime(operand); })) {
    if (reads(op, [&](Value operand) { return hasTime(operand); }))
      return refuse(op, "needs the whole sequence at every step"), failure();
    if (needsEnd)
      soFar_.insert(op->getResults().begin(), op->getResults().end());
    return success();
  }
  if (isa<func::ReturnOp>(op)) {
    for (Value operand : op->getOperands())
      if (hasTime(operand) && timeOf(operand)->outer != 1)
        return refuse(operand.getDefiningOp(), "joins the steps with other dimensions"), failure();
    return success();
  }
  if (needsEnd)
    return refuse(op, "needs the end of the sequence at every step"), failure();
  if (auto scan = dyn_cast<nn::ScanOp>(op))
    return streamScan(scan);
  MaybeTime time =
      llvm::TypeSwitch<Operation *, MaybeTime>(op)
          .Case<nn::AffineOp, nn::ReduceOp, nn::ContractOp, nn::ConvOp, nn::PoolOp, nn::ReshapeOp, nn::TransposeOp,
                nn::BroadcastOp, nn::PadOp, nn::SliceOp, nn::ReverseOp, nn::ConcatOp, nn::GatherOp>(
              [&](auto nnOp) { return at(nnOp); })
          .Case<nn::NormalizeOp, nn::SoftmaxOp>(
              [&](auto nnOp) { return overOthers(nnOp, nnOp.getAxes(), "needs the whole sequence"); })
          .Case<nn::UnaryOp, nn::BinaryOp, nn::SelectOp, nn::CastOp>(
              [&](Operation *elementwise) { return at(elementwise); })
          .Case<nn::BucketizeOp, nn::OneHotOp>([&](auto nnOp) { return timeOf(nnOp.getInput()); })
          .Default([&](Operation *other) { return refuse(other, other->getName().stripDialect() + " over time"); });
  if (!time)
    return failure();
  if (!isSoFar(op->getResult(0)))
    times_[op->getResult(0)] = *time;
  return inferAgain(op);
}

/// Inputs of three dimensions or more, and of two where they are no floats, have their time behind the batch.
bool Streamer::takeInputs() {
  for (BlockArgument argument : function_.getArguments()) {
    auto type = cast<RankedTensorType>(argument.getType());
    bool isSequence = type.getRank() > 2 || (type.getRank() == 2 && !isa<FloatType>(type.getElementType()));
    if (!isSequence || function_.getArgAttr(argument.getArgNumber(), nn::kStateAttr))
      continue;
    if (type.getDimSize(1) == 1)
      continue; // a step already
    Time time{1, 1, type.getDimSize(1), steps_};
    SmallVector<int64_t> shape(type.getShape());
    shape[1] = steps_;
    argument.setType(type.clone(shape));
    times_[argument] = time;
  }
  return !times_.empty();
}

void Streamer::finish() {
  Operation *end = function_.getBody().front().getTerminator();
  SmallVector<DictionaryAttr> attributes;
  function_.getAllResultAttrs(attributes);
  for (auto [state, layer] : nextStates_) {
    end->insertOperands(end->getNumOperands(), state);
    attributes.push_back(builder_.getDictionaryAttr(builder_.getNamedAttr(nn::kStateAttr, layer)));
  }
  function_.setType(builder_.getFunctionType(function_.getBody().getArgumentTypes(), end->getOperandTypes()));
  function_.setAllResultAttrs(attributes);
}

LogicalResult Streamer::run() {
  if (!takeInputs())
    return function_.emitError() << "has no input with a time axis to stream";
  for (Operation &op : llvm::make_early_inc_range(function_.getBody().front()))
    if (failed(stream(&op)))
      return failure();
  finish();
  return success();
}

namespace {
struct NnStream : layerc::impl::NnStreamBase<NnStream> {
  using NnStreamBase::NnStreamBase;

  void runOnOperation() override {
    if (failed(Streamer(getOperation(), steps).run()))
      signalPassFailure();
  }
};
} // namespace
