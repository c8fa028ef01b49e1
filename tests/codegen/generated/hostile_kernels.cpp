// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernels of hostile.mlir.
#include "layerc/kernel.h"

extern "C" {

LAYERC_HIDDEN void hostile_kernel_add_4(void *const *args, void *, void *, std::int64_t, std::int64_t) noexcept {
  for (int i = 0; i < 4; ++i)
    static_cast<float *>(args[2])[i] = static_cast<const float *>(args[0])[i] + static_cast<const float *>(args[1])[i];
}

/// Small integers as half precision: 0 -> 0, 1 -> 0x3c00, 2 -> 0x4000.
LAYERC_HIDDEN void hostile_kernel_cast_3(void *const *args, void *, void *, std::int64_t, std::int64_t) noexcept {
  constexpr std::uint16_t halves[] = {0, 0x3c00, 0x4000};
  for (int i = 0; i < 3; ++i)
    static_cast<std::uint16_t *>(args[1])[i] = halves[static_cast<const std::int32_t *>(args[0])[i]];
}

} // extern "C"
