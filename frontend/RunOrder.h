// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// In which order Keras makes the calls of a model: it matters where one call changes what another sees.
#pragma once

#include "frontend/LayerGraph.h"

#include <vector>

namespace layerc {

/// The numbers of the calls that outputs need, in the order in which Keras makes them.
std::vector<size_t> runOrder(const LayerGraph &graph);

/// The numbers of all calls in an order in which every call comes behind its inputs: the file's, but Keras' where a
/// layer that keeps state is called more than once.
std::vector<size_t> importOrder(const LayerGraph &graph);

} // namespace layerc
