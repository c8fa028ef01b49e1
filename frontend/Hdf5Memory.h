// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A read-only libhdf5 file driver over bytes in memory.
// The library's own core driver copies the image, which a file with half a gigabyte of weights cannot afford.
#pragma once

#include "frontend/Bytes.h"

#include <hdf5.h>

namespace layerc {

/// Opens the HDF5 file that `file` holds; negative when libhdf5 refuses it. One file at a time: the driver keeps a
/// pointer to `file`.
hid_t openHdf5InMemory(const Bytes &file);

} // namespace layerc
