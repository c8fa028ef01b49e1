// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From the paths a user gives to a LayerGraph: the door of the frontend.
#pragma once

#include "frontend/LayerGraph.h"

#include <absl/status/statusor.h>

namespace layerc {

/// Loads a .keras archive, a whole-model .h5, or an architecture .json with its weights. The content decides, not the
/// extension. `weightsPath` may be empty; where it is given, its weights replace those of the model file.
/// An error is one line: "FILE: layer 'name' (Class): what is wrong" or "FILE: what is wrong".
absl::StatusOr<LayerGraph> loadModel(const std::string &modelPath, const std::string &weightsPath);

/// What is odd about a model that loads, in one line each: it was saved by a Keras newer than the newest that layerc
/// knows, whose rules are then followed, or a weight holds NaN or infinity.
std::vector<std::string> loadWarnings(const LayerGraph &graph);

} // namespace layerc
