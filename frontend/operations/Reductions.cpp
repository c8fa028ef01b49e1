// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations that reduce over axes, accumulate along one, or order the elements along one. Accumulating and ordering
// compare each element with all others of its row, so they are reductions too, of n^2 terms for a row of n.
#include "frontend/operations/Reductions.h"

#include "llvm/ADT/SmallVectorExtras.h"

#include <limits>

using namespace mlir;
using namespace layerc;
using O = OperationImport;
using U = nn::UnaryFunction;
using B = nn::BinaryFunction;
using R = nn::ReduceFunction;

static IntegerType integers(O &o) { return IntegerType::get(o.l.context(), 32); }
static Type floats(O &o) { return Float32Type::get(o.l.context()); }

Value layerc::reduceOver(O &o, R function, Value x, ArrayRef<int64_t> axes, bool keep) {
  if (o.l.failed())
    return {};
  Sizes kept(o.l.shape(x));
  for (int64_t axis : axes)
    kept[axis] = 1;
  Value y = o.l.reduce(function, x, axes);
  return keep ? o.l.reshape(y, kept) : y;
}

static Value reduceByArguments(O &o, R function, Value x) {
  bool keep = o.flag("keepdims", false);
  return o.l.failed() ? Value() : reduceOver(o, function, x, o.axes("axis", o.l.rank(x)), keep);
}

/// Integers are summed and multiplied in at least 32 bits.
static Value widened(O &o, Value x) {
  auto type = o.l.failed() ? IntegerType() : dyn_cast<IntegerType>(o.l.elementType(x));
  if (!type || type.getWidth() >= 32 || o.l.kerasMajor() < 3)
    return x;
  auto sign = type.isUnsigned() ? IntegerType::Unsigned : IntegerType::Signless;
  return o.l.cast(x, IntegerType::get(o.l.context(), 32, sign));
}

template <R function> static Results sum(O &o) {
  Value x = o.tensor("x");
  if (!o.l.failed())
    x = o.l.cast(x, o.elementType("dtype", o.l.elementType(x)));
  return {reduceByArguments(o, function, widened(o, x))};
}

template <R function, R onBooleans> static Results extremum(O &o) {
  Value x = o.tensor("x");
  if (o.has("initial"))
    return o.l.fail() << "argument 'initial' is not supported";
  bool isBoolean = !o.l.failed() && o.l.elementType(x).isInteger(1);
  return {reduceByArguments(o, isBoolean ? onBooleans : function, x)};
}

template <R function> static Results logical(O &o) { return {reduceByArguments(o, function, o.boolean("x"))}; }

/// Computed in float32 for narrower floats and integers; the result has the type of the floats.
static Results inFloats(O &o, Value (*compute)(O &o, Value x)) {
  Value x = o.real("x");
  if (o.l.failed())
    return {};
  Type type = o.l.elementType(x);
  return {o.l.cast(compute(o, type.getIntOrFloatBitWidth() < 32 ? o.l.cast(x, floats(o)) : x), type)};
}

static Value mean(O &o, Value x) { return reduceByArguments(o, R::Mean, x); }

static Value variance(O &o, Value x) {
  Sizes axes = o.axes("axis", o.l.rank(x));
  Value centred = o.l.sub(x, reduceOver(o, R::Mean, x, axes, /*keep=*/true));
  return reduceByArguments(o, R::Mean, o.l.unary(U::Square, centred));
}

static Value deviation(O &o, Value x) { return o.l.unary(U::Sqrt, variance(o, x)); }

/// m + log(sum(exp(x - m))) with m the maximum, or 0 where that is infinite.
static Value logSumExp(O &o, Value x) {
  Sizes axes = o.axes("axis", o.l.rank(x));
  Value top = reduceOver(o, R::Max, x, axes, true), zero = o.l.failed() ? Value() : o.l.scalar(0, x);
  top = o.l.select(o.l.unary(U::IsFinite, top), top, zero);
  Value log = o.l.unary(U::Log, reduceByArguments(o, R::Sum, o.l.unary(U::Exp, o.l.sub(x, top))));
  return o.l.failed() ? Value() : o.l.add(log, o.l.reshape(top, o.l.shape(log)));
}

/// The norm of vectors: of all elements where there is no axis.
static Value norm(O &o, Value x) {
  Value size = o.l.unary(U::Abs, x);
  const nlohmann::json *order = o.value("ord");
  bool isMatrix = o.has("axis") ? o.integers("axis").size() == 2 : o.l.rank(x) == 2;
  if (!order || *order == "euclidean" || *order == "fro" || (order->is_number() && *order == 2 && !isMatrix))
    return o.l.unary(U::Sqrt, reduceByArguments(o, R::Sum, o.l.unary(U::Square, x)));
  bool isInfinite = *order == "inf" || *order == "Infinity" || (order->is_number() && std::isinf(order->get<double>()));
  if (isMatrix || (!isInfinite && !order->is_number()))
    return o.l.fail() << "argument 'ord' " << order->dump() << " is not supported for this tensor";
  if (isInfinite)
    return reduceByArguments(o, order->is_number() && order->get<double>() < 0 ? R::Min : R::Max, size);
  double p = order->get<double>();
  if (p == 0)
    return reduceByArguments(o, R::Sum, o.l.cast(o.l.binary(B::NotEqual, x, 0.0), o.l.elementType(x)));
  if (p == 1)
    return reduceByArguments(o, R::Sum, size);
  return o.l.binary(B::Pow, reduceByArguments(o, R::Sum, o.l.binary(B::Pow, size, p)), 1 / p);
}

/// The sum of the areas between neighbours, which lie `dx` apart.
static Results trapezoid(O &o) {
  Value y = o.real("y");
  int64_t axis = o.axis("axis", o.l.rank(y), -1);
  if (o.l.failed() || o.has("x") || o.l.shape(y)[axis] < 2)
    return o.l.fail() << "expects at least two elements, of equal distance";
  auto half = [&](int64_t start) {
    Sizes starts(o.l.rank(y), 0), sizes(o.l.shape(y));
    starts[axis] = start;
    --sizes[axis];
    return o.l.create<nn::SliceOp>(y, starts, sizes, DenseI64ArrayAttr());
  };
  Value left = half(0), right = half(1);
  return {o.l.reduce(R::Sum, o.l.mul(o.l.add(left, right), o.number("dx", 1) / 2), {axis})};
}

static Results average(O &o) {
  Value x = o.real("x");
  if (!o.has("weights"))
    return {reduceByArguments(o, R::Mean, x)};
  Value weights = o.l.cast(o.real("weights"), o.l.elementType(x));
  if (o.l.failed())
    return {};
  Sizes axes = o.axes("axis", o.l.rank(x)), shape(o.l.rank(x), 1);
  if (o.l.rank(weights) == 1 && axes.size() == 1 && o.l.rank(x) > 1) {
    shape[axes[0]] = o.l.shape(weights)[0];
    weights = o.l.reshape(weights, shape);
  }
  Value zero = o.l.mul(x, 0), all = reduceOver(o, R::Sum, o.l.add(zero, weights), axes, false);
  return {o.l.div(reduceOver(o, R::Sum, o.l.mul(x, weights), axes, false), all)};
}

static Results countNonzero(O &o) { return {reduceByArguments(o, R::Sum, o.l.cast(o.boolean("x"), integers(o)))}; }

static Results range(O &o) {
  Value x = o.tensor("x");
  Value largest = reduceByArguments(o, R::Max, x), smallest = reduceByArguments(o, R::Min, x);
  return {o.l.sub(largest, smallest)};
}

static Results moments(O &o) {
  Value x = o.real("x");
  if (o.l.failed())
    return {};
  Type type = o.l.elementType(x);
  x = type.getIntOrFloatBitWidth() < 32 ? o.l.cast(x, floats(o)) : x;
  Sizes axes = o.axes("axes", o.l.rank(x));
  bool keep = o.flag("keepdims", false);
  Value mean = reduceOver(o, R::Mean, x, axes, true), centred = o.l.sub(x, mean);
  Value variance = reduceOver(o, R::Mean, o.l.unary(U::Square, centred), axes, keep);
  if (!keep)
    mean = o.l.reshape(mean, o.l.shape(variance));
  return {o.l.cast(mean, type), o.l.cast(variance, type)};
}

//===-- Places --------------------------------------------------------------------------------------------------===//

/// The place of the first largest (smallest) element, a NaN before all others.
template <R function> static Results place(O &o) {
  Value x = o.tensor("x");
  bool keep = o.flag("keepdims", false);
  if (o.l.failed())
    return {};
  int64_t rank = o.l.rank(x);
  if (!o.has("axis"))
    x = o.l.reshape(x, {o.l.rank(x) == 0 ? 1 : ShapedType::getNumElements(o.l.shape(x))});
  int64_t axis = o.has("axis") ? o.axis("axis", rank) : 0, size = o.l.failed() ? 0 : o.l.shape(x)[axis];
  if (!o.l.failed() && o.l.elementType(x).isInteger(1))
    x = o.l.cast(x, integers(o));
  Value found = o.l.binary(B::Equal, x, reduceOver(o, function, x, axis, true));
  if (!o.l.failed() && isa<FloatType>(o.l.elementType(x)))
    found = o.l.binary(B::Or, found, o.l.unary(U::IsNan, x));
  Value places = o.iota(integers(o), size, axis, o.l.rank(x)),
        none = o.l.failed() ? Value() : o.l.scalar(static_cast<double>(size), places);
  Value y = reduceOver(o, R::Min, o.l.select(found, places, none), axis, keep && o.has("axis"));
  if (keep && !o.has("axis"))
    y = o.l.reshape(y, Sizes(rank, 1));
  // TensorFlow counts in int64 unless told otherwise.
  Type standard = o.l.kerasMajor() >= 3 ? Type(integers(o)) : Type(IntegerType::get(o.l.context(), 64));
  return {o.l.failed() ? y : o.l.cast(y, o.elementType("output_type", standard))};
}

/// The same among the numbers; -1 in a row of nothing but NaN.
template <R function> static Results placeOfNumber(O &o) {
  Value x = o.tensor("x");
  if (o.l.failed() || !isa<FloatType>(o.l.elementType(x)))
    return place<function>(o);
  bool keep = o.flag("keepdims", false);
  if (!o.has("axis") || keep)
    return o.l.fail() << "expects one axis, which does not stay";
  int64_t axis = o.axis("axis", o.l.rank(x)), size = o.l.failed() ? 1 : o.l.shape(x)[axis];
  double infinity = std::numeric_limits<double>::infinity();
  Value isNan = o.l.unary(U::IsNan, x), none = o.l.scalar(function == R::Max ? -infinity : infinity, x);
  x = o.l.select(isNan, none, x);
  Value found = o.l.binary(B::Equal, x, reduceOver(o, function, x, axis, true));
  found = o.l.binary(B::And, found, o.l.unary(U::Not, isNan));
  Value places = o.iota(integers(o), size, axis, o.l.rank(x)), far = o.l.scalar(static_cast<double>(size), places);
  Value first = reduceOver(o, R::Min, o.l.select(found, places, far), axis, false), nothing = o.l.scalar(-1, first);
  return {o.l.select(reduceOver(o, R::All, isNan, axis, false), nothing, first)};
}

//===-- Along an axis -------------------------------------------------------------------------------------------===//

/// result[i] is the sum (product) of the elements up to i: of row i of a table of all pairs, those that count.
template <R function, bool skipsNan = false> static Results cumulative(O &o) {
  Value x = o.tensor("x");
  if (skipsNan && !o.l.failed() && isa<FloatType>(o.l.elementType(x))) {
    Value one = o.l.scalar(function == R::Sum ? 0 : 1, x);
    x = o.l.select(o.l.unary(U::IsNan, x), one, x);
  }
  bool reverse = o.flag("reverse", false), exclusive = o.flag("exclusive", false);
  if (o.l.failed())
    return {};
  if (!o.has("axis"))
    x = o.l.reshape(x, {ShapedType::getNumElements(o.l.shape(x))});
  int64_t axis = o.has("axis") ? o.axis("axis", o.l.rank(x)) : 0;
  x = widened(o, o.l.cast(x, o.elementType("dtype", o.l.elementType(x))));
  if (o.l.failed())
    return {};
  int64_t size = o.l.shape(x)[axis], rank = o.l.rank(x) + 1;
  Sizes row(o.l.shape(x));
  row.insert(row.begin() + axis, 1);
  Value to = o.iota(integers(o), size, axis, rank), from = o.iota(integers(o), size, axis + 1, rank);
  B before = reverse ? (exclusive ? B::Greater : B::GreaterEqual) : (exclusive ? B::Less : B::LessEqual);
  Value counts = o.l.binary(before, from, to), neutral = o.l.scalar(function == R::Sum ? 0 : 1, x);
  return {o.l.reduce(function, o.l.select(counts, o.l.reshape(x, row), neutral), {axis + 1})};
}

/// An element's place in the order is how many elements come before it.
Ordered layerc::ordered(O &o, Value x, int64_t count, bool descending) {
  if (o.l.failed())
    return {};
  Sizes shape(o.l.shape(x)), column(shape), row(shape);
  int64_t size = shape.back(), rank = o.l.rank(x) + 1;
  column.push_back(1);
  row.insert(row.end() - 1, 1);
  Value self = o.l.reshape(x, column), other = o.l.reshape(x, row);
  Value selfPlace = o.iota(integers(o), size, rank - 2, rank), otherPlace = o.iota(integers(o), size, rank - 1, rank);
  Value strictly = o.l.binary(descending ? B::Greater : B::Less, other, self),
        equal = o.l.binary(B::Equal, other, self);
  Value before = o.l.binary(B::Or, strictly, o.l.binary(B::And, equal, o.l.binary(B::Less, otherPlace, selfPlace)));
  Value rankOfElement = o.l.reduce(R::Sum, o.l.cast(before, integers(o)), {rank - 1});
  Value wanted = o.iota(integers(o), count, rank - 2, rank);
  Value chosen = o.l.binary(B::Equal, o.l.reshape(rankOfElement, row), wanted), zero = o.l.scalar(0, x);
  Value values = o.l.reduce(R::Sum, o.l.select(chosen, other, zero), {rank - 1});
  Value none = o.l.scalar(0, otherPlace);
  Value places = o.l.reduce(R::Sum, o.l.select(chosen, otherPlace, none), {rank - 1});
  return {values, places};
}

template <bool wantsPlaces> static Results sort(O &o) {
  Value x = o.tensor("x");
  bool descending = o.string("direction", "ASCENDING") == "DESCENDING";
  if (o.l.failed())
    return {};
  int64_t rank = o.l.rank(x), axis = o.axis("axis", rank, -1);
  x = o.l.moveAxis(x, axis, rank - 1);
  Ordered rows = ordered(o, x, o.l.failed() ? 0 : o.l.shape(x).back(), descending);
  return {o.l.moveAxis(wantsPlaces ? rows.places : rows.values, rank - 1, axis)};
}

static Results topK(O &o) {
  Value x = o.tensor("x");
  int64_t k = o.integer("k", 1);
  if (o.l.failed())
    return {};
  if (o.l.rank(x) == 0 || k < 1 || k > o.l.shape(x).back())
    return o.l.fail() << "argument 'k' " << k << " does not fit the tensor " << shapeText(o.l.shape(x));
  Ordered rows = ordered(o, x, k, /*descending=*/true);
  return {rows.values, rows.places};
}

ArrayRef<OperationRow> layerc::reductionOperations() {
  static const OperationRow rows[] = {
      {"All", "x", logical<R::All>},
      {"Amax", "x", extremum<R::Max, R::Any>},
      {"Amin", "x", extremum<R::Min, R::All>},
      {"Any", "x", logical<R::Any>},
      {"Argmax", "x", place<R::Max>},
      {"Argmin", "x", place<R::Min>},
      {"Argsort", "x", sort<true>},
      {"Average", "x weights", average},
      {"CountNonzero", "x", countNonzero},
      {"Cumprod", "x", cumulative<R::Prod>},
      {"Cumsum", "x", cumulative<R::Sum>},
      {"Logsumexp", "x", [](O &o) { return inFloats(o, logSumExp); }},
      {"Max", "x", extremum<R::Max, R::Any>},
      {"Mean", "x", [](O &o) { return inFloats(o, mean); }},
      {"Min", "x", extremum<R::Min, R::All>},
      {"Moments", "x", moments},
      {"Nanargmax", "x", placeOfNumber<R::Max>},
      {"Nanargmin", "x", placeOfNumber<R::Min>},
      {"Nancumprod", "x", cumulative<R::Prod, true>},
      {"Nancumsum", "x", cumulative<R::Sum, true>},
      {"Norm", "x", [](O &o) { return inFloats(o, norm); }},
      {"Prod", "x", sum<R::Prod>},
      {"Ptp", "x", range},
      {"Sort", "x", sort<false>},
      {"Std", "x", [](O &o) { return inFloats(o, deviation); }},
      {"Sum", "x", sum<R::Sum>},
      {"TopK", "x", topK},
      {"Trapezoid", "y", trapezoid},
      {"Var", "x", [](O &o) { return inFloats(o, variance); }},
  };
  return rows;
}
