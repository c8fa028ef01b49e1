// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fourier transforms as products with matrices of cosines and sines, and the windows that come before them. A complex
// tensor is a pair of its real and imaginary part, as in keras.ops.
#include "frontend/OperationImport.h"

#include <cmath>
#include <numbers>

using namespace mlir;
using namespace layerc;
using O = OperationImport;

/// A transform of n elements takes n^2 numbers.
static constexpr int64_t kMaxSize = 4096;

/// scale * weight(row) * f(2 pi row column / size) for `rows` times `columns` elements, as a tensor.
static Value waves(O &o, Type type, int64_t rows, int64_t columns, int64_t size, double (*f)(double),
                   double (*weight)(int64_t row, int64_t size), double scale) {
  std::vector<double> numbers;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column) {
      auto turn = static_cast<double>(row * column % size) / static_cast<double>(size);
      numbers.push_back(scale * weight(row, size) * f(2 * std::numbers::pi * turn));
    }
  return o.constant(type, {rows, columns}, numbers);
}

static double evenly(int64_t, int64_t) { return 1; }
static double cosine(double x) { return std::cos(x); }
static double sine(double x) { return std::sin(x); }

/// The last dimension times a matrix.
static Value times(O &o, Value x, Value matrix) {
  return o.l.failed() ? Value() : o.l.contract(x, matrix, o.l.rank(x) - 1, 0);
}

static bool isTooLong(O &o, int64_t size) {
  if (size < 1 || size > kMaxSize)
    o.l.fail() << "transforms " << size << " elements; layerc does up to " << kMaxSize;
  return o.l.failed();
}

namespace {
struct Complex {
  Value real, imaginary;
};
} // namespace

static Complex complexArgument(O &o) {
  const nlohmann::json *x = o.value("x");
  if (!x || !x->is_array() || x->size() != 2)
    return o.wrongArgument("x", "a pair of a real and an imaginary part"), Complex();
  SmallVector<Value> parts = o.tensors("x");
  if (o.l.failed() || o.l.shape(parts[0]) != o.l.shape(parts[1]) || o.l.rank(parts[0]) < 1 ||
      !isa<FloatType>(o.l.elementType(parts[0])))
    return o.wrongArgument("x", "two tensors of floats of one shape"), Complex();
  return {parts[0], parts[1]};
}

/// The transform along `axis`; the inverse turns the other way and divides by the number of elements.
static Complex transform(O &o, Complex x, int64_t axis, bool inverse) {
  int64_t last = o.l.rank(x.real) - 1;
  if (o.l.failed() || isTooLong(o, o.l.shape(x.real)[axis]))
    return {};
  int64_t size = o.l.shape(x.real)[axis];
  double scale = inverse ? 1 / static_cast<double>(size) : 1, sign = inverse ? -scale : scale;
  Type type = o.l.elementType(x.real);
  Value re = o.l.moveAxis(x.real, axis, last), im = o.l.moveAxis(x.imaginary, axis, last);
  Value cosines = waves(o, type, size, size, size, cosine, evenly, scale);
  Value sines = waves(o, type, size, size, size, sine, evenly, sign);
  Value real = o.l.add(times(o, re, cosines), times(o, im, sines));
  Value imaginary = o.l.sub(times(o, im, cosines), times(o, re, sines));
  return {o.l.moveAxis(real, last, axis), o.l.moveAxis(imaginary, last, axis)};
}

template <int64_t dimensions, bool inverse> static Results complexTransform(O &o) {
  Complex x = complexArgument(o);
  if (!o.l.failed() && o.l.rank(x.real) < dimensions)
    return o.l.fail() << "transforms " << dimensions << " dimensions of " << shapeText(o.l.shape(x.real));
  for (int64_t axis = o.l.rank(x.real) - 1; axis >= o.l.rank(x.real) - dimensions && !o.l.failed(); --axis)
    x = transform(o, x, axis, inverse);
  return {x.real, x.imaginary};
}

/// The first `size` elements of the last dimension.
static Value firstElements(O &o, Value x, int64_t size) {
  if (o.l.failed() || o.l.shape(x).back() == size)
    return x;
  Sizes starts(o.l.rank(x), 0), sizes(o.l.shape(x));
  sizes.back() = size;
  return o.l.create<nn::SliceOp>(x, starts, sizes, DenseI64ArrayAttr());
}

/// The first half of the spectrum of real numbers, which are cut or followed by zeros to `fft_length`.
static Results realTransform(O &o) {
  Value x = o.real("x");
  if (o.l.failed() || o.l.rank(x) < 1)
    return o.l.fail() << "transforms a scalar";
  int64_t size = o.integer("fft_length", o.l.shape(x).back()), given = std::min(size, o.l.shape(x).back());
  if (isTooLong(o, size))
    return {};
  x = firstElements(o, x, given);
  Type type = o.l.elementType(x);
  Value real = times(o, x, waves(o, type, given, size / 2 + 1, size, cosine, evenly, 1));
  return {real, times(o, x, waves(o, type, given, size / 2 + 1, size, sine, evenly, -1))};
}

/// The other half of the spectrum mirrors the first, so that all but its ends count twice.
static double mirrored(int64_t row, int64_t size) { return row == 0 || 2 * row == size ? 1 : 2; }

static Results inverseRealTransform(O &o) {
  Complex x = complexArgument(o);
  if (o.l.failed())
    return {};
  int64_t size = o.integer("fft_length", 2 * (o.l.shape(x.real).back() - 1));
  if (isTooLong(o, size))
    return {};
  int64_t rows = std::min(size / 2 + 1, o.l.shape(x.real).back());
  double scale = 1 / static_cast<double>(size);
  Type type = o.l.elementType(x.real);
  Value real = times(o, firstElements(o, x.real, rows), waves(o, type, rows, size, size, cosine, mirrored, scale));
  Value imaginary = firstElements(o, x.imaginary, rows);
  return {o.l.sub(real, times(o, imaginary, waves(o, type, rows, size, size, sine, mirrored, scale)))};
}

/// Overlapping windows of the last dimension.
static Results extractSequences(O &o) {
  Value x = o.tensor("x");
  int64_t length = o.integer("sequence_length"), stride = o.integer("sequence_stride");
  if (o.l.failed() || o.l.rank(x) < 1 || length < 1 || stride < 1 || length > o.l.shape(x).back())
    return o.l.fail() << "'sequence_length' " << length << " and 'sequence_stride' " << stride
                      << " do not fit the tensor";
  int64_t count = (o.l.shape(x).back() - length) / stride + 1;
  if (count > (1 << 16))
    return o.l.fail() << "makes " << count << " windows";
  SmallVector<Value> windows;
  Sizes starts(o.l.rank(x), 0), sizes(o.l.shape(x)), row(sizes);
  sizes.back() = length;
  row.insert(row.end() - 1, 1);
  row.back() = length;
  for (int64_t i = 0; i < count; ++i) {
    starts.back() = i * stride;
    windows.push_back(o.l.reshape(o.l.create<nn::SliceOp>(x, starts, sizes, DenseI64ArrayAttr()), row));
  }
  return {o.l.failed() ? Value() : o.l.create<nn::ConcatOp>(windows, o.l.rank(x) - 1)};
}

ArrayRef<OperationRow> layerc::fourierOperations() {
  static const OperationRow rows[] = {
      {"ExtractSequences", "x", extractSequences},
      {"FFT", "x", complexTransform<1, false>, "up to 4096 elements"},
      {"FFT2", "x", complexTransform<2, false>, "up to 4096 elements along each axis"},
      {"IFFT2", "x", complexTransform<2, true>, "up to 4096 elements along each axis"},
      {"IRFFT", "x", inverseRealTransform, "up to 4096 elements"},
      {"RFFT", "x", realTransform, "up to 4096 elements"},
  };
  return rows;
}
