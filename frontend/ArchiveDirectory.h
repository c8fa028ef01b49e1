// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads a zip file's central directory and judges it.
// libzip inflates, but it does not tell where a member's bytes lie nor that two members share them; this does.
#pragma once

#include "frontend/Archive.h"

namespace layerc {

/// All members by name. An error is one clause without the file's name.
absl::StatusOr<std::map<std::string, ArchiveMember>> readArchiveDirectory(const Bytes &file);

} // namespace layerc
