// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Memory between two pages that cannot be touched: a single byte read or written outside of it ends the program.
#pragma once

#include <cstddef>
#include <cstring>
#include <sys/mman.h>

namespace layerc {

/// `bytes` bytes that end (or begin) exactly at a guard page, filled with 0xff: NaN to floating-point numbers.
class GuardedMemory {
public:
  enum class At { begin, end };

  explicit GuardedMemory(std::size_t bytes, At at = At::end)
      : mapped_((bytes + 2 * kPage - 1) / kPage * kPage + 2 * kPage) {
    void *memory = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pages_ = static_cast<unsigned char *>(memory);
    std::memset(pages_, 0xff, mapped_);
    mprotect(pages_, kPage, PROT_NONE);
    mprotect(pages_ + mapped_ - kPage, kPage, PROT_NONE);
    data_ = at == At::begin ? pages_ + kPage : pages_ + mapped_ - kPage - bytes;
  }
  GuardedMemory(const GuardedMemory &) = delete;
  GuardedMemory &operator=(const GuardedMemory &) = delete;
  ~GuardedMemory() { munmap(pages_, mapped_); }

  template <class T = unsigned char> T *data() const { return static_cast<T *>(static_cast<void *>(data_)); }

private:
  static constexpr std::size_t kPage = 4096;
  std::size_t mapped_;
  unsigned char *pages_;
  unsigned char *data_;
};

} // namespace layerc
