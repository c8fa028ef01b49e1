// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The description of the steps that oneDNN computes; runtime/src/onednn/onednn.h says what its numbers mean.
#pragma once

#include "ir/kernels/KernelTemplate.h"

namespace layerc {

const KernelTemplate &oneDnnTemplate();

} // namespace layerc
