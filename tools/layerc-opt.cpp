// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// layerc-opt: reads any stage's IR, runs any passes on it, prints it.
// `--check-values` evaluates functions before and after each pass.
// `--weights=FILE` names the weights.bin that --save-stages writes; without it weights are reproducible made-up
// numbers.
#include "ir/Plan.h"
#include "passes/CheckValues.h"
#include "passes/Pipeline.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;

static llvm::cl::opt<std::string> weightsPath("weights",
                                              llvm::cl::desc("file of weights (weights.bin of --save-stages)"),
                                              llvm::cl::value_desc("file"));

static llvm::cl::opt<bool> checksValues("check-values",
                                        llvm::cl::desc("fail when a pass changes what a function computes"));

/// Fills the store of an nn dialect as it is loaded into a context.
static void loadWeights(MLIRContext *context, layerc::nn::NnDialect *dialect) {
  std::string error;
  if (!weightsPath.empty() && !dialect->weights().load(weightsPath, *context, error)) {
    llvm::errs() << "layerc-opt: " << error << "\n";
    std::exit(1);
  }
}

/// As MlirOptMain does, with value checks around the passes.
static LogicalResult run(StringRef inputName, StringRef outputName, DialectRegistry &registry) {
  std::string error;
  auto input = openInputFile(inputName, &error);
  auto output = input ? openOutputFile(outputName, &error) : nullptr;
  if (!output) {
    llvm::errs() << "layerc-opt: " << error << "\n";
    return failure();
  }
  bool diverged = false;
  MlirOptMainConfig config = MlirOptMainConfig::createFromCLOptions(), given = config;
  config.setPassPipelineSetupFn([&](PassManager &manager) {
    if (checksValues)
      layerc::checkValues(manager, diverged);
    return given.setupPassPipeline(manager);
  });
  if (failed(MlirOptMain(output->os(), std::move(input), registry, config)) || diverged)
    return failure();
  output->keep();
  return success();
}

int main(int argc, char **argv) {
  DialectRegistry registry;
  registry
      .insert<layerc::nn::NnDialect, layerc::plan::PlanDialect, func::FuncDialect, arith::ArithDialect, scf::SCFDialect,
              vector::VectorDialect, memref::MemRefDialect, math::MathDialect, LLVM::LLVMDialect>();
  registry.addExtension(loadWeights);
  registerTransformsPasses();
  layerc::registerPasses();
  auto [inputName, outputName] = registerAndParseCLIOptions(argc, argv, "layerc's optimizer driver\n", registry);
  return asMainReturnCode(run(inputName, outputName, registry));
}
