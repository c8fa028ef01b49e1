// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The argument map of Keras 2's own compatibility layer (keras/legacy/interfaces.py in Keras 2.0 to 2.2).
#include "frontend/Keras1.h"

#include "frontend/Json.h"

#include <absl/strings/match.h>

#include <map>
#include <set>

namespace layerc {
namespace {

using nlohmann::json;

const std::map<std::string, std::string> kClasses{
    {"Convolution1D", "Conv1D"},
    {"Convolution2D", "Conv2D"},
    {"Convolution3D", "Conv3D"},
    {"Deconvolution2D", "Conv2DTranspose"},
    {"AtrousConvolution1D", "Conv1D"},
    {"AtrousConvolution2D", "Conv2D"},
    {"SeparableConvolution2D", "SeparableConv2D"},
    {"TimeDistributedDense", "Dense"}, // which acts on the last dimension of any tensor
};

// One name, one meaning in every class that has it.
const std::map<std::string, std::string> kArguments{
    {"init", "kernel_initializer"},
    {"bias", "use_bias"},
    {"nb_filter", "filters"},
    {"border_mode", "padding"},
    {"subsample", "strides"},
    {"subsample_length", "strides"},
    {"filter_length", "kernel_size"},
    {"atrous_rate", "dilation_rate"},
    {"dim_ordering", "data_format"},
    {"pool_length", "pool_size"},
    {"stride", "strides"},
    {"inner_init", "recurrent_initializer"},
    {"length", "size"},
    {"inner_activation", "recurrent_activation"},
    {"dropout_W", "dropout"},
    {"dropout_U", "recurrent_dropout"},
    {"p", "rate"},
    {"sigma", "stddev"},
};

void rename(json &config, const std::string &from, const std::string &to) {
  auto found = config.find(from);
  if (found == config.end() || config.contains(to))
    return;
  json value = std::move(*found);
  config.erase(from);
  config[to] = std::move(value);
}

/// Joins separate sizes (nb_row, nb_col) into one list.
void join(json &config, std::initializer_list<const char *> parts, const char *to) {
  json sizes = json::array();
  for (const char *part : parts) {
    if (!config.contains(part))
      return;
    sizes.push_back(config[part]);
  }
  for (const char *part : parts)
    config.erase(part);
  config[to] = std::move(sizes);
}

/// Sides by name, or four in a row, are pairs today.
void renamePadding(json &config) {
  const json padding = at(config, "padding");
  if (padding.is_object() && padding.contains("top_pad"))
    config["padding"] = {{at(padding, "top_pad"), at(padding, "bottom_pad")},
                         {at(padding, "left_pad"), at(padding, "right_pad")}};
  else if (padding.is_object() && padding.contains("left_pad"))
    config["padding"] = {at(padding, "left_pad"), at(padding, "right_pad")};
  else if (padding.is_array() && padding.size() == 4)
    config["padding"] = {{padding[0], padding[1]}, {padding[2], padding[3]}};
}

/// The Merge layer is one of today's merging layers by its mode; other modes, and a Merge of models, keep the name.
void renameMerge(std::string &className, json &config) {
  static const std::map<std::string, std::string> classes{
      {"sum", "Add"},     {"mul", "Multiply"}, {"concat", "Concatenate"},
      {"ave", "Average"}, {"dot", "Dot"},      {"max", "Maximum"}};
  auto found = classes.find(stringOr(config, "mode", "sum"));
  if (found == classes.end() || stringOr(config, "mode_type", "raw") != "raw" || at(config, "layers").is_array())
    return;
  className = found->second;
  rename(config, className == "Dot" ? "dot_axes" : "concat_axis", className == "Dot" ? "axes" : "axis");
}

const json &layersOf(const json &sequential) {
  const json &config = at(sequential, "config");
  return config.is_array() ? config : at(config, "layers");
}

bool isMergeOfModels(const json &layers) {
  return layers.is_array() && !layers.empty() && at(layers[0], "class_name") == "Merge" &&
         at(at(layers[0], "config"), "layers").is_array();
}

/// Writes Sequentials into one another as calls of a functional model. Layers keep their names, which Keras 1 makes
/// different throughout a model; a layer met again is the same one.
class GraphOfMerge {
public:
  /// The layers after `previous`, or from inputs of their own where that is empty; the last one's name.
  std::string append(const json &layers, std::string previous);
  bool failed() const { return failed_; }
  json config(const std::string &last) const {
    return {
        {"layers", layers_}, {"input_layers", inputs_}, {"output_layers", json::array({json::array({last, 0, 0})})}};
  }

private:
  std::string appendLayer(const json &entry, const std::vector<std::string> &previous);
  std::string appendMerge(const json &entry);
  std::string appendInput(const json &first);

  json layers_ = json::array(), inputs_ = json::array();
  std::set<std::string> names_;
  bool failed_ = false;
};

std::string GraphOfMerge::appendLayer(const json &entry, const std::vector<std::string> &previous) {
  std::string name = stringOr(at(entry, "config"), "name", "");
  failed_ |= name.empty();
  if (!names_.insert(name).second)
    return name;
  json calls = json::array();
  for (const std::string &from : previous)
    calls.push_back({from, 0, 0});
  json layer = {{"class_name", at(entry, "class_name")}, {"name", name}, {"config", at(entry, "config")}};
  layer["inbound_nodes"] = previous.empty() ? json::array() : json::array({calls});
  layers_.push_back(std::move(layer));
  return name;
}

std::string GraphOfMerge::appendInput(const json &first) {
  const json &config = at(first, "config");
  std::string name = stringOr(config, "name", "") + "_input";
  const bool isNew = !names_.count(name);
  appendLayer({{"class_name", "InputLayer"},
               {"config", {{"name", name}, {"batch_input_shape", at(config, "batch_input_shape")}}}},
              {});
  if (isNew)
    inputs_.push_back({name, 0, 0});
  return name;
}

std::string GraphOfMerge::appendMerge(const json &entry) {
  std::vector<std::string> branches;
  for (const json &branch : at(at(entry, "config"), "layers")) {
    failed_ |= at(branch, "class_name") != "Sequential";
    if (!failed_)
      branches.push_back(append(layersOf(branch), ""));
  }
  json merge = entry;
  merge["config"].erase("layers");
  return appendLayer(merge, branches);
}

std::string GraphOfMerge::append(const json &layers, std::string previous) {
  failed_ |= !layers.is_array() || layers.empty();
  for (size_t i = 0; !failed_ && i < layers.size(); ++i)
    if (i == 0 && previous.empty() && isMergeOfModels(layers))
      previous = appendMerge(layers[i]);
    else if (at(layers[i], "class_name") == "Sequential")
      previous = append(layersOf(layers[i]), previous);
    else
      previous = appendLayer(layers[i], {previous.empty() ? appendInput(layers[i]) : previous});
  return previous;
}

} // namespace

std::optional<json> graphOfMerge(const json &layers) {
  if (!isMergeOfModels(layers))
    return std::nullopt;
  GraphOfMerge graph;
  std::string last = graph.append(layers, "");
  return graph.failed() ? std::nullopt : std::optional(graph.config(last));
}

void renameKeras1(std::string &className, json &config) {
  if (!config.is_object())
    return;
  if (auto found = kClasses.find(className); found != kClasses.end())
    className = found->second;
  if (className == "Merge")
    renameMerge(className, config);
  if (className != "Embedding" && className != "Reshape")
    rename(config, "output_dim", "units");
  if (className == "Embedding" || className == "RepeatVector")
    config.erase("init");
  for (const auto &[from, to] : kArguments)
    rename(config, from, to);
  join(config, {"nb_row", "nb_col"}, "kernel_size");
  join(config, {"kernel_dim1", "kernel_dim2", "kernel_dim3"}, "kernel_size");
  renamePadding(config);
  const std::string format = stringOr(config, "data_format", "");
  if (format == "tf" || format == "th")
    config["data_format"] = format == "tf" ? "channels_last" : "channels_first";
  else if (format == "default") // Keras' setting, which the file does not hold
    config.erase("data_format");
  if (className == "Conv2DTranspose")
    config.erase("output_shape");
}

} // namespace layerc
