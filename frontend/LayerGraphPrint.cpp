// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The --emit=graph text: a table with one call per line, for people.
// Configuration is shown only where it says something: no training words, no defaults, nothing the weights' shapes
// show.
#include "frontend/Bytes.h"
#include "frontend/LayerGraph.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <set>

namespace layerc {
namespace {

using nlohmann::json;

/// Column texts of one line; the last is not padded.
using Row = std::vector<std::string>;

std::string shapeText(const std::vector<int64_t> &shape) { return absl::StrCat("[", absl::StrJoin(shape, ","), "]"); }

/// "kernel [3,3,1,16] bias [16]"; names of equal shape share it: "gamma beta [16]".
void appendWeights(const Layer &layer, const std::string &prefix, std::string &text) {
  for (size_t i = 0; i < layer.weights.size(); ++i) {
    const Array &weight = layer.weights[i];
    absl::StrAppend(&text, text.empty() ? "" : " ", printable(prefix + weight.path.substr(weight.path.rfind('/') + 1)));
    bool sharesShape = i + 1 < layer.weights.size() && layer.weights[i + 1].shape == weight.shape &&
                       layer.weights[i + 1].type == weight.type;
    if (sharesShape)
      continue;
    absl::StrAppend(&text, " ", shapeText(weight.shape));
    if (weight.type != ElementType::Float32)
      absl::StrAppend(&text, " ", elementTypeName(weight.type));
  }
  for (const auto &[role, child] : layer.children) // the path ends in the role, numbered where it is repeated
    appendWeights(child, prefix + child.path.substr(child.path.rfind('/') + 1) + "/", text);
}

/// Keys that never change what a trained model computes, or that the shapes of the weights show.
bool isSilent(const std::string &key) {
  static const std::set<std::string> keys{"name",
                                          "trainable",
                                          "dtype",
                                          "seed",
                                          "rate",
                                          "momentum",
                                          "synchronized",
                                          "noise_shape",
                                          "autocast",
                                          "unit_forget_bias",
                                          "implementation",
                                          "dropout",
                                          "recurrent_dropout",
                                          "activity_regularizer",
                                          "batch_input_shape",
                                          "batch_shape",
                                          "input_shape",
                                          "sparse",
                                          "ragged",
                                          "optional",
                                          "filters",
                                          "kernel_size",
                                          "units",
                                          "input_dim",
                                          "output_dim",
                                          "unroll",
                                          "renorm_momentum",
                                          "renorm_clipping",
                                          "time_major",
                                          "fused",
                                          "renorm",
                                          "layer",
                                          "backward_layer",
                                          "cell",
                                          "cells",
                                          "zero_output_for_mask",
                                          "quantization_config",
                                          "flash_attention",
                                          "lora_rank",
                                          "activation",
                                          "registered_name",
                                          "module",
                                          "build_config"};
  for (const char *part : {"_initializer", "_regularizer", "_constraint"})
    if (key.find(part) != std::string::npos)
      return true;
  return keys.count(key) != 0;
}

bool isDefault(const std::string &key, const json &value) {
  static const json defaults{{"padding", "valid"},
                             {"data_format", "channels_last"},
                             {"groups", 1},
                             {"use_bias", true},
                             {"epsilon", 0.001},
                             {"center", true},
                             {"scale", true},
                             {"mask_zero", false},
                             {"return_sequences", false},
                             {"return_state", false},
                             {"go_backwards", false},
                             {"stateful", false},
                             {"reset_after", true},
                             {"recurrent_activation", "sigmoid"},
                             {"depth_multiplier", 1},
                             {"negative_slope", 0.0},
                             {"threshold", 0.0},
                             {"renorm", false},
                             {"keepdims", false},
                             {"axis", -1}};
  if (value.is_null() || (defaults.contains(key) && defaults[key] == value))
    return true;
  bool isStep = key == "strides" || key == "dilation_rate";
  auto isOne = [](const json &number) { return number == 1; };
  return isStep && (value == 1 || (value.is_array() && std::all_of(value.begin(), value.end(), isOne)));
}

std::string valueText(const json &value) {
  if (value.is_string())
    return printable(value.get<std::string>());
  if (value.is_object() && value.contains("class_name") && value["class_name"].is_string()) {
    const json &config = value.contains("config") ? value["config"] : value["class_name"];
    return printable((config.is_string() ? config : value["class_name"]).get<std::string>());
  }
  return printable(value.dump(-1, ' ', true));
}

std::string configText(const Layer &layer) {
  std::vector<std::string> words;
  if (layer.config.is_object())
    for (const auto &[key, value] : layer.config.items()) {
      bool poolsByWindow = key == "strides" && layer.config.contains("pool_size") && layer.config["pool_size"] == value;
      if (!isSilent(key) && !isDefault(key, value) && !poolsByWindow)
        words.push_back(absl::StrCat(printable(key), "=", valueText(value)));
    }
  if (layer.config.is_object() && layer.config.contains("activation")) {
    std::string name = valueText(layer.config["activation"]);
    if (name != "linear" && !layer.config["activation"].is_null())
      words.push_back(absl::StrCat("activation=", name));
  }
  return absl::StrJoin(words, " ");
}

std::string inputText(const Layer &layer) {
  const json &shape = layer.config["batch_shape"];
  if (!shape.is_array())
    return absl::StrCat("[unknown] ", layer.config["dtype"].get<std::string>());
  std::vector<std::string> sizes;
  for (const json &size : shape)
    sizes.push_back(size.is_null() ? "?" : size.dump());
  return absl::StrCat("[", absl::StrJoin(sizes, ", "), "] ", layer.config["dtype"].get<std::string>());
}

std::string tensorText(const LayerGraph &graph, TensorRef ref) {
  std::string text = printable(graph.calls[static_cast<size_t>(ref.call)].path);
  return ref.tensor == 0 ? text : absl::StrCat(text, ":", ref.tensor);
}

void appendRows(const LayerGraph &graph, const std::string &indent, std::vector<Row> &rows) {
  for (const Call &call : graph.calls) {
    const Layer &layer = graph.layers[static_cast<size_t>(call.layer)];
    Row row{indent + printable(call.path), printable(layer.className)};
    if (layer.className == "InputLayer" && call.inputs.empty()) {
      row.push_back(inputText(layer));
      rows.push_back(std::move(row));
      continue;
    }
    std::vector<std::string> inputs;
    inputs.reserve(call.inputs.size());
    for (TensorRef ref : call.inputs)
      inputs.push_back(tensorText(graph, ref));
    row.push_back(absl::StrCat("<- ", absl::StrJoin(inputs, ", ")));
    std::string weights;
    appendWeights(layer, "", weights);
    std::string config = configText(layer);
    row.push_back(absl::StrCat(weights, weights.empty() || config.empty() ? "" : "   ", config));
    rows.push_back(std::move(row));
    for (const auto &[role, child] : layer.children)
      if (child.model)
        appendRows(*child.model, indent + "  ", rows);
  }
}

} // namespace

std::string print(const LayerGraph &graph) {
  std::vector<Row> rows;
  appendRows(graph, "  ", rows);
  std::vector<size_t> widths(3, 0);
  for (const Row &row : rows)
    for (size_t i = 0; i < std::min(row.size(), widths.size()); ++i)
      if (i != 2 || row.size() > 3) // an input's shape does not push the weights of others to the right
        widths[i] = std::max(widths[i], row[i].size());
  auto padded = [](std::string text, size_t width) {
    text.resize(std::max(text.size(), width), ' ');
    return text + "  ";
  };
  std::string text = absl::StrCat(padded("model " + printable(graph.name), widths.empty() ? 0 : widths[0]), "keras ",
                                  printable(graph.kerasVersion), ", ", graph.kind, "\n");
  for (const Row &row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i)
      line += i + 1 == row.size() ? row[i] : padded(row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

} // namespace layerc
