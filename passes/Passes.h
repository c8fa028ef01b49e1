// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The passes between the frontend's nn and codegen's plan: see Passes.td.
#pragma once

#include "ir/Plan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace layerc {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Passes.h.inc"

} // namespace layerc
