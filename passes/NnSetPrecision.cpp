// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nn-set-precision: the only pass that says how contractions and convolutions compute.
#include "passes/Passes.h"

namespace layerc {
#define GEN_PASS_DEF_NNSETPRECISION
#include "passes/Passes.h.inc"
} // namespace layerc

using namespace mlir;
using namespace layerc;

namespace {
struct NnSetPrecision : layerc::impl::NnSetPrecisionBase<NnSetPrecision> {
  using NnSetPrecisionBase::NnSetPrecisionBase;
  void runOnOperation() override {
    if (precision != "f32") {
      getOperation().emitError("expects precision f32; got ") << precision;
      return signalPassFailure();
    }
    getOperation().walk([&](Operation *op) {
      if (isa<nn::ConvOp, nn::ConvTransposeOp, nn::ContractOp>(op) && !nn::isWeightExpression(op->getResult(0)))
        op->setAttr("nn.precision", StringAttr::get(&getContext(), precision));
    });
  }
};
} // namespace
