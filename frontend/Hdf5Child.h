// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The only code that calls libhdf5. It runs in the child process that Hdf5.cpp forks.
#pragma once

#include "frontend/Hdf5Index.h"

namespace layerc {

/// Walks the file and appends to the descriptor `decoded` the arrays that are not plain little-endian bytes of the
/// file. Refuses links other than hard ones, external and virtual storage, filters other than deflate, shuffle and
/// fletcher32.
absl::StatusOr<Hdf5Index> walkHdf5(const Bytes &file, int decoded);

} // namespace layerc
