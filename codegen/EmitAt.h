// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One emission per nn op, behind KernelBuilder::emitAt, and the parts of it that the loop templates hoist out of loops.
#pragma once

#include "codegen/KernelBuilder.h"

namespace layerc {

/// Elements of the single result of `op`, which is not provided.
mlir::Value emitOpAt(KernelBuilder &k, mlir::Operation *op, const Lanes &at);

/// Elements of an operand of an op that broadcasts, at places of the op's result of shape `shape`.
mlir::Value emitBroadcastAt(KernelBuilder &k, mlir::Value operand, llvm::ArrayRef<int64_t> shape, const Lanes &at);

/// Lane by lane, for what has no vector form.
mlir::Value emitLaneByLane(KernelBuilder &k, const Lanes &at, llvm::function_ref<mlir::Value(const Lanes &one)> emit);

/// As emitOpAt for the groups of ops in EmitAt.cpp, EmitAtViews.cpp and EmitAtLookups.cpp; null when `op` is not of the
/// group.
mlir::Value emitElementwiseAt(KernelBuilder &k, mlir::Operation *op, const Lanes &at);
mlir::Value emitViewAt(KernelBuilder &k, mlir::Operation *op, const Lanes &at);
mlir::Value emitLookupAt(KernelBuilder &k, mlir::Operation *op, const Lanes &at);

/// True for reduce, contract, conv, conv_transpose, local_conv and pool.
bool isSum(mlir::Operation *op);
/// Elements of a sum at several places of equal lanes and dimension, in one nest of loops. Places of a window op differ
/// in the last index only.
llvm::SmallVector<mlir::Value> emitSums(KernelBuilder &k, mlir::Operation *op, llvm::ArrayRef<Lanes> places);

/// What one group of elements of a softmax or normalize has in common: result = finish((x - subtracted), factor).
struct RowStatistics {
  mlir::Value subtracted, factor;
};
/// True for softmax and normalize.
bool isRowOp(mlir::Operation *op);
/// The statistics of the groups at `at`; entries of `at` along the op's axes are ignored. Along an axis, one lane.
RowStatistics emitRowStatistics(KernelBuilder &k, mlir::Operation *op, const Lanes &at);
/// Elements of the op at `at`, given the statistics of their groups (scalars where `at` runs along an axis).
mlir::Value emitRowElements(KernelBuilder &k, mlir::Operation *op, const Lanes &at, RowStatistics statistics);

} // namespace layerc
