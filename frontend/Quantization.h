// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How model.quantize() has stored a layer's kernel, as the layer's dtype policy says.
#pragma once

#include "frontend/Json.h"

#include <cstdint>
#include <string_view>

namespace layerc {

struct Quantization {
  enum class Mode { None, Int8, Int4, Gptq, Awq };
  Mode mode = Mode::None;
  int64_t bits = 8;       ///< of one whole number
  int64_t groupSize = -1; ///< how many inputs of a kernel share a scale; -1: all of them

  explicit operator bool() const { return mode != Mode::None; }
  bool isGrouped() const { return groupSize > 0; }
  /// Into how many groups so many inputs fall.
  int64_t groups(int64_t inputs) const { return isGrouped() ? (inputs - 1) / groupSize + 1 : 1; }
};

/// Takes the mode off the front of a policy's name, "int4/128_from_float32": what is left names the float type. Leaves
/// a name whose mode is not known, or not for layers of this class, as it is. `config` is the layer's.
Quantization consumeQuantization(std::string_view &policy, std::string_view className, const nlohmann::json &config);

} // namespace layerc
