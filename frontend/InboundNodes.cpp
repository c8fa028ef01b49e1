// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads inbound_nodes, input_layers and output_layers.
// A nested model counts its calls from 0 or from 1, by version and by place; the references themselves show which.
#include "frontend/InboundNodes.h"

#include "frontend/Bytes.h"
#include "frontend/Json.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

namespace layerc {
namespace {

using nlohmann::json;

constexpr int kMaxOutputsOfOneLayer = 4096;

class Reader {
public:
  Reader(const LayerObject &model, int kerasMajor) : model_(model), kerasMajor_(kerasMajor) {
    for (size_t i = 0; i < model.members.size(); ++i)
      indices_.emplace(model.members[i].name, static_cast<int>(i));
  }
  absl::StatusOr<FunctionalNodes> read();

private:
  struct Spot {
    NodeRef *ref;
    bool isEnd; ///< stands in input_layers or output_layers
  };

  absl::Status readCalls(size_t member);
  absl::Status readListNode(const json &node, InboundNode &call);
  absl::Status readListArgument(const json &value, InboundNode &call, bool &hasConstant);
  absl::StatusOr<json> replaceTensors(const json &value, InboundNode &call);
  absl::Status readEnds(const json &value, std::vector<NodeRef> &refs);
  absl::StatusOr<NodeRef> reference(const json &leaf) const;
  bool isReference(const json &value) const;
  void settleOffsets();
  void settleOffset(int member, const std::vector<Spot> &spots);
  bool countsOwnNode(const LayerObject &callee) const;
  absl::Status checkRanges();
  absl::Status error(const std::string &what) const { return layerError(*current_, what); }

  const LayerObject &model_;
  int kerasMajor_;
  std::map<std::string, int> indices_;
  FunctionalNodes nodes_;
  const LayerObject *current_ = nullptr;
};

/// A list of three or four whose first is the name of a layer of this model and whose next two are indices.
bool Reader::isReference(const json &value) const {
  return value.is_array() && (value.size() == 3 || value.size() == 4) && value[0].is_string() &&
         value[1].is_number_integer() && value[2].is_number_integer() && indices_.count(value[0].get<std::string>());
}

absl::StatusOr<NodeRef> Reader::reference(const json &leaf) const {
  if (!leaf.is_array() || leaf.size() < 3 || !leaf[0].is_string() || !leaf[1].is_number_integer() ||
      !leaf[2].is_number_integer())
    return error(absl::StrCat("the reference ", quote(leaf.dump(-1, ' ', true)), " is not [layer, call, tensor]"));
  auto found = indices_.find(leaf[0].get<std::string>());
  if (found == indices_.end())
    return error(absl::StrCat("refers to the layer ", quote(leaf[0].get<std::string>()), ", which does not exist"));
  auto node = leaf[1].get<int64_t>(), tensor = leaf[2].get<int64_t>();
  if (node < 0 || node > INT32_MAX || tensor < 0 || tensor >= kMaxOutputsOfOneLayer)
    return error(absl::StrCat("refers to call ", node, ", tensor ", tensor, " of ", quote(found->first),
                              ", which does not exist"));
  return NodeRef{found->second, static_cast<int>(node), static_cast<int>(tensor)};
}

/// Copies a value of Keras 3's args or kwargs with every tensor replaced; also finds tf.keras' ["layer", n, t].
absl::StatusOr<json> Reader::replaceTensors(const json &value, InboundNode &call) {
  bool isKerasTensor = value.is_object() && at(value, "class_name") == "__keras_tensor__";
  if (isKerasTensor || isReference(value)) {
    const json &history = isKerasTensor ? at(at(value, "config"), "keras_history") : value;
    absl::StatusOr<NodeRef> ref = reference(history);
    if (!ref.ok())
      return ref.status();
    call.inputs.push_back(*ref);
    return json{{"tensor", call.inputs.size() - 1}};
  }
  if (!value.is_structured())
    return value;
  json copy = value.is_array() ? json::array() : json::object();
  for (const auto &item : value.items()) {
    absl::StatusOr<json> replaced = replaceTensors(item.value(), call);
    if (!replaced.ok())
      return replaced.status();
    if (value.is_array())
      copy.push_back(*std::move(replaced));
    else
      copy[item.key()] = *std::move(replaced);
  }
  return copy;
}

/// One first argument of a list-style node: [layer, node, tensor, kwargs?], a constant, or a nest of these.
absl::Status Reader::readListArgument(const json &value, InboundNode &call, bool &hasConstant) {
  if (value.is_array() && value.size() >= 3 && value[0].is_string()) {
    if (value.size() >= 4 && call.kwargs.is_null())
      call.kwargs = value[3];
    if (value[0] == "_CONSTANT_VALUE") {
      hasConstant = true;
      call.args.push_back(value[2]);
      return absl::OkStatus();
    }
    if (value[0] == "_COMPOSITE_TYPE")
      return error("is called with a composite tensor");
    absl::StatusOr<NodeRef> ref = reference(value);
    if (!ref.ok())
      return ref.status();
    call.args.push_back({{"tensor", call.inputs.size()}});
    call.inputs.push_back(*ref);
    return absl::OkStatus();
  }
  if (!value.is_structured())
    return error(absl::StrCat("the argument ", quote(value.dump(-1, ' ', true)), " of a call is not a tensor"));
  for (const json &item : value) // a dictionary in order of its keys, as Keras flattens it
    if (absl::Status status = readListArgument(item, call, hasConstant); !status.ok())
      return status;
  return absl::OkStatus();
}

absl::Status Reader::readListNode(const json &node, InboundNode &call) {
  bool hasConstant = false;
  call.args = json::array();
  if (absl::Status status = readListArgument(node, call, hasConstant); !status.ok())
    return status;
  if (!hasConstant)
    call.args = nullptr;
  const json kwargs = std::move(call.kwargs);
  absl::StatusOr<json> replaced = replaceTensors(kwargs, call);
  if (!replaced.ok())
    return replaced.status();
  call.kwargs = replaced->is_object() ? *std::move(replaced) : json::object();
  return absl::OkStatus();
}

absl::Status Reader::readCalls(size_t member) {
  current_ = model_.members[member].object.get();
  const json &nodes = model_.members[member].inboundNodes;
  if (nodes.is_null() || current_->isInput())
    return absl::OkStatus();
  if (!nodes.is_array())
    return error("its inbound_nodes is not a list");
  for (const json &node : nodes) {
    InboundNode call;
    if (node.is_object() && node.contains("args")) {
      absl::StatusOr<json> args = replaceTensors(at(node, "args"), call), kwargs = json();
      if (args.ok())
        kwargs = replaceTensors(at(node, "kwargs"), call);
      if (!args.ok() || !kwargs.ok())
        return args.ok() ? kwargs.status() : args.status();
      call.args = *std::move(args);
      call.kwargs = kwargs->is_object() ? *std::move(kwargs) : json::object();
    } else if (absl::Status status = readListNode(node, call); !status.ok()) {
      return status;
    }
    nodes_.calls[member].push_back(std::move(call));
  }
  return absl::OkStatus();
}

/// Flattens input_layers or output_layers: one reference, a list, a dictionary, or a nest of them.
absl::Status Reader::readEnds(const json &value, std::vector<NodeRef> &refs) {
  if (value.is_array() && value.size() == 3 && value[0].is_string()) {
    absl::StatusOr<NodeRef> ref = reference(value);
    if (!ref.ok())
      return ref.status();
    refs.push_back(*ref);
    return absl::OkStatus();
  }
  if (!value.is_structured())
    return error("its input_layers or output_layers are not references");
  for (const json &item : value)
    if (absl::Status status = readEnds(item, refs); !status.ok())
      return status;
  return absl::OkStatus();
}

/// Whether this version counts the calls of `callee` from 1, its own construction being call 0.
bool Reader::countsOwnNode(const LayerObject &callee) const {
  if (callee.kind == LayerObject::Kind::Functional)
    return true;
  return callee.kind == LayerObject::Kind::Sequential && kerasMajor_ < 3 && !callee.members.empty() &&
         callee.members.front().object->isInput();
}

void Reader::settleOffset(int member, const std::vector<Spot> &spots) {
  if (!countsOwnNode(*model_.members[static_cast<size_t>(member)].object))
    return;
  int calls = static_cast<int>(nodes_.calls[static_cast<size_t>(member)].size());
  // Keras 3 counts so only in the model's ends, and early 3.x not even there. Index 0 shows that nothing is to be
  // undone.
  bool onlyEnds = kerasMajor_ >= 3;
  auto concerns = [&](const Spot &spot) { return !onlyEnds || spot.isEnd; };
  for (const Spot &spot : spots)
    if (concerns(spot) && (spot.ref->node < 1 || spot.ref->node > calls))
      return;
  for (const Spot &spot : spots)
    if (concerns(spot))
      --spot.ref->node;
}

void Reader::settleOffsets() {
  std::map<int, std::vector<Spot>> spots;
  for (auto &calls : nodes_.calls)
    for (InboundNode &call : calls)
      for (NodeRef &ref : call.inputs)
        spots[ref.member].push_back({&ref, false});
  for (NodeRef &ref : nodes_.outputs)
    spots[ref.member].push_back({&ref, true});
  for (const auto &[member, list] : spots)
    settleOffset(member, list);
}

absl::Status Reader::checkRanges() {
  auto exists = [&](const NodeRef &ref) {
    auto member = static_cast<size_t>(ref.member);
    if (model_.members[member].object->isInput())
      return ref.node == 0 && ref.tensor == 0;
    return static_cast<size_t>(ref.node) < nodes_.calls[member].size();
  };
  auto missing = [&](const NodeRef &ref) {
    return error(absl::StrCat("refers to call ", ref.node, " of ",
                              quote(model_.members[static_cast<size_t>(ref.member)].name), ", which does not exist"));
  };
  for (size_t member = 0; member < nodes_.calls.size(); ++member) {
    current_ = model_.members[member].object.get();
    for (const InboundNode &call : nodes_.calls[member])
      for (const NodeRef &ref : call.inputs)
        if (!exists(ref))
          return missing(ref);
  }
  current_ = &model_;
  for (const NodeRef &ref : nodes_.outputs)
    if (!exists(ref))
      return missing(ref);
  for (const NodeRef &ref : nodes_.inputs)
    if (!model_.members[static_cast<size_t>(ref.member)].object->isInput())
      return error(absl::StrCat("its input ", quote(model_.members[static_cast<size_t>(ref.member)].name),
                                " is not an InputLayer"));
  return absl::OkStatus();
}

absl::StatusOr<FunctionalNodes> Reader::read() {
  nodes_.calls.resize(model_.members.size());
  for (size_t member = 0; member < model_.members.size(); ++member)
    if (absl::Status status = readCalls(member); !status.ok())
      return status;
  current_ = &model_;
  for (auto [ends, refs] : {std::pair(&model_.inputLayers, &nodes_.inputs), {&model_.outputLayers, &nodes_.outputs}})
    if (absl::Status status = readEnds(*ends, *refs); !status.ok())
      return status;
  if (nodes_.outputs.empty())
    return error("has no outputs");
  if (model_.inputLayers.is_object())
    for (const auto &item : model_.inputLayers.items())
      nodes_.inputKeys.push_back(item.key());
  settleOffsets();
  if (absl::Status status = checkRanges(); !status.ok())
    return status;
  return std::move(nodes_);
}

} // namespace

absl::StatusOr<FunctionalNodes> readFunctionalNodes(const LayerObject &model, int kerasMajor) {
  return Reader(model, kerasMajor).read();
}

} // namespace layerc
