// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The members of a .keras archive as bytes, checked before anything is read.
// Stored members are not copied: they are slices of the mapped file, so weights exist once in memory.
#pragma once

#include "frontend/Bytes.h"

#include <cstdint>
#include <map>

namespace layerc {

/// One entry of the central directory whose local header agrees with it.
struct ArchiveMember {
  uint64_t dataOffset = 0; ///< of the compressed bytes in the file
  uint64_t storedSize = 0; ///< as they lie in the file
  uint64_t size = 0;       ///< after inflation
  bool deflated = false;
};

class Archive {
public:
  /// Refuses what no writer of Keras makes: encrypted, spanned or overlapping members, methods other than stored and
  /// deflate, duplicate or foreign names, symbolic links, sizes out of proportion to the file.
  static absl::StatusOr<Archive> open(Bytes file);

  bool contains(const std::string &name) const { return members_.count(name) != 0; }
  /// The member's contents, CRC-32 verified, at most `limit` bytes.
  absl::StatusOr<Bytes> read(const std::string &name, uint64_t limit) const;

private:
  Bytes file_;
  std::map<std::string, ArchiveMember> members_;
};

} // namespace layerc
