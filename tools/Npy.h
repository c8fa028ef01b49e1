// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NumPy's .npy format: one array with a header that is a Python dictionary.
#pragma once

#include "tools/Npz.h"

#include "absl/strings/string_view.h"

namespace layerc {

absl::StatusOr<NpzArray> parseNpy(absl::string_view bytes);
std::string formatNpy(const NpzArray &array);

} // namespace layerc
