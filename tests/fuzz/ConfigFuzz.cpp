// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Any text as a model's configuration, through both dialects, to the printed graph.
#include "frontend/Expand.h"
#include "frontend/Json.h"
#include "frontend/LayerObject.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  using namespace layerc;
  absl::StatusOr<nlohmann::json> config = parseJson({reinterpret_cast<const char *>(data), size}, "the text");
  if (!config.ok())
    return 0;
  for (const char *version : {"1.2.2", "2.15.0", "3.15.1"}) {
    LayerGraph graph;
    graph.kerasVersion = version;
    absl::StatusOr<LayerObjectPtr> root = parseLayerObjects(*config, graph.kerasMajor());
    if (!root.ok() || !expand(**root, graph).ok())
      continue;
    for (const Call &call : graph.calls)
      for (const TensorRef &input : call.inputs)
        if (input.call < 0 || &graph.calls[static_cast<size_t>(input.call)] >= &call)
          std::abort(); // not in topological order
    print(graph);
  }
  return 0;
}
