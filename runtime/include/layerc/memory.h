// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Memory for arenas and weights: aligned to cache lines, and in 2 MB pages where it is large.
#ifndef LAYERC_MEMORY_H
#define LAYERC_MEMORY_H

#include "version.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#elif defined(_WIN32)
#include <malloc.h>
#endif

namespace layerc {
inline namespace v1 {

/// Every arena and every weight blob begins at a multiple of this, the size of a cache line.
inline constexpr std::size_t memory_alignment = 64;

/// The size of a huge page on x86-64 and on AArch64 with 4 KB pages.
inline constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

/// From this size on memory is aligned to huge pages: page walks for 4 KB pages cost a ResNet50 10 to 15 %, and a large
/// matrix-vector product half of its speed.
inline constexpr std::size_t huge_page_threshold = std::size_t{1} << 20;

/// The least multiple of `unit` (a power of two) that is not below `bytes`.
constexpr std::size_t round_up(std::size_t bytes, std::size_t unit) noexcept {
  return (bytes + unit - 1) & ~(unit - 1);
}

/// Whether `address` is a multiple of memory_alignment.
inline bool is_aligned(const void *address) noexcept {
  return reinterpret_cast<std::uintptr_t>(address) % memory_alignment == 0;
}

/// At least `bytes` bytes at a multiple of memory_alignment, in huge pages when there are many and the system has them;
/// null when there is no memory. Free with free_memory().
inline void *allocate_memory(std::size_t bytes) noexcept {
  const bool large = bytes >= huge_page_threshold;
  const std::size_t unit = large ? huge_page_bytes : memory_alignment;
  if (bytes == 0 || bytes > SIZE_MAX - unit)
    bytes = bytes == 0 ? unit : SIZE_MAX - unit;
  bytes = round_up(bytes, unit);
#if defined(_WIN32)
  return _aligned_malloc(bytes, unit);
#else
  void *memory = nullptr;
  if (posix_memalign(&memory, unit, bytes) != 0)
    return nullptr;
#if defined(MADV_HUGEPAGE)
  // Before the first touch. Only advice: where the system refuses, small pages serve as well.
  if (large)
    static_cast<void>(madvise(memory, bytes, MADV_HUGEPAGE));
#endif
  return memory;
#endif
}

/// Frees what allocate_memory() returned; null is allowed.
inline void free_memory(void *memory) noexcept {
#if defined(_WIN32)
  _aligned_free(memory);
#else
  std::free(memory);
#endif
}

/// Reads a byte of every page of [begin, begin + bytes), so that a later access faults no more.
inline void touch_for_reading(const void *begin, std::size_t bytes) noexcept {
  const volatile char *byte = static_cast<const volatile char *>(begin);
  for (std::size_t i = 0; i < bytes; i += 4096)
    static_cast<void>(byte[i]);
  if (bytes > 0)
    static_cast<void>(byte[bytes - 1]);
}

/// Writes zero into a byte of every page of [begin, begin + bytes).
inline void touch_for_writing(void *begin, std::size_t bytes) noexcept {
  volatile char *byte = static_cast<volatile char *>(begin);
  for (std::size_t i = 0; i < bytes; i += 4096)
    byte[i] = 0;
  if (bytes > 0)
    byte[bytes - 1] = 0;
}

} // namespace v1
} // namespace layerc

#endif // LAYERC_MEMORY_H
