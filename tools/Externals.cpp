// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Externals.h.
#include "tools/Externals.h"

#ifdef LAYERC_HAS_ONEDNN
#include "runtime/src/onednn/onednn.h"
#endif

#include <dlfcn.h>

const layerc_external *layerc::findExternal(llvm::StringRef symbol,
                                            const std::map<std::string, std::string> &libraries) {
#ifdef LAYERC_HAS_ONEDNN
  if (symbol == "layerc_onednn")
    return &layerc_onednn;
#endif
  auto library = libraries.find(symbol.str());
  if (library == libraries.end())
    return nullptr;
  // A name without a slash would be searched for in the system's folders.
  const std::string &file = library->second;
  void *handle = dlopen((file.find('/') == std::string::npos ? "./" + file : file).c_str(), RTLD_NOW | RTLD_LOCAL);
  return handle ? static_cast<const layerc_external *>(dlsym(handle, symbol.str().c_str())) : nullptr;
}
