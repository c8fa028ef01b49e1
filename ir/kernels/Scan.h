// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A recurrent cell over all its time steps, or a small net of one step, as one kernel: what the template's description
// and its emission agree on.
#pragma once

#include "ir/Nn.h"
#include "ir/kernels/KernelTemplate.h"

#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace layerc {

/// Columns [column, column + width) of a product of activations and a weight, where `width` is that of the stage that
/// reads them: one gate of a cell.
struct ScanPiece {
  nn::ContractOp product;
  int64_t column = 0;
};

/// Values of one shape, but for leading dimensions of size 1, which are computed together, block by block of their last
/// dimension, and kept in local memory. Each stage reads the values of those before it.
struct ScanStage {
  llvm::SmallVector<mlir::Value> values;
  llvm::SmallVector<ScanPiece> pieces; ///< what they need of products, in program order
  int64_t rows = 1, width = 1;
};

/// The body of such a kernel. Its step is the body of the scan in it or, where there is none, the kernel's whole body.
struct ScanGeometry {
  nn::ScanOp scan; ///< null: one step
  mlir::Block *step = nullptr;
  llvm::SmallVector<ScanStage> stages;

  int64_t steps() const { return scan ? nn::ScanOp(scan).steps() : 1; }
  int64_t weights() const;     ///< numbers in the weights of all products
  int64_t localFloats() const; ///< carried values twice, and the stages' values
};

/// The geometry of `body`, if every value of its step is a chain of elementwise ops, slices of whole columns and
/// products with weights; else nullopt and the reason.
std::optional<ScanGeometry> scanGeometry(mlir::Block &body, std::string &reason);

/// That of a body which the template accepts.
ScanGeometry scanGeometry(mlir::Block &body);

/// The tile attribute of the scan template.
struct ScanTile {
  int64_t vectors = 1; ///< registers of one block of each piece
  static ScanTile of(llvm::ArrayRef<int64_t> tile) { return {tile[0]}; }
  llvm::SmallVector<int64_t> numbers() const { return {vectors}; }
  /// Lanes of the registers of a stage of `width` columns, of at most `most`: no more than its columns fill.
  static int64_t lanes(int64_t width, int64_t most);
  /// Columns of a block of a stage of `width` columns, in registers of at most `most` lanes: those of a panel of its
  /// weights.
  int64_t columns(int64_t width, int64_t most) const;
};

const KernelTemplate &scanTemplate();

} // namespace layerc
