// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Interpolation matrices; see Interpolation.h.
#include "frontend/Interpolation.h"

#include "frontend/LayerImport.h"

#include <algorithm>
#include <cmath>
#include <numbers>

using namespace mlir;
using namespace layerc;

/// Interpolation matrices are made in memory before any result is checked.
static constexpr int64_t kMaxMatrix = 1 << 26;

namespace {
/// A symmetric kernel of the distance to the sample, zero from `radius` on.
struct Kernel {
  double (*value)(double distance);
  double radius;
};
} // namespace

static double triangle(double x) { return std::max(1 - x, 0.0); }

/// The cubic of Keys with a = -0.5.
static double keys(double x) {
  return x < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

/// The cubic of Mitchell and Netravali with B = C = 1/3.
static double mitchell(double x) {
  return x < 1 ? (7.0 / 6 * x - 2) * x * x + 8.0 / 9 : x < 2 ? ((-7.0 / 18 * x + 2) * x - 10.0 / 3) * x + 16.0 / 9 : 0;
}

/// sinc(x) sinc(x / L).
template <int L> static double lanczos(double x) {
  double a = std::numbers::pi * x;
  return x >= L ? 0 : x < 1e-3 ? 1 : L * std::sin(a) * std::sin(a / L) / (a * a);
}

/// Standard deviation 1/2.
static double gaussian(double x) { return x < 1.5 ? std::exp(-2 * x * x) : 0; }

static std::optional<Kernel> kernelOf(llvm::StringRef method) {
  if (method == "bilinear")
    return Kernel{triangle, 1};
  if (method == "bicubic")
    return Kernel{keys, 2};
  if (method == "mitchellcubic")
    return Kernel{mitchell, 2};
  if (method == "lanczos3")
    return Kernel{lanczos<3>, 3};
  if (method == "lanczos5")
    return Kernel{lanczos<5>, 5};
  if (method == "gaussian")
    return Kernel{gaussian, 1.5};
  return std::nullopt;
}

/// Weights by distance from the sample in units of `width`, scaled to sum to 1 over the elements that exist: outside
/// elements count nothing.
static void sampleRow(const Kernel &kernel, double sample, double width, int64_t in, double *row) {
  double sum = 0, radius = kernel.radius * width;
  int64_t first = std::max<int64_t>(0, static_cast<int64_t>(std::ceil(sample - radius)));
  int64_t last = std::min<int64_t>(in - 1, static_cast<int64_t>(std::floor(sample + radius)));
  for (int64_t j = first; j <= last; ++j)
    sum += row[j] = kernel.value(std::abs(static_cast<double>(j) - sample) / width);
  for (int64_t j = first; j <= last; ++j)
    row[j] /= sum;
}

/// The mean of the input cells that the output cell [i, i + 1) * scale overlaps.
static void areaRow(int64_t i, double scale, int64_t in, double *row) {
  double begin = static_cast<double>(i) * scale, end = begin + scale;
  for (int64_t j = 0; j < in; ++j) {
    double overlap =
        std::min<double>(end, static_cast<double>(j + 1)) - std::max<double>(begin, static_cast<double>(j));
    row[j] = std::max(overlap, 0.0) / scale;
  }
}

std::optional<std::vector<double>> layerc::interpolationMatrix(llvm::StringRef method, int64_t in, int64_t out,
                                                               SamplePositions positions, bool antialias) {
  std::optional<Kernel> kernel = kernelOf(method);
  if (!kernel && method != "area")
    return std::nullopt;
  std::vector<double> matrix(static_cast<size_t>(in * out), 0.0);
  double scale = static_cast<double>(in) / static_cast<double>(out);
  double width = antialias ? std::max(scale, 1.0) : 1;
  for (int64_t i = 0; i < out; ++i) {
    double *row = matrix.data() + i * in;
    double x = static_cast<double>(i);
    double sample = positions == SamplePositions::HalfPixel ? (x + 0.5) * scale - 0.5 : x * scale;
    // Bilinear repeats the border element; the others leave out what does not exist.
    if (method == "bilinear" && !antialias)
      sample = std::clamp(sample, 0.0, static_cast<double>(in - 1));
    if (kernel)
      sampleRow(*kernel, sample, width, in, row);
    else
      areaRow(i, scale, in, row);
  }
  return matrix;
}

/// Multiplies dimension `axis` with the matrix [out, in] and leaves it in its place.
static Value interpolateAxis(LayerImport &l, Value x, int64_t axis, int64_t out, StringRef method,
                             SamplePositions positions, bool antialias) {
  if (l.failed())
    return {};
  int64_t in = l.shape(x)[axis];
  if (boundedElements({in, out}) > kMaxMatrix)
    return l.fail() << "interpolates " << in << " to " << out << " elements, which is too large";
  auto matrix = interpolationMatrix(method, in, out, positions, antialias);
  if (!matrix)
    return l.fail() << "interpolation '" << method << "' is not supported";
  Value weights = l.numbers("interpolation" + std::to_string(axis), {out, in}, *matrix);
  return l.moveAxis(l.contract(x, weights, axis, 1), l.rank(x) - 1, axis);
}

Value layerc::interpolate(LayerImport &l, Value x, ArrayRef<int64_t> sizes, StringRef method, SamplePositions positions,
                          bool antialias) {
  if (method == "nearest")
    return l.create<nn::ResizeOp>(x, sizes);
  for (auto [d, size] : llvm::enumerate(sizes))
    x = interpolateAxis(l, x, static_cast<int64_t>(d) + 1, size, method, positions, antialias);
  return x;
}
