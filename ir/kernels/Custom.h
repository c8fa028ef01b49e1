// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The description of the steps that the user's own code computes: one nn.custom_call each.
#pragma once

#include "ir/kernels/KernelTemplate.h"

namespace layerc {

const KernelTemplate &customTemplate();

/// The nn.custom_call in a body, or null.
nn::CustomCallOp customCall(mlir::Block &body);

} // namespace layerc
