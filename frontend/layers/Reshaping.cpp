// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reshaping layers: Keras' words (-1, one number for all sides) become sizes here.
#include "frontend/Importers.h"

#include <numeric>

using namespace mlir;
using namespace layerc;

Results layerc::importFlatten(LayerImport &l) {
  Value x = l.input();
  if (!l.failed() && l.rank(x) > 2 && l.channelsFirst())
    x = l.moveAxis(x, 1, l.rank(x) - 1);
  if (l.failed())
    return {};
  int64_t batch = l.shape(x)[0];
  return {l.reshape(x, {batch, ShapedType::getNumElements(l.shape(x)) / batch})};
}

Results layerc::importReshape(LayerImport &l) {
  Value x = l.input();
  const nlohmann::json *target = l.config("target_shape");
  if (!l.failed() && (!target || !target->is_array()))
    return l.fail() << "'target_shape' expects a list of sizes";
  if (l.failed())
    return {};
  Sizes shape{l.shape(x)[0]};
  int64_t known = shape[0], total = ShapedType::getNumElements(l.shape(x)), free = 0;
  for (const nlohmann::json &size : *target) {
    shape.push_back(size.is_number_integer() ? size.get<int64_t>() : -1);
    free += shape.back() < 0;
    // A size above the whole cannot fit; leaving it out of the product keeps the product from overflowing.
    known *= shape.back() > 0 && shape.back() <= total / std::max<int64_t>(known, 1) ? shape.back() : 1;
  }
  for (int64_t &size : shape)
    size = size < 0 && free == 1 ? total / known : size;
  bool fits = llvm::all_of(shape, [&](int64_t size) { return size > 0 && size <= total; });
  if (!fits || ShapedType::getNumElements(shape) != total)
    return l.fail() << "cannot reshape " << shapeText(l.shape(x)) << " to " << shapeText(shape);
  return {l.reshape(x, shape)};
}

Results layerc::importPermute(LayerImport &l) {
  Value x = l.input();
  Sizes permutation{0};
  permutation.append(l.list("dims"));
  Sizes sorted(permutation), all(l.rank(x));
  std::iota(all.begin(), all.end(), 0);
  llvm::sort(sorted);
  if (!l.failed() && sorted != all)
    return l.fail() << "'dims' " << shapeText(ArrayRef(permutation).drop_front())
                    << " is no permutation of the dimensions of " << shapeText(l.shape(x));
  return {l.transpose(x, permutation)};
}

Results layerc::importRepeatVector(LayerImport &l) {
  Value x = l.input();
  int64_t n = l.positive("n", 1)[0];
  if (!l.failed() && l.rank(x) != 2)
    return l.fail() << "expects an input of rank 2; got " << shapeText(l.shape(x));
  if (l.failed())
    return {};
  int64_t batch = l.shape(x)[0], features = l.shape(x)[1];
  return {l.create<nn::BroadcastOp>(l.reshape(x, {batch, 1, features}), ArrayRef<int64_t>{batch, n, features})};
}

Results layerc::importCropping(LayerImport &l) {
  SmallVector<Pair, 3> cropping = l.pairs("cropping", l.spatialRank(), l.spatialRank() == 2 ? 0 : 1);
  Value x = l.channelsLast(l.input());
  if (l.failed())
    return {};
  Sizes starts(l.rank(x), 0), sizes(l.shape(x));
  for (auto [d, crop] : llvm::enumerate(cropping)) {
    starts[d + 1] = crop.first;
    sizes[d + 1] -= crop.first + crop.second;
    if (crop.first >= l.shape(x)[d + 1] || sizes[d + 1] <= 0)
      return l.fail() << "'cropping' of " << crop.first << " and " << crop.second << " leaves nothing of "
                      << l.shape(x)[d + 1] << " elements";
  }
  return {l.back(l.create<nn::SliceOp>(x, ArrayRef<int64_t>(starts), ArrayRef<int64_t>(sizes), DenseI64ArrayAttr()))};
}

Results layerc::importZeroPadding(LayerImport &l) {
  SmallVector<Pair, 3> padding = l.pairs("padding", l.spatialRank(), 1);
  Value x = l.channelsLast(l.input());
  Sizes low(l.rank(x), 0), high(l.rank(x), 0);
  if (l.failed())
    return {};
  for (auto [d, pad] : llvm::enumerate(padding)) {
    low[d + 1] = pad.first;
    high[d + 1] = pad.second;
  }
  return {l.back(l.create<nn::PadOp>(x, ArrayRef<int64_t>(low), ArrayRef<int64_t>(high), APFloat(0.0)))};
}
