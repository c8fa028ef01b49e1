// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Part of nn-assign-views: gives the values that a scan passes on their bytes.
#pragma once

#include "ir/Nn.h"
#include "ir/Target.h"

namespace layerc {

/// A kernel that copies `value`, before the insertion point of `builder`; numbers that are the same everywhere are made
/// inside it rather than stored as a weight.
mlir::Value copyByKernel(mlir::Value value, mlir::OpBuilder &builder, const Target &target);

/// Afterwards each value that the body yields is the result of a kernel of the body and written once: a stacked one in
/// its place, a carried one over the value before it. Each initial value is the result of a kernel that only the scan
/// reads. Copies stand where that cannot be had otherwise.
void assignScan(nn::ScanOp scan, const Target &target);

} // namespace layerc
