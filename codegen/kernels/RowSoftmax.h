// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The second phase of a Dense kernel that ends in softmax.
#pragma once

#include "codegen/KernelBuilder.h"
#include "ir/Nn.h"

namespace layerc {

/// Softmax of rows [begin, end) of the kernel's output, in place: the first phase has left the logits there.
void emitRowSoftmax(KernelBuilder &k, nn::SoftmaxOp softmax, mlir::Value begin, mlir::Value end);

} // namespace layerc
