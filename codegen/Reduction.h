// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loops that carry accumulators over some dimensions, and sums along a row by vectors with several accumulators.
#pragma once

#include "codegen/EmitAt.h"

namespace layerc {

/// [low, high) of one loop.
struct LoopBounds {
  mlir::Value low, high;
};

/// A nest of loops over `bounds`, outermost first. Nests of at most `kUnrolledTaps` constant steps are unrolled.
inline constexpr int64_t kUnrolledTaps = 25;
llvm::SmallVector<mlir::Value>
emitNest(KernelBuilder &k, llvm::ArrayRef<LoopBounds> bounds, mlir::ValueRange init,
         llvm::function_ref<llvm::SmallVector<mlir::Value>(llvm::ArrayRef<mlir::Value>, mlir::ValueRange)> body);

/// How numbers are reduced to one, in an order that only depends on the sizes.
struct RowReduction {
  /// The neutral element in all lanes.
  std::function<mlir::Value(int64_t lanes)> start;
  /// `sum` with the elements at `index` (one entry per reduced dimension), along the last one for `lanes` > 1.
  std::function<mlir::Value(mlir::Value sum, llvm::ArrayRef<mlir::Value> index, int64_t lanes)> step;
  std::function<mlir::Value(mlir::Value, mlir::Value)> combine;
};

/// Reduces over dimensions of `sizes` to one scalar per reduction, `lanes` elements of the last dimension at a time.
/// All reductions walk side by side, so that what they load in common is loaded once.
llvm::SmallVector<mlir::Value> emitRowReductions(KernelBuilder &k, llvm::ArrayRef<int64_t> sizes, int64_t lanes,
                                                 llvm::ArrayRef<RowReduction> reductions);
/// The same over loops of any bounds around a row of `size` elements, of which there is at least one.
llvm::SmallVector<mlir::Value> emitRowReductions(KernelBuilder &k, llvm::ArrayRef<LoopBounds> outer, int64_t size,
                                                 int64_t lanes, llvm::ArrayRef<RowReduction> reductions);
mlir::Value emitRowReduction(KernelBuilder &k, llvm::ArrayRef<int64_t> sizes, int64_t lanes,
                             const RowReduction &reduction);

/// The dimensions that are not in `axes`, in order.
llvm::SmallVector<int64_t> othersThan(llvm::ArrayRef<int64_t> axes, int64_t rank);

/// Position in `axes` of the innermost axis of size above 1, if it is also the innermost such dimension of `shape`;
/// else -1: elements along it do not follow each other.
int64_t innermostAxis(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> axes);

} // namespace layerc
