// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A SAX handler that builds the value and counts while it does; nlohmann's parser itself keeps its stack on the heap.
#include "frontend/Json.h"

#include "frontend/Bytes.h"

#include <absl/strings/str_cat.h>

#include <limits>

namespace layerc {
namespace {

using nlohmann::json;

/// Marks a number that JSON cannot write. A text that already holds it only turns a string into a number.
const std::string kNumberMark = "\x01layerc:";

class Builder : public nlohmann::json_sax<json> {
public:
  json result;
  std::string error;

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t &) override { return add(value); }
  bool string(string_t &value) override {
    if (value.compare(0, kNumberMark.size(), kNumberMark) != 0)
      return add(std::move(value));
    double infinity = std::numeric_limits<double>::infinity();
    char kind = value.back();
    return add(kind == 'N' ? std::numeric_limits<double>::quiet_NaN() : kind == '+' ? infinity : -infinity);
  }
  bool binary(binary_t &) override { return fail("holds binary data"); }
  bool start_object(size_t) override { return open(json::object()); }
  bool start_array(size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t &value) override {
    if (stack_.back()->contains(value))
      return fail(absl::StrCat("has the key ", quote(value), " twice in one object"));
    key_ = std::move(value);
    return true;
  }
  bool parse_error(size_t position, const std::string &, const json::exception &exception) override {
    return fail(exception.id == 406 ? absl::StrCat("has a number too large at byte ", position)
                                    : absl::StrCat("is not JSON: error at byte ", position));
  }

private:
  bool fail(std::string what) {
    error = std::move(what);
    return false;
  }
  json *insert(json value) {
    if (stack_.empty())
      return &(result = std::move(value));
    if (stack_.back()->is_array()) {
      stack_.back()->push_back(std::move(value));
      return &stack_.back()->back();
    }
    return &((*stack_.back())[key_] = std::move(value));
  }
  bool add(json value) {
    if (++values_ > JsonLimits::values)
      return fail(absl::StrCat("has more than ", JsonLimits::values, " values"));
    insert(std::move(value));
    return true;
  }
  // A container never moves while it is open: only its innermost descendant grows.
  bool open(json empty) {
    if (stack_.size() >= JsonLimits::depth)
      return fail(absl::StrCat("is nested more than ", JsonLimits::depth, " deep"));
    if (++values_ > JsonLimits::values)
      return fail(absl::StrCat("has more than ", JsonLimits::values, " values"));
    stack_.push_back(insert(std::move(empty)));
    return true;
  }
  bool close() {
    stack_.pop_back();
    return true;
  }

  std::vector<json *> stack_;
  std::string key_;
  size_t values_ = 0;
};

/// Replaces Python's three words outside strings by marked strings; returns false when there are none.
bool markNumbers(std::string_view text, std::string &out) {
  if (text.find("NaN") == text.npos && text.find("Infinity") == text.npos)
    return false;
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    auto take = [&](std::string_view word, char kind) {
      if (inString || text.substr(i, word.size()) != word)
        return false;
      out += "\"\\u0001" + kNumberMark.substr(1) + kind + "\"";
      i += word.size() - 1;
      return true;
    };
    if (take("NaN", 'N') || take("Infinity", '+') || take("-Infinity", '-'))
      continue;
    if (text[i] == '"')
      inString = !inString;
    out += text[i];
    if (inString && text[i] == '\\' && i + 1 < text.size())
      out += text[++i];
  }
  return true;
}

} // namespace

absl::StatusOr<json> parseJson(std::string_view text, const std::string &what) {
  if (text.size() > JsonLimits::bytes)
    return absl::InvalidArgumentError(
        absl::StrCat(what, " has ", text.size(), " bytes, more than ", JsonLimits::bytes));
  std::string marked;
  if (markNumbers(text, marked))
    text = marked;
  Builder builder;
  if (!json::sax_parse(text.begin(), text.end(), &builder))
    return absl::InvalidArgumentError(absl::StrCat(what, " ", builder.error));
  return std::move(builder.result);
}

std::string stringOr(const json &object, const char *key, std::string otherwise) {
  const json &value = at(object, key);
  return value.is_string() ? value.get<std::string>() : otherwise;
}

const json &at(const json &object, const char *key) {
  static const json null;
  if (!object.is_object())
    return null;
  auto found = object.find(key);
  return found == object.end() ? null : *found;
}

} // namespace layerc
