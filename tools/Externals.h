// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The code that this program has for external steps.
#pragma once

#include "runtime/include/layerc/external.h"

#include "llvm/ADT/StringRef.h"

#include <map>
#include <string>

namespace layerc {

/// The functions behind `symbol`, or null: oneDNN's where it is linked, else those of the shared library that
/// `libraries` names for it, which is loaded for good.
const layerc_external *findExternal(llvm::StringRef symbol, const std::map<std::string, std::string> &libraries);

} // namespace layerc
