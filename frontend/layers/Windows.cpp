// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Keras' padding words as numbers, and stored kernels; see Windows.h.
#include "frontend/layers/Windows.h"

using namespace mlir;
using namespace layerc;

Sizes layerc::windowPads(LayerImport &l, ArrayRef<int64_t> shape, ArrayRef<int64_t> window, ArrayRef<int64_t> strides,
                         ArrayRef<int64_t> dilations, bool allowCausal) {
  std::string padding = l.string("padding", "valid");
  Sizes pads(2 * window.size(), 0);
  bool causal = padding == "causal" && allowCausal;
  if (padding != "valid" && padding != "same" && !causal)
    l.fail() << "padding '" << padding << "' is not supported";
  for (size_t d = 0; !l.failed() && d < window.size(); ++d) {
    int64_t size = shape[d + 1], effective = (window[d] - 1) * dilations[d] + 1;
    if (padding == "valid" && effective > size)
      l.fail() << "a window of " << effective << " does not fit into " << size << " elements of spatial axis " << d;
    if (padding == "valid")
      continue;
    int64_t output = (size + strides[d] - 1) / strides[d];
    int64_t total = std::max<int64_t>((output - 1) * strides[d] + effective - size, 0);
    pads[2 * d] = causal ? effective - 1 : total / 2;
    pads[2 * d + 1] = causal ? 0 : total - total / 2;
  }
  return pads;
}

bool layerc::stridesAndDilates(ArrayRef<int64_t> strides, ArrayRef<int64_t> dilations) {
  auto aboveOne = [](int64_t n) { return n > 1; };
  return llvm::any_of(strides, aboveOne) && llvm::any_of(dilations, aboveOne);
}

TransposedWindow layerc::transposedWindow(int64_t size, int64_t effective, int64_t stride, bool same,
                                          std::optional<int64_t> extra) {
  if (!same)
    return {(size - 1) * stride + effective + extra.value_or(std::max<int64_t>(stride - effective, 0)), 0};
  if (!extra)
    return {size * stride, std::max<int64_t>(effective - stride, 0) / 2};
  int64_t odd = effective % 2;
  return {(size - 1) * stride + odd + *extra, std::max<int64_t>((effective - odd - *extra) / 2, 0)};
}

Value layerc::convolutionKernel(LayerImport &l, StringRef name, ArrayRef<int64_t> shape) {
  Value kernel = l.weight(name, shape);
  if (l.failed() || l.graph().backend != "theano" || shape.size() < 3)
    return kernel;
  return l.create<nn::ReverseOp>(kernel, ArrayRef<int64_t>{0, 1, 2}.take_front(shape.size() - 2));
}
