// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Description of the winograd template: 3 x 3 convolutions of stride 1 by minimal filtering, F(2 x 2) or F(4 x 4). 2.25
// or 4 times fewer multiplications for transforms that read and write each number a few times more; errors stay of f32
// class (docs/kernels.md).
#include "ir/kernels/Winograd.h"

#include "mlir/IR/Block.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <utility>

using namespace mlir;
using namespace layerc;

static constexpr int64_t kLine = 16; // floats of a cache line

WinogradSizes::WinogradSizes(const ConvGeometry &g, const WinogradTile &tile, int64_t lanes) {
  int64_t side = tile.outputs + 2;
  points = side * side;
  tilesY = llvm::divideCeil(g.out[1], tile.outputs);
  tilesX = llvm::divideCeil(g.out[2], tile.outputs);
  tiles = g.batch * tilesY * tilesX;
  width = tile.vectors * lanes;
  panels = llvm::divideCeil(g.outChannels, width);
  chunks = EvenTiles::of(tiles, tile.chunk);
  int64_t next = 0;
  auto place = [&](int64_t floats) { return std::exchange(next, next + llvm::alignTo(floats, kLine)); };
  inputAt = place(points * chunks.wide * g.inChannels);
  productsAt = place(points * chunks.wide * width);
  patchAt = place(points * g.inChannels);
  resultsAt = place(tile.outputs * tile.outputs * width);
  scratch = next;
}

/// What a fused body leaves of the convolution's magnitude in a value.
enum class Magnitude { Lost, OneSide, BothSides };

/// Whether the magnitude of the result follows that of the convolution, as it does behind relu or silu of a sum, but
/// not behind tanh, a minimum with a constant, or silu of numbers that are all negative.
static bool magnitudeFollows(Block &body) {
  using enum Magnitude;
  llvm::DenseMap<Value, Magnitude> known;
  auto of = [&](Value value) { return known.lookup(value); };
  auto oneSide = [](Magnitude magnitude) { return std::min(magnitude, OneSide); };
  auto ofUnary = [&](nn::UnaryOp op) {
    Magnitude input = of(op.getInput());
    switch (op.getFunction()) {
    case nn::UnaryFunction::Neg:
      return input;
    case nn::UnaryFunction::Abs:
    case nn::UnaryFunction::Square:
      return oneSide(input);
    case nn::UnaryFunction::Relu:
    case nn::UnaryFunction::Silu:
    case nn::UnaryFunction::Softplus:
      return input == BothSides ? OneSide : Lost;
    default:
      return Lost;
    }
  };
  auto ofBinary = [&](nn::BinaryOp op) {
    Magnitude either = std::max(of(op.getLhs()), of(op.getRhs()));
    switch (op.getFunction()) {
    case nn::BinaryFunction::Add:
    case nn::BinaryFunction::Sub:
      return either;
    case nn::BinaryFunction::Mul:
      return oneSide(either);
    case nn::BinaryFunction::Maximum:
      return either == BothSides ? OneSide : Lost;
    default:
      return Lost;
    }
  };
  for (Operation &op : body.without_terminator())
    known[op.getResult(0)] = llvm::TypeSwitch<Operation *, Magnitude>(&op)
                                 .Case([](nn::ConvOp) { return BothSides; })
                                 .Case(ofUnary)
                                 .Case(ofBinary)
                                 .Case([&](nn::SelectOp select) {
                                   return oneSide(std::max(of(select.getOnTrue()), of(select.getOnFalse())));
                                 })
                                 .Default([](Operation *) { return Lost; });
  return of(body.getTerminator()->getOperand(0)) != Lost;
}

namespace {

struct WinogradTemplate final : KernelTemplate {
  StringRef name() const override { return "winograd"; }

  bool accepts(Block &body, std::string &reason) const override {
    if (!convTemplate().accepts(body, reason))
      return false;
    ConvGeometry g = convGeometry(body);
    if (g.gates != 1)
      return reason = "gates of a product", false;
    if (!isa<nn::ConvOp>(g.anchor) || g.spatialRank != 2 || g.groups != 1 ||
        g.kernelSize != std::array<int64_t, 3>{1, 3, 3})
      return reason = "not a 3 x 3 convolution in one group", false;
    for (const SmallVector<AxisTaps, 1> &axis : g.axes)
      if (axis.front().inStride != 1 || (axis.front().taps == 3 && axis.front().offsetStep != 1))
        return reason = "strided or dilated", false;
    return true;
  }

  void candidates(nn::KernelOp kernel, const Target &target, SmallVectorImpl<KernelChoice> &choices) const override {
    ConvGeometry g = convGeometry(kernel.getBody().front());
    int64_t lanes = target.lanes();
    if (g.inChannels % lanes != 0 || g.outChannels < lanes)
      return;
    int64_t most = std::min<int64_t>(target.vectorRegisters / 8, llvm::divideCeil(g.outChannels, lanes));
    // The rounding of F(4 x 4) is a share of the largest sum: too much of a result whose magnitude is much smaller.
    int64_t mostOutputs = magnitudeFollows(kernel.getBody().front()) ? 4 : 2;
    for (int64_t outputs = 2; outputs <= mostOutputs; outputs += 2)
      for (int64_t vectors = 1; vectors <= most; ++vectors)
        for (int64_t budget : {target.l2Bytes * 3 / 4, 4 * target.l2Bytes})
          choices.push_back(choice(kernel, g, tileFor(g, outputs, vectors, budget, target), target));
  }

  Access access(Block &body, unsigned operand) const override { return convTemplate().access(body, operand); }

private:
  /// Chunks whose transformed input and products take at most `budget` bytes, but enough tiles for the register tile.
  static WinogradTile tileFor(const ConvGeometry &g, int64_t outputs, int64_t vectors, int64_t budget,
                              const Target &target) {
    WinogradTile tile;
    tile.outputs = outputs;
    tile.vectors = vectors;
    int64_t fits = (target.vectorRegisters - vectors - 1) / vectors;
    WinogradSizes whole(g, tile, target.lanes());
    int64_t perTile = whole.points * (g.inChannels + whole.width) * 4;
    tile.chunk = std::min(whole.tiles, std::max(budget / perTile, 2 * fits));
    tile.rows = EvenTiles::of(EvenTiles::of(whole.tiles, tile.chunk).wide, std::min<int64_t>(fits, 14)).wide;
    int64_t chunks = EvenTiles::of(whole.tiles, tile.chunk).count();
    // Four units where there is work for two workers; blocks of panels transform the input again.
    tile.panelBlocks = chunks >= 4 ? 1 : std::min<int64_t>(whole.panels, llvm::divideCeil(4, chunks));
    return tile;
  }

  static KernelChoice choice(nn::KernelOp kernel, const ConvGeometry &g, const WinogradTile &tile,
                             const Target &target) {
    WinogradSizes sizes(g, tile, target.lanes());
    KernelChoice choice;
    choice.algorithm = "winograd";
    choice.tile = tile.numbers();
    choice.units = {sizes.chunks.count() * tile.panelBlocks};
    choice.workerScratch = sizes.scratch * 4;
    choice.nanoseconds = nanoseconds(g, tile, sizes, target);
    choice.layouts.resize(kernel.getNumOperands());
    unsigned operand = cast<BlockArgument>(g.kernel).getArgNumber();
    StringRef layout = tile.outputs == 4 ? "winograd4" : "winograd2";
    choice.layouts[operand] = nn::LayoutAttr::get(kernel.getContext(), layout, sizes.width, 1);
    return choice;
  }

  static double nanoseconds(const ConvGeometry &g, const WinogradTile &tile, const WinogradSizes &sizes,
                            const Target &target) {
    double clock = target.cyclesPerNanosecond(), lanes = static_cast<double>(target.lanes());
    double tiles = sizes.tiles, chunks = sizes.chunks.count(), width = sizes.width;
    EvenTiles rows = EvenTiles::of(sizes.chunks.wide, tile.rows);
    // Opening and closing a register tile costs about as much as four steps.
    double steps = rows.wideCount * convStepCycles(rows.wide, tile.vectors) +
                   rows.narrowCount * convStepCycles(std::max<int64_t>(1, rows.wide - 1), tile.vectors);
    double products = steps * (g.inChannels + 4) * sizes.points * chunks * sizes.panels;
    // Some seven vector operations per number and dimension, twice that where the numbers leave the registers.
    double transforms = sizes.points * tiles * (g.inChannels * tile.panelBlocks + width * sizes.panels) / lanes * 3.5;
    // Every chunk reads all weights; every panel reads the chunk's input.
    double weights = 4.0 * sizes.points * g.inChannels * width * sizes.panels;
    double input = 4.0 * sizes.points * sizes.chunks.wide * g.inChannels;
    double reading = chunks * target.readNanoseconds(weights) + chunks * sizes.panels * target.readNanoseconds(input);
    double computing = products / clock;
    return transforms / clock + std::max(computing, reading) + 0.3 * std::min(computing, reading);
  }
};

} // namespace

const KernelTemplate &layerc::winogradTemplate() {
  static const WinogradTemplate instance;
  return instance;
}
