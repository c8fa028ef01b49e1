// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of messages is complete, and no two codes say the same.
#include "layerc/status.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace {

TEST(Status, EveryCodeHasAMessageOfItsOwn) {
  std::set<std::string> messages;
  for (int code = 0; code < layerc::status_count; ++code)
    messages.insert(layerc::message(static_cast<layerc::Status>(code)));
  EXPECT_EQ(messages.size(), static_cast<size_t>(layerc::status_count));
  EXPECT_EQ(messages.count("unknown status"), 0u);
}

TEST(Status, UnknownNumbersAreNamedSo) {
  EXPECT_STREQ(layerc::message(static_cast<layerc::Status>(layerc::status_count)), "unknown status");
  EXPECT_STREQ(layerc::message(static_cast<layerc::Status>(-1)), "unknown status");
}

} // namespace
