// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The mode that kernels see, and that the caller's mode comes back whatever it was.
#include "layerc/float_mode.h"

#include <gtest/gtest.h>

#include <cfenv>
#include <limits>

#if defined(__x86_64__) || defined(__aarch64__)
namespace {

/// volatile, so that the compiler computes at run time, in the mode of the moment.
float product(float a, float b) {
  volatile float x = a, y = b;
  volatile float result = x * y;
  return result;
}
float sum(float a, float b) {
  volatile float x = a, y = b;
  volatile float result = x + y;
  return result;
}

constexpr float smallest = std::numeric_limits<float>::min();

TEST(FloatMode, FlushesResultsAndOperands) {
  ASSERT_NE(product(smallest, 0.5f), 0.0f) << "the test begins in the default mode";
  const layerc::FloatMode mode;
  EXPECT_EQ(product(smallest, 0.5f), 0.0f);
  EXPECT_EQ(product(std::numeric_limits<float>::denorm_min(), 1e30f), 0.0f);
}

TEST(FloatMode, RoundsToNearestAndRestoresTheCallersRounding) {
  for (int rounding : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST}) {
    std::fesetround(rounding);
    const float before = sum(1.0f, 1e-10f);
    {
      const layerc::FloatMode mode;
      EXPECT_EQ(sum(1.0f, 1e-10f), 1.0f);
      EXPECT_EQ(sum(-1.0f, -1e-10f), -1.0f);
    }
    EXPECT_EQ(std::fegetround(), rounding);
    EXPECT_EQ(sum(1.0f, 1e-10f), before);
  }
  std::fesetround(FE_TONEAREST);
}

layerc::FloatMode::Word modeWithoutFlags() { return layerc::FloatMode::read() & ~layerc::FloatMode::flags; }

TEST(FloatMode, RestoresDenormalsAndNests) {
  const auto before = modeWithoutFlags();
  {
    const layerc::FloatMode outer;
    {
      const layerc::FloatMode inner;
    }
    EXPECT_EQ(product(smallest, 0.5f), 0.0f) << "the inner mode must not end the outer one";
  }
  EXPECT_EQ(modeWithoutFlags(), before);
  EXPECT_NE(product(smallest, 0.5f), 0.0f);
}

#if defined(__x86_64__)
TEST(FloatMode, LeavesTheCallersStatusFlagsButThoseOfRounding) {
  for (int before : {0, FE_INEXACT, FE_INVALID | FE_UNDERFLOW, FE_ALL_EXCEPT})
    for (bool flushes : {false, true}) {
      std::feclearexcept(FE_ALL_EXCEPT);
      std::feraiseexcept(before);
      {
        const layerc::FloatMode mode;
        product(3e38f, 3e38f);
        if (flushes)
          product(smallest, 0.5f);
      }
      EXPECT_EQ(std::fetestexcept(FE_ALL_EXCEPT), before | FE_INEXACT | (flushes ? FE_UNDERFLOW : 0));
    }
  std::feclearexcept(FE_ALL_EXCEPT);
}

TEST(FloatMode, AddsNoFlagWhereTheModeIsThatOfKernels) {
  const auto before = layerc::FloatMode::read();
  layerc::FloatMode::write(layerc::FloatMode::wanted);
  {
    const layerc::FloatMode mode;
  }
  EXPECT_EQ(layerc::FloatMode::read(), layerc::FloatMode::wanted);
  layerc::FloatMode::write(before);
}

TEST(FloatMode, TrapsNothing) {
  const auto before = layerc::FloatMode::read();
  layerc::FloatMode::write(before & ~std::uint32_t{0x1F80}); // every exception traps
  float infinity;
  {
    const layerc::FloatMode mode;
    infinity = product(3e38f, 3e38f);
  }
  const auto after = layerc::FloatMode::read();
  layerc::FloatMode::write(before);
  EXPECT_EQ(infinity, std::numeric_limits<float>::infinity());
  EXPECT_EQ(after & 0x1F80, 0u) << "the caller's traps are back";
}
#endif

} // namespace
#endif
