// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The functions of nn.unary and nn.binary on single numbers.
// Integers wrap around; dividing them by zero gives zero, as NumPy does.
#include "ir/EvaluateRules.h"

#include <cmath>

using namespace layerc;
using namespace layerc::nn;

static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

static double unaryReal(UnaryFunction function, double x) {
  switch (function) {
  case UnaryFunction::Abs:
    return std::fabs(x);
  case UnaryFunction::Neg:
    return -x;
  case UnaryFunction::Relu:
    return std::isnan(x) ? x : std::max(x, 0.0);
  case UnaryFunction::Exp:
    return std::exp(x);
  case UnaryFunction::Expm1:
    return std::expm1(x);
  case UnaryFunction::Log:
    return std::log(x);
  case UnaryFunction::Log1p:
    return std::log1p(x);
  case UnaryFunction::Sqrt:
    return std::sqrt(x);
  case UnaryFunction::Rsqrt:
    return 1 / std::sqrt(x);
  case UnaryFunction::Square:
    return x * x;
  case UnaryFunction::Reciprocal:
    return 1 / x;
  case UnaryFunction::Sin:
    return std::sin(x);
  case UnaryFunction::Cos:
    return std::cos(x);
  case UnaryFunction::Tan:
    return std::tan(x);
  case UnaryFunction::Tanh:
    return std::tanh(x);
  case UnaryFunction::Sigmoid:
    return sigmoid(x);
  case UnaryFunction::Silu:
    return x * sigmoid(x);
  case UnaryFunction::Softplus: // log(1 + exp(x)) without overflow
    return std::isnan(x) ? x : std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x)));
  case UnaryFunction::Erf:
    return std::erf(x);
  case UnaryFunction::Sign:
    return std::isnan(x) ? x : (x > 0) - (x < 0);
  case UnaryFunction::Floor:
    return std::floor(x);
  case UnaryFunction::Ceil:
    return std::ceil(x);
  case UnaryFunction::Round:
    return std::nearbyint(x);
  case UnaryFunction::Not:
  case UnaryFunction::IsFinite:
  case UnaryFunction::IsNan:
    break;
  }
  llvm_unreachable("a function of floats with a float result");
}

/// Two's complement arithmetic that wraps instead of overflowing.
static int64_t wrap(uint64_t value) { return static_cast<int64_t>(value); }
static uint64_t bits(int64_t value) { return static_cast<uint64_t>(value); }

static int64_t unaryInteger(UnaryFunction function, int64_t x) {
  switch (function) {
  case UnaryFunction::Abs:
    return x < 0 ? wrap(-bits(x)) : x;
  case UnaryFunction::Neg:
    return wrap(-bits(x));
  case UnaryFunction::Relu:
    return std::max<int64_t>(x, 0);
  case UnaryFunction::Square:
    return wrap(bits(x) * bits(x));
  case UnaryFunction::Sign:
    return (x > 0) - (x < 0);
  case UnaryFunction::Not:
    return x == 0;
  default: // floor, ceil, round
    return x;
  }
}

Scalar layerc::applyUnary(UnaryFunction function, NumberFormat type, Scalar x) {
  if (function == UnaryFunction::IsFinite)
    return {0, std::isfinite(x.real)};
  if (function == UnaryFunction::IsNan)
    return {0, std::isnan(x.real)};
  return type.isReal() ? Scalar{unaryReal(function, x.real), 0} : Scalar{0, unaryInteger(function, x.integer)};
}

static double floorModulo(double a, double b) {
  double remainder = std::fmod(a, b);
  return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder;
}

static double binaryReal(BinaryFunction function, double a, double b) {
  bool anyNan = std::isnan(a) || std::isnan(b);
  switch (function) {
  case BinaryFunction::Add:
    return a + b;
  case BinaryFunction::Sub:
    return a - b;
  case BinaryFunction::Mul:
    return a * b;
  case BinaryFunction::Div:
    return a / b;
  case BinaryFunction::FloorDiv:
    return std::floor(a / b);
  case BinaryFunction::Mod:
    return floorModulo(a, b);
  case BinaryFunction::Pow:
    return std::pow(a, b);
  case BinaryFunction::Maximum:
    return anyNan ? a + b : std::max(a, b);
  case BinaryFunction::Minimum:
    return anyNan ? a + b : std::min(a, b);
  case BinaryFunction::Atan2:
    return std::atan2(a, b);
  default:
    break;
  }
  llvm_unreachable("a function of floats with a float result");
}

/// Quotient toward zero; 0 for a zero divisor.
static int64_t quotient(int64_t a, int64_t b) {
  if (b == 0)
    return 0;
  return b == -1 ? wrap(-bits(a)) : a / b;
}

static int64_t floorQuotient(int64_t a, int64_t b) {
  int64_t q = quotient(a, b);
  bool isInexact = b != 0 && wrap(bits(q) * bits(b)) != a;
  return isInexact && (a < 0) != (b < 0) ? q - 1 : q;
}

/// By repeated squaring; a negative exponent gives the power's reciprocal, truncated.
static int64_t power(int64_t base, int64_t exponent) {
  if (exponent < 0)
    return base == 1 ? 1 : base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0;
  uint64_t result = 1, factor = bits(base);
  for (; exponent > 0; exponent >>= 1, factor *= factor)
    if (exponent & 1)
      result *= factor;
  return wrap(result);
}

static int64_t binaryInteger(BinaryFunction function, int64_t a, int64_t b) {
  switch (function) {
  case BinaryFunction::Add:
    return wrap(bits(a) + bits(b));
  case BinaryFunction::Sub:
    return wrap(bits(a) - bits(b));
  case BinaryFunction::Mul:
    return wrap(bits(a) * bits(b));
  case BinaryFunction::Div:
    return quotient(a, b);
  case BinaryFunction::FloorDiv:
    return floorQuotient(a, b);
  case BinaryFunction::Mod:
    return b == 0 ? 0 : wrap(bits(a) - bits(floorQuotient(a, b)) * bits(b));
  case BinaryFunction::Pow:
    return power(a, b);
  case BinaryFunction::Maximum:
    return std::max(a, b);
  case BinaryFunction::Minimum:
    return std::min(a, b);
  case BinaryFunction::And:
    return a & b;
  case BinaryFunction::Or:
    return a | b;
  case BinaryFunction::Xor:
    return a ^ b;
  default:
    break;
  }
  llvm_unreachable("a function of integers with an integer result");
}

template <typename Number> static bool compare(BinaryFunction function, Number a, Number b) {
  switch (function) {
  case BinaryFunction::Equal:
    return a == b;
  case BinaryFunction::NotEqual:
    return a != b;
  case BinaryFunction::Less:
    return a < b;
  case BinaryFunction::LessEqual:
    return a <= b;
  case BinaryFunction::Greater:
    return a > b;
  case BinaryFunction::GreaterEqual:
    return a >= b;
  default:
    break;
  }
  llvm_unreachable("a comparison");
}

Scalar layerc::applyBinary(BinaryFunction function, NumberFormat type, Scalar a, Scalar b) {
  bool isComparison = function >= BinaryFunction::Equal && function <= BinaryFunction::GreaterEqual;
  if (isComparison)
    return {0, type.isReal() ? compare(function, a.real, b.real) : compare(function, a.integer, b.integer)};
  if (type.isReal())
    return {binaryReal(function, a.real, b.real), 0};
  return {0, binaryInteger(function, a.integer, b.integer)};
}
