// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The choice of a kernel's template, tile and phases.
#pragma once

#include "ir/Nn.h"
#include "ir/Target.h"
#include "ir/kernels/KernelTemplate.h"

namespace layerc {

/// Sets the algorithm, tile, units and scratch of `kernel` to the cheapest choice on `target`, and `nn.layouts` to the
/// layouts its weights shall have. Where `source` is OneDnn and oneDNN accepts the body, nothing else is considered. A
/// remark tells all choices with their estimates. Choices that need more than `mostScratch` bytes of scratch are passed
/// over, unless all do: then those that need least are left.
void selectKernel(nn::KernelOp kernel, const Target &target, KernelSource source = KernelSource::Mlir,
                  int64_t mostScratch = INT64_MAX);

/// Every way to run `kernel` on `target` that the templates of `source` know and that packs nothing but weights.
llvm::SmallVector<KernelChoice> kernelChoices(nn::KernelOp kernel, const Target &target, KernelSource source);

/// Makes `kernel` run that way.
void applyChoice(nn::KernelOp kernel, const KernelChoice &choice);

/// Makes `op` a kernel by itself, with its template chosen for `target`.
void wrapInKernel(mlir::Operation *op, const Target &target);

/// Discardable attribute of nn.kernel: per operand a layout or unit.
inline constexpr llvm::StringLiteral kLayoutsAttr = "nn.layouts";

} // namespace layerc
