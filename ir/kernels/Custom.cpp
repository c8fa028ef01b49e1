// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Description of the custom template: one nn.custom_call and nothing else, whole, in one unit, with the scratch it
// asked for. Nothing is fused with it, since nobody knows what it does.
#include "ir/kernels/Custom.h"

#include "mlir/IR/Block.h"

using namespace mlir;
using namespace layerc;

nn::CustomCallOp layerc::customCall(Block &body) {
  auto calls = body.getOps<nn::CustomCallOp>();
  return calls.empty() ? nn::CustomCallOp() : *calls.begin();
}

namespace {

struct CustomTemplate final : KernelTemplate {
  StringRef name() const override { return "custom"; }

  bool accepts(Block &body, std::string &reason) const override {
    if (!customCall(body))
      return reason = "not a custom layer", false;
    if (llvm::range_size(body.without_terminator()) != 1)
      return reason = "nothing is fused with a custom layer", false;
    return true;
  }

  void candidates(nn::KernelOp kernel, const Target &, SmallVectorImpl<KernelChoice> &choices) const override {
    KernelChoice choice;
    choice.algorithm = name().str();
    choice.units = {1};
    choice.sharedScratch = static_cast<int64_t>(customCall(kernel.getBody().front()).getScratch());
    choice.layouts.resize(kernel.getNumOperands());
    choices.push_back(std::move(choice));
  }

  Access access(Block &, unsigned) const override { return Access::Whole; }

  /// The numbers tell which of the step's inputs each operand is, where one tensor is several of them.
  std::optional<ExternalCall> external(Block &body) const override {
    nn::CustomCallOp op = customCall(body);
    ExternalCall call{op.getSymbol().str(), op.getLayerClass().str(), {}, op.getConfig().str()};
    if (op.getInputs().size() != body.getNumArguments())
      for (Value input : op.getInputs())
        call.numbers.push_back(cast<BlockArgument>(input).getArgNumber());
    return call;
  }
};

} // namespace

const KernelTemplate &layerc::customTemplate() {
  static const CustomTemplate instance;
  return instance;
}
