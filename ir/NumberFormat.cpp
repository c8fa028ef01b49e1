// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Numbers of each element type as bytes: reading, writing, rounding, converting.
// The one place that knows f16, bf16, the width of integers and that i1 is stored as one byte.
#include "ir/NumberFormat.h"

#include "llvm/ADT/bit.h"

#include <cmath>
#include <cstring>
#include <limits>

using namespace mlir;
using namespace layerc;

NumberFormat layerc::numberFormatOf(Type type) {
  if (type.isF32())
    return {ElementKind::F32, 32};
  if (type.isF64())
    return {ElementKind::F64, 64};
  if (type.isF16())
    return {ElementKind::F16, 16};
  if (type.isBF16())
    return {ElementKind::BF16, 16};
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    llvm::report_fatal_error("an element type that nn does not compute with");
  if (integer.getWidth() == 1)
    return {ElementKind::Bool, 1};
  return {integer.isUnsigned() ? ElementKind::Unsigned : ElementKind::Signed, static_cast<int>(integer.getWidth())};
}

/// Rounds to `digits` significand bits (the leading one included) and the smallest exponent of a format, to nearest
/// even.
static double roundToFormat(double value, int digits, int smallestExponent, double largest) {
  if (!std::isfinite(value) || value == 0)
    return value;
  int exponent = std::max(std::ilogb(value), smallestExponent);
  double unit = std::ldexp(1.0, exponent - (digits - 1));
  double rounded = std::nearbyint(value / unit) * unit;
  return std::fabs(rounded) > largest ? std::copysign(std::numeric_limits<double>::infinity(), value) : rounded;
}

static double roundReal(ElementKind kind, double value) {
  switch (kind) {
  case ElementKind::F32:
    return static_cast<float>(value);
  case ElementKind::F16:
    return roundToFormat(value, 11, -14, 65504);
  case ElementKind::BF16:
    return roundToFormat(value, 8, -126, 0x1.fep127);
  default:
    return value;
  }
}

/// Keeps the low bits, as two's complement for signed types.
static int64_t wrapInteger(NumberFormat type, int64_t value) {
  if (type.kind == ElementKind::Bool)
    return value & 1;
  if (type.bits == 64)
    return value;
  uint64_t low = static_cast<uint64_t>(value) & ((uint64_t(1) << type.bits) - 1);
  bool isNegative = type.kind == ElementKind::Signed && (low >> (type.bits - 1)) != 0;
  return static_cast<int64_t>(isNegative ? low - (uint64_t(1) << type.bits) : low);
}

Scalar layerc::roundTo(NumberFormat type, Scalar value) {
  if (type.isReal())
    return {roundReal(type.kind, value.real), 0};
  return {0, wrapInteger(type, value.integer)};
}

/// Truncates toward zero; out of range gives the nearest number of the type, NaN gives 0.
static int64_t saturate(NumberFormat type, double value) {
  if (std::isnan(value))
    return 0;
  bool isSigned = type.kind == ElementKind::Signed;
  double limit = std::ldexp(1.0, isSigned ? type.bits - 1 : type.bits); // first number above the range
  if (value >= limit)
    return static_cast<int64_t>(isSigned ? (uint64_t(1) << (type.bits - 1)) - 1 : ~uint64_t(0) >> (64 - type.bits));
  if (value < (isSigned ? -limit : 0))
    return isSigned ? static_cast<int64_t>(~uint64_t(0) << (type.bits - 1)) : 0;
  return isSigned ? static_cast<int64_t>(value) : static_cast<int64_t>(static_cast<uint64_t>(value));
}

Scalar layerc::convert(Scalar value, NumberFormat from, NumberFormat to) {
  if (to.kind == ElementKind::Bool)
    return {0, from.isReal() ? value.real != 0 : value.integer != 0};
  if (to.isReal() && from.isReal())
    return roundTo(to, value);
  if (to.isReal()) {
    bool isUnsigned = from.kind == ElementKind::Unsigned;
    return roundTo(to, {isUnsigned ? static_cast<double>(static_cast<uint64_t>(value.integer))
                                   : static_cast<double>(value.integer)});
  }
  if (from.isReal())
    return {0, saturate(to, value.real)};
  return {0, wrapInteger(to, value.integer)};
}

namespace {
template <typename T> T readAs(const char *bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}
template <typename T> void writeAs(char *bytes, T value) { std::memcpy(bytes, &value, sizeof value); }

/// Expands the bits of an IEEE-like 16-bit format with `digits` stored significand bits.
double expandHalf(uint16_t bits, int digits) {
  int exponentBits = 15 - digits, bias = (1 << (exponentBits - 1)) - 1;
  int exponent = (bits >> digits) & ((1 << exponentBits) - 1);
  double significand = bits & ((1 << digits) - 1);
  double magnitude;
  if (exponent == (1 << exponentBits) - 1)
    magnitude = significand != 0 ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
  else if (exponent == 0)
    magnitude = std::ldexp(significand, 1 - bias - digits);
  else
    magnitude = std::ldexp(significand + (1 << digits), exponent - bias - digits);
  return (bits >> 15) != 0 ? -magnitude : magnitude;
}

/// The bits of a number that the format holds exactly.
uint16_t packHalf(double value, int digits) {
  int exponentBits = 15 - digits, bias = (1 << (exponentBits - 1)) - 1;
  unsigned sign = std::signbit(value) ? 0x8000u : 0u;
  unsigned infinity = ((1u << exponentBits) - 1) << digits;
  if (std::isnan(value))
    return static_cast<uint16_t>(sign | infinity | (1u << (digits - 1)));
  if (std::isinf(value))
    return static_cast<uint16_t>(sign | infinity);
  double magnitude = std::fabs(value);
  int exponent = magnitude == 0 ? 1 - bias : std::max(std::ilogb(magnitude), 1 - bias);
  auto significand = static_cast<unsigned>(std::ldexp(magnitude, digits - exponent));
  bool isSubnormal = significand < (1u << digits);
  unsigned field = isSubnormal ? 0u : static_cast<unsigned>(exponent + bias);
  return static_cast<uint16_t>(sign | field << digits | (significand & ((1u << digits) - 1)));
}
} // namespace

Scalar layerc::readElement(NumberFormat type, const char *bytes) {
  bool isUnsigned = type.kind == ElementKind::Unsigned;
  switch (type.kind) {
  case ElementKind::F32:
    return {readAs<float>(bytes), 0};
  case ElementKind::F64:
    return {readAs<double>(bytes), 0};
  case ElementKind::F16:
    return {expandHalf(readAs<uint16_t>(bytes), 10), 0};
  case ElementKind::BF16:
    return {llvm::bit_cast<float>(static_cast<uint32_t>(readAs<uint16_t>(bytes)) << 16), 0};
  case ElementKind::Bool:
    return {0, *bytes != 0};
  default:
    break;
  }
  switch (type.bytes()) {
  case 1:
    return {0, isUnsigned ? readAs<uint8_t>(bytes) : readAs<int8_t>(bytes)};
  case 2:
    return {0, isUnsigned ? readAs<uint16_t>(bytes) : readAs<int16_t>(bytes)};
  case 4:
    return {0, isUnsigned ? static_cast<int64_t>(readAs<uint32_t>(bytes)) : readAs<int32_t>(bytes)};
  default:
    return {0, readAs<int64_t>(bytes)};
  }
}

void layerc::writeElement(NumberFormat type, char *bytes, Scalar value) {
  value = roundTo(type, value);
  switch (type.kind) {
  case ElementKind::F32:
    return writeAs(bytes, static_cast<float>(value.real));
  case ElementKind::F64:
    return writeAs(bytes, value.real);
  case ElementKind::F16:
    return writeAs(bytes, packHalf(value.real, 10));
  case ElementKind::BF16:
    return writeAs(bytes, packHalf(value.real, 7));
  default:
    std::memcpy(bytes, &value.integer, type.bytes()); // little endian: the low bytes come first
  }
}

Scalar layerc::roundTo(Type elementType, Scalar value) { return roundTo(numberFormatOf(elementType), value); }

Scalar layerc::convert(Scalar value, Type from, Type to) {
  return convert(value, numberFormatOf(from), numberFormatOf(to));
}

int64_t layerc::elementBytes(Type elementType) { return numberFormatOf(elementType).bytes(); }

Scalar TensorData::at(int64_t linear) const {
  NumberFormat element = numberFormatOf(type.getElementType());
  return readElement(element, bytes.data() + linear * element.bytes());
}

void TensorData::set(int64_t linear, Scalar value) {
  NumberFormat element = numberFormatOf(type.getElementType());
  writeElement(element, bytes.data() + linear * element.bytes(), value);
}

TensorData layerc::makeTensor(RankedTensorType type) {
  return {type, std::vector<char>(type.getNumElements() * elementBytes(type.getElementType()))};
}

std::vector<char> layerc::storedBytes(DenseElementsAttr numbers) {
  if (!numbers.getElementType().isInteger(1))
    return {numbers.getRawData().begin(), numbers.getRawData().end()};
  if (numbers.isSplat()) // the attribute packs i1 as bits
    return {static_cast<char>(numbers.getSplatValue<bool>())};
  return {numbers.value_begin<bool>(), numbers.value_end<bool>()};
}

DenseElementsAttr layerc::toAttribute(const TensorData &data) {
  if (!data.type.getElementType().isInteger(1))
    return DenseElementsAttr::getFromRawBuffer(data.type, data.bytes);
  SmallVector<bool> bits;
  for (char byte : data.bytes)
    bits.push_back(byte != 0);
  return DenseElementsAttr::get(data.type, bits);
}

/// SplitMix64: a well mixed number for each counter.
static uint64_t mix(uint64_t counter) {
  counter = (counter ^ (counter >> 30)) * 0xbf58476d1ce4e5b9;
  counter = (counter ^ (counter >> 27)) * 0x94d049bb133111eb;
  return counter ^ (counter >> 31);
}

TensorData layerc::randomTensor(RankedTensorType type, uint64_t seed) {
  TensorData data = makeTensor(type);
  for (int64_t i = 0; i < data.size(); ++i) {
    uint64_t bits = mix(mix(seed) + 0x9e3779b97f4a7c15 * static_cast<uint64_t>(i + 1));
    double unit = static_cast<double>(bits >> 40) * 0x1p-23 - 1; // 24 bits: exact in f32
    data.set(i, {unit, static_cast<int64_t>(bits & 3)});
  }
  return data;
}
