// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The arena: the one block of memory that a model computes in, allocated once or lent by the caller.
//
// Example:
//   layerc::Arena arena(Model::arena_bytes(1));                  // allocates, frees on destruction
//   layerc::Arena lent(buffer, sizeof(buffer), needed);          // the caller's memory
//   if (arena.status() == layerc::Status::ok) use(arena.data());
#ifndef LAYERC_ARENA_H
#define LAYERC_ARENA_H

#include "memory.h"
#include "status.h"

namespace layerc {
inline namespace v1 {

/// The memory certificate of a model: how the arena of one worker compares, in bytes.
struct Certificate {
  std::size_t arena;   ///< what run() touches beyond inputs, outputs, weights, state and stack
  std::size_t bound;   ///< the most bytes alive at once: no packing of the same steps needs less
  std::size_t unfused; ///< the same for the Keras layers one by one
  bool proved;         ///< no packing of these steps is smaller than arena
};

/// Owns or borrows the arena of one model. Its data() is valid only while status() is ok.
class Arena {
public:
  /// Allocates `bytes` bytes; none are touched before they are used. Fails with out_of_memory.
  explicit Arena(std::size_t bytes) noexcept : data_(allocate(bytes)), bytes_(bytes), owned_(true) {
    if (data_ == nullptr)
      status_ = Status::out_of_memory;
  }

  /// Uses the caller's `memory` of `available` bytes, of which `bytes` are needed. Fails with bad_argument,
  /// arena_too_small or arena_misaligned.
  Arena(void *memory, std::size_t available, std::size_t bytes) noexcept
      : data_(static_cast<unsigned char *>(memory)), bytes_(bytes) {
    if (memory == nullptr)
      status_ = Status::bad_argument;
    else if (available < bytes)
      status_ = Status::arena_too_small;
    else if (!is_aligned(memory))
      status_ = Status::arena_misaligned;
  }

  Arena(const Arena &) = delete;
  Arena &operator=(const Arena &) = delete;
  ~Arena() {
    if (owned_)
      free_memory(data_);
  }

  Status status() const noexcept { return status_; }
  unsigned char *data() const noexcept { return data_; }
  std::size_t size() const noexcept { return bytes_; }

  /// Touches every page, so that using the arena faults no more. The contents are lost. Requires an ok status.
  void warm() const noexcept { touch_for_writing(data_, bytes_); }

private:
  static unsigned char *allocate(std::size_t bytes) noexcept {
    return static_cast<unsigned char *>(allocate_memory(bytes));
  }

  unsigned char *data_;
  std::size_t bytes_;
  bool owned_ = false;
  Status status_ = Status::ok;
};

} // namespace v1
} // namespace layerc

#endif // LAYERC_ARENA_H
