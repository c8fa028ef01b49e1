// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Externals.h.
#include "tools/Externals.h"

#ifdef LAYERC_HAS_ONEDNN
#include "runtime/src/onednn/onednn.h"
#endif

const layerc_external *layerc::findExternal(llvm::StringRef symbol) {
#ifdef LAYERC_HAS_ONEDNN
  if (symbol == "layerc_onednn")
    return &layerc_onednn;
#endif
  return nullptr;
}
