// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The part of nn-fuse that gives a product or a convolution the gates that are cut from its columns: an LSTM's four, a
// gated linear unit's two. They meet again with several results, so no op after the other could join.
#pragma once

#include "ir/Nn.h"

namespace layerc {

/// Makes every product and convolution of `block` whose columns are gates a kernel together with the elementwise ops
/// that combine them, where the conv template accepts that.
void fuseGates(mlir::Block &block);

} // namespace layerc
