// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// layerc-opt: reads any stage's IR, runs any passes on it, prints it.
// `--weights=FILE` names the weights.bin that --save-stages writes; without it weights are reproducible made-up
// numbers.
#include "ir/Plan.h"
#include "passes/Pipeline.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/CommandLine.h"

using namespace mlir;

static llvm::cl::opt<std::string> weightsPath("weights",
                                              llvm::cl::desc("file of weights (weights.bin of --save-stages)"),
                                              llvm::cl::value_desc("file"));

/// Fills the store of an nn dialect as it is loaded into a context.
static void loadWeights(MLIRContext *context, layerc::nn::NnDialect *dialect) {
  std::string error;
  if (!weightsPath.empty() && !dialect->weights().load(weightsPath, *context, error)) {
    llvm::errs() << "layerc-opt: " << error << "\n";
    std::exit(1);
  }
}

int main(int argc, char **argv) {
  DialectRegistry registry;
  registry
      .insert<layerc::nn::NnDialect, layerc::plan::PlanDialect, func::FuncDialect, arith::ArithDialect, scf::SCFDialect,
              vector::VectorDialect, memref::MemRefDialect, math::MathDialect, LLVM::LLVMDialect>();
  registry.addExtension(loadWeights);
  registerTransformsPasses();
  layerc::registerPasses();
  return asMainReturnCode(MlirOptMain(argc, argv, "layerc's optimizer driver\n", registry));
}
