// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantized kernels: stored variables to floats, and exact sums of whole numbers in float32.
// Pairs of 4-bit numbers are taken apart here; scales and zeros are ops on weights, which run once when a model is
// compiled.
#include "frontend/layers/Quantized.h"

#include "frontend/Json.h"

#include "absl/strings/str_cat.h"
#include "llvm/ADT/STLExtras.h"

#include <cmath>
#include <cstring>

using namespace mlir;
using namespace layerc;
using Mode = Quantization::Mode;

//===-- Stored variables ----------------------------------------------------------------------------------------===//

/// Whole numbers of `shape` stored two to a byte along `axis`, the first in the lower half.
static Value unpackedWeight(LayerImport &l, StringRef name, ArrayRef<int64_t> shape, int64_t axis, ElementType type) {
  Sizes stored(shape);
  stored[axis] = (shape[axis] + 1) / 2;
  const Array *array = l.nextArray(name, stored, type);
  if (!array)
    return {};
  int64_t inner = ShapedType::getNumElements(shape.drop_front(axis + 1));
  int64_t count = ShapedType::getNumElements(shape);
  std::vector<char> bytes(count);
  for (int64_t i = 0; i < count; ++i) {
    int64_t place = i / inner % shape[axis], outer = i / inner / shape[axis];
    auto pair = std::to_integer<int>(array->data[(outer * stored[axis] + place / 2) * inner + i % inner]);
    int number = place % 2 ? pair >> 4 : pair & 15;
    bytes[i] = static_cast<char>(type == ElementType::Int8 ? (number ^ 8) - 8 : number);
  }
  auto element = IntegerType::get(l.context(), 8);
  return l.ownedWeight(absl::StrCat(absl::string_view(name.data(), name.size()), "/unpacked"),
                       RankedTensorType::get(shape, element), std::move(bytes));
}

namespace {

/// Scale and zero of each group of numbers.
struct Groups {
  Value scale, zero;
};

} // namespace

static Groups readGroups(LayerImport &l, const std::string &kernel, ArrayRef<int64_t> shape, ElementType zeroType) {
  Value scale = l.weight(kernel + "_scale", shape);
  Value zero = l.cast(l.wholeWeight(kernel + "_zero", shape, zeroType), l.computeType());
  return {scale, zero};
}

/// The group of each place; Keras stores these numbers as floats, once as integers. Empty after an error.
static std::vector<int64_t> readGroupIndices(LayerImport &l, int64_t places, int64_t groups) {
  const Array *array = l.nextArray("g_idx", {places}, std::nullopt);
  std::vector<int64_t> indices;
  if (array && array->type != ElementType::Float32 && array->type != ElementType::Int32)
    l.fail() << "weight 'g_idx' is stored as " << elementTypeName(array->type) << "; expects float32 or int32";
  for (int64_t i = 0; i < places && !l.failed(); ++i) {
    float number = 0;
    int32_t whole = 0;
    std::memcpy(&number, array->data + i * sizeof(number), sizeof(number));
    std::memcpy(&whole, array->data + i * sizeof(whole), sizeof(whole));
    double group = array->type == ElementType::Int32 ? whole : static_cast<double>(number);
    if (!(group >= 0 && group < static_cast<double>(groups)) || group != std::floor(group))
      l.fail() << "weight 'g_idx' holds " << absl::StrCat(group) << " at " << i << "; expects a whole number below "
               << groups;
    else
      indices.push_back(static_cast<int64_t>(group));
  }
  return indices;
}

/// (numbers - zero) * scale, both of the group that g_idx, the next variable, names for each place along `axis`.
static Value dequantize(LayerImport &l, Value numbers, Groups groups, int64_t axis) {
  if (l.failed())
    return {};
  int64_t count = l.shape(groups.scale)[axis];
  std::vector<int64_t> indices = readGroupIndices(l, l.shape(numbers)[axis], count);
  if (count > 1 && !l.failed()) {
    Value table = l.integerTable("g_idx", indices);
    groups.scale = l.create<nn::GatherOp>(nn::GatherBounds::Clamp, groups.scale, table, axis, int64_t(0));
    groups.zero = l.create<nn::GatherOp>(nn::GatherBounds::Clamp, groups.zero, table, axis, int64_t(0));
  }
  return l.mul(l.sub(l.cast(numbers, l.computeType()), groups.zero), groups.scale);
}

/// The kernels of gptq and awq, which stand in the file behind the bias and turned round.
static Value calibratedKernel(LayerImport &l, int64_t rows, int64_t columns, bool hasBias) {
  const Quantization &quantization = l.quantization();
  size_t expected = 4 + (quantization.mode == Mode::Awq) + hasBias;
  if (!l.failed() && l.layer().weights.size() + 1 == expected)
    return l.fail() << "has " << l.layer().weights.size() << " weights in the file; expects " << expected
                    << ": Keras 3.14 and 3.15 save it without 'kernel_zero'";
  Value numbers = quantization.bits == 4 ? unpackedWeight(l, "kernel", {columns, rows}, 0, ElementType::UInt8)
                                         : l.wholeWeight("kernel", {columns, rows}, ElementType::UInt8);
  Groups groups = readGroups(l, "kernel", {columns, quantization.groups(rows)}, ElementType::UInt8);
  Value inputScales = quantization.mode == Mode::Awq ? l.weight("awq_scales", {rows}) : Value();
  Value kernel = l.transpose(dequantize(l, numbers, groups, 1), {1, 0});
  return inputScales ? l.div(kernel, l.reshape(inputScales, {rows, 1})) : kernel;
}

bool layerc::keepsShape(const LayerImport &l) {
  Mode mode = l.quantization().mode;
  return mode == Mode::Int8 || (mode == Mode::Int4 && !l.isKerasFrom(3, 14));
}

QuantizedKernel layerc::quantizedKernel(LayerImport &l, const QuantizedShapes &shapes) {
  const Quantization &quantization = l.quantization();
  auto bias = [&] { return shapes.bias ? l.weight("bias", *shapes.bias) : Value(); };
  int64_t rows = shapes.rows, columns = shapes.columns;
  QuantizedKernel kernel;
  if (keepsShape(l)) {
    kernel.values = quantization.mode == Mode::Int8
                        ? l.wholeWeight("kernel", shapes.kernel, ElementType::Int8)
                        : unpackedWeight(l, "kernel", shapes.kernel, shapes.packedAxis, ElementType::Int8);
    kernel.bias = bias();
    kernel.scale = l.weight("kernel_scale", shapes.scale);
  } else if (quantization.mode == Mode::Int4) {
    kernel.values = unpackedWeight(l, "kernel", {rows, columns}, 1, ElementType::Int8);
    kernel.bias = bias();
    if (!quantization.isGrouped())
      kernel.scale = l.weight("kernel_scale", {columns});
    else
      kernel.values = dequantize(l, kernel.values,
                                 readGroups(l, "kernel", {quantization.groups(rows), columns}, ElementType::Int8), 0);
  } else {
    kernel.bias = bias();
    kernel.values = calibratedKernel(l, rows, columns, shapes.bias.has_value());
  }
  return kernel;
}

Value layerc::quantizedTable(LayerImport &l, int64_t rows, int64_t columns) {
  const Quantization &quantization = l.quantization();
  Value numbers = quantization.mode == Mode::Int8
                      ? l.wholeWeight("embeddings", {rows, columns}, ElementType::Int8)
                      : unpackedWeight(l, "embeddings", {rows, columns}, 1, ElementType::Int8);
  if (quantization.isGrouped())
    return dequantize(l, numbers, readGroups(l, "embeddings", {rows, quantization.groups(columns)}, ElementType::Int8),
                      1);
  numbers = l.cast(numbers, l.computeType());
  return l.div(numbers, l.reshape(l.weight("embeddings_scale", {rows}), {rows, 1}));
}

//===-- Activations ---------------------------------------------------------------------------------------------===//

namespace {

/// Keras' AbsMaxQuantizer: round(x * scale) within [low, high], scale = high / (max |x| + epsilon).
struct InputQuantizer {
  double low = -127, high = 127, epsilon = 1e-7;
};

} // namespace

/// The quantizer of a layer's activations, nothing where they stay floats.
static std::optional<InputQuantizer> inputQuantizer(LayerImport &l) {
  const Quantization &quantization = l.quantization();
  if (quantization.isGrouped() || (quantization.mode != Mode::Int8 && quantization.mode != Mode::Int4))
    return std::nullopt;
  const nlohmann::json *config = l.config("quantization_config");
  InputQuantizer quantizer;
  if (!config)
    return keepsShape(l) ? std::optional(quantizer) : std::nullopt;
  const nlohmann::json &given = at(at(*config, "config"), "activation_quantizer");
  if (given.is_null())
    return std::nullopt;
  const nlohmann::json &arguments = at(given, "config"), &range = at(arguments, "value_range"),
                       &epsilon = at(arguments, "epsilon"), &type = at(arguments, "output_dtype");
  bool isRange = range.is_array() && range.size() == 2 && range[0].is_number() && range[1].is_number();
  if (at(given, "class_name") != "AbsMaxQuantizer" || type != "int8" || !isRange || !epsilon.is_number()) {
    l.fail() << "'activation_quantizer' of 'quantization_config' is supported as AbsMaxQuantizer to int8 only";
    return std::nullopt;
  }
  return InputQuantizer{range[0].get<double>(), range[1].get<double>(), epsilon.get<double>()};
}

/// x as whole numbers and the scale that they were multiplied with, of size 1 in the dimensions `axes`.
static std::pair<Value, Value> quantize(LayerImport &l, Value x, const InputQuantizer &quantizer,
                                        ArrayRef<int64_t> axes) {
  if (l.failed())
    return {};
  Sizes kept(l.shape(x));
  for (int64_t axis : axes)
    kept[axis] = 1;
  Value top = l.reshape(l.reduce(nn::ReduceFunction::Max, l.unary(nn::UnaryFunction::Abs, x), axes), kept);
  Value scale = l.binary(nn::BinaryFunction::Div, quantizer.high, l.add(top, quantizer.epsilon));
  Value whole = l.unary(nn::UnaryFunction::Round, l.mul(x, scale));
  return {l.minimum(l.maximum(whole, quantizer.low), quantizer.high), scale};
}

//===-- Products ------------------------------------------------------------------------------------------------===//

/// Half of a dimension, the lower one or the other.
static Value half(LayerImport &l, Value x, int64_t axis, bool isUpper) {
  if (l.failed() || axis < 0)
    return x;
  Sizes starts(l.rank(x), 0), sizes(l.shape(x));
  int64_t middle = sizes[axis] / 2;
  starts[axis] = isUpper ? middle : 0;
  sizes[axis] = isUpper ? sizes[axis] - middle : middle;
  return l.create<nn::SliceOp>(x, ArrayRef<int64_t>(starts), ArrayRef<int64_t>(sizes), DenseI64ArrayAttr());
}

/// The product of whole numbers of 8 bits with ones of at most `kernelBits`. float32 holds sums below 2^24 exactly;
/// more terms are added up in parts, and the parts as int32, like Keras adds all of them.
static Value exactProduct(LayerImport &l, Value x, Value kernel, const QuantizedProduct &product, int64_t kernelBits) {
  if (l.failed())
    return {};
  int64_t terms = 1;
  auto size = [&](const QuantizedProduct::Axis &axis) { return l.shape(x)[axis.x]; };
  for (const QuantizedProduct::Axis &axis : product.summed)
    terms *= size(axis);
  int64_t bitsOfTerm = 7 + kernelBits - 1;
  if (terms > int64_t(1) << (31 - bitsOfTerm))
    return l.fail() << "adds up " << terms << " products of whole numbers; int32 holds the sums of "
                    << (int64_t(1) << (31 - bitsOfTerm));
  if (terms <= int64_t(1) << (24 - bitsOfTerm))
    return product.multiply(x, kernel);
  auto largest = *llvm::max_element(product.summed, [&](auto a, auto b) { return size(a) < size(b); });
  Value parts[2];
  for (bool isUpper : {false, true}) {
    Value xHalf = half(l, x, largest.x, isUpper), kernelHalf = half(l, kernel, largest.kernel, isUpper);
    Value sums = exactProduct(l, xHalf, kernelHalf, product, kernelBits);
    parts[isUpper] = l.failed() ? Value() : l.cast(sums, IntegerType::get(l.context(), 32));
  }
  return l.add(parts[0], parts[1]);
}

Value QuantizedProduct::compute(LayerImport &l, Value x, const QuantizedKernel &kernel) const {
  std::optional<InputQuantizer> quantizer = inputQuantizer(l);
  Value divisor = kernel.scale, y;
  if (quantizer) {
    Sizes axes = llvm::map_to_vector<4>(summed, [](Axis axis) { return axis.x; });
    auto [whole, scale] = quantize(l, x, *quantizer, axes);
    scale = l.failed() ? Value() : lineUp(scale);
    divisor = divisor ? l.mul(scale, divisor) : scale;
    x = whole;
  }
  if (quantizer && kernel.scale) {
    Type exact = Float32Type::get(l.context());
    Value wholeX = l.cast(x, exact), wholeKernel = l.cast(kernel.values, exact);
    y = l.cast(exactProduct(l, wholeX, wholeKernel, *this, l.quantization().bits), l.computeType());
  } else {
    Value values = l.cast(kernel.values, l.computeType());
    y = l.failed() ? Value() : multiply(x, values);
  }
  if (divisor)
    y = l.div(y, divisor);
  return kernel.bias ? l.add(y, kernel.bias) : y;
}
