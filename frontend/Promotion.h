// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The element type that Keras 3 gives to operands of different ones: a lattice in which Python's numbers, having no
// width of their own, stand below every type of their kind.
#pragma once

#include "frontend/LayerGraph.h"

#include "mlir/IR/Types.h"
#include "llvm/ADT/ArrayRef.h"

namespace layerc {

/// A node of the lattice: an element type, or Python's int or float.
struct PromotedType {
  enum Kind { Typed, PythonInteger, PythonFloat } kind = Typed;
  ElementType type = ElementType::Float32;
};

/// keras.backend.result_type, as Keras computes it where 64-bit types exist (TensorFlow).
ElementType resultType(llvm::ArrayRef<PromotedType> types);

/// The element type of an MLIR type that mlirType makes.
ElementType elementTypeOf(mlir::Type type);

} // namespace layerc
