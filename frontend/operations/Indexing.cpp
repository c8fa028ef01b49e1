// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations that choose elements by places known at compile time: Python's indexing and slices.
#include "frontend/OperationImport.h"

using namespace mlir;
using namespace layerc;
using nlohmann::json;
using O = OperationImport;

namespace {

/// `count` places from `first` on, `step` apart.
struct Range {
  int64_t first = 0, count = 0, step = 1;
};

/// What Python's x[key] does, dimension by dimension.
class Indexing {
public:
  Indexing(O &o, Value x) : o_(o), x_(x) {}
  Value run(const json &key);

private:
  void addSlice(const json &slice);
  void addPlace(int64_t place);
  int64_t size() const { return o_.l.shape(x_)[ranges_.size()]; }
  bool hasDimension();
  Value finish();

  O &o_;
  Value x_;
  SmallVector<Range> ranges_; ///< per dimension of x, so far
  Sizes shape_;               ///< of the result, so far
};

} // namespace

static const json &partOf(const json &object, const char *key) {
  static const json nothing;
  const json &parts = object.contains("config") && object["config"].is_object() ? object["config"] : object;
  return parts.contains(key) ? parts[key] : nothing;
}

/// Keras writes {"class_name": "__slice__", "config": {...}}, tf.keras {"start", "stop", "step"}.
static bool isSlice(const json &part) {
  return part.is_object() && (part.value("class_name", json()) == "__slice__" || part.contains("step"));
}
static bool isEllipsis(const json &part) {
  return part.is_object() && (part.value("class_name", json()) == "__ellipsis__");
}

bool Indexing::hasDimension() {
  if (!o_.l.failed() && static_cast<int64_t>(ranges_.size()) >= o_.l.rank(x_))
    o_.l.fail() << "has more indices than " << shapeText(o_.l.shape(x_)) << " has dimensions";
  return !o_.l.failed();
}

/// The rule of Python's slice.indices.
void Indexing::addSlice(const json &slice) {
  if (!hasDimension())
    return;
  const json &start = partOf(slice, "start"), &stop = partOf(slice, "stop"), &step = partOf(slice, "step");
  for (const json *part : {&start, &stop, &step})
    if (!part->is_null() && !part->is_number_integer()) {
      o_.l.fail() << "slices with bounds that are tensors are not supported";
      return;
    }
  int64_t by = step.is_null() ? 1 : step.get<int64_t>(), length = size();
  if (by == 0) {
    o_.l.fail() << "slices with step 0";
    return;
  }
  int64_t lowest = by < 0 ? -1 : 0, highest = by < 0 ? length - 1 : length;
  auto clamped = [&](const json &bound, int64_t standard) {
    int64_t place = bound.is_null() ? standard : bound.get<int64_t>();
    return bound.is_null() ? place : std::clamp(place < 0 ? place + length : place, lowest, highest);
  };
  int64_t first = clamped(start, by < 0 ? highest : lowest), end = clamped(stop, by < 0 ? lowest : highest);
  int64_t distance = by < 0 ? first - end : end - first, magnitude = std::abs(by);
  int64_t count = distance <= 0 ? 0 : (distance - 1) / magnitude + 1;
  if (count == 0) {
    o_.l.fail() << "takes no element of dimension " << ranges_.size() << " of " << shapeText(o_.l.shape(x_));
    return;
  }
  ranges_.push_back({first, count, by});
  shape_.push_back(count);
}

void Indexing::addPlace(int64_t place) {
  if (!hasDimension())
    return;
  int64_t from = place < 0 ? place + size() : place;
  if (from < 0 || from >= size()) {
    o_.l.fail() << "index " << place << " is outside dimension " << ranges_.size() << " of "
                << shapeText(o_.l.shape(x_));
    return;
  }
  ranges_.push_back({from, 1, 1});
}

/// One slice for all dimensions, one reversal of those that go backwards, then the dimensions that x[3] and None remove
/// and add.
Value Indexing::finish() {
  Sizes starts, sizes, strides, backwards, taken;
  for (auto [d, range] : llvm::enumerate(ranges_)) {
    bool isBackwards = range.step < 0;
    starts.push_back(isBackwards ? range.first + (range.count - 1) * range.step : range.first);
    sizes.push_back(range.count);
    strides.push_back(std::abs(range.step));
    if (isBackwards && range.count > 1)
      backwards.push_back(static_cast<int64_t>(d));
  }
  Value y = x_;
  if (ArrayRef<int64_t>(sizes) != o_.l.shape(x_))
    y = o_.l.create<nn::SliceOp>(y, starts, sizes, o_.l.unless(1, strides));
  if (!backwards.empty())
    y = o_.l.create<nn::ReverseOp>(y, backwards);
  return y;
}

Value Indexing::run(const json &key) {
  if (o_.l.failed())
    return {};
  const json list = key.is_array() ? key : json::array({key});
  auto consumes = [](const json &part) { return !part.is_null() && !isEllipsis(part); };
  int64_t named = llvm::count_if(list, consumes);
  bool hasEllipsis = false;
  auto fillUp = [&] {
    for (int64_t n = o_.l.rank(x_) - named; n > 0; --n) {
      shape_.push_back(size());
      ranges_.push_back({0, size(), 1});
    }
  };
  for (const json &part : list) {
    if (part.is_null()) {
      shape_.push_back(1);
    } else if (isEllipsis(part)) {
      hasEllipsis = true;
      fillUp();
    } else if (isSlice(part)) {
      addSlice(part);
    } else if (part.is_number_integer()) {
      addPlace(part.get<int64_t>());
    } else {
      return o_.l.fail() << "indexing by tensors, lists or booleans is not supported";
    }
    if (o_.l.failed())
      return {};
  }
  if (!hasEllipsis)
    fillUp();
  Value y = finish();
  return o_.l.reshape(y, shape_);
}

static Results getItem(O &o) {
  Value x = o.tensor("x");
  if (o.l.failed())
    return {};
  return {Indexing(o, x).run(o.has("key") ? o.withNumbers(*o.value("key")) : json())};
}

static Results slice(O &o) {
  Value x = o.tensor("inputs");
  Sizes starts = o.integers("start_indices"), sizes = o.integers("shape");
  auto isPlace = [](int64_t n) { return n >= -1 && n <= INT32_MAX; };
  if (!o.l.failed() && (!llvm::all_of(starts, isPlace) || !llvm::all_of(sizes, isPlace)))
    return o.l.fail() << "slices outside " << shapeText(o.l.shape(x));
  return {o.l.create<nn::SliceOp>(x, starts, sizes, DenseI64ArrayAttr())};
}

ArrayRef<OperationRow> layerc::indexingOperations() {
  static const OperationRow rows[] = {
      {"GetItem", "x key", getItem},
      {"Slice", "inputs start_indices", slice},
  };
  return rows;
}
