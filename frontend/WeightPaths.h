// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which arrays of a .weights.h5 tree belong to which layer.
// Keras 3 and tf.keras 2.12 and later store no layer names: a path is the walk from the model to the layer.
#pragma once

#include "frontend/Hdf5.h"
#include "frontend/LayerObject.h"

namespace layerc {

/// How items of one list are numbered: Keras 3 lets an item that was reached before take a number, tf.keras skips it.
enum class PathDialect { Keras3, TfKeras };

/// Repeats the saver's walk and gives every layer its arrays. A layer whose group is missing keeps an empty list.
absl::Status assignByPath(LayerObject &root, const Hdf5File &file, PathDialect dialect);

} // namespace layerc
