// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs weight recipes: one function per op, from strided views of the operands to dense bytes.
// An op asks for its operand as a view, so that nothing is copied, or has it written where its own result goes.
#include "ir/Recipe.h"

#include "ir/Evaluate.h"
#include "ir/EvaluateRules.h"
#include "ir/StridedView.h"
#include "ir/WinogradTransform.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace layerc;
using namespace layerc::nn;

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }
static int64_t bytesOf(RankedTensorType type) { return type.getNumElements() * elementBytes(type.getElementType()); }

namespace {

class RecipeRunner {
public:
  explicit RecipeRunner(WeightStore &weights) : weights_(weights) {}

  /// The elements of `value` where they are, or in a temporary that the view owns.
  StridedView view(Value value);
  /// Writes the elements of `value`, dense, to `out`.
  void write(Value value, char *out);

private:
  /// A view without computing anything, or nothing.
  std::optional<StridedView> viewOf(Operation *op);
  /// `operand` of an elementwise op whose result has type `result` and goes to `out`: in `out` itself where it has to
  /// be computed and fits there, to be overwritten element by element.
  StridedView viewForElementwise(Value operand, RankedTensorType result, char *out, bool &outTaken);

  void writeUnary(UnaryOp op, char *out);
  void writeBinary(BinaryOp op, char *out);
  void writeCast(CastOp op, char *out);
  void writeAffine(AffineOp op, char *out);
  void writePad(PadOp op, char *out);
  void writeConcat(ConcatOp op, char *out);
  void writeGather(GatherOp op, char *out);
  void writePack(PackOp op, char *out);
  void writeByEvaluation(Value value, char *out);

  WeightStore &weights_;
};

} // namespace

static StridedView constantView(ConstantOp op) {
  auto numbers = cast<DenseElementsAttr>(op.getValue());
  auto bytes = std::make_shared<std::vector<char>>(storedBytes(numbers));
  StridedView view = StridedView::dense(op.getType(), bytes->data());
  view.owner = bytes;
  if (numbers.isSplat())
    view.strides.assign(view.strides.size(), 0);
  return view;
}

static StridedView slice(StridedView view, SliceOp op) {
  for (size_t d = 0; d < view.shape.size(); ++d) {
    view.data += op.getStarts()[d] * view.strides[d] * view.element.bytes();
    view.shape[d] = op.getType().getDimSize(d);
    view.strides[d] *= op.stride(d);
  }
  return view;
}

static StridedView reverse(StridedView view, ReverseOp op) {
  for (int64_t axis : op.getAxes()) {
    view.data += std::max<int64_t>(view.shape[axis] - 1, 0) * view.strides[axis] * view.element.bytes();
    view.strides[axis] = -view.strides[axis];
  }
  return view;
}

static StridedView transpose(const StridedView &source, TransposeOp op) {
  StridedView view = source;
  for (auto [d, from] : llvm::enumerate(op.getPermutation())) {
    view.shape[d] = source.shape[from];
    view.strides[d] = source.strides[from];
  }
  return view;
}

std::optional<StridedView> RecipeRunner::viewOf(Operation *op) {
  if (auto weight = dyn_cast<WeightOp>(op))
    return StridedView::dense(weight.getType(), weights_.getOrMake(weight.getName(), weight.getType()).bytes.data());
  if (auto constant = dyn_cast<ConstantOp>(op))
    return constantView(constant);
  if (auto sliceOp = dyn_cast<SliceOp>(op))
    return slice(view(sliceOp.getInput()), sliceOp);
  if (auto reverseOp = dyn_cast<ReverseOp>(op))
    return reverse(view(reverseOp.getInput()), reverseOp);
  if (auto transposeOp = dyn_cast<TransposeOp>(op))
    return transpose(view(transposeOp.getInput()), transposeOp);
  if (auto broadcast = dyn_cast<BroadcastOp>(op))
    return view(broadcast.getInput()).broadcastTo(broadcast.getType().getShape());
  if (auto reshape = dyn_cast<ReshapeOp>(op)) {
    StridedView source = view(reshape.getInput());
    if (!source.isDense())
      return std::nullopt;
    StridedView result = StridedView::dense(reshape.getType(), source.data);
    result.owner = source.owner;
    return result;
  }
  return std::nullopt;
}

StridedView RecipeRunner::view(Value value) {
  if (std::optional<StridedView> existing = viewOf(value.getDefiningOp()))
    return *existing;
  auto bytes = std::make_shared<std::vector<char>>(bytesOf(typeOf(value)));
  write(value, bytes->data());
  StridedView result = StridedView::dense(typeOf(value), bytes->data());
  result.owner = bytes;
  return result;
}

void RecipeRunner::write(Value value, char *out) {
  llvm::TypeSwitch<Operation *>(value.getDefiningOp())
      .Case<UnaryOp>([&](auto op) { writeUnary(op, out); })
      .Case<BinaryOp>([&](auto op) { writeBinary(op, out); })
      .Case<CastOp>([&](auto op) { writeCast(op, out); })
      .Case<AffineOp>([&](auto op) { writeAffine(op, out); })
      .Case<PadOp>([&](auto op) { writePad(op, out); })
      .Case<ConcatOp>([&](auto op) { writeConcat(op, out); })
      .Case<GatherOp>([&](auto op) { writeGather(op, out); })
      .Case<PackOp>([&](auto op) { writePack(op, out); })
      .Case<ReshapeOp>([&](auto op) { // the same bytes whatever the shape
        StridedView source = view(op.getInput());
        copyElements(source, out, denseStrides(source.shape));
      })
      .Case<WeightOp, ConstantOp, SliceOp, ReverseOp, TransposeOp, BroadcastOp>([&](auto op) {
        StridedView source = *viewOf(op);
        copyElements(source, out, denseStrides(source.shape));
      })
      .Default([&](Operation *) { writeByEvaluation(value, out); });
}

//===-- Elementwise ---------------------------------------------------------------------------------------------===//

StridedView RecipeRunner::viewForElementwise(Value operand, RankedTensorType result, char *out, bool &outTaken) {
  bool isComputed = isElementwise(operand.getDefiningOp());
  if (outTaken || !isComputed || operand.getType() != result)
    return view(operand).broadcastTo(result.getShape());
  outTaken = true;
  write(operand, out);
  return StridedView::dense(result, out);
}

/// Calls `apply(a, b)` for the elements of two f32 views of one shape and writes the results densely.
template <typename Apply> static void zipFloats(const StridedView &a, const StridedView &b, float *out, Apply apply) {
  ArrayRef<int64_t> shape = a.shape;
  SmallVector<int64_t, 6> outStrides = denseStrides(shape);
  int64_t count = shape.empty() ? 1 : shape.back();
  int64_t aStride = shape.empty() ? 0 : a.strides.back(), bStride = shape.empty() ? 0 : b.strides.back();
  forEachRow<3>(shape, {a.strides, b.strides, outStrides}, [&](std::array<int64_t, 3> offsets) {
    const auto *x = reinterpret_cast<const Unaligned<float> *>(a.data) + offsets[0];
    const auto *y = reinterpret_cast<const Unaligned<float> *>(b.data) + offsets[1];
    float *to = out + offsets[2];
    if (aStride == 1 && bStride == 1)
      for (int64_t i = 0; i < count; ++i)
        to[i] = apply(x[i], y[i]);
    else
      for (int64_t i = 0; i < count; ++i)
        to[i] = apply(x[i * aStride], y[i * bStride]);
  });
}

/// As zipFloats for any element types, on Scalars.
template <typename Apply>
static void zipScalars(const StridedView &a, const StridedView &b, NumberFormat element, char *out, Apply apply) {
  ArrayRef<int64_t> shape = a.shape;
  int64_t count = shape.empty() ? 1 : shape.back();
  int64_t aStride = shape.empty() ? 0 : a.strides.back(), bStride = shape.empty() ? 0 : b.strides.back();
  forEachRow<2>(shape, {a.strides, b.strides}, [&](std::array<int64_t, 2> offsets) {
    for (int64_t i = 0; i < count; ++i, out += element.bytes()) // rows come in row-major order
      writeElement(element, out,
                   apply(readElement(a.element, a.data + (offsets[0] + i * aStride) * a.element.bytes()),
                         readElement(b.element, b.data + (offsets[1] + i * bStride) * b.element.bytes())));
  });
}

void RecipeRunner::writeUnary(UnaryOp op, char *out) {
  bool outTaken = false;
  StridedView x = viewForElementwise(op.getInput(), op.getType(), out, outTaken);
  zipScalars(x, x, numberFormatOf(op.getType().getElementType()), out,
             [&](Scalar a, Scalar) { return applyUnary(op.getFunction(), x.element, a); });
}

void RecipeRunner::writeCast(CastOp op, char *out) {
  StridedView x = view(op.getInput());
  NumberFormat to = numberFormatOf(op.getType().getElementType());
  zipScalars(x, x, to, out, [&](Scalar a, Scalar) { return convert(a, x.element, to); });
}

void RecipeRunner::writeBinary(BinaryOp op, char *out) {
  bool outTaken = false;
  StridedView a = viewForElementwise(op.getLhs(), op.getType(), out, outTaken);
  StridedView b = viewForElementwise(op.getRhs(), op.getType(), out, outTaken);
  if (a.element.kind == ElementKind::F32) {
    auto *floats = reinterpret_cast<float *>(out);
    switch (op.getFunction()) { // the correctly rounded ones, where float arithmetic gives Evaluate's result
    case BinaryFunction::Add:
      return zipFloats(a, b, floats, [](float x, float y) { return x + y; });
    case BinaryFunction::Sub:
      return zipFloats(a, b, floats, [](float x, float y) { return x - y; });
    case BinaryFunction::Mul:
      return zipFloats(a, b, floats, [](float x, float y) { return x * y; });
    case BinaryFunction::Div:
      return zipFloats(a, b, floats, [](float x, float y) { return x / y; });
    default:
      break;
    }
  }
  zipScalars(a, b, numberFormatOf(op.getType().getElementType()), out,
             [&](Scalar x, Scalar y) { return applyBinary(op.getFunction(), a.element, x, y); });
}

void RecipeRunner::writeAffine(AffineOp op, char *out) {
  ArrayRef<int64_t> shape = op.getType().getShape();
  auto alongAxis = [&](Value operand) { // [C] with unit dimensions behind it, so that it broadcasts along the axis
    StridedView vector = view(operand);
    vector.shape.append(shape.size() - op.getAxis() - 1, 1);
    vector.strides.append(shape.size() - op.getAxis() - 1, 0);
    return vector.broadcastTo(shape);
  };
  // The product is kept in double, as Evaluate does, so both steps go element by element through one loop.
  StridedView x = view(op.getInput()), scale = alongAxis(op.getScale()), shift = alongAxis(op.getShift());
  int64_t count = shape.empty() ? 1 : shape.back();
  forEachRow<3>(shape, {x.strides, scale.strides, shift.strides}, [&](std::array<int64_t, 3> offsets) {
    auto number = [](const StridedView &v, int64_t row, int64_t i) {
      return readElement(v.element, v.data + (row + i * v.strides.back()) * v.element.bytes()).real;
    };
    for (int64_t i = 0; i < count; ++i, out += x.element.bytes()) {
      double product = number(x, offsets[0], i) * number(scale, offsets[1], i);
      writeElement(x.element, out, {product + number(shift, offsets[2], i), 0});
    }
  });
}

//===-- Movements -----------------------------------------------------------------------------------------------===//

/// Writes a part whose first element goes to `start`, inside a dense tensor of `shape`.
static void copyInto(const StridedView &part, char *out, ArrayRef<int64_t> shape, ArrayRef<int64_t> start) {
  SmallVector<int64_t, 6> strides = denseStrides(shape);
  int64_t offset = 0;
  for (auto [position, stride] : llvm::zip(start, strides))
    offset += position * stride;
  copyElements(part, out + offset * part.element.bytes(), strides);
}

void RecipeRunner::writePad(PadOp op, char *out) {
  NumberFormat element = numberFormatOf(op.getType().getElementType());
  double value = op.getValue().convertToDouble();
  for (int64_t i = 0; i < op.getType().getNumElements(); ++i)
    writeElement(element, out + i * element.bytes(), {value, static_cast<int64_t>(value)});
  copyInto(view(op.getInput()), out, op.getType().getShape(), op.getLow());
}

/// Slices by a list of indices, the groups of quantized kernels; other forms are left to Evaluate.
void RecipeRunner::writeGather(GatherOp op, char *out) {
  StridedView indices = view(op.getIndices());
  if (op.getBatch() != 0 || indices.shape.size() != 1 || op.getBounds() != GatherBounds::Clamp)
    return writeByEvaluation(op, out);
  StridedView slice = view(op.getInput());
  SmallVector<int64_t, 6> outStrides = denseStrides(op.getType().getShape());
  const char *first = slice.data;
  int64_t axis = op.getAxis(), last = slice.shape[axis] - 1, bytes = slice.element.bytes();
  slice.shape[axis] = 1;
  for (int64_t i = 0; i < indices.shape[0]; ++i) {
    int64_t index =
        readElement(indices.element, indices.data + i * indices.strides[0] * indices.element.bytes()).integer;
    slice.data = first + std::clamp<int64_t>(index, 0, last) * slice.strides[axis] * bytes;
    copyElements(slice, out + i * outStrides[axis] * bytes, outStrides);
  }
}

void RecipeRunner::writeConcat(ConcatOp op, char *out) {
  SmallVector<int64_t, 6> start(op.getType().getRank(), 0);
  for (Value input : op.getInputs()) {
    copyInto(view(input), out, op.getType().getShape(), start);
    start[op.getAxis()] += typeOf(input).getDimSize(op.getAxis());
  }
}

/// Copies rows of a K x N matrix into panels [groups][panels][K][columns], or [panels][K][groups][columns] for gates.
static void packPanels(const StridedView &matrix, LayoutAttr layout, char *out) {
  int64_t width = matrix.shape.back(), depth = width == 0 ? 0 : matrix.size() / width;
  int64_t columns = layout.getColumns(), perGroup = width / layout.getGroups();
  int64_t panels = (perGroup + columns - 1) / columns, bytes = matrix.element.bytes();
  SmallVector<int64_t, 64> rows;
  rows.reserve(depth);
  forEachRow<1>(matrix.shape, {matrix.strides}, [&](std::array<int64_t, 1> offset) { rows.push_back(offset[0]); });
  bool areGates = layout.getKind() == "gates";
  constexpr int64_t block = 64; // rows whose bytes stay in L2 while they are dealt out to the panels
  for (int64_t k0 = 0; k0 < depth; k0 += block)
    for (int64_t panel = 0; panel < layout.getGroups() * panels; ++panel) {
      int64_t first = panel % panels * columns, count = std::min(columns, perGroup - first);
      int64_t column = panel / panels * perGroup + first, stride = matrix.strides.back();
      for (int64_t k = k0; k < std::min(k0 + block, depth); ++k) {
        const char *from = matrix.data + (rows[k] + column * stride) * bytes;
        int64_t piece =
            areGates ? (panel % panels * depth + k) * layout.getGroups() + panel / panels : panel * depth + k;
        char *to = out + piece * columns * bytes;
        if (stride == 1)
          std::memcpy(to, from, count * bytes);
        else
          for (int64_t c = 0; c < count; ++c)
            std::memcpy(to + c * bytes, from + c * stride * bytes, bytes);
        std::memset(to + count * bytes, 0, (columns - count) * bytes);
      }
    }
}

/// U = G g G^T for every pair of channels of a 3 x 3 x C x N kernel: P x P x C x N, sums in double.
static StridedView transformKernel(const StridedView &kernel, const WinogradTransform &transform) {
  int64_t points = transform.points(), channels = kernel.shape[2], columns = kernel.shape[3];
  StridedView result;
  result.element = kernel.element;
  result.shape = {points, points, channels, columns};
  result.strides = denseStrides(result.shape);
  result.owner = std::make_shared<std::vector<char>>(result.size() * sizeof(float));
  result.data = result.owner->data();
  auto *out = reinterpret_cast<float *>(result.owner->data());
  const auto *in = reinterpret_cast<const Unaligned<float> *>(kernel.data);
  for (int64_t at = 0; at < channels * columns; ++at) {
    const auto *g = in + at / columns * kernel.strides[2] + at % columns * kernel.strides[3];
    double rows[6][3] = {};
    for (int64_t i = 0; i < points; ++i)
      for (int64_t x = 0; x < 3; ++x)
        for (int64_t y = 0; y < 3; ++y)
          rows[i][x] += transform.forward[i][y] * g[y * kernel.strides[0] + x * kernel.strides[1]];
    for (int64_t i = 0; i < points; ++i)
      for (int64_t j = 0; j < points; ++j) {
        double sum = 0;
        for (int64_t x = 0; x < 3; ++x)
          sum += transform.forward[j][x] * rows[i][x];
        out[(i * points + j) * result.strides[1] + at] = static_cast<float>(sum);
      }
  }
  return result;
}

void RecipeRunner::writePack(PackOp op, char *out) {
  StridedView matrix = view(op.getInput());
  if (const WinogradTransform *transform = WinogradTransform::of(op.getLayout()))
    matrix = transformKernel(matrix, *transform);
  if (matrix.shape.empty()) {
    matrix.shape = {1};
    matrix.strides = {1};
  }
  packPanels(matrix, op.getLayout(), out);
}

void RecipeRunner::writeByEvaluation(Value value, char *out) {
  TensorData data = Evaluator(weights_).evaluate(value);
  std::memcpy(out, data.bytes.data(), data.bytes.size());
}

//===-- Entry points --------------------------------------------------------------------------------------------===//

/// The first weight of an expression that the store holds with another type, or null.
static WeightOp findMismatch(Value value, WeightStore &weights) {
  Operation *op = value.getDefiningOp();
  if (auto weight = dyn_cast<WeightOp>(op))
    return weights.getOrMake(weight.getName(), weight.getType()).type == weight.getType() ? WeightOp() : weight;
  for (Value operand : op->getOperands())
    if (WeightOp mismatch = findMismatch(operand, weights))
      return mismatch;
  return {};
}

llvm::Error layerc::runRecipe(Value value, WeightStore &weights, MutableArrayRef<char> out) {
  assert(isWeightExpression(value) && "a recipe depends on weights and constants alone");
  if (WeightOp weight = findMismatch(value, weights))
    return llvm::createStringError("weight %s is stored with another type than the model uses",
                                   weight.getName().str().c_str());
  if (static_cast<int64_t>(out.size()) != bytesOf(typeOf(value)))
    return llvm::createStringError("a recipe of %lld bytes is given room for %zu",
                                   static_cast<long long>(bytesOf(typeOf(value))), out.size());
  RecipeRunner(weights).write(value, out.data());
  return llvm::Error::success();
}

uint64_t layerc::recipeHash(Value value, WeightStore &weights) {
  Operation *op = value.getDefiningOp();
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << op->getName() << " " << value.getType() << " ";
  if (auto weight = dyn_cast<WeightOp>(op))
    stream << weights.getOrMake(weight.getName(), weight.getType()).hash;
  else
    stream << op->getAttrDictionary();
  for (Value operand : op->getOperands())
    stream << " " << recipeHash(operand, weights);
  return llvm::xxh3_64bits(stream.str());
}
