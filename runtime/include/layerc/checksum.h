// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The checksum of a weight blob: detects damage, at the speed of memory. It is no protection against forgery.
#ifndef LAYERC_CHECKSUM_H
#define LAYERC_CHECKSUM_H

#include "version.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace layerc {
inline namespace v1 {

/// FNV-1a widened to 64-bit words, in four lanes so that a processor can compute four products at once.
///
/// The bytes, filled up with zeros to a multiple of 32, are read as little-endian words. Word i goes to lane i mod 4:
/// `lane = rotate_left((lane ^ word) * prime, 29)`. Every lane starts from the FNV offset plus its number. The result
/// takes the four lanes and then the number of bytes, by the same formula, from the FNV offset. Each step is one to one
/// in `lane` and in `word`, so damage to a single word never goes unseen.
///
/// Example:
///   layerc::Checksum sum;
///   sum.add(first, first_bytes).add(second, second_bytes);   // any cut into pieces gives the same result
///   header.checksum = sum.result();
class Checksum {
public:
  /// Continues with `bytes` bytes at `data`.
  Checksum &add(const void *data, std::size_t bytes) noexcept {
    const auto *byte = static_cast<const unsigned char *>(data);
    while (bytes > 0 && total_ % block != 0) {
      push(*byte++);
      --bytes;
    }
    for (; bytes >= block; bytes -= block, byte += block, total_ += block)
      mix_block(byte);
    if (bytes > 0) {
      std::memcpy(pending_, byte, bytes);
      total_ += bytes;
    }
    return *this;
  }

  /// The checksum of everything added so far.
  std::uint64_t result() const noexcept {
    Checksum copy = *this;
    const std::uint64_t total = total_;
    while (copy.total_ % block != 0)
      copy.push(0);
    std::uint64_t sum = offset;
    for (std::uint64_t lane : copy.lanes_)
      sum = mix(sum, lane);
    return mix(sum, total);
  }

private:
  static constexpr std::uint64_t offset = 0xcbf29ce484222325U, prime = 0x00000100000001b3U;
  static constexpr std::size_t lane_count = 4, block = 8 * lane_count;

  static constexpr std::uint64_t mix(std::uint64_t lane, std::uint64_t word) noexcept {
    const std::uint64_t product = (lane ^ word) * prime;
    return product << 29 | product >> 35;
  }
  void push(unsigned char byte) noexcept {
    pending_[total_ % block] = byte;
    if (++total_ % block == 0)
      mix_block(pending_);
  }
  void mix_block(const unsigned char *bytes) noexcept {
    for (std::size_t i = 0; i < lane_count; ++i) {
      std::uint64_t word;
      std::memcpy(&word, bytes + 8 * i, sizeof(word));
      lanes_[i] = mix(lanes_[i], word);
    }
  }

  std::uint64_t lanes_[lane_count] = {offset, offset + 1, offset + 2, offset + 3};
  unsigned char pending_[block] = {};
  std::uint64_t total_ = 0;
};

#if defined(__BYTE_ORDER__)
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "weights are little endian");
#endif

} // namespace v1
} // namespace layerc

#endif // LAYERC_CHECKSUM_H
