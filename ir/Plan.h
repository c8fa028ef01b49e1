// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The plan dialect: see Plan.td.
#pragma once

#include "ir/Nn.h"

#include "mlir/IR/RegionKindInterface.h"
#include "mlir/IR/SymbolTable.h"

#include "ir/PlanDialect.h.inc"
#define GET_TYPEDEF_CLASSES
#include "ir/PlanTypes.h.inc"
#define GET_ATTRDEF_CLASSES
#include "ir/PlanAttrs.h.inc"
#define GET_OP_CLASSES
#include "ir/PlanOps.h.inc"

namespace layerc::plan {

/// The entries of a program, in order; one at least.
llvm::SmallVector<EntryOp> entriesOf(ProgramOp program);

/// Bytes of all states of an entry: where the last one ends, rounded up to a multiple of 64.
int64_t stateBytes(EntryOp entry);

/// How often a run does `step`: the iterations of the loops around it.
double runsOf(StepOp step);

} // namespace layerc::plan
