// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The order of keras.Functional: from the deepest calls to the outputs; see MaskRemoval.h.
#include "frontend/MaskRemoval.h"

#include "frontend/Importers.h"
#include "frontend/LayerTable.h"

#include <algorithm>

using namespace layerc;

static bool removesMasks(const Layer &layer, const LayerGraph &graph) {
  return !layer.isOperation && !layer.isCustom && layer.className == "MultiHeadAttention" && graph.isKerasFrom(3, 7);
}

namespace {

/// keras.src.ops.function.map_graph: the depth of a call is its longest way to an output, and no call of a layer is
/// less deep than a later one of the same layer. Calls of one depth run in the order in which the walk back from the
/// last output meets them.
class RunOrder {
public:
  explicit RunOrder(const LayerGraph &graph)
      : graph_(graph), visited_(graph.calls.size()), depths_(graph.calls.size(), -1) {
    for (const NamedTensor &output : graph.outputs)
      visit(output.tensor.call);
    for (auto call = calls_.rbegin(); call != calls_.rend(); ++call)
      setDepth(*call);
  }

  std::vector<size_t> places() const {
    std::vector<int> order = met_;
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return depths_[a] > depths_[b]; });
    std::vector<size_t> places(graph_.calls.size(), order.size());
    for (size_t place = 0; place < order.size(); ++place)
      places[order[place]] = place;
    return places;
  }

private:
  /// Calls after all that they read; an explicit stack, since a model may be deep.
  void visit(int root) {
    std::vector<std::pair<int, size_t>> stack{{root, 0}};
    while (!stack.empty()) {
      auto &[call, next] = stack.back();
      if (next == 0 && std::exchange(visited_[call], 1)) {
        stack.pop_back();
      } else if (next < graph_.calls[call].inputs.size()) {
        int input = graph_.calls[call].inputs[next++].call;
        if (!visited_[input])
          stack.emplace_back(input, 0);
      } else {
        calls_.push_back(call);
        stack.pop_back();
      }
    }
  }

  void meet(int call, int depth) {
    if (depths_[call] < 0)
      met_.push_back(call);
    depths_[call] = std::max(depths_[call], depth);
  }

  void setDepth(int call) {
    int &ofLayer = layerDepths_[graph_.calls[call].layer];
    meet(call, ofLayer);
    ofLayer = depths_[call];
    for (const TensorRef &input : graph_.calls[call].inputs)
      meet(input.call, depths_[call] + 1);
  }

  const LayerGraph &graph_;
  std::vector<char> visited_;
  std::vector<int> calls_, met_, depths_;
  std::map<int, int> layerDepths_;
};

} // namespace

MaskRemoval::MaskRemoval(const LayerGraph &graph) : graph_(graph) {
  auto removes = [&](const Layer &layer) { return removesMasks(layer, graph); };
  if (std::none_of(graph.layers.begin(), graph.layers.end(), removes))
    return;
  places_ = RunOrder(graph).places();
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
