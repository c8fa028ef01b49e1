// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The code that this program has for external steps.
#pragma once

#include "runtime/include/layerc/external.h"

#include "llvm/ADT/StringRef.h"

namespace layerc {

/// The functions behind `symbol`, or null: oneDNN's where it is linked.
const layerc_external *findExternal(llvm::StringRef symbol);

} // namespace layerc
