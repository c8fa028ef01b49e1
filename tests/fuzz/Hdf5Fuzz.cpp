// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Any bytes as an HDF5 file. libhdf5 may die in its child; this process must get arrays it can read, or an error.
#include "frontend/Hdf5.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  using namespace layerc;
  absl::StatusOr<std::shared_ptr<Hdf5File>> file =
      readHdf5(Bytes{reinterpret_cast<const std::byte *>(data), size, nullptr});
  unsigned sum = 0;
  if (file.ok())
    for (const auto &[path, array] : (*file)->arrays)
      for (size_t i = 0; i < array.bytes; ++i)
        sum += static_cast<unsigned>(array.data[i]);
  volatile unsigned keep = sum;
  (void)keep;
  return 0;
}
