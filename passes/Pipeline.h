// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one order in which the passes run, for layerc, layerc-opt and tests alike.
#pragma once

#include "mlir/Pass/PassManager.h"

#include <string>

namespace layerc {

struct PipelineOptions {
  std::string targetCpu = "x86-64-v3";
  std::string targetTriple;
  std::string precision = "f32";
  std::string kernels = "mlir";
};

/// nn as imported -> nn of `steps` time steps with the state of earlier ones, for the next pipeline.
void buildStreamPipeline(mlir::OpPassManager &manager, int64_t steps);
/// nn as imported -> nn with kernels chosen (`--emit=kernels`).
void buildKernelPipeline(mlir::OpPassManager &manager, const PipelineOptions &options);
/// nn with kernels -> checked plan (`--emit=plan`).
void buildPlanPipeline(mlir::OpPassManager &manager, const PipelineOptions &options);

/// Makes every pass and the pipelines `layerc-kernels`, `layerc-plan` known to layerc-opt.
void registerPasses();

} // namespace layerc
