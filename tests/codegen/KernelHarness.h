// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs one kernel body natively and by Evaluate, for tests of templates.
#pragma once

#include "ir/Evaluate.h"
#include "ir/Plan.h"
#include "ir/Target.h"
#include "ir/kernels/KernelTemplate.h"
#include "runtime/include/layerc/external.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <string>
#include <vector>

namespace layerc::test {

/// How the buffers of a run are laid out.
struct Layout {
  int64_t gap = 0;           ///< elements between rows of the last dimension, of all operands that are not packed
  int64_t inPlaceInput = -1; ///< the input whose bytes the output takes
};

/// `body` computes %r of type `result` from %a, %b, ... of the types `arguments`.
struct KernelCase {
  std::string body, result;
  std::vector<std::string> arguments;
  double weightScale = 1; ///< of the random numbers of %b
};

class KernelRun {
public:
  KernelRun(const KernelCase &kernel, llvm::StringRef targetCpu, llvm::StringRef targetTriple = "");

  nn::KernelOp kernel();
  const Target &target() const { return target_; }
  /// The choices of a template for the kernel; empty if it refuses the body.
  std::vector<KernelChoice> choices(const KernelTemplate &choice);
  /// The plan of one choice; packed operands are packed.
  mlir::OwningOpRef<mlir::ModuleOp> plan(const KernelChoice &choice, const Layout &layout = {});
  /// Runs the choice on random inputs (or `inputs`) under several partitions of each phase's units, every buffer beside
  /// a guard page and all scratch full of NaN, and compares every element with Evaluate. `tolerance` scales the largest
  /// magnitude. Failures are GoogleTest's.
  void check(const KernelChoice &choice, uint64_t seed, const Layout &layout = {}, double tolerance = 1e-5,
             std::vector<TensorData> inputs = {});

  /// Runs the choice on `inputs` in one piece. Nothing where the test has failed.
  std::optional<TensorData> run(const KernelChoice &choice, llvm::ArrayRef<TensorData> inputs,
                                const Layout &layout = {});
  /// Compares as check() does: `tolerance` times the largest magnitude plus ten times that of the element.
  static void compare(const TensorData &actual, const TensorData &expected, double tolerance) {
    compare(actual, expected, {tolerance, 10 * tolerance});
  }
  std::vector<TensorData> randomInputs(uint64_t seed);
  /// The code behind choices of external templates.
  void setExternal(const layerc_external &external) { external_ = &external; }

  /// The same for one layout, each element by its own magnitude.
  void checkRelative(const KernelChoice &choice, std::vector<TensorData> inputs, double tolerance);

private:
  struct Tolerance {
    double absolute; ///< times the largest magnitude
    double relative;
  };
  void check(const KernelChoice &choice, const Layout &layout, Tolerance tolerance, std::vector<TensorData> inputs);
  static void compare(const TensorData &actual, const TensorData &expected, Tolerance tolerance);
  /// What the choice computes, in one piece and unit by unit; one result for external choices, none on a failure.
  std::vector<TensorData> results(const KernelChoice &choice, const Layout &layout, llvm::ArrayRef<TensorData> inputs);

  mlir::MLIRContext context_;
  mlir::OwningOpRef<mlir::ModuleOp> module_;
  double weightScale_;
  Target target_;
  const layerc_external *external_ = nullptr;
};

} // namespace layerc::test
