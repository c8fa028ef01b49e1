// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs a plan in this process: the kernels' object is loaded by LLVM's JIT linker and the steps of an entry are called
// one by one. What the printed C++ does, without a C++ compiler, and with a look at each step.
#pragma once

#include "ir/Plan.h"
#include "runtime/include/layerc/external.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

#include <functional>
#include <memory>

namespace layerc {

/// The native function of one phase of a kernel, see plan.kernel.
using NativePhase = void (*)(void *const *args, void *shared, void *own, int64_t begin, int64_t end);

/// An object file of this machine, loaded.
class LoadedCode {
public:
  static llvm::Expected<std::unique_ptr<LoadedCode>> load(llvm::StringRef object);
  ~LoadedCode();
  llvm::Expected<NativePhase> find(llvm::StringRef symbol);

private:
  struct Linker;
  explicit LoadedCode(std::unique_ptr<Linker> linker);
  std::unique_ptr<Linker> linker_;
};

/// Spreads units over workers; the shape of the runtime's executor. A null function: all units on this thread.
struct WalkExecutor {
  using Part = void (*)(void *context, int begin, int end, int worker);
  void (*function)(void *host, int units, Part part, void *context) = nullptr;
  void *host = nullptr;
  int workers = 1;
};

/// The code behind an external step by its symbol, or null.
using ExternalLookup = llvm::function_ref<const layerc_external *(llvm::StringRef symbol)>;

/// What a run of an entry works on. Kernels compute in the floating-point mode that they find: the caller, and the
/// executor in its parts, set the runtime's.
struct WalkBuffers {
  llvm::ArrayRef<const void *> inputs; ///< in the order of plan.input
  llvm::ArrayRef<void *> outputs;      ///< in the order of plan.output
  const char *weights = nullptr;
  char *arena = nullptr; ///< arenaBytes(workers) bytes, at a multiple of 64
  char *state = nullptr; ///< stateBytes() bytes, at a multiple of 64, zero before the first run
};

class Walker {
public:
  /// Where each value of the entry's body is, for a look at it after a step.
  using Addresses = llvm::DenseMap<mlir::Value, char *>;
  /// Called after each step with its time.
  using StepCallback = std::function<void(plan::StepOp step, double nanoseconds, const Addresses &addresses)>;

  /// `entry` must outlive the walker; `object` are the kernels of its program. Fails when a kernel is missing.
  static llvm::Expected<Walker> create(plan::EntryOp entry, llvm::StringRef object);

  /// Prepares the steps that code from outside computes, once, before the first run. `weights` stay where they are.
  llvm::Error prepare(const char *weights, int workers, ExternalLookup lookup);

  int64_t arenaBytes(int workers) const;
  int64_t stateBytes() const;
  /// Fails with external_failed, and stops there, when code from outside does.
  Status run(const WalkBuffers &buffers, const WalkExecutor &executor = {}, const StepCallback &afterStep = nullptr);
  /// From now on the arena is filled with NaN before each run, to show reads of bytes that no step has written.
  void poisonArena(bool poison) { poison_ = poison; }

private:
  struct Phase {
    NativePhase function;
    int units;
  };
  struct Step {
    plan::StepOp op;
    llvm::SmallVector<Phase, 1> phases;
    int64_t sharedScratch = 0;
    std::unique_ptr<ExternalStep> external; ///< instead of phases
  };
  explicit Walker(plan::EntryOp entry) : entry_(entry) {}
  /// One run: what it works on and how far it is.
  struct Run {
    const WalkBuffers &buffers;
    const WalkExecutor &executor;
    const StepCallback &afterStep;
    Addresses addresses;
  };
  llvm::Error addStep(plan::StepOp op);
  llvm::Error prepareStep(Step &step, const char *weights, int workers, ExternalLookup lookup);
  Addresses locate(const WalkBuffers &buffers) const;
  Status runBlock(mlir::Block &block, Run &run) const;
  Status runLoop(plan::LoopOp loop, Run &run) const;
  Status runStep(const Step &step, const Run &run) const;

  plan::EntryOp entry_;
  std::unique_ptr<LoadedCode> code_;
  llvm::DenseMap<mlir::Operation *, Step> steps_;
  bool poison_ = false;
};

} // namespace layerc
