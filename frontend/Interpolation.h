// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Image interpolation along one axis as a matrix: what UpSampling2D and resizing multiply with.
#pragma once

#include "mlir/IR/Value.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace layerc {

/// How output positions map to input positions.
enum class SamplePositions {
  HalfPixel,  ///< (i + 0.5) * in / out - 0.5: Keras since tf.keras 2
  Asymmetric, ///< i * in / out: bilinear in Keras 2.2 and 2.3
};

/// The matrix [out][in], row-major, whose rows sum to 1; nullopt for a method Keras does not have. Methods: bilinear,
/// bicubic (Keys, a = -0.5), lanczos3, lanczos5, mitchellcubic, gaussian, area. With `antialias` the kernels of all but
/// area widen where the output is smaller than the input. Formulas: TensorFlow's resize_bilinear, resize_bicubic,
/// resize_area and scale_and_translate kernels.
std::optional<std::vector<double>> interpolationMatrix(llvm::StringRef method, int64_t in, int64_t out,
                                                       SamplePositions positions, bool antialias = false);

class LayerImport;

/// The spatial dimensions of the channels-last `x` resampled to `sizes`; nearest takes the element at half-pixel
/// centres, every other method needs floats.
mlir::Value interpolate(LayerImport &l, mlir::Value x, llvm::ArrayRef<int64_t> sizes, llvm::StringRef method,
                        SamplePositions positions, bool antialias = false);

} // namespace layerc
