// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Members through libzip, which inflates and checks CRC-32; where they lie and whether to trust them is
// ArchiveDirectory's.
#include "frontend/Archive.h"

#include "frontend/ArchiveDirectory.h"

#include <absl/strings/str_cat.h>
#include <zip.h>

#include <cstring>
#include <vector>

namespace layerc {

absl::StatusOr<Archive> Archive::open(Bytes file) {
  absl::StatusOr<std::map<std::string, ArchiveMember>> members = readArchiveDirectory(file);
  if (!members.ok())
    return members.status();
  Archive archive;
  archive.file_ = std::move(file);
  archive.members_ = *std::move(members);
  return archive;
}

namespace {

struct CloseMember {
  void operator()(zip_file_t *member) const { zip_fclose(member); }
};
struct DiscardArchive {
  void operator()(zip_t *archive) const { zip_discard(archive); }
};
using OpenArchive = std::unique_ptr<zip_t, DiscardArchive>;

OpenArchive openWithLibzip(const Bytes &file) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t *source = zip_source_buffer_create(file.data, file.size, 0, &error);
  zip_t *archive = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : nullptr;
  if (source && !archive)
    zip_source_free(source);
  zip_error_fini(&error);
  return OpenArchive(archive);
}

/// Reads the whole member in pieces and hands each to `take(offset, piece, length)`. libzip compares the CRC at the
/// end.
template <typename Take> bool readThrough(zip_file_t *member, uint64_t size, Take take) {
  std::vector<std::byte> piece(1 << 20);
  uint64_t done = 0;
  while (true) {
    zip_int64_t got = zip_fread(member, piece.data(), piece.size());
    if (got < 0 || static_cast<uint64_t>(got) > size - done)
      return false;
    if (got == 0)
      return done == size;
    if (!take(done, piece.data(), static_cast<size_t>(got)))
      return false;
    done += static_cast<uint64_t>(got);
  }
}

} // namespace

absl::StatusOr<Bytes> Archive::read(const std::string &name, uint64_t limit) const {
  auto found = members_.find(name);
  if (found == members_.end())
    return absl::NotFoundError(absl::StrCat("the archive has no member '", name, "'"));
  const ArchiveMember &member = found->second;
  if (member.size > limit)
    return absl::InvalidArgumentError(
        absl::StrCat("zip member '", name, "' has ", member.size, " bytes, more than ", limit));
  absl::Status damaged = absl::InvalidArgumentError(absl::StrCat("zip member '", name, "' is damaged"));
  OpenArchive archive = openWithLibzip(file_);
  std::unique_ptr<zip_file_t, CloseMember> opened(archive ? zip_fopen(archive.get(), name.c_str(), 0) : nullptr);
  if (!opened)
    return damaged;
  if (!member.deflated) {
    Bytes slice = file_.slice(member.dataOffset, member.storedSize);
    bool same = readThrough(opened.get(), member.size, [&](uint64_t offset, const std::byte *piece, size_t length) {
      return std::memcmp(slice.data + offset, piece, length) == 0;
    });
    return same ? absl::StatusOr<Bytes>(slice) : damaged;
  }
  auto inflated = std::make_shared<std::vector<std::byte>>();
  inflated->reserve(member.size); // bounded by the directory check
  bool whole = readThrough(opened.get(), member.size, [&](uint64_t, const std::byte *piece, size_t length) {
    inflated->insert(inflated->end(), piece, piece + length);
    return true;
  });
  if (!whole)
    return damaged;
  return Bytes{inflated->data(), inflated->size(), inflated};
}

} // namespace layerc
