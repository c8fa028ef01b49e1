// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Keras' padding words as numbers, and stored kernels: what convolutions, their recurrent cells and pooling share.
#pragma once

#include "frontend/LayerImport.h"

namespace layerc {

/// [low, high] per spatial dimension of a tensor of `shape` (channels last) for `padding`: valid, same, or (one
/// dimension) causal. same: TensorFlow's rule, out = ceil(n / stride) and the odd element at the end. causal: all at
/// the beginning.
Sizes windowPads(LayerImport &l, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> window,
                 llvm::ArrayRef<int64_t> strides, llvm::ArrayRef<int64_t> dilations, bool allowCausal);

/// Keras forbids strides and dilation together, except where a layer is depthwise.
bool stridesAndDilates(llvm::ArrayRef<int64_t> strides, llvm::ArrayRef<int64_t> dilations);

/// The next weight, [k..., a, b], as a correlation needs it. Keras on Theano computed true convolutions: kernels in its
/// files are turned around in space. A matrix, which has no window, is any weight.
mlir::Value convolutionKernel(LayerImport &l, llvm::StringRef name, llvm::ArrayRef<int64_t> shape);

/// Pools the spatial dimensions of a channels-last tensor to `sizes`: window i of a dimension of n elements that
/// becomes m is [floor(i * n / m), ceil((i + 1) * n / m)).
mlir::Value adaptivePool(LayerImport &l, nn::PoolFunction function, mlir::Value x, llvm::ArrayRef<int64_t> sizes);

/// Size and first element of a transposed convolution's window in the full spread of the input.
struct TransposedWindow {
  int64_t size, crop;
};

/// Keras' rule for one dimension; `effective` is the dilated kernel, `extra` the output_padding.
TransposedWindow transposedWindow(int64_t size, int64_t effective, int64_t stride, bool same,
                                  std::optional<int64_t> extra);

} // namespace layerc
