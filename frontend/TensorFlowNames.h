// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What TensorFlow calls the operations of keras.ops in files of tf.keras: the tables of TensorFlowOperations.cpp and
// TensorFlowNodes.cpp.
#pragma once

#include <vector>

namespace layerc {

struct TensorFlowName {
  const char *theirs;
  const char *operation; ///< of keras.ops
};

/// Functions of TFOpLambda: "math.reduce_mean". SlicingOpLambda is "__operators__.getitem".
std::vector<TensorFlowName> tensorFlowFunctions();

/// Operations of the nodes of TensorFlowOpLayer: "Mean".
std::vector<TensorFlowName> tensorFlowNodes();

} // namespace layerc
