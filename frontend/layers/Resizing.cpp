// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Image layers that change the size: Resizing, CenterCrop and, before Keras 3, RandomCrop at inference.
#include "frontend/Importers.h"
#include "frontend/Interpolation.h"

using namespace mlir;
using namespace layerc;
using U = nn::UnaryFunction;

/// An image batch, channels last.
static Value imagesOf(LayerImport &l, Value x) {
  if (!l.failed() && l.rank(x) != 4)
    l.fail() << "expects a batch of images; got " << shapeText(l.shape(x));
  return !l.failed() && l.channelsFirst() ? l.moveAxis(x, 1, 3) : x;
}

static Value backToFormat(LayerImport &l, Value x) {
  return !l.failed() && l.channelsFirst() ? l.moveAxis(x, 3, 1) : x;
}

static Value cropTo(LayerImport &l, Value x, int64_t top, int64_t left, int64_t height, int64_t width) {
  return l.create<nn::SliceOp>(x, ArrayRef<int64_t>{0, top, left, 0}, ArrayRef<int64_t>{-1, height, width, -1},
                               DenseI64ArrayAttr());
}

/// The size of a side that gives `other` the aspect ratio of the target; Keras computes it in floats and truncates.
static int64_t sideFor(int64_t other, int64_t side, int64_t otherSide) {
  return static_cast<int64_t>(static_cast<double>(other * side) / static_cast<double>(otherSide));
}

/// The largest part around the centre that has the aspect ratio of height x width.
static Value cropToAspect(LayerImport &l, Value x, int64_t height, int64_t width) {
  if (l.failed())
    return {};
  int64_t h = l.shape(x)[1], w = l.shape(x)[2];
  int64_t croppedHeight = std::max<int64_t>(std::min(h, sideFor(w, height, width)), 1);
  int64_t croppedWidth = std::max<int64_t>(std::min(w, sideFor(h, width, height)), 1);
  return cropTo(l, x, (h - croppedHeight) / 2, (w - croppedWidth) / 2, croppedHeight, croppedWidth);
}

/// Borders that bring x near the aspect ratio of height x width: the same on both sides, and along one axis only.
static Value padToAspect(LayerImport &l, Value x, int64_t height, int64_t width, double value) {
  if (l.failed())
    return {};
  int64_t h = l.shape(x)[1], w = l.shape(x)[2];
  int64_t top = (std::max(h, sideFor(w, height, width)) - h) / 2,
          left = (std::max(w, sideFor(h, width, height)) - w) / 2;
  left = top > 0 ? 0 : left;
  Sizes border{0, top, left, 0};
  return l.create<nn::PadOp>(x, ArrayRef(border), ArrayRef(border), APFloat(value));
}

/// Keras rounds what becomes an integer again and keeps it inside the type.
static Value toImageType(LayerImport &l, Value y, Type type) {
  if (l.failed() || l.elementType(y) == type)
    return y;
  return l.cast(isa<IntegerType>(type) ? l.unary(U::Round, y) : y, type);
}

Results layerc::importResizing(LayerImport &l) {
  int64_t height = l.positive("height", 1)[0], width = l.positive("width", 1)[0];
  std::string method = StringRef(l.string("interpolation", "bilinear")).lower();
  bool crops = l.flag("crop_to_aspect_ratio", false), pads = l.flag("pad_to_aspect_ratio", false);
  bool antialias = l.flag("antialias", false);
  double fill = l.number("fill_value", 0);
  if (!l.failed() && crops && pads)
    return l.fail() << "'crop_to_aspect_ratio' and 'pad_to_aspect_ratio' exclude each other";
  Value original = l.input(), x = imagesOf(l, original);
  if (l.failed())
    return {};
  Type type = l.kerasMajor() >= 3 ? l.elementType(x) : l.computeType();
  if (method != "nearest" && !isa<FloatType>(l.elementType(x)))
    x = l.cast(x, Float32Type::get(l.context()));
  if (crops)
    x = cropToAspect(l, x, height, width);
  if (pads)
    x = padToAspect(l, x, height, width, fill);
  x = interpolate(l, x, {height, width}, method, SamplePositions::HalfPixel, antialias);
  return {backToFormat(l, toImageType(l, x, type))};
}

/// The centre where the image is large enough, else the whole resized with its aspect ratio kept.
Results layerc::importCenterCrop(LayerImport &l) {
  int64_t height = l.positive("height", 1)[0], width = l.positive("width", 1)[0];
  Value x = imagesOf(l, l.floatInput());
  if (l.failed())
    return {};
  int64_t top = l.shape(x)[1] - height, left = l.shape(x)[2] - width;
  if (top >= 0 && left >= 0)
    return {backToFormat(l, cropTo(l, x, top / 2, left / 2, height, width))};
  x = cropToAspect(l, x, height, width);
  return {backToFormat(l, interpolate(l, x, {height, width}, "bilinear", SamplePositions::HalfPixel))};
}

/// At inference Keras 3 leaves images alone; tf.keras crops them to the aspect ratio and resizes.
Results layerc::importRandomCrop(LayerImport &l) {
  if (l.kerasMajor() >= 3)
    return importAugmentation(l);
  int64_t height = l.positive("height", 1)[0], width = l.positive("width", 1)[0];
  Value x = cropToAspect(l, imagesOf(l, l.floatInput()), height, width);
  return {backToFormat(l, interpolate(l, x, {height, width}, "bilinear", SamplePositions::HalfPixel))};
}
