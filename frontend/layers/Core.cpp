// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Core layers: Dense and Activation.
#include "frontend/Importers.h"

using namespace mlir;
using namespace layerc;

/// activation(x . kernel + bias) over the last axis, at any rank.
Results layerc::importDense(LayerImport &l) {
  Value x = l.floatInput();
  int64_t units = l.positive("units", 1)[0], last = l.rank(x) - 1;
  if (!l.failed() && last < 1)
    return l.fail() << "expects an input of rank 2 or more; got " << shapeText(l.shape(x));
  if (l.failed())
    return {};
  Value kernel = l.weight("kernel", {l.shape(x)[last], units});
  return {l.activation(l.addBias(l.contract(x, kernel, last, 0)))};
}

Results layerc::importActivation(LayerImport &l) { return {l.activation(l.floatInput())}; }
