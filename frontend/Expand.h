// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The object tree to the flat LayerGraph: nested models disappear into the calls they make.
#pragma once

#include "frontend/LayerObject.h"

namespace layerc {

/// Fills name, kind, layers, calls, inputs and outputs of `graph`, whose kerasVersion must be set.
absl::Status expand(const LayerObject &model, LayerGraph &graph);

} // namespace layerc
