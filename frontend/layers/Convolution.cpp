// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolution layers. Depthwise convolution is a convolution with one group per channel; a separable one is two.
#include "frontend/Importers.h"
#include "frontend/layers/Windows.h"

#include "llvm/ADT/SmallVectorExtras.h"

using namespace mlir;
using namespace layerc;

namespace {
/// The configuration that all convolutions share.
struct Geometry {
  Sizes kernel, strides, dilations;
};
} // namespace

static Geometry geometry(LayerImport &l) {
  int64_t rank = l.spatialRank();
  Geometry g{l.positive("kernel_size", rank), l.positive("strides", rank, 1), l.positive("dilation_rate", rank, 1)};
  return g;
}

static Sizes join(ArrayRef<int64_t> spatial, int64_t a, int64_t b) {
  Sizes shape(spatial);
  shape.append({a, b});
  return shape;
}

static Value convolve(LayerImport &l, Value x, Value kernel, const Geometry &g, int64_t groups) {
  Sizes pads = windowPads(l, l.shape(x), g.kernel, g.strides, g.dilations, /*allowCausal=*/g.kernel.size() == 1);
  return l.create<nn::ConvOp>(x, kernel, l.unless(1, g.strides), l.unless(0, pads), l.unless(1, g.dilations), groups);
}

Results layerc::importConv(LayerImport &l) {
  Geometry g = geometry(l);
  int64_t filters = l.positive("filters", 1)[0], groups = l.positive("groups", 1, 1)[0];
  Value x = l.channelsLast(l.floatInput());
  if (l.failed())
    return {};
  int64_t channels = l.shape(x).back();
  if (channels % groups != 0 || filters % groups != 0)
    return l.fail() << "'groups' does not divide input channels and filters: " << groups << ", " << channels << ", "
                    << filters;
  if (stridesAndDilates(g.strides, g.dilations))
    return l.fail() << "'strides' and 'dilation_rate' are both above 1";
  Value kernel = convolutionKernel(l, "kernel", join(g.kernel, channels / groups, filters));
  Value y = l.addBias(convolve(l, x, kernel, g, groups));
  return {l.back(l.activation(y))};
}

/// The depthwise part of a layer: Keras' kernel [k..., C, m] is [k..., 1, C * m] in C groups.
static Value depthwise(LayerImport &l, Value x, const Geometry &g, StringRef name) {
  int64_t multiplier = l.positive("depth_multiplier", 1, 1)[0];
  if (l.failed())
    return {};
  int64_t channels = l.shape(x).back();
  Value kernel = l.weight(name, join(g.kernel, channels, multiplier));
  return convolve(l, x, l.reshape(kernel, join(g.kernel, 1, channels * multiplier)), g, channels);
}

Results layerc::importDepthwiseConv(LayerImport &l) {
  Geometry g = geometry(l);
  Value y = depthwise(l, l.channelsLast(l.floatInput()), g, "kernel");
  return {l.back(l.activation(l.addBias(y)))};
}

Results layerc::importSeparableConv(LayerImport &l) {
  Geometry g = geometry(l);
  int64_t filters = l.positive("filters", 1)[0];
  Value y = depthwise(l, l.channelsLast(l.floatInput()), g, "depthwise_kernel");
  if (l.failed())
    return {};
  Sizes ones(g.kernel.size(), 1);
  Value kernel = l.weight("pointwise_kernel", join(ones, l.shape(y).back(), filters));
  y = l.create<nn::ConvOp>(y, kernel, DenseI64ArrayAttr(), DenseI64ArrayAttr(), DenseI64ArrayAttr());
  return {l.back(l.activation(l.addBias(y)))};
}

Results layerc::importConvTranspose(LayerImport &l) {
  Geometry g = geometry(l);
  int64_t filters = l.positive("filters", 1)[0], rank = l.spatialRank();
  std::optional<Sizes> extra;
  if (l.config("output_padding"))
    extra = l.integers("output_padding", rank);
  std::string padding = l.string("padding", "valid");
  Value x = l.channelsLast(l.floatInput());
  if (!l.failed() && padding != "valid" && padding != "same")
    return l.fail() << "padding '" << padding << "' is not supported";
  if (!l.failed() && stridesAndDilates(g.strides, g.dilations))
    return l.fail() << "'strides' and 'dilation_rate' are both above 1";
  if (l.failed())
    return {};
  Sizes sizes, crops, permutation;
  for (int64_t d = 0; d < rank; ++d) {
    std::optional<int64_t> padding1 = extra ? std::optional((*extra)[d]) : std::nullopt;
    if (padding1 && (*padding1 < 0 || *padding1 >= g.strides[d]))
      return l.fail() << "'output_padding' must be below the stride " << g.strides[d] << "; got " << *padding1;
    TransposedWindow window = transposedWindow(l.shape(x)[d + 1], (g.kernel[d] - 1) * g.dilations[d] + 1, g.strides[d],
                                               padding == "same", padding1);
    sizes.push_back(window.size);
    crops.push_back(window.crop);
  }
  Value kernel = convolutionKernel(l, "kernel", join(g.kernel, filters, l.shape(x).back()));
  kernel = l.moveAxis(kernel, rank, rank + 1); // Keras keeps the filters before the input channels
  Value y = l.create<nn::ConvTransposeOp>(x, kernel, ArrayRef<int64_t>(sizes), l.unless(1, g.strides),
                                          l.unless(0, crops), l.unless(1, g.dilations));
  return {l.back(l.activation(l.addBias(y)))};
}
