// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tags in memory, and the bytes that memrefs cover, counted by hand.
#include "passes/TagMemory.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/MLIRContext.h"

#include <gtest/gtest.h>

using namespace layerc;
using namespace mlir;

namespace {

MemRefType memref(MLIRContext &context, ArrayRef<int64_t> shape, ArrayRef<int64_t> strides) {
  return MemRefType::get(shape, Builder(&context).getF32Type(), StridedLayoutAttr::get(&context, 0, strides));
}

std::vector<std::pair<int64_t, int64_t>> pairs(const std::vector<ByteRange> &ranges) {
  std::vector<std::pair<int64_t, int64_t>> result;
  for (ByteRange range : ranges)
    result.emplace_back(range.begin, range.end);
  return result;
}

using Pairs = std::vector<std::pair<int64_t, int64_t>>;

TEST(ByteRanges, DenseTensorIsOneRange) {
  MLIRContext context;
  EXPECT_EQ(pairs(byteRanges(memref(context, {2, 3, 4}, {12, 4, 1}), 64)), (Pairs{{64, 160}}));
}

TEST(ByteRanges, SliceOfTheLastAxisIsOneRangePerRow) {
  MLIRContext context;
  EXPECT_EQ(pairs(byteRanges(memref(context, {3, 2}, {5, 1}), 8)), (Pairs{{8, 16}, {28, 36}, {48, 56}}));
}

TEST(ByteRanges, TransposedTensorCoversTheSameBytes) {
  MLIRContext context;
  EXPECT_EQ(pairs(byteRanges(memref(context, {4, 3}, {1, 4}), 0)), (Pairs{{0, 48}}));
}

TEST(ByteRanges, RepeatedDimensionsCountOnce) {
  MLIRContext context;
  EXPECT_EQ(pairs(byteRanges(memref(context, {7, 2}, {0, 1}), 0)), (Pairs{{0, 8}}));
}

TEST(ByteRanges, IntersectLooksBetweenRows) {
  MLIRContext context;
  auto left = byteRanges(memref(context, {3, 2}, {5, 1}), 0), right = byteRanges(memref(context, {3, 3}, {5, 1}), 8);
  EXPECT_FALSE(intersect(left, right));
  EXPECT_TRUE(intersect(left, byteRanges(memref(context, {3, 3}, {5, 1}), 4)));
}

TEST(TagMemory, ReadsNothingWhereNothingWasWritten) {
  TagMemory memory;
  memory.write({0, 8}, {nullptr, 1});
  EXPECT_TRUE(memory.read({8, 16}).empty());
}

TEST(TagMemory, LaterWritesCutEarlierOnes) {
  TagMemory memory;
  memory.write({0, 100}, {nullptr, 1});
  memory.write({40, 60}, {nullptr, 2});
  std::vector<TaggedRange> expected{{{10, 40}, {nullptr, 1}}, {{40, 60}, {nullptr, 2}}, {{60, 90}, {nullptr, 1}}};
  EXPECT_EQ(memory.read({10, 90}), expected);
}

TEST(TagMemory, EqualNeighboursAreJoined) {
  TagMemory memory;
  memory.write({0, 4}, {nullptr, 3});
  memory.write({4, 8}, {nullptr, 3});
  std::vector<TaggedRange> expected{{{0, 8}, {nullptr, 3}}};
  EXPECT_EQ(memory.read({0, 8}), expected);
}

TEST(TagMemory, WholeRangesAreReplaced) {
  TagMemory memory;
  memory.write({8, 12}, {nullptr, 1});
  memory.write({16, 20}, {nullptr, 2});
  memory.write({0, 32}, {nullptr, 3});
  std::vector<TaggedRange> expected{{{0, 32}, {nullptr, 3}}};
  EXPECT_EQ(memory.read({0, 64}), expected);
}

} // namespace
