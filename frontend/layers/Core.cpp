// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Core layers: Dense and Activation.
#include "frontend/Importers.h"
#include "frontend/layers/Quantized.h"

using namespace mlir;
using namespace layerc;

static Value quantizedDense(LayerImport &l, Value x, int64_t units) {
  int64_t last = l.rank(x) - 1, inputs = l.shape(x)[last];
  QuantizedShapes shapes{{inputs, units}, {units}, 0, inputs, units, std::nullopt};
  if (l.flag("use_bias", true))
    shapes.bias = {units};
  QuantizedKernel kernel = quantizedKernel(l, shapes);
  auto multiply = [&](Value a, Value b) { return l.contract(a, b, last, 0); };
  auto keep = [](Value scale) { return scale; }; // the result has its units where x has its inputs
  return QuantizedProduct{{{last, 0}}, multiply, keep}.compute(l, x, kernel);
}

/// activation(x . kernel + bias) over the last axis, at any rank.
Results layerc::importDense(LayerImport &l) {
  Value x = l.floatInput();
  int64_t units = l.positive("units", 1)[0], last = l.rank(x) - 1;
  if (!l.failed() && last < 1)
    return l.fail() << "expects an input of rank 2 or more; got " << shapeText(l.shape(x));
  if (l.failed())
    return {};
  if (l.quantization())
    return {l.activation(quantizedDense(l, x, units))};
  Value kernel = l.weight("kernel", {l.shape(x)[last], units});
  return {l.activation(l.addBias(l.contract(x, kernel, last, 0)))};
}

Results layerc::importActivation(LayerImport &l) { return {l.activation(l.floatInput())}; }
