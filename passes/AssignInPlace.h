// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The part of nn-assign-views that lets a kernel write over what it reads for the last time.
#pragma once

#include "ir/Nn.h"

namespace layerc {

/// Marks `kernel`, whose algorithm is chosen, with `nn.in_place` where its first result may take over the bytes of an
/// operand: one of the same shape and width, made by a kernel of the same block, that nobody reads afterwards. Kernels
/// before it in the block must have been marked.
void assignInPlace(nn::KernelOp kernel);

} // namespace layerc
