// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// keras.ops.nn and keras.ops.image: activations, normalizations, convolutions, pooling, attention, images.
// Above 400 lines because a group of operations ends in one table.
#include "frontend/Activations.h"
#include "frontend/Einsum.h"
#include "frontend/Interpolation.h"
#include "frontend/OperationImport.h"
#include "frontend/layers/Windows.h"

#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <cmath>

using namespace mlir;
using namespace layerc;
using O = OperationImport;
using U = nn::UnaryFunction;
using B = nn::BinaryFunction;
using R = nn::ReduceFunction;

//===-- Activations ---------------------------------------------------------------------------------------------===//

/// "HardSigmoid" -> "hard_sigmoid".
static std::string activationName(StringRef className) {
  std::string name;
  for (char c : className) {
    if (llvm::isUpper(c) && !name.empty())
      name += '_';
    name += llvm::toLower(c);
  }
  return name;
}

/// An activation without parameters, by the name of the class.
static Results named(O &o) {
  Value x = o.real("x");
  return {o.l.failed() ? x : applyActivationByName(o.l, x, activationName(o.operation))};
}

static Results reluOperation(O &o) { return {o.l.unary(U::Relu, o.tensor("x"))}; }
/// keras.ops.gelu approximates unless told otherwise; the activation of that name does not.
static Results geluOperation(O &o) { return {layerc::gelu(o.l, o.real("x"), o.flag("approximate", true))}; }
static Results leakyReluOperation(O &o) {
  return {layerc::leakyRelu(o.l, o.real("x"), o.number("negative_slope", 0.2))};
}
static Results eluOperation(O &o) { return {layerc::elu(o.l, o.real("x"), o.number("alpha", 1))}; }

static Results celu(O &o) {
  Value x = o.real("x");
  double alpha = o.number("alpha", 1);
  Value below = o.l.unary(U::Expm1, o.l.mul(o.l.minimum(x, 0), 1 / alpha));
  return {o.l.add(o.l.unary(U::Relu, x), o.l.mul(below, alpha))};
}

static Results squareplus(O &o) {
  Value x = o.real("x");
  Value root = o.l.unary(U::Sqrt, o.l.add(o.l.unary(U::Square, x), o.number("b", 4)));
  return {o.l.mul(o.l.add(x, root), 0.5)};
}

static Results hardShrink(O &o) {
  Value x = o.real("x"), zero = o.l.failed() ? Value() : o.l.scalar(0, x);
  Value kept = o.l.greater(o.l.unary(U::Abs, x), o.number("threshold", 0.5));
  return {o.l.select(kept, x, zero)};
}

static Results softShrink(O &o) {
  Value x = o.real("x");
  Value size = o.l.add(o.l.unary(U::Abs, x), -o.number("threshold", 0.5));
  return {o.l.mul(o.l.unary(U::Relu, size), o.l.unary(U::Sign, x))};
}

static Results threshold(O &o) {
  Value x = o.real("x"), other = o.l.failed() ? Value() : o.l.scalar(o.number("default_value", 0), x);
  Value kept = o.l.greater(x, o.number("threshold", 0));
  return {o.l.select(kept, x, other)};
}

/// Elements over `axis` moved to the end, a function of the last axis, and back.
static Results overAxis(O &o, StringRef activation) {
  Value x = o.real("x");
  if (o.l.failed())
    return {};
  int64_t last = o.l.rank(x) - 1, axis = o.axis("axis", o.l.rank(x), -1);
  Value y = applyActivationByName(o.l, o.l.moveAxis(x, axis, last), activation);
  return {o.l.moveAxis(y, last, axis)};
}

template <bool isLog> static Results softmax(O &o) {
  Value x = o.real("x");
  // Without an axis over all elements, as an axis of null says; an absent one is the last.
  bool isAbsent = !o.has("axis") && !(o.l.layer().config.is_object() && o.l.layer().config.contains("axis"));
  Sizes axes = isAbsent ? Sizes{o.l.rank(x) - 1} : o.axes("axis", o.l.rank(x));
  return {o.l.softmax(x, axes, isLog)};
}

//===-- Encodings -----------------------------------------------------------------------------------------------===//

/// One where the last dimension's place is the integer; the new dimension goes to `axis`.
static Value oneHotTensor(O &o) {
  Value x = o.tensor("x");
  int64_t classes = o.integer("num_classes", 0), rank = o.l.rank(x);
  if (!o.l.failed() && (classes < 1 || classes > (1 << 24)))
    return o.wrongArgument("num_classes", "a number of classes");
  int64_t axis = o.axis("axis", rank + 1, -1);
  if (o.l.failed())
    return {};
  if (!isa<IntegerType>(o.l.elementType(x)))
    x = o.l.cast(x, IntegerType::get(o.l.context(), 32));
  Sizes column(o.l.shape(x));
  column.push_back(1);
  Value places = o.iota(o.l.elementType(x), classes, rank, rank + 1);
  Value found = o.l.moveAxis(o.l.binary(B::Equal, o.l.reshape(x, column), places), rank, axis);
  return o.l.cast(found, o.elementType("dtype", Float32Type::get(o.l.context())));
}

static Results oneHot(O &o) {
  if (o.flag("sparse", false))
    return o.l.fail() << "sparse tensors are not supported";
  return {oneHotTensor(o)};
}

//===-- Normalizations ------------------------------------------------------------------------------------------===//

static bool isNarrow(O &o, Value x) { return o.l.elementType(x).getIntOrFloatBitWidth() < 32; }
static Value single(O &o, Value x) {
  return o.l.failed() || !isNarrow(o, x) ? x : o.l.cast(x, Float32Type::get(o.l.context()));
}

/// x / max(|x|, epsilon) with the norm of the given order.
static Results normalize(O &o) {
  Value x = o.real("x");
  double order = o.number("order", 2), epsilon = o.number("epsilon", 1e-7);
  if (o.l.failed())
    return {};
  Sizes axes = o.has("axis") ? o.axes("axis", o.l.rank(x)) : Sizes{o.l.rank(x) - 1};
  if (order == 2)
    return {o.l.normalize(nn::NormalizeFunction::L2, x, axes, epsilon * epsilon)};
  if (order != 1)
    return o.l.fail() << "argument 'order' " << order << " is not supported";
  Sizes kept(o.l.shape(x));
  for (int64_t axis : axes)
    kept[axis] = 1;
  Value norm = o.l.reshape(o.l.reduce(R::Sum, o.l.unary(U::Abs, x), axes), kept);
  return {o.l.div(x, o.l.maximum(norm, epsilon))};
}

/// A tensor over one axis of a tensor of `rank` dimensions.
static Value alongAxis(O &o, StringRef name, int64_t axis, int64_t rank, Type type) {
  Value v = o.l.cast(o.real(name), type);
  if (o.l.failed() || o.l.rank(v) != 1)
    return v;
  Sizes shape(rank, 1);
  shape[axis] = o.l.shape(v)[0];
  return o.l.reshape(v, shape);
}

/// (x - mean) * scale / sqrt(variance + epsilon) + offset
static Results batchNorm(O &o) {
  Value x = o.real("x");
  int64_t rank = o.l.rank(x), axis = o.axis("axis", rank, -1);
  if (o.l.failed())
    return {};
  Type type = o.l.elementType(x);
  x = single(o, x);
  auto part = [&](StringRef name) { return alongAxis(o, name, axis, rank, o.l.elementType(x)); };
  Value variance = part("variance"), mean = part("mean");
  Value factor = o.l.unary(U::Rsqrt, o.l.add(variance, o.number("epsilon", 1e-3)));
  if (!o.l.failed() && o.has("scale"))
    factor = o.l.mul(factor, part("scale"));
  Value y = o.l.mul(o.l.sub(x, mean), factor);
  if (!o.l.failed() && o.has("offset"))
    y = o.l.add(y, part("offset"));
  return {o.l.cast(y, type)};
}

/// layer_normalization and rms_normalization: over trailing axes, with parameters of those axes' shape.
static Results scaledNorm(O &o, nn::NormalizeFunction function, double epsilon, StringRef scale, StringRef offset) {
  Value x = o.real("x");
  if (!o.l.failed() && o.l.rank(x) == 0)
    return o.l.fail() << "expects at least one dimension";
  if (o.l.failed())
    return {};
  Sizes axes = o.has("axis") ? o.axes("axis", o.l.rank(x)) : Sizes{o.l.rank(x) - 1};
  if (o.flag("rms_scaling", false))
    return o.l.fail() << "argument 'rms_scaling' is not supported";
  if (o.l.failed())
    return {};
  Type type = o.l.elementType(x);
  x = single(o, x);
  Sizes shape(o.l.rank(x), 1);
  for (int64_t axis : axes)
    shape[axis] = o.l.shape(x)[axis];
  auto part = [&](StringRef name) { return o.l.reshape(o.l.cast(o.real(name), o.l.elementType(x)), shape); };
  Value y = o.l.normalize(function, x, axes, o.number("epsilon", epsilon));
  if (!o.l.failed() && o.has(scale))
    y = o.l.mul(y, part(scale));
  if (!o.l.failed() && !offset.empty() && o.has(offset))
    y = o.l.add(y, part(offset));
  return {o.l.cast(y, type)};
}

static Results layerNorm(O &o) { return scaledNorm(o, nn::NormalizeFunction::Layer, 1e-7, "gamma", "beta"); }
static Results rmsNorm(O &o) { return scaledNorm(o, nn::NormalizeFunction::Rms, 1e-7, "scale", ""); }

//===-- Windows -------------------------------------------------------------------------------------------------===//

namespace {

/// The arguments of a convolution or pooling over the spatial dimensions of `x`, which is channels last.
struct Window {
  Value x;
  bool channelsFirst = false;
  Sizes strides, dilations, pads;
};

} // namespace

static Sizes spatialSizes(O &o, StringRef name, int64_t rank, const Sizes &standard) {
  if (rank < 1)
    return o.l.fail() << "expects at least one spatial dimension", Sizes{1};
  Sizes sizes = o.has(name) ? o.integers(name) : standard;
  bool countsAll = static_cast<int64_t>(sizes.size()) == rank + 2 && sizes.front() == 1 && sizes.back() == 1;
  if (countsAll) // TensorFlow's sizes of batch and channels
    sizes = Sizes(ArrayRef(sizes).drop_front().drop_back());
  if (sizes.size() == 1)
    sizes.assign(rank, sizes[0]);
  bool fits = static_cast<int64_t>(sizes.size()) == rank;
  if (!o.l.failed() && (!fits || llvm::any_of(sizes, [](int64_t s) { return s < 1 || s > INT32_MAX; })))
    o.wrongArgument(name, "positive numbers, one per spatial dimension");
  sizes.resize(rank, 1);
  return sizes;
}

static Window windowOf(O &o, Sizes window, const Sizes &standardStrides) {
  const std::string format = o.string("data_format", "channels_last");
  Window w{o.real("inputs"), format == "channels_first", {}, {}, {}};
  if (!llvm::is_contained({"channels_last", "channels_first", "NHWC", "NWC"}, format))
    return o.l.fail() << "data_format '" << format << "' is not supported", w;
  int64_t rank = o.l.rank(w.x) - 2;
  if (o.l.failed() || rank < 1 || rank > 3)
    return o.l.fail() << "expects one to three spatial dimensions; got " << shapeText(o.l.shape(w.x)), w;
  if (w.channelsFirst)
    w.x = o.l.moveAxis(w.x, 1, rank + 1);
  w.strides = spatialSizes(o, "strides", rank, standardStrides);
  w.dilations = spatialSizes(o, "dilation_rate", rank, Sizes(rank, 1));
  std::string padding = o.string("padding", "valid");
  bool same = padding == "same" || padding == "SAME";
  if (!same && padding != "valid" && padding != "VALID")
    o.l.fail() << "padding '" << padding << "' is not supported";
  if (window.size() == 1)
    window.assign(rank, window[0]);
  if (static_cast<int64_t>(window.size()) != rank)
    o.l.fail() << "window of " << window.size() << " dimensions does not fit the input " << shapeText(o.l.shape(w.x));
  for (int64_t d = 0; d < rank && !o.l.failed(); ++d) {
    int64_t size = o.l.shape(w.x)[d + 1], effective = (window[d] - 1) * w.dilations[d] + 1;
    int64_t count = (size + w.strides[d] - 1) / w.strides[d];
    int64_t total = same ? std::max<int64_t>((count - 1) * w.strides[d] + effective - size, 0) : 0;
    w.pads.append({total / 2, total - total / 2});
  }
  return w;
}

static Value back(O &o, const Window &w, Value y) {
  return w.channelsFirst && !o.l.failed() ? o.l.moveAxis(y, o.l.rank(y) - 1, 1) : y;
}

template <nn::PoolFunction function> static Results pool(O &o) {
  Sizes window = o.integers("pool_size");
  Value x = o.real("inputs");
  if (o.l.failed())
    return {};
  window = spatialSizes(o, "pool_size", o.l.rank(x) - 2, window);
  Window w = windowOf(o, window, window);
  return {back(o, w, o.l.create<nn::PoolOp>(function, w.x, window, o.l.unless(1, w.strides), o.l.unless(0, w.pads)))};
}

template <nn::PoolFunction function> static Results adaptivePoolOperation(O &o) {
  Window w = windowOf(o, {1}, {1});
  if (o.l.failed())
    return {};
  Sizes sizes = spatialSizes(o, "output_size", o.l.rank(w.x) - 2, {});
  return {back(o, w, layerc::adaptivePool(o.l, function, w.x, sizes))};
}

static Value kernelOf(O &o, StringRef name, const Window &w) {
  Value kernel = o.l.failed() ? Value() : o.l.cast(o.real(name), o.l.elementType(w.x));
  if (!o.l.failed() && o.l.rank(kernel) != o.l.rank(w.x))
    return o.l.fail() << "kernel of shape " << shapeText(o.l.shape(kernel)) << " does not fit the input "
                      << shapeText(o.l.shape(w.x));
  return kernel;
}

static Value convolve(O &o, const Window &w, Value kernel, int64_t groups) {
  return o.l.create<nn::ConvOp>(w.x, kernel, o.l.unless(1, w.strides), o.l.unless(0, w.pads),
                                o.l.unless(1, w.dilations), groups);
}

/// The window of a kernel argument, without its two channel dimensions.
static Sizes kernelWindow(O &o, StringRef name) {
  Value kernel = o.tensor(name);
  if (o.l.failed() || o.l.rank(kernel) < 3)
    return o.l.fail() << "expects a kernel of rank 3 or more", Sizes{1};
  return Sizes(o.l.shape(kernel).drop_back(2));
}

static Results conv(O &o) {
  Window w = windowOf(o, kernelWindow(o, "kernel"), {1});
  Value kernel = kernelOf(o, "kernel", w);
  if (o.l.failed())
    return {};
  int64_t channels = o.l.shape(w.x).back(), depth = o.l.shape(kernel)[o.l.rank(kernel) - 2];
  if (depth == 0 || channels % depth != 0)
    return o.l.fail() << "kernel of " << depth << " channels does not divide the input's " << channels;
  return {back(o, w, convolve(o, w, kernel, channels / depth))};
}

/// Keras' kernel [k..., C, m] is [k..., 1, C * m] in C groups.
static Value depthwise(O &o, const Window &w, StringRef name) {
  Value kernel = kernelOf(o, name, w);
  if (o.l.failed())
    return {};
  Sizes shape(o.l.shape(kernel));
  shape.back() *= shape[shape.size() - 2];
  shape[shape.size() - 2] = 1;
  return convolve(o, w, o.l.reshape(kernel, shape), o.l.shape(w.x).back());
}

/// Keras' kernel is [k..., filters, channels].
static Results convTranspose(O &o) {
  Window w = windowOf(o, {1}, {1});
  Value kernel = o.asWeight(kernelOf(o, "kernel", w));
  if (o.l.failed())
    return {};
  int64_t rank = o.l.rank(w.x) - 2;
  bool same = StringRef(o.string("padding", "valid")).lower() == "same";
  Sizes sizes, crops, extra = o.has("output_padding") ? o.integers("output_padding") : Sizes();
  if (extra.size() == 1)
    extra.assign(rank, extra[0]);
  if (o.l.failed() || (!extra.empty() && static_cast<int64_t>(extra.size()) != rank))
    return o.wrongArgument("output_padding", "one number per spatial dimension");
  for (int64_t d = 0; d < rank; ++d) {
    if (!extra.empty() && (extra[d] < 0 || extra[d] >= w.strides[d]))
      return o.l.fail() << "'output_padding' must be below the stride " << w.strides[d] << "; got " << extra[d];
    TransposedWindow window =
        transposedWindow(o.l.shape(w.x)[d + 1], (o.l.shape(kernel)[d] - 1) * w.dilations[d] + 1, w.strides[d], same,
                         extra.empty() ? std::nullopt : std::optional(extra[d]));
    sizes.push_back(window.size);
    crops.push_back(window.crop);
  }
  kernel = o.l.moveAxis(kernel, rank, rank + 1);
  return {back(o, w,
               o.l.create<nn::ConvTransposeOp>(w.x, kernel, ArrayRef<int64_t>(sizes), o.l.unless(1, w.strides),
                                               o.l.unless(0, crops), o.l.unless(1, w.dilations)))};
}

static Results depthwiseConv(O &o) {
  Window w = windowOf(o, kernelWindow(o, "kernel"), {1});
  return {back(o, w, depthwise(o, w, "kernel"))};
}

static Results separableConv(O &o) {
  Window w = windowOf(o, kernelWindow(o, "depthwise_kernel"), {1});
  Value y = depthwise(o, w, "depthwise_kernel"), kernel = kernelOf(o, "pointwise_kernel", w);
  return {back(o, w, o.l.create<nn::ConvOp>(y, kernel, DenseI64ArrayAttr(), DenseI64ArrayAttr(), DenseI64ArrayAttr()))};
}

//===-- Attention -----------------------------------------------------------------------------------------------===//

/// (N, T, H, D) against (N, S, H, D); fewer heads of key and value serve equal groups of query heads.
static Results attention(O &o) {
  Value q = o.real("query"), k = o.real("key"), v = o.real("value");
  if (o.l.failed())
    return {};
  if (o.l.rank(q) != 4 || o.l.rank(k) != 4 || o.l.rank(v) != 4)
    return o.l.fail() << "expects query, key and value of rank 4; got " << shapeText(o.l.shape(q));
  if (o.has("attn_logits_soft_cap"))
    return o.l.fail() << "argument 'attn_logits_soft_cap' is not supported";
  int64_t heads = o.l.shape(q)[2], own = o.l.shape(k)[2], from = o.l.shape(k)[1], to = o.l.shape(q)[1];
  if (own == 0 || heads % own != 0)
    return o.l.fail() << own << " heads of the key do not divide " << heads << " of the query";
  auto repeatHeads = [&](Value x) {
    Sizes shape(o.l.shape(x)), split{shape[0], shape[1], own, 1, shape[3]}, wide(split);
    wide[3] = heads / own;
    shape[2] = heads;
    return own == heads ? x : o.l.reshape(o.l.create<nn::BroadcastOp>(o.l.reshape(x, split), wide), shape);
  };
  k = repeatHeads(k);
  v = repeatHeads(v);
  Type type = o.l.elementType(q);
  double scale = o.number("scale", 1 / std::sqrt(static_cast<double>(o.l.shape(q)[3])));
  Value logits = o.l.mul(single(o, einsum(o.l, "BTNH,BSNH->BNTS", q, k)), scale);
  if (!o.l.failed() && o.has("bias"))
    logits = o.l.add(logits, o.l.cast(o.real("bias"), o.l.elementType(logits)));
  Value mask = o.has("mask") ? o.boolean("mask") : Value();
  if (o.flag("is_causal", false)) {
    Type integer = IntegerType::get(o.l.context(), 32);
    Value row = o.iota(integer, to, 0, 2), column = o.iota(integer, from, 1, 2);
    Value past = o.l.binary(B::LessEqual, column, row);
    mask = mask ? o.l.binary(B::And, mask, past) : past;
  }
  if (mask && !o.l.failed()) {
    double masked = type.isF16() ? -0.7 * 65500 : -0.7 * 3.38953139e38;
    Value low = o.l.scalar(masked, logits);
    logits = o.l.select(mask, logits, low);
  }
  Value weights = o.l.failed() ? Value() : o.l.cast(o.l.softmax(logits, {3}), type);
  return {einsum(o.l, "BNTS,BSNH->BTNH", weights, v)};
}

//===-- Images --------------------------------------------------------------------------------------------------===//

static bool isChannelsFirst(O &o) { return o.string("data_format", "channels_last") == "channels_first"; }

/// Blocks of channels become blocks of pixels, or back.
template <bool toSpace> static Results rearrangeBlocks(O &o) {
  Value x = o.tensor("x");
  int64_t block = o.integer("block_size", 2);
  bool first = isChannelsFirst(o);
  if (!o.l.failed() && (o.l.rank(x) != 4 || block < 1 || block > 4096))
    return o.l.fail() << "expects images of rank 4 and a positive block size";
  if (first)
    x = o.l.moveAxis(x, 1, 3);
  if (o.l.failed())
    return {};
  int64_t n = o.l.shape(x)[0], h = o.l.shape(x)[1], w = o.l.shape(x)[2], c = o.l.shape(x)[3];
  if (toSpace ? c % (block * block) != 0 : (h % block != 0 || w % block != 0))
    return o.l.fail() << "blocks of " << block << " do not divide " << shapeText(o.l.shape(x));
  Value y;
  if (toSpace) {
    y = o.l.transpose(o.l.reshape(x, {n, h, w, block, block, c / block / block}), {0, 1, 3, 2, 4, 5});
    y = o.l.reshape(y, {n, h * block, w * block, c / block / block});
  } else {
    y = o.l.transpose(o.l.reshape(x, {n, h / block, block, w / block, block, c}), {0, 1, 3, 2, 4, 5});
    y = o.l.reshape(y, {n, h / block, w / block, c * block * block});
  }
  return {first ? o.l.moveAxis(y, 3, 1) : y};
}

/// Interpolation of both image axes; narrowing without antialiasing takes samples, as Keras does.
static Results resize(O &o) {
  Value x = o.tensor("images");
  Sizes sizes = o.integers("size");
  std::string method = o.string("interpolation", "bilinear");
  for (const char *key : {"antialias", "crop_to_aspect_ratio", "pad_to_aspect_ratio"})
    if (o.flag(key, false))
      return o.l.fail() << "argument '" << key << "' is not supported";
  if (o.l.failed() || sizes.size() != 2 || o.l.rank(x) < 3 || o.l.rank(x) > 4)
    return o.l.fail() << "expects images of rank 3 or 4 and two sizes";
  bool first = isChannelsFirst(o), one = o.l.rank(x) == 3;
  Type type = o.l.elementType(x);
  if (one)
    x = o.l.reshape(x, {1, o.l.shape(x)[0], o.l.shape(x)[1], o.l.shape(x)[2]});
  if (first)
    x = o.l.moveAxis(x, 1, 3);
  if (method == "nearest") {
    x = o.l.create<nn::ResizeOp>(x, sizes);
  } else {
    x = o.l.failed() || isa<FloatType>(type) ? x : o.l.cast(x, Float32Type::get(o.l.context()));
    for (int64_t axis : {1, 2}) {
      int64_t in = o.l.failed() ? 1 : o.l.shape(x)[axis], out = sizes[axis - 1];
      if (out < 1 || boundedElements({in, out}) > (1 << 26))
        return o.l.fail() << "interpolates " << in << " to " << out << " elements";
      auto matrix = interpolationMatrix(method, in, out, SamplePositions::HalfPixel);
      if (!matrix || (out < in && method != "bilinear"))
        return o.l.fail() << "interpolation '" << method << "' is not supported here";
      Value weights = o.constant(o.l.elementType(x), {out, in}, *matrix);
      x = o.l.moveAxis(o.l.contract(x, weights, axis, 1), 3, axis);
    }
    if (!o.l.failed() && isa<IntegerType>(type))
      x = o.l.cast(o.l.unary(U::Round, x), type);
  }
  if (first)
    x = o.l.moveAxis(x, 3, 1);
  return {one && !o.l.failed() ? o.l.reshape(x, o.l.shape(x).drop_front()) : x};
}

ArrayRef<OperationRow> layerc::neuralOperations() {
  static const OperationRow rows[] = {
      {"AdaptiveAveragePool", "inputs", adaptivePoolOperation<nn::PoolFunction::Average>},
      {"AdaptiveMaxPool", "inputs", adaptivePoolOperation<nn::PoolFunction::Max>},
      {"AveragePool", "inputs", pool<nn::PoolFunction::Average>},
      {"BatchNorm", "x mean variance offset scale", batchNorm},
      {"Celu", "x", celu},
      {"Conv", "inputs kernel", conv},
      {"ConvTranspose", "inputs kernel", convTranspose},
      {"DepthToSpace", "x", rearrangeBlocks<true>},
      {"DepthwiseConv", "inputs kernel", depthwiseConv},
      {"DotProductAttention", "query key value bias mask scale", attention},
      {"Elu", "x", eluOperation},
      {"Gelu", "x", geluOperation},
      {"Glu", "x", [](O &o) { return overAxis(o, "glu"); }},
      {"HardShrink", "x", hardShrink},
      {"HardSigmoid", "x", named},
      {"HardSilu", "x", named},
      {"HardTanh", "x", named},
      {"LayerNorm", "x gamma beta", layerNorm},
      {"LeakyRelu", "x", leakyReluOperation},
      {"LogSigmoid", "x", named},
      {"LogSoftmax", "x", softmax<true>},
      {"MaxPool", "inputs", pool<nn::PoolFunction::Max>},
      {"Normalize", "x", normalize},
      {"OneHot", "x", oneHot},
      {"RMSNorm", "x scale", rmsNorm},
      {"Relu", "x", reluOperation},
      {"Relu6", "x", named},
      {"Resize", "images", resize},
      {"Selu", "x", named},
      {"SeparableConv", "inputs depthwise_kernel pointwise_kernel", separableConv},
      {"Sigmoid", "x", named},
      {"Silu", "x", named},
      {"SoftShrink", "x", softShrink},
      {"Softmax", "x", softmax<false>},
      {"Softplus", "x", named},
      {"Softsign", "x", named},
      {"SpaceToDepth", "x", rearrangeBlocks<false>},
      {"SparsePlus", "x", named},
      {"SparseSigmoid", "x", named},
      {"Sparsemax", "x", [](O &o) { return overAxis(o, "sparsemax"); }},
      {"Squareplus", "x", squareplus},
      {"TanhShrink", "x", named},
      {"Threshold", "x", threshold},
  };
  return rows;
}
