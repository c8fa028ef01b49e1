// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The callbacks of the driver; libhdf5 wants exactly these seven for a file that is only read.
#include "frontend/Hdf5Memory.h"

#include <cstring>

namespace layerc {
namespace {

const Bytes *openedFile = nullptr; // libhdf5 passes only a name to open

struct MemoryFile {
  H5FD_t base; // must come first
  haddr_t endOfAllocation;
};

MemoryFile *cast(H5FD_t *file) { return reinterpret_cast<MemoryFile *>(file); }

H5FD_t *openFile(const char *, unsigned flags, hid_t, haddr_t) {
  if (flags & (H5F_ACC_RDWR | H5F_ACC_CREAT | H5F_ACC_TRUNC))
    return nullptr;
  auto *file = new MemoryFile{};
  return &file->base;
}

herr_t closeFile(H5FD_t *file) {
  delete cast(file);
  return 0;
}

haddr_t endOfAllocation(const H5FD_t *file, H5FD_mem_t) { return cast(const_cast<H5FD_t *>(file))->endOfAllocation; }

herr_t setEndOfAllocation(H5FD_t *file, H5FD_mem_t, haddr_t address) {
  cast(file)->endOfAllocation = address;
  return 0;
}

haddr_t endOfFile(const H5FD_t *, H5FD_mem_t) { return openedFile->size; }

herr_t readFile(H5FD_t *, H5FD_mem_t, hid_t, haddr_t address, size_t size, void *buffer) {
  if (address > openedFile->size || openedFile->size - address < size)
    return -1;
  std::memcpy(buffer, openedFile->data + address, size);
  return 0;
}

herr_t writeFile(H5FD_t *, H5FD_mem_t, hid_t, haddr_t, size_t, const void *) { return -1; }

H5FD_class_t driverClass() {
  H5FD_class_t driver{};
#ifdef H5FD_CLASS_VERSION // since libhdf5 1.14
  driver.version = H5FD_CLASS_VERSION;
  driver.value = static_cast<H5FD_class_value_t>(600); // first value free for drivers outside the library
#endif
  driver.name = "layerc_memory";
  driver.maxaddr = HADDR_MAX >> 1;
  driver.fc_degree = H5F_CLOSE_STRONG;
  driver.open = openFile;
  driver.close = closeFile;
  driver.get_eoa = endOfAllocation;
  driver.set_eoa = setEndOfAllocation;
  driver.get_eof = endOfFile;
  driver.read = readFile;
  driver.write = writeFile;
  const H5FD_mem_t map[] = H5FD_FLMAP_DICHOTOMY;
  std::memcpy(driver.fl_map, map, sizeof map);
  return driver;
}

} // namespace

hid_t openHdf5InMemory(const Bytes &file) {
  static const H5FD_class_t driver = driverClass();
  static const hid_t driverId = H5FDregister(&driver);
  openedFile = &file;
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  if (driverId < 0 || access < 0 || H5Pset_driver(access, driverId, nullptr) < 0)
    return -1;
  hid_t opened = H5Fopen("model", H5F_ACC_RDONLY, access);
  H5Pclose(access);
  return opened;
}

} // namespace layerc
