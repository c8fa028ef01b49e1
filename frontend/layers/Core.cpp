// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Core layers: Dense and Activation.
#include "frontend/Importers.h"

using namespace mlir;
using namespace layerc;

/// Each row of x as whole numbers from -127 to 127 times the kernel's whole numbers, over both scales. float32 holds
/// the sums exactly up to 1,040 terms. A configuration without an activation quantizer leaves x as it is.
static Value int8Dense(LayerImport &l, Value x, int64_t units) {
  using B = nn::BinaryFunction;
  int64_t last = l.rank(x) - 1;
  Value kernel = l.cast(l.int8Weight("kernel", {l.shape(x)[last], units}), l.computeType());
  Value bias = l.flag("use_bias", true) ? l.weight("bias", {units}) : Value(),
        scale = l.weight("kernel_scale", {units});
  const nlohmann::json *config = l.config("quantization_config");
  bool quantizesInputs = !config || !config->is_object() || !config->contains("config") ||
                         !(*config)["config"].contains("activation_quantizer") ||
                         !(*config)["config"]["activation_quantizer"].is_null();
  if (quantizesInputs && !l.failed()) {
    Sizes row(l.shape(x));
    row[last] = 1;
    Value top = l.reshape(l.reduce(nn::ReduceFunction::Max, l.unary(nn::UnaryFunction::Abs, x), {last}), row);
    Value rowScale = l.binary(B::Div, 127.0, l.add(top, 1e-7));
    x = l.minimum(l.maximum(l.unary(nn::UnaryFunction::Round, l.mul(x, rowScale)), -127), 127);
    scale = l.mul(rowScale, scale);
  }
  Value y = l.div(l.contract(x, kernel, last, 0), scale);
  return bias ? l.add(y, bias) : y;
}

/// activation(x . kernel + bias) over the last axis, at any rank.
Results layerc::importDense(LayerImport &l) {
  Value x = l.floatInput();
  int64_t units = l.positive("units", 1)[0], last = l.rank(x) - 1;
  if (!l.failed() && last < 1)
    return l.fail() << "expects an input of rank 2 or more; got " << shapeText(l.shape(x));
  if (l.failed())
    return {};
  if (l.isInt8())
    return {l.activation(int8Dense(l, x, units))};
  Value kernel = l.weight("kernel", {l.shape(x)[last], units});
  return {l.activation(l.addBias(l.contract(x, kernel, last, 0)))};
}

Results layerc::importActivation(LayerImport &l) { return {l.activation(l.floatInput())}; }
