// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NumPy's .npz files; see Npz.h. Members are found through the zip archive's central directory.
#include "tools/Npz.h"

#include "tools/Npy.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include <zlib.h>

#include <fstream>
#include <iterator>

using namespace layerc;

namespace {

/// Little-endian numbers of a byte string. Reading beyond its end gives 0 and is remembered.
class Reader {
public:
  Reader(absl::string_view bytes, uint64_t at) : bytes_(bytes), at_(at) {}
  uint64_t number(int bytes) {
    absl::string_view text = take(static_cast<uint64_t>(bytes));
    uint64_t value = 0;
    for (size_t i = text.size(); i-- > 0;)
      value = value << 8 | static_cast<unsigned char>(text[i]);
    return value;
  }
  absl::string_view take(uint64_t count) {
    ok_ = ok_ && at_ <= bytes_.size() && count <= bytes_.size() - at_;
    if (!ok_)
      return {};
    at_ += count;
    return bytes_.substr(at_ - count, count);
  }
  void skip(uint64_t count) { take(count); }
  bool ok() const { return ok_; }
  bool atEnd() const { return at_ >= bytes_.size(); }

private:
  absl::string_view bytes_;
  uint64_t at_;
  bool ok_ = true;
};

/// One entry of the central directory.
struct Member {
  std::string name;
  uint64_t method = 0, crc = 0, packed = 0, size = 0, header = 0;
};

} // namespace

static constexpr uint64_t kEndSignature = 0x06054b50, kEnd64Locator = 0x07064b50, kEnd64Signature = 0x06064b50;
static constexpr uint64_t kEntrySignature = 0x02014b50, kLocalSignature = 0x04034b50;
static constexpr uint64_t kLocatorBytes = 20;
static constexpr uint64_t kIn64 = 0xffffffff; ///< a 32-bit field whose value is in the zip64 extra field
/// Deflate cannot do better: more is a broken or hostile file.
static constexpr uint64_t kBestRatio = 1032;

static absl::Status broken() { return absl::InvalidArgumentError("not a complete .npz file"); }

/// Number of entries and offset of the central directory.
static absl::Status findDirectory(absl::string_view file, uint64_t &entries, uint64_t &offset) {
  size_t end = file.rfind(absl::string_view("PK\5\6", 4));
  if (end == absl::string_view::npos)
    return broken();
  Reader record(file, end + 10);
  entries = record.number(2);
  record.skip(4);
  offset = record.number(4);
  if (record.ok() && (offset == kIn64 || entries == 0xffff) && end >= kLocatorBytes) {
    Reader locator(file, end - kLocatorBytes);
    if (locator.number(4) != kEnd64Locator)
      return broken();
    locator.skip(4);
    record = Reader(file, locator.number(8));
    if (record.number(4) != kEnd64Signature)
      return broken();
    record.skip(28);
    entries = record.number(8);
    record.skip(8);
    offset = record.number(8);
  }
  return record.ok() ? absl::OkStatus() : broken();
}

/// Sizes and offset that do not fit 32 bits stand in the extra field 1, in this order, only those that overflow.
static void readZip64(absl::string_view extra, Member &member) {
  for (Reader reader(extra, 0); reader.ok() && !reader.atEnd();) {
    uint64_t id = reader.number(2), size = reader.number(2);
    absl::string_view body = reader.take(size);
    if (id != 1 || !reader.ok())
      continue;
    Reader numbers(body, 0);
    for (uint64_t *field : {&member.size, &member.packed, &member.header})
      *field = *field == kIn64 ? numbers.number(8) : *field;
  }
}

static absl::StatusOr<Member> readEntry(Reader &reader) {
  Member member;
  if (reader.number(4) != kEntrySignature)
    return broken();
  reader.skip(4);
  uint64_t flags = reader.number(2);
  member.method = reader.number(2);
  reader.skip(4);
  member.crc = reader.number(4);
  member.packed = reader.number(4);
  member.size = reader.number(4);
  uint64_t nameBytes = reader.number(2), extraBytes = reader.number(2), commentBytes = reader.number(2);
  reader.skip(8);
  member.header = reader.number(4);
  member.name = std::string(reader.take(nameBytes));
  readZip64(reader.take(extraBytes), member);
  reader.skip(commentBytes);
  if (!reader.ok() || (flags & 1))
    return broken();
  return member;
}

static absl::StatusOr<std::string> inflateMember(absl::string_view packed, uint64_t size) {
  if (size / kBestRatio > packed.size() + 1)
    return absl::InvalidArgumentError("declares more bytes than it can hold");
  std::string result(size, '\0');
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return absl::ResourceExhaustedError("no memory to decompress");
  // zlib counts in 32 bits, so compressed members end at 4 GB.
  bool fits = packed.size() < kIn64 && size < kIn64;
  stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef *>(result.data());
  stream.avail_out = static_cast<uInt>(size);
  bool done = fits && inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.total_out == size;
  inflateEnd(&stream);
  if (!done)
    return absl::InvalidArgumentError("does not decompress");
  return result;
}

static absl::StatusOr<NpzArray> readMember(absl::string_view file, const Member &member) {
  Reader reader(file, member.header);
  if (reader.number(4) != kLocalSignature)
    return broken();
  reader.skip(22);
  uint64_t nameBytes = reader.number(2), extraBytes = reader.number(2);
  reader.skip(nameBytes + extraBytes);
  absl::string_view packed = reader.take(member.packed);
  if (!reader.ok() || (member.method == 0 && member.size != member.packed))
    return broken();
  if (member.method != 0 && member.method != 8)
    return absl::InvalidArgumentError(absl::StrCat("compression method ", member.method, " is not supported"));
  std::string inflated;
  if (member.method == 8) {
    absl::StatusOr<std::string> result = inflateMember(packed, member.size);
    if (!result.ok())
      return result.status();
    inflated = *std::move(result);
  }
  absl::string_view bytes = member.method == 8 ? absl::string_view(inflated) : packed;
  if (crc32_z(0, reinterpret_cast<const Bytef *>(bytes.data()), bytes.size()) != member.crc)
    return absl::InvalidArgumentError("has a wrong checksum");
  return parseNpy(bytes);
}

static absl::StatusOr<std::vector<NpzArray>> readArchive(absl::string_view file) {
  uint64_t entries = 0, offset = 0;
  if (absl::Status status = findDirectory(file, entries, offset); !status.ok())
    return status;
  std::vector<NpzArray> arrays;
  Reader directory(file, offset);
  for (uint64_t i = 0; i < entries; ++i) {
    absl::StatusOr<Member> member = readEntry(directory);
    if (!member.ok())
      return member.status();
    if (!absl::EndsWith(member->name, ".npy"))
      return absl::InvalidArgumentError(absl::StrCat("member '", member->name, "' is not an .npy array"));
    absl::StatusOr<NpzArray> array = readMember(file, *member);
    if (!array.ok())
      return absl::InvalidArgumentError(absl::StrCat("array '", member->name, "' ", array.status().message()));
    array->name = member->name.substr(0, member->name.size() - 4);
    arrays.push_back(*std::move(array));
  }
  return arrays;
}

absl::StatusOr<std::vector<NpzArray>> layerc::readNpz(const std::string &path) {
  std::ifstream stream(path, std::ios::binary);
  std::string file((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  if (!stream.is_open() || stream.bad())
    return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  absl::StatusOr<std::vector<NpzArray>> arrays = readArchive(file);
  if (!arrays.ok())
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", arrays.status().message()));
  return arrays;
}

/// Little endian; bytes beyond the eighth are zeros.
static void append(std::string &out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i, value >>= 8)
    out += static_cast<char>(value & 0xff);
}

/// What local header and directory entry have in common: version, flags, method, date, checksum, sizes.
static void appendCommon(std::string &out, const Member &member) {
  append(out, 20, 2);            // version needed
  append(out, 0, 2);             // flags
  append(out, member.method, 2); // stored
  append(out, 0x00210000, 4);    // 1980-01-01, midnight
  append(out, member.crc, 4);
  append(out, member.packed, 4);
  append(out, member.size, 4);
  append(out, member.name.size(), 2);
  append(out, 0, 2); // extra
}

absl::Status layerc::writeNpz(const std::string &path, const std::vector<NpzArray> &arrays) {
  std::string file, directory;
  for (const NpzArray &array : arrays) {
    std::string npy = formatNpy(array);
    Member member{array.name + ".npy", 0,          crc32_z(0, reinterpret_cast<const Bytef *>(npy.data()), npy.size()),
                  npy.size(),          npy.size(), file.size()};
    append(file, kLocalSignature, 4);
    appendCommon(file, member);
    file += member.name + npy;
    append(directory, kEntrySignature, 4);
    append(directory, 20, 2); // version made by
    appendCommon(directory, member);
    append(directory, 0, 10); // comment, disk, attributes
    append(directory, member.header, 4);
    directory += member.name;
  }
  if (file.size() + directory.size() >= kIn64 || arrays.size() >= 0xffff)
    return absl::InvalidArgumentError(absl::StrCat(path, ": more than 4 GB of arrays"));
  uint64_t offset = file.size();
  file += directory;
  append(file, kEndSignature, 4);
  append(file, 0, 4);
  append(file, arrays.size(), 2);
  append(file, arrays.size(), 2);
  append(file, directory.size(), 4);
  append(file, offset, 4);
  append(file, 0, 2);
  std::ofstream stream(path, std::ios::binary);
  stream.write(file.data(), static_cast<std::streamsize>(file.size()));
  stream.close();
  return stream ? absl::OkStatus() : absl::PermissionDeniedError(absl::StrCat(path, ": cannot be written"));
}
