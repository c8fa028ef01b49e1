// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pooling layers, local and global.
#include "frontend/Importers.h"
#include "frontend/layers/Windows.h"

#include "llvm/ADT/Sequence.h"

using namespace mlir;
using namespace layerc;

static Results importPooling(LayerImport &l, nn::PoolFunction function) {
  int64_t rank = l.spatialRank();
  Sizes window = l.positive("pool_size", rank, 2);
  Sizes strides = l.config("strides") ? l.positive("strides", rank) : window;
  Value x = l.channelsLast(function == nn::PoolFunction::Max ? l.input() : l.floatInput());
  Sizes pads = windowPads(l, x, window, strides, Sizes(rank, 1), /*allowCausal=*/false);
  return {
      l.back(l.create<nn::PoolOp>(function, x, ArrayRef<int64_t>(window), l.unless(1, strides), l.unless(0, pads)))};
}

Results layerc::importMaxPooling(LayerImport &l) { return importPooling(l, nn::PoolFunction::Max); }
Results layerc::importAveragePooling(LayerImport &l) { return importPooling(l, nn::PoolFunction::Average); }

static Results importGlobalPooling(LayerImport &l, nn::ReduceFunction function) {
  bool keep = l.flag("keepdims", false);
  Value x = l.channelsLast(function == nn::ReduceFunction::Max ? l.input() : l.floatInput());
  if (l.failed())
    return {};
  Sizes kept(l.shape(x)), axes = llvm::to_vector<4>(llvm::seq<int64_t>(1, l.rank(x) - 1));
  std::fill(kept.begin() + 1, kept.end() - 1, 1);
  Value y = l.reduce(function, x, axes);
  return {keep ? l.back(l.reshape(y, kept)) : y};
}

Results layerc::importGlobalMaxPooling(LayerImport &l) { return importGlobalPooling(l, nn::ReduceFunction::Max); }
Results layerc::importGlobalAveragePooling(LayerImport &l) { return importGlobalPooling(l, nn::ReduceFunction::Mean); }
