// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations that give the elements of tensors another shape, order or number.
// Above 400 lines because a group of operations ends in one table.
#include "frontend/OperationImport.h"

#include "llvm/ADT/SmallVectorExtras.h"

#include <numeric>

using namespace mlir;
using namespace layerc;
using O = OperationImport;

static Sizes shapeOf(O &o, Value x) { return o.l.failed() ? Sizes() : Sizes(o.l.shape(x)); }

static Sizes iotaSizes(int64_t count) {
  Sizes numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

/// Elements [start, start + size) along one axis.
static Value slice(O &o, Value x, int64_t axis, int64_t start, int64_t size) {
  Sizes starts(o.l.rank(x), 0), sizes(shapeOf(o, x));
  if (o.l.failed())
    return {};
  if (size == sizes[axis])
    return x;
  starts[axis] = start;
  sizes[axis] = size;
  return o.l.create<nn::SliceOp>(x, starts, sizes, DenseI64ArrayAttr());
}

static Value concatenate(O &o, ArrayRef<Value> parts, int64_t axis) {
  return parts.size() == 1 ? parts[0] : o.l.create<nn::ConcatOp>(parts, axis);
}

//===-- Shape ---------------------------------------------------------------------------------------------------===//

/// A list of sizes in which null stands for a size that was free when the file was written: that of `x` there.
static Sizes sizesLike(O &o, StringRef name, Value x) {
  nlohmann::json given = o.has(name) ? o.withNumbers(*o.value(name)) : nlohmann::json();
  for (size_t d = 0; given.is_array() && d < given.size(); ++d)
    if (given[d].is_null() && static_cast<int64_t>(d) < o.l.rank(x))
      given[d] = o.l.shape(x)[d];
  O filled(o.operation, nlohmann::json{{name.str(), given}}, o.l);
  return filled.integers(name);
}

static Results reshape(O &o) {
  Value x = o.tensor("x");
  Sizes shape = sizesLike(o, "newshape", x);
  if (o.l.failed())
    return {};
  return {shape == o.l.shape(x) ? x : o.l.create<nn::ReshapeOp>(x, shape)};
}

static Results ravel(O &o) {
  Value x = o.tensor("x");
  return {o.l.failed() ? x : o.l.reshape(x, {ShapedType::getNumElements(o.l.shape(x))})};
}

static Results expandDims(O &o) {
  Value x = o.tensor("x");
  Sizes axes = o.integers("axis"), shape(shapeOf(o, x));
  auto rank = static_cast<int64_t>(shape.size() + axes.size());
  for (int64_t &axis : axes)
    axis += axis < 0 ? rank : 0;
  llvm::sort(axes);
  for (int64_t axis : axes) {
    if (axis < 0 || axis > static_cast<int64_t>(shape.size()))
      return o.wrongArgument("axis", "a place for a new axis");
    shape.insert(shape.begin() + axis, 1);
  }
  return {o.l.reshape(x, shape)};
}

static Results squeeze(O &o) {
  Value x = o.tensor("x");
  if (o.l.failed())
    return {};
  Sizes kept, axes = o.has("axis") && !(o.value("axis")->is_array() && o.value("axis")->empty())
                         ? o.axes("axis", o.l.rank(x))
                         : Sizes();
  for (auto [d, size] : llvm::enumerate(o.l.shape(x))) {
    bool named = llvm::is_contained(axes, static_cast<int64_t>(d));
    if (named && size != 1)
      return o.l.fail() << "squeezes axis " << d << " of shape " << shapeText(o.l.shape(x))
                        << ", which is not of size 1";
    if (!named && (size != 1 || !axes.empty()))
      kept.push_back(size);
  }
  return {o.l.reshape(x, kept)};
}

static Results broadcastTo(O &o) {
  Value x = o.tensor("x");
  Sizes shape = sizesLike(o, "shape", x);
  return {o.l.failed() || o.l.shape(x) == ArrayRef(shape) ? x : o.l.create<nn::BroadcastOp>(x, shape)};
}

//===-- Order ---------------------------------------------------------------------------------------------------===//

static Results transpose(O &o) {
  Value x = o.tensor("x");
  Sizes axes = o.has("axes") ? o.integers("axes") : iotaSizes(o.l.rank(x));
  if (!o.has("axes"))
    std::reverse(axes.begin(), axes.end());
  for (int64_t &axis : axes)
    axis += axis < 0 ? o.l.rank(x) : 0;
  return {o.l.transpose(x, axes)};
}

static Results swapAxes(O &o) {
  Value x = o.tensor("x");
  Sizes axes = iotaSizes(o.l.rank(x));
  int64_t a = o.axis("axis1", o.l.rank(x)), b = o.axis("axis2", o.l.rank(x));
  if (!o.l.failed())
    std::swap(axes[a], axes[b]);
  return {o.l.transpose(x, axes)};
}

static Results moveAxis(O &o) {
  Value x = o.tensor("x");
  Sizes from = o.integers("source"), to = o.integers("destination"), order;
  int64_t rank = o.l.rank(x);
  for (Sizes *axes : {&from, &to})
    for (int64_t &axis : *axes) {
      axis += axis < 0 ? rank : 0;
      if (!o.l.failed() && (axis < 0 || axis >= rank))
        return o.l.fail() << "moves axes that " << shapeText(o.l.shape(x)) << " does not have";
    }
  auto repeats = [](Sizes axes) {
    llvm::sort(axes);
    return std::adjacent_find(axes.begin(), axes.end()) != axes.end();
  };
  if (o.l.failed() || from.size() != to.size() || repeats(from) || repeats(to))
    return o.wrongArgument("destination", "as many distinct axes as 'source'");
  for (int64_t d = 0; d < rank; ++d)
    if (!llvm::is_contained(from, d))
      order.push_back(d);
  for (int64_t d = 0; d < rank; ++d)
    if (auto place = llvm::find(to, d); place != to.end())
      order.insert(order.begin() + d, from[place - to.begin()]);
  return {o.l.transpose(x, order)};
}

static Value reversed(O &o, Value x, ArrayRef<int64_t> axes) { return o.l.create<nn::ReverseOp>(x, axes); }

static Results flip(O &o) {
  Value x = o.tensor("x");
  Sizes axes = o.axes("axis", o.l.rank(x));
  return {reversed(o, x, axes)};
}

template <int64_t axis> static Results flipAxis(O &o) { return {reversed(o, o.tensor("x"), {axis})}; }

/// Elements leave at one end and enter at the other.
static Results roll(O &o) {
  Value x = o.tensor("x");
  Sizes shifts = o.integers("shift"), shape = shapeOf(o, x), axes{0};
  Value y = o.has("axis") ? x : o.l.reshape(x, {ShapedType::getNumElements(shape)});
  if (o.has("axis"))
    axes = o.integers("axis");
  if (o.l.failed() || (shifts.size() != axes.size() && shifts.size() != 1))
    return o.wrongArgument("shift", "one number per axis");
  for (auto [i, axis] : llvm::enumerate(axes)) {
    axis += axis < 0 ? o.l.rank(y) : 0;
    if (axis < 0 || axis >= o.l.rank(y))
      return o.wrongArgument("axis", "axes of a tensor of rank " + std::to_string(o.l.rank(y)));
    int64_t size = o.l.shape(y)[axis], shift = size == 0 ? 0 : shifts[shifts.size() == 1 ? 0 : i] % size;
    shift += shift < 0 ? size : 0;
    if (shift == 0)
      continue;
    Value last = slice(o, y, axis, size - shift, shift), first = slice(o, y, axis, 0, size - shift);
    y = concatenate(o, {last, first}, axis);
  }
  return {o.l.reshape(y, shape)};
}

//===-- Number --------------------------------------------------------------------------------------------------===//

static Results concatenation(O &o) {
  SmallVector<Value> x = o.tensors("xs");
  int64_t axis = o.l.failed() ? 0 : o.axis("axis", o.l.rank(x[0]), 0);
  return {o.l.failed() ? Value() : concatenate(o, x, axis)};
}

static Results append(O &o) {
  SmallVector<Value> x = o.promoted({"x1", "x2"});
  if (!o.l.failed() && !o.has("axis"))
    for (Value &operand : x)
      operand = o.l.reshape(operand, {ShapedType::getNumElements(o.l.shape(operand))});
  int64_t axis = o.l.failed() || !o.has("axis") ? 0 : o.axis("axis", o.l.rank(x[0]));
  return {concatenate(o, x, axis)};
}

static bool haveOneRank(O &o, ArrayRef<Value> x) {
  for (Value operand : x)
    if (!o.l.failed() && o.l.rank(operand) != o.l.rank(x[0]))
      o.l.fail() << "puts tensors of different ranks together: " << shapeText(o.l.shape(x[0])) << " and "
                 << shapeText(o.l.shape(operand));
  return !o.l.failed();
}

/// Along the third dimension; vectors and matrices get those that they lack.
static Results depthStack(O &o) {
  SmallVector<Value> x = o.tensors("xs");
  for (Value &operand : x) {
    Sizes shape(shapeOf(o, operand));
    if (shape.size() == 1)
      shape.insert(shape.begin(), 1);
    if (shape.size() == 2)
      shape.push_back(1);
    operand = o.l.reshape(operand, shape);
  }
  return {haveOneRank(o, x) ? concatenate(o, x, 2) : Value()};
}

/// NumPy's vstack and hstack of tensors of rank 2 and more; of vectors, vstack makes rows.
template <int64_t axis> static Results stackAlong(O &o) {
  SmallVector<Value> x = o.tensors("xs");
  bool areVectors = haveOneRank(o, x) && o.l.rank(x[0]) == 1;
  if (areVectors && axis == 0)
    for (Value &operand : x)
      operand = o.l.reshape(operand, {1, o.l.shape(operand)[0]});
  return {o.l.failed() ? Value() : concatenate(o, x, areVectors ? 0 : axis)};
}

static Results stack(O &o) {
  SmallVector<Value> x = o.tensors("x");
  int64_t axis = !haveOneRank(o, x) ? 0 : o.axis("axis", o.l.rank(x[0]) + 1, 0);
  for (Value &operand : x) {
    Sizes shape(shapeOf(o, operand));
    if (o.l.failed())
      return {};
    shape.insert(shape.begin() + axis, 1);
    operand = o.l.reshape(operand, shape);
  }
  return {o.l.failed() ? Value() : concatenate(o, x, axis)};
}

/// `uneven` parts may differ by one element, the longer ones first.
static Results splitAlong(O &o, Value x, int64_t axis, bool uneven) {
  Sizes at = o.integers("indices_or_sections"), ends;
  if (o.l.failed())
    return {};
  int64_t size = o.l.shape(x)[axis];
  if (o.value("indices_or_sections")->is_array()) {
    ends = at;
    ends.push_back(size);
  } else {
    if (at[0] < 1 || at[0] > size || (!uneven && size % at[0] != 0))
      return o.l.fail() << "cannot divide axis " << axis << " of " << shapeText(o.l.shape(x)) << " into " << at[0]
                        << " parts";
    for (int64_t part = 1; part <= at[0]; ++part)
      ends.push_back(size / at[0] * part + std::min(part, size % at[0]));
  }
  Results parts;
  int64_t start = 0;
  for (int64_t end : ends) {
    if (end <= start || end > size)
      return o.wrongArgument("indices_or_sections", "ascending places inside " + std::to_string(size));
    parts.push_back(slice(o, x, axis, start, end - start));
    start = end;
  }
  return o.l.failed() ? Results() : parts;
}

template <bool uneven> static Results split(O &o) {
  Value x = o.tensor("x");
  int64_t axis = o.axis("axis", o.l.rank(x), 0);
  return splitAlong(o, x, axis, uneven);
}

/// hsplit of vectors splits the only axis.
template <int64_t axis> static Results splitAxis(O &o) {
  Value x = o.tensor("x");
  int64_t rank = o.l.rank(x), along = axis == 1 && rank == 1 ? 0 : axis;
  if (!o.l.failed() && along >= rank)
    return o.l.fail() << "splits axis " << along << " of " << shapeText(o.l.shape(x));
  return splitAlong(o, x, along, /*uneven=*/false);
}

static Results unstack(O &o) {
  Value x = o.tensor("x");
  int64_t axis = o.axis("axis", o.l.rank(x), 0);
  Sizes shape(shapeOf(o, x));
  Results parts;
  if (o.l.failed())
    return {};
  if (o.has("num") && o.integer("num") != shape[axis])
    return o.l.fail() << "unstacks " << o.integer("num") << " tensors of an axis of size " << shape[axis];
  int64_t size = shape[axis];
  shape.erase(shape.begin() + axis);
  for (int64_t i = 0; i < size; ++i)
    parts.push_back(o.l.reshape(slice(o, x, axis, i, 1), shape));
  return o.l.failed() ? Results() : parts;
}

/// Of a tensor that is put together from slices of another.
static constexpr int64_t kMaxParts = 1 << 16;

/// Each dimension d becomes a pair (repeats[d], d) or, `inner`, (d, repeats[d]).
static Value repeated(O &o, Value x, ArrayRef<int64_t> repeats, bool inner) {
  Sizes split, wide, joined;
  for (auto [size, times] : llvm::zip_equal(shapeOf(o, x), repeats)) {
    split.append({inner ? size : 1, inner ? 1 : size});
    wide.append({inner ? size : times, inner ? times : size});
    joined.push_back(size * times);
  }
  if (boundedElements(joined) > kMaxElements)
    return o.l.fail() << "repeats " << shapeText(o.l.shape(x)) << " to " << shapeText(joined) << ", which is too large";
  Value y = o.l.reshape(x, split);
  if (split != wide)
    y = o.l.create<nn::BroadcastOp>(y, wide);
  return o.l.reshape(y, joined);
}

static bool arePositive(ArrayRef<int64_t> sizes) {
  return llvm::all_of(sizes, [](int64_t size) { return size > 0 && size <= INT32_MAX; });
}

static Results tile(O &o) {
  Value x = o.tensor("x");
  Sizes repeats = o.integers("repeats"), shape(shapeOf(o, x));
  if (o.l.failed() || !arePositive(repeats))
    return o.wrongArgument("repeats", "positive numbers");
  size_t rank = std::max(repeats.size(), shape.size());
  shape.insert(shape.begin(), rank - shape.size(), 1);
  repeats.insert(repeats.begin(), rank - repeats.size(), 1);
  return {repeated(o, o.l.reshape(x, shape), repeats, /*inner=*/false)};
}

static Results repeat(O &o) {
  Value x = o.tensor("x");
  Sizes times = o.integers("repeats");
  if (!o.l.failed() && !o.has("axis"))
    x = o.l.reshape(x, {ShapedType::getNumElements(o.l.shape(x))});
  int64_t axis = o.has("axis") ? o.axis("axis", o.l.rank(x)) : 0;
  int64_t total = 0;
  for (int64_t count : times)
    total += std::clamp<int64_t>(count, 0, INT32_MAX);
  bool forEach = times.size() != 1;
  if (o.l.failed())
    return {};
  bool isRight = total > 0 && llvm::none_of(times, [](int64_t count) { return count < 0; }) &&
                 (!forEach || (total <= kMaxParts && static_cast<int64_t>(times.size()) == o.l.shape(x)[axis]));
  if (!isRight)
    return o.wrongArgument("repeats", "a positive number, or one per element");
  if (!forEach) {
    Sizes repeats(o.l.rank(x), 1);
    repeats[axis] = times[0];
    return {repeated(o, x, repeats, /*inner=*/true)};
  }
  SmallVector<Value> parts;
  for (auto [i, count] : llvm::enumerate(times)) {
    Value part = slice(o, x, axis, static_cast<int64_t>(i), 1);
    for (int64_t n = 0; n < count; ++n)
      parts.push_back(part);
  }
  return {concatenate(o, parts, axis)};
}

/// One side of an axis as numpy.pad's reflect and symmetric fill it; reflect leaves the edge out.
static Value mirror(O &o, Value x, int64_t axis, int64_t width, bool isLow, bool reflect) {
  int64_t size = o.l.failed() ? 0 : o.l.shape(x)[axis], skipped = reflect ? 1 : 0;
  if (width > size - skipped)
    return o.l.fail() << "pads axis " << axis << " of " << shapeText(o.l.shape(x)) << " by " << width
                      << ", more than it holds";
  return reversed(o, slice(o, x, axis, isLow ? skipped : size - skipped - width, width), {axis});
}

static Results pad(O &o) {
  Value x = o.tensor("x");
  std::string mode = StringRef(o.string("mode", "constant")).lower(); // TensorFlow shouts
  int64_t rank = o.l.rank(x);
  std::vector<std::pair<int64_t, int64_t>> widths;
  const nlohmann::json given = o.has("pad_width") ? *o.value("pad_width") : nlohmann::json();
  auto isPair = [](const nlohmann::json &v) {
    return v.is_array() && v.size() == 2 && v[0].is_number_integer() && v[1].is_number_integer();
  };
  for (int64_t d = 0; d < rank; ++d) { // n, [n], [low, high] or a pair per dimension, as numpy.pad broadcasts them
    const nlohmann::json &one = given.is_array() && given.size() == 1 ? given[0]
                                : given.is_array() && !isPair(given) && static_cast<int64_t>(given.size()) == rank
                                    ? given[d]
                                    : given;
    if (one.is_number_integer())
      widths.emplace_back(one.get<int64_t>(), one.get<int64_t>());
    else if (isPair(one))
      widths.emplace_back(one[0].get<int64_t>(), one[1].get<int64_t>());
    if (static_cast<int64_t>(widths.size()) != d + 1 || std::min(widths[d].first, widths[d].second) < 0 ||
        std::max(widths[d].first, widths[d].second) > INT32_MAX)
      return o.wrongArgument("pad_width", "pairs of sizes");
  }
  if (o.l.failed())
    return {};
  Sizes low, high;
  for (auto [before, after] : widths) {
    low.push_back(before);
    high.push_back(after);
  }
  if (mode == "constant")
    return {o.l.create<nn::PadOp>(x, low, high, APFloat(o.number("constant_values", 0)))};
  if (mode != "reflect" && mode != "symmetric")
    return o.l.fail() << "padding mode '" << mode << "' is not supported";
  for (int64_t axis = 0; axis < rank && !o.l.failed(); ++axis) {
    SmallVector<Value> parts;
    if (low[axis] > 0)
      parts.push_back(mirror(o, x, axis, low[axis], true, mode == "reflect"));
    parts.push_back(x);
    if (high[axis] > 0)
      parts.push_back(mirror(o, x, axis, high[axis], false, mode == "reflect"));
    x = o.l.failed() ? Value() : concatenate(o, parts, axis);
  }
  return {x};
}

static Results diff(O &o) {
  Value x = o.tensor("a");
  int64_t axis = o.axis("axis", o.l.rank(x), -1);
  for (int64_t n = o.integer("n", 1); n > 0 && !o.l.failed(); --n) {
    int64_t size = o.l.shape(x)[axis];
    if (size < 2)
      return o.l.fail() << "takes differences along an axis of size " << size;
    Value next = slice(o, x, axis, 1, size - 1), previous = slice(o, x, axis, 0, size - 1);
    bool isBoolean = o.l.elementType(x).isInteger(1);
    x = o.l.binary(isBoolean ? nn::BinaryFunction::NotEqual : nn::BinaryFunction::Sub, next, previous);
  }
  return {x};
}

//===-- Tensors of one number -----------------------------------------------------------------------------------===//

template <int number> static Results likeFilled(O &o) {
  Value x = o.tensor("x");
  return {o.l.failed() ? Value() : o.filled(o.l.shape(x), o.elementType("dtype", o.l.elementType(x)), number)};
}

static Results fullLike(O &o) {
  Value x = o.tensor("x");
  if (o.l.failed())
    return {};
  Value number = o.l.cast(o.tensor("fill_value"), o.elementType("dtype", o.l.elementType(x)));
  return {o.l.failed() ? Value() : o.l.create<nn::BroadcastOp>(number, o.l.shape(x))};
}

/// The sizes of a tensor as a tensor: sizes are numbers here.
static Results shapeTensor(O &o) {
  Value x = o.tensor("x");
  if (o.l.failed())
    return {};
  std::vector<double> sizes(o.l.shape(x).begin(), o.l.shape(x).end());
  Type type = o.elementType("out_type", IntegerType::get(o.l.context(), 32));
  return {o.constant(type, {o.l.rank(x)}, sizes)};
}

/// Keeps the elements on one side of diagonal k of the last two dimensions.
template <bool isLower> static Results triangle(O &o) {
  Value x = o.tensor("x");
  int64_t k = o.integer("k", 0);
  if (o.l.failed() || o.l.rank(x) < 2)
    return o.l.fail() << "expects a tensor of rank 2 or more";
  ArrayRef<int64_t> shape = o.l.shape(x);
  Type integer = IntegerType::get(o.l.context(), 32);
  Value row = o.iota(integer, shape[shape.size() - 2], 0, 2), column = o.iota(integer, shape.back(), 1, 2);
  Value kept = o.l.binary(isLower ? nn::BinaryFunction::LessEqual : nn::BinaryFunction::GreaterEqual, column,
                          o.l.add(row, static_cast<double>(k)));
  Value zero = o.l.scalar(0, x);
  return {o.l.select(kept, x, zero)};
}

ArrayRef<OperationRow> layerc::shapeOperations() {
  static const OperationRow rows[] = {
      {"Append", "x1 x2", append},
      {"ArraySplit", "x", split<true>},
      {"BroadcastTo", "x", broadcastTo},
      {"Concatenate", "xs", concatenation},
      {"Diff", "a", diff},
      {"Dsplit", "x", splitAxis<2>},
      {"Dstack", "xs", depthStack},
      {"EmptyLike", "x", likeFilled<0>},
      {"ExpandDims", "x", expandDims},
      {"Flip", "x", flip},
      {"Fliplr", "x", flipAxis<1>},
      {"Flipud", "x", flipAxis<0>},
      {"FullLike", "x fill_value", fullLike},
      {"Hsplit", "x", splitAxis<1>},
      {"Hstack", "xs", stackAlong<1>},
      {"Moveaxis", "x", moveAxis},
      {"OnesLike", "x", likeFilled<1>},
      {"Pad", "x constant_values", pad},
      {"Ravel", "x", ravel},
      {"Repeat", "x", repeat},
      {"Reshape", "x", reshape},
      {"Roll", "x", roll},
      {"Shape", "x", shapeTensor},
      {"Split", "x", split<false>},
      {"Squeeze", "x", squeeze},
      {"Stack", "x", stack},
      {"Swapaxes", "x", swapAxes},
      {"Tile", "x", tile},
      {"Transpose", "x", transpose},
      {"Tril", "x", triangle<true>},
      {"Triu", "x", triangle<false>},
      {"Unstack", "x", unstack},
      {"Vsplit", "x", splitAxis<0>},
      {"Vstack", "xs", stackAlong<0>},
      {"ZerosLike", "x", likeFilled<0>},
  };
  return rows;
}
