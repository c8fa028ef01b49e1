// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Activation layers: activations with parameters of their own.
#include "frontend/Activations.h"
#include "frontend/Importers.h"

using namespace mlir;
using namespace layerc;

Results layerc::importReLU(LayerImport &l) {
  std::optional<double> maxValue = l.optionalNumber("max_value");
  double slope = l.number("negative_slope", 0), threshold = l.number("threshold", 0);
  const std::pair<const char *, double> parameters[] = {{"max_value", maxValue.value_or(0)},
                                                        {"negative_slope", slope},
                                                        {"threshold", l.kerasMajor() >= 3 ? threshold : 0}};
  for (auto [key, value] : parameters)
    if (value < 0)
      return l.fail() << "'" << key << "' must not be negative; got " << value;
  return {relu(l, l.input(), slope, maxValue, threshold)};
}

Results layerc::importLeakyReLU(LayerImport &l) {
  double slope = l.number("negative_slope", l.number("alpha", 0.3)); // alpha until Keras 3
  return {leakyRelu(l, l.floatInput(), slope)};
}

Results layerc::importELU(LayerImport &l) { return {elu(l, l.floatInput(), l.number("alpha", 1))}; }

Results layerc::importThresholdedReLU(LayerImport &l) { return {keepAbove(l, l.floatInput(), l.number("theta", 1))}; }

/// relu(x) - alpha * relu(-x); alpha has the input's shape without the batch, 1 on the shared axes.
Results layerc::importPReLU(LayerImport &l) {
  Value x = l.floatInput();
  Sizes shape(l.shape(x).drop_front(l.failed() ? 0 : 1));
  if (l.config("shared_axes") && !l.config("shared_axes")->empty())
    for (int64_t axis : l.axes("shared_axes", l.rank(x)))
      if (!l.failed() && axis > 0)
        shape[axis - 1] = 1;
  Value alpha = l.weight("alpha", shape);
  Value positive = l.unary(nn::UnaryFunction::Relu, x);
  Value negative = l.unary(nn::UnaryFunction::Relu, l.unary(nn::UnaryFunction::Neg, x));
  return {l.sub(positive, l.mul(alpha, negative))};
}

/// Masked elements get no share. Keras 3.10 made a row that is masked as a whole zero; before, a large number was
/// subtracted from masked elements, and such a row came out as if there were no mask.
Results layerc::importSoftmax(LayerImport &l) {
  Value x = l.floatInput();
  Sizes axes = l.axes("axis", l.rank(x), -1);
  Value mask = l.mask();
  if (!mask || l.failed())
    return {l.softmax(x, axes)};
  if (!l.fits(mask, x))
    return {};
  double masked = l.elementType(x).isF16() ? (l.kerasMajor() >= 3 ? -3e4 : -65504) : -1e9;
  bool replaces = l.isKerasFrom(3, 10) || l.flag("robust_masking", false);
  Value low = l.scalar(masked, x), zero = l.scalar(0, x);
  Value added = replaces ? Value() : l.select(mask, zero, low);
  Value y = l.softmax(replaces ? l.select(mask, x, low) : l.add(x, added), axes);
  return {l.isKerasFrom(3, 10) ? l.select(mask, y, zero) : y};
}
