// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads protobuf's JSON of a NodeDef; see NodeDef.h. There 64-bit integers are text, bytes are base64, and each value
// stands under the name of its kind: {"i": "3"}, {"s": "U0FNRQ=="}, {"list": {"i": ["1", "2"]}}.
#include "frontend/NodeDef.h"

#include <absl/strings/escaping.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>

namespace layerc {
namespace {

using nlohmann::json;

/// Keras' name of a type of TensorFlow: "DT_FLOAT" is "float32".
json typeName(const json &value) {
  static const std::map<std::string, const char *> names = {
      {"DT_HALF", "float16"}, {"DT_BFLOAT16", "bfloat16"}, {"DT_FLOAT", "float32"}, {"DT_DOUBLE", "float64"},
      {"DT_INT8", "int8"},    {"DT_INT16", "int16"},       {"DT_INT32", "int32"},   {"DT_INT64", "int64"},
      {"DT_UINT8", "uint8"},  {"DT_UINT16", "uint16"},     {"DT_UINT32", "uint32"}, {"DT_UINT64", "uint64"},
      {"DT_BOOL", "bool"}};
  auto found = value.is_string() ? names.find(value.get<std::string>()) : names.end();
  return found == names.end() ? value : json(found->second);
}

json integerOf(const json &value) {
  int64_t number = 0;
  return value.is_string() && absl::SimpleAtoi(value.get<std::string>(), &number) ? json(number) : value;
}

/// "NaN", "Infinity" and "-Infinity" are text too.
json floatOf(const json &value) {
  float number = 0;
  return value.is_string() && absl::SimpleAtof(value.get<std::string>(), &number) ? json(number) : value;
}

json wordOf(const json &value) {
  std::string word;
  return value.is_string() && absl::Base64Unescape(value.get<std::string>(), &word) ? json(word) : json();
}

struct Kind {
  const char *name;
  json (*read)(const json &value);
};
constexpr Kind kKinds[] = {
    {"i", integerOf}, {"f", floatOf}, {"s", wordOf}, {"type", typeName}, {"b", [](const json &value) {
                                                                            return value;
                                                                          }}};

NodeDef::Attribute attributeOf(const json &value) {
  for (const Kind &kind : kKinds)
    if (value.contains(kind.name))
      return {kind.read(value[kind.name]), kind.read == typeName};
  const json &list = at(value, "list");
  if (!list.is_object())
    return {};
  json elements = json::array();
  for (const Kind &kind : kKinds)
    for (const json &element : at(list, kind.name))
      elements.push_back(kind.read(element));
  return {elements, list.contains("type")};
}

} // namespace

absl::StatusOr<NodeDef> readNodeDef(const json &value) {
  if (value.is_string()) {
    const auto text = value.get<std::string>();
    if (!absl::StartsWith(text, "{"))
      return absl::InvalidArgumentError(
          "its node_def is binary, as Python 2 wrote it: save the model with TensorFlow 2");
    absl::StatusOr<json> parsed = parseJson(text, "node_def");
    return parsed.ok() ? readNodeDef(*parsed) : parsed.status();
  }
  NodeDef node;
  node.operation = stringOr(value, "op", "");
  if (node.operation.empty())
    return absl::InvalidArgumentError("its node_def names no operation");
  if (const json &attributes = at(value, "attr"); attributes.is_object())
    for (const auto &[name, attribute] : attributes.items())
      if (attribute.is_object() && !absl::StartsWith(name, "_"))
        node.attributes[name] = attributeOf(attribute);
  return node;
}

} // namespace layerc
