// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whether this CPU has the instructions that a model was compiled for, asked before the first of them is executed.
// The tables below are also what the compiler knows of CPU features at run time: the names are LLVM's.
//
// Example:
//   constexpr std::uint64_t needed = layerc::x86::avx2 | layerc::x86::fma;
//   if (!layerc::x86::supports(needed)) return layerc::Status::cpu_below_target;
#ifndef LAYERC_CPU_H
#define LAYERC_CPU_H

#include "version.h"

#include <cstdint>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

/// X(identifier, name in LLVM, CPUID leaf, subleaf, register, bit, state that the system must save). Intel SDM 2A,
/// CPUID. The order fixes the bits of a mask: add at the end only.
#define LAYERC_X86_FEATURES(X)                                                                                         \
  X(cx16, "cx16", 1, 0, 2, 13, none)                                                                                   \
  X(sse3, "sse3", 1, 0, 2, 0, none)                                                                                    \
  X(ssse3, "ssse3", 1, 0, 2, 9, none)                                                                                  \
  X(sse4_1, "sse4.1", 1, 0, 2, 19, none)                                                                               \
  X(sse4_2, "sse4.2", 1, 0, 2, 20, none)                                                                               \
  X(popcnt, "popcnt", 1, 0, 2, 23, none)                                                                               \
  X(movbe, "movbe", 1, 0, 2, 22, none)                                                                                 \
  X(avx, "avx", 1, 0, 2, 28, ymm)                                                                                      \
  X(f16c, "f16c", 1, 0, 2, 29, ymm)                                                                                    \
  X(fma, "fma", 1, 0, 2, 12, ymm)                                                                                      \
  X(avx2, "avx2", 7, 0, 1, 5, ymm)                                                                                     \
  X(bmi, "bmi", 7, 0, 1, 3, none)                                                                                      \
  X(bmi2, "bmi2", 7, 0, 1, 8, none)                                                                                    \
  X(lzcnt, "lzcnt", 0x80000001U, 0, 2, 5, none)                                                                        \
  X(avx512f, "avx512f", 7, 0, 1, 16, zmm)                                                                              \
  X(avx512dq, "avx512dq", 7, 0, 1, 17, zmm)                                                                            \
  X(avx512cd, "avx512cd", 7, 0, 1, 28, zmm)                                                                            \
  X(avx512bw, "avx512bw", 7, 0, 1, 30, zmm)                                                                            \
  X(avx512vl, "avx512vl", 7, 0, 1, 31, zmm)                                                                            \
  X(avx512ifma, "avx512ifma", 7, 0, 1, 21, zmm)                                                                        \
  X(avx512vbmi, "avx512vbmi", 7, 0, 2, 1, zmm)                                                                         \
  X(avx512vbmi2, "avx512vbmi2", 7, 0, 2, 6, zmm)                                                                       \
  X(avx512vnni, "avx512vnni", 7, 0, 2, 11, zmm)                                                                        \
  X(avx512bitalg, "avx512bitalg", 7, 0, 2, 12, zmm)                                                                    \
  X(avx512vpopcntdq, "avx512vpopcntdq", 7, 0, 2, 14, zmm)                                                              \
  X(avx512fp16, "avx512fp16", 7, 0, 3, 23, zmm)                                                                        \
  X(avx512bf16, "avx512bf16", 7, 1, 0, 5, zmm)                                                                         \
  X(avxvnni, "avxvnni", 7, 1, 0, 4, ymm)                                                                               \
  X(gfni, "gfni", 7, 0, 2, 8, none)                                                                                    \
  X(amx_tile, "amx-tile", 7, 0, 3, 24, tile)                                                                           \
  X(amx_int8, "amx-int8", 7, 0, 3, 25, tile)                                                                           \
  X(amx_bf16, "amx-bf16", 7, 0, 3, 22, tile)

/// X(identifier, name in LLVM, which word of the auxiliary vector (AT_HWCAP 16, AT_HWCAP2 26), bit). Linux arm64
/// elf_hwcaps.
#define LAYERC_AARCH64_FEATURES(X)                                                                                     \
  X(neon, "neon", 16, 1)                                                                                               \
  X(fullfp16, "fullfp16", 16, 10)                                                                                      \
  X(dotprod, "dotprod", 16, 20)                                                                                        \
  X(lse, "lse", 16, 8)                                                                                                 \
  X(rdm, "rdm", 16, 12)                                                                                                \
  X(fp16fml, "fp16fml", 16, 23)                                                                                        \
  X(sve, "sve", 16, 22)                                                                                                \
  X(sve2, "sve2", 26, 1)                                                                                               \
  X(i8mm, "i8mm", 26, 13)                                                                                              \
  X(bf16, "bf16", 26, 14)

namespace layerc {
inline namespace v1 {

namespace x86 {

/// Positions of the features in a mask.
enum class Position : unsigned {
#define LAYERC_FEATURE(name, llvm, leaf, subleaf, reg, bit, state) name,
  LAYERC_X86_FEATURES(LAYERC_FEATURE)
#undef LAYERC_FEATURE
};
#define LAYERC_FEATURE(name, llvm, leaf, subleaf, reg, bit, state)                                                     \
  inline constexpr std::uint64_t name = std::uint64_t{1} << static_cast<unsigned>(Position::name);
LAYERC_X86_FEATURES(LAYERC_FEATURE)
#undef LAYERC_FEATURE

#if defined(__x86_64__) || defined(__i386__)
/// XCR0: bits of the register state that the operating system saves. Intel SDM 1, 13.3.
enum State : std::uint32_t { none = 0, ymm = 0x6, zmm = 0xe6, tile = 0x60000 };

inline std::uint32_t saved_state() noexcept {
  std::uint32_t registers[4];
  if (__get_cpuid(1, &registers[0], &registers[1], &registers[2], &registers[3]) == 0 || !(registers[2] >> 27 & 1))
    return 0;
  std::uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

inline bool has(std::uint32_t leaf, std::uint32_t subleaf, unsigned reg, unsigned bit) noexcept {
  std::uint32_t registers[4];
  if (__get_cpuid_count(leaf, subleaf, &registers[0], &registers[1], &registers[2], &registers[3]) == 0)
    return false;
  return registers[reg] >> bit & 1;
}

/// Whether this CPU and its operating system have every feature of the mask. Takes some microseconds: under a
/// hypervisor each CPUID is an exit.
inline bool supports(std::uint64_t features) noexcept {
  const std::uint32_t saved = saved_state();
#define LAYERC_FEATURE(name, llvm, leaf, subleaf, reg, bit, state)                                                     \
  if ((features & name) != 0 && ((saved & state) != state || !has(leaf, subleaf, reg, bit)))                           \
    return false;
  LAYERC_X86_FEATURES(LAYERC_FEATURE)
#undef LAYERC_FEATURE
  return true;
}
#else
inline bool supports(std::uint64_t features) noexcept { return features == 0; }
#endif

} // namespace x86

namespace aarch64 {

enum class Position : unsigned {
#define LAYERC_FEATURE(name, llvm, word, bit) name,
  LAYERC_AARCH64_FEATURES(LAYERC_FEATURE)
#undef LAYERC_FEATURE
};
#define LAYERC_FEATURE(name, llvm, word, bit)                                                                          \
  inline constexpr std::uint64_t name = std::uint64_t{1} << static_cast<unsigned>(Position::name);
LAYERC_AARCH64_FEATURES(LAYERC_FEATURE)
#undef LAYERC_FEATURE

#if defined(__aarch64__) && defined(__linux__)
inline bool supports(std::uint64_t features) noexcept {
#define LAYERC_FEATURE(name, llvm, word, bit)                                                                          \
  if ((features & name) != 0 && !(getauxval(word) >> bit & 1))                                                         \
    return false;
  LAYERC_AARCH64_FEATURES(LAYERC_FEATURE)
#undef LAYERC_FEATURE
  return true;
}
#elif defined(__aarch64__)
/// Every AArch64 processor has NEON; elsewhere than on Linux nothing more can be asked.
inline bool supports(std::uint64_t features) noexcept { return (features & ~neon) == 0; }
#else
inline bool supports(std::uint64_t features) noexcept { return features == 0; }
#endif

} // namespace aarch64

} // namespace v1
} // namespace layerc

#endif // LAYERC_CPU_H
