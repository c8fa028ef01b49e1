// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The argument map of Keras 2's own compatibility layer (keras/legacy/interfaces.py in Keras 2.0 to 2.2).
#include "frontend/Keras1.h"

#include "frontend/Json.h"

#include <absl/strings/match.h>

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

/// The Merge layer is one of today's merging layers by its mode; other modes keep the name.
void renameMerge(std::string &className, json &config) {
  static const std::map<std::string, std::string> classes{
      {"sum", "Add"},     {"mul", "Multiply"}, {"concat", "Concatenate"},
      {"ave", "Average"}, {"dot", "Dot"},      {"max", "Maximum"}};
  auto found = classes.find(stringOr(config, "mode", "sum"));
  if (found == classes.end() || stringOr(config, "mode_type", "raw") != "raw")
    return;
  className = found->second;
  rename(config, className == "Dot" ? "dot_axes" : "concat_axis", className == "Dot" ? "axes" : "axis");
}

} // namespace

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
