// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Walks an HDF5 file with libhdf5 and reports every group and dataset.
// Each object is judged before its contents are touched: how it is linked, stored, filtered and typed.
#include "frontend/Hdf5Child.h"

#include "frontend/Hdf5Memory.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <set>
#include <unistd.h>

namespace layerc {
namespace {

/// An identifier of libhdf5 that closes itself.
class Handle {
public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Handle() {
    if (id_ >= 0)
      close_(id_);
  }
  Handle(const Handle &) = delete;
  operator hid_t() const { return id_; }

private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

/// How a dataset's elements are stored and under which type libhdf5 shall read them.
struct StoredType {
  ElementType type = ElementType::Float32;
  hid_t memory = -1;    ///< little-endian type in memory
  bool isPlain = false; ///< the stored bytes are already those of `type`
};

struct Link {
  std::string name;
  H5L_type_t type;
};

absl::Status bad(const std::string &what) { return absl::InvalidArgumentError(what); }

/// Half precision, which libhdf5 1.10 has no predefined type for: sign bit 15, 5 bits of exponent at 10, 10 of
/// mantissa.
hid_t makeFloat16(H5T_order_t order) {
  hid_t type = H5Tcopy(H5T_IEEE_F32LE);
  H5Tset_fields(type, 15, 10, 5, 0, 10);
  H5Tset_size(type, 2);
  H5Tset_ebias(type, 15);
  H5Tset_order(type, order);
  return type;
}

/// Truth values as h5py writes them: an enumeration over int8 with FALSE = 0 and TRUE = 1.
bool isBool(hid_t type) {
  Handle base(H5Tget_super(type), H5Tclose);
  if (base < 0 || H5Tget_size(type) != 1 || H5Tget_class(base) != H5T_INTEGER || H5Tget_nmembers(type) != 2)
    return false;
  signed char first = -1, second = -1;
  H5Tget_member_value(type, 0, &first);
  H5Tget_member_value(type, 1, &second);
  return first == 0 && second == 1;
}

class Walker {
public:
  Walker(const Bytes &file, int decoded) : file_(file), decoded_(decoded) {
    struct Row {
      ElementType type;
      hid_t little, big;
    };
    for (Row row :
         {Row{ElementType::Float16, makeFloat16(H5T_ORDER_LE), makeFloat16(H5T_ORDER_BE)},
          Row{ElementType::Float32, H5T_IEEE_F32LE, H5T_IEEE_F32BE},
          Row{ElementType::Float64, H5T_IEEE_F64LE, H5T_IEEE_F64BE}, Row{ElementType::Int8, H5T_STD_I8LE, H5T_STD_I8BE},
          Row{ElementType::Int16, H5T_STD_I16LE, H5T_STD_I16BE}, Row{ElementType::Int32, H5T_STD_I32LE, H5T_STD_I32BE},
          Row{ElementType::Int64, H5T_STD_I64LE, H5T_STD_I64BE}, Row{ElementType::UInt8, H5T_STD_U8LE, H5T_STD_U8BE},
          Row{ElementType::UInt16, H5T_STD_U16LE, H5T_STD_U16BE},
          Row{ElementType::UInt32, H5T_STD_U32LE, H5T_STD_U32BE},
          Row{ElementType::UInt64, H5T_STD_U64LE, H5T_STD_U64BE}}) {
      known_.push_back({row.little, {row.type, row.little, true}});
      known_.push_back({row.big, {row.type, row.little, elementSize(row.type) == 1}});
    }
  }

  absl::Status walkGroup(hid_t group, const std::string &path, int depth);
  Hdf5Index index;

private:
  absl::Status walkLink(hid_t group, const std::string &path, const Link &link, int depth);
  absl::Status readAttributes(hid_t object, const std::string &path, Hdf5Group &group);
  absl::StatusOr<std::vector<std::string>> readStrings(hid_t object, const std::string &path, const std::string &name);
  absl::Status readDataset(hid_t dataset, const std::string &path);
  absl::Status checkStorage(hid_t properties, const std::string &path);
  absl::StatusOr<StoredType> classify(hid_t dataset, hid_t type, const std::string &path);
  absl::Status decode(hid_t dataset, hid_t properties, const StoredType &stored, Hdf5Dataset &entry);
  absl::Status append(const std::byte *data, size_t size);

  const Bytes &file_;
  int decoded_;
  uint64_t decodedBytes_ = 0;
  size_t attributeBytes_ = 0, objects_ = 0;
  std::set<haddr_t> visited_;
  std::vector<std::pair<hid_t, StoredType>> known_;
};

extern "C" herr_t collectLink(hid_t, const char *name, const H5L_info_t *info, void *links) {
  auto *list = static_cast<std::vector<Link> *>(links);
  list->push_back({name, info->type});
  return list->size() > Hdf5Limits::objects ? -1 : 0;
}

/// State of training, which no inference needs: not walked at all.
bool isTrainingState(const std::string &path) {
  static const std::set<std::string> names{"optimizer", "optimizer_weights", "_compile_metrics", "metrics", "_metrics"};
  return names.count(path) != 0;
}

absl::Status Walker::walkGroup(hid_t group, const std::string &path, int depth) {
  H5O_info_t info;
  if (group < 0 || H5Oget_info(group, &info) < 0)
    return bad(absl::StrCat("group ", quote(path), " is damaged"));
  if (!visited_.insert(info.addr).second)
    return bad(absl::StrCat("group ", quote(path), " is reached twice"));
  if (depth > Hdf5Limits::depth)
    return bad(absl::StrCat("groups are nested more than ", Hdf5Limits::depth, " deep"));
  index.groups.emplace_back(path, Hdf5Group{});
  if (absl::Status status = readAttributes(group, path, index.groups.back().second); !status.ok())
    return status;
  std::vector<Link> links;
  if (H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, collectLink, &links) < 0)
    return bad(absl::StrCat("group ", quote(path), " is damaged"));
  for (const Link &link : links)
    if (absl::Status status = walkLink(group, path.empty() ? link.name : path + "/" + link.name, link, depth);
        !status.ok())
      return status;
  return absl::OkStatus();
}

absl::Status Walker::walkLink(hid_t group, const std::string &path, const Link &link, int depth) {
  if (isTrainingState(path))
    return absl::OkStatus();
  if (++objects_ > Hdf5Limits::objects)
    return bad(absl::StrCat("more than ", Hdf5Limits::objects, " groups and arrays"));
  if (link.type == H5L_TYPE_SOFT)
    return bad(absl::StrCat(quote(path), " is a soft link, which is refused"));
  if (link.type == H5L_TYPE_EXTERNAL)
    return bad(absl::StrCat(quote(path), " is a link to another file, which is refused"));
  if (link.type != H5L_TYPE_HARD)
    return bad(absl::StrCat(quote(path), " is a user-defined link, which is refused"));
  Handle object(H5Oopen(group, link.name.c_str(), H5P_DEFAULT), H5Oclose);
  H5I_type_t type = object < 0 ? H5I_BADID : H5Iget_type(object);
  if (type == H5I_GROUP)
    return walkGroup(object, path, depth + 1);
  if (type == H5I_DATASET)
    return readDataset(object, path);
  return bad(absl::StrCat(quote(path), object < 0 ? " is damaged" : " is neither a group nor an array"));
}

absl::Status Walker::readAttributes(hid_t object, const std::string &path, Hdf5Group &group) {
  auto readIfPresent = [&](const std::string &name) -> absl::StatusOr<bool> {
    if (H5Aexists(object, name.c_str()) <= 0)
      return false;
    absl::StatusOr<std::vector<std::string>> strings = readStrings(object, path, name);
    if (!strings.ok())
      return strings.status();
    group.attributes[name] = *std::move(strings);
    return true;
  };
  for (const char *name : {"model_config", "keras_version", "backend", "layer_names", "weight_names"})
    if (absl::StatusOr<bool> read = readIfPresent(name); !read.ok())
      return read.status();
  for (const char *name : {"layer_names", "weight_names"})
    for (size_t chunk = 0;; ++chunk) {
      absl::StatusOr<bool> read = readIfPresent(absl::StrCat(name, chunk));
      if (!read.ok())
        return read.status();
      if (!*read)
        break;
    }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> Walker::readStrings(hid_t object, const std::string &path,
                                                             const std::string &name) {
  absl::Status damaged = bad(absl::StrCat("attribute ", name, " of ", quote(path), " is not text or is damaged"));
  Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose);
  Handle type(H5Aget_type(attribute), H5Tclose), space(H5Aget_space(attribute), H5Sclose);
  hssize_t count = H5Sget_simple_extent_npoints(space);
  std::vector<std::string> strings;
  if (count == 0) // numpy writes an empty list as an array of float64
    return strings;
  if (attribute < 0 || count < 0 || H5Tget_class(type) != H5T_STRING)
    return damaged;
  bool isVariable = H5Tis_variable_str(type) > 0;
  size_t each = isVariable ? sizeof(char *) : H5Tget_size(type), total;
  if (__builtin_mul_overflow(each, static_cast<size_t>(count), &total) ||
      (attributeBytes_ += total) > Hdf5Limits::attributeBytes)
    return bad("attributes take too much memory");
  std::vector<char> buffer(total);
  if (H5Aread(attribute, type, buffer.data()) < 0)
    return damaged;
  for (hssize_t i = 0; i < count; ++i) {
    const char *text = buffer.data() + static_cast<size_t>(i) * each;
    if (isVariable)
      text = *reinterpret_cast<char *const *>(text);
    strings.emplace_back(text ? std::string(text, isVariable ? strlen(text) : strnlen(text, each)) : std::string());
    if (isVariable && (attributeBytes_ += strings.back().size()) > Hdf5Limits::attributeBytes)
      return bad("attributes take too much memory");
  }
  if (isVariable)
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, buffer.data());
  return strings;
}

absl::Status Walker::checkStorage(hid_t properties, const std::string &path) {
  if (H5Pget_layout(properties) == H5D_VIRTUAL)
    return bad(absl::StrCat("array ", quote(path), " is a virtual dataset, which is refused"));
  if (H5Pget_external_count(properties) != 0)
    return bad(absl::StrCat("array ", quote(path), " is stored in another file, which is refused"));
  int filters = H5Pget_nfilters(properties);
  for (int i = 0; i < filters; ++i) {
    unsigned flags = 0, config = 0;
    size_t values = 0;
    H5Z_filter_t filter =
        H5Pget_filter2(properties, static_cast<unsigned>(i), &flags, &values, nullptr, 0, nullptr, &config);
    if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE && filter != H5Z_FILTER_FLETCHER32)
      return bad(absl::StrCat("array ", quote(path), " uses filter ", filter,
                              "; only deflate, shuffle and fletcher32 are read"));
  }
  return absl::OkStatus();
}

absl::StatusOr<StoredType> Walker::classify(hid_t dataset, hid_t type, const std::string &path) {
  for (const auto &[stored, description] : known_)
    if (H5Tequal(type, stored) > 0)
      return description;
  // Bytes other than 0 and 1 become 1 on the way, so truth values are never taken as they lie.
  if (H5Tget_class(type) == H5T_ENUM && isBool(type))
    return StoredType{ElementType::Bool, type, false};
  if (H5Tget_class(type) == H5T_OPAQUE && H5Tget_size(type) == 2 && H5Aexists(dataset, "dtype") > 0) {
    absl::StatusOr<std::vector<std::string>> name = readStrings(dataset, path, "dtype");
    if (name.ok() && *name == std::vector<std::string>{"bfloat16"})
      return StoredType{ElementType::BFloat16, type, true};
  }
  return bad(absl::StrCat("array ", quote(path), " has an element type that is not read"));
}

absl::Status Walker::readDataset(hid_t dataset, const std::string &path) {
  Handle type(H5Dget_type(dataset), H5Tclose), space(H5Dget_space(dataset), H5Sclose),
      properties(H5Dget_create_plist(dataset), H5Pclose);
  int rank = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
  if (type < 0 || properties < 0 || rank < 0 || H5Sget_simple_extent_type(space) == H5S_NULL)
    return bad(absl::StrCat("array ", quote(path), " is damaged"));
  if (rank > Hdf5Limits::rank)
    return bad(absl::StrCat("array ", quote(path), " has ", rank, " dimensions, more than ", Hdf5Limits::rank));
  if (absl::Status status = checkStorage(properties, path); !status.ok())
    return status;
  absl::StatusOr<StoredType> stored = classify(dataset, type, path);
  if (!stored.ok())
    return stored.status();
  std::vector<hsize_t> sizes(static_cast<size_t>(rank));
  H5Sget_simple_extent_dims(space, sizes.data(), nullptr);
  Hdf5Dataset entry{path, stored->type, {sizes.begin(), sizes.end()}};
  std::optional<uint64_t> bytes = byteCount(entry.shape, elementSize(entry.type));
  if (!bytes)
    return bad(absl::StrCat("array ", quote(path), " has a shape too large to exist"));
  entry.bytes = *bytes;
  bool inPlace = stored->isPlain && H5Pget_layout(properties) == H5D_CONTIGUOUS;
  haddr_t offset = inPlace ? H5Dget_offset(dataset) : HADDR_UNDEF;
  if (offset != HADDR_UNDEF)
    entry.offset = offset;
  else if (entry.bytes != 0)
    if (absl::Status status = decode(dataset, properties, *stored, entry); !status.ok())
      return status;
  index.datasets.push_back(std::move(entry));
  return absl::OkStatus();
}

/// Reads in slabs of whole chunks along the first axis, some 16 MiB each, so that memory does not grow with the array.
absl::Status Walker::decode(hid_t dataset, hid_t properties, const StoredType &stored, Hdf5Dataset &entry) {
  entry.place = Hdf5Place::Decoded;
  entry.offset = decodedBytes_;
  decodedBytes_ += entry.bytes;
  if (entry.bytes > 4 * file_.size + Hdf5Limits::decodedSlack ||
      decodedBytes_ > 4 * file_.size + Hdf5Limits::decodedSlack)
    return bad(
        absl::StrCat("array ", quote(entry.path), " claims ", entry.bytes, " bytes, out of proportion to the file"));
  size_t rank = entry.shape.size();
  std::vector<hsize_t> count(entry.shape.begin(), entry.shape.end()), start(rank, 0), chunk(rank, 1);
  if (H5Pget_layout(properties) == H5D_CHUNKED)
    H5Pget_chunk(properties, static_cast<int>(rank), chunk.data());
  hsize_t rows = rank ? count[0] : 1, rowBytes = entry.bytes / rows;
  hsize_t chunkRows = rank ? std::clamp<hsize_t>(chunk[0], 1, rows) : 1;
  hsize_t step = chunkRows * std::max<hsize_t>(1, (hsize_t(16) << 20) / (rowBytes * chunkRows));
  Handle space(H5Dget_space(dataset), H5Sclose);
  std::vector<std::byte> buffer;
  for (hsize_t row = 0; row < rows; row += step) {
    hsize_t here = std::min(step, rows - row);
    buffer.resize(here * rowBytes);
    if (rank) {
      start[0] = row;
      count[0] = here;
      H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr);
    }
    Handle memory(rank ? H5Screate_simple(static_cast<int>(rank), count.data(), nullptr) : H5Screate(H5S_SCALAR),
                  H5Sclose);
    if (H5Dread(dataset, stored.memory, memory, space, H5P_DEFAULT, buffer.data()) < 0)
      return bad(absl::StrCat("array ", quote(entry.path), " is damaged"));
    if (stored.type == ElementType::Bool)
      for (std::byte &value : buffer)
        value = std::byte(value != std::byte(0));
    if (absl::Status status = append(buffer.data(), buffer.size()); !status.ok())
      return status;
  }
  return absl::OkStatus();
}

absl::Status Walker::append(const std::byte *data, size_t size) {
  while (size != 0) {
    ssize_t written = write(decoded_, data, size);
    if (written <= 0)
      return absl::ResourceExhaustedError("no memory for the arrays");
    data += written;
    size -= static_cast<size_t>(written);
  }
  return absl::OkStatus();
}

} // namespace

absl::StatusOr<Hdf5Index> walkHdf5(const Bytes &file, int decoded) {
  H5Eset_auto(H5E_DEFAULT, nullptr, nullptr); // diagnostics are ours
  Handle opened(openHdf5InMemory(file), H5Fclose);
  if (opened < 0)
    return bad("the HDF5 file is truncated or damaged");
  Walker walker(file, decoded);
  Handle root(H5Gopen(opened, "/", H5P_DEFAULT), H5Gclose);
  if (absl::Status status = walker.walkGroup(root, "", 0); !status.ok())
    return status;
  return std::move(walker.index);
}

} // namespace layerc
