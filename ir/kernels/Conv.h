// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the conv template's description and its emission agree on.
#pragma once

#include "ir/kernels/ConvGeometry.h"
#include "ir/kernels/KernelTemplate.h"

namespace layerc {

/// The tile attribute of the conv template. A unit is one block of rows times one block of panels, rows outermost.
struct ConvTile {
  int64_t pixels = 1;      ///< register tile: rows
  int64_t vectors = 1;     ///< register tile: vector registers per row and gate; a panel is vectors * lanes wide
  int64_t rowBlocks = 1;   ///< blocks of lines (or of tiles, where all pixels form one line)
  int64_t panelBlocks = 1; ///< blocks of panels
  static ConvTile of(llvm::ArrayRef<int64_t> tile) { return {tile[0], tile[1], tile[2], tile[3]}; }
  llvm::SmallVector<int64_t> numbers() const { return {pixels, vectors, rowBlocks, panelBlocks}; }
};

/// The softmax that ends a Dense body and runs as its second phase, or null.
nn::SoftmaxOp trailingSoftmax(mlir::Block &body);

/// Cycles of one step of the reduction for a register tile of pixels x vectors: bound by fused multiply-adds (two a
/// cycle), by loads (two a cycle) and by the latency of the chains (four cycles).
double convStepCycles(int64_t pixels, int64_t vectors);

const KernelTemplate &convTemplate();

} // namespace layerc
