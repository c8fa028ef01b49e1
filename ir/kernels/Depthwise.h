// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the depthwise template's description and its emission agree on.
#pragma once

#include "ir/kernels/Conv.h"

namespace layerc {

/// The tile attribute of the depthwise template. A unit is a block of lines (rows of the result).
struct DepthwiseTile {
  int64_t pixels = 1; ///< register tile: pixels of one line, one vector of channels wide
  int64_t rowBlocks = 1;
  static DepthwiseTile of(llvm::ArrayRef<int64_t> tile) { return {tile[0], tile[1]}; }
  llvm::SmallVector<int64_t> numbers() const { return {pixels, rowBlocks}; }
};

/// Widest kernel row whose taps stay in registers beside the pixels.
inline constexpr int64_t kMostColumns = 9;

const KernelTemplate &depthwiseTemplate();

} // namespace layerc
