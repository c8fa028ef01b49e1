// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementary functions of f32 by argument reduction and polynomials. The coefficients are minimax fits (Remez exchange
// in double precision, relative error, rounded to f32) of the function and interval that stand beside them.
// Above 400 lines because every function is here, in the order of nn's enumerations.
#include "codegen/VectorMath.h"

#include "codegen/Reals.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/TargetParser/Triple.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace layerc;
using arith::CmpFPredicate;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();
static constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

//===-- Reals ---------------------------------------------------------------------------------------------------===//

Value Reals::number(double value) const { return k.number(element(), value, lanes()); }
Value Reals::abs(Value a) const { return k.b.create<math::AbsFOp>(a); }
Value Reals::sqrt(Value a) const { return k.b.create<math::SqrtOp>(a); }
Value Reals::copySign(Value magnitude, Value sign) const { return k.b.create<math::CopySignOp>(magnitude, sign); }

/// x86's maximum gives the second operand when either is NaN, so a NaN in the first needs a select of its own;
/// AArch64's keeps NaN by itself.
static Value extremum(const Reals &r, Value a, Value b, bool largest) {
  if (llvm::Triple(r.k.target.triple).isAArch64())
    return largest ? r.k.b.create<arith::MaximumFOp>(a, b).getResult()
                   : r.k.b.create<arith::MinimumFOp>(a, b).getResult();
  Value chosen = r.select(largest ? r.less(b, a) : r.less(a, b), a, b);
  return r.select(r.compare(CmpFPredicate::UNO, a, a), a, chosen);
}
Value Reals::maximum(Value a, Value b) const { return extremum(*this, a, b, true); }
Value Reals::minimum(Value a, Value b) const { return extremum(*this, a, b, false); }

Value Reals::polynomial(Value x, ArrayRef<double> coefficients) const {
  Value sum = number(coefficients.back());
  for (double coefficient : llvm::reverse(coefficients.drop_back()))
    sum = fma(sum, x, number(coefficient));
  return sum;
}

Value Reals::polynomial(Value x, Value square, ArrayRef<double> coefficients) const {
  Value sum;
  for (size_t pair = llvm::divideCeil(coefficients.size(), 2); pair-- > 0;) {
    ArrayRef<double> both = coefficients.drop_front(2 * pair).take_front(2);
    Value term = polynomial(x, both);
    sum = sum ? fma(sum, square, term) : term;
  }
  return sum;
}

//===-- Exponential ---------------------------------------------------------------------------------------------===//

namespace {

/// f32 and the i32 lanes that hold its bits.
struct Singles : Reals {
  Singles(KernelBuilder &k, Value like) : Reals(k, like) {}
  Type integerType() const { return k.lanesOf(k.b.getI32Type(), lanes()); }
  Value integer(int64_t value) const { return k.number(k.b.getI32Type(), static_cast<double>(value), lanes()); }
  Value bits(Value x) const { return k.b.create<arith::BitcastOp>(integerType(), x); }
  Value fromBits(Value x) const { return k.b.create<arith::BitcastOp>(type, x); }
  Value addInteger(Value a, Value b) const { return k.b.create<arith::AddIOp>(a, b); }
  Value subInteger(Value a, Value b) const { return k.b.create<arith::SubIOp>(a, b); }
  Value shiftLeft(Value a, int64_t by) const { return k.b.create<arith::ShLIOp>(a, integer(by)); }
  Value shiftRight(Value a, int64_t by) const { return k.b.create<arith::ShRSIOp>(a, integer(by)); }
  /// The sign bit; of a NaN, either.
  Value isNegative(Value x) const { return k.b.create<arith::CmpIOp>(arith::CmpIPredicate::slt, bits(x), integer(0)); }
  /// 2^n for n in [-127, 128]: 0 and infinity at the ends.
  Value powerOfTwo(Value n) const { return fromBits(shiftLeft(addInteger(n, integer(127)), 23)); }
};

/// e^x = 2^exponent * (1 + rest + square * factor) for x of moderate size, where `square` is that of `rest`.
struct ExpParts {
  Value exponent, rest, square, factor;
  Value fraction(const Singles &s) const { return s.fma(square, factor, rest); }
};

/// The integer next to x / ln 2, as f32 and as i32.
struct Exponent {
  Value number, integer;
};

} // namespace

// ln 2 in two parts; the first has 9 bits, so that its product with an exponent is exact.
static constexpr double kLn2High = 0.693359375, kLn2Low = -2.12194440e-4;
/// (e^r - 1 - r) / r^2 on |r| <= ln(2) / 2.
static constexpr double kExpFactor[] = {0.49999994, 0.166665196, 0.0416683927, 0.00836876314, 0.00138145033};

static Exponent exponentOf(const Singles &s, Value x) {
  constexpr double roundingShift = 12582912.0; // 1.5 * 2^23: adding it rounds to an integer in the low bits
  Value shifted = s.fma(x, s.number(1.44269504088896341), s.number(roundingShift));
  return {s.sub(shifted, roundingShift), s.subInteger(s.bits(shifted), s.bits(s.number(roundingShift)))};
}

static Value lessMultipleOfLn2(const Singles &s, Value x, Value n) {
  return s.fma(n, s.number(-kLn2Low), s.fma(n, s.number(-kLn2High), x));
}

static ExpParts expParts(const Singles &s, Value x) {
  Exponent n = exponentOf(s, x);
  Value r = lessMultipleOfLn2(s, x, n.number), square = s.mul(r, r);
  return {n.integer, r, square, s.polynomial(r, square, kExpFactor)};
}

/// With FMA by a single product: ln 2 of 24 bits lacks 2e-9 for each of the exponent, so 3e-8 of e^11.
static Value lessMultipleOfLn2Quickly(const Singles &s, Value x, Value n) {
  return s.k.target.fma ? s.fma(n, s.number(-0.693147180559945309), x) : lessMultipleOfLn2(s, x, n);
}

Value layerc::emitFastExp(KernelBuilder &k, Value x) {
  if (getElementTypeOrSelf(x.getType()).isF64())
    return k.b.create<math::ExpOp>(x);
  Singles s(k, x);
  Value bounded = s.atLeast(s.atMost(x, 88.8), -88.0);
  Exponent n = exponentOf(s, bounded);
  Value r = lessMultipleOfLn2Quickly(s, bounded, n.number), square = s.mul(r, r);
  Value factor = s.fma(square, s.polynomial(r, square, kExpFactor), s.add(r, 1.0));
  return s.mul(factor, s.powerOfTwo(n.integer));
}

Value layerc::emitExp(KernelBuilder &k, Value x) {
  if (getElementTypeOrSelf(x.getType()).isF64())
    return k.b.create<math::ExpOp>(x);
  Singles s(k, x);
  ExpParts parts = expParts(s, s.atLeast(s.atMost(x, 89.0), -104.0));
  Value half = s.shiftRight(parts.exponent, 1); // 2^128 is not a number: scale in two steps
  Value scaled = s.mul(s.add(parts.fraction(s), 1.0), s.powerOfTwo(half));
  return s.mul(scaled, s.powerOfTwo(s.subInteger(parts.exponent, half)));
}

static Value emitExpm1(const Singles &s, Value x) {
  ExpParts parts = expParts(s, s.atLeast(s.atMost(x, 89.0), -30.0));
  Value half = s.powerOfTwo(s.subInteger(parts.exponent, s.integer(1))); // half of everything, so that 2^128 fits
  Value result = s.fma(half, parts.fraction(s), s.sub(half, 0.5));
  return s.add(result, result);
}

//===-- Logarithm -----------------------------------------------------------------------------------------------===//

/// Of positive, normal, finite numbers; anything for others.
static Value logOfNormal(const Singles &s, Value x) {
  Value bits = s.bits(x), rootHalf = s.integer(0x3f3504f3); // sqrt(1/2): mantissas from there to sqrt(2)
  Value exponent = s.shiftRight(s.subInteger(bits, rootHalf), 23);
  Value f = s.sub(s.fromBits(s.subInteger(bits, s.shiftLeft(exponent, 23))), 1.0);
  Value e = s.k.b.create<arith::SIToFPOp>(s.type, exponent);
  Value square = s.mul(f, f);
  // (log(1 + f) - f + f^2 / 2) / f^3 on [sqrt(1/2) - 1, sqrt(2) - 1]
  Value q = s.polynomial(f, {0.333333135, -0.250000089, 0.200021148, -0.166679874, 0.142196402, -0.124058098,
                             0.118876897, -0.116739988, 0.0674567074});
  Value tail = s.fma(e, s.number(kLn2Low), s.mul(s.mul(f, square), q));
  tail = s.fma(square, s.number(-0.5), tail);
  return s.fma(e, s.number(kLn2High), s.add(f, tail));
}

static Value emitLogOfSingle(const Singles &s, Value x) {
  Value zero = s.number(0);
  Value finite = s.select(s.less(x, s.number(kInfinity)), logOfNormal(s, x), x);
  Value outside = s.select(s.compare(CmpFPredicate::OEQ, x, zero), s.number(-kInfinity), s.number(kNaN));
  return s.select(s.less(zero, x), finite, outside);
}

Value layerc::emitLog(KernelBuilder &k, Value x) {
  if (getElementTypeOrSelf(x.getType()).isF64())
    return k.b.create<math::LogOp>(x);
  return emitLogOfSingle(Singles(k, x), x);
}

/// log(u) + (x - (u - 1)) / u with u = 1 + x rounded: the second term is what the rounding lost.
static Value roundingLoss(const Singles &s, Value x, Value u) { return s.div(s.sub(x, s.sub(u, 1.0)), u); }

static Value emitLog1p(const Singles &s, Value x) {
  Value u = s.add(x, 1.0), log = emitLogOfSingle(s, u);
  Value finite = s.select(s.less(x, s.number(kInfinity)), s.add(log, roundingLoss(s, x, u)), x);
  return s.select(s.less(s.number(-1), x), finite, log);
}

static Value emitSoftplus(const Singles &s, Value x) {
  Value e = emitFastExp(s.k, s.neg(s.abs(x))), u = s.add(e, 1.0);
  return s.add(s.atLeast(x, 0.0), s.add(logOfNormal(s, u), roundingLoss(s, e, u)));
}

//===-- Sigmoids ------------------------------------------------------------------------------------------------===//

/// 1 + e^-x, for the gates of recurrent cells, which wait for it: each operation is done as soon as it can be, so the
/// power of two is multiplied into the terms: 2^n (1 + r (1 + c r)) + 1 + 2^n r^3 (...). The limits of x are applied to
/// the result, where no operation waits for them: 1 and infinity, the nearest when results are flushed to zero.
static Value onePlusExpOfMinus(const Singles &s, Value x) {
  Exponent n = exponentOf(s, s.neg(x));
  Value r = lessMultipleOfLn2Quickly(s, s.neg(x), n.number), power = s.powerOfTwo(n.integer);
  ArrayRef<double> c = kExpFactor;
  Value square = s.mul(r, r), scaled = s.mul(r, power);
  Value low = s.fma(scaled, s.fma(r, s.number(c[0]), s.number(1)), s.add(power, 1.0));
  Value sum = s.fma(s.mul(scaled, square), s.polynomial(r, square, c.drop_front()), low);
  Value limit = s.select(s.isNegative(x), s.number(kInfinity), s.number(1));
  return s.select(s.less(s.number(88.3), s.abs(x)), limit, sum);
}

Value layerc::emitGated(KernelBuilder &k, Value x, Value gate) {
  Singles s(k, x);
  return s.div(x, onePlusExpOfMinus(s, gate));
}

/// x P(x^2) / Q(x^2), fitted to the least relative error on [-8.4, 8.4]: 3.4e-7 with roundings. One quotient, and no
/// exponential before it: the gates of a recurrent cell wait for each other, so x is multiplied into the terms of P.
static Value emitTanh(const Singles &s, Value x) {
  Value square = s.mul(x, x), fourth = s.mul(square, square);
  Value high = s.polynomial(square, fourth, {0.00354161626, 2.13797503e-05, 1.44578101e-08});
  Value low = s.mul(x, s.polynomial(square, {1.0, 0.13419579}));
  Value q = s.polynomial(square, fourth, {1.0, 0.467529029, 0.0260514356, 0.000336142519, 8.21994604e-07});
  Value quotient = s.div(s.fma(s.mul(x, fourth), high, low), q);
  // Where the quotient is 1 with and without FMA, which it exceeds nowhere before: found by trying all floats.
  return s.select(s.less(s.number(8.1870203), s.abs(x)), s.copySign(s.number(1), x), quotient);
}

/// x P(x^2) / Q(x^2), fitted to the least relative error on [-4, 4], beyond which erf rounds to 1: 3.6e-7 with
/// roundings. The limit on the square leaves the quotient linear in x beyond, and so above 1: hence the last two.
static Value emitErf(const Singles &s, Value x) {
  Value square = s.atMost(s.mul(x, x), 16.0);
  Value p = s.polynomial(square, {1.12837914, 0.193544645, 0.0531016394, 0.00388330968, 0.000284562597, 1.986755e-06});
  Value q = s.polynomial(square, {1.0, 0.504857032, 0.115349781, 0.0152071872, 0.00118555788, 3.7419712e-05});
  return s.atMost(s.atLeast(s.div(s.mul(x, p), q), -1.0), 1.0);
}

//===-- Rounding ------------------------------------------------------------------------------------------------===//

/// Whether floor, ceil and round are instructions (SSE4.1, NEON) and not calls of libm.
static bool hasRounding(const Target &target) {
  return target.vectorBytes >= 32 || llvm::Triple(target.triple).isAArch64();
}

static Value emitRounding(const Reals &r, nn::UnaryFunction function, Value x) {
  if (hasRounding(r.k.target) || r.element().isF64()) {
    if (function == nn::UnaryFunction::Floor)
      return r.k.b.create<math::FloorOp>(x);
    if (function == nn::UnaryFunction::Ceil)
      return r.k.b.create<math::CeilOp>(x);
    return r.k.b.create<math::RoundEvenOp>(x);
  }
  constexpr double noFraction = 8388608.0; // 2^23: adding it rounds; numbers from there on are integers
  Value size = r.abs(x);
  Value nearest = r.copySign(r.sub(r.add(size, noFraction), noFraction), x);
  Value result = nearest;
  if (function == nn::UnaryFunction::Floor)
    result = r.sub(nearest, r.select(r.less(x, nearest), r.number(1), r.number(0)));
  else if (function == nn::UnaryFunction::Ceil)
    result = r.add(nearest, r.select(r.less(nearest, x), r.number(1), r.number(0)));
  return r.select(r.less(size, r.number(noFraction)), result, x);
}

//===-- Functions of one number ---------------------------------------------------------------------------------===//

static Value emitUnaryDouble(const Reals &r, nn::UnaryFunction function, Value x) {
  OpBuilder &b = r.k.b;
  Location loc = r.k.b.getLoc();
  auto expOfMinus = [&] { return b.create<math::ExpOp>(loc, r.neg(x)).getResult(); };
  switch (function) {
  case nn::UnaryFunction::Exp:
    return b.create<math::ExpOp>(loc, x);
  case nn::UnaryFunction::Expm1:
    return b.create<math::ExpM1Op>(loc, x);
  case nn::UnaryFunction::Log:
    return b.create<math::LogOp>(loc, x);
  case nn::UnaryFunction::Log1p:
    return b.create<math::Log1pOp>(loc, x);
  case nn::UnaryFunction::Tanh:
    return b.create<math::TanhOp>(loc, x);
  case nn::UnaryFunction::Erf:
    return b.create<math::ErfOp>(loc, x);
  case nn::UnaryFunction::Sigmoid:
    return r.div(r.number(1), r.add(expOfMinus(), 1.0));
  case nn::UnaryFunction::Silu:
    return r.div(x, r.add(expOfMinus(), 1.0));
  default: // softplus
    return r.add(r.atLeast(x, 0), b.create<math::Log1pOp>(loc, b.create<math::ExpOp>(loc, r.neg(r.abs(x)))));
  }
}

static Value emitUnarySingle(const Singles &s, nn::UnaryFunction function, Value x) {
  switch (function) {
  case nn::UnaryFunction::Exp:
    return emitExp(s.k, x);
  case nn::UnaryFunction::Expm1:
    return emitExpm1(s, x);
  case nn::UnaryFunction::Log:
    return emitLog(s.k, x);
  case nn::UnaryFunction::Log1p:
    return emitLog1p(s, x);
  case nn::UnaryFunction::Tanh:
    return emitTanh(s, x);
  case nn::UnaryFunction::Erf:
    return emitErf(s, x);
  case nn::UnaryFunction::Sigmoid:
    return s.div(s.number(1), onePlusExpOfMinus(s, x));
  case nn::UnaryFunction::Silu:
    return emitGated(s.k, x, x);
  default:
    return emitSoftplus(s, x);
  }
}

static Value emitUnaryReal(const Reals &r, nn::UnaryFunction function, Value x) {
  OpBuilder &b = r.k.b;
  Location loc = r.k.b.getLoc();
  Value zero = r.number(0);
  switch (function) {
  case nn::UnaryFunction::Abs:
    return r.abs(x);
  case nn::UnaryFunction::Neg:
    return r.neg(x);
  case nn::UnaryFunction::Relu:
    return r.atLeast(x, 0);
  case nn::UnaryFunction::Sqrt:
    return r.sqrt(x);
  case nn::UnaryFunction::Rsqrt:
    return r.div(r.number(1), r.sqrt(x));
  case nn::UnaryFunction::Square:
    return r.mul(x, x);
  case nn::UnaryFunction::Reciprocal:
    return r.div(r.number(1), x);
  case nn::UnaryFunction::Sin:
    return b.create<math::SinOp>(loc, x);
  case nn::UnaryFunction::Cos:
    return b.create<math::CosOp>(loc, x);
  case nn::UnaryFunction::Tan:
    return b.create<math::TanOp>(loc, x);
  case nn::UnaryFunction::Sign: // zero and NaN are their own sign
    return r.select(r.less(zero, x), r.number(1), r.select(r.less(x, zero), r.number(-1), x));
  case nn::UnaryFunction::Floor:
  case nn::UnaryFunction::Ceil:
  case nn::UnaryFunction::Round:
    return emitRounding(r, function, x);
  case nn::UnaryFunction::IsFinite:
    return r.less(r.abs(x), r.number(kInfinity));
  case nn::UnaryFunction::IsNan:
    return r.compare(CmpFPredicate::UNO, x, x);
  default:
    return r.element().isF64() ? emitUnaryDouble(r, function, x) : emitUnarySingle(Singles(r.k, x), function, x);
  }
}

static bool isUnsigned(Type element) { return element.isUnsignedInteger() || element.isInteger(1); }

static Value emitUnaryInteger(KernelBuilder &k, nn::UnaryFunction function, bool isUnsigned, Value x) {
  auto &b = k.b;
  Value zero = b.create<arith::ConstantOp>(b.getZeroAttr(x.getType()));
  auto select = [&](arith::CmpIPredicate predicate, Value a, Value other) -> Value {
    return b.create<arith::SelectOp>(b.create<arith::CmpIOp>(predicate, x, zero), a, other);
  };
  auto ones = [&](double value) {
    auto vector = dyn_cast<VectorType>(x.getType());
    return k.number(getElementTypeOrSelf(x.getType()), value, vector ? vector.getNumElements() : 1);
  };
  switch (function) {
  case nn::UnaryFunction::Neg:
    return b.create<arith::SubIOp>(zero, x);
  case nn::UnaryFunction::Abs:
    return isUnsigned ? x : select(arith::CmpIPredicate::slt, b.create<arith::SubIOp>(zero, x), x);
  case nn::UnaryFunction::Relu:
    return isUnsigned ? x : select(arith::CmpIPredicate::slt, zero, x);
  case nn::UnaryFunction::Square:
    return b.create<arith::MulIOp>(x, x);
  case nn::UnaryFunction::Sign: {
    Value negative = isUnsigned ? zero : select(arith::CmpIPredicate::slt, ones(-1), zero);
    return select(isUnsigned ? arith::CmpIPredicate::ugt : arith::CmpIPredicate::sgt, ones(1), negative);
  }
  case nn::UnaryFunction::Not:
    return b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, x, zero);
  case nn::UnaryFunction::IsFinite:
  case nn::UnaryFunction::IsNan: {
    Value same = b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, x, x);
    Value different = b.create<arith::CmpIOp>(arith::CmpIPredicate::ne, x, x);
    return function == nn::UnaryFunction::IsFinite ? same : different;
  }
  default: // floor, ceil, round
    return x;
  }
}

Value layerc::emitUnary(KernelBuilder &k, nn::UnaryFunction function, Type element, Value x) {
  if (!isa<FloatType>(element))
    return emitUnaryInteger(k, function, isUnsigned(element), x);
  Value result = emitUnaryReal(Reals(k, x), function, x);
  return isa<FloatType>(getElementTypeOrSelf(result.getType())) ? k.roundTo(element, result) : result;
}

//===-- Functions of two numbers --------------------------------------------------------------------------------===//

/// The value of a constant all of whose lanes are equal.
static std::optional<double> splatValue(Value value) {
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  if (!constant)
    return std::nullopt;
  if (auto number = dyn_cast<FloatAttr>(constant.getValue()))
    return number.getValueAsDouble();
  if (auto numbers = dyn_cast<SplatElementsAttr>(constant.getValue()))
    return numbers.getSplatValue<APFloat>().convertToDouble();
  return std::nullopt;
}

static Value emitPow(const Reals &r, Value a, Value b) {
  std::optional<double> exponent = splatValue(b);
  if (exponent == 1.0)
    return a;
  if (exponent == 2.0)
    return r.mul(a, a);
  if (exponent == 3.0)
    return r.mul(r.mul(a, a), a);
  return r.k.b.create<math::PowFOp>(a, b);
}

/// a - b * floor(a / b), without its rounding errors: the remainder of truncation, moved to the divisor's sign.
static Value emitFloorModulo(const Reals &r, Value a, Value b) {
  Value remainder = r.k.b.create<arith::RemFOp>(a, b), zero = r.number(0);
  Value differs = r.k.b.create<arith::XOrIOp>(r.less(remainder, zero), r.less(b, zero));
  Value nonzero = r.compare(CmpFPredicate::ONE, remainder, zero);
  return r.select(r.k.b.create<arith::AndIOp>(differs, nonzero), r.add(remainder, b), remainder);
}

static Value emitBinaryReal(const Reals &r, nn::BinaryFunction function, Value a, Value b) {
  switch (function) {
  case nn::BinaryFunction::Add:
    return r.add(a, b);
  case nn::BinaryFunction::Sub:
    return r.sub(a, b);
  case nn::BinaryFunction::Mul:
    return r.mul(a, b);
  case nn::BinaryFunction::Div:
    return r.div(a, b);
  case nn::BinaryFunction::FloorDiv:
    return emitRounding(r, nn::UnaryFunction::Floor, r.div(a, b));
  case nn::BinaryFunction::Mod:
    return emitFloorModulo(r, a, b);
  case nn::BinaryFunction::Pow:
    return emitPow(r, a, b);
  case nn::BinaryFunction::Maximum:
  case nn::BinaryFunction::Minimum: {
    bool largest = function == nn::BinaryFunction::Maximum;
    std::optional<double> left = splatValue(a), right = splatValue(b);
    if (right && *right == *right) // one instruction: a NaN in the other operand is kept
      return largest ? r.atLeast(a, *right) : r.atMost(a, *right);
    if (left && *left == *left)
      return largest ? r.atLeast(b, *left) : r.atMost(b, *left);
    return largest ? r.maximum(a, b) : r.minimum(a, b);
  }
  case nn::BinaryFunction::Atan2:
    return r.k.b.create<math::Atan2Op>(a, b);
  case nn::BinaryFunction::Equal:
    return r.compare(CmpFPredicate::OEQ, a, b);
  case nn::BinaryFunction::NotEqual:
    return r.compare(CmpFPredicate::UNE, a, b);
  case nn::BinaryFunction::Less:
    return r.less(a, b);
  case nn::BinaryFunction::LessEqual:
    return r.compare(CmpFPredicate::OLE, a, b);
  case nn::BinaryFunction::Greater:
    return r.less(b, a);
  case nn::BinaryFunction::GreaterEqual:
    return r.compare(CmpFPredicate::OGE, a, b);
  default:
    llvm_unreachable("a function of integers");
  }
}

namespace {

/// Integer arithmetic as NumPy defines it: wrapping, division by zero gives zero.
struct Integers {
  KernelBuilder &k;
  Type type;
  bool isUnsigned;
  Value zero;

  Integers(KernelBuilder &k, Type type, bool isUnsigned)
      : k(k), type(type), isUnsigned(isUnsigned), zero(k.b.create<arith::ConstantOp>(k.b.getZeroAttr(type))) {}
  Value number(int64_t value) const {
    auto vector = dyn_cast<VectorType>(type);
    return k.number(getElementTypeOrSelf(type), static_cast<double>(value), vector ? vector.getNumElements() : 1);
  }
  Value sub(Value a, Value b) const { return k.b.create<arith::SubIOp>(a, b); }
  Value mul(Value a, Value b) const { return k.b.create<arith::MulIOp>(a, b); }
  Value compare(arith::CmpIPredicate predicate, Value a, Value b) const {
    return k.b.create<arith::CmpIOp>(predicate, a, b);
  }
  Value equal(Value a, Value b) const { return compare(arith::CmpIPredicate::eq, a, b); }
  Value less(Value a, Value b) const {
    return compare(isUnsigned ? arith::CmpIPredicate::ult : arith::CmpIPredicate::slt, a, b);
  }
  Value lessEqual(Value a, Value b) const {
    return compare(isUnsigned ? arith::CmpIPredicate::ule : arith::CmpIPredicate::sle, a, b);
  }
  Value select(Value condition, Value a, Value b) const { return k.b.create<arith::SelectOp>(condition, a, b); }

  Value quotient(Value a, Value b) const {
    Value one = number(1), isZero = equal(b, zero), safe = select(isZero, one, b);
    if (isUnsigned)
      return select(isZero, zero, k.b.create<arith::DivUIOp>(a, safe));
    Value isMinusOne = equal(b, number(-1)); // the smallest number divided by -1 would trap
    Value divided = k.b.create<arith::DivSIOp>(a, select(isMinusOne, one, safe));
    return select(isZero, zero, select(isMinusOne, sub(zero, a), divided));
  }

  Value floorQuotient(Value a, Value b) const {
    Value q = quotient(a, b);
    if (isUnsigned)
      return q;
    Value inexact = compare(arith::CmpIPredicate::ne, mul(q, b), a);
    Value signs = k.b.create<arith::XOrIOp>(less(a, zero), less(b, zero));
    Value down = k.b.create<arith::AndIOp>(k.b.create<arith::AndIOp>(inexact, signs),
                                           compare(arith::CmpIPredicate::ne, b, zero));
    return select(down, sub(q, number(1)), q);
  }

  /// By repeated squaring; a negative exponent gives the reciprocal, truncated.
  Value power(Value base, Value exponent) const {
    Value one = number(1);
    auto bits = static_cast<int64_t>(getElementTypeOrSelf(type).getIntOrFloatBitWidth());
    SmallVector<Value> result =
        k.forLoop(k.constant(0), k.constant(bits), 1, {one, base, exponent},
                  [&](Value, ValueRange carried) -> SmallVector<Value> {
                    Value odd = equal(k.b.create<arith::AndIOp>(carried[2], one), one);
                    return {select(odd, mul(carried[0], carried[1]), carried[0]), mul(carried[1], carried[1]),
                            k.b.create<arith::ShRUIOp>(carried[2], one)};
                  });
    if (isUnsigned)
      return result[0];
    Value minusOne = number(-1), odd = equal(k.b.create<arith::AndIOp>(exponent, one), one);
    Value reciprocal = select(equal(base, one), one, zero);
    reciprocal = select(equal(base, minusOne), select(odd, minusOne, one), reciprocal);
    return select(less(exponent, zero), reciprocal, result[0]);
  }
};

} // namespace

static Value emitBinaryInteger(const Integers &n, nn::BinaryFunction function, Value a, Value b) {
  switch (function) {
  case nn::BinaryFunction::Add:
    return n.k.b.create<arith::AddIOp>(a, b);
  case nn::BinaryFunction::Sub:
    return n.sub(a, b);
  case nn::BinaryFunction::Mul:
    return n.mul(a, b);
  case nn::BinaryFunction::Div:
    return n.quotient(a, b);
  case nn::BinaryFunction::FloorDiv:
    return n.floorQuotient(a, b);
  case nn::BinaryFunction::Mod:
    return n.select(n.equal(b, n.zero), n.zero, n.sub(a, n.mul(n.floorQuotient(a, b), b)));
  case nn::BinaryFunction::Pow:
    return n.power(a, b);
  case nn::BinaryFunction::Maximum:
    return n.select(n.less(a, b), b, a);
  case nn::BinaryFunction::Minimum:
    return n.select(n.less(a, b), a, b);
  case nn::BinaryFunction::And:
    return n.k.b.create<arith::AndIOp>(a, b);
  case nn::BinaryFunction::Or:
    return n.k.b.create<arith::OrIOp>(a, b);
  case nn::BinaryFunction::Xor:
    return n.k.b.create<arith::XOrIOp>(a, b);
  case nn::BinaryFunction::Equal:
    return n.equal(a, b);
  case nn::BinaryFunction::NotEqual:
    return n.compare(arith::CmpIPredicate::ne, a, b);
  case nn::BinaryFunction::Less:
    return n.less(a, b);
  case nn::BinaryFunction::LessEqual:
    return n.lessEqual(a, b);
  case nn::BinaryFunction::Greater:
    return n.less(b, a);
  case nn::BinaryFunction::GreaterEqual:
    return n.lessEqual(b, a);
  default:
    llvm_unreachable("a function of floats");
  }
}

Value layerc::emitBinary(KernelBuilder &k, nn::BinaryFunction function, Type element, Value a, Value b) {
  if (!isa<FloatType>(element))
    return emitBinaryInteger(Integers(k, a.getType(), isUnsigned(element)), function, a, b);
  Value result = emitBinaryReal(Reals(k, a), function, a, b);
  return isa<FloatType>(getElementTypeOrSelf(result.getType())) ? k.roundTo(element, result) : result;
}

//===-- Conversions ---------------------------------------------------------------------------------------------===//

static Value emitRealToInteger(KernelBuilder &k, Value x, IntegerType to) {
  Reals r(k, x);
  int64_t bits = to.getWidth();
  bool isUnsigned = to.isUnsigned();
  // Bounds as reals: the smallest number, and the first one beyond the largest.
  double low = isUnsigned ? 0 : -std::ldexp(1.0, static_cast<int>(bits - 1));
  double beyond = std::ldexp(1.0, static_cast<int>(isUnsigned ? bits : bits - 1));
  Type wide = k.lanesOf(k.b.getIntegerType(std::max<int64_t>(bits, 32)), r.lanes());
  Type narrow = k.lanesOf(k.b.getIntegerType(static_cast<unsigned>(bits)), r.lanes());
  Value clamped = r.atLeast(x, low);
  Value converted = isUnsigned ? k.b.create<arith::FPToUIOp>(wide, clamped).getResult()
                               : k.b.create<arith::FPToSIOp>(wide, clamped).getResult();
  if (wide != narrow)
    converted = k.b.create<arith::TruncIOp>(narrow, converted);
  APInt largest = isUnsigned ? APInt::getMaxValue(bits) : APInt::getSignedMaxValue(bits);
  Attribute limit = IntegerAttr::get(k.b.getIntegerType(static_cast<unsigned>(bits)), largest);
  if (auto vector = dyn_cast<VectorType>(narrow))
    limit = DenseElementsAttr::get(vector, limit);
  Value below = r.less(x, r.number(beyond)), zero = k.b.create<arith::ConstantOp>(k.b.getZeroAttr(narrow));
  Value saturated =
      k.b.create<arith::SelectOp>(below, converted, k.b.create<arith::ConstantOp>(cast<TypedAttr>(limit)));
  return k.b.create<arith::SelectOp>(r.compare(CmpFPredicate::UNO, x, x), zero, saturated);
}

static Value emitNonzero(KernelBuilder &k, Value x) {
  Value zero = k.b.create<arith::ConstantOp>(k.b.getZeroAttr(x.getType()));
  if (isa<FloatType>(getElementTypeOrSelf(x.getType())))
    return k.b.create<arith::CmpFOp>(CmpFPredicate::UNE, x, zero);
  return k.b.create<arith::CmpIOp>(arith::CmpIPredicate::ne, x, zero);
}

Value layerc::emitConvert(KernelBuilder &k, Value x, Type from, Type to) {
  auto vector = dyn_cast<VectorType>(x.getType());
  Type type = k.lanesOf(k.computeType(to), vector ? vector.getNumElements() : 1);
  if (to.isInteger(1))
    return from.isInteger(1) ? x : emitNonzero(k, x);
  if (isa<FloatType>(from) && isa<FloatType>(to)) {
    unsigned before = getElementTypeOrSelf(x.getType()).getIntOrFloatBitWidth(),
             after = k.computeType(to).getIntOrFloatBitWidth();
    if (before < after)
      x = k.b.create<arith::ExtFOp>(type, x);
    else if (before > after)
      x = k.b.create<arith::TruncFOp>(type, x);
    return k.roundTo(to, x);
  }
  if (isa<FloatType>(from))
    return emitRealToInteger(k, x, cast<IntegerType>(to));
  if (isa<FloatType>(to)) {
    Value real = isUnsigned(from) ? k.b.create<arith::UIToFPOp>(type, x).getResult()
                                  : k.b.create<arith::SIToFPOp>(type, x).getResult();
    return k.roundTo(to, real);
  }
  unsigned before = from.getIntOrFloatBitWidth(), after = to.getIntOrFloatBitWidth();
  if (before > after)
    return k.b.create<arith::TruncIOp>(type, x);
  if (before == after)
    return x;
  return isUnsigned(from) ? k.b.create<arith::ExtUIOp>(type, x).getResult()
                          : k.b.create<arith::ExtSIOp>(type, x).getResult();
}
