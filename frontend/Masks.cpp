// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rules of masks by version; see Masks.h.
#include "frontend/Masks.h"

using namespace mlir;
using namespace layerc;
using B = nn::BinaryFunction;

/// Classes whose `supports_masking` is set and whose compute_mask is the standard one. Classes with a rule of their own
/// call LayerImport::setMask.
static constexpr StringRef kPassing[] = {
    "Activation",
    "ActivityRegularization",
    "AlphaDropout",
    "BatchNormalization",
    "BatchNormalizationV1",
    "BatchNormalizationV2",
    "Dense",
    "Dropout",
    "ELU",
    "GaussianDropout",
    "GaussianNoise",
    "GroupNormalization",
    "LayerNormalization",
    "LeakyReLU",
    "MultiHeadAttention",
    "PReLU",
    "ReLU",
    "Softmax",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "SyncBatchNormalization",
    "ThresholdedReLU",
    "UnitNormalization",
};
/// Those that Keras 3 added.
static constexpr StringRef kPassingKeras3[] = {"GroupQueryAttention", "Identity", "Normalization", "Rescaling"};

bool layerc::passesMask(const Layer &layer, const LayerGraph &graph) {
  if (layer.isOperation || layer.isCustom)
    return false;
  return layer.className == "InputLayer" || llvm::is_contained(kPassing, layer.className) ||
         (graph.kerasMajor() >= 3 && llvm::is_contained(kPassingKeras3, layer.className));
}

Value layerc::expandMask(LayerImport &l, Value mask, Value x) {
  if (l.failed())
    return {};
  Sizes sizes(l.shape(mask));
  if (sizes.size() > l.shape(x).size())
    return l.fail() << "mask of shape " << shapeText(sizes) << " has more dimensions than its tensor "
                    << shapeText(l.shape(x));
  sizes.resize(l.shape(x).size(), 1);
  return l.reshape(mask, sizes);
}

/// One mask per input, null where it has none.
static SmallVector<Value> masksOfInputs(LayerImport &l) {
  SmallVector<Value> masks;
  for (size_t i = 0; i < l.inputs().size(); ++i)
    masks.push_back(l.mask(i));
  return masks;
}

static Value combine(LayerImport &l, B function, ArrayRef<Value> masks) {
  Value result;
  for (Value mask : masks)
    if (mask)
      result = result ? l.binary(function, result, mask) : mask;
  return result;
}

/// Keras 3.4 turned "all masks hold" into "some mask holds".
static bool takesAnyMask(LayerImport &l) { return l.isKerasFrom(3, 4); }

Value layerc::mergedMask(LayerImport &l) {
  SmallVector<Value> masks = masksOfInputs(l);
  bool isAny = takesAnyMask(l);
  if (l.failed() || (isAny && llvm::any_of(masks, [](Value mask) { return !mask; })))
    return {};
  return combine(l, isAny ? B::Or : B::And, masks);
}

/// True over the leading dimensions of `x`.
static Value trueOver(LayerImport &l, Value x) {
  auto type = RankedTensorType::get(l.shape(x).drop_back(), IntegerType::get(l.context(), 1));
  return l.constant(DenseElementsAttr::get(type, true));
}

Value layerc::concatenatedMask(LayerImport &l, int64_t axis) {
  SmallVector<Value> masks = masksOfInputs(l);
  if (l.failed() || llvm::none_of(masks, [](Value mask) { return bool(mask); }))
    return {};
  for (auto [mask, input] : llvm::zip_equal(masks, l.inputs()))
    if (!mask)
      mask = trueOver(l, input);
    else if (l.rank(mask) + 1 != l.rank(input))
      return l.fail() << "mask of shape " << shapeText(l.shape(mask)) << " does not cover the leading dimensions of "
                      << shapeText(l.shape(input));
  bool isLast = axis + 1 == l.rank(l.inputs()[0]);
  return isLast ? combine(l, takesAnyMask(l) ? B::Or : B::And, masks) : l.create<nn::ConcatOp>(masks, axis);
}
