// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pipeline, and its registration.
#include "passes/Pipeline.h"

#include "passes/Passes.h"

#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"

using namespace mlir;
using namespace layerc;

void layerc::buildStreamPipeline(OpPassManager &manager, int64_t steps) {
  OpPassManager &function = manager.nest<func::FuncOp>();
  function.addPass(createNnInferShapes());
  function.addPass(createNnSimplify()); // padding must be in the convolutions
  function.addPass(createNnStream({steps}));
}

void layerc::buildKernelPipeline(OpPassManager &manager, const PipelineOptions &options) {
  OpPassManager &function = manager.nest<func::FuncOp>();
  function.addPass(createNnInferShapes());
  function.addPass(createNnSimplify());
  function.addPass(createNnSetPrecision({options.precision}));
  // Folding leaves dead biases and equal recipes behind.
  function.addPass(createNnFoldAffine());
  function.addPass(createNnSimplify());
  function.addPass(createNnHoistScan());
  function.addPass(createNnSimplify());
  function.addPass(createNnFuse({options.kernels}));
  function.addPass(createNnSelectKernels({options.kernels, options.targetCpu, options.targetTriple}));
  manager.addPass(createNnShareLayouts({options.kernels, options.targetCpu, options.targetTriple}));
}

void layerc::buildPlanPipeline(OpPassManager &manager, const PipelineOptions &options) {
  OpPassManager &function = manager.nest<func::FuncOp>();
  // Views before the order: what shares bytes changes what is live.
  function.addPass(createNnAssignViews({options.targetCpu, options.targetTriple}));
  function.addPass(createNnSchedule());
  function.addPass(createNnPackWeights());
  manager.addPass(createNnToPlan({options.targetCpu}));
  manager.addPass(createPlanMemory());
  manager.addPass(createPlanCheck());
}

void layerc::registerPasses() {
  struct CommandLine : PassPipelineOptions<CommandLine> {
    Option<std::string> cpu{*this, "target-cpu", llvm::cl::init("x86-64-v3")};
    Option<std::string> triple{*this, "target-triple", llvm::cl::init("")};
    Option<std::string> kernels{*this, "kernels", llvm::cl::init("mlir")};
    PipelineOptions options() const { return {cpu, triple, "f32", kernels}; }
  };
  registerNnPasses();
  PassPipelineRegistration<CommandLine>(
      "layerc-kernels", "nn as imported to kernels",
      [](OpPassManager &manager, const CommandLine &line) { buildKernelPipeline(manager, line.options()); });
  PassPipelineRegistration<CommandLine>("layerc-plan", "nn as imported to a checked plan",
                                        [](OpPassManager &manager, const CommandLine &line) {
                                          buildKernelPipeline(manager, line.options());
                                          buildPlanPipeline(manager, line.options());
                                        });
}
