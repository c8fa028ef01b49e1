// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// CPU features against the compiler's own builtin, an independent reader of CPUID.
#include "layerc/cpu.h"

#include <gtest/gtest.h>

namespace {

TEST(Cpu, AsksNothingOfAnybody) {
  EXPECT_TRUE(layerc::x86::supports(0));
  EXPECT_TRUE(layerc::aarch64::supports(0));
}

TEST(Cpu, EveryFeatureHasABitOfItsOwn) {
  std::uint64_t all = 0;
  int count = 0;
#define LAYERC_FEATURE(name, ...) all |= layerc::x86::name, ++count;
  LAYERC_X86_FEATURES(LAYERC_FEATURE)
#undef LAYERC_FEATURE
  EXPECT_EQ(__builtin_popcountll(all), count);
}

#if defined(__x86_64__)
TEST(Cpu, AgreesWithTheCompilersBuiltin) {
  __builtin_cpu_init();
#define EXPECT_FEATURE(name, builtin)                                                                                  \
  EXPECT_EQ(layerc::x86::supports(layerc::x86::name), __builtin_cpu_supports(builtin) != 0) << builtin
  EXPECT_FEATURE(sse3, "sse3");
  EXPECT_FEATURE(ssse3, "ssse3");
  EXPECT_FEATURE(sse4_1, "sse4.1");
  EXPECT_FEATURE(sse4_2, "sse4.2");
  EXPECT_FEATURE(popcnt, "popcnt");
  EXPECT_FEATURE(avx, "avx");
  EXPECT_FEATURE(fma, "fma");
  EXPECT_FEATURE(avx2, "avx2");
  EXPECT_FEATURE(bmi, "bmi");
  EXPECT_FEATURE(bmi2, "bmi2");
  EXPECT_FEATURE(gfni, "gfni");
  EXPECT_FEATURE(avx512f, "avx512f");
  EXPECT_FEATURE(avx512dq, "avx512dq");
  EXPECT_FEATURE(avx512cd, "avx512cd");
  EXPECT_FEATURE(avx512bw, "avx512bw");
  EXPECT_FEATURE(avx512vl, "avx512vl");
  EXPECT_FEATURE(avx512ifma, "avx512ifma");
  EXPECT_FEATURE(avx512vbmi, "avx512vbmi");
  EXPECT_FEATURE(avx512vbmi2, "avx512vbmi2");
  EXPECT_FEATURE(avx512vnni, "avx512vnni");
  EXPECT_FEATURE(avx512bitalg, "avx512bitalg");
  EXPECT_FEATURE(avx512vpopcntdq, "avx512vpopcntdq");
#undef EXPECT_FEATURE
}

TEST(Cpu, NoneOfAnotherArchitecture) { EXPECT_FALSE(layerc::aarch64::supports(layerc::aarch64::neon)); }
#endif

} // namespace
