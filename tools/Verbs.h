// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The verbs of layerc, one file each.
#pragma once

#include "tools/Options.h"

namespace layerc {

Exit compileVerb(const Options &options);
Exit runVerb(const Options &options);
Exit checkVerb(const Options &options);
Exit benchVerb(const Options &options);
Exit summaryVerb(const Options &options);
Exit layersVerb(const Options &options);

} // namespace layerc
