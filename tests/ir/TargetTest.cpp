// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Target names and what they promise.
#include "ir/Target.h"

#include "llvm/ADT/StringRef.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

using namespace layerc;

namespace {

Target targetOf(llvm::StringRef cpu, llvm::StringRef triple = "") {
  auto target = makeTarget(cpu, triple);
  EXPECT_TRUE(static_cast<bool>(target)) << llvm::toString(target.takeError());
  return target ? *target : Target();
}

std::string errorOf(llvm::StringRef cpu, llvm::StringRef triple) {
  auto target = makeTarget(cpu, triple);
  return target ? "" : llvm::toString(target.takeError());
}

bool has(const Target &target, llvm::StringRef feature) { return llvm::StringRef(target.features).contains(feature); }

TEST(TargetTest, LevelsOfX86) {
  Target v1 = targetOf("x86-64"), v2 = targetOf("x86-64-v2"), v3 = targetOf("x86-64-v3"), v4 = targetOf("x86-64-v4");
  EXPECT_EQ(v1.lanes(), 4);
  EXPECT_EQ(v2.lanes(), 4);
  EXPECT_EQ(v3.lanes(), 8);
  EXPECT_EQ(v4.lanes(), 16);
  EXPECT_FALSE(v2.fma);
  EXPECT_TRUE(v3.fma && !v3.masks && v3.vectorRegisters == 16);
  EXPECT_TRUE(v4.fma && v4.masks && v4.broadcastOperand && v4.vectorRegisters == 32);
  EXPECT_TRUE(has(v2, "+sse4.2") && !has(v2, "+avx"));
  EXPECT_TRUE(has(v3, "+sse4.2") && has(v3, "+avx2") && has(v3, "+fma") && !has(v3, "+avx512"));
  EXPECT_TRUE(has(v4, "+avx2") && has(v4, "+avx512vl"));
  EXPECT_EQ(v3.triple, "x86_64-unknown-linux-gnu");
}

TEST(TargetTest, DefaultsFollowTheTriple) {
  EXPECT_EQ(targetOf("", "x86_64-linux-gnu").name, "x86-64-v3");
  EXPECT_EQ(targetOf("", "aarch64-linux-gnu").name, "armv8-a");
}

TEST(TargetTest, Arm) {
  Target arm = targetOf("armv8-a");
  EXPECT_EQ(arm.triple, "aarch64-unknown-linux-gnu");
  EXPECT_EQ(arm.lanes(), 4);
  EXPECT_EQ(arm.vectorRegisters, 32);
  EXPECT_TRUE(arm.fma && arm.broadcastOperand);
}

TEST(TargetTest, NamesThatLlvmKnows) {
  EXPECT_EQ(targetOf("haswell", "x86_64-linux-gnu").lanes(), 8);
  EXPECT_EQ(targetOf("sandybridge", "x86_64-linux-gnu").lanes(), 8);
  EXPECT_FALSE(targetOf("sandybridge", "x86_64-linux-gnu").fma);
  EXPECT_EQ(targetOf("sapphirerapids", "x86_64-linux-gnu").lanes(), 16);
  EXPECT_EQ(targetOf("nehalem", "x86_64-linux-gnu").lanes(), 4);
  EXPECT_EQ(targetOf("cortex-a72", "aarch64-linux-gnu").lanes(), 4);
}

TEST(TargetTest, ErrorsNameWhatIsWrong) {
  EXPECT_EQ(errorOf("penguin", "x86_64-linux-gnu"), "unknown target cpu penguin for x86_64-unknown-linux-gnu");
  EXPECT_EQ(errorOf("cortex-a72", "x86_64-linux-gnu"), "unknown target cpu cortex-a72 for x86_64-unknown-linux-gnu");
  EXPECT_EQ(errorOf("", "riscv64-linux-gnu"), "target triple riscv64-unknown-linux-gnu is neither x86_64 nor aarch64");
}

#if defined(__x86_64__) && defined(__linux__)
TEST(TargetTest, NativeAgreesWithTheKernel) {
  std::ifstream file("/proc/cpuinfo");
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (text.find("flags") == std::string::npos)
    GTEST_SKIP() << "no /proc/cpuinfo";
  auto hasFlag = [&](const std::string &flag) { return text.find(" " + flag + " ") != std::string::npos; };
  int64_t lanes = hasFlag("avx512vl") && hasFlag("avx512bw") ? 16 : hasFlag("avx2") && hasFlag("fma") ? 8 : 4;
  EXPECT_EQ(targetOf("native").lanes(), lanes);
  EXPECT_EQ(targetOf("native").name, "native");
}
#endif

} // namespace
