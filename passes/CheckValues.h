// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Passes judged by value: what a function computes must not change. `layerc-opt --check-values` and tests use it.
#pragma once

#include "ir/Evaluate.h"

#include "mlir/Pass/PassManager.h"

#include <optional>

namespace layerc {

/// The first place where two runs of a function disagree.
struct Difference {
  unsigned result = 0;
  llvm::SmallVector<int64_t> index;
  Scalar before, after;
};

/// Floats agree within 1e-5 of the tensor's largest magnitude plus 1e-4 of the number (passes may round in another
/// order), with NaN and infinities in the same places; integers and booleans agree exactly.
std::optional<Difference> firstDifference(llvm::ArrayRef<TensorData> before, llvm::ArrayRef<TensorData> after);

/// From now on every pass that `manager` runs on a function of nn ops, or on a module with plans, is followed by an
/// evaluation of that function or plan on reproducible random arguments. A pass that changes a result is an error that
/// names the first element that differs, and sets `diverged`, which must outlive the manager. Passes that change the
/// arguments' types are not judged.
/// Turns off threads in the context: evaluation fills its WeightStore.
void checkValues(mlir::PassManager &manager, bool &diverged);

} // namespace layerc
