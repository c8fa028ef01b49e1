// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Any bytes as the index that the HDF5 child writes: what decodes must lie inside the file.
#include "frontend/Hdf5Index.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  using namespace layerc;
  static const std::byte contents[64] = {};
  Bytes file{contents, sizeof contents, nullptr};
  absl::StatusOr<std::shared_ptr<Hdf5File>> decoded =
      decodeHdf5Index({reinterpret_cast<const char *>(data), size}, file, file);
  if (decoded.ok())
    for (const auto &[path, array] : (*decoded)->arrays)
      if (array.data < contents || array.data + array.bytes > contents + sizeof contents)
        std::abort();
  return 0;
}
