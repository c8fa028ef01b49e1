// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reductions and orders along axes, which several groups of operations are made of.
#pragma once

#include "frontend/OperationImport.h"

namespace layerc {

/// Reduces over `axes`, which stay as dimensions of size 1 where `keep` holds.
mlir::Value reduceOver(OperationImport &o, nn::ReduceFunction function, mlir::Value x, llvm::ArrayRef<int64_t> axes,
                       bool keep);

/// Elements along the last dimension in order: `values` and their places before, the first `count` of them.
struct Ordered {
  mlir::Value values, places;
};

/// Equal elements keep their order. A row that holds a NaN has no order.
Ordered ordered(OperationImport &o, mlir::Value x, int64_t count, bool descending);

} // namespace layerc
