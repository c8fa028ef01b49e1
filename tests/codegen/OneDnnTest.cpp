// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// oneDNN as an external step against Evaluate on small shapes, and as second judge of our templates on layers of
// ResNet50 and MobileNetV2, which Evaluate could not compute in reasonable time.
#include "KernelHarness.h"

#include "runtime/src/onednn/onednn.h"

#include <gtest/gtest.h>

using namespace layerc;
using namespace layerc::test;

namespace {

struct Conv {
  int64_t size, channels, kernel, filters, stride = 1, groups = 1, dilation = 1;

  std::string tensor(int64_t pixels, int64_t depth) const {
    std::string side = std::to_string(pixels);
    return "tensor<1x" + side + "x" + side + "x" + std::to_string(depth) + "xf32>";
  }

  /// Convolution with padding "same" as Keras has it, bias and, where asked, relu.
  KernelCase kernelCase(bool relu) const {
    auto number = [](int64_t n) { return std::to_string(n); };
    int64_t out = (size + stride - 1) / stride, reach = (kernel - 1) * dilation + 1;
    int64_t pads = std::max<int64_t>(0, (out - 1) * stride + reach - size), low = pads / 2;
    std::string side = "[" + number(stride) + ", " + number(stride) + "]", k = number(kernel) + "x";
    std::string each = number(low) + ", " + number(pads - low);
    KernelCase result;
    result.result = tensor(out, filters);
    result.arguments = {tensor(size, channels),
                        "tensor<" + k + k + number(channels / groups) + "x" + number(filters) + "xf32>",
                        "tensor<" + number(filters) + "xf32>"};
    std::string toResult = " -> " + result.result + "\n";
    result.body = "%m = nn.conv %a, %b strides " + side + " pads [" + each + ", " + each + "] dilations [" +
                  number(dilation) + ", " + number(dilation) + "] groups " + number(groups) + " : (" +
                  result.arguments[0] + ", " + result.arguments[1] + ")" + toResult + (relu ? "%n" : "%r") +
                  " = nn.binary add %m, %c : (" + result.result + ", " + result.arguments[2] + ")" + toResult;
    if (relu)
      result.body += "%r = nn.unary relu %n : (" + result.result + ")" + toResult;
    return result;
  }
};

KernelCase dense(int64_t rows, int64_t depth, int64_t columns) {
  auto matrix = [](int64_t m, int64_t n) { return "tensor<" + std::to_string(m) + "x" + std::to_string(n) + "xf32>"; };
  KernelCase result;
  result.arguments = {matrix(rows, depth), matrix(depth, columns)};
  result.result = matrix(rows, columns);
  result.body = "%r = nn.contract %a, %b contracting [1] x [0] : (" + result.arguments[0] + ", " + result.arguments[1] +
                ") -> " + result.result;
  return result;
}

void checkOneDnn(const KernelCase &kernel, const Layout &layout = {}) {
  SCOPED_TRACE(kernel.body);
  KernelRun run(kernel, "native");
  run.setExternal(layerc_onednn);
  auto choices = run.choices(*findKernelTemplate("onednn"));
  ASSERT_EQ(choices.size(), 1u);
  run.check(choices.front(), 1, layout);
}

/// The cheapest choice of our templates against oneDNN.
void judge(const KernelCase &kernel) {
  SCOPED_TRACE(kernel.body);
  KernelRun run(kernel, "native");
  run.setExternal(layerc_onednn);
  std::vector<TensorData> inputs = run.randomInputs(1);
  auto expected = run.run(run.choices(*findKernelTemplate("onednn")).front(), inputs);
  ASSERT_TRUE(expected.has_value());
  for (const char *name : {"conv", "depthwise"}) {
    std::vector<KernelChoice> choices = run.choices(*findKernelTemplate(name));
    auto best = std::min_element(choices.begin(), choices.end(),
                                 [](auto &a, auto &b) { return a.nanoseconds < b.nanoseconds; });
    if (best == choices.end())
      continue;
    auto actual = run.run(*best, inputs);
    ASSERT_TRUE(actual.has_value());
    KernelRun::compare(*actual, *expected, 1e-5);
  }
}

TEST(OneDnn, ComputesConvolutions) {
  checkOneDnn(Conv{9, 5, 3, 12}.kernelCase(true));
  checkOneDnn(Conv{10, 8, 1, 24, 2}.kernelCase(false));
  checkOneDnn(Conv{8, 12, 3, 8, 2, 4}.kernelCase(true));
  checkOneDnn(Conv{11, 16, 3, 16, 1, 16}.kernelCase(true));
  checkOneDnn(Conv{12, 3, 3, 16, 1, 1, 2}.kernelCase(false));
}

TEST(OneDnn, CapsRelu) {
  KernelCase kernel = Conv{6, 4, 3, 8}.kernelCase(true);
  std::string type = kernel.result;
  kernel.body.replace(kernel.body.find("%r ="), 4, "%z =");
  kernel.body += "%one = nn.constant dense<1.0> : tensor<f32>\n%r = nn.binary minimum %z, %one : (" + type +
                 ", tensor<f32>) -> " + type;
  checkOneDnn(kernel);
}

TEST(OneDnn, ComputesTransposedConvolutions) {
  KernelCase kernel;
  kernel.arguments = {"tensor<2x5x4x6xf32>", "tensor<3x2x6x10xf32>"};
  kernel.result = "tensor<2x10x8x10xf32>";
  kernel.body = "%r = nn.conv_transpose %a, %b sizes [10, 8] strides [2, 2] crops [1, 0] : (tensor<2x5x4x6xf32>, "
                "tensor<3x2x6x10xf32>) -> tensor<2x10x8x10xf32>";
  checkOneDnn(kernel);
}

TEST(OneDnn, ComputesProducts) {
  checkOneDnn(dense(1, 70, 33));
  checkOneDnn(dense(19, 64, 48));
  KernelCase kernel;
  kernel.arguments = {"tensor<2x3x7xf32>", "tensor<7x5xf32>", "tensor<5xf32>"};
  kernel.result = "tensor<2x3x5xf32>";
  kernel.body =
      "%m = nn.contract %a, %b contracting [2] x [0] : (tensor<2x3x7xf32>, tensor<7x5xf32>) -> tensor<2x3x5xf32>\n"
      "%r = nn.binary add %m, %c : (tensor<2x3x5xf32>, tensor<5xf32>) -> tensor<2x3x5xf32>";
  checkOneDnn(kernel);
}

/// Parts of a concatenation have other tensors' elements between their rows.
TEST(OneDnn, ReadsAndWritesStrided) {
  checkOneDnn(Conv{7, 8, 3, 16}.kernelCase(true), {3, -1});
  checkOneDnn(dense(6, 16, 24), {5, -1});
}

TEST(OneDnn, RefusesWhatItCannotCompute) {
  KernelCase kernel = Conv{6, 4, 3, 8}.kernelCase(true);
  kernel.body.replace(kernel.body.find("relu"), 4, "silu");
  EXPECT_TRUE(KernelRun(kernel, "native").choices(*findKernelTemplate("onednn")).empty());
}

TEST(OneDnn, JudgesLayersOfResNet50) {
  judge(Conv{224, 3, 7, 64, 2}.kernelCase(true));
  judge(Conv{56, 64, 1, 256}.kernelCase(false));
  judge(Conv{56, 64, 3, 64}.kernelCase(true));
  judge(Conv{56, 256, 1, 128, 2}.kernelCase(true));
  judge(Conv{28, 128, 3, 128}.kernelCase(true));
  judge(Conv{14, 256, 3, 256}.kernelCase(true));
  judge(Conv{14, 1024, 1, 256}.kernelCase(true));
  judge(Conv{7, 512, 3, 512}.kernelCase(true));
  judge(Conv{7, 512, 1, 2048}.kernelCase(false));
  judge(dense(1, 2048, 1000));
}

TEST(OneDnn, JudgesLayersOfMobileNetV2) {
  judge(Conv{224, 3, 3, 32, 2}.kernelCase(true));
  judge(Conv{112, 96, 3, 96, 2, 96}.kernelCase(true));
  judge(Conv{56, 24, 1, 144}.kernelCase(true));
  judge(Conv{28, 192, 3, 192, 1, 192}.kernelCase(true));
  judge(Conv{14, 384, 3, 384, 1, 384}.kernelCase(true));
  judge(Conv{7, 160, 1, 960}.kernelCase(true));
  judge(Conv{7, 960, 3, 960, 1, 960}.kernelCase(true));
  judge(Conv{7, 320, 1, 1280}.kernelCase(true));
}

} // namespace
