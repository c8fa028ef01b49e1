// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Access to a layer's configuration: defaults and type checks; see LayerImport.h.
#include "frontend/LayerImport.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

using namespace mlir;
using namespace layerc;
using nlohmann::json;

const json *LayerImport::config(StringRef key) const {
  if (!layer_.config.is_object())
    return nullptr;
  auto found = layer_.config.find(key.str());
  return found == layer_.config.end() || found->is_null() ? nullptr : &*found;
}

Failure LayerImport::wrongValue(StringRef key, StringRef expected) {
  const json *value = config(key);
  std::string got = value ? value->dump(-1, ' ', true, json::error_handler_t::replace) : "nothing";
  return fail() << "'" << key << "' expects " << expected << "; got "
                << (got.size() > 80 ? got.substr(0, 80) + "..." : got);
}

bool LayerImport::flag(StringRef key, bool standard) {
  const json *value = config(key);
  if (value && !value->is_boolean())
    wrongValue(key, "true or false");
  return value && value->is_boolean() ? value->get<bool>() : standard;
}

std::optional<double> LayerImport::optionalNumber(StringRef key) {
  std::optional<std::vector<double>> values = numbers(key);
  if (!values)
    return std::nullopt;
  if (values->size() != 1)
    wrongValue(key, "a number");
  return values->size() == 1 ? values->front() : 0;
}

double LayerImport::number(StringRef key, double standard) { return optionalNumber(key).value_or(standard); }

std::string LayerImport::string(StringRef key, StringRef standard) {
  const json *value = config(key);
  if (value && !value->is_string())
    wrongValue(key, "a string");
  return value && value->is_string() ? value->get<std::string>() : standard.str();
}

int64_t LayerImport::integer(StringRef key) { return integers(key, 1)[0]; }

Sizes LayerImport::list(StringRef key, std::optional<int64_t> standard) {
  const json *value = config(key);
  if (!value && standard)
    return {*standard};
  if (value && isInteger(*value))
    return {value->get<int64_t>()};
  Sizes result;
  if (!value || !value->is_array() || !llvm::all_of(*value, [&](const json &v) { return isInteger(v); }))
    wrongValue(key, "integers");
  else
    llvm::append_range(result, value->get<std::vector<int64_t>>());
  return result;
}

Sizes LayerImport::integers(StringRef key, int64_t count, std::optional<int64_t> standard) {
  Sizes result = list(key, standard);
  const json *value = config(key);
  if (result.size() == 1 && (!value || !value->is_array()))
    result.assign(count, result[0]);
  if (!failed_ && static_cast<int64_t>(result.size()) != count)
    wrongValue(key, "one integer or a list of " + std::to_string(count));
  result.resize(count, 1);
  return result;
}

Sizes LayerImport::positive(StringRef key, int64_t count, std::optional<int64_t> standard) {
  Sizes result = integers(key, count, standard);
  if (!failed_ && llvm::any_of(result, [](int64_t size) { return size <= 0 || size > INT32_MAX; }))
    wrongValue(key, "sizes above zero");
  return result;
}

Sizes LayerImport::axes(StringRef key, int64_t rank, std::optional<int64_t> standard) {
  Sizes result = list(key, standard);
  for (int64_t &axis : result)
    axis += axis < 0 ? rank : 0;
  llvm::sort(result);
  bool inside = llvm::all_of(result, [&](int64_t axis) { return axis >= 0 && axis < rank; });
  if (!failed_ && (!inside || result.empty() || std::adjacent_find(result.begin(), result.end()) != result.end()))
    wrongValue(key, "distinct axes of a tensor of rank " + std::to_string(rank));
  return failed_ ? Sizes{0} : result;
}

/// Appends all numbers in `value`; false where there is anything else.
static bool flatten(const json &value, std::vector<double> &result) {
  if (value.is_number()) {
    result.push_back(value.get<double>());
    return true;
  }
  if (value.is_object() && value.contains("config") && value["config"].is_object() && value["config"].contains("value"))
    return flatten(value["config"]["value"], result);
  return value.is_array() && llvm::all_of(value, [&](const json &part) { return flatten(part, result); });
}

std::optional<std::vector<double>> LayerImport::numbers(StringRef key) {
  const json *value = config(key);
  if (!value)
    return std::nullopt;
  std::vector<double> result;
  if (!flatten(*value, result))
    wrongValue(key, "numbers");
  return result;
}

SmallVector<Pair, 3> LayerImport::pairs(StringRef key, int64_t count, int64_t standard) {
  SmallVector<Pair, 3> result(count, {standard, standard});
  const json *value = config(key);
  if (!value)
    return result;
  auto set = [&](Pair &pair, const json &part) {
    if (isInteger(part))
      pair = {part.get<int64_t>(), part.get<int64_t>()};
    else if (part.is_array() && part.size() == 2 && isInteger(part[0]) && isInteger(part[1]))
      pair = {part[0].get<int64_t>(), part[1].get<int64_t>()};
    else
      wrongValue(key, "integers or pairs of integers");
  };
  bool one = isInteger(*value) || (count == 1 && value->is_array() && value->size() == 2);
  if (!one && (!value->is_array() || static_cast<int64_t>(value->size()) != count)) {
    wrongValue(key, "an integer or a list of " + std::to_string(count));
    return result;
  }
  for (int64_t d = 0; d < count; ++d)
    set(result[d], one ? *value : (*value)[d]);
  if (!failed_ && llvm::any_of(result, [](Pair pair) {
        return std::min(pair.first, pair.second) < 0 || std::max(pair.first, pair.second) > INT32_MAX;
      }))
    wrongValue(key, "sizes that are not negative");
  return result;
}

bool LayerImport::channelsFirst() {
  std::string format = string("data_format", "channels_last");
  // "default" stands in Keras 1 files for a setting that they do not record.
  if (format != "channels_first" && format != "channels_last" && format != "default")
    wrongValue("data_format", "channels_last or channels_first");
  return format == "channels_first";
}
