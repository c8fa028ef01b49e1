// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which masks are gone when, in the order of runOrder(); see MaskRemoval.h.
#include "frontend/MaskRemoval.h"

#include "frontend/Importers.h"
#include "frontend/LayerTable.h"
#include "frontend/RunOrder.h"

#include <algorithm>

using namespace layerc;

static bool removesMasks(const Layer &layer, const LayerGraph &graph) {
  return !layer.isOperation && !layer.isCustom && layer.className == "MultiHeadAttention" && graph.isKerasFrom(3, 7);
}

MaskRemoval::MaskRemoval(const LayerGraph &graph) : graph_(graph) {
  auto removes = [&](const Layer &layer) { return removesMasks(layer, graph); };
  if (std::none_of(graph.layers.begin(), graph.layers.end(), removes))
    return;
  std::vector<size_t> order = runOrder(graph);
  places_.assign(graph.calls.size(), order.size());
  for (size_t place = 0; place < order.size(); ++place)
    places_[order[place]] = place;
  for (size_t call = 0; call < graph.calls.size(); ++call)
    if (removes(graph.layers[graph.calls[call].layer]))
      for (const TensorRef &input : graph.calls[call].inputs) {
        TensorRef tensor = original(input);
        size_t &first = removals_.try_emplace({tensor.call, tensor.tensor}, places_[call]).first->second;
        first = std::min(first, places_[call]);
      }
}

TensorRef MaskRemoval::original(TensorRef tensor) const {
  for (;;) {
    const Call &call = graph_.calls[tensor.call];
    const LayerRow *row = findLayer(graph_.layers[call.layer]);
    if (!row || row->import != importIdentity || call.inputs.size() != 1)
      return tensor;
    tensor = call.inputs[0];
  }
}

bool MaskRemoval::isRemoved(const TensorRef &tensor, int call) const {
  if (places_.empty())
    return false;
  TensorRef source = original(tensor);
  auto found = removals_.find({source.call, source.tensor});
  return found != removals_.end() && found->second < places_[call];
}
