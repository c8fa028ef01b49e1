// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How much a body computes, as nets are compared: multiplications and additions of products and convolutions.
#pragma once

#include "ir/Plan.h"

namespace layerc {

/// Two for each term of nn.contract, nn.conv, nn.conv_transpose and nn.local_conv, and of those in an nn.scan for each
/// step. Terms with padding count, those that a transposed convolution crops do not. Other ops count nothing.
double flopsOf(mlir::Block &body);
/// Those of a run.
double flopsOf(plan::EntryOp entry);

} // namespace layerc
