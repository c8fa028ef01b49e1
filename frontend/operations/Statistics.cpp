// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations of statistics: quantiles, places among bins, reductions that leave NaN out, and losses.
#include "frontend/OperationImport.h"
#include "frontend/operations/Reductions.h"

#include "llvm/ADT/SmallVectorExtras.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace layerc;
using O = OperationImport;
using U = nn::UnaryFunction;
using B = nn::BinaryFunction;
using R = nn::ReduceFunction;

static constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
static constexpr double kInfinity = std::numeric_limits<double>::infinity();

static IntegerType integers(O &o) { return IntegerType::get(o.l.context(), 32); }

//===-- Quantiles -----------------------------------------------------------------------------------------------===//

namespace {

/// The elements to reduce, in the last dimension and in order.
struct Rows {
  Value ordered;
  Sizes kept; ///< the shape of a result that keeps its axes
};

} // namespace

static Rows orderedRows(O &o, Value x) {
  Sizes axes = o.axes("axis", o.l.rank(x)), permutation, row;
  if (o.l.failed())
    return {};
  Rows rows{{}, Sizes(o.l.shape(x))};
  int64_t count = 1;
  for (auto [d, size] : llvm::enumerate(rows.kept))
    if (!llvm::is_contained(axes, static_cast<int64_t>(d))) {
      permutation.push_back(static_cast<int64_t>(d));
      row.push_back(size);
    }
  for (int64_t axis : axes) {
    permutation.push_back(axis);
    count *= std::exchange(rows.kept[axis], 1);
  }
  row.push_back(count);
  x = o.l.reshape(o.l.transpose(x, permutation), row);
  rows.ordered = ordered(o, x, count, /*descending=*/false).values;
  Value hasNan = o.l.reduce(R::Any, o.l.unary(U::IsNan, x), {o.l.rank(x) - 1});
  if (o.l.failed())
    return {};
  row.back() = 1;
  Value nan = o.l.scalar(kNan, x); // one NaN makes every quantile of its row one
  rows.ordered = o.l.select(o.l.reshape(hasNan, row), nan, rows.ordered);
  return rows;
}

static Value element(O &o, Value rows, int64_t place) {
  if (o.l.failed())
    return {};
  Sizes starts(o.l.rank(rows), 0), sizes(o.l.shape(rows));
  starts.back() = place;
  sizes.back() = 1;
  return o.l.create<nn::SliceOp>(rows, starts, sizes, DenseI64ArrayAttr());
}

/// The element at the place `fraction` of the way through the rows.
static Value quantileAt(O &o, Value rows, double fraction, StringRef method) {
  if (o.l.failed())
    return {};
  double place = fraction * static_cast<double>(o.l.shape(rows).back() - 1), below = std::floor(place);
  double above = method == "lower"                              ? 0
                 : method == "higher"                           ? std::ceil(place - below)
                 : method == "nearest"                          ? (place - below > 0.5 ? 1 : 0)
                 : method == "midpoint" && place - below != 0.0 ? 0.5
                                                                : place - below;
  auto first = static_cast<int64_t>(below);
  if (above == 0 || above == 1)
    return element(o, rows, first + static_cast<int64_t>(above));
  Value low = o.l.mul(element(o, rows, first), 1 - above);
  return o.l.add(low, o.l.mul(element(o, rows, first + 1), above));
}

/// Quantiles at `fractions`; several stand in a dimension in front.
static Results quantiles(O &o, ArrayRef<double> fractions, bool areSeveral) {
  Value x = o.real("x");
  // Keras 3.15 does not hand the argument on in a saved Quantile.
  std::string method = o.operation == "Quantile" ? "linear" : o.string("method", "linear");
  if (!o.l.failed() && !llvm::is_contained({"linear", "lower", "higher", "nearest", "midpoint"}, method))
    return o.l.fail() << "quantiles by the method '" << method << "' are not supported";
  Rows rows = orderedRows(o, x);
  bool keep = o.flag("keepdims", false);
  SmallVector<Value> results;
  for (double fraction : fractions) {
    if (!o.l.failed() && !(fraction >= 0 && fraction <= 1))
      return o.wrongArgument("q", "fractions of the elements");
    Value y = quantileAt(o, rows.ordered, fraction, method);
    if (o.l.failed())
      return {};
    Sizes shape = keep ? rows.kept : Sizes(o.l.shape(y).drop_back());
    if (areSeveral)
      shape.insert(shape.begin(), 1);
    results.push_back(o.l.reshape(y, shape));
  }
  return {results.size() == 1 || o.l.failed() ? results[0] : o.l.create<nn::ConcatOp>(results, 0)};
}

static Results median(O &o) { return quantiles(o, {0.5}, false); }

template <int parts> static Results quantile(O &o) {
  const nlohmann::json *given = o.value("q");
  const nlohmann::json *list = given && given->is_object() && given->contains("config") ? &(*given)["config"] : given;
  if (list && list->is_object() && list->contains("value"))
    list = &(*list)["value"];
  std::vector<double> fractions;
  bool isList = list && list->is_array();
  if (list && list->is_number())
    fractions.push_back(list->get<double>() / parts);
  else if (isList)
    for (const nlohmann::json &q : *list)
      if (q.is_number())
        fractions.push_back(q.get<double>() / parts);
  if (fractions.empty() || (isList && fractions.size() != list->size()))
    return o.wrongArgument("q", "one number or a list of them");
  return quantiles(o, fractions, isList);
}

//===-- Without NaN ---------------------------------------------------------------------------------------------===//

static bool isReal(O &o, Value x) { return !o.l.failed() && isa<FloatType>(o.l.elementType(x)); }

/// The same call of another operation, on x with its NaN replaced.
static Results withoutNan(O &o, double by, Results (*build)(O &o, Value x)) {
  Value x = o.tensor("x");
  if (isReal(o, x)) {
    Value number = o.l.scalar(by, x);
    x = o.l.select(o.l.unary(U::IsNan, x), number, x);
  }
  return o.l.failed() ? Results() : build(o, x);
}

static Value reduceByArguments(O &o, R function, Value x) {
  bool keep = o.flag("keepdims", false);
  return o.l.failed() ? Value() : reduceOver(o, function, x, o.axes("axis", o.l.rank(x)), keep);
}

template <R function> static Results reduction(O &o, Value x) { return {reduceByArguments(o, function, x)}; }

/// Where a row holds nothing but NaN its extremum is NaN.
template <R function> static Results nanExtremum(O &o) {
  Value x = o.tensor("x");
  if (!isReal(o, x))
    return reduction<function>(o, x);
  Value isNan = o.l.unary(U::IsNan, x), none = o.l.scalar(function == R::Max ? -kInfinity : kInfinity, x);
  Value y = reduceByArguments(o, function, o.l.select(isNan, none, x)), nan = o.l.scalar(kNan, x);
  return {o.l.select(reduceByArguments(o, R::All, isNan), nan, y)};
}

/// The mean of the numbers of x, 0 / 0 where there are none.
static Value meanOfNumbers(O &o, Value x, Value isNan, bool keep) {
  Value zero = o.l.scalar(0, x), present = o.l.cast(o.l.unary(U::Not, isNan), o.l.elementType(x));
  Sizes axes = o.axes("axis", o.l.rank(x));
  Value sum = reduceOver(o, R::Sum, o.l.select(isNan, zero, x), axes, keep);
  return o.l.div(sum, reduceOver(o, R::Sum, present, axes, keep));
}

static Results nanMean(O &o) {
  Value x = o.real("x");
  bool keep = o.flag("keepdims", false);
  return {o.l.failed() ? x : meanOfNumbers(o, x, o.l.unary(U::IsNan, x), keep)};
}

static Value nanVariance(O &o) {
  Value x = o.real("x");
  bool keep = o.flag("keepdims", false);
  if (o.l.failed())
    return {};
  Value isNan = o.l.unary(U::IsNan, x), centred = o.l.sub(x, meanOfNumbers(o, x, isNan, true));
  return meanOfNumbers(o, o.l.unary(U::Square, centred), isNan, keep);
}

//===-- Bins ----------------------------------------------------------------------------------------------------===//

/// x against each of `others` in a dimension behind.
static Value againstEach(O &o, B function, Value x, Value others) {
  if (o.l.failed())
    return {};
  Sizes column(o.l.shape(x));
  column.push_back(1);
  return o.l.binary(function, o.l.reshape(x, column), others);
}

/// How many edges lie at or (strictly) below each element.
static Value countBelow(O &o, Value x, Value edges, bool strictly) {
  Value below = o.l.cast(againstEach(o, strictly ? B::Greater : B::GreaterEqual, x, edges), integers(o));
  return o.l.failed() ? Value() : o.l.reduce(R::Sum, below, {o.l.rank(below) - 1});
}

static Results digitize(O &o) {
  SmallVector<Value> x = o.promoted({"x", "bins"});
  return {countBelow(o, x[0], x[1], /*strictly=*/false)};
}

static Results searchSorted(O &o) {
  SmallVector<Value> x = o.promoted({"values", "sorted_sequence"});
  if (!o.l.failed() && o.l.rank(x[1]) != 1)
    return o.wrongArgument("sorted_sequence", "a vector");
  return {countBelow(o, x[0], x[1], o.string("side", "left") == "left")};
}

/// 1 at every integer among those along the first axis behind the batch.
static Results multiHot(O &o) {
  Value x = o.tensor("inputs");
  int64_t classes = o.integer("num_classes", 0);
  if (o.flag("sparse", false))
    return o.l.fail() << "sparse tensors are not supported";
  if (o.l.failed() || classes < 1 || classes > (1 << 24) || o.l.rank(x) < 1)
    return o.wrongArgument("num_classes", "a number of classes");
  Value hot = againstEach(o, B::Equal, x, o.iota(o.l.elementType(x), classes, 0, 1));
  if (o.l.failed())
    return {};
  Value any = o.l.reduce(R::Any, hot, {o.l.rank(x) > 1 ? 1 : 0});
  any = o.l.failed() ? any : o.l.moveAxis(any, o.l.rank(any) - 1, o.axis("axis", o.l.rank(any), -1));
  return {o.l.cast(any, o.elementType("dtype", Float32Type::get(o.l.context())))};
}

/// Whether fewer than k predictions of a row are above that of its target.
static Results inTopK(O &o) {
  Value targets = o.tensor("targets"), predictions = o.real("predictions");
  int64_t k = o.integer("k");
  if (o.l.failed() || o.l.rank(targets) != 1 || o.l.rank(predictions) != 2)
    return o.l.fail() << "expects a vector of targets and a matrix of predictions";
  Value own = againstEach(o, B::Equal, targets, o.iota(o.l.elementType(targets), o.l.shape(predictions)[1], 0, 1));
  Value zero = o.l.scalar(0, predictions);
  Value ofTarget = reduceOver(o, R::Sum, o.l.select(own, predictions, zero), {1}, true);
  Value above = o.l.cast(o.l.binary(B::Greater, predictions, ofTarget), integers(o));
  return {o.l.binary(B::Less, o.l.reduce(R::Sum, above, {1}), static_cast<double>(k))};
}

//===-- Losses --------------------------------------------------------------------------------------------------===//

/// Keras keeps probabilities this far from 0 and 1.
static constexpr double kEpsilon = 1e-7;

static Value clipped(O &o, Value x) { return o.l.minimum(o.l.maximum(x, kEpsilon), 1 - kEpsilon); }

static Results binaryCrossentropy(O &o) {
  Value target = o.real("target"), output = o.real("output"), yes, no;
  if (o.flag("from_logits", false)) {
    auto logSigmoid = [&](Value x) { // min(x, 0) - log1p(exp(-|x|))
      Value tail = o.l.unary(U::Log1p, o.l.unary(U::Exp, o.l.unary(U::Neg, o.l.unary(U::Abs, x))));
      return o.l.sub(o.l.minimum(x, 0), tail);
    };
    yes = logSigmoid(output);
    no = logSigmoid(o.l.unary(U::Neg, output));
  } else {
    output = clipped(o, output);
    yes = o.l.unary(U::Log, output);
    no = o.l.unary(U::Log, o.l.binary(B::Sub, 1.0, output));
  }
  Value rest = o.l.mul(o.l.binary(B::Sub, 1.0, target), no);
  return {o.l.unary(U::Neg, o.l.add(o.l.mul(target, yes), rest))};
}

/// The logarithm of the probabilities along `axis`.
static Value logProbabilities(O &o, Value output, int64_t axis) {
  if (o.l.failed() || o.flag("from_logits", false))
    return o.l.failed() ? Value() : o.l.softmax(output, {axis}, /*log=*/true);
  Value sum = reduceOver(o, R::Sum, output, {axis}, true);
  return o.l.unary(U::Log, clipped(o, o.l.div(output, sum)));
}

static Results crossentropy(O &o, Value target, Value logs, int64_t axis) {
  return {o.l.failed() ? Value() : o.l.unary(U::Neg, o.l.reduce(R::Sum, o.l.mul(target, logs), {axis}))};
}

static Results categoricalCrossentropy(O &o) {
  Value target = o.real("target"), output = o.real("output");
  int64_t axis = o.axis("axis", o.l.rank(output), -1);
  return crossentropy(o, target, logProbabilities(o, output, axis), axis);
}

static Results sparseCategoricalCrossentropy(O &o) {
  Value target = o.tensor("target"), output = o.real("output");
  int64_t rank = o.l.rank(output), axis = o.axis("axis", rank, -1);
  if (o.l.failed() || axis != rank - 1)
    return o.l.fail() << "argument 'axis' other than the last is not supported";
  if (o.l.rank(target) == rank && o.l.shape(target).back() == 1)
    target = o.l.reshape(target, o.l.shape(target).drop_back());
  target = o.l.cast(target, integers(o));
  Value hot = againstEach(o, B::Equal, target, o.iota(integers(o), o.l.shape(output).back(), 0, 1));
  return crossentropy(o, o.l.cast(hot, o.l.elementType(output)), logProbabilities(o, output, axis), axis);
}

/// 20 log10(max_val) - 10 log10(mean((x1 - x2)^2))
static Results psnr(O &o) {
  SmallVector<Value> x = o.promoted({"x1", "x2"}, true);
  double largest = o.number("max_val", 1);
  if (o.l.failed())
    return {};
  Value error = o.l.unary(U::Square, o.l.sub(x[0], x[1]));
  O all("Mean", nlohmann::json::object(), o.l);
  Value mean = reduceOver(o, R::Mean, error, all.axes("axis", o.l.rank(error)), false);
  Value decibels = o.l.mul(o.l.unary(U::Log, mean), -10 / std::log(10.0));
  return {o.l.add(decibels, 20 * std::log10(largest))};
}

ArrayRef<OperationRow> layerc::statisticsOperations() {
  static const OperationRow rows[] = {
      {"BinaryCrossentropy", "target output", binaryCrossentropy},
      {"CategoricalCrossentropy", "target output", categoricalCrossentropy},
      {"Digitize", "x bins", digitize},
      {"InTopK", "targets predictions", inTopK},
      {"Median", "x", median},
      {"MultiHot", "inputs", multiHot},
      {"Nanmax", "x", nanExtremum<R::Max>},
      {"Nanmean", "x", nanMean},
      {"Nanmin", "x", nanExtremum<R::Min>},
      {"Nanprod", "x", [](O &o) { return withoutNan(o, 1, reduction<R::Prod>); }},
      {"Nanstd", "x", [](O &o) { return Results{o.l.unary(U::Sqrt, nanVariance(o))}; }},
      {"Nansum", "x", [](O &o) { return withoutNan(o, 0, reduction<R::Sum>); }},
      {"Nanvar", "x", [](O &o) { return Results{nanVariance(o)}; }},
      {"PSNR", "x1 x2", psnr},
      {"Percentile", "x q", quantile<100>},
      {"Quantile", "x q", quantile<1>},
      {"SearchSorted", "sorted_sequence values", searchSorted},
      {"SparseCategoricalCrossentropy", "target output", sparseCategoricalCrossentropy},
  };
  return rows;
}
