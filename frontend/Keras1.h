// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Keras 1 called the same things by other names.
#pragma once

#include "frontend/Json.h"

#include <string>

namespace layerc {

/// Rewrites a Keras 1 class name and its arguments to Keras 2's. Names that Keras 2 has already are left alone.
void renameKeras1(std::string &className, nlohmann::json &config);

/// Whether the layers of a Sequential begin with a Merge that holds models of its own, as in Keras 1.
bool isMergeOfModels(const nlohmann::json &layers);

/// Such layers as the config of the functional model that they are. An error where the Merge holds anything else.
absl::StatusOr<nlohmann::json> graphOfMerge(const nlohmann::json &layers);

} // namespace layerc
