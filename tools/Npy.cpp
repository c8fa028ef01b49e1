// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NumPy's .npy format; see Npy.h. Layout: magic, version, length of the header, header text, data.
#include "tools/Npy.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include <algorithm>
#include <cstring>

using namespace layerc;

static constexpr absl::string_view kMagic("\x93NUMPY", 6);
/// The header's end is aligned to this many bytes.
static constexpr size_t kAlignment = 64;

/// Kind letter and size of each element type in a dtype string such as "<f4".
static const struct Code {
  ElementType type;
  absl::string_view code;
} kCodes[] = {
    {ElementType::Float16, "f2"},  {ElementType::Float32, "f4"}, {ElementType::Float64, "f8"},
    {ElementType::Int8, "i1"},     {ElementType::Int16, "i2"},   {ElementType::Int32, "i4"},
    {ElementType::Int64, "i8"},    {ElementType::UInt8, "u1"},   {ElementType::UInt16, "u2"},
    {ElementType::UInt32, "u4"},   {ElementType::UInt64, "u8"},  {ElementType::Bool, "b1"},
    {ElementType::BFloat16, "V2"},
};

/// The text after `'key':` up to where the value ends, without spaces; empty where the key is missing.
static absl::string_view field(absl::string_view header, absl::string_view key, char end) {
  size_t at = header.find(absl::StrCat("'", key, "':"));
  if (at == absl::string_view::npos)
    return {};
  header.remove_prefix(at + key.size() + 3);
  return absl::StripAsciiWhitespace(header.substr(0, header.find(end)));
}

/// "(2, 3," -> {2, 3}.
static bool parseShape(absl::string_view text, std::vector<int64_t> &shape) {
  if (!absl::ConsumePrefix(&text, "("))
    return false;
  for (absl::string_view part : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    int64_t size = 0;
    if (!absl::SimpleAtoi(part, &size) || size < 0)
      return false;
    shape.push_back(size);
  }
  return true;
}

static absl::StatusOr<ElementType> parseType(absl::string_view descr, bool &bigEndian) {
  absl::string_view text = descr;
  if (!absl::ConsumePrefix(&text, "'") || !absl::ConsumeSuffix(&text, "'") || text.size() < 3)
    return absl::InvalidArgumentError(absl::StrCat("element type ", descr, " is not supported"));
  bigEndian = text[0] == '>';
  for (const Code &code : kCodes)
    if (text.substr(1) == code.code)
      return code.type;
  return absl::InvalidArgumentError(absl::StrCat("element type ", descr, " is not supported"));
}

/// Rearranges elements of Fortran order (first index fastest) to row-major.
static std::vector<char> toRowMajor(const std::vector<char> &bytes, const std::vector<int64_t> &shape, size_t size) {
  std::vector<char> result(bytes.size());
  std::vector<int64_t> index(shape.size(), 0);
  for (size_t to = 0; to < bytes.size(); to += size) {
    int64_t from = 0;
    for (size_t d = shape.size(); d-- > 0;)
      from = from * shape[d] + index[d];
    std::memcpy(&result[to], &bytes[static_cast<size_t>(from) * size], size);
    for (size_t d = shape.size(); d-- > 0 && ++index[d] == shape[d];)
      index[d] = 0;
  }
  return result;
}

absl::StatusOr<NpzArray> layerc::parseNpy(absl::string_view bytes) {
  absl::string_view rest = bytes;
  if (!absl::ConsumePrefix(&rest, kMagic) || rest.size() < 6)
    return absl::InvalidArgumentError("not in .npy format");
  auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<unsigned char>(rest[i])); };
  size_t version = byte(0), length = byte(2) | byte(3) << 8, fixed = 4;
  if (version >= 2) {
    length |= byte(4) << 16 | byte(5) << 24;
    fixed = 6;
  }
  if (version > 3 || rest.size() - fixed < length)
    return absl::InvalidArgumentError("has a broken .npy header");
  absl::string_view header = rest.substr(fixed, length), data = rest.substr(fixed + length);
  NpzArray array;
  bool bigEndian = false;
  absl::StatusOr<ElementType> type = parseType(field(header, "descr", ','), bigEndian);
  if (!type.ok())
    return type.status();
  array.type = *type;
  if (!parseShape(field(header, "shape", ')'), array.shape))
    return absl::InvalidArgumentError("has a broken .npy header");
  size_t size = elementSize(array.type), expected = size;
  for (int64_t dimension : array.shape)
    if (__builtin_mul_overflow(expected, static_cast<size_t>(dimension), &expected))
      return absl::InvalidArgumentError("has a shape that is too large");
  if (expected != data.size())
    return absl::InvalidArgumentError(absl::StrCat("holds ", data.size(), " bytes; its shape [",
                                                   absl::StrJoin(array.shape, ", "), "] needs ", expected));
  array.bytes.assign(data.begin(), data.end());
  if (bigEndian)
    for (size_t i = 0; i < array.bytes.size(); i += size)
      std::reverse(array.bytes.begin() + static_cast<std::ptrdiff_t>(i),
                   array.bytes.begin() + static_cast<std::ptrdiff_t>(i + size));
  if (field(header, "fortran_order", ',') == "True")
    array.bytes = toRowMajor(array.bytes, array.shape, size);
  return array;
}

std::string layerc::formatNpy(const NpzArray &array) {
  absl::string_view code;
  for (const Code &row : kCodes)
    code = row.type == array.type ? row.code : code;
  std::string shape = absl::StrJoin(array.shape, ", ") + (array.shape.size() == 1 ? "," : "");
  std::string header = absl::StrCat("{'descr': '", elementSize(array.type) == 1 ? "|" : "<", code,
                                    "', 'fortran_order': False, 'shape': (", shape, "), }");
  size_t used = kMagic.size() + 4 + header.size() + 1;
  header.append((kAlignment - used % kAlignment) % kAlignment, ' ');
  header += '\n';
  std::string npy(kMagic);
  npy += {'\x01', '\x00', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  npy += header;
  npy.append(array.bytes.data(), array.bytes.size());
  return npy;
}
