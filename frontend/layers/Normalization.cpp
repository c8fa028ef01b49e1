// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Normalization layers. Scale and shift are expressions on weights; folding them is a pass.
#include "frontend/Importers.h"

using namespace mlir;
using namespace layerc;
using U = nn::UnaryFunction;

/// (x - mean) * gamma / sqrt(variance + epsilon) + beta per channel. Keras computes it in float32 whatever the policy.
Results layerc::importBatchNormalization(LayerImport &l) {
  l.argument("mask"); // counts in training only
  Value x = l.input();
  Sizes axes = l.axes("axis", l.rank(x), -1);
  double epsilon = l.number("epsilon", 1e-3);
  bool hasGamma = l.flag("scale", true), hasBeta = l.flag("center", true);
  if (l.config("mode") && l.integer("mode") != 0)
    return l.fail() << "'mode' " << l.integer("mode") << " normalizes by the batch, which is not supported";
  if (!l.failed() && (axes.size() != 1 || axes[0] == 0))
    return l.fail() << "'axis' must be one axis other than the batch";
  if (l.failed())
    return {};
  int64_t axis = axes[0], last = l.rank(x) - 1, channels = l.shape(x)[axis];
  Value gamma = hasGamma ? l.single(l.storedWeight("gamma", {channels})) : Value();
  Value beta = hasBeta ? l.single(l.storedWeight("beta", {channels})) : Value();
  Value mean = l.single(l.storedWeight("moving_mean", {channels}));
  Value variance = l.single(l.storedWeight("moving_variance", {channels}));
  l.ignoreOtherWeights(); // those of renorm, which only training uses
  if (l.failed())
    return {};
  Value scale = l.unary(U::Rsqrt, l.add(variance, epsilon));
  scale = gamma ? l.mul(gamma, scale) : scale;
  Value shift = l.mul(mean, scale);
  shift = beta ? l.sub(beta, shift) : l.unary(U::Neg, shift);
  Value y = l.moveAxis(l.cast(x, l.elementType(scale)), axis, last);
  y = l.create<nn::AffineOp>(y, scale, shift, last);
  return {l.cast(l.moveAxis(y, last, axis), l.computeType())};
}

/// x * gamma + beta along `axes`, either of which may be missing.
static Value scaleAndShift(LayerImport &l, Value x, ArrayRef<int64_t> axes, bool hasGamma, bool hasBeta) {
  if (l.failed())
    return {};
  Sizes stored, broadcast(l.rank(x), 1);
  for (int64_t axis : axes) {
    stored.push_back(l.shape(x)[axis]);
    broadcast[axis] = l.shape(x)[axis];
  }
  Value gamma = hasGamma ? l.cast(l.storedWeight("gamma", stored), l.elementType(x)) : Value();
  Value beta = hasBeta ? l.cast(l.storedWeight("beta", stored), l.elementType(x)) : Value();
  if (gamma && beta && axes.size() == 1)
    return l.create<nn::AffineOp>(x, gamma, beta, axes[0]);
  x = gamma ? l.mul(x, l.reshape(gamma, broadcast)) : x;
  return beta ? l.add(x, l.reshape(beta, broadcast)) : x;
}

/// x / sqrt(variance + epsilon) without removing the mean from x: what Keras' deprecated rms_scaling computes.
static Value scaleByVariance(LayerImport &l, Value x, ArrayRef<int64_t> axes, double epsilon) {
  Sizes kept(l.shape(x));
  for (int64_t axis : axes)
    kept[axis] = 1;
  auto mean = [&](Value v) { return l.reshape(l.reduce(nn::ReduceFunction::Mean, v, axes), kept); };
  Value variance = mean(l.unary(U::Square, l.sub(x, mean(x))));
  return l.mul(x, l.unary(U::Rsqrt, l.add(variance, epsilon)));
}

Results layerc::importLayerNormalization(LayerImport &l) {
  Value x = l.input();
  Sizes axes = l.axes("axis", l.rank(x), -1);
  double epsilon = l.number("epsilon", 1e-3);
  bool rms = l.flag("rms_scaling", false), gamma = l.flag("scale", true) || rms, beta = l.flag("center", true) && !rms;
  if (l.failed())
    return {};
  x = l.single(x);
  Value y = rms ? scaleByVariance(l, x, axes, epsilon) : l.normalize(nn::NormalizeFunction::Layer, x, axes, epsilon);
  return {l.cast(scaleAndShift(l, y, axes, gamma, beta), l.computeType())};
}

/// Layer normalization within groups of channels; each group is a run of neighbours.
Results layerc::importGroupNormalization(LayerImport &l) {
  Value x = l.input();
  Sizes axes = l.axes("axis", l.rank(x), -1);
  double epsilon = l.number("epsilon", 1e-3);
  int64_t groups = l.integers("groups", 1, 32)[0];
  bool gamma = l.flag("scale", true), beta = l.flag("center", true);
  if (!l.failed() && (axes.size() != 1 || axes[0] == 0))
    return l.fail() << "'axis' must be one axis other than the batch";
  if (l.failed())
    return {};
  int64_t axis = axes[0], channels = l.shape(x)[axis];
  groups = groups == -1 ? channels : groups;
  if (groups < 1 || channels % groups != 0)
    return l.fail() << "cannot divide " << channels << " channels into " << groups << " groups";
  x = l.single(x);
  Sizes grouped(l.shape(x)), original(l.shape(x)), normalized;
  grouped[axis] = channels / groups;
  grouped.insert(grouped.begin() + axis, groups);
  for (int64_t d = 1; d < static_cast<int64_t>(grouped.size()); ++d)
    if (d != axis)
      normalized.push_back(d);
  Value y = l.normalize(nn::NormalizeFunction::Layer, l.reshape(x, grouped), normalized, epsilon);
  return {l.cast(scaleAndShift(l, l.reshape(y, original), axes, gamma, beta), l.computeType())};
}

/// x / sqrt(mean(x^2) + epsilon) * scale. Keras aligns scale with the last axes, so no others have a meaning.
Results layerc::importRMSNormalization(LayerImport &l) {
  Value x = l.floatInput();
  Sizes axes = l.axes("axis", l.rank(x), -1);
  double epsilon = l.number("epsilon", 1e-6);
  if (l.failed())
    return {};
  int64_t first = l.rank(x) - static_cast<int64_t>(axes.size());
  if (axes[0] != first || first == 0)
    return l.fail() << "'axis' must name the last axes without the batch";
  x = l.single(x);
  Value scale = l.weight("scale", l.shape(x).drop_front(first));
  Value y = l.normalize(nn::NormalizeFunction::Rms, x, axes, epsilon);
  return {l.failed() ? Value() : l.cast(l.mul(y, l.cast(scale, l.elementType(y))), l.computeType())};
}

/// x / max(|x|, 1e-12), or before Keras 3 x / sqrt(max(|x|^2, 1e-12)).
Results layerc::importUnitNormalization(LayerImport &l) {
  Value x = l.floatInput();
  Sizes axes = l.axes("axis", l.rank(x), -1);
  return {l.normalize(nn::NormalizeFunction::L2, x, axes, l.kerasMajor() >= 3 ? 1e-24 : 1e-12)};
}

/// SpectralNormalization has overwritten the kernel of the layer inside while it trained, so that layer is all there
/// is.
Results layerc::importSpectralNormalization(LayerImport &l) {
  Value x = l.input();
  l.ignoreOtherWeights();
  const Layer *inner = l.child("layer");
  if (!l.failed() && !inner)
    return l.fail() << "has no layer inside";
  return l.failed() ? Results() : l.import(*inner, x);
}

/// x * gamma over the last axis, as ConvNeXt of keras.applications has it.
Results layerc::importLayerScale(LayerImport &l) {
  Value x = l.floatInput();
  return {l.failed() ? Value() : l.mul(x, l.weight("gamma", {l.shape(x).back()}))};
}
