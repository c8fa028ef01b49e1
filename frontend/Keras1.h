// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Keras 1 called the same things by other names.
#pragma once

#include "frontend/Json.h"

#include <optional>
#include <string>

namespace layerc {

/// Rewrites a Keras 1 class name and its arguments to Keras 2's. Names that Keras 2 has already are left alone.
void renameKeras1(std::string &className, nlohmann::json &config);

/// The layers of a Sequential of Keras 1 that begins with a Merge of other Sequentials, as the config of the functional
/// model that they are. nullopt for any other list of layers, and where a branch is no Sequential.
std::optional<nlohmann::json> graphOfMerge(const nlohmann::json &layers);

} // namespace layerc
