// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A compiled model in this process: arrays in, arrays out.
#pragma once

#include "codegen/Walker.h"
#include "tools/Compilation.h"
#include "tools/Npz.h"

#include "layerc/pool.h"

#include <optional>

namespace layerc {

/// The arrays of an .npz file matched to the model's inputs: by InputLayer name (with or without "input:") where all
/// names match, else in order. The names and shapes come from `graph`; a failure has printed its line.
std::optional<std::vector<NpzArray>> readInputs(const LayerGraph &graph, const std::string &path);

class InProcess {
public:
  /// Compiles `compilation` to the end for this machine and loads it.
  static std::unique_ptr<InProcess> create(Compilation &compilation, Exit &exit);

  /// From now on runs compute this one of the sizes; at first the first one. All work in one arena and go on from one
  /// state.
  void chooseSize(size_t index);
  size_t sizeCount() const { return walkers_.size(); }

  /// One call on the bytes of the inputs; the outputs' bytes.
  std::vector<std::vector<char>> run(const std::vector<const void *> &inputs,
                                     const Walker::StepCallback &afterStep = nullptr);
  /// One call on buffers that stay; for timing.
  void runOnce(const Walker::StepCallback &afterStep = nullptr);
  /// Forgets the state that earlier calls left: all zeros.
  void reset();
  /// From now on so many workers share the units of each phase; at first those of --threads.
  void setThreads(int threads);
  void setInputs(std::vector<const void *> inputs) { inputs_ = std::move(inputs); }

  /// Names of the outputs in the model's order; a repeated name gets _1, _2, ...
  std::vector<std::string> outputNames();
  std::vector<plan::InputOp> inputs; ///< of the chosen size, as the outputs
  std::vector<plan::OutputOp> outputs;

private:
  InProcess(Compilation &compilation, std::vector<Walker> walkers);
  Compilation &compilation_;
  std::vector<Walker> walkers_; ///< one per size
  size_t size_ = 0;
  int threads_ = 1;
  std::optional<Pool> pool_;
  std::unique_ptr<char, void (*)(void *)> arena_;
  std::unique_ptr<char, void (*)(void *)> state_; ///< lasts from run to run
  std::vector<const void *> inputs_;
  std::vector<std::vector<char>> outputBytes_;
};

/// Bytes of one call's tensor and its Keras dtype.
int64_t tensorBytes(mlir::MemRefType type);
std::optional<ElementType> dtypeOf(mlir::Type elementType);

} // namespace layerc
