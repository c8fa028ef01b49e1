// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nn-pack-weights: nn.pack joins the recipe outside the kernel, nn.unpack stands inside, so that the body still says
// exactly what is computed.
#include "passes/Passes.h"
#include "passes/SelectKernel.h"

namespace layerc {
#define GEN_PASS_DEF_NNPACKWEIGHTS
#include "passes/Passes.h.inc"
} // namespace layerc

using namespace mlir;
using namespace layerc;

static void pack(nn::KernelOp kernel, unsigned operand, nn::LayoutAttr layout) {
  OpBuilder builder(kernel);
  Value weight = kernel.getInputs()[operand];
  Value packed = builder.create<nn::PackOp>(weight.getLoc(), weight, layout);
  BlockArgument argument = kernel.getBody().getArgument(operand);
  builder.setInsertionPointToStart(&kernel.getBody().front());
  argument.setType(packed.getType());
  auto unpacked = builder.create<nn::UnpackOp>(kernel.getLoc(), weight.getType(), argument, layout);
  argument.replaceAllUsesExcept(unpacked.getResult(), unpacked);
  kernel->setOperand(operand, packed);
}

namespace {
struct NnPackWeights : layerc::impl::NnPackWeightsBase<NnPackWeights> {
  void runOnOperation() override {
    getOperation().walk([](nn::KernelOp kernel) {
      auto layouts = kernel->getAttrOfType<ArrayAttr>(kLayoutsAttr);
      if (!layouts)
        return;
      for (auto [operand, layout] : llvm::enumerate(layouts))
        if (auto wanted = dyn_cast<nn::LayoutAttr>(layout))
          pack(kernel, operand, wanted);
      kernel->removeAttr(kLayoutsAttr);
    });
  }
};
} // namespace
