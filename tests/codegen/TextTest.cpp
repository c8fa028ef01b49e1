// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Holes and wrapped lists.
#include "codegen/Text.h"

#include <gtest/gtest.h>

using namespace layerc;

namespace {

TEST(Fill, ReplacesEveryHoleOnce) {
  EXPECT_EQ(fill("@a@ and @b@, @a@", {{"a", "1"}, {"b", "@a@"}}), "1 and @a@, 1");
  EXPECT_EQ(fill("plain", {}), "plain");
}

TEST(WrapList, BreaksAtCommasOnly) {
  EXPECT_EQ(wrapList("f(", {"a", "b"}, ");", 2), "f(a, b);");
  EXPECT_EQ(wrapList("f(", {}, ");", 2), "f();");
  std::string item(60, 'x');
  EXPECT_EQ(wrapList("f(", {item, item}, ");", 2), "f(" + item + ",\n  " + item + ");");
  EXPECT_EQ(wrapList("// comment\nf(", {"a", item + "123"}, ");", 2), "// comment\nf(a, " + item + "123);");
}

TEST(WrapList, FillsExactlyOneHundredAndTwentyColumns) {
  std::string item(57, 'x'); // "f(" + 57 + ", " + 57 + ");" is 120
  EXPECT_EQ(wrapList("f(", {item, item}, ");", 2).find('\n'), std::string::npos);
  EXPECT_NE(wrapList("ff(", {item, item}, ");", 2).find('\n'), std::string::npos);
}

} // namespace
