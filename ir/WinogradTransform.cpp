// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The matrices of F(2 x 2, 3 x 3) and F(4 x 4, 3 x 3).
#include "ir/WinogradTransform.h"

#include "llvm/ADT/StringSwitch.h"

using namespace layerc;

static constexpr double kForward2[4][3] = {{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}};
static constexpr double kBackward2[3][6] = {{1, 0, 0, 0}, {0, 1, -1, 0}, {0, 0, 0, 1}};
static constexpr double kForward4[6][3] = {{.25, 0, 0},
                                           {-1 / 6., -1 / 6., -1 / 6.},
                                           {-1 / 6., 1 / 6., -1 / 6.},
                                           {1 / 24., 1 / 12., 1 / 6.},
                                           {1 / 24., -1 / 12., 1 / 6.},
                                           {0, 0, 1}};
static constexpr double kBackward4[3][6] = {{4, 0, 0, 0, 0, 0}, {0, -3, 3, 0, 0, 0}, {0, 0, 0, 0, 0, 1}};

static constexpr WinogradTransform kTransforms[] = {{2, kForward2, kBackward2}, {4, kForward4, kBackward4}};

const WinogradTransform &WinogradTransform::of(int64_t outputs) {
  assert((outputs == 2 || outputs == 4) && "tiles have 2 or 4 outputs a side");
  return kTransforms[outputs == 4];
}

const WinogradTransform *WinogradTransform::of(nn::LayoutAttr layout) {
  return llvm::StringSwitch<const WinogradTransform *>(layout.getKind())
      .Case("winograd2", &kTransforms[0])
      .Case("winograd4", &kTransforms[1])
      .Default(nullptr);
}
