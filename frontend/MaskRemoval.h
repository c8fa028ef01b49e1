// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From Keras 3.7 on MultiHeadAttention takes the masks off its input tensors themselves, so that whatever Keras calls
// later does not see them. What that is depends on the order in which Keras runs a model, which is found here again.
#pragma once

#include "frontend/LayerGraph.h"

#include <map>
#include <utility>

namespace layerc {

class MaskRemoval {
public:
  explicit MaskRemoval(const LayerGraph &graph);
  /// Whether a tensor has lost its mask when Keras makes call `call`.
  bool isRemoved(const TensorRef &tensor, int call) const;

private:
  /// The tensor itself behind layers that give their input back.
  TensorRef original(TensorRef tensor) const;

  const LayerGraph &graph_;
  std::vector<size_t> places_;                     ///< of each call in Keras' order; empty where no layer removes masks
  std::map<std::pair<int, int>, size_t> removals_; ///< by tensor, the place of the first call that removes its mask
};

} // namespace layerc
