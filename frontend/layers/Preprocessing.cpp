// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Preprocessing layers that are arithmetic. The Random* layers do nothing at inference and are rows of
// importAugmentation.
#include "frontend/Importers.h"

using namespace mlir;
using namespace layerc;
using U = nn::UnaryFunction;

/// Layers one after the other.
Results layerc::importPipeline(LayerImport &l) {
  Results x(l.inputs()), masks{l.mask()};
  for (const InnerLayer &inner : l.layer().children) {
    if (l.failed() || x.size() != 1)
      return l.fail() << "expects layers of one input and one output";
    x = l.import(inner.layer, x, Results(masks), &masks);
  }
  l.setMask(masks.empty() ? Value() : masks[0]);
  return l.failed() ? Results() : x;
}

/// One number, or one per channel, as a tensor of shape [1] or [channels].
static std::vector<double> perChannel(LayerImport &l, StringRef key, double standard, int64_t channels) {
  std::vector<double> values = l.numbers(key).value_or(std::vector<double>{standard});
  if (!l.failed() && values.size() != 1 && static_cast<int64_t>(values.size()) != channels)
    l.fail() << "'" << key << "' holds " << values.size() << " numbers for " << channels << " channels";
  return values;
}

/// x * scale + offset.
Results layerc::importRescaling(LayerImport &l) {
  Value x = l.floatInput();
  if (l.failed())
    return {};
  int64_t channels = l.shape(x).back();
  std::vector<double> scale = perChannel(l, "scale", 1, channels), offset = perChannel(l, "offset", 0, channels);
  if (l.failed())
    return {};
  if (scale.size() == 1 && offset.size() == 1) {
    Value y = l.mul(x, scale[0]);
    return {offset[0] == 0 ? y : l.add(y, offset[0])};
  }
  scale.resize(channels, scale[0]);
  offset.resize(channels, offset[0]);
  Value scales = l.numbers("scale", {channels}, scale), offsets = l.numbers("offset", {channels}, offset);
  return {l.create<nn::AffineOp>(x, scales, offsets, l.rank(x) - 1)};
}

/// (x - mean) / max(sqrt(variance), 1e-7) along the kept axes, or back with `invert`.
Results layerc::importNormalization(LayerImport &l) {
  Value x = l.floatInput();
  // null, saved as an empty list by some versions: one mean for all elements
  bool whole = l.layer().config.contains("axis") && (!l.config("axis") || l.config("axis")->empty());
  Sizes axes = whole ? Sizes() : l.axes("axis", l.rank(x), -1);
  bool invert = l.flag("invert", false);
  if (l.failed())
    return {};
  Sizes stored, broadcast(l.rank(x), 1);
  for (int64_t axis : axes) {
    stored.push_back(l.shape(x)[axis]);
    broadcast[axis] = l.shape(x)[axis];
  }
  auto moment = [&](StringRef key) -> Value {
    std::optional<std::vector<double>> given = l.numbers(key);
    if (!given)
      return l.weight(key, stored);
    int64_t size = ShapedType::getNumElements(stored);
    if (given->size() == 1)
      given->resize(size, given->front());
    if (static_cast<int64_t>(given->size()) != size)
      return l.fail() << "'" << key << "' holds " << given->size() << " numbers for " << size << " elements";
    return l.numbers(key, stored, *given);
  };
  Value mean = moment("mean"), variance = moment("variance");
  l.ignoreOtherWeights(); // the count of samples
  Value deviation = l.maximum(l.unary(U::Sqrt, variance), 1e-7);
  if (axes.size() == 1) {
    Value scale = invert ? deviation : l.unary(U::Reciprocal, deviation);
    Value shift = invert ? mean : l.unary(U::Neg, l.mul(mean, scale));
    return {l.create<nn::AffineOp>(x, scale, shift, axes[0])};
  }
  mean = l.reshape(mean, broadcast);
  deviation = l.reshape(deviation, broadcast);
  return {invert ? l.add(l.mul(x, deviation), mean) : l.div(l.sub(x, mean), deviation)};
}

/// x moved from one range of values to another.
static Value changeRange(LayerImport &l, Value x, double low, double high, double newLow, double newHigh) {
  if (low == newLow && high == newHigh)
    return x;
  x = l.mul(l.add(x, -low), 1 / (high - low));
  return l.add(l.mul(x, newHigh - newLow), newLow);
}

/// Stretches the values of each channel over the whole range; a channel of one value, where that divides by zero,
/// stays. Keras takes dimensions 1 and 2 for the image whatever the data format.
Results layerc::importAutoContrast(LayerImport &l) {
  Value x = l.floatInput();
  std::vector<double> range = l.numbers("value_range").value_or(std::vector<double>{0, 255});
  if (!l.failed() && (range.size() != 2 || l.rank(x) != 4))
    return l.fail() << "expects a batch of images and a range of two values; got " << shapeText(l.shape(x));
  if (l.failed())
    return {};
  llvm::sort(range);
  Sizes kept{l.shape(x)[0], 1, 1, l.shape(x)[3]};
  Value y = changeRange(l, x, range[0], range[1], 0, 255);
  Value low = l.reshape(l.reduce(nn::ReduceFunction::Min, y, {1, 2}), kept);
  Value high = l.reshape(l.reduce(nn::ReduceFunction::Max, y, {1, 2}), kept);
  Value scale = l.binary(nn::BinaryFunction::Div, 255.0, l.sub(high, low));
  Value offset = l.unary(U::Neg, l.mul(low, scale));
  y = l.add(l.mul(y, scale), offset);
  y = changeRange(l, l.minimum(l.maximum(y, 0), 255), 0, 255, range[0], range[1]);
  return {l.select(l.unary(U::IsNan, y), x, y)};
}
