// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arenas: alignment of what is allocated, and what is refused of what the caller lends.
#include "layerc/arena.h"

#include <gtest/gtest.h>

#include <cstring>

namespace {

using layerc::Arena;
using layerc::Status;

TEST(Arena, IsAlignedAndUsable) {
  for (size_t bytes : {size_t{0}, size_t{1}, size_t{1000}, size_t{1} << 20, (size_t{5} << 20) + 1}) {
    const Arena arena(bytes);
    ASSERT_EQ(arena.status(), Status::ok);
    EXPECT_EQ(arena.size(), bytes);
    const auto address = reinterpret_cast<std::uintptr_t>(arena.data());
    EXPECT_EQ(address % (bytes >= layerc::huge_page_threshold ? layerc::huge_page_bytes : 64), 0u);
    arena.warm();
    std::memset(arena.data(), 1, bytes);
  }
}

TEST(Arena, SaysWhenThereIsNoMemory) {
  EXPECT_EQ(Arena(SIZE_MAX).status(), Status::out_of_memory);
  EXPECT_EQ(Arena(SIZE_MAX / 2).status(), Status::out_of_memory);
}

TEST(Arena, ChecksWhatTheCallerLends) {
  alignas(64) static unsigned char memory[256];
  EXPECT_EQ(Arena(memory, 256, 256).status(), Status::ok);
  EXPECT_EQ(Arena(memory, 256, 256).data(), memory);
  EXPECT_EQ(Arena(memory, 255, 256).status(), Status::arena_too_small);
  EXPECT_EQ(Arena(memory + 32, 128, 128).status(), Status::arena_misaligned);
  EXPECT_EQ(Arena(nullptr, 256, 256).status(), Status::bad_argument);
}

TEST(RoundUp, GivesTheNextMultiple) {
  static_assert(layerc::round_up(0, 64) == 0 && layerc::round_up(1, 64) == 64);
  static_assert(layerc::round_up(64, 64) == 64 && layerc::round_up(65, 64) == 128);
}

} // namespace
