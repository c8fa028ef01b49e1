// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Upsampling layers: repetition, or for images an interpolation, which is a matrix product along each spatial axis.
#include "frontend/Importers.h"
#include "frontend/Interpolation.h"

using namespace mlir;
using namespace layerc;

/// Interpolation matrices are made in memory before any result is checked.
static constexpr int64_t kMaxMatrix = 1 << 26;

/// Multi-backend Keras 2.2 and 2.3 sampled without half-pixel centres; "2.3.1" against tf.keras' "2.3.0-tf".
static SamplePositions samplePositions(LayerImport &l) {
  StringRef version = l.graph().kerasVersion;
  bool old = version.starts_with("2.2.") || version.starts_with("2.3.");
  return old && !version.contains("tf") ? SamplePositions::Asymmetric : SamplePositions::HalfPixel;
}

/// Multiplies dimension `axis` with the matrix [out, in] and leaves it in its place.
static Value interpolate(LayerImport &l, Value x, int64_t axis, int64_t out, StringRef method) {
  if (l.failed())
    return {};
  int64_t in = l.shape(x)[axis];
  if (boundedElements({in, out}) > kMaxMatrix)
    return l.fail() << "interpolates " << in << " to " << out << " elements, which is too large";
  auto matrix = interpolationMatrix(method, in, out, samplePositions(l));
  if (!matrix)
    return l.fail() << "interpolation '" << method << "' is not supported";
  Value weights = l.numbers("interpolation" + std::to_string(axis), {out, in}, *matrix);
  return l.moveAxis(l.contract(x, weights, axis, 1), l.rank(x) - 1, axis);
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
  if (method == "nearest")
    return {l.back(l.create<nn::ResizeOp>(x, ArrayRef<int64_t>(sizes)))};
  for (auto [d, size] : llvm::enumerate(sizes))
    x = interpolate(l, x, static_cast<int64_t>(d) + 1, size, method);
  return {l.back(x)};
}
