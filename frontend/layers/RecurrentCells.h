// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Recurrent cells: one step of time from an input element and the states to an output and the next states.
#pragma once

#include "frontend/LayerImport.h"

#include <memory>

namespace layerc {

class RecurrentCell {
public:
  virtual ~RecurrentCell() = default;

  /// One step. `states` become the next ones; the result is the output.
  virtual mlir::Value step(mlir::Value x, llvm::MutableArrayRef<mlir::Value> states) = 0;
  /// Shapes of the states with their batch dimension, in the order in which Keras takes and returns them.
  llvm::ArrayRef<Sizes> stateShapes() const { return stateShapes_; }
  /// The number of the next state that is the output, too.
  size_t outputState() const { return outputState_; }

protected:
  llvm::SmallVector<Sizes> stateShapes_;
  size_t outputState_ = 0;
};

/// The cell of a layer that is one (GRUCell), holds one (RNN), or inlines one (GRU, ConvLSTM2D), for input elements of
/// `shape`, batch and channels included. Makes the ops of its weights here, before the loop. Null after a failure.
std::unique_ptr<RecurrentCell> makeRecurrentCell(LayerImport &l, llvm::ArrayRef<int64_t> shape);

} // namespace layerc
