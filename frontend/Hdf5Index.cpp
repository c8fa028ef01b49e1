// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The index that crosses from the HDF5 child to its parent: numbers are 8 bytes little endian, strings carry their
// length.
#include "frontend/Hdf5Index.h"

#include <absl/strings/str_cat.h>

#include <cstring>

namespace layerc {
namespace {

struct Writer {
  std::string out;
  void number(uint64_t value) { out.append(reinterpret_cast<const char *>(&value), sizeof value); }
  void text(std::string_view value) {
    number(value.size());
    out.append(value);
  }
};

struct Reader {
  std::string_view in;
  bool ok = true;

  uint64_t number() {
    uint64_t value = 0;
    if (in.size() < sizeof value) {
      ok = false;
      return 0;
    }
    std::memcpy(&value, in.data(), sizeof value);
    in.remove_prefix(sizeof value);
    return value;
  }
  /// A count of items that take at least `bytesEach`, so a lie cannot make the caller reserve memory.
  uint64_t count(uint64_t bytesEach) {
    uint64_t value = number();
    if (value > in.size() / bytesEach)
      ok = false;
    return ok ? value : 0;
  }
  std::string text() {
    uint64_t length = count(1);
    std::string value(in.substr(0, length));
    in.remove_prefix(length);
    return value;
  }
};

void write(Writer &writer, const std::string &path, const Hdf5Group &group) {
  writer.text(path);
  writer.number(group.attributes.size());
  for (const auto &[name, strings] : group.attributes) {
    writer.text(name);
    writer.number(strings.size());
    for (const std::string &string : strings)
      writer.text(string);
  }
}

Hdf5Group readGroup(Reader &reader) {
  Hdf5Group group;
  for (uint64_t n = reader.count(16); n > 0 && reader.ok; --n) {
    std::vector<std::string> &strings = group.attributes[reader.text()];
    for (uint64_t k = reader.count(8); k > 0 && reader.ok; --k)
      strings.push_back(reader.text());
  }
  return group;
}

void write(Writer &writer, const Hdf5Dataset &dataset) {
  writer.text(dataset.path);
  writer.number(static_cast<uint64_t>(dataset.type));
  writer.number(dataset.shape.size());
  for (int64_t size : dataset.shape)
    writer.number(static_cast<uint64_t>(size));
  writer.number(static_cast<uint64_t>(dataset.place));
  writer.number(dataset.offset);
  writer.number(dataset.bytes);
}

/// Reads one dataset and points it into its place; false when anything is inconsistent.
bool readArray(Reader &reader, const Bytes &file, const Bytes &decoded, Array &array) {
  array.path = array.source = reader.text();
  uint64_t type = reader.number();
  for (uint64_t n = reader.count(8); n > 0; --n)
    array.shape.push_back(static_cast<int64_t>(reader.number()));
  uint64_t place = reader.number(), offset = reader.number(), bytes = reader.number();
  if (!reader.ok || type > static_cast<uint64_t>(ElementType::Bool) || place > 1)
    return false;
  array.type = static_cast<ElementType>(type);
  array.bytes = bytes;
  const Bytes &whole = place == static_cast<uint64_t>(Hdf5Place::InFile) ? file : decoded;
  if (byteCount(array.shape, elementSize(array.type)) != bytes || offset > whole.size || whole.size - offset < bytes)
    return false;
  array.data = whole.data + offset;
  return true;
}

} // namespace

std::optional<uint64_t> byteCount(const std::vector<int64_t> &shape, size_t elementBytes) {
  uint64_t count = elementBytes;
  bool empty = false;
  for (int64_t size : shape) {
    if (size < 0)
      return std::nullopt;
    empty |= size == 0;
    if (size != 0 && __builtin_mul_overflow(count, static_cast<uint64_t>(size), &count))
      return std::nullopt;
  }
  if (count >> 62)
    return std::nullopt;
  return empty ? 0 : count;
}

std::string encode(const Hdf5Index &index) {
  Writer writer;
  writer.number(index.groups.size());
  for (const auto &[path, group] : index.groups)
    write(writer, path, group);
  writer.number(index.datasets.size());
  for (const Hdf5Dataset &dataset : index.datasets)
    write(writer, dataset);
  return std::move(writer.out);
}

absl::StatusOr<std::shared_ptr<Hdf5File>> decodeHdf5Index(std::string_view encoded, const Bytes &file,
                                                          const Bytes &decoded) {
  auto result = std::make_shared<Hdf5File>();
  result->mappings = {file, decoded};
  Reader reader{encoded};
  bool consistent = true;
  for (uint64_t n = reader.count(16); n > 0 && reader.ok; --n) {
    std::string path = reader.text();
    result->groups[path] = readGroup(reader);
  }
  for (uint64_t n = reader.count(40); n > 0 && reader.ok && consistent; --n) {
    Array array;
    consistent = readArray(reader, file, decoded, array);
    result->arrays[array.path] = std::move(array);
  }
  if (!reader.ok || !consistent || !reader.in.empty())
    return absl::InvalidArgumentError("the HDF5 file is damaged: an array does not lie where its header says");
  return result;
}

} // namespace layerc
