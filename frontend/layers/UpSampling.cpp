// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Upsampling layers: repetition, or for images an interpolation, which is a matrix product along each spatial axis.
#include "frontend/Importers.h"
#include "frontend/Interpolation.h"

using namespace mlir;
using namespace layerc;

/// Multi-backend Keras 2.2 and 2.3 sampled without half-pixel centres; "2.3.1" against tf.keras' "2.3.0-tf".
static SamplePositions samplePositions(LayerImport &l) {
  StringRef version = l.graph().kerasVersion;
  bool old = version.starts_with("2.2.") || version.starts_with("2.3.");
  return old && !version.contains("tf") ? SamplePositions::Asymmetric : SamplePositions::HalfPixel;
}

Results layerc::importUpSampling(LayerImport &l) {
  Sizes factors = l.positive("size", l.spatialRank(), 2);
  std::string method = l.string("interpolation", "nearest");
  Value x = l.channelsLast(method == "nearest" ? l.input() : l.floatInput());
  if (l.failed())
    return {};
  Sizes sizes(l.shape(x).drop_front().drop_back());
  for (auto [size, factor] : llvm::zip(sizes, factors))
    size *= factor;
  return {l.back(interpolate(l, x, sizes, method, samplePositions(l)))};
}
