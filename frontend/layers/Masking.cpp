// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Masking: a step whose features all have one value is masked, and zero from there on.
#include "frontend/Importers.h"
#include "frontend/Masks.h"

#include <cmath>

using namespace mlir;
using namespace layerc;

Results layerc::importMasking(LayerImport &l) {
  Value x = l.input();
  double value = l.number("mask_value", 0);
  if (!l.failed() && l.rank(x) < 2)
    return l.fail() << "expects an input of rank 2 or more; got " << shapeText(l.shape(x));
  if (l.failed())
    return {};
  Value compared = value == std::floor(value) ? x : l.cast(x, l.computeType());
  Value mask =
      l.reduce(nn::ReduceFunction::Any, l.binary(nn::BinaryFunction::NotEqual, compared, value), {l.rank(x) - 1});
  l.setMask(mask);
  Value kept = expandMask(l, mask, x);
  // Before Keras 3 a product, in which NaN and infinity stay.
  if (l.kerasMajor() < 3)
    return {l.mul(x, l.cast(kept, l.elementType(x)))};
  Value zero = l.scalar(0, x);
  return {l.select(kept, x, zero)};
}
