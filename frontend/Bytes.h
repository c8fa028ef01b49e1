// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Read-only bytes with whatever keeps them alive: a mapped file, an inflated member, a memory file.
// Passing the owner along is what lets weights stay in the mapping they came in.
#pragma once

#include <absl/status/statusor.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace layerc {

struct Bytes {
  const std::byte *data = nullptr;
  size_t size = 0;
  std::shared_ptr<const void> owner;

  std::string_view text() const { return {reinterpret_cast<const char *>(data), size}; }
  /// `offset + length <= size` must hold.
  Bytes slice(size_t offset, size_t length) const { return {data + offset, length, owner}; }
};

/// Maps a regular file read-only. A directory, a device, an empty or unreadable file is an error without the file's
/// name.
absl::StatusOr<Bytes> mapFile(const std::string &path);

/// Maps `size` bytes of an open descriptor read-only; the descriptor may be closed afterwards.
absl::StatusOr<Bytes> mapDescriptor(int descriptor, size_t size);

/// Text from a model file made fit for one line of a terminal: control and non-ASCII bytes as \xNN, cut at 80
/// characters.
std::string printable(std::string_view untrusted);

/// The same between single quotes.
std::string quote(std::string_view untrusted);

} // namespace layerc
