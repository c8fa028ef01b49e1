// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The calls of a Functional model as its file writes them, in the two dialects: lists (Keras 1, 2, tf.keras) and
// {"args", "kwargs"} objects (Keras 3).
#pragma once

#include "frontend/LayerObject.h"

namespace layerc {

/// Output `tensor` of the `node`-th call of member `member`.
struct NodeRef {
  int member = -1, node = 0, tensor = 0;
};

/// One call: its tensor arguments in order, and args and kwargs with {"tensor": index} where they stood.
struct InboundNode {
  std::vector<NodeRef> inputs;
  nlohmann::json args, kwargs;
};

/// The calls of a Functional model and its ends, with node indices counted from 0 for every callee.
struct FunctionalNodes {
  std::vector<std::vector<InboundNode>> calls; ///< per member; an InputLayer has none
  std::vector<NodeRef> inputs, outputs;
  std::vector<std::string> inputKeys; ///< where the model's inputs are a dictionary: its keys, else empty
};

/// Resolves names to members and undoes the versions' ways of counting a nested model's calls.
absl::StatusOr<FunctionalNodes> readFunctionalNodes(const LayerObject &model, int kerasMajor);

} // namespace layerc
