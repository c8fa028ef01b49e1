// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the convolution-like templates share: how a line falls into tiles, and which taps of an outer axis are inside.
#pragma once

#include "codegen/KernelBuilder.h"
#include "ir/kernels/ConvGeometry.h"

namespace layerc {

/// Pixels [first, last) of a tile for which one tap reads inside the input.
using PixelRange = std::pair<int64_t, int64_t>;

/// A run of tiles of one size that see the same taps: one loop, without a branch in the tile.
struct TileRun {
  int64_t start = 0, pixels = 0, count = 0;
  llvm::SmallVector<PixelRange> taps; ///< per tap of the line's axis; {0, 0} where the tap reads outside for all
};

/// Cuts the outputs of `axis` into tiles of at most `most` pixels.
llvm::SmallVector<TileRun> tileRuns(const AxisTaps &axis, int64_t inSize, int64_t most);

/// The taps of an outer axis that read inside the input for output `j`: [first, last) of the axis' progression.
std::pair<mlir::Value, mlir::Value> validTaps(KernelBuilder &k, const AxisTaps &axis, mlir::Value j, int64_t inSize);

/// First index of part `part` of `parts` even parts of [0, total).
mlir::Value blockStart(KernelBuilder &k, mlir::Value part, int64_t parts, int64_t total);

/// Position in the input along `axis` of tap `i` for output `j`; may lie outside.
mlir::Value inputPosition(KernelBuilder &k, const AxisTaps &axis, mlir::Value j, mlir::Value i);

} // namespace layerc
