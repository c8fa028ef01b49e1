// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Stand-ins for the native kernels of sizes.mlir. They fill their scratch, so that a wrong place shows.
#include "layerc/kernel.h"

#include <cstring>

namespace {

/// Adds `rows` rows of x, and w to each, to the state.
void add_rows(void *const *args, int rows) {
  const auto *x = static_cast<const float *>(args[0]), *w = static_cast<const float *>(args[1]),
             *state = static_cast<const float *>(args[2]);
  auto *y = static_cast<float *>(args[3]);
  for (int column = 0; column < 4; ++column) {
    y[column] = state[column];
    for (int row = 0; row < rows; ++row)
      y[column] += x[4 * row + column] + w[column];
  }
}

} // namespace

extern "C" {

LAYERC_HIDDEN void sizes_kernel_total_1(void *const *args, void *, void *own, std::int64_t, std::int64_t) noexcept {
  std::memset(own, 0xff, 128);
  add_rows(args, 1);
}

/// The unit that comes last does the work: the executors of the test keep their order.
LAYERC_HIDDEN void sizes_kernel_total_3(void *const *args, void *shared, void *own, std::int64_t,
                                        std::int64_t end) noexcept {
  std::memset(shared, 0xff, 256);
  std::memset(own, 0xff, 64);
  if (end == 3)
    add_rows(args, 3);
}

LAYERC_HIDDEN void sizes_kernel_copy(void *const *args, void *, void *, std::int64_t, std::int64_t) noexcept {
  std::memcpy(args[1], args[0], 16);
}

} // extern "C"
