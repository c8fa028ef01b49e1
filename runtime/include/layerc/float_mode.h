// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The floating-point mode that kernels compute in, so that results do not depend on the mode of the host's thread.
#ifndef LAYERC_FLOAT_MODE_H
#define LAYERC_FLOAT_MODE_H

#include "version.h"

#include <cstdint>

namespace layerc {
inline namespace v1 {

/// While it lives, this thread rounds to nearest, takes denormals as zero, and traps nothing; then the mode from before
/// is back. On x86 so are the status flags, but for inexact, which is then raised, and for underflow where a result was
/// flushed, as after any calculation. On processors other than x86 and AArch64 it does nothing.
///
/// Example:
///   { const layerc::FloatMode mode; kernel(args, shared, own, begin, end); }
class FloatMode {
public:
#if defined(__SSE__)
  using Word = std::uint32_t;
  /// MXCSR: all exceptions masked, round to nearest (Intel SDM 1, 10.2.3): what a program begins with.
  static constexpr Word standard = 0x1F80U;
  /// And flush to zero, denormals are zero.
  static constexpr Word wanted = standard | 0x8000U | 0x0040U;
  /// The six status flags, and those that are named here.
  static constexpr Word flags = 0x3FU, denormal = 0x02U, underflow = 0x10U, inexact = 0x20U;
  // Straight to and from memory: _mm_getcsr and _mm_setcsr write to a slot of the stack and read that again, which
  // costs a model of 50 ns a twentieth of its time (Zen 3).
  static void store(Word &word) noexcept { __asm__ volatile("stmxcsr %0" : "=m"(word) : : "memory"); }
  static void write(const Word &word) noexcept { __asm__ volatile("ldmxcsr %0" : : "m"(word) : "memory"); }
#elif defined(__aarch64__)
  using Word = std::uint64_t;
  /// FPCR: flush to zero, round to nearest, no traps (Arm ARM C5.2). The status flags are in another register.
  static constexpr Word wanted = Word{1} << 24, flags = 0, denormal = 0, underflow = 0, inexact = 0;
  static void store(Word &word) noexcept { __asm__ volatile("mrs %0, fpcr" : "=r"(word) : : "memory"); }
  static void write(const Word &word) noexcept { __asm__ volatile("msr fpcr, %0" : : "r"(word) : "memory"); }
#else
  using Word = std::uint32_t;
  static constexpr Word wanted = 0, flags = 0, denormal = 0, underflow = 0, inexact = 0;
  static void store(Word &word) noexcept { word = wanted; }
  static void write(const Word &) noexcept {}
#endif

  static Word read() noexcept {
    Word word;
    store(word);
    return word;
  }

  /// From `before`, the mode of the moment, to that of kernels. A write that changes a flag waits for all arithmetic
  /// before it, which trebles the time of a model of 60 ns (Sapphire Rapids): so inexact, which kernels raise, is
  /// raised here and stays, and leave() does not lower underflow.
  static void enter(Word &before) noexcept {
    if (is_wanted(before))
      return;
    before |= inexact;
    write(wanted | (before & flags));
  }
  /// Back to `before`.
  static void leave(Word before) noexcept {
    if (is_wanted(before))
      return;
    if (underflow != 0)
      before |= read() & underflow;
    write(before);
  }

  FloatMode() noexcept {
    store(before_);
    enter(before_);
  }
  ~FloatMode() { leave(before_); }
  FloatMode(const FloatMode &) = delete;
  FloatMode &operator=(const FloatMode &) = delete;

private:
  static bool is_wanted(Word before) noexcept { return (before & ~flags) == wanted; }

  Word before_;
};

} // namespace v1
} // namespace layerc

#endif // LAYERC_FLOAT_MODE_H
