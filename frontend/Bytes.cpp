// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Maps files read-only and makes their text printable.
#include "frontend/Bytes.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace layerc {

absl::StatusOr<Bytes> mapDescriptor(int descriptor, size_t size) {
  if (size == 0)
    return Bytes{};
  void *address = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (address == MAP_FAILED)
    return absl::ResourceExhaustedError(absl::StrCat("cannot map the file: ", std::strerror(errno)));
  std::shared_ptr<const void> owner(address, [size](const void *p) { munmap(const_cast<void *>(p), size); });
  return Bytes{static_cast<const std::byte *>(address), size, std::move(owner)};
}

static absl::StatusOr<Bytes> mapOpened(int descriptor) {
  struct stat status;
  if (fstat(descriptor, &status) != 0)
    return absl::InvalidArgumentError(absl::StrCat("cannot read the file: ", std::strerror(errno)));
  if (S_ISDIR(status.st_mode))
    return absl::InvalidArgumentError("this is a directory, not a model file");
  if (!S_ISREG(status.st_mode))
    return absl::InvalidArgumentError("this is not a regular file");
  if (status.st_size == 0)
    return absl::InvalidArgumentError("the file is empty");
  return mapDescriptor(descriptor, static_cast<size_t>(status.st_size));
}

absl::StatusOr<Bytes> mapFile(const std::string &path) {
  // O_NONBLOCK: a FIFO must be refused, not waited for.
  int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    return absl::NotFoundError(absl::StrCat("cannot open the file: ", std::strerror(errno)));
  absl::StatusOr<Bytes> bytes = mapOpened(descriptor);
  close(descriptor);
  return bytes;
}

std::string printable(std::string_view untrusted) {
  std::string text;
  for (unsigned char c : untrusted) {
    if (text.size() > 80)
      return text + "...";
    if (c < 0x20 || c >= 0x7f || c == '\\' || c == '\'')
      absl::StrAppendFormat(&text, "\\x%02x", c);
    else
      text += static_cast<char>(c);
  }
  return text;
}

std::string quote(std::string_view untrusted) { return "'" + printable(untrusted) + "'"; }

} // namespace layerc
