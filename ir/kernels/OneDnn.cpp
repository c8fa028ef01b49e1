// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Description of the oneDNN template: one convolution, transposed convolution or matrix product with a bias and relu.
// What follows in the model stays outside and becomes loops, since nn-fuse asks accepts() before it lets an op join.
#include "ir/kernels/OneDnn.h"

#include "ir/kernels/ConvGeometry.h"

#include "mlir/IR/Block.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace layerc;

namespace {

/// What follows the heavy op.
struct Epilogue {
  bool bias = false;
  int64_t activation = 0; ///< 0: none, -1: relu, n > 0: relu of at most n
};

/// n of `min(last, n)` with a whole number n > 0, else 0.
int64_t capOf(nn::BinaryOp op, Value last) {
  DenseElementsAttr cap;
  if (op.getFunction() != nn::BinaryFunction::Minimum || op.getLhs() != last ||
      !matchPattern(op.getRhs(), m_Constant(&cap)) || !cap.isSplat())
    return 0;
  double number = cap.getSplatValue<APFloat>().convertToDouble();
  return number > 0 && number < 1e6 && number == static_cast<int64_t>(number) ? static_cast<int64_t>(number) : 0;
}

bool isBias(nn::BinaryOp op, Value last) {
  auto channels = cast<RankedTensorType>(last.getType()).getShape().take_back();
  return op.getFunction() == nn::BinaryFunction::Add && op.getLhs() == last && isa<BlockArgument>(op.getRhs()) &&
         cast<RankedTensorType>(op.getRhs().getType()).getShape() == channels;
}

/// The ops behind `anchor`, if they are a bias, then relu, then a minimum, each of which may be missing.
std::optional<Epilogue> epilogueOf(Operation *anchor) {
  Epilogue epilogue;
  Value last = anchor->getResult(0);
  for (Operation *op = anchor->getNextNode(); !isa<nn::YieldOp>(op); op = op->getNextNode()) {
    if (isa<nn::ConstantOp>(op))
      continue;
    auto binary = dyn_cast<nn::BinaryOp>(op);
    auto unary = dyn_cast<nn::UnaryOp>(op);
    if (binary && epilogue.activation == 0 && !epilogue.bias && isBias(binary, last))
      epilogue.bias = true;
    else if (unary && epilogue.activation == 0 && unary.getFunction() == nn::UnaryFunction::Relu &&
             unary.getInput() == last)
      epilogue.activation = -1;
    else if (binary && epilogue.activation < 0 && capOf(binary, last) > 0)
      epilogue.activation = capOf(binary, last);
    else
      return std::nullopt;
    last = op->getResult(0);
  }
  auto yield = cast<nn::YieldOp>(anchor->getBlock()->getTerminator());
  if (yield.getValues().size() != 1 || yield.getValues().front() != last)
    return std::nullopt;
  return epilogue;
}

/// oneDNN crops, but does not add zeros behind the last element that an input reaches.
bool reachesItsEnd(nn::ConvTransposeOp op) {
  for (int64_t d = 0; d < op.spatialRank(); ++d) {
    int64_t reach = (op.getKernel().getType().getDimSize(d) - 1) * op.dilation(d) + 1;
    int64_t full = (op.getInput().getType().getDimSize(d + 1) - 1) * op.stride(d) + reach;
    if (op.crop(d) + op.getSizes()[d] > full)
      return false;
  }
  return true;
}

struct OneDnnTemplate final : KernelTemplate {
  StringRef name() const override { return "onednn"; }

  bool accepts(Block &body, std::string &reason) const override {
    auto geometry = convGeometry(body, reason);
    if (!geometry)
      return false;
    Operation *anchor = geometry->anchor;
    if (geometry->packed)
      return reason = "the kernel is packed for another template", false;
    if (auto transposed = dyn_cast<nn::ConvTransposeOp>(anchor); transposed && !reachesItsEnd(transposed))
      return reason = "the result reaches beyond the kernel", false;
    std::optional<Epilogue> epilogue = epilogueOf(anchor);
    if (!epilogue)
      return reason = "oneDNN is given a bias and relu only", false;
    bool inOrder = body.getNumArguments() == (epilogue->bias ? 3 : 2) && geometry->input == body.getArgument(0) &&
                   geometry->kernel == body.getArgument(1);
    if (!inOrder)
      return reason = "an operand is used twice", false;
    return true;
  }

  void candidates(nn::KernelOp kernel, const Target &target, SmallVectorImpl<KernelChoice> &choices) const override {
    ConvGeometry g = convGeometry(kernel.getBody().front());
    constexpr double callNanoseconds = 2000; // measured on layers too small to matter, oneDNN 2.6
    constexpr double shareOfPeak = 0.6;      // of a typical convolution of ResNet50 with the channels last
    double fmas = target.fmasPerNanosecond > 0 ? target.fmasPerNanosecond : 6.0 * target.lanes();
    KernelChoice choice;
    choice.algorithm = name().str();
    choice.units = {1};
    choice.nanoseconds =
        callNanoseconds + static_cast<double>(g.pixels()) * g.depth() * g.outChannels / (shareOfPeak * fmas);
    choice.layouts.resize(kernel.getNumOperands());
    choices.push_back(std::move(choice));
  }

  Access access(Block &, unsigned) const override { return Access::Whole; }

  std::optional<ExternalCall> external(Block &body) const override {
    Operation *anchor = convAnchor(body);
    ExternalCall call{"layerc_onednn", anchor->getName().stripDialect().str(), {epilogueOf(anchor)->activation}, ""};
    auto addSpatial = [&](auto op, int64_t groups, auto before) {
      call.numbers.push_back(groups);
      for (int64_t d = 0; d < op.spatialRank(); ++d)
        call.numbers.push_back(op.stride(d));
      for (int64_t d = 0; d < op.spatialRank(); ++d)
        call.numbers.push_back(op.dilation(d));
      for (int64_t d = 0; d < op.spatialRank(); ++d)
        call.numbers.push_back(before(d));
    };
    llvm::TypeSwitch<Operation *>(anchor)
        .Case([&](nn::ConvOp op) { addSpatial(op, op.getGroups(), [&](int64_t d) { return op.padLow(d); }); })
        .Case([&](nn::ConvTransposeOp op) { addSpatial(op, 1, [&](int64_t d) { return op.crop(d); }); });
    return call;
  }
};

} // namespace

const KernelTemplate &layerc::oneDnnTemplate() {
  static const OneDnnTemplate instance;
  return instance;
}
