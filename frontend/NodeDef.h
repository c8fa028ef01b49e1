// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A node of a TensorFlow graph as a TensorFlowOpLayer keeps it: protobuf's JSON of a NodeDef, as an object or as text.
// Only what an operation computes is read: its name and attributes, not the names of nodes and inputs.
#pragma once

#include "frontend/Json.h"

#include <map>

namespace layerc {

struct NodeDef {
  struct Attribute {
    nlohmann::json value; ///< number, boolean, word or a list of them; an element type under Keras' name
    bool isType = false;  ///< an element type, or a list of such
  };
  std::string operation; ///< "AddV2"
  /// Without those whose names begin with an underscore: notes of TensorFlow to itself. Shapes, tensors and functions
  /// are null.
  std::map<std::string, Attribute> attributes;
};

/// Errors are clauses that do not name the layer.
absl::StatusOr<NodeDef> readNodeDef(const nlohmann::json &value);

} // namespace layerc
