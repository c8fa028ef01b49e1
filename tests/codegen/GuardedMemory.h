// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Memory beside a page that nobody may touch, so that an access outside of it ends the test at once.
#pragma once

#include <sys/mman.h>

#include <cassert>
#include <cstddef>
#include <cstring>

namespace layerc::test {

/// `size` bytes between two guard pages, as close to one of them as `alignment` allows; filled with ones: NaN in every
/// float.
class GuardedMemory {
public:
  enum class Side { Front, Back };
  explicit GuardedMemory(size_t size, Side side = Side::Back, size_t alignment = 1)
      : size_(size), inside_((size + kPage - 1) / kPage * kPage) {
    void *memory = mmap(nullptr, inside_ + 2 * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert(memory != MAP_FAILED && "no memory");
    base_ = static_cast<char *>(memory);
    char *begin = base_ + kPage;
    if (inside_)
      mprotect(begin, inside_, PROT_READ | PROT_WRITE);
    std::memset(begin, 0xff, inside_);
    data_ = side == Side::Front ? begin : begin + (inside_ - size) / alignment * alignment;
  }
  GuardedMemory(GuardedMemory &&other) noexcept
      : size_(other.size_), inside_(other.inside_), base_(other.base_), data_(other.data_) {
    other.base_ = nullptr;
  }
  GuardedMemory(const GuardedMemory &) = delete;
  GuardedMemory &operator=(const GuardedMemory &) = delete;
  ~GuardedMemory() {
    if (base_)
      munmap(base_, inside_ + 2 * kPage);
  }

  char *data() const { return data_; }
  size_t size() const { return size_; }
  /// All bytes between the guard pages.
  char *begin() const { return base_ + kPage; }
  char *end() const { return begin() + inside_; }

private:
  static constexpr size_t kPage = 4096;
  size_t size_, inside_;
  char *base_, *data_;
};

} // namespace layerc::test
