// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which tensors share bytes, and for which steps they live: the one answer that views, the order of kernels and the
// plan are made from.
#pragma once

#include "ir/Nn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"

namespace layerc {

/// Marks, set by nn-assign-views. On nn.concat: its inputs are written in place. On nn.kernel: the number of the
/// operand whose bytes its first result takes over.
inline constexpr llvm::StringLiteral kViewAttr = "nn.view";
inline constexpr llvm::StringLiteral kInPlaceAttr = "nn.in_place";

/// Bytes of a dense tensor in memory; booleans take one byte.
int64_t denseBytes(mlir::Type type);

/// The value that `value` is a reshape of, or itself: the same numbers in the same bytes.
mlir::Value reshapedFrom(mlir::Value value);

/// The operand that a kernel writes `result` over, or null.
mlir::Value inPlaceOperand(mlir::Value result);

/// The value whose bytes `value` lies in: through reshapes, into concatenations, over operands taken in place. In a
/// scan whose values have their bytes (nn-assign-views), slices lie in their sequence, what is yielded lies in the
/// scan's results, and carried values, from the initial to the last one, lie in one buffer.
mlir::Value bufferRoot(mlir::Value value);

/// The state argument of the function over whose bytes `value`, a next state that it returns, is written; else null.
mlir::Value stateBefore(mlir::Value value);

/// A range of the arena.
struct Buffer {
  int64_t bytes = 0;
  int64_t first = 0, last = 0; ///< steps, that is kernels in the order of the text, counted from 0
};

/// The kernels of a block and of the scans in it, in the order of the text.
void forEachKernel(mlir::Block &block, llvm::function_ref<void(nn::KernelOp)> visit);

/// The buffers of a function of kernels by root, in order of their first step. Arguments, weights and buffers that hold
/// a result of the function are not in the arena and not listed.
llvm::MapVector<mlir::Value, Buffer> arenaBuffers(mlir::func::FuncOp function);

/// Bytes that a step's scratch takes in the arena, the first worker's own included.
int64_t scratchBytes(int64_t shared, int64_t own);

/// Live bytes at each step, kernels' scratch included.
llvm::SmallVector<int64_t> liveBytes(mlir::func::FuncOp function);

/// The largest of them.
int64_t peakBytes(mlir::func::FuncOp function);

} // namespace layerc
