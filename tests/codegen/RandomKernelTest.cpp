// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every template on random shapes and attributes against Evaluate. The corners are drawn often: sizes of 1, kernels as
// large as the input, strides above the kernel, primes around the vector length.
//
// LAYERC_RANDOM_COUNT shapes of each kind (12 unless told) from LAYERC_SEED (1) on: shape i is drawn from seed + i, and
// a failure prints it. scripts/soak asks for thousands. Above 400 lines because all kinds share what draws them.
#include "KernelHarness.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <random>

using namespace layerc;
using namespace layerc::test;

namespace {

class Random {
public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  int64_t between(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(engine_); }
  bool coin() { return between(0, 1) == 1; }
  template <typename T> T choice(std::initializer_list<T> list) {
    return *(list.begin() + between(0, list.size() - 1));
  }
  /// Channels, columns, lengths: around multiples of vector lengths, or anything.
  int64_t size(int64_t most) {
    int64_t drawn =
        coin() ? between(1, most)
               : choice<int64_t>({1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32, 33, 47, 48, 49, 64, 65});
    return std::min(drawn, most);
  }

private:
  std::mt19937_64 engine_;
};

std::string tensor(const std::vector<int64_t> &shape) {
  std::string text = "tensor<";
  for (int64_t size : shape)
    text += std::to_string(size) + "x";
  return text + "f32>";
}

std::string list(const std::vector<int64_t> &numbers) {
  std::string text;
  for (int64_t number : numbers)
    text += (text.empty() ? "" : ", ") + std::to_string(number);
  return "[" + text + "]";
}

std::string unary(Random &random, const std::string &operand, const std::string &type) {
  const char *function = random.choice({"relu", "silu", "tanh", "neg", "sigmoid", "abs", "square", "softplus"});
  return std::string("nn.unary ") + function + " " + operand + " : (" + type + ") -> " + type + "\n";
}

std::string binary(const char *function, const std::string &a, const std::string &b, const std::string &type,
                   const std::string &other) {
  return std::string("nn.binary ") + function + " " + a + ", " + b + " : (" + type + ", " + other + ") -> " + type +
         "\n";
}

/// The anchor %m of shape `shape` with a random elementwise end: a bias, perhaps a scale and shift along any dimension,
/// a residual, a function or a gate.
void addEpilogue(Random &random, KernelCase &kernel, const std::string &anchor, const std::vector<int64_t> &shape) {
  const std::string type = tensor(shape), channels = tensor({shape.back()});
  kernel.result = type;
  kernel.body = "%m = " + anchor + "\n";
  std::string last = "%m";
  auto next = [&](const std::string &name, const std::string &op) {
    kernel.body += name + " = " + op;
    last = name;
  };
  auto argument = [&](const std::string &argumentType) {
    kernel.arguments.push_back(argumentType);
    return std::string("%") + static_cast<char>('a' + kernel.arguments.size() - 1);
  };
  if (random.coin()) {
    std::string bias = argument(channels);
    next("%bias", binary("add", last, bias, type, channels));
  }
  if (random.between(0, 2) == 0) {
    int64_t axis = random.between(0, static_cast<int64_t>(shape.size()) - 1);
    std::string vector = tensor({shape[axis]}), scale = argument(vector), shift = argument(vector);
    next("%affine", "nn.affine " + last + ", " + scale + ", " + shift + " axis " + std::to_string(axis) + " : (" +
                        type + ", " + vector + ", " + vector + ") -> " + type + "\n");
  }
  if (random.coin()) {
    std::string residual = argument(type);
    next("%sum", binary(random.choice({"add", "mul", "maximum"}), last, residual, type, type));
  }
  if (random.between(0, 3) == 0) { // x * f(x)
    next("%gate", unary(random, last, type));
    next("%gated", binary("mul", "%gate", "%m", type, type));
  }
  next("%r", unary(random, last, type));
}

/// Which convolutions to draw.
struct ConvKind {
  int64_t ranks = 3, kernel = 5, stride = 1, dilation = 1, groups = 1;
  bool depthwise = false, oneFilter = false;
};

KernelCase randomConv(Random &random, const ConvKind &kind) {
  int64_t rank = random.between(1, kind.ranks);
  int64_t groups = kind.groups > 1 ? random.between(2, kind.groups) : 1;
  int64_t channels = kind.depthwise ? random.size(67) : groups * random.size(groups > 1 ? 9 : 35),
          filters = groups * random.size(groups > 1 ? 20 : 67);
  if (kind.depthwise) {
    groups = channels;
    filters = channels;
  }
  if (kind.oneFilter)
    filters = 1;
  std::vector<int64_t> in{random.between(1, 2)}, kernel, out{in[0]}, strides, pads, dilations;
  for (int64_t d = 0; d < rank; ++d) {
    kernel.push_back(random.between(1, rank == 3 ? std::min<int64_t>(3, kind.kernel) : kind.kernel));
    strides.push_back(random.between(1, kind.stride));
    dilations.push_back(random.between(1, kind.dilation));
    int64_t reach = (kernel[d] - 1) * dilations[d] + 1;
    pads.push_back(random.between(0, reach - 1));
    pads.push_back(random.between(0, reach - 1));
    int64_t least =
        std::max<int64_t>(1, reach - pads[2 * d] - pads[2 * d + 1]); // the kernel may be larger than the input
    in.push_back(least + random.between(0, random.coin() ? 2 : rank == 3 ? 5 : 17));
    out.push_back((in.back() + pads[2 * d] + pads[2 * d + 1] - reach) / strides[d] + 1);
  }
  in.push_back(channels);
  kernel.push_back(channels / groups);
  kernel.push_back(filters);
  out.push_back(filters);
  KernelCase result;
  result.arguments = {tensor(in), tensor(kernel)};
  addEpilogue(random, result,
              "nn.conv %a, %b strides " + list(strides) + " pads " + list(pads) + " dilations " + list(dilations) +
                  " groups " + std::to_string(groups) + " : (" + tensor(in) + ", " + tensor(kernel) + ") -> " +
                  tensor(out),
              out);
  return result;
}

/// What minimal filtering takes: 3 x 3 of stride 1, whole vectors of channels, seldom more than one chain of sums.
KernelCase randomConv3x3(Random &random) {
  int64_t channels = random.between(0, 5) == 0 ? 136 : 8 * random.between(1, 5), filters = 8 + random.size(50);
  std::vector<int64_t> in{random.between(1, 2)}, out{in[0]}, kernel{3, 3, channels, filters}, pads;
  for (int64_t d = 0; d < 2; ++d) {
    pads.push_back(random.between(0, 2));
    pads.push_back(random.between(0, 2));
    in.push_back(std::max<int64_t>(1, 3 - pads[2 * d] - pads[2 * d + 1]) + random.between(0, 14));
    out.push_back(in.back() + pads[2 * d] + pads[2 * d + 1] - 2);
  }
  in.push_back(channels);
  out.push_back(filters);
  KernelCase result;
  result.arguments = {tensor(in), tensor(kernel)};
  // Sums as trained weights give them: of sums of a hundred, the rounding of any order of them shows behind tanh.
  result.weightScale = 1 / std::sqrt(9.0 * static_cast<double>(channels));
  addEpilogue(random, result,
              "nn.conv %a, %b pads " + list(pads) + " : (" + tensor(in) + ", " + tensor(kernel) + ") -> " + tensor(out),
              out);
  return result;
}

KernelCase randomTransposed(Random &random) {
  int64_t rank = random.between(1, 3), channels = random.size(17), filters = random.size(33), most = rank == 3 ? 2 : 4;
  std::vector<int64_t> in{random.between(1, 2)}, kernel, sizes, strides, crops, dilations, out{in[0]};
  bool dilated = random.between(0, 3) == 0;
  for (int64_t d = 0; d < rank; ++d) {
    in.push_back(random.between(1, rank == 3 ? 4 : 9));
    kernel.push_back(random.between(1, most));
    strides.push_back(dilated ? 1 : random.between(1, most));
    dilations.push_back(dilated ? random.between(1, 3) : 1);
    int64_t full = (in.back() - 1) * strides[d] + (kernel[d] - 1) * dilations[d] + 1;
    crops.push_back(random.between(0, std::min<int64_t>(2, full - 1)));
    sizes.push_back(random.between(1, full - crops[d] + 1));
    out.push_back(sizes[d]);
  }
  in.push_back(channels);
  kernel.push_back(channels);
  kernel.push_back(filters);
  out.push_back(filters);
  KernelCase result;
  result.arguments = {tensor(in), tensor(kernel)};
  addEpilogue(random, result,
              "nn.conv_transpose %a, %b sizes " + list(sizes) + " strides " + list(strides) + " crops " + list(crops) +
                  " dilations " + list(dilations) + " : (" + tensor(in) + ", " + tensor(kernel) + ") -> " + tensor(out),
              out);
  return result;
}

KernelCase randomDense(Random &random, int64_t mostRows) {
  int64_t depth = random.size(150), columns = random.size(150);
  std::vector<int64_t> lhs{random.size(mostRows)};
  if (mostRows > 1)
    for (int64_t rank = random.between(0, 2); rank > 0; --rank)
      lhs.push_back(random.between(1, 4));
  std::vector<int64_t> out = lhs;
  int64_t axis = static_cast<int64_t>(lhs.size());
  lhs.push_back(depth);
  out.push_back(columns);
  std::string type = tensor(out), rhs = tensor({depth, columns});
  KernelCase result;
  result.arguments = {tensor(lhs), rhs};
  addEpilogue(random, result,
              "nn.contract %a, %b contracting [" + std::to_string(axis) + "] x [0] : (" + tensor(lhs) + ", " + rhs +
                  ") -> " + type,
              out);
  if (random.between(0, 2) == 0) { // a softmax behind it
    result.body.replace(result.body.rfind("%r ="), 4, "%z =");
    result.body += "%r = nn.softmax %z axes [" + std::to_string(axis) + "] : (" + type + ") -> " + type;
  }
  return result;
}

/// A product or a convolution whose columns are gates that elementwise ops combine, perhaps with an operand of one
/// gate.
KernelCase randomGates(Random &random) {
  int64_t gates = random.between(2, 5), units = random.size(40), channels = random.size(35), rows = random.size(30),
          taps = random.between(1, 3);
  bool isConv = random.coin();
  std::vector<int64_t> in{rows, channels}, weight{channels, gates * units}, out{rows, gates * units};
  if (isConv) {
    in = {2, rows + taps - 1, channels};
    weight = {taps, channels, gates * units};
    out = {2, rows, gates * units};
  }
  std::vector<int64_t> one = out, starts(out.size(), 0);
  one.back() = units;
  std::string wide = tensor(out), gate = tensor(one), types = tensor(in) + ", " + tensor(weight);
  KernelCase result{"", gate, {tensor(in), tensor(weight), random.coin() ? wide : tensor({gates * units}), gate}};
  result.body = isConv ? "%m = nn.conv %a, %b : (" + types + ") -> " + wide + "\n"
                       : "%m = nn.contract %a, %b contracting [1] x [0] : (" + types + ") -> " + wide + "\n";
  result.body += "%z = " + binary("add", "%m", "%c", wide, result.arguments[2]);
  std::string sum = "%d";
  for (int64_t number = 0; number < gates; ++number) {
    std::string name = std::to_string(number);
    starts.back() = number * units;
    result.body += "%s" + name + " = nn.slice " + random.choice({"%m", "%z"}) + " starts " + list(starts) + " sizes " +
                   list(one) + " : (" + wide + ") -> " + gate + "\n%f" + name + " = " +
                   unary(random, "%s" + name, gate) + "%g" + name + " = " +
                   binary(random.choice({"add", "mul", "sub"}), sum, "%f" + name, gate, gate);
    sum = "%g" + name;
  }
  result.body += "%r = nn.unary tanh " + sum + " : (" + gate + ") -> " + gate + "\n";
  return result;
}

/// Any contraction of two tensors of rank 2 to 4 with batch dimensions, contracted dimensions and free ones.
KernelCase randomContraction(Random &random) {
  int64_t batch = random.between(0, 1), both = random.between(1, 2), left = random.between(0, 1),
          right = random.between(0, 1);
  std::vector<int64_t> lhs, rhs, out, batchAxes, lhsAxes, rhsAxes;
  for (int64_t i = 0; i < batch; ++i) {
    batchAxes.push_back(i);
    lhs.push_back(random.between(1, 4));
    rhs.push_back(lhs.back());
    out.push_back(lhs.back());
  }
  if (left) {
    lhs.push_back(random.size(20));
    out.push_back(lhs.back());
  }
  for (int64_t i = 0; i < both; ++i) {
    lhsAxes.push_back(static_cast<int64_t>(lhs.size()));
    rhsAxes.push_back(static_cast<int64_t>(rhs.size()));
    lhs.push_back(random.size(24));
    rhs.push_back(lhs.back());
  }
  if (right) {
    rhs.push_back(random.size(40));
    out.push_back(rhs.back());
  }
  std::string type = tensor(out), tail = " : (" + tensor(lhs) + ", " + tensor(rhs) + ") -> " + type + "\n";
  std::string axes =
      "batch " + list(batchAxes) + " x " + list(batchAxes) + " contracting " + list(lhsAxes) + " x " + list(rhsAxes);
  return {
      "%m = nn.contract %a, %b " + axes + tail + "%r = " + unary(random, "%m", type), type, {tensor(lhs), tensor(rhs)}};
}

/// Query, keys and values with heads before or behind their rows, a scale and an added mask for some.
KernelCase randomAttention(Random &random) {
  int64_t batch = random.between(1, 2), heads = random.between(1, 3), rows = 4 + random.size(30),
          keys = random.size(50);
  int64_t depth = random.size(24), columns = random.size(40);
  bool inside = random.coin(); // [batch, rows, heads, depth], not [batch, heads, rows, depth]
  auto matrix = [&](int64_t n, int64_t m) {
    return tensor(inside ? std::vector{batch, n, heads, m} : std::vector{batch, heads, n, m});
  };
  std::string axes = inside ? "[0, 2]" : "[0, 1]", rowAxis = inside ? "[1]" : "[2]",
              scores = tensor({batch, heads, rows, keys});
  KernelCase result{
      "", tensor({batch, heads, rows, columns}), {matrix(rows, depth), matrix(keys, depth), matrix(keys, columns)}};
  std::string last = "%s";
  result.body = "%s = nn.contract %a, %b batch " + axes + " x " + axes + " contracting [3] x [3] : (" +
                result.arguments[0] + ", " + result.arguments[1] + ") -> " + scores + "\n";
  if (random.coin()) {
    result.body +=
        "%c0 = nn.constant dense<0.25> : tensor<f32>\n%t = " + binary("mul", last, "%c0", scores, "tensor<f32>");
    last = "%t";
  }
  if (random.coin()) {
    result.arguments.push_back(random.coin() ? tensor({rows, keys}) : tensor({batch, 1, 1, keys}));
    result.body += "%u = " + binary("add", last, "%d", scores, result.arguments.back());
    last = "%u";
  }
  result.body += "%p = nn.softmax " + last + " axes [3] : (" + scores + ") -> " + scores +
                 "\n%r = nn.contract %p, %c batch [0, 1] x " + axes + " contracting [3] x " + rowAxis + " : (" +
                 scores + ", " + result.arguments[2] + ") -> " + result.result + "\n";
  return result;
}

/// A cell of some gates that ends in a second product for some: all steps, or one step and a layer behind it.
KernelCase randomScan(Random &random) {
  bool isLoop = random.between(0, 3) > 0;
  int64_t steps = random.between(1, 5), rows = isLoop ? random.between(1, 3) : 1, gates = random.between(1, 4);
  int64_t units = random.size(40), outputs = isLoop ? units : random.size(20);
  std::string state = tensor({rows, units}), wide = tensor({rows, gates * units}), last = tensor({rows, outputs});
  KernelCase result{
      "", last, {tensor({rows, gates * units}), tensor({units, gates * units}), state, tensor({units, outputs})}};
  // Trained size: a cell that multiplies sums of large numbers, step after step, grows a rounding a thousandfold.
  result.weightScale = 1 / std::sqrt(static_cast<double>(units));
  std::string body = "%m = nn.contract %h, %b contracting [1] x [0] : (" + state + ", " + result.arguments[1] +
                     ") -> " + wide + "\n%z = " + binary("add", "%x", "%m", wide, wide);
  std::string sum = "%h";
  for (int64_t gate = 0; gate < gates; ++gate) {
    std::string number = std::to_string(gate);
    body += "%s" + number + " = nn.slice " + random.choice({"%m", "%z"}) + " starts [0, " +
            std::to_string(gate * units) + "] sizes [" + std::to_string(rows) + ", " + std::to_string(units) + "] : (" +
            wide + ") -> " + state + "\n%f" + number + " = " + unary(random, "%s" + number, state) + "%g" + number +
            " = " + binary(random.choice({"add", "mul", "sub"}), sum, "%f" + number, state, state);
    sum = "%g" + number;
  }
  // The old state stays in the sum, and tanh bounds it: products of gates alone would die out within few steps.
  body +=
      "%e = " + binary("add", "%h", sum, state, state) + "%t = nn.unary tanh %e : (" + state + ") -> " + state + "\n";
  bool isDeep = !isLoop || random.coin();
  if (isDeep)
    body += "%d2 = nn.contract %t, %d contracting [1] x [0] : (" + state + ", " + result.arguments[3] + ") -> " + last +
            "\n%n = nn.unary sigmoid %d2 : (" + last + ") -> " + last + "\n";
  if (!isLoop) {
    size_t at;
    while ((at = body.find("%x,")) != std::string::npos)
      body.replace(at, 2, "%a");
    while ((at = body.find("%h,")) != std::string::npos)
      body.replace(at, 2, "%c");
    result.body = body + "%r = nn.unary neg %n : (" + last + ") -> " + last + "\n";
    return result;
  }
  std::string next = isDeep ? "%n" : "%t", sequence = tensor({steps, rows, gates * units}),
              stacked = tensor({steps, rows, units});
  bool isStacked = random.coin();
  result.arguments[0] = sequence;
  result.result = isStacked ? stacked : state;
  result.body = "%l, %q = nn.scan(%x = %a) carry(%h = %c) " + std::string(random.coin() ? "reverse " : "") + ": (" +
                sequence + ", " + state + ") -> (" + state + ", " + stacked + ") {\n" + body + "nn.yield " + next +
                ", " + next + " : " + state + ", " + state + "\n}\n";
  result.body.replace(result.body.find(isStacked ? "%q" : "%l"), 2, "%r");
  return result;
}

KernelCase randomPool(Random &random) {
  int64_t rank = random.between(1, 3);
  std::vector<int64_t> in{random.between(1, 2)}, out{in[0]}, window, strides, pads;
  for (int64_t d = 0; d < rank; ++d) {
    window.push_back(random.between(1, rank == 3 ? 3 : 5));
    strides.push_back(random.between(1, 5));
    pads.push_back(random.between(0, window[d] - 1));
    pads.push_back(random.between(0, window[d] - 1));
    in.push_back(std::max<int64_t>(1, window[d] - pads[2 * d] - pads[2 * d + 1]) +
                 random.between(0, rank == 3 ? 4 : 12));
    out.push_back((in.back() + pads[2 * d] + pads[2 * d + 1] - window[d]) / strides[d] + 1);
    if ((out.back() - 1) * strides[d] >= in.back() + pads[2 * d]) { // the last window would see padding only
      pads[2 * d + 1] = 0;
      out.back() = std::max<int64_t>(0, in.back() + pads[2 * d] - window[d]) / strides[d] + 1;
      in.back() = std::max(in.back(), window[d] - pads[2 * d]);
    }
  }
  in.push_back(random.size(67));
  out.push_back(in.back());
  std::string function = random.choice({"max", "average"});
  return {"%p = nn.pool " + function + " %a window " + list(window) + " strides " + list(strides) + " pads " +
              list(pads) + " : (" + tensor(in) + ") -> " + tensor(out) + "\n%r = " + unary(random, "%p", tensor(out)),
          tensor(out),
          {tensor(in)}};
}

std::vector<int64_t> randomShape(Random &random) {
  std::vector<int64_t> shape;
  for (int64_t rank = random.between(1, 4); rank > 1; --rank)
    shape.push_back(random.between(1, 7));
  shape.push_back(random.size(150));
  return shape;
}

/// Elementwise chains with broadcast operands.
KernelCase randomElementwise(Random &random) {
  std::vector<int64_t> shape = randomShape(random);
  KernelCase result{"", tensor(shape), {tensor(shape)}};
  std::string last = "%a";
  for (int64_t i = 0, count = random.between(1, 6); i < count; ++i) {
    std::string name = "%v" + std::to_string(i);
    if (random.coin() && result.arguments.size() < 5) {
      std::vector<int64_t> other(shape.begin() + random.between(0, shape.size() - 1), shape.end());
      for (int64_t &size : other)
        size = random.between(0, 3) == 0 ? 1 : size;
      result.arguments.push_back(tensor(other));
      std::string operand = std::string("%") + static_cast<char>('a' + result.arguments.size() - 1);
      result.body += name + " = " +
                     binary(random.choice({"add", "sub", "mul", "maximum", "minimum"}), last, operand, result.result,
                            tensor(other));
    } else {
      result.body += name + " = " + unary(random, last, result.result);
    }
    last = name;
  }
  result.body += "%r = " + binary("add", last, "%a", result.result, result.result);
  return result;
}

/// Reductions, softmax and normalisation over random axes.
KernelCase randomRows(Random &random) {
  std::vector<int64_t> shape = randomShape(random), axes, kept;
  for (size_t d = 0; d < shape.size(); ++d)
    if (random.coin())
      axes.push_back(static_cast<int64_t>(d));
  if (axes.empty())
    axes.push_back(static_cast<int64_t>(shape.size()) - 1);
  for (size_t d = 0; d < shape.size(); ++d)
    if (!std::count(axes.begin(), axes.end(), static_cast<int64_t>(d)))
      kept.push_back(shape[d]);
  std::string type = tensor(shape), out = random.coin() ? tensor(kept) : type;
  std::string body = "%q = " + unary(random, "%a", type);
  if (out != type)
    body += std::string("%m = nn.reduce ") + random.choice({"sum", "mean", "max", "min"}) + " %q axes " + list(axes);
  else if (random.coin())
    body += "%m = nn.softmax %q axes " + list(axes);
  else
    body += std::string("%m = nn.normalize ") + random.choice({"layer", "rms"}) + " %q axes " + list(axes) +
            " epsilon 1.0e-2";
  body += " : (" + type + ") -> " + out + "\n%r = " + unary(random, "%m", out);
  return {body, out, {type}};
}

uint64_t environment(const char *name, uint64_t otherwise) {
  const char *text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// One of the template's choices, with gaps behind rows for some, and the result in the place of a residual for some.
bool checkShape(const KernelTemplate &description, const KernelCase &kernel, uint64_t seed, llvm::StringRef target) {
  KernelRun run(kernel, target);
  SCOPED_TRACE(kernel.body);
  std::vector<KernelChoice> choices = run.choices(description);
  if (choices.empty())
    return false;
  Random random(seed);
  Layout layout;
  layout.gap = random.between(0, 3) == 0 ? random.between(1, 9) : 0;
  for (unsigned i = 0; i < kernel.arguments.size(); ++i)
    if (kernel.arguments[i] == kernel.result && random.coin() &&
        description.access(run.kernel().getBody().front(), i) == Access::SameIndex)
      layout.inPlaceInput = i;
  run.check(choices[static_cast<size_t>(random.between(0, static_cast<int64_t>(choices.size()) - 1))], seed, layout);
  return true;
}

void checkTemplate(llvm::StringRef name, llvm::function_ref<KernelCase(Random &)> make) {
  uint64_t seed = environment("LAYERC_SEED", 1), count = environment("LAYERC_RANDOM_COUNT", 12), accepted = 0;
  for (uint64_t i = seed; i < seed + count && !testing::Test::HasFailure(); ++i) {
    Random random(i);
    accepted += checkShape(*findKernelTemplate(name), make(random), i, i % 2 ? "x86-64-v3" : "x86-64");
  }
  std::cout << "  " << accepted << " of " << count << " shapes from seed " << seed << " on\n";
  EXPECT_GT(accepted, count / 4) << "the template refuses most shapes";
}

TEST(RandomKernels, Conv1x1) {
  checkTemplate("conv", [](Random &r) { return randomConv(r, {.kernel = 1}); });
}
TEST(RandomKernels, ConvDirect) {
  checkTemplate("conv", [](Random &r) { return randomConv(r, {}); });
}
TEST(RandomKernels, ConvStrided) {
  checkTemplate("conv", [](Random &r) { return randomConv(r, {.kernel = 4, .stride = 5}); });
}
TEST(RandomKernels, ConvDilated) {
  checkTemplate("conv", [](Random &r) { return randomConv(r, {.kernel = 4, .dilation = 3}); });
}
TEST(RandomKernels, ConvGrouped) {
  checkTemplate("conv", [](Random &r) { return randomConv(r, {.stride = 2, .groups = 5}); });
}
TEST(RandomKernels, Winograd) { checkTemplate("winograd", randomConv3x3); }
TEST(RandomKernels, ConvTranspose) { checkTemplate("conv", randomTransposed); }
TEST(RandomKernels, Dense) {
  checkTemplate("conv", [](Random &r) { return randomDense(r, 60); });
}
TEST(RandomKernels, Gates) { checkTemplate("conv", randomGates); }
TEST(RandomKernels, DenseOfOneRow) {
  checkTemplate("conv", [](Random &r) { return randomDense(r, 1); });
}
TEST(RandomKernels, Depthwise) {
  checkTemplate("depthwise",
                [](Random &r) { return randomConv(r, {.ranks = 2, .stride = 3, .dilation = 2, .depthwise = true}); });
}
TEST(RandomKernels, Attention) { checkTemplate("attention", randomAttention); }
TEST(RandomKernels, Scan) { checkTemplate("scan", randomScan); }
TEST(RandomKernels, LoopsOfContractions) { checkTemplate("loops", randomContraction); }
TEST(RandomKernels, LoopsOfConv) {
  checkTemplate("loops",
                [](Random &r) { return randomConv(r, {.kernel = 3, .stride = 3, .dilation = 2, .groups = 3}); });
}
TEST(RandomKernels, LoopsOfConvOfOneFilter) {
  checkTemplate("loops", [](Random &r) { return randomConv(r, {.stride = 3, .dilation = 2, .oneFilter = true}); });
}
TEST(RandomKernels, LoopsOfConvTranspose) { checkTemplate("loops", randomTransposed); }
TEST(RandomKernels, Pool) { checkTemplate("loops", randomPool); }
TEST(RandomKernels, Elementwise) { checkTemplate("loops", randomElementwise); }
TEST(RandomKernels, Rows) { checkTemplate("loops", randomRows); }

} // namespace
