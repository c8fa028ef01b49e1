// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See TagMemory.h. Tags are kept per range, so that a map of a million elements is one entry.
#include "passes/TagMemory.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace layerc;

namespace {
struct Dimension {
  int64_t size, stride; // stride in bytes
};
} // namespace

/// Appends [at, at + run) for every index of `dimensions`, outermost first.
static void addRanges(ArrayRef<Dimension> dimensions, int64_t at, int64_t run, std::vector<ByteRange> &ranges) {
  if (dimensions.empty()) {
    ranges.push_back({at, at + run});
    return;
  }
  for (int64_t i = 0; i < dimensions.front().size; ++i)
    addRanges(dimensions.drop_front(), at + i * dimensions.front().stride, run, ranges);
}

static std::vector<ByteRange> joined(std::vector<ByteRange> ranges) {
  llvm::sort(ranges, [](ByteRange a, ByteRange b) { return a.begin < b.begin; });
  std::vector<ByteRange> result;
  for (ByteRange range : ranges)
    if (!result.empty() && range.begin <= result.back().end)
      result.back().end = std::max(result.back().end, range.end);
    else
      result.push_back(range);
  return result;
}

std::vector<ByteRange> layerc::byteRanges(MemRefType type, int64_t start) {
  SmallVector<int64_t> strides;
  int64_t offset = 0;
  [[maybe_unused]] LogicalResult strided = getStridesAndOffset(type, strides, offset);
  assert(succeeded(strided) && type.hasStaticShape() && "plans hold memrefs of fixed strides");
  int64_t bytes = (type.getElementTypeBitWidth() + 7) / 8;
  if (type.getNumElements() == 0)
    return {};
  SmallVector<Dimension> dimensions;
  for (auto [size, stride] : llvm::zip(type.getShape(), strides))
    if (size > 1 && stride != 0)
      dimensions.push_back({size, stride * bytes});
  // The order of dimensions does not matter to a set of bytes; with the smallest stride last, rows become long runs.
  llvm::stable_sort(dimensions, [](Dimension a, Dimension b) { return a.stride > b.stride; });
  int64_t run = bytes;
  while (!dimensions.empty() && dimensions.back().stride == run)
    run *= dimensions.pop_back_val().size;
  std::vector<ByteRange> ranges;
  addRanges(dimensions, start + offset * bytes, run, ranges);
  return joined(std::move(ranges));
}

bool layerc::intersect(const std::vector<ByteRange> &a, const std::vector<ByteRange> &b) {
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    if (std::max(i->begin, j->begin) < std::min(i->end, j->end))
      return true;
    i->end <= j->end ? ++i : ++j;
  }
  return false;
}

/// Splits the range that has `at` inside.
void TagMemory::cut(int64_t at) {
  auto next = ranges_.lower_bound(at);
  if (next == ranges_.begin())
    return;
  TaggedRange &range = std::prev(next)->second;
  if (range.range.end <= at)
    return;
  TaggedRange right{{at, range.range.end}, range.tag};
  range.range.end = at;
  ranges_.emplace_hint(next, at, right);
}

void TagMemory::write(ByteRange range, Tag tag) {
  if (range.size() <= 0)
    return;
  cut(range.begin);
  cut(range.end);
  ranges_.erase(ranges_.lower_bound(range.begin), ranges_.lower_bound(range.end));
  ranges_[range.begin] = {range, tag};
}

std::vector<TaggedRange> TagMemory::read(ByteRange range) const {
  auto first = ranges_.upper_bound(range.begin);
  if (first != ranges_.begin())
    --first;
  std::vector<TaggedRange> parts;
  for (; first != ranges_.end() && first->first < range.end; ++first) {
    TaggedRange part = first->second;
    part.range = {std::max(part.range.begin, range.begin), std::min(part.range.end, range.end)};
    if (part.range.size() <= 0)
      continue;
    if (!parts.empty() && parts.back().tag == part.tag && parts.back().range.end == part.range.begin)
      parts.back().range.end = part.range.end;
    else
      parts.push_back(part);
  }
  return parts;
}
