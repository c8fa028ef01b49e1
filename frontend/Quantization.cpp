// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Parses the modes "int8", "int4", "int4/GROUP", "gptq/BITS/GROUP" and "awq/4/GROUP".
#include "frontend/Quantization.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

using namespace layerc;
using llvm::StringRef;
using Mode = Quantization::Mode;

static bool isGroupSize(int64_t size) { return size == -1 || size > 0; }

static std::optional<Quantization> parse(StringRef mode) {
  llvm::SmallVector<StringRef, 3> parts;
  mode.split(parts, '/');
  Quantization result;
  if (mode == "int8" || parts[0] == "int4")
    result.mode = mode == "int8" ? Mode::Int8 : Mode::Int4;
  else if (parts[0] == "gptq" || parts[0] == "awq")
    result.mode = parts[0] == "gptq" ? Mode::Gptq : Mode::Awq;
  bool isCalibrated = result.mode == Mode::Gptq || result.mode == Mode::Awq;
  result.bits = result.mode == Mode::Int4 ? 4 : 8;
  if (!result || parts.size() > (isCalibrated ? 3 : 2) || (isCalibrated && parts.size() < 3))
    return std::nullopt;
  if (isCalibrated && (parts[1].getAsInteger(10, result.bits) || !llvm::is_contained({2, 3, 4, 8}, result.bits)))
    return std::nullopt;
  if (parts.size() > 1 && (parts.back().getAsInteger(10, result.groupSize) || !isGroupSize(result.groupSize)))
    return std::nullopt;
  if (result.mode == Mode::Awq && result.bits != 4)
    return std::nullopt;
  return result;
}

/// Keras believes a configuration of int4 rather than the policy.
static bool takeGroupSize(const nlohmann::json &config, int64_t &size) {
  const nlohmann::json &given = at(config, "quantization_config");
  if (at(given, "class_name") != "Int4QuantizationConfig")
    return true;
  const nlohmann::json &value = at(at(given, "config"), "block_size");
  if (!value.is_null() && !value.is_number_integer())
    return false;
  size = value.is_null() ? -1 : value.get<int64_t>();
  return isGroupSize(size);
}

Quantization layerc::consumeQuantization(StringRef &policy, StringRef className, const nlohmann::json &config) {
  constexpr StringRef from = "_from_";
  size_t end = policy.find(from);
  std::optional<Quantization> result = end == StringRef::npos ? std::nullopt : parse(policy.take_front(end));
  if (!result)
    return {};
  bool isUniform = result->mode == Mode::Int8 || result->mode == Mode::Int4;
  bool isImported = className == "Dense" || className == "EinsumDense" || (className == "Embedding" && isUniform);
  if (!isImported || (result->mode == Mode::Int4 && !takeGroupSize(config, result->groupSize)))
    return {};
  policy = policy.drop_front(end + from.size());
  return *result;
}
