// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Softmax of query times keys, times values, as one kernel: what the template's description and its emission agree on.
#pragma once

#include "ir/Nn.h"
#include "ir/kernels/KernelTemplate.h"

#include <optional>

namespace layerc {

/// The ops of one attention and its sizes. A head is one index of the batch dimensions.
struct AttentionGeometry {
  nn::ContractOp scores;  ///< [heads..., rows, keys]: query times keys
  nn::SoftmaxOp softmax;  ///< over the keys, of the scores after elementwise ops
  nn::ContractOp context; ///< [heads..., rows, columns]: softmax times values
  int64_t rows = 1, keys = 1, depth = 1, columns = 1;

  int64_t heads() const { return mlir::ShapedType::getNumElements(headSizes()); }
  llvm::ArrayRef<int64_t> headSizes() const;
};

/// The attention that ends in `context`, if its operands are read as the template reads them: f32, one dimension of
/// rows, keys, depth and columns each, columns contiguous; else nullopt and the reason.
std::optional<AttentionGeometry> attentionGeometry(nn::ContractOp context, std::string &reason);

/// That of a body which the template accepts.
AttentionGeometry attentionGeometry(mlir::Block &body);

/// The ops of the attention of which `softmax` is part, in program order, or none.
llvm::SmallVector<mlir::Operation *> attentionOps(nn::SoftmaxOp softmax);

/// The tile attribute of the attention template. A unit is one head times one part of its rows.
struct AttentionTile {
  int64_t rows = 1;    ///< register tile: rows
  int64_t vectors = 1; ///< register tile: vector registers per row; a panel is vectors * lanes keys or columns wide
  int64_t parts = 1;   ///< of a head's rows
  static AttentionTile of(llvm::ArrayRef<int64_t> tile) { return {tile[0], tile[1], tile[2]}; }
  llvm::SmallVector<int64_t> numbers() const { return {rows, vectors, parts}; }
};

/// A worker's own scratch, in floats: the head's keys in panels [panel][depth][width], its values [keys][columns of
/// whole panels], the scores of one tile [rows][keys of whole panels], and a factor per row.
struct AttentionScratch {
  AttentionScratch(const AttentionGeometry &g, const AttentionTile &tile, int64_t lanes);
  int64_t width;         ///< of a panel
  int64_t keys, columns; ///< of whole panels
  int64_t valuesAt, scoresAt, factorsAt, floats;
};

const KernelTemplate &attentionTemplate();

} // namespace layerc
