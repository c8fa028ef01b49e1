// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The heavy kernels at x86-64-v4 without a machine that has AVX-512: in the assembly, the loop with the most fused
// multiply-adds must do all of them on zmm registers, and must not spill.
#include "KernelHarness.h"

#include "codegen/EmitObject.h"

#include "llvm/ADT/StringExtras.h"

#include <gtest/gtest.h>

using namespace layerc;
using namespace layerc::test;

namespace {

struct Loop {
  int zmm = 0, narrower = 0, spills = 0;
};

/// The innermost loop with the most packed fused multiply-adds: the lines from a label to a jump back to it.
Loop hotLoop(llvm::StringRef assembly) {
  llvm::SmallVector<llvm::StringRef> lines;
  assembly.split(lines, '\n');
  llvm::StringMap<size_t> labels;
  Loop hottest;
  size_t innermost = 0; // lines before it belong to loops seen already
  for (size_t i = 0; i < lines.size(); ++i) {
    llvm::StringRef line = lines[i].trim();
    if (line.contains(':') && line.starts_with("."))
      labels[line.take_until([](char c) { return c == ':'; })] = i;
    llvm::StringRef target = line.starts_with("j") ? line.substr(line.find_first_of(" \t")).trim() : "";
    auto label = labels.find(target);
    if (label == labels.end() || label->second < innermost)
      continue;
    innermost = i;
    Loop loop;
    for (size_t j = label->second; j < i; ++j) {
      bool isWide = lines[j].contains("%zmm");
      if (lines[j].contains("vfmadd"))
        ++(isWide ? loop.zmm : loop.narrower);
      loop.spills += isWide && lines[j].contains("(%rsp)");
    }
    if (loop.zmm + loop.narrower > hottest.zmm + hottest.narrower)
      hottest = loop;
  }
  return hottest;
}

std::string assemblyOf(KernelRun &run, const KernelChoice &choice) {
  mlir::OwningOpRef<mlir::ModuleOp> module = run.plan(choice);
  auto text = emitNativeCode(*module->getOps<plan::ProgramOp>().begin(), run.target(), NativeForm::Assembly, 1);
  EXPECT_TRUE(static_cast<bool>(text)) << llvm::toString(text.takeError());
  return text ? text->bytes : "";
}

/// Every choice compiles; the cheapest by its own estimate has the hot loop.
void checkHotLoop(const char *name, const KernelCase &kernel) {
  KernelRun run(kernel, "x86-64-v4");
  SCOPED_TRACE(kernel.body);
  ASSERT_EQ(run.target().lanes(), 16);
  std::vector<KernelChoice> choices = run.choices(*findKernelTemplate(name));
  ASSERT_FALSE(choices.empty());
  auto best = std::min_element(choices.begin(), choices.end(),
                               [](const auto &a, const auto &b) { return a.nanoseconds < b.nanoseconds; });
  Loop loop = hotLoop(assemblyOf(run, *best));
  EXPECT_GT(loop.zmm, 0);
  EXPECT_EQ(loop.narrower, 0);
  EXPECT_EQ(loop.spills, 0);
}

KernelCase conv(const std::string &attributes, const std::string &in, const std::string &kernel,
                const std::string &out) {
  return {"%m = nn.conv %a, %b " + attributes + " : (" + in + ", " + kernel + ") -> " + out +
              "\n%r = nn.unary relu %m : (" + out + ") -> " + out,
          out,
          {in, kernel}};
}

KernelCase dense(const std::string &lhs, const std::string &rhs, const std::string &out) {
  return {"%r = nn.contract %a, %b contracting [1] x [0] : (" + lhs + ", " + rhs + ") -> " + out, out, {lhs, rhs}};
}

TEST(Avx512, Conv1x1) {
  checkHotLoop("conv", conv("", "tensor<1x14x14x64xf32>", "tensor<1x1x64x96xf32>", "tensor<1x14x14x96xf32>"));
}
TEST(Avx512, ConvDirect) {
  checkHotLoop("conv",
               conv("pads [1, 1, 1, 1]", "tensor<1x14x14x32xf32>", "tensor<3x3x32x64xf32>", "tensor<1x14x14x64xf32>"));
}
TEST(Avx512, ConvStrided) {
  checkHotLoop("conv", conv("strides [2, 2] pads [0, 1, 0, 1]", "tensor<1x28x28x16xf32>", "tensor<3x3x16x32xf32>",
                            "tensor<1x14x14x32xf32>"));
}
TEST(Avx512, ConvGrouped) {
  checkHotLoop("conv", conv("groups 2", "tensor<1x14x14x64xf32>", "tensor<3x3x32x64xf32>", "tensor<1x12x12x64xf32>"));
}
TEST(Avx512, Depthwise) {
  checkHotLoop("depthwise", conv("pads [1, 1, 1, 1] groups 64", "tensor<1x14x14x64xf32>", "tensor<3x3x1x64xf32>",
                                 "tensor<1x14x14x64xf32>"));
}
TEST(Avx512, Dense) { checkHotLoop("conv", dense("tensor<49x256xf32>", "tensor<256x128xf32>", "tensor<49x128xf32>")); }
TEST(Avx512, DenseOfOneRow) {
  checkHotLoop("conv", dense("tensor<1x512xf32>", "tensor<512x256xf32>", "tensor<1x256xf32>"));
}
TEST(Avx512, ConvTranspose) {
  std::string in = "tensor<1x14x14x32xf32>", kernel = "tensor<3x3x32x32xf32>", out = "tensor<1x28x28x32xf32>";
  checkHotLoop("conv",
               {"%r = nn.conv_transpose %a, %b sizes [28, 28] strides [2, 2] : (" + in + ", " + kernel + ") -> " + out,
                out,
                {in, kernel}});
}

} // namespace
