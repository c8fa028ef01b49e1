// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Layers whose kernel is stored as whole numbers: how Keras reads it, and products with whole activations.
#pragma once

#include "frontend/LayerImport.h"

namespace layerc {

/// What a quantized Dense or EinsumDense stores.
struct QuantizedKernel {
  /// The kernel, or, where there is a scale, the whole numbers that the scale divides.
  mlir::Value values;
  mlir::Value scale;
  mlir::Value bias; ///< null where the layer has none
};

/// Whether the stored kernel has its own shape, and a scale that lines up with the result; else it is a matrix: int4
/// since Keras 3.14, gptq and awq.
bool keepsShape(const LayerImport &l);

/// The shapes of the stored variables.
struct QuantizedShapes {
  Sizes kernel, scale;           ///< where the kernel keeps its shape
  int64_t packedAxis = 0;        ///< then, of the dimension along which two numbers of 4 bits share a byte
  int64_t rows = 0, columns = 0; ///< where it does not
  std::optional<Sizes> bias;
};

/// Reads the variables in Keras' order. The values have the shape in which the kernel is stored.
QuantizedKernel quantizedKernel(LayerImport &l, const QuantizedShapes &shapes);

/// The table of a quantized Embedding as floats.
mlir::Value quantizedTable(LayerImport &l, int64_t rows, int64_t columns);

/// A product of an activation and a kernel as Keras computes it.
struct QuantizedProduct {
  /// One dimension over which products are added up; -1 in the kernel where only the activation has it.
  struct Axis {
    int64_t x, kernel;
  };
  llvm::SmallVector<Axis, 2> summed;
  llvm::function_ref<mlir::Value(mlir::Value x, mlir::Value kernel)> multiply;
  /// The scales of the activation, of size 1 in summed dimensions, brought to where the result has its dimensions.
  llvm::function_ref<mlir::Value(mlir::Value scale)> lineUp;

  /// x times the kernel, with its bias. Where the layer's quantization says so, x becomes whole numbers from -127 to
  /// 127 first, and sums of whole numbers are exact.
  mlir::Value compute(LayerImport &l, mlir::Value x, const QuantizedKernel &kernel) const;
};

} // namespace layerc
