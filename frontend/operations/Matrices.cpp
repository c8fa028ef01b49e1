// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations on two axes of a tensor as a matrix, on vectors in it, and those that write elements of it anew.
#include "frontend/operations/Reductions.h"

#include <numeric>

using namespace mlir;
using namespace layerc;
using O = OperationImport;
using U = nn::UnaryFunction;
using B = nn::BinaryFunction;
using R = nn::ReduceFunction;

static IntegerType integers(O &o) { return IntegerType::get(o.l.context(), 32); }

/// Diagonal `offset` of axes `axis1` and `axis2`, in the last dimension: places of the flat matrix, equally far apart.
static Value diagonal(O &o) {
  Value x = o.tensor("x");
  int64_t rank = o.l.rank(x), a = o.axis("axis1", rank, 0), b = o.axis("axis2", rank, 1),
          offset = o.integer("offset", 0);
  if (o.l.failed() || rank < 2 || a == b)
    return o.l.fail() << "expects two different axes";
  Sizes permutation;
  for (int64_t d = 0; d < rank; ++d)
    if (d != a && d != b)
      permutation.push_back(d);
  permutation.append({a, b});
  x = o.l.transpose(x, permutation);
  int64_t rows = o.l.shape(x)[rank - 2], columns = o.l.shape(x)[rank - 1];
  int64_t row = std::max<int64_t>(-offset, 0), column = std::max<int64_t>(offset, 0);
  int64_t count = std::min(rows - row, columns - column);
  if (count < 1)
    return o.l.fail() << "diagonal " << offset << " lies outside " << shapeText(o.l.shape(x));
  Sizes flat(o.l.shape(x).drop_back(2)), starts(rank - 1, 0), strides(rank - 1, 1);
  flat.push_back(rows * columns);
  Sizes sizes(flat);
  starts.back() = row * columns + column;
  sizes.back() = count;
  strides.back() = columns + 1;
  return o.l.create<nn::SliceOp>(o.l.reshape(x, flat), starts, sizes, o.l.unless(1, strides));
}

static Results trace(O &o) {
  Value x = diagonal(o);
  return {o.l.failed() ? x : o.l.reduce(R::Sum, x, {o.l.rank(x) - 1})};
}

/// `k` quarter turns from the first of `axes` towards the second.
static Results rot90(O &o) {
  Value x = o.tensor("array");
  Sizes axes = o.has("axes") ? o.integers("axes") : Sizes{0, 1};
  int64_t turns = ((o.integer("k", 1) % 4) + 4) % 4, rank = o.l.rank(x);
  for (int64_t &axis : axes)
    axis += axis < 0 ? rank : 0;
  bool fits = axes.size() == 2 && axes[0] != axes[1];
  for (int64_t axis : axes)
    fits = fits && axis >= 0 && axis < rank;
  if (o.l.failed() || !fits)
    return o.wrongArgument("axes", "two different axes");
  Sizes order(rank);
  std::iota(order.begin(), order.end(), 0);
  std::swap(order[axes[0]], order[axes[1]]);
  auto flip = [&](Value v, ArrayRef<int64_t> along) { return o.l.create<nn::ReverseOp>(v, along); };
  if (turns == 0)
    return {x};
  if (turns == 2)
    return {flip(x, axes)};
  return {turns == 1 ? o.l.transpose(flip(x, {axes[1]}), order) : flip(o.l.transpose(x, order), {axes[1]})};
}

/// The product of vectors of three numbers in the last dimension.
static Results cross(O &o) {
  SmallVector<Value> x = o.promoted({"x1", "x2"});
  bool isLast = true;
  for (const char *name : {"axisa", "axisb", "axisc", "axis"})
    isLast &= !o.has(name) || o.integer(name) == -1 || o.integer(name) + 1 == o.l.rank(x[0]);
  if (o.l.failed() || !isLast || o.l.rank(x[0]) < 1 || o.l.shape(x[0]) != o.l.shape(x[1]) ||
      o.l.shape(x[0]).back() != 3)
    return o.l.fail() << "expects vectors of three numbers in the last dimension of tensors of one shape";
  auto part = [&](Value v, int64_t number) {
    Sizes starts(o.l.rank(v), 0), sizes(o.l.shape(v));
    starts.back() = number % 3;
    sizes.back() = 1;
    return o.l.create<nn::SliceOp>(v, starts, sizes, DenseI64ArrayAttr());
  };
  SmallVector<Value> parts;
  for (int64_t i = 0; i < 3; ++i) {
    Value left = o.l.mul(part(x[0], i + 1), part(x[1], i + 2)), right = o.l.mul(part(x[0], i + 2), part(x[1], i + 1));
    parts.push_back(o.l.sub(left, right));
  }
  return {o.l.create<nn::ConcatOp>(parts, o.l.rank(x[0]) - 1)};
}

/// Euclidean distances of each row of x from each row of y.
static Results distances(O &o) {
  Value x = o.real("x"), y = o.real("y");
  if (o.l.failed() || o.l.rank(x) < 2 || o.l.rank(x) != o.l.rank(y))
    return o.l.fail() << "expects tensors of one rank from 2";
  Sizes rows(o.l.shape(x)), columns(o.l.shape(y));
  rows.insert(rows.end() - 1, 1);
  columns.insert(columns.end() - 2, 1);
  Value difference = o.l.sub(o.l.reshape(x, rows), o.l.reshape(y, columns));
  Value sum = o.l.failed() ? Value() : o.l.reduce(R::Sum, o.l.unary(U::Square, difference), {o.l.rank(difference) - 1});
  return {o.l.unary(U::Sqrt, sum)};
}

//===-- Writing -------------------------------------------------------------------------------------------------===//

/// The elements of x, flat.
static Value flat(O &o, Value x) {
  return o.l.failed() ? x : o.l.reshape(x, {ShapedType::getNumElements(o.l.shape(x))});
}

/// Element i of the result, of x's shape, is element `places[i]` of x or, from the size of x on, of `updates`.
static Value rewritten(O &o, Value x, Value updates, ArrayRef<double> places) {
  Value all = o.l.create<nn::ConcatOp>(ArrayRef<Value>{flat(o, x), flat(o, updates)}, 0);
  Value indices = o.constant(integers(o), {static_cast<int64_t>(places.size())}, places);
  Value y = o.l.create<nn::GatherOp>(nn::GatherBounds::Clamp, all, indices, 0, 0);
  return o.l.reshape(y, o.l.shape(x));
}

static std::vector<double> identityPlaces(int64_t count) {
  std::vector<double> places(static_cast<size_t>(count));
  std::iota(places.begin(), places.end(), 0);
  return places;
}

/// Strides of a dense tensor.
static Sizes stridesOf(ArrayRef<int64_t> shape) {
  Sizes strides(shape.size(), 1);
  for (size_t d = shape.size(); d-- > 1;)
    strides[d - 1] = strides[d] * shape[d];
  return strides;
}

static Results sliceUpdate(O &o) {
  Value x = o.tensor("inputs"), updates = o.l.failed() ? Value() : o.l.cast(o.tensor("updates"), o.l.elementType(x));
  Sizes starts = o.integers("start_indices");
  if (o.l.failed() || starts.size() != o.l.shape(x).size() || o.l.rank(updates) != o.l.rank(x))
    return o.wrongArgument("start_indices", "one place per dimension");
  Sizes shape(o.l.shape(x)), part(o.l.shape(updates)), strides = stridesOf(shape);
  for (auto [start, size, inner] : llvm::zip_equal(starts, shape, part)) {
    if (inner > size)
      return o.l.fail() << "writes " << shapeText(part) << " into " << shapeText(shape);
    start = std::clamp<int64_t>(start, 0, size - inner); // as XLA clamps them
  }
  int64_t count = ShapedType::getNumElements(shape), written = ShapedType::getNumElements(part);
  std::vector<double> places = identityPlaces(count);
  for (int64_t i = 0; i < written; ++i) {
    int64_t place = 0, rest = i;
    for (size_t d = part.size(); d-- > 0; rest /= part[d])
      place += (rest % part[d] + starts[d]) * strides[d];
    places[static_cast<size_t>(place)] = static_cast<double>(count + i);
  }
  return {rewritten(o, x, updates, places)};
}

/// Rows of `indices`, which must be numbers of the file: places in the first dimensions of `shape`, as flat numbers.
static std::optional<std::vector<int64_t>> flatIndices(O &o, ArrayRef<int64_t> shape, int64_t &innerSize) {
  const nlohmann::json *given = o.value("indices");
  nlohmann::json rows = given ? o.withNumbers(*given) : nlohmann::json();
  if (rows.is_object() && rows.contains("config") && rows["config"].is_object())
    rows = rows["config"].value("value", nlohmann::json());
  std::vector<int64_t> places;
  Sizes strides = stridesOf(shape);
  innerSize = 1;
  if (!rows.is_array() || rows.empty() || !rows[0].is_array() || rows[0].size() > shape.size() || rows[0].empty())
    return o.wrongArgument("indices", "places that the file states"), std::nullopt;
  for (size_t d = rows[0].size(); d < shape.size(); ++d)
    innerSize *= shape[d];
  for (const nlohmann::json &row : rows) {
    int64_t place = 0;
    for (size_t d = 0; d < rows[0].size(); ++d) {
      bool isNumber = row.is_array() && row.size() == rows[0].size() && row[d].is_number_integer();
      int64_t index = isNumber ? row[d].get<int64_t>() : shape[d];
      index += index < 0 ? shape[d] : 0;
      if (index < 0 || index >= shape[d])
        return o.wrongArgument("indices", "places inside " + shapeText(shape)), std::nullopt;
      place += index * strides[d];
    }
    places.push_back(place);
  }
  return places;
}

/// Later updates of one place win.
static Results scatterUpdate(O &o) {
  Value x = o.tensor("inputs"), updates = o.l.failed() ? Value() : o.l.cast(o.tensor("updates"), o.l.elementType(x));
  if (o.l.failed() || o.has("reduction"))
    return o.l.fail() << "argument 'reduction' is not supported";
  int64_t inner = 1, count = ShapedType::getNumElements(o.l.shape(x));
  std::optional<std::vector<int64_t>> rows = flatIndices(o, o.l.shape(x), inner);
  if (!rows || static_cast<int64_t>(rows->size()) * inner != ShapedType::getNumElements(o.l.shape(updates)))
    return o.wrongArgument("updates", "one element per place");
  std::vector<double> places = identityPlaces(count);
  for (size_t i = 0; i < rows->size(); ++i)
    for (int64_t j = 0; j < inner; ++j)
      places[static_cast<size_t>((*rows)[i] + j)] = static_cast<double>(count + static_cast<int64_t>(i) * inner + j);
  return {rewritten(o, x, updates, places)};
}

/// The sum of the rows whose number in `ids` is the place of the result's row.
static Value summedBy(O &o, Value rows, Value ids, int64_t count) {
  if (o.l.failed())
    return {};
  Sizes column{o.l.shape(ids)[0], 1};
  Value hits = o.l.binary(B::Equal, o.l.reshape(ids, column), o.iota(o.l.elementType(ids), count, 1, 2));
  return o.l.contract(o.l.cast(hits, o.l.elementType(rows)), rows, 0, 0);
}

static Results scatter(O &o) {
  Value values = o.real("values");
  Sizes shape = o.integers("shape");
  int64_t inner = 1;
  if (o.l.failed() || boundedElements(shape) > kMaxElements || boundedElements(shape) < 1)
    return o.wrongArgument("shape", "sizes");
  std::optional<std::vector<int64_t>> rows = flatIndices(o, shape, inner);
  int64_t outer = boundedElements(shape) / inner;
  if (!rows || static_cast<int64_t>(rows->size()) * inner != ShapedType::getNumElements(o.l.shape(values)))
    return o.wrongArgument("values", "one element per place");
  std::vector<double> numbers;
  for (int64_t row : *rows) {
    const int64_t place = row / inner;
    numbers.push_back(static_cast<double>(place));
  }
  auto count = static_cast<int64_t>(numbers.size());
  Value sum = summedBy(o, o.l.reshape(values, {count, inner}), o.constant(integers(o), {count}, numbers), outer);
  return {o.l.failed() ? Value() : o.l.reshape(sum, shape)};
}

static Results segmentSum(O &o) {
  Value data = o.real("data"), ids = o.tensor("segment_ids");
  if (o.l.failed() || !o.has("num_segments") || o.integer("num_segments") < 1 || o.l.rank(ids) != 1 ||
      o.l.rank(data) < 1 || o.l.shape(data)[0] != o.l.shape(ids)[0])
    return o.wrongArgument("num_segments", "a number of segments, and one number per row of data");
  Sizes shape(o.l.shape(data));
  int64_t rows = shape[0], count = o.integer("num_segments");
  Value sum = summedBy(o, o.l.reshape(data, {rows, ShapedType::getNumElements(shape) / rows}), ids, count);
  shape[0] = count;
  return {o.l.failed() ? Value() : o.l.reshape(sum, shape)};
}

/// The coordinates of flat places in a tensor of `shape`.
static Results unravelIndex(O &o) {
  Value x = o.tensor("indices");
  Sizes shape = o.integers("shape"), strides = stridesOf(shape);
  if (o.l.failed() || boundedElements(shape) > kMaxElements || boundedElements(shape) < 1 ||
      !isa<IntegerType>(o.l.elementType(x)))
    return o.wrongArgument("shape", "sizes");
  Results coordinates;
  for (auto [size, stride] : llvm::zip_equal(shape, strides)) {
    Value whole = o.l.binary(B::FloorDiv, x, static_cast<double>(stride));
    coordinates.push_back(o.l.binary(B::Mod, whole, static_cast<double>(size)));
  }
  return coordinates;
}

ArrayRef<OperationRow> layerc::matrixOperations() {
  static const OperationRow rows[] = {
      {"CDist", "x y", distances},
      {"Cross", "x1 x2", cross, "vectors of three numbers in the last dimension"},
      {"Diagonal", "x", [](O &o) { return Results{diagonal(o)}; }},
      {"Rot90", "array", rot90},
      {"Scatter", "indices values", scatter, "places that the file states"},
      {"ScatterUpdate", "inputs indices updates", scatterUpdate, "places that the file states; no reduction"},
      {"SegmentSum", "data segment_ids", segmentSum, "a stated number of segments"},
      {"SliceUpdate", "inputs start_indices updates", sliceUpdate, "places that the file states"},
      {"Trace", "x", trace},
      {"UnravelIndex", "indices", unravelIndex},
  };
  return rows;
}
