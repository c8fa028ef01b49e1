// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which variables each Keras class owns, in the order in which Keras stores them.
// Names label the weights; counts split the one list that an old .h5 keeps for a whole nested model.
#pragma once

#include "frontend/Json.h"

#include <optional>
#include <string>
#include <vector>

namespace layerc {

struct Variable {
  std::string name; ///< Keras' attribute: "kernel", "moving_mean"
  bool trainable = true;
};

/// Own variables of a layer, without those of layers inside it; nullopt for a class that is not known here.
std::optional<std::vector<Variable>> variablesOf(const std::string &className, const nlohmann::json &config);

} // namespace layerc
