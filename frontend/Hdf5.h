// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An HDF5 file as groups with their text attributes and arrays that point into the mapped file.
// libhdf5 runs in a child process with limits; what crosses back is a flat index that the parent checks again.
#pragma once

#include "frontend/Bytes.h"
#include "frontend/LayerGraph.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace layerc {

/// The attributes of one group that layerc reads: model_config, keras_version, backend, layer_names, weight_names
/// (split ones as layer_names0, layer_names1, ...). A list attribute has any number of strings, a scalar one has one.
struct Hdf5Group {
  std::map<std::string, std::vector<std::string>> attributes;
};

/// Everything read from one file. Paths have no leading slash; the root is "".
class Hdf5File : public FileArrays {
public:
  std::map<std::string, Hdf5Group> groups;
  std::map<std::string, Array> arrays; ///< `Array::path` and `Array::source` are the dataset's path
  std::vector<Bytes> mappings;         ///< what the arrays point into

  /// The one string of an attribute of `group`, or nullopt.
  std::optional<std::string> text(const std::string &group, const std::string &attribute) const;
  /// A list that may be split into chunks `name0`, `name1`, ...; nullopt when the group has neither.
  std::optional<std::vector<std::string>> list(const std::string &group, const std::string &attribute) const;
  /// Arrays "0", "1", ... of a `vars` group in numeric order; names that are not numbers follow in order of name.
  std::vector<Array> numbered(const std::string &group) const;
};

/// True when an HDF5 signature stands where the format allows one (0, 512, 1024, ...).
bool looksLikeHdf5(const Bytes &file);

/// Seconds that reading `file` may take: ten, and one for each 8 MiB.
int hdf5Seconds(const Bytes &file);

/// Reads the file under the limits of `Hdf5Limits`, in at most `seconds` of wall clock and of processor time. An error
/// is one clause without the file's name.
absl::StatusOr<std::shared_ptr<Hdf5File>> readHdf5(const Bytes &file, int seconds);
inline absl::StatusOr<std::shared_ptr<Hdf5File>> readHdf5(const Bytes &file) {
  return readHdf5(file, hdf5Seconds(file));
}

} // namespace layerc
