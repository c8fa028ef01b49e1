// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The constraints of the nn ops, numbered as in their descriptions.
// Operands are statically shaped tensors by the time these run, but result types are compared with those of NnInfer.cpp
// only afterwards: a check trusts operands and attributes, not the result's rank.
// Above 400 lines because all ops stand in one place, in the order of their descriptions.
#include "ir/Nn.h"
#include "ir/WinogradTransform.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace layerc::nn;

using Sizes = ArrayRef<int64_t>;
using OptionalSizes = std::optional<ArrayRef<int64_t>>;

static bool isIncreasingInside(Sizes axes, int64_t rank) {
  int64_t previous = -1;
  for (int64_t axis : axes) {
    if (axis <= previous || axis >= rank)
      return false;
    previous = axis;
  }
  return true;
}

static LogicalResult verifyAxes(Operation *op, Sizes axes, int64_t rank) {
  if (isIncreasingInside(axes, rank))
    return success();
  return op->emitOpError() << "expects strictly increasing axes inside rank " << rank << ", got [" << axes << "]";
}

/// Aligned at the end, paired sizes are equal or one of them is 1.
static bool canBroadcast(Sizes a, Sizes b) {
  for (size_t i = 1; i <= std::min(a.size(), b.size()); ++i)
    if (int64_t x = a[a.size() - i], y = b[b.size() - i]; x != y && x != 1 && y != 1)
      return false;
  return true;
}

static LogicalResult verifyBroadcast(Operation *op, Type a, Type b) {
  if (canBroadcast(cast<ShapedType>(a).getShape(), cast<ShapedType>(b).getShape()))
    return success();
  return op->emitOpError() << "cannot broadcast " << a << " with " << b;
}

static LogicalResult verifySameElementType(Operation *op, Value a, Value b) {
  Type first = getElementTypeOrSelf(a), second = getElementTypeOrSelf(b);
  if (first == second)
    return success();
  return op->emitOpError() << "expects one element type, got " << first << " and " << second;
}

/// `list`, where it is present, holds `count` numbers of at least `least`.
static LogicalResult verifyList(Operation *op, StringRef name, OptionalSizes list, int64_t count, int64_t least) {
  if (!list)
    return success();
  if (static_cast<int64_t>(list->size()) != count)
    return op->emitOpError() << "expects " << count << " " << name << ", got " << list->size();
  for (int64_t number : *list)
    if (number < least)
      return op->emitOpError() << "expects " << name << " of at least " << least << ", got " << number;
  return success();
}

static LogicalResult verifySpatialRank(Operation *op, RankedTensorType input) {
  if (input.getRank() >= 3 && input.getRank() <= 5)
    return success();
  return op->emitOpError() << "expects one to three spatial dimensions, got an input of rank " << input.getRank();
}

static LogicalResult verifyKernelRank(Operation *op, RankedTensorType input, RankedTensorType kernel) {
  if (input.getRank() == kernel.getRank())
    return success();
  return op->emitOpError() << "expects a kernel of rank " << input.getRank() << ", got rank " << kernel.getRank();
}

static LogicalResult verifyNotEmpty(Operation *op, RankedTensorType result) {
  if (result.getNumElements() > 0)
    return success();
  return op->emitOpError() << "window does not fit into the input, the result would be " << result;
}

static LogicalResult verifyLayout(Operation *op, LayoutAttr layout, RankedTensorType logical) {
  int64_t width = logical.getRank() == 0 ? 1 : logical.getShape().back();
  if (width % layout.getGroups() != 0)
    return op->emitOpError() << "cannot divide " << width << " columns into " << layout.getGroups() << " groups";
  bool is3x3 = logical.getRank() == 4 && logical.getDimSize(0) == 3 && logical.getDimSize(1) == 3;
  if (layerc::WinogradTransform::of(layout) &&
      (!is3x3 || !logical.getElementType().isF32() || layout.getGroups() != 1)) // C2
    return op->emitOpError() << "layout " << layout.getKind() << " is for f32 kernels of 3 x 3 in one group, got "
                             << logical;
  return success();
}

LogicalResult LayoutAttr::verify(function_ref<InFlightDiagnostic()> emitError, StringRef kind, int64_t columns,
                                 int64_t groups) {
  if (!llvm::is_contained({"panels", "gates", "winograd2", "winograd4"}, kind))
    return emitError() << "knows the layout kinds panels, gates, winograd2 and winograd4, got " << kind;
  if (columns < 1 || groups < 1)
    return emitError() << "expects positive columns and groups, got " << columns << " and " << groups;
  return success();
}

LogicalResult WeightOp::verify() {
  if (getName().empty()) // C1
    return emitOpError("expects a name");
  return success();
}

LogicalResult ConstantOp::verify() {
  RankedTensorType type = getType();
  int64_t bytes = llvm::divideCeil(type.getNumElements() * type.getElementTypeBitWidth(), 8);
  if (!getValue().isSplat() && bytes > kConstantLimit) // C1
    return emitOpError() << "holds at most " << kConstantLimit << " bytes, got " << bytes;
  return success();
}

/// Functions that whole numbers have too.
static bool isDefinedOnIntegers(UnaryFunction function) {
  switch (function) {
  case UnaryFunction::Abs:
  case UnaryFunction::Neg:
  case UnaryFunction::Relu:
  case UnaryFunction::Square:
  case UnaryFunction::Sign:
  case UnaryFunction::Floor:
  case UnaryFunction::Ceil:
  case UnaryFunction::Round:
    return true;
  default:
    return false;
  }
}

LogicalResult UnaryOp::verify() {
  Type type = getInput().getType().getElementType();
  StringRef name = stringifyUnaryFunction(getFunction());
  if (getFunction() == UnaryFunction::Not) { // C1
    if (!type.isInteger(1))
      return emitOpError() << "function " << name << " expects i1, got " << type;
    return success();
  }
  bool fits = isa<FloatType>(type) || (isDefinedOnIntegers(getFunction()) && !type.isInteger(1));
  if (!fits) // C2
    return emitOpError() << "function " << name << " does not take " << type;
  return success();
}

LogicalResult BinaryOp::verify() {
  if (failed(verifySameElementType(*this, getLhs(), getRhs()))) // C1
    return failure();
  if (failed(verifyBroadcast(*this, getLhs().getType(), getRhs().getType()))) // C2
    return failure();
  Type type = getLhs().getType().getElementType();
  bool isLogical = getFunction() == BinaryFunction::And || getFunction() == BinaryFunction::Or ||
                   getFunction() == BinaryFunction::Xor;
  if (isLogical && !isa<IntegerType>(type)) // C3
    return emitOpError() << "function " << stringifyBinaryFunction(getFunction()) << " expects integers, got " << type;
  return success();
}

LogicalResult SelectOp::verify() {
  if (failed(verifySameElementType(*this, getOnTrue(), getOnFalse()))) // C1
    return failure();
  Type condition = getCondition().getType(), onTrue = getOnTrue().getType(), onFalse = getOnFalse().getType();
  return success(succeeded(verifyBroadcast(*this, onTrue, onFalse)) && // C2
                 succeeded(verifyBroadcast(*this, condition, onTrue)) &&
                 succeeded(verifyBroadcast(*this, condition, onFalse)));
}

LogicalResult CastOp::verify() {
  if (getInput().getType().getShape() != getType().getShape()) // C1
    return emitOpError() << "keeps the shape, got " << getInput().getType() << " and " << getType();
  return success();
}

LogicalResult ReduceOp::verify() {
  if (failed(verifyAxes(*this, getAxes(), getInput().getType().getRank()))) // C1
    return failure();
  Type type = getInput().getType().getElementType();
  bool isLogical = getFunction() == ReduceFunction::Any || getFunction() == ReduceFunction::All;
  if (isLogical != type.isInteger(1) || (getFunction() == ReduceFunction::Mean && !isa<FloatType>(type))) // C2
    return emitOpError() << "function " << stringifyReduceFunction(getFunction()) << " does not take " << type;
  return success();
}

/// No dimension outside the rank, none named twice.
static LogicalResult verifyDistinct(Operation *op, StringRef side, Sizes batch, Sizes contracting, int64_t rank) {
  SmallVector<bool> seen(rank, false);
  for (int64_t dimension : llvm::concat<const int64_t>(batch, contracting)) {
    if (dimension < 0 || dimension >= rank || seen[dimension])
      return op->emitOpError() << side << " dimension " << dimension << " is named twice or outside rank " << rank;
    seen[dimension] = true;
  }
  return success();
}

static LogicalResult verifyPairs(ContractOp op, StringRef kind, Sizes lhs, Sizes rhs) {
  for (auto [left, right] : llvm::zip(lhs, rhs))
    if (int64_t a = op.getLhs().getType().getDimSize(left), b = op.getRhs().getType().getDimSize(right); a != b)
      return op.emitOpError() << kind << " dimensions " << left << " and " << right << " have sizes " << a << " and "
                              << b;
  return success();
}

LogicalResult ContractOp::verify() {
  Sizes lhsBatch = getLhsBatch().value_or(Sizes()), rhsBatch = getRhsBatch().value_or(Sizes());
  Sizes lhsContracting = getLhsContracting(), rhsContracting = getRhsContracting();
  if (lhsBatch.size() != rhsBatch.size() || lhsContracting.size() != rhsContracting.size()) // C1
    return emitOpError("expects batch and contracting dimensions in pairs");
  if (failed(verifyDistinct(*this, "lhs", lhsBatch, lhsContracting, getLhs().getType().getRank())) || // C3
      failed(verifyDistinct(*this, "rhs", rhsBatch, rhsContracting, getRhs().getType().getRank())))
    return failure();
  if (failed(verifyPairs(*this, "batch", lhsBatch, rhsBatch)) || // C2
      failed(verifyPairs(*this, "contracting", lhsContracting, rhsContracting)))
    return failure();
  return verifySameElementType(*this, getLhs(), getRhs()); // C4
}

LogicalResult ConvOp::verify() {
  RankedTensorType input = getInput().getType(), kernel = getKernel().getType();
  if (failed(verifySpatialRank(*this, input)) || failed(verifyKernelRank(*this, input, kernel))) // C1
    return failure();
  int64_t rank = input.getRank(), groups = getGroups();
  int64_t channels = input.getDimSize(rank - 1), kernelChannels = kernel.getDimSize(rank - 2);
  if (groups < 1 || channels != kernelChannels * groups) // C2
    return emitOpError() << "input has " << channels << " channels, kernel " << kernelChannels << " for each of "
                         << groups << " groups";
  if (kernel.getDimSize(rank - 1) % groups != 0) // C3
    return emitOpError() << "cannot divide " << kernel.getDimSize(rank - 1) << " filters into " << groups << " groups";
  if (failed(verifyList(*this, "strides", getStrides(), rank - 2, 1)) || // C4
      failed(verifyList(*this, "dilations", getDilations(), rank - 2, 1)))
    return failure();
  if (failed(verifyList(*this, "pads", getPads(), 2 * (rank - 2), 0))) // C6
    return failure();
  return verifyNotEmpty(*this, getType()); // C5
}

LogicalResult ConvTransposeOp::verify() {
  RankedTensorType input = getInput().getType(), kernel = getKernel().getType();
  if (failed(verifySpatialRank(*this, input)) || failed(verifyKernelRank(*this, input, kernel))) // C1
    return failure();
  int64_t rank = input.getRank();
  int64_t channels = input.getDimSize(rank - 1), kernelChannels = kernel.getDimSize(rank - 2);
  if (channels != kernelChannels) // C2
    return emitOpError() << "input has " << channels << " channels, kernel " << kernelChannels;
  return success(succeeded(verifyList(*this, "sizes", getSizes(), rank - 2, 1)) && // C3
                 succeeded(verifyList(*this, "strides", getStrides(), rank - 2, 1)) &&
                 succeeded(verifyList(*this, "crops", getCrops(), rank - 2, 0)) &&
                 succeeded(verifyList(*this, "dilations", getDilations(), rank - 2, 1)));
}

LogicalResult LocalConvOp::verify() {
  RankedTensorType input = getInput().getType(), kernel = getKernel().getType();
  int64_t rank = spatialRank();
  if (failed(verifySpatialRank(*this, input))) // C1
    return failure();
  if (kernel.getRank() != 2 * rank + 2) // C1
    return emitOpError() << "expects a kernel of rank " << 2 * rank + 2 << ", got rank " << kernel.getRank();
  int64_t channels = input.getDimSize(rank + 1), kernelChannels = kernel.getDimSize(2 * rank);
  if (channels != kernelChannels) // C2
    return emitOpError() << "input has " << channels << " channels, kernel " << kernelChannels;
  if (failed(verifyList(*this, "strides", getStrides(), rank, 1)) || // C3
      failed(verifyList(*this, "pads", getPads(), 2 * rank, 0)))
    return failure();
  for (int64_t d = 0; d < rank; ++d) {
    int64_t padded = input.getDimSize(d + 1) + padLow(d) + padHigh(d);
    int64_t places = padded < window(d) ? 0 : (padded - window(d)) / stride(d) + 1;
    if (kernel.getDimSize(d) != places) // C4
      return emitOpError() << "windows have " << places << " places in spatial dimension " << d << ", the kernel "
                           << kernel.getDimSize(d);
  }
  return verifyNotEmpty(*this, getType()); // C5
}

LogicalResult PoolOp::verify() {
  RankedTensorType input = getInput().getType();
  if (failed(verifySpatialRank(*this, input))) // C1
    return failure();
  if (failed(verifyList(*this, "window sizes", getWindow(), spatialRank(), 1)) || // C2
      failed(verifyList(*this, "strides", getStrides(), spatialRank(), 1)))
    return failure();
  if (failed(verifyList(*this, "pads", getPads(), 2 * spatialRank(), 0))) // C3
    return failure();
  for (int64_t d = 0; d < spatialRank(); ++d)
    if (int64_t pad = std::max(padLow(d), padHigh(d)); pad >= getWindow()[d])
      return emitOpError() << "pad " << pad << " is not below the window of " << getWindow()[d];
  return verifyNotEmpty(*this, getType()); // C4
}

LogicalResult AffineOp::verify() {
  RankedTensorType input = getInput().getType();
  int64_t axis = getAxis();
  if (axis < 0 || axis >= input.getRank()) // C1
    return emitOpError() << "expects an axis inside rank " << input.getRank() << ", got " << axis;
  int64_t size = input.getDimSize(axis);
  for (Value operand : {getScale(), getShift()})
    if (auto type = cast<RankedTensorType>(operand.getType()); type.getRank() != 1 || type.getDimSize(0) != size) // C2
      return emitOpError() << "expects scale and shift of shape [" << size << "], got " << type;
  return success(succeeded(verifySameElementType(*this, getInput(), getScale())) && // C3
                 succeeded(verifySameElementType(*this, getInput(), getShift())));
}

LogicalResult NormalizeOp::verify() {
  if (getAxes().empty()) // C1
    return emitOpError("expects at least one axis");
  if (failed(verifyAxes(*this, getAxes(), getInput().getType().getRank()))) // C1
    return failure();
  if (!(getEpsilon().convertToDouble() >= 0)) // C2
    return emitOpError() << "expects an epsilon that is not negative, got " << getEpsilon().convertToDouble();
  return success();
}

LogicalResult SoftmaxOp::verify() {
  if (getAxes().empty()) // C1
    return emitOpError("expects at least one axis");
  return verifyAxes(*this, getAxes(), getInput().getType().getRank()); // C1
}

LogicalResult ReshapeOp::verify() {
  if (llvm::count_if(getShape(), [](int64_t size) { return size < 0; }) > llvm::count(getShape(), -1) ||
      llvm::count(getShape(), -1) > 1) // C1
    return emitOpError() << "expects sizes and at most one -1, got [" << getShape() << "]";
  if (getInput().getType().getNumElements() != getType().getNumElements()) // C2
    return emitOpError() << "keeps the number of elements, got " << getInput().getType() << " and " << getType();
  return success();
}

LogicalResult TransposeOp::verify() {
  SmallVector<int64_t> sorted(getPermutation());
  llvm::sort(sorted);
  if (!llvm::equal(sorted, llvm::seq<int64_t>(0, getInput().getType().getRank()))) // C1
    return emitOpError() << "expects a permutation of " << getInput().getType().getRank() << " dimensions, got ["
                         << getPermutation() << "]";
  return success();
}

LogicalResult BroadcastOp::verify() {
  Sizes from = getInput().getType().getShape(), to = getType().getShape();
  if (to.size() < from.size()) // C1
    return emitOpError() << "cannot lower the rank from " << from.size() << " to " << to.size();
  for (auto [size, wanted] : llvm::zip(from, to.take_back(from.size())))
    if (size != 1 && size != wanted) // C2
      return emitOpError() << "cannot repeat a dimension of size " << size << " to " << wanted;
  return success();
}

LogicalResult PadOp::verify() {
  int64_t rank = getInput().getType().getRank();
  return success(succeeded(verifyList(*this, "low pads", getLow(), rank, 0)) && // C1
                 succeeded(verifyList(*this, "high pads", getHigh(), rank, 0)));
}

LogicalResult SliceOp::verify() {
  RankedTensorType input = getInput().getType();
  if (failed(verifyList(*this, "starts", getStarts(), input.getRank(), 0)) || // C1
      failed(verifyList(*this, "sizes", getSizes(), input.getRank(), -1)) ||
      failed(verifyList(*this, "strides", getStrides(), input.getRank(), 1)))
    return failure();
  for (int64_t d = 0; d < input.getRank(); ++d) {
    int64_t start = getStarts()[d], size = getSizes()[d]; // a size of -1 ends inside wherever it starts inside
    int64_t end = size < 1 ? start : start + (size - 1) * stride(d) + 1;
    if (end > input.getDimSize(d)) // C2
      return emitOpError() << "ends at " << end << " in dimension " << d << " of size " << input.getDimSize(d);
  }
  return success();
}

LogicalResult ReverseOp::verify() { return verifyAxes(*this, getAxes(), getInput().getType().getRank()); } // C1

LogicalResult ConcatOp::verify() {
  if (getInputs().empty()) // C1
    return emitOpError("expects at least one input");
  auto first = cast<RankedTensorType>(getInputs().front().getType());
  int64_t axis = getAxis();
  for (Value input : getInputs())
    if (auto type = cast<RankedTensorType>(input.getType());
        type.getRank() != first.getRank() || type.getElementType() != first.getElementType()) // C1
      return emitOpError() << "expects inputs of one element type and rank, got " << first << " and " << type;
  if (axis < 0 || axis >= first.getRank()) // C2
    return emitOpError() << "expects an axis inside rank " << first.getRank() << ", got " << axis;
  for (Value input : getInputs())
    for (int64_t d = 0; d < first.getRank(); ++d)
      if (d != axis && cast<RankedTensorType>(input.getType()).getDimSize(d) != first.getDimSize(d)) // C3
        return emitOpError() << "cannot join " << first << " and " << input.getType() << " along axis " << axis;
  return success();
}

LogicalResult ResizeOp::verify() {
  if (failed(verifySpatialRank(*this, getInput().getType()))) // C1
    return failure();
  return verifyList(*this, "sizes", getSizes(), getInput().getType().getRank() - 2, 1); // C1
}

LogicalResult GatherOp::verify() {
  RankedTensorType input = getInput().getType(), indices = getIndices().getType();
  int64_t axis = getAxis(), batch = getBatch();
  if (axis < 0 || axis >= input.getRank()) // C1
    return emitOpError() << "expects an axis inside rank " << input.getRank() << ", got " << axis;
  if (batch < 0 || batch > axis || batch > indices.getRank()) // C2
    return emitOpError() << "expects at most " << std::min(axis, indices.getRank()) << " batch dimensions, got "
                         << batch;
  for (int64_t d = 0; d < batch; ++d)
    if (input.getDimSize(d) != indices.getDimSize(d)) // C2
      return emitOpError() << "batch dimension " << d << " has sizes " << input.getDimSize(d) << " and "
                           << indices.getDimSize(d);
  if (getBounds() == GatherBounds::Nan && !isa<FloatType>(input.getElementType())) // C3
    return emitOpError() << "gives NaN for floats, got " << input.getElementType();
  if (input.getDimSize(axis) == 0) // C4
    return emitOpError() << "has nothing to choose from along axis " << axis << " of " << input;
  return success();
}

LogicalResult OneHotOp::verify() {
  if (static_cast<int64_t>(getDepth()) < 1) // C1
    return emitOpError() << "expects a positive depth, got " << static_cast<int64_t>(getDepth());
  return success();
}

LogicalResult BucketizeOp::verify() {
  if (failed(verifySameElementType(*this, getInput(), getBoundaries()))) // C1
    return failure();
  if (int64_t rank = getBoundaries().getType().getRank(); rank != 1) // C2
    return emitOpError() << "expects boundaries of rank 1, got rank " << rank;
  return success();
}

LogicalResult PackOp::verify() { return verifyLayout(*this, getLayout(), getInput().getType()); } // C1

LogicalResult UnpackOp::verify() {
  if (failed(verifyLayout(*this, getLayout(), getType()))) // C1
    return failure();
  SmallVector<int64_t> packed = packedShape(getType().getShape(), getLayout());
  bool sameType = getElementTypeOrSelf(getType()) == getElementTypeOrSelf(getInput().getType());
  if (getInput().getType().getShape() != ArrayRef(packed) || !sameType) // C1
    return emitOpError() << "expects an input of shape [" << packed << "] for " << getType() << ", got "
                         << getInput().getType();
  return success();
}

LogicalResult KernelOp::verify() {
  TypeRange arguments = getBody().getArgumentTypes();
  if (arguments != getInputs().getTypes()) // C1
    return emitOpError() << "expects block arguments of the operands' types, got " << arguments;
  auto yield = getBody().front().empty() ? YieldOp() : dyn_cast<YieldOp>(getBody().front().back());
  if (!yield || yield.getValues().getTypes() != getOutputs().getTypes()) // C2
    return emitOpError("expects nn.yield to give the result types");
  if (getAlgorithm() && (!getUnits() || getUnits()->empty())) // C3
    return emitOpError() << "expects at least one phase for algorithm \"" << *getAlgorithm() << "\"";
  for (int64_t units : getUnits().value_or(Sizes()))
    if (units < 1) // C3
      return emitOpError() << "expects at least one unit in each phase, got " << units;
  return success();
}

LogicalResult ScanOp::verifyRegions() {
  auto first = cast<RankedTensorType>(getSequences().front().getType());
  SmallVector<Type> arguments;
  for (Value sequence : getSequences()) {
    auto type = cast<RankedTensorType>(sequence.getType());
    if (type.getRank() == 0 || type.getDimSize(0) < 1 || type.getDimSize(0) != first.getDimSize(0)) // C1
      return emitOpError() << "expects sequences of one length of at least 1, got " << first << " and " << type;
    arguments.append(std::max<int64_t>(1, getUnroll()), type.clone(type.getShape().drop_front()));
  }
  if (getUnroll() < 1 || first.getDimSize(0) % static_cast<int64_t>(getUnroll()) != 0) // C4
    return emitOpError() << "unrolls " << getUnroll() << " of " << first.getDimSize(0) << " steps";
  llvm::append_range(arguments, getInitials().getTypes());
  if (getBody().getArgumentTypes() != TypeRange(arguments)) // C2
    return emitOpError() << "expects block arguments of types " << arguments << ", got "
                         << getBody().getArgumentTypes();
  TypeRange yielded = yield().getValues().getTypes();
  if (yielded.take_front(carriedCount()) != getInitials().getTypes()) // C3
    return emitOpError() << "carries " << getInitials().getTypes() << ", its body yields " << yielded;
  for (auto [number, type] : llvm::enumerate(yielded.drop_front(carriedCount())))
    if (type != yielded[carriedCount() + number - stepInBody(number)]) // C3
      return emitOpError() << "stacks values of different types, " << yielded;
  return success();
}

LogicalResult CustomCallOp::verify() {
  StringRef symbol = getSymbol();
  bool isIdentifier = !symbol.empty() && !llvm::isDigit(symbol.front()) &&
                      llvm::all_of(symbol, [](char c) { return llvm::isAlnum(c) || c == '_'; });
  if (!isIdentifier) // C1
    return emitOpError() << "expects the name of a C constant, got '" << symbol << "'";
  return success();
}
