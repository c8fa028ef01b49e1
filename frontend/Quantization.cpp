// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Parses the modes "int8", "int4", "int4/GROUP", "gptq/BITS/GROUP" and "awq/4/GROUP".
#include "frontend/Quantization.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>

#include <optional>
#include <vector>

namespace layerc {
namespace {

using Mode = Quantization::Mode;

bool isGroupSize(int64_t size) { return size == -1 || size > 0; }

std::optional<Quantization> parse(std::string_view mode) {
  std::vector<std::string> parts = absl::StrSplit(absl::string_view(mode.data(), mode.size()), '/');
  Quantization result;
  if (mode == "int8" || parts[0] == "int4")
    result.mode = mode == "int8" ? Mode::Int8 : Mode::Int4;
  else if (parts[0] == "gptq" || parts[0] == "awq")
    result.mode = parts[0] == "gptq" ? Mode::Gptq : Mode::Awq;
  bool isCalibrated = result.mode == Mode::Gptq || result.mode == Mode::Awq;
  result.bits = result.mode == Mode::Int4 ? 4 : 8;
  if (!result || parts.size() > (isCalibrated ? 3 : 2) || (isCalibrated && parts.size() < 3))
    return std::nullopt;
  if (isCalibrated && (!absl::SimpleAtoi(parts[1], &result.bits) || result.bits < 2 || result.bits > 8 ||
                       (result.bits > 4 && result.bits < 8)))
    return std::nullopt;
  if (parts.size() > 1 && (!absl::SimpleAtoi(parts.back(), &result.groupSize) || !isGroupSize(result.groupSize)))
    return std::nullopt;
  if (result.mode == Mode::Awq && result.bits != 4)
    return std::nullopt;
  return result;
}

/// Keras believes a configuration of int4 rather than the policy.
bool takeGroupSize(const nlohmann::json &config, int64_t &size) {
  const nlohmann::json &given = at(config, "quantization_config");
  if (at(given, "class_name") != "Int4QuantizationConfig")
    return true;
  const nlohmann::json &value = at(at(given, "config"), "block_size");
  if (!value.is_null() && !value.is_number_integer())
    return false;
  size = value.is_null() ? -1 : value.get<int64_t>();
  return isGroupSize(size);
}

} // namespace

Quantization consumeQuantization(std::string_view &policy, std::string_view className, const nlohmann::json &config) {
  constexpr std::string_view from = "_from_";
  size_t end = policy.find(from);
  std::optional<Quantization> result = end == policy.npos ? std::nullopt : parse(policy.substr(0, end));
  if (!result)
    return {};
  bool isUniform = result->mode == Mode::Int8 || result->mode == Mode::Int4;
  bool isImported = className == "Dense" || className == "EinsumDense" || (className == "Embedding" && isUniform);
  if (!isImported || (result->mode == Mode::Int4 && !takeGroupSize(config, result->groupSize)))
    return {};
  policy.remove_prefix(end + from.size());
  return *result;
}

} // namespace layerc
