// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Element types by Keras' names and the version of a graph.
#include "frontend/LayerGraph.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

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

bool LayerGraph::isKerasFrom(int major, int minor) const {
  size_t point = kerasVersion.find('.');
  int own = point == std::string::npos ? 0 : std::atoi(kerasVersion.c_str() + point + 1);
  return std::pair(kerasMajor(), own) >= std::pair(major, minor);
}

} // namespace layerc
