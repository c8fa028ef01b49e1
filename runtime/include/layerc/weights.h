// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The weights of a model: read-only bytes that any number of models share, wherever they live.
// A blob is a WeightsHeader followed by the data. Generated code derives a class with the model's own signature.
//
// Example, with the generated class of a model `digits`:
//   auto in_program = digits::Weights::linked();                    // in place
//   auto copy = digits::Weights::in_huge_pages();                   // in 2 MB pages: faster when large
//   auto mapped = digits::Weights::map_file("digits.weights");      // such as another training of the same model
//   if (mapped.status() != layerc::Status::ok) return mapped.status();
//   digits::Model model(mapped);
#ifndef LAYERC_WEIGHTS_H
#define LAYERC_WEIGHTS_H

#include "checksum.h"
#include "memory.h"
#include "status.h"

#include <cstdio>
#include <utility>

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace layerc {
inline namespace v1 {

/// The first 64 bytes of a weight blob, little endian. The data follow.
struct WeightsHeader {
  char magic[8];            ///< weights_magic
  std::uint32_t version;    ///< weights_version
  std::uint32_t reserved;   ///< 0
  std::uint64_t signature;  ///< of the plan: which tensors lie where, in which layout
  std::uint64_t bytes;      ///< size of the data
  std::uint64_t checksum;   ///< Checksum of the data
  std::uint64_t padding[3]; ///< 0
};
static_assert(sizeof(WeightsHeader) == 64, "the data keep the alignment of the blob");

inline constexpr char weights_magic[8] = {'l', 'a', 'y', 'e', 'r', 'c', 'W', '\n'};
inline constexpr std::uint32_t weights_version = 1;

/// The header of a blob with these data. The compiler writes blobs with it.
inline WeightsHeader make_weights_header(std::uint64_t signature, std::uint64_t bytes,
                                         std::uint64_t checksum) noexcept {
  WeightsHeader header = {};
  std::memcpy(header.magic, weights_magic, sizeof(weights_magic));
  header.version = weights_version;
  header.signature = signature;
  header.bytes = bytes;
  header.checksum = checksum;
  return header;
}

/// Which weights a model takes.
struct WeightsFormat {
  std::uint64_t signature; ///< that of the header
  std::uint64_t bytes;     ///< size of the data
};

/// A weight blob in memory. Movable, not copyable; it must outlive the models that use it.
class Weights {
public:
  /// Weights that were never given: status weights_missing.
  Weights() noexcept = default;
  Weights(Weights &&other) noexcept { swap(other); }
  Weights &operator=(Weights &&other) noexcept {
    swap(other);
    return *this;
  }
  ~Weights() { release(); }

  /// A blob that is part of the program: header compared, data trusted, nothing copied.
  static Weights linked(const void *blob, WeightsFormat format) noexcept {
    Weights weights;
    weights.blob_ = static_cast<const unsigned char *>(blob);
    weights.status_ = weights.check_header(sizeof(WeightsHeader) + format.bytes, format);
    return weights;
  }

  /// A blob of `size` bytes in the caller's memory, at a multiple of 64, used in place. The checksum is compared, which
  /// reads all of it once.
  static Weights from_memory(const void *blob, std::size_t size, WeightsFormat format) noexcept {
    Weights weights;
    weights.blob_ = static_cast<const unsigned char *>(blob);
    weights.size_ = size;
    weights.status_ = weights.check(size, format);
    return weights;
  }

  /// A blob in a file, mapped read-only (where there is no mmap: read into memory) and checked.
  static Weights map_file(const char *path, WeightsFormat format) noexcept {
    Weights weights;
    weights.status_ = path == nullptr ? Status::bad_argument : weights.open(path);
    if (weights.status_ == Status::ok)
      weights.status_ = weights.check(weights.size_, format);
    return weights;
  }

  /// A copy of `other` in 2 MB pages; `other` may go away afterwards. A bad status of `other` is passed on.
  static Weights copy_to_huge_pages(const Weights &other) noexcept {
    Weights weights;
    weights.status_ = other.status_;
    if (other.status_ != Status::ok)
      return weights;
    const std::size_t size = sizeof(WeightsHeader) + other.size();
    void *memory = allocate_memory(size);
    if (memory == nullptr) {
      weights.status_ = Status::out_of_memory;
      return weights;
    }
    std::memcpy(memory, other.blob_, size);
    weights.blob_ = static_cast<const unsigned char *>(memory);
    weights.size_ = size;
    weights.owner_ = Owner::allocation;
    return weights;
  }

  /// Whether the weights can be used.
  Status status() const noexcept { return status_; }

  /// The data, after the header. Valid only while status() is ok.
  const unsigned char *data() const noexcept { return blob_ == nullptr ? nullptr : blob_ + sizeof(WeightsHeader); }

  /// Size of the data in bytes. Requires an ok status.
  std::size_t size() const noexcept { return static_cast<std::size_t>(header().bytes); }

  /// The checksum in the header: tells two trainings of one model apart. Requires an ok status.
  std::uint64_t checksum() const noexcept { return header().checksum; }

  /// Touches every page, so that a model that uses the weights faults no more. Requires an ok status.
  void warm() const noexcept { touch_for_reading(data(), size()); }

private:
  enum class Owner { nobody, allocation, mapping };

  WeightsHeader header() const noexcept {
    WeightsHeader header;
    std::memcpy(&header, blob_, sizeof(header));
    return header;
  }

  Status check_header(std::uint64_t available, WeightsFormat format) const noexcept {
    if (blob_ == nullptr)
      return Status::weights_missing;
    if (!is_aligned(blob_))
      return Status::weights_misaligned;
    if (available < sizeof(WeightsHeader))
      return Status::weights_truncated;
    const WeightsHeader found = header();
    if (std::memcmp(found.magic, weights_magic, sizeof(weights_magic)) != 0)
      return Status::weights_not_weights;
    if (found.version != weights_version)
      return Status::weights_version;
    if (found.signature != format.signature || found.bytes != format.bytes)
      return Status::weights_of_another;
    return available - sizeof(WeightsHeader) < format.bytes ? Status::weights_truncated : Status::ok;
  }

  Status check(std::uint64_t available, WeightsFormat format) const noexcept {
    const Status status = check_header(available, format);
    if (status != Status::ok)
      return status;
    return Checksum().add(data(), size()).result() == header().checksum ? Status::ok : Status::weights_corrupt;
  }

#if defined(__unix__) || defined(__APPLE__)
  Status open(const char *path) noexcept {
    const int file = ::open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
      return Status::weights_not_found;
    struct stat information;
    if (fstat(file, &information) == 0 && information.st_size > 0) {
      size_ = static_cast<std::size_t>(information.st_size);
      void *mapping = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
      if (mapping != MAP_FAILED) {
        blob_ = static_cast<const unsigned char *>(mapping);
        owner_ = Owner::mapping;
      }
    }
    close(file);
    return blob_ == nullptr ? Status::weights_unreadable : Status::ok;
  }
  void unmap() noexcept { munmap(const_cast<unsigned char *>(blob_), size_); }
#else
  Status open(const char *path) noexcept {
    std::FILE *file = std::fopen(path, "rb");
    if (file == nullptr)
      return Status::weights_not_found;
    const Status status = read(file);
    std::fclose(file);
    return status;
  }
  Status read(std::FILE *file) noexcept {
    if (std::fseek(file, 0, SEEK_END) != 0)
      return Status::weights_unreadable;
    const long length = std::ftell(file);
    if (length <= 0 || std::fseek(file, 0, SEEK_SET) != 0)
      return Status::weights_unreadable;
    void *memory = allocate_memory(static_cast<std::size_t>(length));
    if (memory == nullptr)
      return Status::out_of_memory;
    blob_ = static_cast<const unsigned char *>(memory);
    size_ = static_cast<std::size_t>(length);
    owner_ = Owner::allocation;
    return std::fread(memory, 1, size_, file) == size_ ? Status::ok : Status::weights_unreadable;
  }
  void unmap() noexcept {}
#endif

  void release() noexcept {
    if (owner_ == Owner::allocation)
      free_memory(const_cast<unsigned char *>(blob_));
    else if (owner_ == Owner::mapping)
      unmap();
  }

  void swap(Weights &other) noexcept {
    std::swap(blob_, other.blob_);
    std::swap(size_, other.size_);
    std::swap(owner_, other.owner_);
    std::swap(status_, other.status_);
  }

  const unsigned char *blob_ = nullptr;
  std::size_t size_ = 0; ///< of the mapping or allocation
  Owner owner_ = Owner::nobody;
  Status status_ = Status::weights_missing;
};

} // namespace v1
} // namespace layerc

#endif // LAYERC_WEIGHTS_H
