// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Calls in topological order, nested models expanded at the place of each call.
// Order among calls that could run at the same time is the file's, so that the graph reads like the model's summary.
#include "frontend/Expand.h"

#include "frontend/Bytes.h"
#include "frontend/InboundNodes.h"
#include "frontend/Json.h"
#include "frontend/Variables.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <queue>
#include <set>

namespace layerc {
namespace {

using nlohmann::json;
using Tensors = std::vector<TensorRef>;
using NodeId = std::pair<int, int>; ///< member of a model and index of its call

constexpr size_t kMaxCalls = 100000;

/// The inputs of one call of a model, with their keys where the caller passed a dictionary.
struct Arguments {
  Tensors tensors;
  std::vector<std::string> keys;
};

class Expander {
public:
  explicit Expander(LayerGraph &graph) : graph_(graph) {}
  absl::Status expandRoot(const LayerObject &model, const std::string &prefix);

private:
  using Results = std::map<NodeId, Tensors>; ///< what each call gives

  absl::StatusOr<Tensors> expandModel(const LayerObject &model, const Arguments &arguments, const std::string &prefix);
  absl::StatusOr<Tensors> expandSequential(const LayerObject &model, const Arguments &arguments,
                                           const std::string &prefix);
  absl::StatusOr<Tensors> expandFunctional(const LayerObject &model, const Arguments &arguments,
                                           const std::string &prefix);
  absl::Status bindInputs(const LayerObject &model, const FunctionalNodes &nodes, const Arguments &arguments,
                          Results &results);
  absl::StatusOr<TensorRef> resolve(const LayerObject &model, const LayerObject &user, const NodeRef &ref,
                                    const Results &results);
  absl::StatusOr<Tensors> resolveAll(const LayerObject &model, const LayerObject &user,
                                     const std::vector<NodeRef> &refs, const Results &results);
  absl::StatusOr<std::vector<NodeId>> order(const LayerObject &model, const FunctionalNodes &nodes);
  absl::StatusOr<const FunctionalNodes *> nodesOf(const LayerObject &model);
  absl::StatusOr<Tensors> call(const Member &member, const InboundNode &node, Tensors inputs,
                               const std::string &prefix);
  absl::StatusOr<int> layerIndex(const LayerObject &object, const std::string &path);
  absl::StatusOr<Layer> makeLayer(const LayerObject &object, const std::string &path);
  absl::StatusOr<TensorRef> addCall(const LayerObject &object, const std::string &path, Call call);
  absl::StatusOr<Tensors> addInputs(const LayerObject &model, const std::string &prefix);
  std::string unique(std::string path);
  absl::StatusOr<std::vector<std::string>> outputNames(const LayerObject &model);
  absl::Status nameOutputs(const LayerObject &model, const Tensors &tensors);

  LayerGraph &graph_;
  std::map<const LayerObject *, int> indices_;
  std::map<const LayerObject *, FunctionalNodes> nodes_; ///< read once per model, however often it is called
  std::map<int, int> timesCalled_;
  std::set<std::string> paths_;
};

std::string join(const std::string &prefix, const std::string &name) {
  return prefix.empty() ? name : prefix + "/" + name;
}

/// A layer name may itself hold '/', so two different nests can spell one path.
std::string Expander::unique(std::string path) {
  std::string candidate = path;
  for (int n = 1; !paths_.insert(candidate).second; ++n)
    candidate = absl::StrCat(path, "_", n);
  return candidate;
}

/// The variable's name: from the table of variables, else the last part of its name in the file, else its number.
void nameWeights(Layer &layer) {
  std::optional<std::vector<Variable>> variables = variablesOf(layer.className, layer.config);
  bool isKnown = variables && variables->size() == layer.weights.size() && !layer.isCustom;
  for (size_t i = 0; i < layer.weights.size(); ++i) {
    Array &weight = layer.weights[i];
    std::string last = weight.source.substr(weight.source.rfind('/') + 1);
    last = last.substr(0, last.find(':'));
    bool isNumber = last.find_first_not_of("0123456789") == std::string::npos;
    weight.path = join(layer.path, isKnown ? (*variables)[i].name : isNumber ? absl::StrCat("weight_", i) : last);
  }
}

absl::StatusOr<Layer> Expander::makeLayer(const LayerObject &object, const std::string &path) {
  Layer layer;
  layer.path = path;
  layer.className = object.className;
  layer.isOperation = object.isOperation;
  layer.isCustom = object.isCustom;
  layer.config = object.config;
  layer.weights = object.weights;
  nameWeights(layer);
  if (object.isModel()) {
    layer.model = std::make_shared<LayerGraph>();
    layer.model->file = graph_.file;
    layer.model->kerasVersion = graph_.kerasVersion;
    layer.model->backend = graph_.backend;
    if (absl::Status status = Expander(*layer.model).expandRoot(object, path); !status.ok())
      return status;
    return layer;
  }
  for (const Member &member : object.members) {
    size_t sameRole = static_cast<size_t>(std::count_if(layer.children.begin(), layer.children.end(),
                                                        [&](const auto &c) { return c.role == member.name; }));
    std::string role = sameRole == 0 ? member.name : absl::StrCat(member.name, "_", sameRole);
    absl::StatusOr<Layer> child = makeLayer(*member.object, join(path, role));
    if (!child.ok())
      return child.status();
    layer.children.push_back({member.name, *std::move(child)});
  }
  return layer;
}

absl::StatusOr<int> Expander::layerIndex(const LayerObject &object, const std::string &path) {
  if (auto known = indices_.find(&object); known != indices_.end())
    return known->second;
  absl::StatusOr<Layer> layer = makeLayer(object, unique(path));
  if (!layer.ok())
    return layer.status();
  int index = static_cast<int>(graph_.layers.size());
  graph_.layers.push_back(*std::move(layer));
  indices_[&object] = index;
  return index;
}

absl::StatusOr<TensorRef> Expander::addCall(const LayerObject &object, const std::string &path, Call call) {
  if (graph_.calls.size() >= kMaxCalls)
    return layerError(object, absl::StrCat("the model makes more than ", kMaxCalls, " calls of layers"));
  absl::StatusOr<int> layer = layerIndex(object, path);
  if (!layer.ok())
    return layer.status();
  int times = ++timesCalled_[*layer];
  call.layer = *layer;
  call.path = graph_.layers[static_cast<size_t>(*layer)].path;
  if (times > 1)
    absl::StrAppend(&call.path, "#", times);
  graph_.calls.push_back(std::move(call));
  return TensorRef{static_cast<int>(graph_.calls.size()) - 1, 0};
}

/// Calls for the InputLayers of the outermost model, in the model's order of inputs.
absl::StatusOr<Tensors> Expander::addInputs(const LayerObject &model, const std::string &prefix) {
  std::vector<const Member *> inputs;
  if (model.kind == LayerObject::Kind::Sequential) {
    inputs.push_back(&model.members.front());
  } else {
    absl::StatusOr<const FunctionalNodes *> nodes = nodesOf(model);
    if (!nodes.ok())
      return nodes.status();
    for (const NodeRef &ref : (*nodes)->inputs)
      inputs.push_back(&model.members[static_cast<size_t>(ref.member)]);
  }
  Tensors tensors;
  for (const Member *member : inputs) {
    absl::StatusOr<TensorRef> tensor = addCall(*member->object, join(prefix, member->name), Call{});
    if (!tensor.ok())
      return tensor.status();
    graph_.inputs.push_back({member->name, *tensor});
    tensors.push_back(*tensor);
  }
  return tensors;
}

absl::StatusOr<Tensors> Expander::call(const Member &member, const InboundNode &node, Tensors inputs,
                                       const std::string &prefix) {
  const LayerObject &object = *member.object;
  std::string path = join(prefix, member.name);
  if (object.isModel()) {
    // A mask passed by keyword is the one that travels with the tensor anyway; only the first argument enters the
    // model.
    json first = node.args.is_array() && !node.args.empty() ? node.args.front() : json();
    if (first.is_null())
      first = at(node.kwargs, "inputs");
    Arguments arguments;
    auto take = [&](const json &value) { arguments.tensors.push_back(inputs[at(value, "tensor").get<size_t>()]); };
    if (at(first, "tensor").is_number_unsigned())
      take(first);
    else if (first.is_structured())
      for (const auto &item : first.items()) {
        if (!at(item.value(), "tensor").is_number_unsigned())
          return layerError(object, "is called with nested lists of tensors");
        take(item.value());
        if (first.is_object())
          arguments.keys.push_back(item.key());
      }
    else
      arguments.tensors = std::move(inputs);
    return expandModel(object, arguments, path);
  }
  absl::StatusOr<TensorRef> result = addCall(object, path, Call{-1, std::move(inputs), node.args, node.kwargs, ""});
  if (!result.ok())
    return result.status();
  return Tensors{*result};
}

absl::StatusOr<Tensors> Expander::expandModel(const LayerObject &model, const Arguments &arguments,
                                              const std::string &prefix) {
  return model.kind == LayerObject::Kind::Sequential ? expandSequential(model, arguments, prefix)
                                                     : expandFunctional(model, arguments, prefix);
}

absl::StatusOr<Tensors> Expander::expandSequential(const LayerObject &model, const Arguments &arguments,
                                                   const std::string &prefix) {
  if (arguments.tensors.size() != 1)
    return layerError(model, absl::StrCat("a Sequential takes one tensor, here ", arguments.tensors.size()));
  Tensors tensors = arguments.tensors;
  for (size_t i = 1; i < model.members.size(); ++i) {
    const Member &member = model.members[i];
    if (member.object->isInput())
      return layerError(*member.object, "an InputLayer stands behind other layers of a Sequential");
    if (tensors.size() != 1)
      return layerError(*member.object, absl::StrCat("the layer before it gives ", tensors.size(), " tensors"));
    if (at(member.object->config, "return_state") == true)
      return layerError(*member.object, "gives several tensors (return_state), which a Sequential cannot pass on");
    InboundNode node;
    node.kwargs = json::object();
    absl::StatusOr<Tensors> next = call(member, node, tensors, prefix);
    if (!next.ok())
      return next.status();
    tensors = *std::move(next);
  }
  return tensors;
}

/// Gives every InputLayer of a nested model the tensor that the caller passed: by key where both sides have keys, by
/// name where only the caller has, else in order.
absl::Status Expander::bindInputs(const LayerObject &model, const FunctionalNodes &nodes, const Arguments &arguments,
                                  Results &results) {
  if (arguments.tensors.size() != nodes.inputs.size())
    return layerError(model, absl::StrCat("has ", nodes.inputs.size(), " inputs and is called with ",
                                          arguments.tensors.size(), " tensors"));
  for (size_t i = 0; i < nodes.inputs.size(); ++i) {
    int member = nodes.inputs[i].member;
    const std::string &name =
        nodes.inputKeys.empty() ? model.members[static_cast<size_t>(member)].name : nodes.inputKeys[i];
    auto key = std::find(arguments.keys.begin(), arguments.keys.end(), name);
    size_t source = key == arguments.keys.end() ? i : static_cast<size_t>(key - arguments.keys.begin());
    results[{member, 0}] = {arguments.tensors[source]};
  }
  return absl::OkStatus();
}

absl::StatusOr<TensorRef> Expander::resolve(const LayerObject &model, const LayerObject &user, const NodeRef &ref,
                                            const Results &results) {
  const Member &member = model.members[static_cast<size_t>(ref.member)];
  auto found = results.find({ref.member, ref.node});
  if (found == results.end())
    return layerError(user, absl::StrCat("its input ", quote(member.name), " is not an input of the model"));
  const Tensors &tensors = found->second;
  // How many tensors a plain layer gives is known only to Import.
  if (!member.object->isModel() && !member.object->isInput())
    return TensorRef{tensors.front().call, ref.tensor};
  if (static_cast<size_t>(ref.tensor) < tensors.size())
    return tensors[static_cast<size_t>(ref.tensor)];
  return layerError(user, absl::StrCat("refers to tensor ", ref.tensor, " of ", quote(member.name), ", which gives ",
                                       tensors.size()));
}

/// Kahn's algorithm; of the calls that are ready, the one that comes first in the file is next.
absl::StatusOr<std::vector<NodeId>> Expander::order(const LayerObject &model, const FunctionalNodes &nodes) {
  std::map<NodeId, std::vector<NodeId>> users;
  std::map<NodeId, int> missing;
  std::priority_queue<NodeId, std::vector<NodeId>, std::greater<>> ready;
  for (size_t member = 0; member < nodes.calls.size(); ++member)
    for (size_t node = 0; node < nodes.calls[member].size(); ++node) {
      NodeId id{static_cast<int>(member), static_cast<int>(node)};
      for (const NodeRef &ref : nodes.calls[member][node].inputs)
        if (!model.members[static_cast<size_t>(ref.member)].object->isInput()) {
          users[{ref.member, ref.node}].push_back(id);
          ++missing[id];
        }
      if (!missing.count(id))
        ready.push(id);
    }
  std::vector<NodeId> sorted;
  while (!ready.empty()) {
    sorted.push_back(ready.top());
    ready.pop();
    for (NodeId user : users[sorted.back()])
      if (--missing[user] == 0)
        ready.push(user);
  }
  for (const auto &[id, count] : missing)
    if (count != 0)
      return layerError(*model.members[static_cast<size_t>(id.first)].object, "its input depends on its own output");
  return sorted;
}

absl::StatusOr<const FunctionalNodes *> Expander::nodesOf(const LayerObject &model) {
  auto known = nodes_.find(&model);
  if (known == nodes_.end()) {
    absl::StatusOr<FunctionalNodes> nodes = readFunctionalNodes(model, graph_.kerasMajor());
    if (!nodes.ok())
      return nodes.status();
    known = nodes_.emplace(&model, *std::move(nodes)).first;
  }
  return &known->second;
}

absl::StatusOr<Tensors> Expander::expandFunctional(const LayerObject &model, const Arguments &arguments,
                                                   const std::string &prefix) {
  absl::StatusOr<const FunctionalNodes *> nodes = nodesOf(model);
  if (!nodes.ok())
    return nodes.status();
  Results results;
  if (absl::Status status = bindInputs(model, **nodes, arguments, results); !status.ok())
    return status;
  absl::StatusOr<std::vector<NodeId>> sorted = order(model, **nodes);
  if (!sorted.ok())
    return sorted.status();
  for (const NodeId &id : *sorted) {
    const Member &member = model.members[static_cast<size_t>(id.first)];
    const InboundNode &node = (*nodes)->calls[static_cast<size_t>(id.first)][static_cast<size_t>(id.second)];
    absl::StatusOr<Tensors> inputs = resolveAll(model, *member.object, node.inputs, results);
    if (inputs.ok())
      inputs = call(member, node, *std::move(inputs), prefix);
    if (!inputs.ok())
      return inputs.status();
    results[id] = *std::move(inputs);
  }
  return resolveAll(model, model, (*nodes)->outputs, results);
}

absl::StatusOr<Tensors> Expander::resolveAll(const LayerObject &model, const LayerObject &user,
                                             const std::vector<NodeRef> &refs, const Results &results) {
  Tensors tensors;
  for (const NodeRef &ref : refs) {
    absl::StatusOr<TensorRef> tensor = resolve(model, user, ref, results);
    if (!tensor.ok())
      return tensor.status();
    tensors.push_back(*tensor);
  }
  return tensors;
}

/// The names of the layers of the outermost model that make its outputs.
absl::StatusOr<std::vector<std::string>> Expander::outputNames(const LayerObject &model) {
  std::vector<std::string> names;
  if (model.kind == LayerObject::Kind::Sequential)
    return std::vector<std::string>{model.members.back().name};
  absl::StatusOr<const FunctionalNodes *> nodes = nodesOf(model);
  if (!nodes.ok())
    return nodes.status();
  for (const NodeRef &ref : (*nodes)->outputs)
    names.push_back(model.members[static_cast<size_t>(ref.member)].name);
  return names;
}

absl::Status Expander::nameOutputs(const LayerObject &model, const Tensors &tensors) {
  absl::StatusOr<std::vector<std::string>> names = outputNames(model);
  if (!names.ok())
    return names.status();
  // A Sequential that ends in a nested model has that model's outputs.
  names->resize(tensors.size(), names->back());
  std::set<std::string> taken;
  for (size_t i = 0; i < tensors.size(); ++i) {
    std::string name = (*names)[i];
    for (int n = 1; !taken.insert(name).second; ++n)
      name = absl::StrCat((*names)[i], "_", n);
    graph_.outputs.push_back({name, tensors[i]});
  }
  return absl::OkStatus();
}

absl::Status Expander::expandRoot(const LayerObject &model, const std::string &prefix) {
  graph_.name = model.name;
  graph_.kind = model.kind == LayerObject::Kind::Sequential ? "Sequential" : "Functional";
  absl::StatusOr<Tensors> inputs = addInputs(model, prefix);
  if (!inputs.ok())
    return inputs.status();
  absl::StatusOr<Tensors> outputs = expandModel(model, {*inputs, {}}, prefix);
  return outputs.ok() ? nameOutputs(model, *outputs) : outputs.status();
}

} // namespace

absl::Status expand(const LayerObject &model, LayerGraph &graph) { return Expander(graph).expandRoot(model, ""); }

} // namespace layerc
