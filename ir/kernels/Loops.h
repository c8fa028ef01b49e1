// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the loops template's description and its emission agree on: in which order the result is walked.
#pragma once

#include "ir/kernels/KernelTemplate.h"

namespace layerc {

/// The tile attribute of the loops template. The dimensions before order[dim], and blocks of `grain` elements of
/// order[dim], are numbered as rows; a unit is an even part of the rows. A flat walk has one dimension: all elements.
struct LoopsTile {
  bool flat = false;
  int64_t dim = 0;
  int64_t grain = 1;
  static LoopsTile of(llvm::ArrayRef<int64_t> tile) { return {tile[0] != 0, tile[1], tile[2]}; }
  llvm::SmallVector<int64_t> numbers() const { return {flat ? 1 : 0, dim, grain}; }
};

struct LoopsWalk {
  mlir::Value stored; ///< the yielded value
  mlir::Operation *anchor =
      nullptr;       ///< the reduction behind same-index ops, computed once for several elements, or null
  bool flat = false; ///< every op is elementwise on one shape and scalars: elements may be walked as a line
  llvm::SmallVector<int64_t> order; ///< dimensions of the result, outermost loop first
  int64_t outer = 0;                ///< how many of them units may split: those outside a row's statistics
  int64_t vectorDim = 0;            ///< the dimension whose elements fill a vector: the innermost above size 1

  llvm::ArrayRef<int64_t> shape() const { return mlir::cast<mlir::RankedTensorType>(stored.getType()).getShape(); }
  /// Rows of `tile`.
  int64_t rows(const LoopsTile &tile) const;
};

/// The walk over the single result of `body`.
LoopsWalk loopsWalk(mlir::Block &body);

/// Whether the loops sum a convolution along its channels, vector by vector: it has one filter, so that vectors of
/// results would be of pixels, whose channels do not follow each other.
bool sumsAlongChannels(nn::ConvOp op, int64_t lanes);

/// True for ops that combine many elements into one: reduce, pool, conv, conv_transpose, local_conv, contract, softmax,
/// normalize.
bool isReduction(mlir::Operation *op);

const KernelTemplate &loopsTemplate();

} // namespace layerc
