// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Strided views and the copy between any two layouts of the same elements.
#include "ir/StridedView.h"

using namespace mlir;
using namespace layerc;

SmallVector<int64_t, 6> layerc::denseStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t, 6> strides(shape.size());
  int64_t stride = 1;
  for (size_t d = shape.size(); d-- > 0; stride *= shape[d])
    strides[d] = stride;
  return strides;
}

StridedView StridedView::dense(RankedTensorType type, const char *data) {
  StridedView view;
  view.data = data;
  view.element = numberFormatOf(type.getElementType());
  view.shape.assign(type.getShape().begin(), type.getShape().end());
  view.strides = denseStrides(view.shape);
  return view;
}

int64_t StridedView::size() const {
  int64_t size = 1;
  for (int64_t extent : shape)
    size *= extent;
  return size;
}

bool StridedView::isDense() const {
  SmallVector<int64_t, 6> expected = denseStrides(shape);
  for (size_t d = 0; d < shape.size(); ++d)
    if (shape[d] != 1 && strides[d] != expected[d])
      return false;
  return true;
}

StridedView StridedView::broadcastTo(ArrayRef<int64_t> sizes) const {
  StridedView view = *this;
  view.shape.assign(sizes.begin(), sizes.end());
  view.strides.assign(sizes.size(), 0);
  size_t added = sizes.size() - shape.size();
  for (size_t d = 0; d < shape.size(); ++d)
    view.strides[added + d] = shape[d] == 1 ? 0 : strides[d];
  return view;
}

namespace {

/// Two dimensions of a copy; strides in elements.
struct Plane {
  int64_t rows, columns, sourceRow, sourceColumn, outRow, outColumn;
};

template <typename Element> void copyPlane(const Plane &p, const Element *source, Element *out) {
  constexpr int64_t tile = 32; // a square of elements whose lines stay in L1 while one side is walked across lines
  if (p.sourceColumn == 1 && p.outColumn == 1) {
    for (int64_t i = 0; i < p.rows; ++i)
      std::copy_n(source + i * p.sourceRow, p.columns, out + i * p.outRow);
    return;
  }
  for (int64_t i0 = 0; i0 < p.rows; i0 += tile)
    for (int64_t j0 = 0; j0 < p.columns; j0 += tile)
      for (int64_t i = i0; i < std::min(i0 + tile, p.rows); ++i)
        for (int64_t j = j0; j < std::min(j0 + tile, p.columns); ++j)
          out[i * p.outRow + j * p.outColumn] = source[i * p.sourceRow + j * p.sourceColumn];
}

/// The dimension to pair with the last one: that in which the source is contiguous, else the one before.
size_t pairedDimension(const StridedView &source) {
  size_t last = source.shape.size() - 1;
  for (size_t d = 0; d < last; ++d)
    if (std::abs(source.strides[d]) == 1 && source.shape[d] != 1)
      return d;
  return last - 1;
}

template <typename Element> void copyAs(const StridedView &source, char *out, ArrayRef<int64_t> outStrides) {
  size_t paired = pairedDimension(source), last = source.shape.size() - 1;
  Plane plane{source.shape[paired], source.shape[last], source.strides[paired],
              source.strides[last], outStrides[paired], outStrides[last]};
  auto without = [&](ArrayRef<int64_t> list, int64_t atEnd) { // the outer dimensions, then an unused last one
    SmallVector<int64_t, 6> outer(list);
    outer.erase(outer.begin() + static_cast<ptrdiff_t>(paired));
    outer.back() = atEnd;
    return outer;
  };
  SmallVector<int64_t, 6> shape = without(source.shape, 1), from = without(source.strides, 0),
                          to = without(outStrides, 0);
  forEachRow<2>(shape, {from, to}, [&](std::array<int64_t, 2> offsets) {
    copyPlane(plane, reinterpret_cast<const Element *>(source.data) + offsets[0],
              reinterpret_cast<Element *>(out) + offsets[1]);
  });
}

} // namespace

void layerc::copyElements(const StridedView &source, char *out, ArrayRef<int64_t> outStrides) {
  if (source.size() == 0)
    return;
  StridedView padded = source; // at least two dimensions
  SmallVector<int64_t, 6> strides(outStrides);
  while (padded.shape.size() < 2) {
    padded.shape.insert(padded.shape.begin(), 1);
    padded.strides.insert(padded.strides.begin(), 0);
    strides.insert(strides.begin(), 0);
  }
  switch (source.element.bytes()) {
  case 1:
    return copyAs<uint8_t>(padded, out, strides);
  case 2:
    return copyAs<Unaligned<uint16_t>>(padded, out, strides);
  case 4:
    return copyAs<Unaligned<uint32_t>>(padded, out, strides);
  default:
    return copyAs<Unaligned<uint64_t>>(padded, out, strides);
  }
}
