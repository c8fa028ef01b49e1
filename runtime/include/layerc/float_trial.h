// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The bits of a FloatMode without its price, for runs of well under a microsecond: to write the mode and put it back
// makes a step of a GRU of 8 units take 1.1 to 1.4 times as long (Sapphire Rapids).
#ifndef LAYERC_FLOAT_TRIAL_H
#define LAYERC_FLOAT_TRIAL_H

#include "float_mode.h"
#include "view.h"

#include <cstddef>
#include <cstdint>
#include <type_traits>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

namespace layerc {
inline namespace v1 {

/// A run that is tried in the caller's mode, where that is the standard one, and repeated in the mode of kernels where
/// the two may differ. They differ in denormals alone. An operation raises `denormal` where it meets one, and
/// `underflow` where it gives one and rounds; one that it gives exactly either meets a further operation or is in what
/// was written. So a run that raises no flag but inexact and writes no denormal has the bits that flushing gives. It
/// takes kernels whose every use of a denormal is such an operation; generated code has a trial only for those.
///
/// After a repetition `denormal`, which <cfenv> does not know, stays raised in this thread: the next runs are not
/// tried, or denormals would slow down each of them. All else is as FloatMode leaves it. What runs must not change its
/// inputs.
///
/// Example:
///   layerc::FloatTrial trial;
///   do {
///     kernel(args, shared, own, begin, end);
///   } while (!trial.holds(dense));
class FloatTrial {
public:
  FloatTrial() noexcept {
    FloatMode::store(before_);
    tried_ = may_try(before_);
    if (!tried_)
      FloatMode::enter(before_);
  }
  ~FloatTrial() {
    if (!tried_)
      FloatMode::leave(before_);
  }
  FloatTrial(const FloatTrial &) = delete;
  FloatTrial &operator=(const FloatTrial &) = delete;

  /// Whether the results are final, those in `written`, views and arrays of bytes that hold f32. Else the run must be
  /// repeated from the state that it began with, and holds then.
  template <class... Written> bool holds(const Written &...written) noexcept {
    if (!tried_)
      return true;
    (meet(written), ...);
    if (may_try(FloatMode::read()))
      return true;
    tried_ = false;
    before_ |= FloatMode::denormal;
    FloatMode::enter(before_);
    return false;
  }

private:
#if defined(__SSE__)
  static bool may_try(FloatMode::Word word) noexcept { return (word & ~FloatMode::inexact) == FloatMode::standard; }

  /// Raises `denormal` where there is one, by comparing each number with itself. A loop that looks at bits makes a
  /// step of a GRU of 8 units take 1.15 times as long.
  static void meet(const float *numbers, std::size_t count) noexcept {
    const float *const end = numbers + count, *const fours = numbers + count / 4 * 4;
    __m128 any = _mm_setzero_ps();
    for (; numbers != fours; numbers += 4) {
      const __m128 four = _mm_loadu_ps(numbers);
      any = _mm_or_ps(any, _mm_cmpunord_ps(four, four));
    }
    for (; numbers != end; ++numbers) {
      const __m128 one = _mm_load_ss(numbers);
      any = _mm_or_ps(any, _mm_cmpunord_ss(one, one));
    }
    __asm__ volatile("" : : "x"(any)); // before the flags are read
  }
#else
  /// The flags of other processors do not tell of denormals that are not flushed.
  static bool may_try(FloatMode::Word) noexcept { return false; }
  static void meet(const float *, std::size_t) noexcept {}
#endif
  template <std::size_t N> static void meet(const unsigned char (&bytes)[N]) noexcept {
    meet(static_cast<const float *>(static_cast<const void *>(bytes)), N / sizeof(float));
  }
  template <class Type, std::int64_t... Dims> static void meet(const View<Type, Dims...> &view) noexcept {
    static_assert(std::is_same_v<Type, float>, "an output of f32");
    meet(view.data(), view.size());
  }

  FloatMode::Word before_;
  bool tried_;
};

} // namespace v1
} // namespace layerc

#endif // LAYERC_FLOAT_TRIAL_H
