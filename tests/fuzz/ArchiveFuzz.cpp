// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Any bytes as a .keras archive: every member that opens must also read without a fault.
#include "frontend/Archive.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  absl::StatusOr<layerc::Archive> archive =
      layerc::Archive::open(layerc::Bytes{reinterpret_cast<const std::byte *>(data), size, nullptr});
  if (archive.ok())
    for (const char *name : {"metadata.json", "config.json", "model.weights.h5"})
      archive->read(name, 16 << 20).IgnoreError();
  return 0;
}
