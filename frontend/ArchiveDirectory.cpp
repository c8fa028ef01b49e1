// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The zip central directory (PKWARE APPNOTE 6.3.9, sections 4.3 and 4.4, zip64 included) with bounds on every read.
// Names of fields are the note's.
#include "frontend/ArchiveDirectory.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

namespace layerc {
namespace {

constexpr uint32_t kLocalHeader = 0x04034b50, kCentralHeader = 0x02014b50, kEnd = 0x06054b50, kEnd64 = 0x06064b50,
                   kEnd64Locator = 0x07064b50;
constexpr uint64_t kMaxMembers = 10000;
constexpr uint16_t kEncrypted = 1 << 0, kHasDescriptor = 1 << 3, kStrongEncryption = 1 << 6;

absl::Status bad(const std::string &what) { return absl::InvalidArgumentError(what); }

/// Little-endian reads that never leave the file; `ok` turns false instead.
struct Reader {
  const Bytes &file;
  uint64_t at;
  bool ok = true;

  template <typename T> T read() {
    T value = 0;
    if (at > file.size || file.size - at < sizeof(T))
      ok = false;
    else
      std::memcpy(&value, file.data + at, sizeof(T));
    at += sizeof(T);
    return value;
  }
  std::string_view text(uint64_t length) {
    if (at > file.size || file.size - at < length) {
      ok = false;
      return {};
    }
    std::string_view result = file.text().substr(at, length);
    at += length;
    return result;
  }
};

struct Directory {
  uint64_t offset = 0, size = 0, count = 0, endOffset = 0;
};

/// The end record is the last thing in the file but for its comment of at most 65,535 bytes.
std::optional<uint64_t> findEnd(const Bytes &file) {
  constexpr uint64_t kEndSize = 22;
  if (file.size < kEndSize)
    return std::nullopt;
  uint64_t lowest = file.size - std::min<uint64_t>(file.size, kEndSize + 65535);
  for (uint64_t at = file.size - kEndSize + 1; at-- > lowest;) {
    uint32_t signature;
    uint16_t comment;
    std::memcpy(&signature, file.data + at, 4);
    std::memcpy(&comment, file.data + at + 20, 2);
    if (signature == kEnd && at + kEndSize + comment == file.size)
      return at;
  }
  return std::nullopt;
}

absl::Status readEnd64(const Bytes &file, Directory &directory) {
  if (directory.endOffset < 20)
    return bad("the zip archive is damaged: zip64 locator missing");
  Reader locator{file, directory.endOffset - 20};
  if (locator.read<uint32_t>() != kEnd64Locator)
    return bad("the zip archive is damaged: zip64 locator missing");
  locator.read<uint32_t>();
  uint64_t end64 = locator.read<uint64_t>();
  Reader end{file, end64};
  if (end.read<uint32_t>() != kEnd64 || !end.ok)
    return bad("the zip archive is damaged: zip64 end record missing");
  end.at += 8 + 2 + 2; // size of the record, versions
  uint32_t disk = end.read<uint32_t>(), startDisk = end.read<uint32_t>();
  uint64_t countHere = end.read<uint64_t>();
  directory.count = end.read<uint64_t>();
  directory.size = end.read<uint64_t>();
  directory.offset = end.read<uint64_t>();
  if (!end.ok || disk != 0 || startDisk != 0 || countHere != directory.count)
    return bad("the zip archive spans several disks");
  directory.endOffset = end64;
  return absl::OkStatus();
}

absl::StatusOr<Directory> readEnd(const Bytes &file) {
  std::optional<uint64_t> at = findEnd(file);
  if (!at)
    return bad("the zip archive is truncated or damaged: no end of central directory");
  Reader end{file, *at + 4};
  Directory directory;
  directory.endOffset = *at;
  uint16_t disk = end.read<uint16_t>(), startDisk = end.read<uint16_t>(), countHere = end.read<uint16_t>();
  directory.count = end.read<uint16_t>();
  directory.size = end.read<uint32_t>();
  directory.offset = end.read<uint32_t>();
  if (directory.count == 0xffff || directory.size == 0xffffffff || directory.offset == 0xffffffff) {
    if (absl::Status status = readEnd64(file, directory); !status.ok())
      return status;
  } else if (disk != 0 || startDisk != 0 || countHere != directory.count) {
    return bad("the zip archive spans several disks");
  }
  if (directory.count > kMaxMembers)
    return bad(absl::StrCat("the zip archive has ", directory.count, " members, more than ", kMaxMembers));
  if (directory.offset > directory.endOffset || directory.endOffset - directory.offset != directory.size)
    return bad("the zip archive is damaged: its central directory is not where the end record says");
  return directory;
}

/// Names Keras writes. Assets are listed but never opened.
bool isKerasName(std::string_view name) {
  return name == "metadata.json" || name == "config.json" || name == "model.weights.h5" ||
         name == "model.weights.npz" || name.starts_with("assets/");
}

absl::Status checkName(std::string_view name) {
  if (name.find('\0') != name.npos || name.find('\\') != name.npos || name.find(':') != name.npos ||
      name.starts_with("/") || ("/" + std::string(name) + "/").find("/../") != std::string::npos)
    return bad(absl::StrCat("the zip archive has a member with the unsafe name ", quote(name)));
  if (!isKerasName(name))
    return bad(absl::StrCat("the zip archive has a member ", quote(name), " that no Keras model has"));
  return absl::OkStatus();
}

struct CentralEntry {
  std::string name;
  uint16_t flags = 0, method = 0;
  uint32_t crc = 0;
  uint64_t storedSize = 0, size = 0, localOffset = 0;
};

/// The zip64 extra field replaces, in this order, those of the fields that are all ones.
bool readZip64Extra(Reader extra, uint64_t end, std::initializer_list<uint64_t *> fields) {
  while (extra.at + 4 <= end) {
    uint16_t id = extra.read<uint16_t>(), length = extra.read<uint16_t>();
    if (id != 1) {
      extra.at += length;
      continue;
    }
    uint64_t fieldEnd = extra.at + length;
    for (uint64_t *field : fields)
      if (*field == 0xffffffff)
        *field = extra.read<uint64_t>();
    return extra.ok && extra.at <= fieldEnd && fieldEnd <= end;
  }
  return std::none_of(fields.begin(), fields.end(), [](uint64_t *field) { return *field == 0xffffffff; });
}

absl::StatusOr<CentralEntry> readCentral(Reader &reader) {
  if (reader.read<uint32_t>() != kCentralHeader || !reader.ok)
    return bad("the zip archive is damaged: bad central directory entry");
  CentralEntry entry;
  uint16_t madeBy = reader.read<uint16_t>();
  reader.at += 2; // version needed
  entry.flags = reader.read<uint16_t>();
  entry.method = reader.read<uint16_t>();
  reader.at += 4; // time, date
  entry.crc = reader.read<uint32_t>();
  entry.storedSize = reader.read<uint32_t>();
  entry.size = reader.read<uint32_t>();
  uint16_t nameLength = reader.read<uint16_t>(), extraLength = reader.read<uint16_t>(),
           commentLength = reader.read<uint16_t>(), disk = reader.read<uint16_t>();
  reader.at += 2; // internal attributes
  uint32_t attributes = reader.read<uint32_t>();
  entry.localOffset = reader.read<uint32_t>();
  entry.name = std::string(reader.text(nameLength));
  bool sizesFit = readZip64Extra(reader, reader.at + extraLength, {&entry.size, &entry.storedSize, &entry.localOffset});
  reader.at += uint64_t(extraLength) + commentLength;
  if (!reader.ok || reader.at > reader.file.size || !sizesFit)
    return bad("the zip archive is damaged: bad central directory entry");
  if (absl::Status status = checkName(entry.name); !status.ok())
    return status;
  if (disk != 0)
    return bad("the zip archive spans several disks");
  if ((madeBy >> 8) == 3 && (attributes >> 16 & 0170000) == 0120000)
    return bad(absl::StrCat("zip member ", quote(entry.name), " is a symbolic link"));
  if (entry.flags & (kEncrypted | kStrongEncryption))
    return bad(absl::StrCat("zip member ", quote(entry.name), " is encrypted"));
  if (entry.method != 0 && entry.method != 8)
    return bad(absl::StrCat("zip member ", quote(entry.name), " uses compression method ", entry.method,
                            "; only stored and deflate are read"));
  return entry;
}

/// Checks the local header against the central entry and finds the data behind it.
absl::StatusOr<ArchiveMember> readLocal(const Bytes &file, const Directory &directory, const CentralEntry &entry) {
  absl::Status mismatch =
      bad(absl::StrCat("the zip archive is damaged: headers of member ", quote(entry.name), " disagree"));
  Reader local{file, entry.localOffset};
  if (local.read<uint32_t>() != kLocalHeader || !local.ok)
    return mismatch;
  local.at += 2;
  uint16_t flags = local.read<uint16_t>(), method = local.read<uint16_t>();
  local.at += 4;
  uint32_t crc = local.read<uint32_t>();
  uint64_t storedSize = local.read<uint32_t>(), size = local.read<uint32_t>();
  uint16_t nameLength = local.read<uint16_t>(), extraLength = local.read<uint16_t>();
  std::string_view name = local.text(nameLength);
  if (!local.ok || name != entry.name || method != entry.method || flags != entry.flags)
    return mismatch;
  bool sizesFit = readZip64Extra(local, local.at + extraLength, {&size, &storedSize});
  // With a data descriptor the local header may leave size and CRC zero; the central directory has them.
  bool deferred = (flags & kHasDescriptor) && crc == 0 && storedSize == 0;
  if (!sizesFit || (!deferred && (crc != entry.crc || storedSize != entry.storedSize || size != entry.size)))
    return mismatch;
  ArchiveMember member{local.at + extraLength, entry.storedSize, entry.size, entry.method == 8};
  if (member.dataOffset > directory.offset || directory.offset - member.dataOffset < member.storedSize ||
      (!member.deflated && member.size != member.storedSize))
    return mismatch;
  return member;
}

} // namespace

absl::StatusOr<std::map<std::string, ArchiveMember>> readArchiveDirectory(const Bytes &file) {
  absl::StatusOr<Directory> directory = readEnd(file);
  if (!directory.ok())
    return directory.status();
  std::map<std::string, ArchiveMember> members;
  std::vector<std::pair<uint64_t, uint64_t>> ranges;
  uint64_t inflated = 0;
  Reader reader{file, directory->offset};
  for (uint64_t i = 0; i < directory->count; ++i) {
    absl::StatusOr<CentralEntry> entry = readCentral(reader);
    if (!entry.ok())
      return entry.status();
    absl::StatusOr<ArchiveMember> member = readLocal(file, *directory, *entry);
    if (!member.ok())
      return member.status();
    if (member->deflated && (member->size > UINT64_MAX / 2 || (inflated += member->size) > 4 * file.size + (64u << 20)))
      return bad("the zip archive inflates to more than four times its size and 64 MiB");
    ranges.emplace_back(entry->localOffset, member->dataOffset + member->storedSize);
    if (!members.emplace(entry->name, *member).second)
      return bad(absl::StrCat("the zip archive has two members named ", quote(entry->name)));
  }
  if (reader.at != directory->offset + directory->size)
    return bad("the zip archive is damaged: its central directory has another length than the end record says");
  std::sort(ranges.begin(), ranges.end());
  for (size_t i = 1; i < ranges.size(); ++i)
    if (ranges[i].first < ranges[i - 1].second)
      return bad("the zip archive has overlapping members");
  return members;
}

} // namespace layerc
