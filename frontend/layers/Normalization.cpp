// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Normalization layers. Scale and shift are expressions on weights; folding them is a pass.
#include "frontend/Importers.h"

using namespace mlir;
using namespace layerc;
using U = nn::UnaryFunction;

/// (x - mean) * gamma / sqrt(variance + epsilon) + beta per channel. Keras computes it in float32 whatever the policy.
Results layerc::importBatchNormalization(LayerImport &l) {
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
  Value gamma = hasGamma ? l.storedWeight("gamma", {channels}) : Value();
  Value beta = hasBeta ? l.storedWeight("beta", {channels}) : Value();
  Value mean = l.storedWeight("moving_mean", {channels});
  Value variance = l.storedWeight("moving_variance", {channels});
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
  x = l.cast(x, Float32Type::get(l.context()));
  Value y = rms ? scaleByVariance(l, x, axes, epsilon) : l.normalize(nn::NormalizeFunction::Layer, x, axes, epsilon);
  return {l.cast(scaleAndShift(l, y, axes, gamma, beta), l.computeType())};
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
