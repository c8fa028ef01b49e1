// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a model says about the shape and type of its inputs, under the names of every Keras version.
#pragma once

#include "frontend/LayerObject.h"

namespace layerc {

/// Gives an InputLayer's config "batch_shape" and "dtype". Refuses sparse, ragged and optional inputs.
absl::Status normaliseInput(LayerObject &input);

/// Puts an InputLayer in front of a Sequential that has none, with the shape that the first layer or the model
/// recorded, else null. `firstEntry` is the first layer as serialised. Its name is the one Keras would give it.
absl::Status ensureInput(LayerObject &sequential, const nlohmann::json &firstEntry, int kerasMajor);

} // namespace layerc
