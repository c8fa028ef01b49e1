// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A kernel's name: what it computes, legal in C++.
#pragma once

#include "ir/Nn.h"

#include <string>

namespace layerc {

/// Such as "conv3x3_8x8x1_16_relu", "dense_256_10_softmax", "add_relu_1x7x7x64"; at most 64 characters, not yet unique.
std::string kernelName(nn::KernelOp kernel);

} // namespace layerc
