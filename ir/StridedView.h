// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tensor as a shape and strides over bytes that something else owns: how recipes move weights without copying them.
#pragma once

#include "ir/NumberFormat.h"

#include <memory>

namespace layerc {

struct StridedView {
  const char *data = nullptr; ///< element at index 0
  NumberFormat element;
  llvm::SmallVector<int64_t, 6> shape;
  llvm::SmallVector<int64_t, 6> strides;    ///< in elements; 0 repeats, negative walks back
  std::shared_ptr<std::vector<char>> owner; ///< of `data`, unless a weight's mapping owns it

  static StridedView dense(mlir::RankedTensorType type, const char *data);
  int64_t size() const;
  bool isDense() const;
  /// The view with leading dimensions added and dimensions of size 1 repeated, as nn.broadcast does.
  StridedView broadcastTo(llvm::ArrayRef<int64_t> sizes) const;
};

/// Row-major strides.
llvm::SmallVector<int64_t, 6> denseStrides(llvm::ArrayRef<int64_t> shape);

/// Writes the elements of `source` to `out`, where dimension d has a stride of `outStrides[d]` elements.
void copyElements(const StridedView &source, char *out, llvm::ArrayRef<int64_t> outStrides);

/// Calls `visit(offset...)` for each row: all indices of all dimensions but the last. The offsets, one per list of
/// strides, are in elements.
template <size_t N, typename Visit>
void forEachRow(llvm::ArrayRef<int64_t> shape, std::array<llvm::ArrayRef<int64_t>, N> strides, Visit visit) {
  llvm::SmallVector<int64_t, 6> index(shape.size(), 0);
  std::array<int64_t, N> offsets{};
  if (llvm::is_contained(shape, 0))
    return;
  while (true) {
    visit(offsets);
    int64_t d = static_cast<int64_t>(shape.size()) - 2;
    for (; d >= 0; --d) {
      for (size_t n = 0; n < N; ++n)
        offsets[n] += strides[n][d];
      if (++index[d] < shape[d])
        break;
      for (size_t n = 0; n < N; ++n)
        offsets[n] -= strides[n][d] * shape[d];
      index[d] = 0;
    }
    if (d < 0)
      return;
  }
}

} // namespace layerc
