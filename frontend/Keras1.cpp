// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The argument map of Keras 2's own compatibility layer (keras/legacy/interfaces.py in Keras 2.0 to 2.2).
#include "frontend/Keras1.h"

#include "frontend/Bytes.h"
#include "frontend/Json.h"

#include <absl/strings/str_cat.h>

#include <map>

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

const json &layersOf(const json &model) {
  const json &config = at(model, "config");
  return config.is_array() ? config : at(config, "layers");
}

bool isFunctional(const json &entry) { return at(entry, "class_name") == "Model"; }

/// Writes the models of a Merge into one another as calls of one functional model. Layers keep their names, which
/// Keras 1 makes different throughout a model; a layer met again is the same one. A model among the layers of a
/// Sequential stays one layer, as its weights are one group of the file.
class GraphOfMerge {
public:
  /// The layers of a Sequential, from inputs of their own; what the last one gives.
  json append(const json &layers);
  bool failed() const { return failed_; }
  json config(json last) const {
    return {{"layers", layers_}, {"input_layers", inputs_}, {"output_layers", json::array({std::move(last)})}};
  }

private:
  json appendEntry(json entry);
  json appendCall(json entry, json tensors);
  json appendMerge(const json &entry);
  json appendFunctional(const json &config);
  json appendInput(const json &first);

  json layers_ = json::array(), inputs_ = json::array();
  std::map<std::string, json> entries_;
  size_t unnamed_ = 0;
  bool failed_ = false;
};

/// Appends a layer of a functional model.
json GraphOfMerge::appendEntry(json entry) {
  std::string name = stringOr(entry, "name", "");
  auto [known, isNew] = entries_.emplace(name, entry);
  failed_ |= name.empty() || (!isNew && known->second != entry);
  if (isNew && at(entry, "class_name") == "InputLayer")
    inputs_.push_back({name, 0, 0});
  if (isNew)
    layers_.push_back(std::move(entry));
  return {std::move(name), 0, 0};
}

/// Appends a layer of a Sequential, called on `tensors`. The config of a Sequential is a list without a name.
json GraphOfMerge::appendCall(json entry, json tensors) {
  std::string name = stringOr(at(entry, "config"), "name", "");
  entry["name"] = name.empty() ? "model_" + std::to_string(++unnamed_) : name;
  entry["inbound_nodes"] = tensors.empty() ? json::array() : json::array({std::move(tensors)});
  return appendEntry(std::move(entry));
}

/// The input that the first layer of a Sequential makes for itself; that layer may be a Sequential.
json GraphOfMerge::appendInput(const json &first) {
  const json *layer = &first;
  while (layersOf(*layer).is_array() && !layersOf(*layer).empty())
    layer = &layersOf(*layer)[0];
  const json &config = at(*layer, "config");
  json words = {{"name", stringOr(config, "name", "") + "_input"}};
  for (const char *key : {"batch_input_shape", "input_dtype"})
    if (config.is_object() && config.contains(key))
      words[key] = config[key];
  return appendCall({{"class_name", "InputLayer"}, {"config", std::move(words)}}, {});
}

json GraphOfMerge::appendFunctional(const json &config) {
  const json &layers = at(config, "layers"), &outputs = at(config, "output_layers");
  failed_ |= !layers.is_array() || !outputs.is_array() || outputs.empty();
  for (size_t i = 0; !failed_ && i < layers.size(); ++i)
    appendEntry(layers[i]);
  return failed_ ? json() : outputs[0]; // which is all that a Merge takes
}

json GraphOfMerge::appendMerge(const json &entry) {
  json tensors = json::array();
  for (const json &branch : at(at(entry, "config"), "layers")) {
    failed_ |= !isFunctional(branch) && at(branch, "class_name") != "Sequential";
    if (!failed_)
      tensors.push_back(isFunctional(branch) ? appendFunctional(at(branch, "config")) : append(layersOf(branch)));
  }
  json merge = entry;
  merge["config"].erase("layers");
  return appendCall(std::move(merge), std::move(tensors));
}

json GraphOfMerge::append(const json &layers) {
  failed_ |= !layers.is_array() || layers.empty();
  json last;
  for (size_t i = 0; !failed_ && i < layers.size(); ++i)
    if (i == 0 && isMergeOfModels(layers))
      last = appendMerge(layers[i]);
    else
      last = appendCall(layers[i], json::array({i == 0 ? appendInput(layers[i]) : last}));
  return last;
}

} // namespace

bool isMergeOfModels(const json &layers) {
  return layers.is_array() && !layers.empty() && at(layers[0], "class_name") == "Merge" &&
         at(at(layers[0], "config"), "layers").is_array();
}

absl::StatusOr<json> graphOfMerge(const json &layers) {
  GraphOfMerge graph;
  json last = graph.append(layers);
  if (!graph.failed())
    return graph.config(std::move(last));
  const std::string name = stringOr(at(layers[0], "config"), "name", "");
  return absl::InvalidArgumentError(
      absl::StrCat("layer ", quote(name), " (Merge): its 'layers' are not models of named layers"));
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
