// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pooling layers: local, global and adaptive.
#include "frontend/Importers.h"
#include "frontend/layers/Windows.h"

#include "llvm/ADT/Sequence.h"

#include <numeric>

using namespace mlir;
using namespace layerc;

static Results importPooling(LayerImport &l, nn::PoolFunction function) {
  int64_t rank = l.spatialRank();
  Sizes window = l.positive("pool_size", rank, 2);
  Sizes strides = l.config("strides") ? l.positive("strides", rank) : window;
  Value x = l.channelsLast(function == nn::PoolFunction::Max ? l.input() : l.floatInput());
  Sizes pads = windowPads(l, l.shape(x), window, strides, Sizes(rank, 1), /*allowCausal=*/false);
  return {
      l.back(l.create<nn::PoolOp>(function, x, ArrayRef<int64_t>(window), l.unless(1, strides), l.unless(0, pads)))};
}

Results layerc::importMaxPooling(LayerImport &l) { return importPooling(l, nn::PoolFunction::Max); }
Results layerc::importAveragePooling(LayerImport &l) { return importPooling(l, nn::PoolFunction::Average); }

static Results importGlobalPooling(LayerImport &l, nn::ReduceFunction function) {
  bool keep = l.flag("keepdims", false);
  Value x = l.channelsLast(function == nn::ReduceFunction::Max ? l.input() : l.floatInput());
  if (l.failed())
    return {};
  Sizes kept(l.shape(x)), axes = llvm::to_vector<4>(llvm::seq<int64_t>(1, l.rank(x) - 1));
  std::fill(kept.begin() + 1, kept.end() - 1, 1);
  Value y = l.reduce(function, x, axes);
  return {keep ? l.back(l.reshape(y, kept)) : y};
}

/// The mean over the steps that count; NaN where none does, as in Keras.
static Results importMaskedMean(LayerImport &l) {
  bool keep = l.flag("keepdims", false);
  Value x = l.channelsLast(l.floatInput()), mask = l.mask();
  if (!l.failed() && l.shape(mask) != l.shape(x).drop_back())
    return l.fail() << "mask of shape " << shapeText(l.shape(mask)) << " does not fit the input "
                    << shapeText(l.shape(x));
  if (l.failed())
    return {};
  Sizes column(l.shape(mask));
  column.push_back(1);
  Value kept = l.reshape(mask, column), zero = l.scalar(0, x), weights = l.cast(kept, l.elementType(x));
  // Before Keras 3 a product, in which NaN and infinity stay.
  x = l.kerasMajor() >= 3 ? l.select(kept, x, zero) : l.mul(x, weights);
  Value sum = l.reduce(nn::ReduceFunction::Sum, x, {1}), count = l.reduce(nn::ReduceFunction::Sum, weights, {1});
  Value y = l.div(sum, count);
  l.setMask({});
  return {keep && !l.failed() ? l.back(l.reshape(y, {l.shape(y)[0], 1, l.shape(y)[1]})) : y};
}

Results layerc::importGlobalMaxPooling(LayerImport &l) { return importGlobalPooling(l, nn::ReduceFunction::Max); }
Results layerc::importGlobalAveragePooling(LayerImport &l) {
  bool isMasked = l.spatialRank() == 1 && l.mask();
  return isMasked ? importMaskedMean(l) : importGlobalPooling(l, nn::ReduceFunction::Mean);
}

namespace {
/// Pools the dimension `axis` of a channels-last tensor to `out` elements: window i is [floor(i * n / out),
/// ceil((i + 1) * n / out)). Windows repeat with the greatest common divisor of the sizes, so each kind of window is
/// one pool with a stride.
struct AdaptiveAxis {
  LayerImport &l;
  nn::PoolFunction function;
  int64_t axis, out;

  Value slice(Value x, int64_t start, int64_t size) {
    Sizes starts(l.rank(x), 0), sizes(l.rank(x), -1);
    starts[axis] = start;
    sizes[axis] = size;
    return l.create<nn::SliceOp>(x, ArrayRef<int64_t>(starts), ArrayRef<int64_t>(sizes), DenseI64ArrayAttr());
  }
  Value pool(Value x, int64_t window, int64_t stride) {
    Sizes windows(l.rank(x) - 2, 1), strides(l.rank(x) - 2, 1);
    windows[axis - 1] = window;
    strides[axis - 1] = stride;
    return l.create<nn::PoolOp>(function, x, ArrayRef<int64_t>(windows), l.unless(1, strides), DenseI64ArrayAttr());
  }
  Value apply(Value x) {
    int64_t size = l.shape(x)[axis], periods = std::gcd(size, out), kinds = out / periods, stride = size / periods;
    if (kinds == 1)
      return pool(x, stride, stride);
    Sizes apart(l.shape(x)), joined(l.shape(x));
    apart[axis] = periods;
    apart.insert(apart.begin() + axis + 1, 1);
    joined[axis] = out;
    SmallVector<Value> parts;
    for (int64_t i = 0; i < kinds; ++i) {
      int64_t start = i * size / out, window = ((i + 1) * size + out - 1) / out - start;
      Value part = pool(slice(x, start, (periods - 1) * stride + window), window, stride);
      parts.push_back(l.reshape(part, apart));
    }
    if (l.failed())
      return {};
    return l.reshape(l.create<nn::ConcatOp>(parts, axis + 1), joined);
  }
};
} // namespace

Value layerc::adaptivePool(LayerImport &l, nn::PoolFunction function, Value x, ArrayRef<int64_t> sizes) {
  for (auto [d, size] : llvm::enumerate(sizes)) {
    if (l.failed())
      return {};
    if (int64_t axis = static_cast<int64_t>(d) + 1; l.shape(x)[axis] != size)
      x = AdaptiveAxis{l, function, axis, size}.apply(x);
  }
  return x;
}

static Results importAdaptivePooling(LayerImport &l, nn::PoolFunction function) {
  Sizes sizes = l.positive("output_size", l.spatialRank());
  Value x = l.channelsLast(function == nn::PoolFunction::Max ? l.input() : l.floatInput());
  return {l.back(adaptivePool(l, function, x, sizes))};
}

Results layerc::importAdaptiveMaxPooling(LayerImport &l) { return importAdaptivePooling(l, nn::PoolFunction::Max); }
Results layerc::importAdaptiveAveragePooling(LayerImport &l) {
  return importAdaptivePooling(l, nn::PoolFunction::Average);
}
