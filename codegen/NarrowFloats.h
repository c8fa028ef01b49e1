// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// f16 and bf16 in memory, f32 in registers: the conversions, in integer arithmetic where the target has no instruction.
#pragma once

#include "codegen/KernelBuilder.h"

namespace layerc {

/// i16 bits of `element` (f16 or bf16) to f32; exact.
mlir::Value widen(KernelBuilder &k, mlir::Type element, mlir::Value bits);
/// f32 to i16 bits of `element`, rounded to nearest even; NaN stays NaN.
mlir::Value narrow(KernelBuilder &k, mlir::Type element, mlir::Value value);

} // namespace layerc
