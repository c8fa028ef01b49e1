// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The nn dialect: see Nn.td.
#pragma once

#include "ir/WeightStore.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "ir/NnDialect.h.inc"
#include "ir/NnEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "ir/NnAttrs.h.inc"

namespace layerc::plan {
class KernelOp;
class WeightOp;
} // namespace layerc::plan

#define GET_OP_CLASSES
#include "ir/NnOps.h.inc"

namespace layerc::nn {

/// The Keras layer paths that a location names, outermost order kept, without repeats.
llvm::SmallVector<std::string> layerPaths(mlir::Location location);

/// On a function's argument and result: they are the state of the stateful layer whose path the attribute holds. State
/// results follow the model's results, in the order of the state arguments, which follow the model's inputs.
inline constexpr llvm::StringLiteral kStateAttr = "nn.state";

/// Bytes that an nn.constant may hold unless it is a splat; anything larger is a weight.
inline constexpr int64_t kConstantLimit = 256;

/// The shape that nn.pack gives a tensor of this shape.
llvm::SmallVector<int64_t> packedShape(llvm::ArrayRef<int64_t> shape, LayoutAttr layout);

/// True for ops whose result element i depends only on elements i (after broadcasting) of the operands.
bool isElementwise(mlir::Operation *op);

/// True when `value` depends on weights and constants alone.
bool isWeightExpression(mlir::Value value);

} // namespace layerc::nn
