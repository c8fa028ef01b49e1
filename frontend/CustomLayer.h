// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What `--custom` says of layers that the user's own code computes (runtime/include/layerc/external.h).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace layerc {

struct CustomLayer {
  std::string symbol;         ///< of a constant layerc_external
  std::vector<int64_t> shape; ///< of the result without the batch; empty: that of the first input
  int64_t scratch = 0;        ///< bytes that a run needs
};

/// By the layer's path or, where that is not there, by its class.
using CustomLayers = std::map<std::string, CustomLayer>;

} // namespace layerc
