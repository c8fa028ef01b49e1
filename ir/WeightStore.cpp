// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weights by name, and their one file `weights.bin`.
// The file is a table of names, types and byte ranges, then the bytes at multiples of 64; it is mapped, never copied.
#include "ir/WeightStore.h"

#include "ir/Evaluate.h"

#include "mlir/AsmParser/AsmParser.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace layerc;

static std::string typeText(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

static uint64_t hashOf(RankedTensorType type, ArrayRef<char> bytes) {
  auto asBytes = [](ArrayRef<char> range) {
    return ArrayRef(reinterpret_cast<const uint8_t *>(range.data()), range.size());
  };
  std::string text = typeText(type);
  uint64_t parts[] = {llvm::xxh3_64bits(text), llvm::xxh3_64bits(asBytes(bytes))};
  return llvm::xxh3_64bits(asBytes(ArrayRef(reinterpret_cast<const char *>(parts), sizeof parts)));
}

void WeightStore::add(StringRef name, RankedTensorType type, ArrayRef<char> bytes) {
  Weight weight{type, bytes, hashOf(type, bytes)};
  assert(static_cast<int64_t>(bytes.size()) == type.getNumElements() * elementBytes(type.getElementType()) &&
         "a weight has as many bytes as its type");
  [[maybe_unused]] auto [entry, isNew] = weights_.try_emplace(name, weight);
  assert((isNew || entry->second.hash == weight.hash) && "a weight's name stands for one content");
}

void WeightStore::addOwned(StringRef name, RankedTensorType type, std::vector<char> bytes) {
  owned_.push_back(std::make_unique<std::vector<char>>(std::move(bytes)));
  add(name, type, *owned_.back());
}

const Weight *WeightStore::find(StringRef name) const {
  auto entry = weights_.find(name);
  return entry == weights_.end() ? nullptr : &entry->second;
}

const Weight &WeightStore::getOrMake(StringRef name, RankedTensorType type) {
  if (const Weight *weight = find(name))
    return *weight;
  TensorData data = randomTensor(type, llvm::xxh3_64bits(name));
  if (isa<FloatType>(type.getElementType()))
    for (int64_t i = 0; i < data.size(); ++i)
      data.set(i, {data.at(i).real / 2, 0});
  addOwned(name, type, std::move(data.bytes));
  return *find(name);
}

namespace {

constexpr StringRef kMagic = "layerc weights 1";
constexpr uint64_t kAlignment = 64;

void writeNumber(raw_ostream &out, uint64_t number) {
  char bytes[8];
  llvm::support::endian::write64le(bytes, number);
  out.write(bytes, 8);
}

void writeString(raw_ostream &out, StringRef text) {
  writeNumber(out, text.size());
  out << text;
}

/// Reads the table; every read is checked against the end of the file.
struct TableReader {
  StringRef rest;
  bool readNumber(uint64_t &number) {
    if (rest.size() < 8)
      return false;
    number = llvm::support::endian::read64le(rest.data());
    rest = rest.drop_front(8);
    return true;
  }
  bool readString(StringRef &text) {
    uint64_t size = 0;
    if (!readNumber(size) || rest.size() < size)
      return false;
    text = rest.take_front(size);
    rest = rest.drop_front(size);
    return true;
  }
};

} // namespace

bool WeightStore::save(StringRef path, std::string &error) const {
  std::vector<const llvm::StringMapEntry<Weight> *> entries;
  for (const auto &entry : weights_)
    entries.push_back(&entry);
  llvm::sort(entries, [](auto *a, auto *b) { return a->first() < b->first(); });
  uint64_t offset = kMagic.size() + 8;
  for (const auto *entry : entries)
    offset += 4 * 8 + entry->first().size() + typeText(entry->second.type).size();

  std::error_code code;
  llvm::raw_fd_ostream out(path, code);
  out << kMagic;
  writeNumber(out, entries.size());
  for (const auto *entry : entries) {
    offset = llvm::alignTo(offset, kAlignment);
    writeString(out, entry->first());
    writeString(out, typeText(entry->second.type));
    writeNumber(out, offset);
    writeNumber(out, entry->second.bytes.size());
    offset += entry->second.bytes.size();
  }
  for (const auto *entry : entries) {
    out.write_zeros(llvm::offsetToAlignment(out.tell(), llvm::Align(kAlignment)));
    out.write(entry->second.bytes.data(), entry->second.bytes.size());
  }
  out.close();
  code = code ? code : out.error();
  out.clear_error();
  error = code ? path.str() + ": " + code.message() : "";
  return !code;
}

bool WeightStore::load(StringRef path, MLIRContext &context, std::string &error) {
  auto opened = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!opened) {
    error = path.str() + ": " + opened.getError().message();
    return false;
  }
  std::shared_ptr<llvm::MemoryBuffer> buffer(std::move(*opened));
  StringRef file = buffer->getBuffer();
  error = path.str() + ": not a whole file of weights";
  TableReader table{file};
  uint64_t count = 0;
  if (!table.rest.consume_front(kMagic) || !table.readNumber(count))
    return false;
  for (uint64_t i = 0; i < count; ++i) {
    StringRef name, text;
    uint64_t offset = 0, size = 0;
    if (!table.readString(name) || !table.readString(text) || !table.readNumber(offset) || !table.readNumber(size) ||
        offset > file.size() || size > file.size() - offset)
      return false;
    auto type = dyn_cast_or_null<RankedTensorType>(parseType(text, &context));
    if (!type || !type.hasStaticShape() ||
        size != static_cast<uint64_t>(type.getNumElements() * elementBytes(type.getElementType())))
      return false;
    add(name, type, ArrayRef(file.data() + offset, size));
  }
  keepAlive(buffer);
  error.clear();
  return true;
}
