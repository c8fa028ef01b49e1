// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A memory that holds tags instead of numbers: who wrote a byte, and when. plan-check runs plans on it.
#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

#include <map>
#include <vector>

namespace layerc {

/// Bytes [begin, end).
struct ByteRange {
  int64_t begin = 0, end = 0;
  int64_t size() const { return end - begin; }
  bool operator==(const ByteRange &) const = default;
};

/// The bytes of a memref's elements when element 0 of its buffer is at `start`: disjoint, in order of address, joined
/// where they touch. Requires a static shape and static strides that are not negative.
std::vector<ByteRange> byteRanges(mlir::MemRefType type, int64_t start);

/// Whether two lists in order of address share a byte.
bool intersect(const std::vector<ByteRange> &a, const std::vector<ByteRange> &b);

/// What a byte holds: the value that a step wrote through a buffer (null for scratch).
struct Tag {
  mlir::Operation *owner = nullptr;
  int64_t step = 0;
  bool operator==(const Tag &) const = default;
};

struct TaggedRange {
  ByteRange range;
  Tag tag;
  bool operator==(const TaggedRange &) const = default;
};

class TagMemory {
public:
  static constexpr int64_t kBefore = -1; ///< the step of what is there before the first step

  void write(ByteRange range, Tag tag);
  /// The written parts of `range` in order of address, neighbours of one tag joined.
  std::vector<TaggedRange> read(ByteRange range) const;

private:
  void cut(int64_t at);
  std::map<int64_t, TaggedRange> ranges_; ///< by begin; disjoint
};

} // namespace layerc
