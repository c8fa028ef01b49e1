// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The numbers that a plan computes, with every tensor in the very bytes that the plan gives it.
#pragma once

#include "ir/Evaluate.h"
#include "ir/Plan.h"

namespace layerc {

/// Runs the steps of `entry` on `arguments`, one per plan.input, and returns one tensor per plan.output. Kernels
/// compute what their bodies say (Evaluate); the arena and the outputs are full of NaN before. Where plan-memory has
/// not run yet every slot has memory of its own.
std::vector<TensorData> evaluatePlan(plan::EntryOp entry, llvm::ArrayRef<TensorData> arguments, WeightStore &weights);

} // namespace layerc
