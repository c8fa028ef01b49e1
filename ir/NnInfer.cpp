// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Result types of the nn ops.
// Inference is total (but for a concat of nothing): it gives a type for whatever attributes and operand shapes it is
// handed, sizes clamped at zero, so that building an op never aborts; the verifier then says which constraint is
// broken.
#include "ir/Nn.h"
#include "ir/WinogradTransform.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace layerc::nn;

using Sizes = SmallVector<int64_t>;
using OptionalSizes = std::optional<ArrayRef<int64_t>>;

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

/// Appends a tensor type of these sizes, negative ones taken as 0.
static LogicalResult give(SmallVectorImpl<Type> &types, ArrayRef<int64_t> sizes, Type elementType) {
  Sizes clamped = llvm::map_to_vector(sizes, [](int64_t size) { return std::max<int64_t>(size, 0); });
  types.push_back(RankedTensorType::get(clamped, elementType));
  return success();
}

static LogicalResult giveSame(SmallVectorImpl<Type> &types, Value value) {
  types.push_back(value.getType());
  return success();
}

static int64_t elementOr(OptionalSizes list, int64_t index, int64_t fallback) {
  return list && index < static_cast<int64_t>(list->size()) ? (*list)[index] : fallback;
}

static int64_t sizeOr(ArrayRef<int64_t> shape, int64_t dimension, int64_t fallback) {
  return dimension >= 0 && dimension < static_cast<int64_t>(shape.size()) ? shape[dimension] : fallback;
}

/// Sizes of shapes aligned at the end, a 1 giving way to the other's size.
static Sizes broadcastSizes(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  if (a.size() < b.size())
    std::swap(a, b);
  Sizes sizes(a);
  for (size_t i = 1; i <= b.size(); ++i)
    if (int64_t &size = sizes[a.size() - i]; size == 1)
      size = b[b.size() - i];
  return sizes;
}

/// Number of window positions along spatial dimension `d`.
static int64_t windowCount(int64_t size, int64_t window, int64_t dilation, OptionalSizes strides, OptionalSizes pads,
                           int64_t d) {
  int64_t stride = std::max<int64_t>(elementOr(strides, d, 1), 1);
  int64_t padded = size + elementOr(pads, 2 * d, 0) + elementOr(pads, 2 * d + 1, 0);
  int64_t reach = padded - (window - 1) * dilation - 1;
  return reach < 0 ? 0 : reach / stride + 1;
}

LogicalResult UnaryOp::inferReturnTypes(MLIRContext *context, std::optional<Location>, Adaptor op,
                                        SmallVectorImpl<Type> &types) {
  bool isTest = op.getFunction() == UnaryFunction::IsFinite || op.getFunction() == UnaryFunction::IsNan;
  RankedTensorType input = typeOf(op.getInput());
  return give(types, input.getShape(), isTest ? IntegerType::get(context, 1) : input.getElementType());
}

LogicalResult BinaryOp::inferReturnTypes(MLIRContext *context, std::optional<Location>, Adaptor op,
                                         SmallVectorImpl<Type> &types) {
  RankedTensorType lhs = typeOf(op.getLhs());
  bool isComparison = op.getFunction() >= BinaryFunction::Equal && op.getFunction() <= BinaryFunction::GreaterEqual;
  return give(types, broadcastSizes(lhs.getShape(), typeOf(op.getRhs()).getShape()),
              isComparison ? IntegerType::get(context, 1) : lhs.getElementType());
}

LogicalResult SelectOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor op,
                                         SmallVectorImpl<Type> &types) {
  RankedTensorType onTrue = typeOf(op.getOnTrue());
  Sizes sizes = broadcastSizes(onTrue.getShape(), typeOf(op.getOnFalse()).getShape());
  return give(types, broadcastSizes(sizes, typeOf(op.getCondition()).getShape()), onTrue.getElementType());
}

LogicalResult ReduceOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor op,
                                         SmallVectorImpl<Type> &types) {
  RankedTensorType input = typeOf(op.getInput());
  Sizes sizes;
  for (auto [dimension, size] : llvm::enumerate(input.getShape()))
    if (!llvm::is_contained(op.getAxes(), static_cast<int64_t>(dimension)))
      sizes.push_back(size);
  return give(types, sizes, input.getElementType());
}

LogicalResult ContractOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor op,
                                           SmallVectorImpl<Type> &types) {
  RankedTensorType lhs = typeOf(op.getLhs()), rhs = typeOf(op.getRhs());
  ArrayRef<int64_t> lhsBatch = op.getLhsBatch().value_or(ArrayRef<int64_t>());
  ArrayRef<int64_t> rhsBatch = op.getRhsBatch().value_or(ArrayRef<int64_t>());
  Sizes sizes;
  for (int64_t dimension : lhsBatch)
    sizes.push_back(sizeOr(lhs.getShape(), dimension, 1));
  auto addOthers = [&](RankedTensorType type, ArrayRef<int64_t> batch, ArrayRef<int64_t> contracting) {
    for (auto [dimension, size] : llvm::enumerate(type.getShape()))
      if (int64_t d = dimension; !llvm::is_contained(batch, d) && !llvm::is_contained(contracting, d))
        sizes.push_back(size);
  };
  addOthers(lhs, lhsBatch, op.getLhsContracting());
  addOthers(rhs, rhsBatch, op.getRhsContracting());
  return give(types, sizes, lhs.getElementType());
}

LogicalResult ConvOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor op,
                                       SmallVectorImpl<Type> &types) {
  RankedTensorType input = typeOf(op.getInput());
  ArrayRef<int64_t> kernel = typeOf(op.getKernel()).getShape();
  Sizes sizes(input.getShape());
  for (int64_t d = 0; d + 2 < input.getRank(); ++d)
    sizes[d + 1] = windowCount(sizes[d + 1], sizeOr(kernel, d, 1), elementOr(op.getDilations(), d, 1), op.getStrides(),
                               op.getPads(), d);
  if (!sizes.empty() && !kernel.empty())
    sizes.back() = kernel.back();
  return give(types, sizes, input.getElementType());
}

LogicalResult ConvTransposeOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor op,
                                                SmallVectorImpl<Type> &types) {
  RankedTensorType input = typeOf(op.getInput());
  ArrayRef<int64_t> kernel = typeOf(op.getKernel()).getShape();
  Sizes sizes(input.getShape());
  for (int64_t d = 0; d + 2 < input.getRank(); ++d)
    sizes[d + 1] = elementOr(op.getSizes(), d, sizes[d + 1]);
  if (!sizes.empty() && !kernel.empty())
    sizes.back() = kernel.back();
  return give(types, sizes, input.getElementType());
}

LogicalResult LocalConvOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor op,
                                            SmallVectorImpl<Type> &types) {
  RankedTensorType input = typeOf(op.getInput());
  ArrayRef<int64_t> kernel = typeOf(op.getKernel()).getShape();
  Sizes sizes(input.getShape());
  for (int64_t d = 0; d + 2 < input.getRank(); ++d)
    sizes[d + 1] = sizeOr(kernel, d, 1);
  if (!sizes.empty() && !kernel.empty())
    sizes.back() = kernel.back();
  return give(types, sizes, input.getElementType());
}

LogicalResult PoolOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor op,
                                       SmallVectorImpl<Type> &types) {
  RankedTensorType input = typeOf(op.getInput());
  Sizes sizes(input.getShape());
  for (int64_t d = 0; d + 2 < input.getRank(); ++d)
    sizes[d + 1] = windowCount(sizes[d + 1], elementOr(op.getWindow(), d, 1), 1, op.getStrides(), op.getPads(), d);
  return give(types, sizes, input.getElementType());
}

LogicalResult AffineOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor op,
                                         SmallVectorImpl<Type> &types) {
  return giveSame(types, op.getInput());
}

LogicalResult NormalizeOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor op,
                                            SmallVectorImpl<Type> &types) {
  return giveSame(types, op.getInput());
}

LogicalResult SoftmaxOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor op,
                                          SmallVectorImpl<Type> &types) {
  return giveSame(types, op.getInput());
}

LogicalResult ReshapeOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor op,
                                          SmallVectorImpl<Type> &types) {
  RankedTensorType input = typeOf(op.getInput());
  int64_t known = 1;
  for (int64_t size : op.getShape())
    known *= size < 0 ? 1 : size;
  Sizes sizes(op.getShape());
  for (int64_t &size : sizes)
    if (size < 0)
      size = known == 0 ? 0 : input.getNumElements() / known;
  return give(types, sizes, input.getElementType());
}

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor op,
                                            SmallVectorImpl<Type> &types) {
  RankedTensorType input = typeOf(op.getInput());
  Sizes sizes;
  for (int64_t dimension : op.getPermutation())
    sizes.push_back(sizeOr(input.getShape(), dimension, 1));
  return give(types, sizes, input.getElementType());
}

LogicalResult BroadcastOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor op,
                                            SmallVectorImpl<Type> &types) {
  RankedTensorType input = typeOf(op.getInput());
  Sizes sizes(op.getShape());
  int64_t added = static_cast<int64_t>(sizes.size()) - input.getRank();
  for (auto [dimension, size] : llvm::enumerate(sizes))
    if (size < 0)
      size = sizeOr(input.getShape(), static_cast<int64_t>(dimension) - added, 1);
  return give(types, sizes, input.getElementType());
}

LogicalResult PadOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor op,
                                      SmallVectorImpl<Type> &types) {
  RankedTensorType input = typeOf(op.getInput());
  Sizes sizes(input.getShape());
  for (auto [dimension, size] : llvm::enumerate(sizes))
    size += elementOr(op.getLow(), dimension, 0) + elementOr(op.getHigh(), dimension, 0);
  return give(types, sizes, input.getElementType());
}

LogicalResult SliceOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor op,
                                        SmallVectorImpl<Type> &types) {
  RankedTensorType input = typeOf(op.getInput());
  Sizes sizes;
  for (int64_t d = 0; d < input.getRank(); ++d) {
    int64_t stride = std::max<int64_t>(elementOr(op.getStrides(), d, 1), 1);
    int64_t remaining = input.getDimSize(d) - elementOr(op.getStarts(), d, 0);
    int64_t size = elementOr(op.getSizes(), d, -1);
    sizes.push_back(size < 0 ? (std::max<int64_t>(remaining, 0) + stride - 1) / stride : size);
  }
  return give(types, sizes, input.getElementType());
}

LogicalResult ReverseOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor op,
                                          SmallVectorImpl<Type> &types) {
  return giveSame(types, op.getInput());
}

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                         SmallVectorImpl<Type> &types) {
  if (op.getInputs().empty())
    return emitOptionalError(location, "nn.concat expects at least one input"); // C1
  RankedTensorType first = typeOf(op.getInputs().front());
  Sizes sizes(first.getShape());
  int64_t axis = op.getAxis();
  if (axis >= 0 && axis < first.getRank())
    for (Value input : op.getInputs().drop_front())
      sizes[axis] += sizeOr(typeOf(input).getShape(), axis, 0);
  return give(types, sizes, first.getElementType());
}

LogicalResult ResizeOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor op,
                                         SmallVectorImpl<Type> &types) {
  RankedTensorType input = typeOf(op.getInput());
  Sizes sizes(input.getShape());
  for (int64_t d = 0; d + 2 < input.getRank(); ++d)
    sizes[d + 1] = elementOr(op.getSizes(), d, sizes[d + 1]);
  return give(types, sizes, input.getElementType());
}

LogicalResult GatherOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor op,
                                         SmallVectorImpl<Type> &types) {
  RankedTensorType input = typeOf(op.getInput());
  ArrayRef<int64_t> shape = input.getShape(), indices = typeOf(op.getIndices()).getShape();
  size_t axis = std::min<size_t>(op.getAxis(), shape.size()), batch = std::min<size_t>(op.getBatch(), indices.size());
  Sizes sizes(shape.take_front(axis));
  llvm::append_range(sizes, indices.drop_front(batch));
  llvm::append_range(sizes, shape.drop_front(std::min(axis + 1, shape.size())));
  return give(types, sizes, input.getElementType());
}

LogicalResult OneHotOp::inferReturnTypes(MLIRContext *context, std::optional<Location>, Adaptor op,
                                         SmallVectorImpl<Type> &types) {
  Sizes sizes(typeOf(op.getInput()).getShape());
  sizes.push_back(op.getDepth());
  return give(types, sizes, IntegerType::get(context, 1));
}

LogicalResult BucketizeOp::inferReturnTypes(MLIRContext *context, std::optional<Location>, Adaptor op,
                                            SmallVectorImpl<Type> &types) {
  return give(types, typeOf(op.getInput()).getShape(), IntegerType::get(context, 32));
}

Sizes layerc::nn::packedShape(ArrayRef<int64_t> shape, LayoutAttr layout) {
  int64_t columns = std::max<int64_t>(layout.getColumns(), 1), groups = std::max<int64_t>(layout.getGroups(), 1);
  int64_t width = shape.empty() ? 1 : shape.back();
  int64_t depth = 1;
  for (int64_t size : shape.empty() ? shape : shape.drop_back())
    depth *= size;
  if (const WinogradTransform *transform = WinogradTransform::of(layout))
    depth = depth / 9 * transform->points() * transform->points();
  int64_t panels = (width / groups + columns - 1) / columns;
  return layout.getKind() == "gates" ? Sizes{panels, depth, groups, columns} : Sizes{groups, panels, depth, columns};
}

LogicalResult PackOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor op,
                                       SmallVectorImpl<Type> &types) {
  RankedTensorType input = typeOf(op.getInput());
  return give(types, packedShape(input.getShape(), op.getLayout()), input.getElementType());
}

LogicalResult ScanOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                       SmallVectorImpl<Type> &types) {
  if (op.getSequences().empty())
    return emitOptionalError(location, "nn.scan expects at least one sequence"); // C1
  Region &body = *op.getRegions().front();
  auto yield = body.empty() || body.front().empty() ? YieldOp() : dyn_cast<YieldOp>(body.front().back());
  if (!yield || yield.getValues().size() < op.getInitials().size())
    return emitOptionalError(location, "nn.scan expects nn.yield to give the next carried values"); // C3
  llvm::append_range(types, op.getInitials().getTypes());
  ValueRange stacked = yield.getValues().drop_front(op.getInitials().size());
  if (op.getUnroll() < 1 || stacked.size() % op.getUnroll() != 0)
    return emitOptionalError(location, "nn.scan expects nn.yield to give an element of each stacked result per step");
  for (size_t number = 0; number < stacked.size(); number += op.getUnroll()) {
    Value value = stacked[number];
    Sizes sizes{sizeOr(typeOf(op.getSequences().front()).getShape(), 0, 0)};
    llvm::append_range(sizes, typeOf(value).getShape());
    types.push_back(RankedTensorType::get(sizes, typeOf(value).getElementType()));
  }
  return success();
}
