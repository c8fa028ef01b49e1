// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolution, transposed convolution and Dense seen as one thing: rows of pixels, each a sum over taps and channels.
// The description (Conv.cpp) and the emission (codegen/kernels/Conv.cpp) of the conv template both start from it.
#pragma once

#include "ir/Nn.h"

#include <array>
#include <optional>

namespace layerc {

/// One spatial dimension of one residue class: outputs outStart + outStride * j for j in [0, outCount) read inputs
/// j * inStride + offset(i) with kernel position kernelStart + kernelStep * i, offset(i) = offsetStart + offsetStep *
/// i. A convolution has one class per dimension; a transposed one has `stride` classes, each an ordinary convolution.
struct AxisTaps {
  int64_t outStart = 0, outStride = 1, outCount = 1;
  int64_t inStride = 1;
  int64_t taps = 1, kernelStart = 0, kernelStep = 1, offsetStart = 0, offsetStep = 1;

  /// Range [first, last) of outputs j for which tap i reads inside [0, inSize).
  std::pair<int64_t, int64_t> validOutputs(int64_t i, int64_t inSize) const;
};

/// Spatial dimensions are always three: missing ones, on the left, have size 1.
struct ConvGeometry {
  mlir::Operation *anchor = nullptr;                              ///< nn.conv, nn.conv_transpose or nn.contract
  mlir::Value input;                                              ///< block argument
  mlir::Value kernel;                                             ///< block argument, packed where `packed`
  nn::LayoutAttr packed;                                          ///< the layout, or null before packing
  int64_t spatialRank = 0;                                        ///< of the anchor; 0 for a contract
  int64_t batch = 1, inChannels = 1, outChannels = 1, groups = 1; ///< channels of all groups together
  int64_t gates = 1; ///< equal parts of the columns that the body combines into results of one part's width
  std::array<int64_t, 3> in{1, 1, 1}, out{1, 1, 1}, kernelSize{1, 1, 1};
  std::array<llvm::SmallVector<AxisTaps, 1>, 3> axes;

  int64_t channelsPerGroup() const { return inChannels / groups; }
  int64_t columnsPerGroup() const { return outChannels / groups; }
  int64_t columnsPerGate() const { return columnsPerGroup() / gates; }
  /// Rows of the packed matrix: kernel positions times channels of one group.
  int64_t depth() const { return kernelSize[0] * kernelSize[1] * kernelSize[2] * channelsPerGroup(); }
  int64_t pixels() const { return batch * out[0] * out[1] * out[2]; }
  /// True when every pixel reads just the input pixel of the same number, so that pixels form one long line.
  bool pointwise() const;
};

/// The single conv, conv_transpose or contract of a kernel body, or null.
mlir::Operation *convAnchor(mlir::Block &body);

/// The geometry of a body's anchor, if its operands are what the conv template reads: f32, the input a block argument,
/// the kernel a block argument or the nn.unpack of one; else nullopt and the reason.
std::optional<ConvGeometry> convGeometry(mlir::Block &body, std::string &reason);

/// The same of a body that a template of convolutions accepted.
ConvGeometry convGeometry(mlir::Block &body);

/// A line of `size` pixels in tiles of `wide` pixels first, then of `wide - 1`: as even as can be.
struct EvenTiles {
  int64_t wide = 1, wideCount = 0, narrowCount = 0;
  static EvenTiles of(int64_t size, int64_t most);
  int64_t count() const { return wideCount + narrowCount; }
  int64_t start(int64_t tile) const { return tile * wide - std::max<int64_t>(0, tile - wideCount); }
};

} // namespace layerc
