// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The order of keras.Functional: from the deepest calls to the outputs; see RunOrder.h.
#include "frontend/RunOrder.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <utility>

using namespace layerc;

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

  std::vector<size_t> calls() const {
    std::vector<size_t> order(met_.begin(), met_.end());
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return depths_[a] > depths_[b]; });
    return order;
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

std::vector<size_t> layerc::runOrder(const LayerGraph &graph) { return RunOrder(graph).calls(); }

static bool keepsState(const Layer &layer) {
  auto isInside = [](const InnerLayer &inner) { return keepsState(inner.layer); };
  return (layer.config.is_object() && layer.config.value("stateful", nlohmann::json()) == true) ||
         std::any_of(layer.children.begin(), layer.children.end(), isInside) ||
         (layer.model && std::any_of(layer.model->layers.begin(), layer.model->layers.end(), keepsState));
}

/// Whether a layer that keeps state is called more than once.
static bool sharesState(const LayerGraph &graph) {
  std::set<int> called;
  return std::any_of(graph.calls.begin(), graph.calls.end(), [&](const Call &call) {
    return !called.insert(call.layer).second && keepsState(graph.layers[call.layer]);
  });
}

std::vector<size_t> layerc::importOrder(const LayerGraph &graph) {
  std::vector<size_t> order;
  if (sharesState(graph))
    order = runOrder(graph);
  std::set<size_t> known(order.begin(), order.end());
  for (size_t call = 0; call < graph.calls.size(); ++call)
    if (!known.count(call))
      order.push_back(call);
  return order;
}
