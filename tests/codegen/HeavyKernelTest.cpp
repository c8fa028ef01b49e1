// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The register-tiled templates on random shapes and attributes against Evaluate. A failure prints body and seed;
// LAYERC_TEST_SEED repeats one seed.
#include "KernelHarness.h"

#include <gtest/gtest.h>

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

/// The anchor %m of type `type` with a random elementwise end: a bias, perhaps a residual, perhaps a function.
void addEpilogue(Random &random, KernelCase &kernel, const std::string &anchor, const std::string &type, int64_t channels) {
  kernel.result = type;
  kernel.body = "%m = " + anchor + "\n";
  std::string last = "%m";
  if (random.coin()) {
    kernel.arguments.push_back(tensor({channels}));
    kernel.body += "%bias = nn.binary add " + last + ", %c : (" + type + ", " + tensor({channels}) + ") -> " + type + "\n";
    last = "%bias";
    if (random.coin()) {
      kernel.arguments.push_back(type);
      kernel.body += "%sum = nn.binary add " + last + ", %d : (" + type + ", " + type + ") -> " + type + "\n";
      last = "%sum";
    }
  }
  const char *functions[] = {"relu", "silu", "tanh", "neg"};
  kernel.body += std::string("%r = nn.unary ") + functions[random.between(0, 3)] + " " + last + " : (" + type + ") -> " + type;
}

KernelCase randomConv(Random &random, bool depthwise) {
  int64_t rank = random.between(1, depthwise ? 2 : 3);
  int64_t groups = depthwise || random.between(0, 3) != 0 ? 1 : random.between(2, 3);
  int64_t channels = depthwise ? random.between(2, 40) : groups * random.between(1, 9), filters = groups * random.between(1, 40);
  if (depthwise)
    groups = filters = channels;
  std::vector<int64_t> in{random.between(1, 2)}, kernel, out{in[0]}, strides, pads, dilations;
  for (int64_t d = 0; d < rank; ++d) {
    kernel.push_back(random.between(1, 4));
    strides.push_back(random.between(1, 3));
    dilations.push_back(random.coin() ? 1 : random.between(1, 2));
    int64_t reach = (kernel[d] - 1) * dilations[d] + 1;
    pads.push_back(random.between(0, reach - 1));
    pads.push_back(random.between(0, reach - 1));
    in.push_back(reach + random.between(0, 12));
    out.push_back((in.back() + pads[2 * d] + pads[2 * d + 1] - reach) / strides[d] + 1);
  }
  in.push_back(channels);
  kernel.push_back(channels / groups);
  kernel.push_back(filters);
  out.push_back(filters);
  KernelCase result;
  result.arguments = {tensor(in), tensor(kernel)};
  addEpilogue(random, result,
              "nn.conv %a, %b strides " + list(strides) + " pads " + list(pads) + " dilations " + list(dilations) + " groups " +
                  std::to_string(groups) + " : (" + tensor(in) + ", " + tensor(kernel) + ") -> " + tensor(out),
              tensor(out), filters);
  return result;
}

KernelCase randomTransposed(Random &random) {
  int64_t rank = random.between(1, 2), channels = random.between(1, 9), filters = random.between(1, 30);
  std::vector<int64_t> in{random.between(1, 2)}, kernel, sizes, strides, crops, out{in[0]};
  for (int64_t d = 0; d < rank; ++d) {
    in.push_back(random.between(1, 7));
    kernel.push_back(random.between(1, 4));
    strides.push_back(random.between(1, 3));
    int64_t full = (in.back() - 1) * strides[d] + kernel[d];
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
              "nn.conv_transpose %a, %b sizes " + list(sizes) + " strides " + list(strides) + " crops " + list(crops) + " : (" +
                  tensor(in) + ", " + tensor(kernel) + ") -> " + tensor(out),
              tensor(out), filters);
  return result;
}

KernelCase randomDense(Random &random) {
  int64_t rows = random.between(1, 40), depth = random.between(1, 70), columns = random.between(1, 70);
  std::string type = tensor({rows, columns}), lhs = tensor({rows, depth}), rhs = tensor({depth, columns});
  KernelCase result;
  result.arguments = {lhs, rhs};
  addEpilogue(random, result, "nn.contract %a, %b contracting [1] x [0] : (" + lhs + ", " + rhs + ") -> " + type, type, columns);
  if (random.coin()) { // a softmax behind it
    size_t end = result.body.rfind("%r =");
    result.body.replace(end, 4, "%z =");
    result.body += "\n%r = nn.softmax %z axes [1] : (" + type + ") -> " + type;
  }
  return result;
}

void checkTemplate(llvm::StringRef name, llvm::function_ref<KernelCase(Random &)> make) {
  const char *fixed = std::getenv("LAYERC_TEST_SEED");
  uint64_t first = fixed ? std::strtoull(fixed, nullptr, 10) : 1, last = fixed ? first : 12;
  int64_t accepted = 0;
  for (uint64_t seed = first; seed <= last; ++seed) {
    Random random(seed);
    KernelCase kernel = make(random);
    for (const char *target : {"x86-64-v3", "x86-64"}) {
      KernelRun run(kernel, target);
      SCOPED_TRACE(kernel.body);
      for (const KernelChoice &choice : run.choices(*findKernelTemplate(name))) {
        ++accepted;
        run.check(choice, seed);
      }
    }
  }
  EXPECT_GT(accepted, 0) << "the template refuses everything";
}

TEST(HeavyKernels, Conv) { checkTemplate("conv", [](Random &r) { return randomConv(r, false); }); }
TEST(HeavyKernels, ConvTranspose) { checkTemplate("conv", randomTransposed); }
TEST(HeavyKernels, Dense) { checkTemplate("conv", randomDense); }
TEST(HeavyKernels, Depthwise) { checkTemplate("depthwise", [](Random &r) { return randomConv(r, true); }); }
TEST(HeavyKernels, LoopsOfTheSame) {
  checkTemplate("loops", [](Random &r) { return randomConv(r, false); });
  checkTemplate("loops", randomTransposed);
}

} // namespace
