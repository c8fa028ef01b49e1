// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A plan.kernel as a module of functions on bare pointers: first loops on vectors, then the LLVM dialect.
#pragma once

#include "ir/Plan.h"
#include "ir/Target.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace layerc {

/// Registers the dialects that kernels are emitted in, and their translation to LLVM IR. Load them (a context that has
/// run emitKernel once has) before kernels are emitted in parallel.
void registerKernelDialects(mlir::DialectRegistry &registry);
void loadKernelDialects(mlir::MLIRContext &context);

/// The symbol of a phase, prefixed with the name of the program: kernelSymbol() of Names.h.
std::string phaseName(plan::KernelOp kernel, unsigned phase);

/// scf, vector, arith, math and memref on flat buffers: one function `NAME.body` per phase. Needs loaded dialects.
mlir::OwningOpRef<mlir::ModuleOp> emitKernel(plan::KernelOp kernel, const Target &target);

/// Lowers emitKernel's module to the LLVM dialect in place and adds the functions that plan.kernel promises. Failure is
/// a mistake of ours and has been reported.
llvm::LogicalResult lowerKernel(mlir::ModuleOp module, plan::KernelOp kernel);

} // namespace layerc
