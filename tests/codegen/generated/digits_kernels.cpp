// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Stand-ins for the native kernels of digits.mlir: simple sums that show which bytes, units and scratch they were
// given.
#include "layerc/kernel.h"

extern "C" {

/// Unit u writes row u of [4][64]: image[u] + kernel[column] + bias[column mod 16].
LAYERC_HIDDEN void digits_kernel_conv3x3_8x8x1_16_relu_maxpool2(void *const *args, void *, void *, std::int64_t begin,
                                                                std::int64_t end) noexcept {
  const auto *image = static_cast<const float *>(args[0]), *kernel = static_cast<const float *>(args[1]),
             *bias = static_cast<const float *>(args[2]);
  auto *out = static_cast<float *>(args[3]);
  for (std::int64_t unit = begin; unit < end; ++unit)
    for (std::int64_t column = 0; column < 64; ++column)
      out[64 * unit + column] = image[unit] + kernel[column] + bias[column % 16];
}

/// Unit u adds 32 inputs into the worker's own scratch, then leaves the sum in the shared scratch.
LAYERC_HIDDEN void digits_kernel_dense_256_10_softmax(void *const *args, void *shared, void *own, std::int64_t begin,
                                                      std::int64_t end) noexcept {
  const auto *in = static_cast<const float *>(args[0]);
  auto *sum = static_cast<float *>(own), *sums = static_cast<float *>(shared);
  for (std::int64_t unit = begin; unit < end; ++unit) {
    *sum = 0;
    for (std::int64_t i = 0; i < 32; ++i)
      *sum += in[32 * unit + i];
    sums[unit] = *sum;
  }
}

/// scores[i] = sum of sums + kernel[i] + bias[i].
LAYERC_HIDDEN void digits_kernel_dense_256_10_softmax_phase1(void *const *args, void *shared, void *, std::int64_t,
                                                             std::int64_t) noexcept {
  const auto *kernel = static_cast<const float *>(args[1]), *bias = static_cast<const float *>(args[2]),
             *sums = static_cast<const float *>(shared);
  auto *scores = static_cast<float *>(args[3]);
  float total = 0;
  for (int i = 0; i < 8; ++i)
    total += sums[i];
  for (int i = 0; i < 10; ++i)
    scores[i] = total + kernel[i] + bias[i];
}

} // extern "C"
