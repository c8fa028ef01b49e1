// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// That a trial gives the bits of the mode of kernels, and repeats only where it must.
#include "layerc/float_trial.h"

#include <gtest/gtest.h>

#if defined(__x86_64__)
#include <immintrin.h>

#include <array>
#include <cfenv>
#include <cstring>
#include <limits>
#include <random>

namespace {

using layerc::FloatMode;
using layerc::FloatTrial;

constexpr float smallest = std::numeric_limits<float>::min(), denormal = std::numeric_limits<float>::denorm_min();
constexpr float largest = std::numeric_limits<float>::max(), infinity = std::numeric_limits<float>::infinity();

struct Result : layerc::View<float, 5> {
  using View::View;
};

/// The mode of a new program while it lives.
class StandardMode {
public:
  StandardMode() { FloatMode::write(FloatMode::standard); }
  ~StandardMode() { FloatMode::write(before_); }
  StandardMode(const StandardMode &) = delete;
  StandardMode &operator=(const StandardMode &) = delete;

private:
  FloatMode::Word before_ = FloatMode::read();
};

/// How often a run computed, and in which modes.
struct Course {
  int runs = 0;
  bool flushed = false;
};

/// The product of the last element of five, which only the end of a loop over fours reaches; the others are 1.
Course multiply(float a, float b, float (&result)[5]) {
  Course course;
  FloatTrial trial;
  do {
    volatile float x = a, y = b;
    for (float &one : result)
      one = 1;
    result[4] = x * y;
    course.flushed = (FloatMode::read() & ~FloatMode::flags) == FloatMode::wanted;
    ++course.runs;
  } while (!trial.holds(Result(result)));
  return course;
}

TEST(FloatTrial, LeavesTheModeAlone) {
  const StandardMode mode;
  float result[5];
  const Course course = multiply(3, 0.1F, result);
  EXPECT_EQ(course.runs, 1);
  EXPECT_FALSE(course.flushed);
  EXPECT_EQ(FloatMode::read(), FloatMode::standard | FloatMode::inexact);
  EXPECT_EQ(multiply(3, 0.1F, result).runs, 1) << "and so the next time";
}

TEST(FloatTrial, RepeatsOnceWhereADenormalIsAnOperand) {
  const StandardMode mode;
  float result[5];
  Course course = multiply(denormal, 1e38F, result);
  EXPECT_EQ(course.runs, 2);
  EXPECT_TRUE(course.flushed);
  EXPECT_EQ(result[4], 0.0F);
  EXPECT_EQ(std::fetestexcept(FE_ALL_EXCEPT), FE_INEXACT);
  course = multiply(3, 0.1F, result);
  EXPECT_EQ(course.runs, 1) << "later runs in this thread are not tried";
  EXPECT_TRUE(course.flushed);
  EXPECT_EQ(FloatMode::read() & ~FloatMode::flags, FloatMode::standard);
}

TEST(FloatTrial, RepeatsWhereAResultIsDenormal) {
  for (float factor : {0.5F, 0.3F}) { // the first product is exact
    const StandardMode mode;
    float result[5];
    EXPECT_EQ(multiply(smallest, factor, result).runs, 2);
    EXPECT_EQ(result[4], 0.0F);
    EXPECT_EQ(FloatMode::read() & ~FloatMode::flags, FloatMode::standard);
  }
}

TEST(FloatTrial, LeavesTheCallersStatusFlags) {
  for (auto [a, b] : {std::pair(largest, largest), std::pair(infinity, 0.0F)}) {
    const StandardMode mode;
    float result[5];
    EXPECT_EQ(multiply(a, b, result).runs, 2);
    EXPECT_EQ(std::fetestexcept(FE_ALL_EXCEPT), FE_INEXACT);
  }
}

TEST(FloatTrial, TakesTheModeOfKernelsInACallersOwn) {
  for (int rounding : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    const StandardMode mode;
    std::fesetround(rounding);
    float result[5];
    const Course course = multiply(3, 0.1F, result);
    EXPECT_EQ(course.runs, 1);
    EXPECT_TRUE(course.flushed);
    EXPECT_EQ(std::fegetround(), rounding);
  }
  const StandardMode mode;
  const FloatMode held;
  float result[5];
  EXPECT_EQ(multiply(denormal, 1e38F, result).runs, 1) << "what already flushes needs no trial";
  EXPECT_EQ(result[4], 0.0F);
}

TEST(FloatTrial, LooksIntoArraysOfBytes) {
  const StandardMode mode;
  for (float number : {1.0F, denormal}) {
    alignas(64) unsigned char state[64] = {};
    std::memcpy(state + 28, &number, sizeof(number));
    FloatTrial trial;
    EXPECT_EQ(trial.holds(state), number == 1.0F);
  }
}

//===-- Operations ----------------------------------------------------------------------------------------------===//

/// Each operation that denormalsShow (codegen/DenormalsShow.h) allows, as the instruction that it becomes.
__attribute__((target("avx2,fma"), noinline)) std::uint32_t operate(int operation, float x, float y, float z) {
  __m128 a = _mm_set_ss(x), b = _mm_set_ss(y), c = _mm_set_ss(z), result = _mm_setzero_ps();
  __asm__ volatile("" : "+x"(a), "+x"(b), "+x"(c) : : "memory");
  switch (operation) {
  case 0:
    result = _mm_add_ss(a, b);
    break;
  case 1:
    result = _mm_sub_ss(a, b);
    break;
  case 2:
    result = _mm_mul_ss(a, b);
    break;
  case 3:
    result = _mm_div_ss(a, b);
    break;
  case 4:
    result = _mm_fmadd_ss(a, b, c);
    break;
  case 5:
    result = _mm_sqrt_ss(a);
    break;
  case 6:
    result = _mm_min_ss(a, b);
    break;
  case 7:
    result = _mm_max_ss(a, b);
    break;
  case 8:
    result = _mm_cmp_ss(a, b, _CMP_LT_OQ);
    break;
  case 9:
    result = _mm_cmp_ss(a, b, _CMP_EQ_UQ);
    break;
  default:
    result = _mm_castsi128_ps(_mm_cvttps_epi32(a));
    break;
  }
  __asm__ volatile("" : "+x"(result) : : "memory");
  return static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm_castps_si128(result)));
}
constexpr int operations = 11;

bool isDenormal(std::uint32_t bits) { return (bits & 0x7F800000U) == 0 && (bits & 0x007FFFFFU) != 0; }

TEST(FloatTrial, OperationsOnDenormalsRaiseAFlag) {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
    GTEST_SKIP() << "a processor with FMA";
  std::mt19937 random(7);
  const std::array<float, 16> special = {0.0F,     denormal,       smallest - denormal,
                                         smallest, 2 * smallest,   0x1p-100F,
                                         0x1p-75F, 0x1.000002p-1F, 1.0F,
                                         1.5F,     3.0F,           0x1p23F,
                                         0x1p75F,  largest,        infinity,
                                         NAN};
  auto draw = [&] {
    std::uint32_t bits = random();
    float number = special[random() % special.size()];
    if (random() % 3 == 0)
      std::memcpy(&number, &bits, sizeof(number));
    return random() % 2 ? number : -number;
  };
  int silent = 0;
  for (int i = 0; i < 2000000; ++i) {
    float x = draw(), y = draw(), z = draw();
    int operation = static_cast<int>(random() % operations);
    FloatMode::write(FloatMode::standard);
    std::uint32_t tried = operate(operation, x, y, z);
    bool raised = (FloatMode::read() & ~FloatMode::inexact) != FloatMode::standard;
    FloatMode::write(FloatMode::wanted);
    std::uint32_t flushed = operate(operation, x, y, z);
    FloatMode::write(FloatMode::standard);
    // A result that is denormal is met by the next operation, or when the run is done; of a comparison it is a mask,
    // and of a conversion an integer.
    if (raised || (operation < 8 && isDenormal(tried)))
      continue;
    ++silent;
    ASSERT_EQ(tried, flushed) << "operation " << operation << " of " << x << ", " << y << ", " << z;
  }
  EXPECT_GT(silent, 500000) << "most operations meet no denormal";
}

__attribute__((target("sse4.1"), noinline)) float floorOf(float x) {
  __m128 a = _mm_set_ss(x);
  __asm__ volatile("" : "+x"(a) : : "memory");
  a = _mm_floor_ss(a, a);
  __asm__ volatile("" : "+x"(a) : : "memory");
  return _mm_cvtss_f32(a);
}

TEST(FloatTrial, FloorHidesDenormals) {
  if (!__builtin_cpu_supports("sse4.1"))
    GTEST_SKIP() << "a processor with SSE4.1";
  const StandardMode mode;
  EXPECT_EQ(floorOf(-denormal), -1.0F);
  EXPECT_EQ(FloatMode::read() & ~FloatMode::inexact, FloatMode::standard) << "which is why no trial has one";
  FloatMode::write(FloatMode::wanted);
  EXPECT_EQ(floorOf(-denormal), 0.0F);
}

} // namespace
#endif
