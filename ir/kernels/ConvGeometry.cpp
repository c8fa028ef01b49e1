// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads the geometry of convolutions off their ops.
#include "ir/kernels/ConvGeometry.h"

#include "mlir/IR/Block.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir;
using namespace layerc;

std::pair<int64_t, int64_t> AxisTaps::validOutputs(int64_t i, int64_t inSize) const {
  int64_t offset = offsetStart + offsetStep * i;
  int64_t first = offset >= 0 ? 0 : llvm::divideCeil(-offset, inStride);
  int64_t room = inSize - 1 - offset;
  int64_t last = room < 0 ? 0 : room / inStride + 1;
  first = std::min(first, outCount);
  last = std::clamp(last, first, outCount);
  return {first, last};
}

bool ConvGeometry::pointwise() const {
  if (groups != 1)
    return false;
  for (int d = 0; d < 3; ++d) {
    const AxisTaps &axis = axes[d].front();
    if (axes[d].size() != 1 || axis.taps != 1 || axis.inStride != 1 || axis.outStride != 1 || axis.offsetStart != 0 ||
        in[d] != out[d])
      return false;
  }
  return true;
}

EvenTiles EvenTiles::of(int64_t size, int64_t most) {
  int64_t count = llvm::divideCeil(size, most);
  EvenTiles tiles;
  tiles.wide = llvm::divideCeil(size, count);
  tiles.narrowCount = tiles.wide * count - size;
  tiles.wideCount = count - tiles.narrowCount;
  return tiles;
}

static AxisTaps convAxis(int64_t out, int64_t kernel, int64_t stride, int64_t dilation, int64_t pad) {
  AxisTaps axis;
  axis.outCount = out;
  axis.inStride = stride;
  axis.taps = kernel;
  axis.offsetStart = -pad;
  axis.offsetStep = dilation;
  return axis;
}

/// full[p * stride + q * dilation] += x[p] * k[q]; the output o is full[o + crop]. For outputs of one residue
/// (o + crop) mod stride = r only taps q with q * dilation = r (mod stride) count; they form an arithmetic progression.
static SmallVector<AxisTaps, 1> transposedAxis(int64_t out, int64_t kernel, int64_t stride, int64_t dilation,
                                               int64_t crop) {
  SmallVector<AxisTaps, 1> classes;
  for (int64_t start = 0; start < std::min(stride, out); ++start) {
    AxisTaps axis;
    axis.outStart = start;
    axis.outStride = stride;
    axis.outCount = llvm::divideCeil(out - start, stride);
    axis.taps = 0;
    for (int64_t q = 0; q < kernel; ++q) {
      int64_t distance = start + crop - q * dilation;
      if (distance % stride != 0)
        continue;
      int64_t offset = distance / stride;
      if (axis.taps == 0) {
        axis.kernelStart = q;
        axis.offsetStart = offset;
      } else if (axis.taps == 1) {
        axis.kernelStep = q - axis.kernelStart;
        axis.offsetStep = offset - axis.offsetStart;
      }
      ++axis.taps;
    }
    classes.push_back(axis);
  }
  return classes;
}

static bool readOperands(ConvGeometry &g, Value input, Value kernel, std::string &reason) {
  g.input = input;
  g.kernel = kernel;
  if (auto unpack = kernel.getDefiningOp<nn::UnpackOp>()) {
    g.kernel = unpack.getInput();
    g.packed = unpack.getLayout();
  }
  if (!isa<BlockArgument>(g.input) || !isa<BlockArgument>(g.kernel))
    return reason = "the heavy op's operands are computed inside the kernel", false;
  if (!cast<RankedTensorType>(input.getType()).getElementType().isF32() ||
      !cast<RankedTensorType>(kernel.getType()).getElementType().isF32())
    return reason = "the element type is not f32", false;
  return true;
}

/// The sizes of a convolution or transposed convolution, and the taps that `axisTaps` says of each spatial dimension.
template <typename Op, typename Taps> static ConvGeometry ofWindows(Op op, Taps axisTaps) {
  ConvGeometry g;
  g.spatialRank = op.spatialRank();
  auto input = op.getInput().getType(), kernel = op.getKernel().getType(), result = op.getResult().getType();
  g.batch = input.getDimSize(0);
  g.inChannels = input.getShape().back();
  g.outChannels = result.getShape().back();
  for (int64_t d = 0; d < 3; ++d) {
    int64_t s = d - (3 - g.spatialRank);
    if (s < 0) {
      g.axes[d] = {AxisTaps()};
      continue;
    }
    g.in[d] = input.getDimSize(s + 1);
    g.out[d] = result.getDimSize(s + 1);
    g.kernelSize[d] = kernel.getDimSize(s);
    g.axes[d] = axisTaps(s, g.out[d], g.kernelSize[d]);
  }
  return g;
}

static ConvGeometry ofConv(nn::ConvOp op) {
  ConvGeometry g = ofWindows(op, [&](int64_t s, int64_t out, int64_t taps) {
    return SmallVector<AxisTaps, 1>{convAxis(out, taps, op.stride(s), op.dilation(s), op.padLow(s))};
  });
  g.groups = op.getGroups();
  return g;
}

static ConvGeometry ofConvTranspose(nn::ConvTransposeOp op) {
  return ofWindows(op, [&](int64_t s, int64_t out, int64_t taps) {
    return transposedAxis(out, taps, op.stride(s), op.dilation(s), op.crop(s));
  });
}

static std::optional<ConvGeometry> ofContract(nn::ContractOp op, std::string &reason) {
  auto lhs = cast<RankedTensorType>(op.getLhs().getType()), rhs = cast<RankedTensorType>(op.getRhs().getType());
  if (op.getLhsBatch() && !op.getLhsBatch()->empty())
    return reason = "the contraction has batch dimensions", std::nullopt;
  if (op.getLhsContracting() != ArrayRef<int64_t>{lhs.getRank() - 1} ||
      op.getRhsContracting() != ArrayRef<int64_t>{0} || rhs.getRank() != 2)
    return reason = "the contraction is not rows times a matrix", std::nullopt;
  ConvGeometry g;
  g.inChannels = rhs.getDimSize(0);
  g.outChannels = rhs.getDimSize(1);
  g.in[2] = g.out[2] = lhs.getNumElements() / g.inChannels;
  AxisTaps unit, rows;
  rows.outCount = g.out[2];
  g.axes = {SmallVector<AxisTaps, 1>{unit}, SmallVector<AxisTaps, 1>{unit}, SmallVector<AxisTaps, 1>{rows}};
  return g;
}

Operation *layerc::convAnchor(Block &body) {
  Operation *anchor = nullptr;
  for (Operation &op : body)
    if (isa<nn::ConvOp, nn::ConvTransposeOp, nn::ContractOp>(op)) {
      if (anchor)
        return nullptr;
      anchor = &op;
    }
  return anchor;
}

std::optional<ConvGeometry> layerc::convGeometry(Block &body, std::string &reason) {
  Operation *anchor = convAnchor(body);
  if (!anchor)
    return reason = "not exactly one convolution or contraction", std::nullopt;
  std::optional<ConvGeometry> g;
  if (auto conv = dyn_cast<nn::ConvOp>(anchor))
    g = ofConv(conv);
  else if (auto transposed = dyn_cast<nn::ConvTransposeOp>(anchor))
    g = ofConvTranspose(transposed);
  else
    g = ofContract(cast<nn::ContractOp>(anchor), reason);
  if (!g)
    return std::nullopt;
  g->anchor = anchor;
  if (auto yield = dyn_cast<nn::YieldOp>(body.getTerminator()); yield && !yield.getValues().empty()) {
    auto type = cast<RankedTensorType>(yield.getValues().front().getType());
    int64_t width = type.getRank() == 0 ? 0 : type.getShape().back();
    if (g->groups == 1 && width > 0 && g->outChannels % width == 0)
      g->gates = g->outChannels / width;
  }
  if (!readOperands(*g, anchor->getOperand(0), anchor->getOperand(1), reason))
    return std::nullopt;
  return g;
}

ConvGeometry layerc::convGeometry(Block &body) {
  std::string reason;
  std::optional<ConvGeometry> g = convGeometry(body, reason);
  assert(g && "the body was not accepted");
  return *g;
}
