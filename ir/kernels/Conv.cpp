// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Description of the conv template: convolution, transposed convolution and Dense (one row included) with an
// elementwise body. Pixels times panels of columns in a register tile; loop orders and the tile rule are measured, see
// docs/kernels.md.
#include "ir/kernels/Conv.h"

#include "mlir/IR/Block.h"
#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace mlir;
using namespace layerc;

nn::SoftmaxOp layerc::trailingSoftmax(Block &body) {
  auto yield = cast<nn::YieldOp>(body.getTerminator());
  if (yield.getValues().size() != 1)
    return nullptr;
  auto softmax = yield.getValues().front().getDefiningOp<nn::SoftmaxOp>();
  if (!softmax || softmax.getLog() || softmax.getAxes() != ArrayRef<int64_t>{softmax.getType().getRank() - 1})
    return nullptr;
  return softmax;
}

double layerc::convStepCycles(int64_t pixels, int64_t vectors) {
  return std::max({pixels * vectors / 2.0, (pixels + vectors) / 2.0, 4.0});
}

namespace {

/// Gates whose sums, a vector each, leave registers for pixels.
constexpr int64_t kMostGates = 8;

struct ConvTemplate final : KernelTemplate {
  StringRef name() const override { return "conv"; }

  bool accepts(Block &body, std::string &reason) const override {
    auto geometry = convGeometry(body, reason);
    if (!geometry)
      return false;
    Operation *anchor = geometry->anchor;
    auto yield = cast<nn::YieldOp>(body.getTerminator());
    if (geometry->gates != 1)
      return acceptsGates(*geometry, body, reason);
    if (yield.getValues().size() != 1)
      return reason = "more than one result", false;
    nn::SoftmaxOp softmax = trailingSoftmax(body);
    if (softmax && (!isa<nn::ContractOp>(anchor) || !softmax.getType().getElementType().isF32()))
      return reason = "softmax is fused with f32 contractions only", false;
    Type shape = anchor->getResult(0).getType();
    for (Operation &op : body) {
      if (&op == anchor || isa<nn::UnpackOp, nn::YieldOp, nn::ConstantOp>(op) || &op == softmax.getOperation())
        continue;
      if (!nn::isElementwise(&op))
        return reason = (op.getName().getStringRef() + " is not elementwise").str(), false;
      if (cast<RankedTensorType>(op.getResult(0).getType()).getShape() != cast<RankedTensorType>(shape).getShape() &&
          llvm::is_contained(dependants(anchor), &op))
        return reason = "the shape changes after the convolution", false;
    }
    if (softmax && softmax.getInput().getType() != shape)
      return reason = "softmax of another shape", false;
    return true;
  }

  void candidates(nn::KernelOp kernel, const Target &target, SmallVectorImpl<KernelChoice> &choices) const override {
    Block &body = kernel.getBody().front();
    ConvGeometry g = convGeometry(body);
    int64_t lanes = target.lanes();
    int64_t line = g.pointwise() ? g.pixels() : longestLine(g);
    int64_t most = (line == 1 ? 8 : target.vectorRegisters / 4) / g.gates;
    most = std::clamp<int64_t>(llvm::divideCeil(g.columnsPerGate(), lanes), 1, std::max<int64_t>(1, most));
    for (int64_t vectors = 1; vectors <= most; ++vectors) {
      int64_t sums = vectors * g.gates, fits = std::max<int64_t>(1, (target.vectorRegisters - sums - 1) / sums);
      int64_t pixels = std::min<int64_t>({fits, 14, line, rowsInOneSet(g, target)});
      ConvTile tile;
      tile.pixels = EvenTiles::of(line, pixels).wide;
      tile.vectors = vectors;
      splitUnits(g, tile, target);
      KernelChoice choice;
      choice.algorithm = name().str();
      choice.tile = tile.numbers();
      choice.units = {tile.rowBlocks * tile.panelBlocks};
      if (trailingSoftmax(body))
        choice.units.push_back(g.pixels()); // one row each
      choice.nanoseconds = nanoseconds(g, tile, line, target);
      choice.layouts.resize(kernel.getNumOperands());
      unsigned operand = cast<BlockArgument>(g.kernel).getArgNumber();
      choice.layouts[operand] = nn::LayoutAttr::get(kernel.getContext(), g.gates == 1 ? "panels" : "gates",
                                                    vectors * lanes, g.groups * g.gates);
      choices.push_back(std::move(choice));
    }
  }

  Access access(Block &body, unsigned operand) const override {
    Value argument = body.getArgument(operand);
    Type shape = body.getTerminator()->getOperand(0).getType();
    if (argument.getType() != shape || trailingSoftmax(body))
      return Access::Whole;
    bool elementwise = llvm::all_of(argument.getUsers(), [](Operation *user) { return nn::isElementwise(user); });
    return elementwise ? Access::SameIndex : Access::Whole;
  }

private:
  /// Gates: what is computed from the anchor is elementwise of its shape, then cut into gates, then elementwise of a
  /// gate's shape. Slices of other operands may stand beside it.
  static bool acceptsGates(const ConvGeometry &g, Block &body, std::string &reason) {
    auto shapeOf = [](Value value) { return cast<RankedTensorType>(value.getType()).getShape(); };
    ArrayRef<int64_t> whole = shapeOf(g.anchor->getResult(0)), gate = shapeOf(body.getTerminator()->getOperand(0));
    if (g.gates > kMostGates || gate.size() != whole.size() || gate.drop_back() != whole.drop_back())
      return reason = "a result is no gate of the columns", false;
    SmallVector<Operation *> computed = dependants(g.anchor);
    for (Operation &op : body) {
      if (&op == g.anchor || isa<nn::UnpackOp, nn::ConstantOp>(op))
        continue;
      auto slice = dyn_cast<nn::SliceOp>(op);
      bool isComputed = llvm::is_contained(computed, &op);
      if (isa<nn::YieldOp>(op)) {
        if (llvm::any_of(op.getOperands(), [&](Value value) { return shapeOf(value) != gate; }))
          return reason = "results of different shapes", false;
      } else if (slice && isComputed) {
        bool isGate = shapeOf(slice.getInput()) == whole && shapeOf(slice) == gate && !slice.getStrides() &&
                      slice.getStarts().back() % gate.back() == 0;
        if (!isGate)
          return reason = "a part of the columns that is no gate", false;
      } else if (!slice && !nn::isElementwise(&op)) {
        return reason = (op.getName().getStringRef() + " is not elementwise").str(), false;
      } else if (!slice && isComputed && shapeOf(op.getResult(0)) != whole && shapeOf(op.getResult(0)) != gate) {
        return reason = "the shape changes after the convolution", false;
      }
    }
    return true;
  }

  static SmallVector<Operation *> dependants(Operation *anchor) {
    SmallVector<Operation *> ops{anchor};
    for (size_t i = 0; i < ops.size(); ++i)
      for (Operation *user : ops[i]->getUsers())
        if (!llvm::is_contained(ops, user))
          ops.push_back(user);
    return ops;
  }

  /// Rows that lie a multiple of an L1 way apart compete for the lines of one set: a tile holds at most as many of them
  /// as leave two ways to the panel. 13 rows of 3072 floats ran at 31 GFLOP/s where 6 reach 80.
  static int64_t rowsInOneSet(const ConvGeometry &g, const Target &target) {
    constexpr int64_t bytesOfWay = 4096;
    int64_t stride = 4 * g.inChannels * g.axes[2].front().inStride;
    return (target.l1Bytes / bytesOfWay - 2) * (bytesOfWay / std::gcd(bytesOfWay, stride));
  }

  static int64_t longestLine(const ConvGeometry &g) {
    int64_t line = 1;
    for (const AxisTaps &axis : g.axes[2])
      line = std::max(line, axis.outCount);
    return line;
  }

  /// Weights that leave L2 are split among units (each is then read by one worker); otherwise rows are, so that the
  /// input of a unit stays in L2 while its panels pass by. At least four units where there is work for two workers.
  static void splitUnits(const ConvGeometry &g, ConvTile &tile, const Target &target) {
    int64_t panels = llvm::divideCeil(g.columnsPerGate(), tile.vectors * target.lanes()) * g.groups;
    int64_t lines = g.pointwise() ? llvm::divideCeil(g.pixels(), tile.pixels) : g.pixels() / g.out[2];
    int64_t weightBytes = g.depth() * g.outChannels * 4;
    // With strides and few taps only some of the input is read.
    int64_t inputBytes =
        4 * std::min(g.batch * g.in[0] * g.in[1] * g.in[2] * g.inChannels, g.pixels() * g.depth() * g.groups);
    int64_t outputBytes = g.pixels() * g.outChannels * 4;
    tile.rowBlocks = std::clamp<int64_t>(llvm::divideCeil(inputBytes, target.l2Bytes * 3 / 4), 1, lines);
    double work = static_cast<double>(g.pixels()) * g.depth() * g.outChannels;
    if (work < 200e3) { // some microseconds: not worth a second worker
      tile.rowBlocks = 1;
      return;
    }
    if (weightBytes > inputBytes + outputBytes && panels >= 2)
      tile.panelBlocks = std::min<int64_t>(panels, std::max<int64_t>(4, llvm::divideCeil(weightBytes, 1 << 20)));
    else
      tile.rowBlocks = std::min<int64_t>(lines, llvm::alignTo(std::max<int64_t>(tile.rowBlocks, 4), 2));
  }

  static double nanoseconds(const ConvGeometry &g, const ConvTile &tile, int64_t line, const Target &target) {
    int64_t lanes = target.lanes(), width = tile.vectors * lanes, columns = g.columnsPerGate();
    double clock = target.cyclesPerNanosecond();
    // A panel that does not fit L2 beside the rows it meets comes from L3 for every tile.
    int64_t panelBytes = g.depth() * width * g.gates * 4;
    int64_t rowBytes =
        4 * std::min(g.batch * g.in[0] * g.in[1] * g.in[2] * g.inChannels, g.pixels() * g.depth()) / tile.rowBlocks;
    bool panelLeavesL2 = g.pixels() > tile.pixels && panelBytes + rowBytes > target.l2Bytes * 9 / 10;
    double fromL3 =
        panelLeavesL2 ? 4 * lanes / target.l3BytesPerNanosecond * clock : 0; // cycles per vector of the panel
    auto step = [&](int64_t pixels, int64_t vectors) {
      return std::max(convStepCycles(pixels, vectors), vectors * fromL3);
    };
    EvenTiles tiles = EvenTiles::of(line, tile.pixels);
    double cycles = 0;
    for (int64_t column = 0; column < columns; column += width) {
      int64_t vectors = llvm::divideCeil(std::min(width, columns - column), lanes) * g.gates;
      // Opening and closing a tile costs about as much as four steps of the reduction.
      cycles += (tiles.wideCount * step(tile.pixels, vectors) +
                 tiles.narrowCount * step(std::max<int64_t>(1, tile.pixels - 1), vectors)) *
                (g.depth() + 4);
    }
    double lines = static_cast<double>(g.pixels()) / line;
    // Weights are asked for ahead of their use, so that reading them and computing overlap, nearly.
    double computing = cycles * lines * g.groups / clock,
           reading = target.readNanoseconds(g.depth() * g.outChannels * 4.0);
    return std::max(computing, reading) + 0.1 * std::min(computing, reading);
  }
};

} // namespace

const KernelTemplate &layerc::convTemplate() {
  static const ConvTemplate instance;
  return instance;
}
