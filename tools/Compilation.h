// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One model on its way through the compiler, stage by stage. Every failure has printed its one line when it returns.
#pragma once

#include "frontend/Import.h"
#include "frontend/LayerGraph.h"
#include "ir/Plan.h"
#include "ir/Target.h"
#include "passes/Pipeline.h"
#include "tools/Options.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"

#include <functional>
#include <memory>

namespace layerc {

/// Prints "error: ..." on stderr, one line.
void printError(const std::string &message);

class Compilation {
public:
  explicit Compilation(const Options &options);
  ~Compilation();

  /// Reads the model file. Then `graph` is there, and `name` is legal.
  Exit load();
  /// To the nn dialect, with whole shapes for inputs that the options leave free. With --stream, to the function of the
  /// next steps; then the number of time steps in `shapes` does not count. Several sizes become functions of one
  /// module.
  Exit import(const std::map<std::string, std::vector<int64_t>> &shapes = {});
  /// nn -> kernels -> plan. `defaultCpu` counts where --target-cpu is not given; empty: the baseline of the triple.
  Exit chooseKernels(const std::string &defaultCpu);
  Exit plan();
  /// Runs every weight recipe into its place of the blob.
  Exit makeWeights();

  /// What the frontend is told of one size, see import().
  ImportOptions importOptions(const SizeOptions &size,
                              const std::map<std::string, std::vector<int64_t>> &shapes = {}) const;

  plan::ProgramOp program();
  /// One per size, in the order of the options.
  llvm::SmallVector<plan::EntryOp> entries();
  llvm::ArrayRef<char> weights() const { return {weights_, weightBytes_}; }
  /// The C++ name of the model.
  const std::string &name() const { return name_; }

  const Options &options;
  LayerGraph graph;
  Target target;
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;

private:
  /// `prefix` stands before diagnostics that do not know the file.
  Exit runPasses(const std::function<void(mlir::OpPassManager &)> &build, Exit onFailure,
                 const std::string &prefix = "");
  PipelineOptions pipelineOptions() const;
  void setSequenceLengths(const SizeOptions &size, std::map<std::string, std::vector<int64_t>> &shapes) const;
  Exit joinSizes(llvm::MutableArrayRef<mlir::OwningOpRef<mlir::ModuleOp>> sizes);
  Exit saveStage(const std::string &stage, const std::string &text);

  std::string name_;
  bool failed_ = false; ///< a diagnostic has been printed
  std::string prefix_;  ///< of diagnostics that do not know the file
  char *weights_ = nullptr;
  size_t weightBytes_ = 0;
  int stages_ = 0;
};

} // namespace layerc
