// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementwise operations: arithmetic, comparisons, logic, and functions of one number. Functions that nn.unary lacks
// are compositions that keep the precision of float32 near their zeros.
// Above 400 lines because a group of operations ends in one table.
#include "frontend/OperationImport.h"

#include <cmath>
#include <limits>
#include <numbers>

using namespace mlir;
using namespace layerc;
using O = OperationImport;
using U = nn::UnaryFunction;
using B = nn::BinaryFunction;

//===-- One operand ---------------------------------------------------------------------------------------------===//

/// A function of floats; integers become float32 first.
template <U function> static Results real(O &o) { return {o.l.unary(function, o.real("x"))}; }

/// A function that integers have too.
template <U function> static Results plain(O &o) { return {o.l.unary(function, o.tensor("x"))}; }

static Results identity(O &o) { return {o.tensor("x")}; }
static Results stopGradient(O &o) { return {o.tensor("variable")}; }

static bool isReal(O &o, Value x) { return !o.l.failed() && isa<FloatType>(o.l.elementType(x)); }

static Results absolute(O &o) {
  Value x = o.tensor("x");
  return {o.l.failed() || o.l.elementType(x).isInteger(1) ? x : o.l.unary(U::Abs, x)};
}

template <double (*factor)()> static Results logarithm(O &o) {
  return {o.l.mul(o.l.unary(U::Log, o.real("x")), factor())};
}
static double perLog2() { return std::numbers::log2e; }
static double perLog10() { return std::numbers::log10e; }

static Results exp2(O &o) { return {o.l.unary(U::Exp, o.l.mul(o.real("x"), std::numbers::ln2))}; }
static Results radians(O &o) { return {o.l.mul(o.real("x"), std::numbers::pi / 180)}; }
static Results degrees(O &o) { return {o.l.mul(o.real("x"), 180 / std::numbers::pi)}; }

static Results sinh(O &o) {
  Value x = o.real("x"), up = o.l.unary(U::Expm1, x), down = o.l.unary(U::Expm1, o.l.unary(U::Neg, x));
  return {o.l.mul(o.l.sub(up, down), 0.5)};
}

static Results cosh(O &o) {
  Value x = o.real("x"), up = o.l.unary(U::Exp, x), down = o.l.unary(U::Exp, o.l.unary(U::Neg, x));
  return {o.l.mul(o.l.add(up, down), 0.5)};
}

/// sign(x) * log1p(|x| + x^2 / (1 + sqrt(x^2 + 1)))
static Results arcsinh(O &o) {
  Value x = o.real("x"), size = o.l.unary(U::Abs, x), square = o.l.unary(U::Square, x);
  Value root = o.l.add(o.l.unary(U::Sqrt, o.l.add(square, 1)), 1);
  Value y = o.l.unary(U::Log1p, o.l.add(size, o.l.div(square, root)));
  return {o.l.mul(y, o.l.unary(U::Sign, x))};
}

/// log1p(t + sqrt(t * (t + 2))) with t = x - 1
static Results arccosh(O &o) {
  Value t = o.l.add(o.real("x"), -1), root = o.l.unary(U::Sqrt, o.l.mul(t, o.l.add(t, 2)));
  return {o.l.unary(U::Log1p, o.l.add(t, root))};
}

/// log1p(2x / (1 - x)) / 2
static Results arctanh(O &o) {
  Value x = o.real("x"), rest = o.l.binary(B::Sub, 1.0, x);
  return {o.l.mul(o.l.unary(U::Log1p, o.l.div(o.l.add(x, x), rest)), 0.5)};
}

/// sqrt((1 - x) * (1 + x))
static Value cosineOfArcsine(O &o, Value x) {
  Value below = o.l.binary(B::Sub, 1.0, x);
  return o.l.unary(U::Sqrt, o.l.mul(below, o.l.add(x, 1)));
}

static Results arcsin(O &o) {
  Value x = o.real("x");
  return {o.l.binary(B::Atan2, x, cosineOfArcsine(o, x))};
}

static Results arccos(O &o) {
  Value x = o.real("x");
  return {o.l.binary(B::Atan2, cosineOfArcsine(o, x), x)};
}

static Results arctan(O &o) { return {o.l.binary(B::Atan2, o.real("x"), 1.0)}; }

static Results cbrt(O &o) {
  Value x = o.real("x"), size = o.l.binary(B::Pow, o.l.unary(U::Abs, x), 1.0 / 3);
  return {o.l.mul(size, o.l.unary(U::Sign, x))};
}

/// sin(pi x) / (pi x), 1 at 0
static Results sinc(O &o) {
  Value x = o.l.mul(o.real("x"), std::numbers::pi), isZero = o.l.binary(B::Equal, x, 0.0);
  Value ratio = o.l.div(o.l.unary(U::Sin, x), x), one = o.l.failed() ? Value() : o.l.scalar(1, x);
  return {o.l.select(isZero, one, ratio)};
}

static Results complementaryErf(O &o) { return {o.l.binary(B::Sub, 1.0, o.l.unary(U::Erf, o.real("x")))}; }

/// Rounding; Keras makes integers floats, except when it rounds to decimals.
template <U function> static Results rounding(O &o) { return {o.l.unary(function, o.real("x"))}; }

static Results round(O &o) {
  Value x = o.tensor("x");
  int64_t decimals = o.integer("decimals", 0);
  if (!isReal(o, x) || decimals == 0)
    return {isReal(o, x) ? o.l.unary(U::Round, x) : x};
  double factor = std::pow(10.0, static_cast<double>(decimals));
  return {o.l.binary(B::Div, o.l.unary(U::Round, o.l.mul(x, factor)), factor)};
}

static Results trunc(O &o) {
  Value x = o.tensor("x");
  if (!isReal(o, x))
    return {x};
  Value whole = o.l.unary(U::Floor, o.l.unary(U::Abs, x));
  return {o.l.mul(whole, o.l.unary(U::Sign, x))};
}

static Value logicalNot(O &o, Value x) { return o.l.unary(U::Not, x); }

static Results isFinite(O &o) { return {o.l.unary(U::IsFinite, o.real("x"))}; }
static Results isNan(O &o) { return {o.l.unary(U::IsNan, o.real("x"))}; }
static Results isInf(O &o) {
  Value x = o.l.unary(U::Abs, o.real("x"));
  return {o.l.binary(B::Equal, x, std::numeric_limits<double>::infinity())};
}
template <int sign> static Results isInfinity(O &o) {
  return {o.l.binary(B::Equal, o.real("x"), sign * std::numeric_limits<double>::infinity())};
}

static double largest(Type element) {
  return llvm::APFloat::getLargest(cast<FloatType>(element).getFloatSemantics()).convertToDouble();
}

static Results nanToNum(O &o) {
  Value x = o.tensor("x");
  if (!isReal(o, x))
    return {x};
  double infinity = std::numeric_limits<double>::infinity(), limit = largest(o.l.elementType(x));
  auto replace = [&](Value where, double by) {
    Value number = o.l.scalar(by, x);
    x = o.l.select(where, number, x);
  };
  replace(o.l.unary(U::IsNan, x), o.number("nan", 0));
  replace(o.l.binary(B::Equal, x, infinity), o.number("posinf", limit));
  replace(o.l.binary(B::Equal, x, -infinity), o.number("neginf", -limit));
  return {x};
}

static Results logicalNotOperation(O &o) { return {logicalNot(o, o.boolean("x"))}; }

static Results bitwiseNot(O &o) {
  Value x = o.tensor("x");
  if (!o.l.failed() && o.l.elementType(x).isInteger(1))
    return {logicalNot(o, x)};
  return {o.l.binary(B::Xor, x, -1.0)};
}

static Results cast(O &o) {
  Value x = o.tensor("x");
  return {o.l.failed() ? Value() : o.l.cast(x, o.elementType("dtype", o.l.elementType(x)))};
}

static Results convertToTensor(O &o) { return cast(o); }

/// max(min(x, high), low) in the type of x.
static Results clip(O &o) {
  Value x = o.tensor("x");
  if (!o.l.failed() && o.l.elementType(x).isInteger(1))
    x = o.l.cast(x, IntegerType::get(o.l.context(), 32));
  auto bound = [&](StringRef name) { return o.l.cast(o.tensor(name), o.l.elementType(x)); };
  if (!o.l.failed() && o.has("x_min"))
    x = o.l.binary(B::Maximum, x, bound("x_min"));
  if (!o.l.failed() && o.has("x_max"))
    x = o.l.binary(B::Minimum, x, bound("x_max"));
  return {x};
}

//===-- Two operands --------------------------------------------------------------------------------------------===//

/// Arithmetic on booleans is logic.
static B onBooleans(B function) {
  switch (function) {
  case B::Add:
  case B::Maximum:
    return B::Or;
  case B::Mul:
  case B::Minimum:
    return B::And;
  default:
    return function;
  }
}

static Value apply(O &o, B function, Value a, Value b) {
  bool isBoolean = !o.l.failed() && o.l.elementType(a).isInteger(1);
  return o.l.binary(isBoolean ? onBooleans(function) : function, a, b);
}

template <B function> static Results arithmetic(O &o) {
  SmallVector<Value> x = o.promoted({"x1", "x2"});
  return {apply(o, function, x[0], x[1])};
}

template <B function> static Results ofReals(O &o) {
  SmallVector<Value> x = o.promoted({"x1", "x2"}, /*asFloats=*/true);
  return {o.l.binary(function, x[0], x[1])};
}

/// TensorFlow divides integers in float64.
static Results divide(O &o) {
  SmallVector<Value> x = o.promoted({"x1", "x2"}, /*asFloats=*/true);
  if (!o.l.failed() && !isa<FloatType>(o.l.elementType(x[0])))
    for (Value &operand : x)
      operand = o.l.cast(operand, Float64Type::get(o.l.context()));
  return {o.l.binary(B::Div, x[0], x[1])};
}

static Results divideNoNan(O &o) {
  SmallVector<Value> x = o.promoted({"x1", "x2"}, /*asFloats=*/true);
  Value isZero = o.l.binary(B::Equal, x[1], 0.0), zero = o.l.failed() ? Value() : o.l.scalar(0, x[0]);
  return {o.l.select(isZero, zero, o.l.binary(B::Div, x[0], x[1]))};
}

/// Powers that are cheaper as what they are.
static Results power(O &o) {
  bool hasNumber = o.isNumber("x2") && o.value("x2")->is_number();
  double exponent = hasNumber ? o.value("x2")->get<double>() : 0;
  SmallVector<Value> x = o.promoted({"x1", "x2"});
  if (hasNumber && isReal(o, x[0])) {
    if (exponent == 2)
      return {o.l.unary(U::Square, x[0])};
    if (exponent == 0.5)
      return {o.l.unary(U::Sqrt, x[0])};
    if (exponent == -1)
      return {o.l.unary(U::Reciprocal, x[0])};
    if (exponent == -0.5)
      return {o.l.unary(U::Rsqrt, x[0])};
  }
  return {o.l.binary(B::Pow, x[0], x[1])};
}

template <B function> static Results logical(O &o) {
  Value a = o.boolean("x1"), b = o.boolean("x2");
  return {o.l.binary(function, a, b)};
}

template <B function> static Results bitwise(O &o) {
  SmallVector<Value> x = o.promoted({"x", "y"});
  return {o.l.binary(function, x[0], x[1])};
}

/// Euclid's algorithm on magnitudes: a, b become b, a mod b until b is 0. Each two steps at least halve a number, and
/// the worst case, neighbours in Fibonacci's sequence, shrink by 1.618 per step: 1.44 steps per bit.
static Value greatestDivisor(O &o, Value a, Value b) {
  if (o.l.failed())
    return {};
  int64_t steps = 3 * static_cast<int64_t>(o.l.elementType(a).getIntOrFloatBitWidth()) / 2;
  Value counter = o.iota(IntegerType::get(o.l.context(), 8), steps, 0, 1);
  SmallVector<Value> last = o.l.scan({counter}, {a, b}, /*reverse=*/false, [&](auto, ArrayRef<Value> carried) {
    Value isDone = o.l.binary(B::Equal, carried[1], 0.0);
    Value remainder = o.l.binary(B::Mod, carried[0], o.l.maximum(carried[1], 1));
    Value greater = o.l.select(isDone, carried[0], carried[1]);
    return Results{greater, o.l.select(isDone, carried[1], remainder)};
  });
  return last.empty() ? Value() : last[0];
}

/// The greatest common divisor, or the least common multiple a * (b / gcd), 0 where both are 0.
template <bool isMultiple> static Results divisor(O &o) {
  SmallVector<Value> x = o.promoted({"x1", "x2"});
  if (o.l.failed() || !isa<IntegerType>(o.l.elementType(x[0])) || o.l.elementType(x[0]).isInteger(1))
    return o.l.fail() << "expects integers";
  Value sum = o.l.add(x[0], x[1]);
  for (Value &operand : x)
    operand = o.l.unary(U::Abs, o.l.failed() ? sum : o.l.create<nn::BroadcastOp>(operand, o.l.shape(sum)));
  Value greatest = greatestDivisor(o, x[0], x[1]);
  if (!isMultiple)
    return {greatest};
  Value quotient = o.l.binary(B::FloorDiv, x[1], o.l.maximum(greatest, 1));
  return {o.l.mul(x[0], quotient)};
}

/// x * 2^y, or the floor of x / 2^y.
template <B function> static Results shift(O &o) {
  SmallVector<Value> x = o.promoted({"x", "y"});
  Value two = o.l.failed() ? Value() : o.l.scalar(2, x[0]);
  return {o.l.binary(function, x[0], o.l.binary(B::Pow, two, x[1]))};
}

static Results hypot(O &o) {
  SmallVector<Value> x = o.promoted({"x1", "x2"}, true);
  Value a = o.l.unary(U::Square, x[0]), b = o.l.unary(U::Square, x[1]);
  return {o.l.unary(U::Sqrt, o.l.add(a, b))};
}

/// max(a, b) + log1p(exp(-|a - b|))
static Results logAddExp(O &o) {
  SmallVector<Value> x = o.promoted({"x1", "x2"}, true);
  Value top = o.l.binary(B::Maximum, x[0], x[1]), distance = o.l.unary(U::Abs, o.l.sub(x[0], x[1]));
  return {o.l.add(top, o.l.unary(U::Log1p, o.l.unary(U::Exp, o.l.unary(U::Neg, distance))))};
}

static Results squaredDifference(O &o) {
  SmallVector<Value> x = o.promoted({"x1", "x2"});
  return {o.l.unary(U::Square, o.l.sub(x[0], x[1]))};
}

/// TensorFlow's add_n.
static Results addAll(O &o) {
  SmallVector<Value> x = o.tensors("x");
  Value sum = x.empty() ? Value() : x[0];
  for (Value operand : ArrayRef(x).drop_front(x.empty() ? 0 : 1))
    sum = o.l.add(sum, operand);
  return {sum};
}

static Results where(O &o) {
  Value condition = o.boolean("condition");
  SmallVector<Value> x = o.promoted({"x1", "x2"});
  return {o.l.select(condition, x[0], x[1])};
}

/// As maximum (minimum), but a number beside a NaN wins.
template <B function> static Results extremumOfNumbers(O &o) {
  SmallVector<Value> x = o.promoted({"x1", "x2"});
  Value y = apply(o, function, x[0], x[1]);
  if (!isReal(o, x[0]))
    return {y};
  y = o.l.select(o.l.unary(U::IsNan, x[0]), x[1], y);
  return {o.l.select(o.l.unary(U::IsNan, x[1]), x[0], y)};
}

/// The remainder with the sign of x1.
static Results truncatedMod(O &o) {
  SmallVector<Value> x = o.promoted({"x1", "x2"});
  Value rest = o.l.binary(B::Mod, o.l.unary(U::Abs, x[0]), o.l.unary(U::Abs, x[1]));
  return {o.l.mul(rest, o.l.unary(U::Sign, x[0]))};
}

/// 0 below zero, 1 above, x2 at zero.
static Results heaviside(O &o) {
  SmallVector<Value> x = o.promoted({"x1", "x2"}, true);
  Value isZero = o.l.binary(B::Equal, x[0], 0.0);
  Value step = o.l.failed() ? Value() : o.l.cast(o.l.greater(x[0], 0), o.l.elementType(x[0]));
  Value nan = o.l.select(o.l.unary(U::IsNan, x[0]), x[0], step);
  return {o.l.select(isZero, x[1], nan)};
}

/// |x1 - x2| <= atol + rtol * |x2|
static Results isClose(O &o) {
  SmallVector<Value> x = o.promoted({"x1", "x2"}, true);
  Value bound = o.l.add(o.l.mul(o.l.unary(U::Abs, x[1]), o.number("rtol", 1e-5)), o.number("atol", 1e-8));
  Value isNear = o.l.binary(B::LessEqual, o.l.unary(U::Abs, o.l.sub(x[0], x[1])), bound);
  Value isFinite = o.l.binary(B::And, o.l.unary(U::IsFinite, x[0]), o.l.unary(U::IsFinite, x[1]));
  Value result = o.l.binary(B::Or, o.l.binary(B::And, isNear, isFinite), o.l.binary(B::Equal, x[0], x[1]));
  if (!o.flag("equal_nan", false))
    return {result};
  Value bothNan = o.l.binary(B::And, o.l.unary(U::IsNan, x[0]), o.l.unary(U::IsNan, x[1]));
  return {o.l.binary(B::Or, result, bothNan)};
}

static Results isIn(O &o) {
  SmallVector<Value> x = o.promoted({"x1", "x2"});
  if (o.l.failed())
    return {};
  Sizes column(o.l.shape(x[0]));
  column.push_back(1);
  Value all = o.l.reshape(x[1], {ShapedType::getNumElements(o.l.shape(x[1]))});
  Value equal = o.l.binary(B::Equal, o.l.reshape(x[0], column), all);
  Value any = o.l.failed() ? Value() : o.l.reduce(nn::ReduceFunction::Any, equal, {o.l.rank(equal) - 1});
  return {o.flag("invert", false) ? logicalNot(o, any) : any};
}

/// max(a, b) + log2(1 + 2^-|a - b|)
static Results logAddExp2(O &o) {
  SmallVector<Value> x = o.promoted({"x1", "x2"}, true);
  Value top = o.l.binary(B::Maximum, x[0], x[1]), distance = o.l.unary(U::Abs, o.l.sub(x[0], x[1]));
  Value rest = o.l.unary(U::Log1p, o.l.unary(U::Exp, o.l.mul(distance, -std::numbers::ln2)));
  return {o.l.add(top, o.l.mul(rest, std::numbers::log2e))};
}

/// x1 * 2^x2
static Results scaleByPowerOfTwo(O &o) {
  Value x = o.real("x1"), power = o.l.cast(o.tensor("x2"), o.l.elementType(x));
  return {o.l.mul(x, o.l.unary(U::Exp, o.l.mul(power, std::numbers::ln2)))};
}

/// The direction of a real number: pi below zero.
static Results angle(O &o) {
  Value x = o.real("x"), isBelow = o.l.binary(B::Less, x, 0.0);
  Value pi = o.l.failed() ? Value() : o.l.scalar(std::numbers::pi, x), zero = o.l.failed() ? Value() : o.l.scalar(0, x);
  Value nan = o.l.select(o.l.unary(U::IsNan, x), x, zero);
  return {o.l.select(isBelow, pi, nan)};
}

template <int number> static Results everywhere(O &o) {
  Value x = o.tensor("x");
  bool isCondition = o.operation == "Isreal";
  Type type = isCondition ? Type(IntegerType::get(o.l.context(), 1)) : o.l.elementType(x);
  return {o.l.failed() ? Value() : o.filled(o.l.shape(x), type, number)};
}

/// Whether the sign bit is set, which -0 has, too: 1 / -0 is -infinity.
static Results signBit(O &o) {
  Value x = o.tensor("x");
  Value isBelow = o.l.binary(B::Less, x, 0.0);
  if (!isReal(o, x))
    return {isBelow};
  Value isZero = o.l.binary(B::Equal, x, 0.0), side = o.l.binary(B::Less, o.l.unary(U::Reciprocal, x), 0.0);
  return {o.l.binary(B::Or, isBelow, o.l.binary(B::And, isZero, side))};
}

/// The inverse of erf: Winitzki's approximation, then three steps of Newton's method, whose slope is
/// 2 / sqrt(pi) exp(-y^2). Towards the ends erf is flat, and so the last digits are lost there.
static Results inverseErf(O &o) {
  Value x = o.real("x"), log = o.l.unary(U::Log1p, o.l.unary(U::Neg, o.l.unary(U::Square, x)));
  constexpr double a = 0.147;
  Value t = o.l.add(o.l.mul(log, 0.5), 2 / (std::numbers::pi * a));
  Value root = o.l.unary(U::Sqrt, o.l.sub(o.l.unary(U::Square, t), o.l.mul(log, 1 / a)));
  Value y = o.l.mul(o.l.unary(U::Sqrt, o.l.sub(root, t)), o.l.unary(U::Sign, x));
  for (int step = 0; step < 3; ++step) {
    Value error = o.l.sub(o.l.unary(U::Erf, y), x), slope = o.l.unary(U::Exp, o.l.unary(U::Square, y));
    y = o.l.sub(y, o.l.mul(o.l.mul(error, slope), std::sqrt(std::numbers::pi) / 2));
  }
  return {y};
}

/// The choice of the first condition that holds.
static Results selectFirst(O &o) {
  const nlohmann::json *conditions = o.value("condlist"), *choices = o.value("choicelist");
  if (!conditions || !choices || !conditions->is_array() || !choices->is_array() || conditions->empty() ||
      conditions->size() != choices->size())
    return o.wrongArgument("condlist", "as many conditions as choices");
  Value y;
  for (size_t i = conditions->size(); i-- > 0;) {
    nlohmann::json arguments{{"condition", (*conditions)[i]}, {"x1", (*choices)[i]}};
    arguments["x2"] = o.has("default") ? *o.value("default") : nlohmann::json(0);
    O one("Where", arguments, o.l);
    SmallVector<Value> x = one.promoted({"x1", "x2"});
    y = o.l.select(one.boolean("condition"), x[0], y ? y : x[1]);
  }
  return {y};
}

ArrayRef<OperationRow> layerc::elementwiseOperations() {
  static const OperationRow rows[] = {
      {"Abs", "x", absolute},
      {"Absolute", "x", absolute},
      {"Add", "x1 x2", arithmetic<B::Add>},
      {"AddN", "x", addAll},
      {"Angle", "x", angle},
      {"Arccos", "x", arccos},
      {"Arccosh", "x", arccosh},
      {"Arcsin", "x", arcsin},
      {"Arcsinh", "x", arcsinh},
      {"Arctan", "x", arctan},
      {"Arctan2", "x1 x2", ofReals<B::Atan2>},
      {"Arctanh", "x", arctanh},
      {"BitwiseAnd", "x y", bitwise<B::And>},
      {"BitwiseInvert", "x", bitwiseNot},
      {"BitwiseLeftShift", "x y", shift<B::Mul>},
      {"BitwiseNot", "x", bitwiseNot},
      {"BitwiseOr", "x y", bitwise<B::Or>},
      {"BitwiseRightShift", "x y", shift<B::FloorDiv>},
      {"BitwiseXor", "x y", bitwise<B::Xor>},
      {"Cast", "x", cast},
      {"Cbrt", "x", cbrt},
      {"Ceil", "x", rounding<U::Ceil>},
      {"Clip", "x", clip},
      {"Conj", "x", identity},
      {"Conjugate", "x", identity},
      {"ConvertToTensor", "x", convertToTensor},
      {"Copy", "x", identity},
      {"Cos", "x", real<U::Cos>},
      {"Cosh", "x", cosh},
      {"Deg2rad", "x", radians},
      {"Divide", "x1 x2", divide},
      {"DivideNoNan", "x1 x2", divideNoNan},
      {"Equal", "x1 x2", arithmetic<B::Equal>},
      {"Erf", "x", real<U::Erf>},
      {"Erfc", "x", complementaryErf},
      {"Erfinv", "x", inverseErf, "all; some last digits are lost close to 1 and -1"},
      {"Exp", "x", real<U::Exp>},
      {"Exp2", "x", exp2},
      {"Expm1", "x", real<U::Expm1>},
      {"Fabs", "x", real<U::Abs>},
      {"Floor", "x", rounding<U::Floor>},
      {"FloorDivide", "x1 x2", arithmetic<B::FloorDiv>},
      {"Fmax", "x1 x2", extremumOfNumbers<B::Maximum>},
      {"Fmin", "x1 x2", extremumOfNumbers<B::Minimum>},
      {"Fmod", "x1 x2", truncatedMod},
      {"Gcd", "x1 x2", divisor<false>, "integers"},
      {"Greater", "x1 x2", arithmetic<B::Greater>},
      {"GreaterEqual", "x1 x2", arithmetic<B::GreaterEqual>},
      {"Heaviside", "x1 x2", heaviside},
      {"Hypot", "x1 x2", hypot},
      {"Imag", "x", everywhere<0>},
      {"IsIn", "x1 x2", isIn},
      {"Isclose", "x1 x2 rtol atol", isClose},
      {"Isfinite", "x", isFinite},
      {"Isinf", "x", isInf},
      {"Isnan", "x", isNan},
      {"Isneginf", "x", isInfinity<-1>},
      {"Isposinf", "x", isInfinity<1>},
      {"Isreal", "x", everywhere<1>},
      {"Ldexp", "x1 x2", scaleByPowerOfTwo},
      {"Lcm", "x1 x2", divisor<true>, "integers"},
      {"LeftShift", "x y", shift<B::Mul>},
      {"Less", "x1 x2", arithmetic<B::Less>},
      {"LessEqual", "x1 x2", arithmetic<B::LessEqual>},
      {"Log", "x", real<U::Log>},
      {"Log10", "x", logarithm<perLog10>},
      {"Log1p", "x", real<U::Log1p>},
      {"Log2", "x", logarithm<perLog2>},
      {"Logaddexp", "x1 x2", logAddExp},
      {"Logaddexp2", "x1 x2", logAddExp2},
      {"LogicalAnd", "x1 x2", logical<B::And>},
      {"LogicalNot", "x", logicalNotOperation},
      {"LogicalOr", "x1 x2", logical<B::Or>},
      {"LogicalXor", "x1 x2", logical<B::Xor>},
      {"Maximum", "x1 x2", arithmetic<B::Maximum>},
      {"Minimum", "x1 x2", arithmetic<B::Minimum>},
      {"Mod", "x1 x2", arithmetic<B::Mod>},
      {"Multiply", "x1 x2", arithmetic<B::Mul>},
      {"NanToNum", "x", nanToNum},
      {"Negative", "x", plain<U::Neg>},
      {"NotEqual", "x1 x2", arithmetic<B::NotEqual>},
      {"Power", "x1 x2", power},
      {"Rad2deg", "x", degrees},
      {"Real", "x", identity},
      {"Reciprocal", "x", real<U::Reciprocal>},
      {"RightShift", "x y", shift<B::FloorDiv>},
      {"Round", "x", round},
      {"Rsqrt", "x", real<U::Rsqrt>},
      {"SaturateCast", "x", cast},
      {"Select", "condlist choicelist default", selectFirst},
      {"Sign", "x", plain<U::Sign>},
      {"Signbit", "x", signBit},
      {"Sin", "x", real<U::Sin>},
      {"Sinc", "x", sinc},
      {"Sinh", "x", sinh},
      {"Sqrt", "x", real<U::Sqrt>},
      {"Square", "x", plain<U::Square>},
      {"SquaredDifference", "x1 x2", squaredDifference},
      {"StopGradient", "variable", stopGradient},
      {"Subtract", "x1 x2", arithmetic<B::Sub>},
      {"Tan", "x", real<U::Tan>},
      {"Tanh", "x", real<U::Tanh>},
      {"TrueDivide", "x1 x2", divide},
      {"Trunc", "x", trunc},
      {"Where", "condition x1 x2", where},
  };
  return rows;
}
