// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Declares every importer that a row of Layers.def names.
#pragma once

#include "frontend/LayerImport.h"

namespace layerc {

#define LAYER(Class, importer, subset) Results importer(LayerImport &l);
#define CUSTOM(Class, importer, subset) Results importer(LayerImport &l);
#include "frontend/Layers.def"

} // namespace layerc
