// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The part of nn-fuse that takes a loop over time, or a whole small net, as one kernel: no part of it shows what it
// will be.
#pragma once

#include "ir/Nn.h"
#include "ir/kernels/KernelTemplate.h"

namespace layerc {

/// Makes `ops`, in program order, a kernel in front of `before` with the values `results`, which later ops read, if
/// `kernelTemplate` accepts them and all matrices that they multiply by are weights.
bool takeAsKernel(llvm::ArrayRef<mlir::Operation *> ops, llvm::ArrayRef<mlir::Value> results, mlir::Operation *before,
                  const KernelTemplate &kernelTemplate);

/// Makes `scan` a kernel if the scan template accepts it; else a remark says why not.
bool fuseScan(nn::ScanOp scan);

/// Makes all that a function's block computes one kernel, where it is so little that several calls would cost more.
/// Reshapes of arguments and of results stay outside, as views.
bool fuseSmallNet(mlir::Block &block);

} // namespace layerc
