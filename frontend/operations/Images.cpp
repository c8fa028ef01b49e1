// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// keras.ops.image beside resizing: colours, borders, patches and small fixed convolutions; unfold and fold.
#include "frontend/OperationImport.h"

#include <cmath>

using namespace mlir;
using namespace layerc;
using O = OperationImport;
using U = nn::UnaryFunction;
using B = nn::BinaryFunction;

namespace {

/// Images of rank 4, channels last; back() gives the rank and layout of the argument to a result of the same layout.
struct Images {
  Value x;
  bool isSingle = false, channelsFirst = false;

  Value back(O &o, Value y) const {
    if (o.l.failed())
      return {};
    y = channelsFirst ? o.l.moveAxis(y, 3, 1) : y;
    return isSingle ? o.l.reshape(y, o.l.shape(y).drop_front()) : y;
  }
};

} // namespace

static Images imagesOf(O &o) {
  Images images{o.tensor("images"), false, o.string("data_format", "channels_last") == "channels_first"};
  if (o.l.failed() || o.l.rank(images.x) < 3 || o.l.rank(images.x) > 4)
    return o.l.fail() << "expects images of rank 3 or 4", images;
  if (o.l.rank(images.x) == 3) {
    Sizes shape(o.l.shape(images.x));
    shape.insert(shape.begin(), 1);
    images.isSingle = true;
    images.x = o.l.reshape(images.x, shape);
  }
  if (images.channelsFirst)
    images.x = o.l.moveAxis(images.x, 1, 3);
  return images;
}

//===-- Colours -------------------------------------------------------------------------------------------------===//

static Value channel(O &o, Value x, int64_t number) {
  if (o.l.failed())
    return {};
  Sizes starts(o.l.rank(x), 0), sizes(o.l.shape(x));
  starts.back() = number;
  sizes.back() = 1;
  return o.l.create<nn::SliceOp>(x, starts, sizes, DenseI64ArrayAttr());
}

/// The result of `convert` on the three channels.
static Results colours(O &o, Value (*convert)(O &o, Value a, Value b, Value c)) {
  Images images = imagesOf(o);
  if (!o.l.failed() && (o.l.shape(images.x)[3] != 3 || !isa<FloatType>(o.l.elementType(images.x))))
    return o.l.fail() << "expects three channels of floats; got " << shapeText(o.l.shape(images.x));
  Value a = channel(o, images.x, 0), b = channel(o, images.x, 1), c = channel(o, images.x, 2);
  return {images.back(o, convert(o, a, b, c))};
}

static Value grayscale(O &o, Value red, Value green, Value blue) {
  return o.l.add(o.l.add(o.l.mul(red, 0.2989), o.l.mul(green, 0.587)), o.l.mul(blue, 0.114));
}

static Value hsv(O &o, Value red, Value green, Value blue) {
  Value zero = o.l.failed() ? Value() : o.l.scalar(0, red), one = o.l.failed() ? Value() : o.l.scalar(1, red);
  Value top = o.l.binary(B::Maximum, o.l.binary(B::Maximum, red, green), blue);
  Value range = o.l.sub(top, o.l.binary(B::Minimum, o.l.binary(B::Minimum, red, green), blue));
  Value isBright = o.l.greater(top, 0), isColoured = o.l.greater(range, 0);
  Value saturation = o.l.select(isBright, o.l.div(range, o.l.select(isBright, top, one)), zero);
  Value sixth = o.l.unary(U::Reciprocal, o.l.mul(o.l.select(isColoured, range, one), 6));
  auto side = [&](Value a, Value b, double turn) { return o.l.add(o.l.mul(sixth, o.l.sub(a, b)), turn); };
  Value ofRed = side(green, blue, 0), ofGreen = side(blue, red, 2.0 / 6), ofBlue = side(red, green, 4.0 / 6);
  Value hue = o.l.select(o.l.binary(B::Equal, top, green), ofGreen, ofBlue);
  hue = o.l.select(o.l.binary(B::Equal, top, red), ofRed, hue);
  Value isBelow = o.l.binary(B::Less, hue, 0.0);
  hue = o.l.select(isColoured, o.l.select(isBelow, o.l.add(hue, 1), hue), zero);
  return o.l.create<nn::ConcatOp>(ArrayRef<Value>{hue, saturation, top}, 3);
}

/// Each colour's weight is a trapezoid over the circle of hues.
static Value rgb(O &o, Value hue, Value saturation, Value value) {
  Value turn = o.l.mul(o.l.binary(B::Mod, hue, 1.0), 6);
  auto clip = [&](Value x) { return o.l.minimum(o.l.maximum(x, 0), 1); };
  auto distance = [&](double from) { return o.l.unary(U::Abs, o.l.add(turn, -from)); };
  Value red = clip(o.l.add(distance(3), -1)), green = clip(o.l.binary(B::Sub, 2.0, distance(2)));
  Value blue = clip(o.l.binary(B::Sub, 2.0, distance(4))), gray = o.l.binary(B::Sub, 1.0, saturation);
  auto mix = [&](Value weight) { return o.l.mul(value, o.l.add(gray, o.l.mul(saturation, weight))); };
  SmallVector<Value> channels;
  for (Value weight : {red, green, blue})
    channels.push_back(mix(weight));
  return o.l.create<nn::ConcatOp>(channels, 3);
}

//===-- Borders -------------------------------------------------------------------------------------------------===//

/// One axis of cropping and padding: two of low, high and the target size are known.
static std::pair<int64_t, int64_t> border(O &o, int64_t size, const char *low, const char *high, const char *target,
                                          int64_t sign) {
  int64_t before = o.integer(low, 0), after = o.integer(high, 0);
  if (o.has(target)) {
    int64_t change = sign * (o.integer(target) - size);
    if (!o.has(low))
      before = change - after;
    else
      after = change - before;
  }
  if (!o.l.failed() && (before < 0 || after < 0 || before > INT32_MAX || after > INT32_MAX))
    o.l.fail() << "arguments '" << low << "', '" << high << "' and '" << target << "' do not fit a size of " << size;
  return {before, after};
}

static Results cropImages(O &o) {
  Images images = imagesOf(o);
  if (o.l.failed())
    return {};
  Sizes starts(4, 0), sizes(o.l.shape(images.x));
  auto rows = border(o, sizes[1], "top_cropping", "bottom_cropping", "target_height", -1);
  auto columns = border(o, sizes[2], "left_cropping", "right_cropping", "target_width", -1);
  starts[1] = rows.first;
  starts[2] = columns.first;
  sizes[1] -= rows.first + rows.second;
  sizes[2] -= columns.first + columns.second;
  return {images.back(o, o.l.create<nn::SliceOp>(images.x, starts, sizes, DenseI64ArrayAttr()))};
}

static Results padImages(O &o) {
  Images images = imagesOf(o);
  if (o.l.failed())
    return {};
  ArrayRef<int64_t> shape = o.l.shape(images.x);
  auto rows = border(o, shape[1], "top_padding", "bottom_padding", "target_height", 1);
  auto columns = border(o, shape[2], "left_padding", "right_padding", "target_width", 1);
  Value y = o.l.create<nn::PadOp>(images.x, Sizes{0, rows.first, columns.first, 0},
                                  Sizes{0, rows.second, columns.second, 0}, APFloat(0.0));
  return {images.back(o, y)};
}

//===-- Fixed convolutions --------------------------------------------------------------------------------------===//

/// Every channel with the same window [height, width], zeros outside.
static Value filter(O &o, Value x, ArrayRef<double> window, int64_t height, int64_t width) {
  if (o.l.failed())
    return {};
  int64_t channels = o.l.shape(x)[3];
  std::vector<double> kernel;
  for (double weight : window)
    kernel.insert(kernel.end(), static_cast<size_t>(channels), weight);
  Value weights = o.constant(o.l.elementType(x), {height, width, 1, channels}, kernel);
  Sizes pads{(height - 1) / 2, height / 2, (width - 1) / 2, width / 2};
  return o.l.create<nn::ConvOp>(x, weights, DenseI64ArrayAttr(), o.l.unless(0, pads), DenseI64ArrayAttr(), channels);
}

/// The function exp(-(x / sigma)^2 / 2) around the middle of `size` elements, of sum 1.
static std::vector<double> bell(int64_t size, double sigma) {
  std::vector<double> weights;
  double sum = 0;
  for (int64_t i = 0; i < size; ++i) {
    double x = (static_cast<double>(i) - static_cast<double>(size - 1) / 2) / sigma;
    weights.push_back(std::exp(-0.5 * x * x));
    sum += weights.back();
  }
  for (double &weight : weights)
    weight /= sum;
  return weights;
}

/// Keras takes kernel_size and sigma as (width, height).
static Results gaussianBlur(O &o) {
  Images images = imagesOf(o);
  Sizes size = o.integers("kernel_size");
  const nlohmann::json *sigma = o.value("sigma");
  auto isPair = [](const nlohmann::json &v) {
    return v.is_array() && v.size() == 2 && v[0].is_number() && v[1].is_number();
  };
  if (o.l.failed() || size.size() != 2 || !sigma || !isPair(*sigma) || size[0] < 1 || size[1] < 1 ||
      boundedElements({size[0], size[1]}) > 4096)
    return o.l.fail() << "expects two kernel sizes and two numbers 'sigma'";
  std::vector<double> across = bell(size[0], (*sigma)[0].get<double>()), window;
  for (double row : bell(size[1], (*sigma)[1].get<double>()))
    for (double column : across)
      window.push_back(row * column);
  return {images.back(o, filter(o, images.x, window, size[1], size[0]))};
}

/// The vertical and the horizontal gradient of each channel in a dimension behind.
static Results sobelEdges(O &o) {
  Images images = imagesOf(o);
  if (o.l.failed() || images.isSingle)
    return o.l.fail() << "expects images of rank 4";
  Value dy = images.back(o, filter(o, images.x, {-1, -2, -1, 0, 0, 0, 1, 2, 1}, 3, 3));
  Value dx = images.back(o, filter(o, images.x, {-1, 0, 1, -2, 0, 2, -1, 0, 1}, 3, 3));
  Sizes shape(o.l.shape(dy));
  shape.push_back(1);
  SmallVector<Value> parts{o.l.reshape(dy, shape), o.l.reshape(dx, shape)};
  return {o.l.failed() ? Value() : o.l.create<nn::ConcatOp>(parts, 4)};
}

//===-- Patches -------------------------------------------------------------------------------------------------===//

namespace {

/// Windows over two dimensions.
struct Patches {
  int64_t size[2], stride[2], dilation[2], low[2] = {0, 0}, high[2] = {0, 0}, count[2];
};

} // namespace

static bool readPair(O &o, StringRef name, std::optional<int64_t> standard, int64_t (&pair)[2]) {
  Sizes given = o.has(name) ? o.integers(name) : standard ? Sizes{*standard} : Sizes();
  if (given.size() == 1)
    given.push_back(given[0]);
  if (given.size() != 2 || std::min(given[0], given[1]) < 0 || std::max(given[0], given[1]) > INT32_MAX) {
    o.wrongArgument(name, "one number or two");
    return false;
  }
  pair[0] = given[0];
  pair[1] = given[1];
  return !o.l.failed();
}

/// How many windows fit.
static bool countPatches(O &o, Patches &p, const int64_t (&sizes)[2]) {
  for (int d = 0; d < 2; ++d) {
    if (p.size[d] < 1 || p.stride[d] < 1 || p.dilation[d] < 1)
      return o.l.fail() << "expects windows, strides and dilations above 0", false;
    int64_t room = sizes[d] + p.low[d] + p.high[d] - ((p.size[d] - 1) * p.dilation[d] + 1);
    if (room < 0)
      return o.l.fail() << "a window of " << p.size[d] << " does not fit a size of " << sizes[d], false;
    p.count[d] = room / p.stride[d] + 1;
  }
  return true;
}

/// Element (i, j) of every window of x, which is channels last: [N, rows, columns, C].
static Value elementOfPatches(O &o, Value x, const Patches &p, int64_t i, int64_t j) {
  if (o.l.failed())
    return {};
  Sizes starts{0, i * p.dilation[0], j * p.dilation[1], 0}, sizes(o.l.shape(x)),
      strides{1, p.stride[0], p.stride[1], 1};
  sizes[1] = p.count[0];
  sizes[2] = p.count[1];
  return o.l.create<nn::SliceOp>(x, starts, sizes, o.l.unless(1, strides));
}

static Value padded(O &o, Value x, const Patches &p) {
  if (p.low[0] + p.low[1] + p.high[0] + p.high[1] == 0)
    return x;
  return o.l.create<nn::PadOp>(x, Sizes{0, p.low[0], p.low[1], 0}, Sizes{0, p.high[0], p.high[1], 0}, APFloat(0.0));
}

/// Of a tensor that is put together from slices of another.
static constexpr int64_t kMaxParts = 4096;

/// Windows side by side, their elements in the last dimension: rows, columns, channels.
static Results extractPatches(O &o) {
  Images images = imagesOf(o);
  Patches p{};
  if (o.l.failed() || !readPair(o, "size", std::nullopt, p.size))
    return {};
  p.stride[0] = p.size[0];
  p.stride[1] = p.size[1];
  if ((o.has("strides") && !readPair(o, "strides", 1, p.stride)) || !readPair(o, "dilation_rate", 1, p.dilation))
    return {};
  int64_t sizes[2] = {o.l.shape(images.x)[1], o.l.shape(images.x)[2]};
  if (o.string("padding", "valid") == "same")
    for (int d = 0; d < 2; ++d) {
      int64_t stride = std::max<int64_t>(p.stride[d], 1), count = (sizes[d] + stride - 1) / stride;
      int64_t total = std::max<int64_t>((count - 1) * stride + (p.size[d] - 1) * p.dilation[d] + 1 - sizes[d], 0);
      p.low[d] = total / 2;
      p.high[d] = total - total / 2;
    }
  if (!countPatches(o, p, sizes) || boundedElements({p.size[0], p.size[1]}) > kMaxParts)
    return o.l.fail() << "takes too large patches";
  Value x = padded(o, images.x, p);
  SmallVector<Value> parts;
  for (int64_t i = 0; i < p.size[0]; ++i)
    for (int64_t j = 0; j < p.size[1]; ++j)
      parts.push_back(elementOfPatches(o, x, p, i, j));
  return {images.back(o, o.l.failed() ? Value() : o.l.create<nn::ConcatOp>(parts, 3))};
}

/// The windows of unfold and fold over images of `sizes`.
static std::optional<Patches> blocks(O &o, const int64_t (&sizes)[2]) {
  Patches p{};
  if (!readPair(o, "kernel_size", std::nullopt, p.size) || !readPair(o, "stride", 1, p.stride) ||
      !readPair(o, "dilation", 1, p.dilation) || !readPair(o, "padding", 0, p.low))
    return std::nullopt;
  p.high[0] = p.low[0];
  p.high[1] = p.low[1];
  if (!countPatches(o, p, sizes))
    return std::nullopt;
  if (boundedElements({p.size[0], p.size[1]}) > kMaxParts)
    return o.l.fail() << "takes too large blocks", std::nullopt;
  return p;
}

/// [N, C, H, W] to [N, C * window, windows].
static Results unfold(O &o) {
  Value x = o.tensor("x");
  if (o.l.failed() || o.l.rank(x) != 4)
    return o.l.fail() << "expects images of rank 4";
  int64_t n = o.l.shape(x)[0], c = o.l.shape(x)[1], sizes[2] = {o.l.shape(x)[2], o.l.shape(x)[3]};
  std::optional<Patches> p = blocks(o, sizes);
  if (!p)
    return {};
  x = padded(o, o.l.moveAxis(x, 1, 3), *p);
  SmallVector<Value> parts;
  int64_t count = p->count[0] * p->count[1];
  for (int64_t i = 0; i < p->size[0]; ++i)
    for (int64_t j = 0; j < p->size[1]; ++j)
      parts.push_back(o.l.reshape(o.l.moveAxis(elementOfPatches(o, x, *p, i, j), 3, 1), {n, c, 1, count}));
  Value y = o.l.failed() ? Value() : o.l.create<nn::ConcatOp>(parts, 2);
  return {o.l.reshape(y, {n, c * p->size[0] * p->size[1], count})};
}

/// The sum of the windows at their places: what unfold took apart.
static Results fold(O &o) {
  Value x = o.real("x");
  int64_t sizes[2];
  if (o.l.failed() || o.l.rank(x) != 3 || !readPair(o, "output_size", std::nullopt, sizes))
    return o.l.fail() << "expects blocks of rank 3";
  std::optional<Patches> p = blocks(o, sizes);
  if (!p)
    return {};
  int64_t n = o.l.shape(x)[0], window = p->size[0] * p->size[1], c = o.l.shape(x)[1] / window;
  if (o.l.shape(x)[1] % window != 0 || o.l.shape(x)[2] != p->count[0] * p->count[1])
    return o.l.fail() << "blocks of shape " << shapeText(o.l.shape(x)) << " do not make images of "
                      << shapeText({sizes[0], sizes[1]});
  // A transposed convolution whose kernel is 1 where input channel c * window + i * width + j meets output channel c.
  x = o.l.transpose(o.l.reshape(x, {n, c * window, p->count[0], p->count[1]}), {0, 2, 3, 1});
  std::vector<double> kernel(static_cast<size_t>(window * c * window * c));
  for (int64_t place = 0; place < window; ++place)
    for (int64_t channel = 0; channel < c; ++channel)
      kernel[static_cast<size_t>((place * c * window + channel * window + place) * c + channel)] = 1;
  Value weights = o.asWeight(o.constant(o.l.elementType(x), {p->size[0], p->size[1], c * window, c}, kernel));
  Value y = o.l.create<nn::ConvTransposeOp>(
      x, weights, Sizes{sizes[0], sizes[1]}, o.l.unless(1, {p->stride[0], p->stride[1]}),
      o.l.unless(0, {p->low[0], p->low[1]}), o.l.unless(1, {p->dilation[0], p->dilation[1]}));
  return {o.l.moveAxis(y, 3, 1)};
}

ArrayRef<OperationRow> layerc::imageOperations() {
  static const OperationRow rows[] = {
      {"CropImages", "images", cropImages},
      {"ExtractPatches", "images", extractPatches, "patches of images"},
      {"Fold", "x", fold},
      {"GaussianBlur", "images", gaussianBlur},
      {"HSVToRGB", "images", [](O &o) { return colours(o, rgb); }},
      {"PadImages", "images", padImages},
      {"RGBToGrayscale", "images", [](O &o) { return colours(o, grayscale); }},
      {"RGBToHSV", "images", [](O &o) { return colours(o, hsv); }},
      {"SobelEdges", "images", sobelEdges},
      {"Unfold", "x", unfold},
  };
  return rows;
}
