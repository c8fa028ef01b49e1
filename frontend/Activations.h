// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Keras' activation functions as compositions of nn ops. A new one is a row of the table in Activations.cpp.
#pragma once

#include "frontend/LayerImport.h"

namespace layerc {

/// The activation that configuration key `key` names: a function's name, a serialized function, or a layer object,
/// which is imported with the weights stored for it under the role "activation". Absent and null mean the identity.
mlir::Value applyActivation(LayerImport &l, mlir::Value x, llvm::StringRef key);

/// The function called `name`, or a failure that names it.
mlir::Value applyActivationByName(LayerImport &l, mlir::Value x, llvm::StringRef name);

/// All names, for documentation.
std::vector<std::string> activationNames();

// Functions with parameters, which layers and operation nodes share with the table.

/// Keras' ReLU: slope below the threshold, clipping of the positive part; branch rules as in keras.activations.relu.
mlir::Value relu(LayerImport &l, mlir::Value x, double negativeSlope, std::optional<double> maxValue, double threshold);
mlir::Value leakyRelu(LayerImport &l, mlir::Value x, double slope);
mlir::Value elu(LayerImport &l, mlir::Value x, double alpha);
mlir::Value gelu(LayerImport &l, mlir::Value x, bool approximate);
/// x * (x > threshold), so that infinities and NaN times false stay NaN, as in Keras.
mlir::Value keepAbove(LayerImport &l, mlir::Value x, double threshold);

} // namespace layerc
