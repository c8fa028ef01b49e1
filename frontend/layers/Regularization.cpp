// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Layers that do nothing at inference: dropout, noise, random augmentation.
#include "frontend/Importers.h"

using namespace mlir;
using namespace layerc;

Results layerc::importIdentity(LayerImport &l) {
  l.ignoreOtherWeights(); // some versions store the state of the random generator
  return {l.input()};
}

Results layerc::importAugmentation(LayerImport &l) { return importIdentity(l); }
