// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Description of the depthwise template: one kernel per channel, channels in vectors, a row of pixels in registers.
// Every input vector of a row is loaded once and feeds all its taps; the taps of one kernel row stay in registers.
#include "ir/kernels/Depthwise.h"

#include "mlir/IR/Block.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace layerc;

namespace {

struct DepthwiseTemplate final : KernelTemplate {
  StringRef name() const override { return "depthwise"; }

  bool accepts(Block &body, std::string &reason) const override {
    auto g = convGeometry(body, reason);
    if (!g)
      return false;
    if (!isa<nn::ConvOp>(g->anchor))
      return reason = "not a convolution", false;
    if (g->groups != g->inChannels || g->outChannels != g->inChannels || g->groups == 1)
      return reason = "not one kernel per channel", false;
    if (g->kernelSize[2] > kMostColumns)
      return reason = "a kernel row does not fit the registers", false;
    return convTemplate().accepts(body, reason);
  }

  void candidates(nn::KernelOp kernel, const Target &target, SmallVectorImpl<KernelChoice> &choices) const override {
    ConvGeometry g = convGeometry(kernel.getBody().front());
    DepthwiseTile tile;
    int64_t registers = target.vectorRegisters - g.kernelSize[2] - 2;
    tile.pixels = EvenTiles::of(g.out[2], std::clamp<int64_t>(registers, 1, 10)).wide;
    int64_t lines = g.pixels() / g.out[2];
    double work = static_cast<double>(g.pixels()) * g.depth() * g.outChannels;
    tile.rowBlocks = work < 100e3 ? 1 : std::min<int64_t>(lines, 8);
    KernelChoice choice;
    choice.algorithm = name().str();
    choice.tile = tile.numbers();
    choice.units = {tile.rowBlocks};
    double bytes = 4.0 * g.outChannels * (g.pixels() + g.batch * g.in[0] * g.in[1] * g.in[2]);
    choice.nanoseconds = work / target.lanes() / target.cyclesPerNanosecond() + target.readNanoseconds(bytes);
    choice.layouts.resize(kernel.getNumOperands());
    // The columns of one vector side by side, all kernel positions of a vector together.
    choice.layouts[cast<BlockArgument>(g.kernel).getArgNumber()] =
        nn::LayoutAttr::get(kernel.getContext(), "panels", target.lanes(), 1);
    choices.push_back(std::move(choice));
  }

  Access access(Block &body, unsigned operand) const override { return convTemplate().access(body, operand); }
};

} // namespace

const KernelTemplate &layerc::depthwiseTemplate() {
  static const DepthwiseTemplate instance;
  return instance;
}
