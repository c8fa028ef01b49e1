// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the Winograd template's description and its emission agree on.
#pragma once

#include "ir/WinogradTransform.h"
#include "ir/kernels/Conv.h"

namespace layerc {

/// The tile attribute of the winograd template: the result falls into tiles of outputs x outputs pixels, tiles into
/// chunks that are multiplied together. A unit is one chunk times one block of panels, chunks outermost.
struct WinogradTile {
  int64_t outputs = 4;     ///< a tile's side: 2 or 4
  int64_t rows = 1;        ///< register tile: tiles
  int64_t vectors = 1;     ///< register tile: vector registers per row; a panel is vectors * lanes columns wide
  int64_t chunk = 1;       ///< most tiles of a chunk
  int64_t panelBlocks = 1; ///< blocks of panels
  static WinogradTile of(llvm::ArrayRef<int64_t> tile) { return {tile[0], tile[1], tile[2], tile[3], tile[4]}; }
  llvm::SmallVector<int64_t> numbers() const { return {outputs, rows, vectors, chunk, panelBlocks}; }
};

/// Sizes that follow from a geometry and a tile.
struct WinogradSizes {
  WinogradSizes(const ConvGeometry &g, const WinogradTile &tile, int64_t lanes);
  int64_t points;         ///< numbers of a transformed tile: (outputs + 2) squared
  int64_t tilesY, tilesX; ///< of one image
  int64_t tiles;          ///< of all images
  int64_t width;          ///< columns of a panel
  int64_t panels;
  EvenTiles chunks;
  // A worker's own scratch, in floats: transformed input [points][chunk][channels], products [points][chunk][width], a
  // patch of the input with its border [outputs + 2][outputs + 2][channels], results [outputs][outputs][width].
  int64_t inputAt, productsAt, patchAt, resultsAt, scratch;
};

const KernelTemplate &winogradTemplate();

} // namespace layerc
