// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NumPy's .npz files: named arrays in and out. A zip archive of .npy members, stored or deflated.
#pragma once

#include "frontend/LayerGraph.h"

#include "absl/status/statusor.h"

namespace layerc {

/// One array of an .npz file: dense, row-major, little endian, bool as one byte.
struct NpzArray {
  std::string name; ///< without ".npy"
  ElementType type = ElementType::Float32;
  std::vector<int64_t> shape;
  std::vector<char> bytes;
};

/// All arrays in the order of the file. Arrays in Fortran order and big-endian numbers are converted; two bytes of
/// unknown type (`V2`, which NumPy writes for ml_dtypes' bfloat16) are bfloat16. Errors name the file and the member.
absl::StatusOr<std::vector<NpzArray>> readNpz(const std::string &path);

/// Writes an .npz file that numpy.load reads, without compression and with a fixed date: the same arrays give the same
/// bytes. At most 4 GB in all.
absl::Status writeNpz(const std::string &path, const std::vector<NpzArray> &arrays);

} // namespace layerc
