// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Spectrograms: a windowed Fourier transform is a convolution with cosines and sines.
#include "frontend/Importers.h"
#include "frontend/layers/Windows.h"

#include <cmath>
#include <numbers>

using namespace mlir;
using namespace layerc;
using U = nn::UnaryFunction;
using B = nn::BinaryFunction;

/// keras.backend.epsilon(), which files do not record.
static constexpr double kEpsilon = 1e-7;

//===-- STFTSpectrogram -----------------------------------------------------------------------------------------===//

/// Signals [batch, time, channels] as [batch * channels, time, 1].
static Value signalsOf(LayerImport &l, Value x) {
  if (!l.failed() && l.rank(x) != 3)
    l.fail() << "expects an input of rank 3; got " << shapeText(l.shape(x));
  if (l.failed())
    return {};
  x = l.channelsFirst() ? x : l.moveAxis(x, 2, 1);
  return l.reshape(x, {l.shape(x)[0] * l.shape(x)[1], l.shape(x)[2], 1});
}

/// What `mode` asks for, from the real and the imaginary part [signals, frames, frequencies].
static Value spectrumOf(LayerImport &l, StringRef mode, Value real, Value imaginary) {
  if (l.failed() || mode == "real" || mode == "imag")
    return mode == "real" ? real : imaginary;
  if (mode == "angle")
    return l.binary(B::Atan2, imaginary, real);
  if (mode == "stft")
    return l.create<nn::ConcatOp>(ValueRange{real, imaginary}, int64_t(2));
  Value squares = l.unary(U::Square, real);
  Value power = l.add(squares, l.unary(U::Square, imaginary));
  if (mode == "psd") { // all frequencies but the first and the last stand for two
    int64_t bins = l.shape(power)[2];
    std::vector<double> factors(bins, 2.0);
    factors.front() = factors.back() = 1;
    return l.mul(power, l.numbers("sides", {bins}, factors));
  }
  Value magnitude = l.unary(U::Sqrt, l.maximum(power, kEpsilon));
  if (mode == "magnitude")
    return magnitude;
  if (mode != "log")
    return l.fail() << "'mode' " << mode << " is not supported";
  return l.unary(U::Log, l.maximum(magnitude, kEpsilon));
}

/// [batch * channels, frames, frequencies] in Keras' order.
static Value arrange(LayerImport &l, Value y, int64_t batch, bool expands) {
  if (l.failed())
    return {};
  int64_t channels = l.shape(y)[0] / batch, frames = l.shape(y)[1], bins = l.shape(y)[2];
  y = l.reshape(y, {batch, channels, frames, bins});
  if (l.channelsFirst())
    return expands ? y : l.reshape(l.transpose(y, {0, 1, 3, 2}), {batch, channels * bins, frames});
  return expands ? l.transpose(y, {0, 2, 3, 1})
                 : l.reshape(l.transpose(y, {0, 2, 1, 3}), {batch, frames, channels * bins});
}

/// The kernels are stored with the window in them.
Results layerc::importSTFTSpectrogram(LayerImport &l) {
  std::string mode = l.string("mode", "log");
  int64_t frame = l.positive("frame_length", 1, 256)[0];
  int64_t step = l.config("frame_step") ? l.positive("frame_step", 1)[0] : std::max<int64_t>(frame / 2, 1);
  int64_t fft = 1;
  while (fft < frame)
    fft *= 2;
  fft = l.config("fft_length") ? l.positive("fft_length", 1)[0] : fft;
  bool expands = l.flag("expand_dims", false);
  Value input = l.floatInput(), x = signalsOf(l, input);
  if (l.failed())
    return {};
  Sizes strides{step}, pads = windowPads(l, l.shape(x), {frame}, strides, {1}, /*allowCausal=*/false);
  auto transform = [&](StringRef kernel) {
    return l.create<nn::ConvOp>(x, l.weight(kernel, {frame, 1, fft / 2 + 1}), l.unless(1, strides), l.unless(0, pads),
                                DenseI64ArrayAttr(), int64_t(1));
  };
  bool both = l.layer().weights.size() == 2; // some versions store both kernels whatever the mode
  Value real = both || mode != "imag" ? transform("real_kernel") : Value();
  Value imaginary = both || mode != "real" ? transform("imag_kernel") : Value();
  Value y = spectrumOf(l, mode, real, imaginary);
  return {arrange(l, y, l.failed() ? 1 : l.shape(input)[0], expands)};
}

//===-- MelSpectrogram ------------------------------------------------------------------------------------------===//

/// The window of `length` elements in the middle of `fft` elements; a periodic one, as scipy.signal.get_window makes.
static std::vector<double> windowOf(LayerImport &l, int64_t length, int64_t fft) {
  std::vector<double> window(fft, 0);
  std::string name = l.string("window", "none");
  double raised = name == "hamming" ? 0.54 : 0.5;
  if (!l.failed() && name != "hann" && name != "hamming" && name != "none")
    l.fail() << "'window' " << name << " is not supported";
  for (int64_t i = 0; i < length; ++i) {
    double angle = 2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(length);
    window[(fft - length) / 2 + i] = name == "none" ? 1 : raised - (1 - raised) * std::cos(angle);
  }
  return window;
}

/// The signal with `count` elements before and behind it that mirror its own.
static Value reflect(LayerImport &l, Value x, int64_t count) {
  int64_t batch = l.shape(x)[0], size = l.shape(x)[1];
  if (size <= count)
    return l.fail() << "expects more than " << count << " samples; got " << size;
  auto mirrored = [&](int64_t start) {
    Value part =
        l.create<nn::SliceOp>(x, ArrayRef<int64_t>{0, start}, ArrayRef<int64_t>{batch, count}, DenseI64ArrayAttr());
    return l.create<nn::ReverseOp>(part, ArrayRef<int64_t>{1});
  };
  if (count == 0)
    return x;
  Value before = mirrored(1), behind = mirrored(size - 1 - count);
  return l.create<nn::ConcatOp>(ValueRange{before, x, behind}, int64_t(1));
}

/// Triangles that are linear in mel, as the Hidden Markov Model Toolkit has them: [bins, bands].
static std::vector<double> melMatrix(int64_t bins, int64_t bands, double rate, double low, double high) {
  auto mel = [](double hertz) { return 1127 * std::log(1 + hertz / 700); };
  std::vector<double> matrix(bins * bands, 0);
  double first = mel(low), spacing = (mel(high) - first) / static_cast<double>(bands + 1);
  for (int64_t bin = 1; bin < bins; ++bin)
    for (int64_t band = 0; band < bands; ++band) {
      double at = (mel(rate / 2 * static_cast<double>(bin) / static_cast<double>(bins - 1)) - first) / spacing -
                  static_cast<double>(band);
      matrix[bin * bands + band] = std::max(0.0, std::min(at, 2 - at));
    }
  return matrix;
}

/// The sum of squares of the windowed Fourier transform of each frame: [batch, frames, bins].
static Value powerOf(LayerImport &l, Value x, int64_t fft, int64_t length, int64_t stride) {
  int64_t bins = fft / 2 + 1;
  if (l.failed() || boundedElements({fft, bins}) > kMaxElements / 8)
    return l.fail() << "'fft_length' " << fft << " is too large";
  std::vector<double> window = windowOf(l, length, fft);
  auto part = [&](StringRef name, double (*wave)(double)) -> Value {
    std::vector<double> kernel(fft * bins);
    for (int64_t i = 0; i < fft; ++i)
      for (int64_t bin = 0; bin < bins; ++bin)
        kernel[i * bins + bin] =
            window[i] * wave(2 * std::numbers::pi * static_cast<double>(i * bin % fft) / static_cast<double>(fft));
    Value weights = l.cast(l.numbers(name, {fft, 1, bins}, kernel), l.elementType(x));
    Value y =
        l.create<nn::ConvOp>(x, weights, l.unless(1, {stride}), DenseI64ArrayAttr(), DenseI64ArrayAttr(), int64_t(1));
    return l.unary(U::Square, y);
  };
  Value real = part("cosines", [](double angle) { return std::cos(angle); });
  return l.add(real, part("sines", [](double angle) { return std::sin(angle); }));
}

/// Decibels above the reference, at most `top_db` below the loudest element of the whole batch.
static Value decibels(LayerImport &l, Value x) {
  double least = l.number("min_power", 1e-10), reference = std::abs(l.number("ref_power", 1));
  constexpr double perLog = 10 / std::numbers::ln10;
  Value y = l.mul(l.unary(U::Log, l.maximum(x, least)), perLog);
  y = l.add(y, -10 * std::log10(std::max(reference, least)));
  Value loudest = l.failed() ? Value() : l.reduce(nn::ReduceFunction::Max, y, {0, 1, 2});
  return l.binary(B::Maximum, y, l.add(loudest, -l.number("top_db", 80)));
}

Results layerc::importMelSpectrogram(LayerImport &l) {
  int64_t fft = l.positive("fft_length", 1, 2048)[0], stride = l.positive("sequence_stride", 1, 512)[0];
  int64_t length = l.config("sequence_length") ? l.positive("sequence_length", 1)[0] : fft;
  int64_t bands = l.positive("num_mel_bins", 1, 128)[0], bins = fft / 2 + 1;
  double rate = l.number("sampling_rate", 16000), low = l.number("min_freq", 20), high = l.number("max_freq", rate / 2);
  double exponent = l.number("mag_exp", 2);
  bool isDecibels = l.flag("power_to_db", true);
  Value x = l.floatInput();
  if (!l.failed() && (l.rank(x) != 2 || length > fft))
    return l.fail() << "expects signals [batch, samples] and no more than 'fft_length' samples a frame; got "
                    << shapeText(l.shape(x));
  if (l.failed())
    return {};
  x = reflect(l, l.cast(x, Float32Type::get(l.context())), fft / 2);
  if (l.failed())
    return {};
  x = powerOf(l, l.reshape(x, {l.shape(x)[0], l.shape(x)[1], 1}), fft, length, stride);
  if (exponent != 2)
    x = l.binary(B::Pow, x, exponent / 2);
  if (l.failed() || boundedElements({bins, bands}) > kMaxElements / 8)
    return l.fail() << "'num_mel_bins' " << bands << " is too large";
  Value mel = l.cast(l.numbers("mel", {bins, bands}, melMatrix(bins, bands, rate, low, high)), l.elementType(x));
  Value y = l.contract(x, mel, 2, 0);
  y = isDecibels ? decibels(l, y) : y;
  return {l.failed() ? Value() : l.cast(l.transpose(y, {0, 2, 1}), l.computeType())};
}
