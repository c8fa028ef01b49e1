// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Element types by Keras' names and the version of a graph.
#include "frontend/LayerGraph.h"

#include <algorithm>
#include <cstdlib>
#include <tuple>

namespace layerc {
namespace {

struct ElementRow {
  const char *name;
  size_t size;
};

// In the order of ElementType.
constexpr ElementRow kElements[] = {{"float16", 2}, {"bfloat16", 2}, {"float32", 4}, {"float64", 8}, {"int8", 1},
                                    {"int16", 2},   {"int32", 4},    {"int64", 8},   {"uint8", 1},   {"uint16", 2},
                                    {"uint32", 4},  {"uint64", 8},   {"bool", 1}};

} // namespace

const char *elementTypeName(ElementType type) { return kElements[static_cast<size_t>(type)].name; }

size_t elementSize(ElementType type) { return kElements[static_cast<size_t>(type)].size; }

std::optional<ElementType> elementTypeFromName(const std::string &name) {
  for (size_t i = 0; i < std::size(kElements); ++i)
    if (name == kElements[i].name)
      return static_cast<ElementType>(i);
  return std::nullopt;
}

int LayerGraph::kerasMajor() const {
  char first = kerasVersion.empty() ? '1' : kerasVersion[0];
  return std::clamp(first - '0', 1, 3);
}

bool LayerGraph::isKerasFrom(int major, int minor, int patch) const {
  int own[2] = {}; // "2.2.4-tf": 2 and 4
  size_t point = kerasVersion.find('.');
  for (int &number : own)
    if (point != std::string::npos) {
      number = std::atoi(kerasVersion.c_str() + point + 1);
      point = kerasVersion.find('.', point + 1);
    }
  return std::tuple(kerasMajor(), own[0], own[1]) >= std::tuple(major, minor, patch);
}

const NamedTensor *LayerGraph::inputOfFreeBatch() const {
  for (const NamedTensor &input : inputs) {
    const nlohmann::json &shape = at(layers[calls[input.tensor.call].layer].config, "batch_shape");
    if (shape.is_array() && !shape.empty() && shape[0].is_null())
      return &input;
  }
  return nullptr;
}

} // namespace layerc
