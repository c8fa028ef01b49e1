// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// batch_shape, batch_input_shape, input_shape, input_dim, build_input_shape: one thing with the names of fifteen years.
#include "frontend/InputShape.h"

#include "frontend/Bytes.h"
#include "frontend/Json.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

namespace layerc {
namespace {

using nlohmann::json;

constexpr size_t kMaxRank = 16;

/// Old files wrap tuples: {"class_name": "__tuple__" or "TensorShape", "items": [...]}.
const json &unwrapTuple(const json &value) { return at(value, "items").is_array() ? at(value, "items") : value; }

bool isShape(const json &shape) {
  auto isSize = [](const json &size) {
    return size.is_null() || (size.is_number_integer() && size >= 0 && size <= INT64_C(1) << 40);
  };
  return shape.is_array() && shape.size() <= kMaxRank && std::all_of(shape.begin(), shape.end(), isSize);
}

json withBatch(const json &shape) {
  json batched = json::array({nullptr});
  batched.insert(batched.end(), shape.begin(), shape.end());
  return batched;
}

/// The name of a dtype that is written as a name or as a policy object.
std::string dtypeName(const json &dtype) {
  std::string name = dtype.is_string() ? dtype.get<std::string>() : stringOr(at(dtype, "config"), "name", "");
  return elementTypeFromName(name) ? name : "float32";
}

/// The dtype of an input, or of the input that a first layer makes for itself; Keras 1 called it input_dtype, and
/// Keras 2.0 to 2.2 still understood that where `dtype` was missing.
const json &dtypeOf(const json &config) {
  return at(config, "dtype").is_null() ? at(config, "input_dtype") : at(config, "dtype");
}

/// The shape with batch axis that a first layer's own config gives, or null.
json shapeOfConfig(const json &config) {
  for (const char *key : {"batch_shape", "batch_input_shape"})
    if (isShape(unwrapTuple(at(config, key))))
      return unwrapTuple(at(config, key));
  if (isShape(unwrapTuple(at(config, "input_shape"))))
    return withBatch(unwrapTuple(at(config, "input_shape")));
  const json &dim = at(config, "input_dim"), &length = at(config, "input_length");
  bool isEmbedding = config.contains("output_dim") && config.contains("input_dim");
  if (!dim.is_number_integer() || isEmbedding)
    return length.is_number_integer() ? json::array({nullptr, length}) : json();
  return length.is_number_integer() ? json::array({nullptr, length, dim}) : json::array({nullptr, dim});
}

/// The shape that the first layer was built with, or the model.
json shapeOfBuild(const json &modelConfig, const json &firstEntry) {
  for (const json *shape : {&at(modelConfig, "build_input_shape"), &at(at(firstEntry, "build_config"), "input_shape")})
    if (isShape(unwrapTuple(*shape)) && !unwrapTuple(*shape).empty())
      return unwrapTuple(*shape);
  return json();
}

const LayerObject *firstInput(const LayerObject &model) {
  for (const Member &member : model.members)
    if (member.object->isInput())
      return member.object.get();
  return nullptr;
}

} // namespace

absl::Status normaliseInput(LayerObject &input) {
  if (!input.config.is_object())
    input.config = json::object();
  for (const char *flag : {"sparse", "ragged", "optional"})
    if (at(input.config, flag) == true)
      return layerError(input, absl::StrCat(flag, " inputs are not supported"));
  json shape = unwrapTuple(at(input.config, "batch_shape"));
  if (shape.is_null())
    shape = unwrapTuple(at(input.config, "batch_input_shape"));
  if (!shape.is_null() && !isShape(shape))
    return layerError(input, absl::StrCat("its shape ", quote(shape.dump(-1, ' ', true)), " is not a list of sizes"));
  const json dtype = dtypeOf(input.config);
  if (dtype.is_string() && !elementTypeFromName(dtype.get<std::string>()))
    return layerError(input, absl::StrCat("inputs of dtype ", quote(dtype.get<std::string>()), " are not supported"));
  input.config["dtype"] = dtypeName(dtype);
  input.config["batch_shape"] = std::move(shape);
  return absl::OkStatus();
}

absl::Status ensureInput(LayerObject &sequential, const json &firstEntry, int kerasMajor) {
  if (!sequential.members.empty() && sequential.members.front().object->isInput())
    return absl::OkStatus();
  if (sequential.members.empty())
    return layerError(sequential, "has no layers");
  const LayerObject &first = *sequential.members.front().object;
  auto input = std::make_shared<LayerObject>();
  input->className = "InputLayer";
  input->name = kerasMajor >= 3 ? "input_layer" : absl::StrCat(first.name, "_input");
  while (sequential.find(input->name))
    input->name += "_";
  const LayerObject *inner = first.isModel() ? firstInput(first) : nullptr;
  json shape = inner ? at(inner->config, "batch_shape") : shapeOfConfig(first.config);
  if (shape.is_null())
    shape = shapeOfBuild(sequential.config, firstEntry);
  input->config = {{"name", input->name},
                   {"batch_shape", std::move(shape)},
                   {"dtype", inner ? at(inner->config, "dtype") : json(dtypeName(dtypeOf(first.config)))}};
  sequential.members.insert(sequential.members.begin(), {input->name, input, json()});
  return absl::OkStatus();
}

} // namespace layerc
