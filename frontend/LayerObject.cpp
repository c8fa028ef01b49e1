// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Serialised Keras objects to the object tree: which class, whose class, what is inside, what is shared.
#include "frontend/LayerObject.h"

#include "frontend/Bytes.h"
#include "frontend/InputShape.h"
#include "frontend/Json.h"
#include "frontend/Keras1.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>

#include <algorithm>
#include <cctype>
#include <set>

namespace layerc {

using nlohmann::json;

absl::Status layerError(const LayerObject &object, const std::string &what) {
  return absl::InvalidArgumentError(
      absl::StrCat("layer ", quote(object.name), " (", printable(object.className), "): ", what));
}

const Member *LayerObject::find(const std::string &memberName) const {
  for (const Member &member : members)
    if (member.name == memberName)
      return &member;
  return nullptr;
}

std::string snakeCase(std::string_view className) {
  std::string word;
  for (char c : className)
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '_')
      word += c;
  auto isUpper = [](char c) { return c >= 'A' && c <= 'Z'; };
  auto isLower = [](char c) { return c >= 'a' && c <= 'z'; };
  // First any character before an upper-case letter with lower-case ones behind it, then lower before upper, as Keras'
  // two regular expressions do: "Conv2DTranspose" -> "Conv2D_Transpose" -> "conv2d_transpose".
  std::string spaced;
  for (size_t i = 0; i < word.size();) {
    spaced += word[i++];
    if (i + 1 < word.size() && isUpper(word[i]) && isLower(word[i + 1])) {
      spaced += '_';
      spaced += word[i++];
      while (i < word.size() && isLower(word[i]))
        spaced += word[i++];
    }
  }
  std::string snake;
  for (size_t i = 0; i < spaced.size(); ++i) {
    if (i != 0 && isLower(spaced[i - 1]) && isUpper(spaced[i]))
      snake += '_';
    snake += static_cast<char>(std::tolower(static_cast<unsigned char>(spaced[i])));
  }
  return snake;
}

namespace {

constexpr int kMaxModelDepth = 32;
constexpr size_t kMaxLayers = 100000;

bool isKerasModule(const std::string &module) {
  for (const char *root : {"keras", "tf_keras", "tensorflow.keras", "tensorflow.python.keras"})
    if (module == root || module.starts_with(std::string(root) + "."))
      return true;
  return false;
}

/// Whether the file says that the class was registered by the user. Files of Keras 2's .h5 do not say either way.
bool isCustomClass(const json &entry, const std::string &className) {
  const json &module = at(entry, "module"), &registered = at(entry, "registered_name");
  if (absl::StrContains(className, '>') || (module.is_string() && !isKerasModule(module.get<std::string>())))
    return true;
  return registered.is_string() && (module.is_null() || absl::StrContains(registered.get<std::string>(), '>'));
}

/// A node of keras.ops names its module; in an .h5 of Keras 3, where no module stands, it shows by its configuration,
/// which has no `trainable` as that of every layer and model but two has.
bool isOperationEntry(const json &entry, int kerasMajor) {
  if (!at(entry, "module").is_null()) {
    std::string module = stringOr(entry, "module", "");
    return absl::StartsWith(module, "keras.src.ops.") || absl::StartsWith(module, "keras.ops.");
  }
  const json &config = at(entry, "config");
  return kerasMajor >= 3 && config.is_object() && !config.contains("trainable") &&
         at(entry, "class_name") != "InputLayer" && at(entry, "class_name") != "Pipeline" &&
         !at(entry, "inbound_nodes").is_null();
}

class Parser {
public:
  explicit Parser(int kerasMajor) : kerasMajor_(kerasMajor) {}
  absl::StatusOr<LayerObjectPtr> parse(const json &entry, int depth);

private:
  absl::Status parseModel(LayerObject &model, const json &layers, const json &entry, int depth);
  absl::Status parseInner(LayerObject &layer, int depth);
  absl::Status addInner(LayerObject &layer, const char *role, const json &entry, int depth);
  absl::Status addBidirectional(LayerObject &layer, int depth);

  int kerasMajor_;
  size_t layers_ = 0;
  std::map<int64_t, LayerObjectPtr> shared_;
};

absl::StatusOr<LayerObjectPtr> Parser::parse(const json &entry, int depth) {
  if (!entry.is_object() || !at(entry, "class_name").is_string())
    return absl::InvalidArgumentError("the configuration has a layer without a class_name");
  if (depth > kMaxModelDepth)
    return absl::InvalidArgumentError(absl::StrCat("models are nested more than ", kMaxModelDepth, " deep"));
  if (++layers_ > kMaxLayers)
    return absl::InvalidArgumentError(absl::StrCat("the model has more than ", kMaxLayers, " layers"));
  auto object = std::make_shared<LayerObject>();
  object->className = at(entry, "class_name").get<std::string>();
  object->isCustom = isCustomClass(entry, object->className);
  object->isOperation = !object->isCustom && isOperationEntry(entry, kerasMajor_);
  object->className = object->className.substr(object->className.rfind('>') + 1);
  const json &config = at(entry, "config");
  object->name = stringOr(entry, "name", stringOr(config, "name", ""));
  const json &id = at(entry, "shared_object_id");
  if (id.is_number_integer()) {
    LayerObjectPtr &first = shared_[id.get<int64_t>()];
    if (first && first->className != object->className)
      return layerError(*object, absl::StrCat("is marked as the same object as a ", quote(first->className)));
    if (first)
      return first;
    first = object;
  }
  bool isSequential = object->className == "Sequential";
  bool isFunctional =
      object->className == "Functional" || object->className == "Model" || object->className == "Network";
  if (!object->isCustom && (isSequential || isFunctional)) {
    object->kind = isSequential ? LayerObject::Kind::Sequential : LayerObject::Kind::Functional;
    const json &layers = config.is_array() ? config : at(config, "layers"); // a bare list until Keras 2.2.2
    if (isSequential && kerasMajor_ == 1 && isMergeOfModels(layers)) {
      absl::StatusOr<json> graph = graphOfMerge(layers);
      if (!graph.ok())
        return graph.status();
      return parse({{"class_name", "Model"}, {"name", object->name}, {"config", *std::move(graph)}}, depth + 1);
    }
    absl::Status status = parseModel(*object, layers, entry, depth);
    return status.ok() ? absl::StatusOr<LayerObjectPtr>(object) : status;
  }
  if (!config.is_object() && !config.is_null())
    return layerError(*object, "its config is not an object");
  object->config = config;
  if (kerasMajor_ == 1)
    renameKeras1(object->className, object->config);
  absl::Status status = object->isInput() ? normaliseInput(*object) : parseInner(*object, depth);
  return status.ok() ? absl::StatusOr<LayerObjectPtr>(object) : status;
}

absl::Status Parser::parseModel(LayerObject &model, const json &layers, const json &entry, int depth) {
  const json &config = at(entry, "config");
  if (!layers.is_array())
    return layerError(model, "has no list of layers in its config: only Sequential and Functional models are read");
  std::map<std::string, const LayerObject *> names;
  for (const json &layer : layers) {
    absl::StatusOr<LayerObjectPtr> object = parse(layer, depth + 1);
    if (!object.ok())
      return object.status();
    std::string name = stringOr(layer, "name", stringOr(at(layer, "config"), "name", (*object)->name));
    if (name.empty()) // Keras 1 Sequential files may leave a nested model without a name
      name = absl::StrCat(snakeCase((*object)->className), "_", names.size() + 1);
    if ((*object)->name.empty())
      (*object)->name = name;
    auto [known, isNew] = names.emplace(name, object->get());
    if (!isNew && (model.kind == LayerObject::Kind::Functional || known->second != object->get()))
      return layerError(**object, "another layer of this model has the same name");
    model.members.push_back({std::move(name), *std::move(object), at(layer, "inbound_nodes")});
  }
  model.config = json::object();
  if (config.is_object())
    for (const auto &[key, value] : config.items())
      if (key != "layers")
        model.config[key] = value;
  model.inputLayers = at(config, "input_layers");
  model.outputLayers = at(config, "output_layers");
  if (model.kind == LayerObject::Kind::Sequential)
    return ensureInput(model, layers.empty() ? json() : layers.front(), kerasMajor_);
  if (model.inputLayers.is_null() || model.outputLayers.is_null())
    return layerError(model, "does not name its input and output layers: a subclassed model cannot be read");
  return absl::OkStatus();
}

absl::Status Parser::addInner(LayerObject &layer, const char *role, const json &entry, int depth) {
  absl::StatusOr<LayerObjectPtr> inner = parse(entry, depth + 1);
  if (!inner.ok())
    return inner.status();
  if ((*inner)->name.empty())
    (*inner)->name = absl::StrCat(layer.name, "/", role);
  layer.members.push_back({role, *std::move(inner), json()});
  return absl::OkStatus();
}

/// The layer that runs backwards is in the file only when the user gave one; else it is the forward one turned round.
absl::Status Parser::addBidirectional(LayerObject &layer, int depth) {
  const json &forward = at(layer.config, "layer");
  if (absl::Status status = addInner(layer, "forward_layer", forward, depth); !status.ok())
    return status;
  json backward = at(layer.config, "backward_layer");
  if (backward.is_null()) {
    backward = forward;
    backward.erase("shared_object_id");
    json &config = backward["config"];
    if (!config.is_object())
      return layerError(layer, "its inner layer has no config");
    config["go_backwards"] = !(at(config, "go_backwards").is_boolean() && config["go_backwards"].get<bool>());
    config["name"] = absl::StrCat("backward_", absl::StripPrefix(stringOr(config, "name", "layer"), "forward_"));
  }
  return addInner(layer, "backward_layer", backward, depth);
}

/// Whether `entry` is a cell with its class and config, or a stack of such.
bool isCell(const json &entry) {
  if (!at(entry, "class_name").is_string() || !at(entry, "config").is_object())
    return false;
  const json &cells = at(at(entry, "config"), "cells");
  return at(entry, "class_name") != "StackedRNNCells" ||
         (cells.is_array() && !cells.empty() && std::all_of(cells.begin(), cells.end(), isCell));
}

/// Layers inside the config of this one. An activation may be a layer too; a function has class_name "function".
absl::Status Parser::parseInner(LayerObject &layer, int depth) {
  if (layer.isOperation || layer.isCustom)
    return absl::OkStatus();
  if (layer.className == "Bidirectional")
    return addBidirectional(layer, depth);
  if (layer.className == "RNN" && !isCell(at(layer.config, "cell")))
    return layerError(layer, "its 'cell' is neither a cell nor StackedRNNCells with a list of 'cells'");
  for (const char *role : {"layer", "cell", "activation"}) {
    const json &entry = at(layer.config, role);
    const json &config = at(entry, "config"); // a bare list of layers in a Sequential until Keras 2.2.2
    if (at(entry, "class_name").is_string() && (config.is_object() || config.is_array()) &&
        at(entry, "class_name") != "function")
      if (absl::Status status = addInner(layer, role, entry, depth); !status.ok())
        return status;
  }
  const char *list = layer.className == "Pipeline" ? "layers" : "cells";
  if (const json &entries = at(layer.config, list); entries.is_array())
    for (const json &entry : entries)
      if (absl::Status status = addInner(layer, list, entry, depth); !status.ok())
        return status;
  static const std::set<std::string> attention{"MultiHeadAttention", "GroupQueryAttention", "GroupedQueryAttention"};
  if (attention.count(layer.className))
    for (const char *role : {"query_dense", "key_dense", "gate_dense", "value_dense", "output_dense"}) {
      if (role == std::string_view("gate_dense") && at(layer.config, "use_gate") != true)
        continue;
      auto dense = std::make_shared<LayerObject>();
      dense->className = "EinsumDense";
      dense->name = absl::StrCat(layer.name, "/", role);
      dense->config = {{"use_bias", at(layer.config, "use_bias") != false}};
      layer.members.push_back({role, std::move(dense), json()});
    }
  return absl::OkStatus();
}

} // namespace

absl::StatusOr<LayerObjectPtr> parseLayerObjects(const json &root, int kerasMajor) {
  absl::StatusOr<LayerObjectPtr> object = Parser(kerasMajor).parse(root, 0);
  if (object.ok() && !(*object)->isModel())
    return layerError(**object, "is neither a Sequential nor a Functional model; a subclassed model is Python code");
  return object;
}

} // namespace layerc
