// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the HDF5 child tells its parent: a flat list of groups and datasets as bytes.
// The child may have been taken over by the file it reads, so the parent decodes this as it would any untrusted input.
#pragma once

#include "frontend/Hdf5.h"

namespace layerc {

/// Limits on one HDF5 file, checked by the child while it walks and by the parent where it can.
struct Hdf5Limits {
  static constexpr int depth = 64;
  static constexpr size_t objects = 1000000;                  ///< groups and datasets together
  static constexpr size_t attributeBytes = size_t(256) << 20; ///< all attributes together
  static constexpr size_t decodedSlack = size_t(64)
                                         << 20; ///< compressed arrays may decode to 4 times the file and this
  static constexpr int rank = 16;
  static constexpr size_t memory = size_t(1) << 30; ///< the child's own, beyond what the parent had mapped
};

/// Where a dataset's bytes lie.
enum class Hdf5Place : uint8_t { InFile, Decoded };

struct Hdf5Dataset {
  std::string path;
  ElementType type = ElementType::Float32;
  std::vector<int64_t> shape;
  Hdf5Place place = Hdf5Place::InFile;
  uint64_t offset = 0, bytes = 0;
};

struct Hdf5Index {
  std::vector<std::pair<std::string, Hdf5Group>> groups;
  std::vector<Hdf5Dataset> datasets;
};

std::string encode(const Hdf5Index &index);

/// Decodes and checks everything that can be checked: lengths, element types, byte counts against shapes, and that
/// every dataset lies inside the file or the decoded bytes.
absl::StatusOr<std::shared_ptr<Hdf5File>> decodeHdf5Index(std::string_view encoded, const Bytes &file,
                                                          const Bytes &decoded);

/// Elements of `shape`, or nullopt when a size is negative or the product with `elementBytes` leaves 62 bits.
std::optional<uint64_t> byteCount(const std::vector<int64_t> &shape, size_t elementBytes);

} // namespace layerc
