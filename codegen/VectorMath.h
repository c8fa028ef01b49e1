// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementary functions on vectors of any number of lanes, and on scalars with the same bits.
#pragma once

#include "codegen/KernelBuilder.h"

namespace layerc {

/// `function` of numbers of an nn element type, both in their compute type. f32 by polynomials of a few ulp, f64 and
/// the rare functions (sin, cos, tan) by libm. Rounded to `element`.
mlir::Value emitUnary(KernelBuilder &k, nn::UnaryFunction function, mlir::Type element, mlir::Value x);

/// As emitUnary; comparisons give i1.
mlir::Value emitBinary(KernelBuilder &k, nn::BinaryFunction function, mlir::Type element, mlir::Value a, mlir::Value b);

/// x * sigmoid(gate) of f32, as one quotient: a rounding less, and for small results a smaller error.
mlir::Value emitGated(KernelBuilder &k, mlir::Value x, mlir::Value gate);

/// nn.cast between nn element types.
mlir::Value emitConvert(KernelBuilder &k, mlir::Value x, mlir::Type from, mlir::Type to);

/// e^x of f32 or f64 in their own type.
mlir::Value emitExp(KernelBuilder &k, mlir::Value x);
/// e^x for sums of such terms: as emitExp, but 0 below 2^-126 and infinite from 2^127.5 on.
mlir::Value emitFastExp(KernelBuilder &k, mlir::Value x);
mlir::Value emitLog(KernelBuilder &k, mlir::Value x);

} // namespace layerc
