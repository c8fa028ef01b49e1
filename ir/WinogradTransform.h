// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How Winograd's minimal filtering F(m x m, 3 x 3) transforms a kernel, forward for nn.pack and back for nn.unpack.
// Source: Lavin and Gray, Fast Algorithms for Convolutional Neural Networks (2015), interpolation points 0, 1, -1, (2,
// -2).
#pragma once

#include "ir/Nn.h"

namespace layerc {

/// One dimension: three taps become m + 2 numbers.
struct WinogradTransform {
  int64_t outputs;             ///< m: outputs of a tile along one dimension
  const double (*forward)[3];  ///< [m + 2][3]: G
  const double (*backward)[6]; ///< [3][m + 2 used]: a left inverse of G with the fewest terms

  int64_t points() const { return outputs + 2; }
  /// The transform that a layout stands for, or null: layouts "winograd2" and "winograd4".
  static const WinogradTransform *of(nn::LayoutAttr layout);
  /// The transform with `outputs` outputs: 2 or 4.
  static const WinogradTransform &of(int64_t outputs);
};

} // namespace layerc
