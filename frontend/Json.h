// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// JSON from a model file, with limits that a parser for trusted text does not have.
// Python's NaN, Infinity and -Infinity are accepted and become numbers.
#pragma once

#include <absl/status/statusor.h>
#include <nlohmann/json.hpp>

#include <string_view>

namespace layerc {

struct JsonLimits {
  static constexpr size_t bytes = size_t(256) << 20;
  static constexpr size_t depth = 200;
  static constexpr size_t values = 1000000;
};

/// Refuses depth above 200, more than a million values, repeated keys, invalid UTF-8 and numbers beyond a double.
/// `what` names the text in the error: "config.json".
absl::StatusOr<nlohmann::json> parseJson(std::string_view text, const std::string &what);

/// `object[key]` where it is there and a string; else `otherwise`.
std::string stringOr(const nlohmann::json &object, const char *key, std::string otherwise);

/// `object[key]`, or null when `object` is not an object or has no such key.
const nlohmann::json &at(const nlohmann::json &object, const char *key);

} // namespace layerc
