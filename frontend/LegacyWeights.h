// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which arrays of an old .h5 belong to which layer: one group per top-level layer, its arrays as one ordered list.
#pragma once

#include "frontend/Hdf5.h"
#include "frontend/LayerObject.h"

namespace layerc {

/// True for a whole model or a weights file of the layout with `layer_names`.
bool hasLegacyWeights(const Hdf5File &file);

/// The Keras backend that wrote the arrays, empty where the file does not say.
std::string backendOf(const Hdf5File &file);

/// Matches groups to layers by name, or in order where the names are foreign, and splits the list of a nested model,
/// wrapper or attention layer among the layers inside. `savedMajor` is the Keras that wrote the weights.
/// Keras 1's kernels of convolutions get a permutation.
absl::Status assignLegacy(LayerObject &root, const Hdf5File &file, int savedMajor);

} // namespace layerc
