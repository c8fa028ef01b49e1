// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See ExternalTensors.h.
#include "codegen/ExternalTensors.h"

#include <cassert>

using namespace mlir;
using namespace layerc;

std::optional<int64_t> layerc::weightOffset(Value value) {
  int64_t offset = 0;
  while (auto view = value.getDefiningOp<plan::ViewOp>()) {
    if (view.getStride() != 0) // moves with the steps of a loop
      return std::nullopt;
    offset += static_cast<int64_t>(view.getOffset());
    value = view.getSource();
  }
  auto ref = value.getDefiningOp<plan::WeightRefOp>();
  if (!ref)
    return std::nullopt;
  auto weight = SymbolTable::lookupNearestSymbolFrom<plan::WeightOp>(ref, ref.getWeightAttr());
  return offset + static_cast<int64_t>(weight.getOffset());
}

static int externalType(Type type) {
  if (type.isF32())
    return layerc_float32;
  if (type.isF64())
    return layerc_float64;
  if (type.isF16())
    return layerc_float16;
  if (type.isBF16())
    return layerc_bfloat16;
  auto integer = cast<IntegerType>(type);
  if (integer.getWidth() == 1)
    return layerc_bool;
  int power = static_cast<int>(llvm::Log2_32(integer.getWidth())) - 3; // 8, 16, 32, 64
  return (integer.isUnsigned() ? layerc_uint8 : layerc_int8) + power;
}

layerc_tensor layerc::externalTensor(MemRefType type, const void *data) {
  layerc_tensor tensor = {};
  tensor.type = externalType(type.getElementType());
  tensor.rank = static_cast<int>(type.getRank());
  tensor.data = data;
  SmallVector<int64_t> strides;
  int64_t offset = 0;
  [[maybe_unused]] LogicalResult strided = getStridesAndOffset(type, strides, offset);
  assert(succeeded(strided) && "operands of kernels have strides");
  llvm::copy(type.getShape(), tensor.shape);
  llvm::copy(strides, tensor.strides);
  return tensor;
}

llvm::StringRef layerc::externalTypeName(int type) {
  static constexpr llvm::StringRef names[] = {"layerc_float32", "layerc_float64", "layerc_float16", "layerc_bfloat16",
                                              "layerc_bool",    "layerc_int8",    "layerc_int16",   "layerc_int32",
                                              "layerc_int64",   "layerc_uint8",   "layerc_uint16",  "layerc_uint32",
                                              "layerc_uint64"};
  return names[type];
}
