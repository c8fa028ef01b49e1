// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Liveness of buffers over the kernels of a function.
#include "passes/Buffers.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace layerc;

int64_t layerc::denseBytes(Type type) {
  auto tensor = cast<ShapedType>(type);
  int64_t bits = tensor.getElementType().isInteger(1) ? 8 : tensor.getElementTypeBitWidth();
  return tensor.getNumElements() * bits / 8;
}

Value layerc::bufferRoot(Value value) {
  while (true) {
    if (auto reshape = value.getDefiningOp<nn::ReshapeOp>()) {
      value = reshape.getInput();
      continue;
    }
    Operation *into = nullptr;
    for (Operation *user : value.getUsers())
      if (isa<nn::ConcatOp>(user) && user->hasAttr(kViewAttr))
        into = user;
    if (into) {
      value = into->getResult(0);
      continue;
    }
    if (auto kernel = value.getDefiningOp<nn::KernelOp>())
      if (auto operand = kernel->getAttrOfType<IntegerAttr>(kInPlaceAttr)) {
        value = kernel.getInputs()[operand.getInt()];
        continue;
      }
    return value;
  }
}

llvm::MapVector<Value, Buffer> layerc::arenaBuffers(func::FuncOp function) {
  llvm::MapVector<Value, Buffer> buffers;
  llvm::SmallPtrSet<void *, 4> external;
  Operation *terminator = function.getBody().front().getTerminator();
  for (Value result : terminator->getOperands())
    external.insert(bufferRoot(result).getAsOpaquePointer());
  auto touch = [&](Value value, int64_t step) {
    if (nn::isWeightExpression(value))
      return;
    Value root = bufferRoot(value);
    if (isa<BlockArgument>(root) || external.contains(root.getAsOpaquePointer()))
      return;
    auto [entry, isNew] = buffers.insert({root, Buffer{denseBytes(root.getType()), step, step}});
    entry->second.last = step;
  };
  int64_t step = 0;
  for (auto kernel : function.getBody().front().getOps<nn::KernelOp>()) {
    for (Value operand : kernel.getInputs())
      touch(operand, step);
    for (Value result : kernel.getOutputs())
      touch(result, step);
    ++step;
  }
  return buffers;
}

int64_t layerc::scratchBytes(int64_t shared, int64_t own) {
  return static_cast<int64_t>(llvm::alignTo(shared, 64) + llvm::alignTo(own, 64));
}

SmallVector<int64_t> layerc::liveBytes(func::FuncOp function) {
  SmallVector<int64_t> live;
  for (auto kernel : function.getBody().front().getOps<nn::KernelOp>())
    live.push_back(scratchBytes(kernel.getSharedScratch(), kernel.getWorkerScratch()));
  for (auto &[root, buffer] : arenaBuffers(function))
    for (int64_t step = buffer.first; step <= buffer.last; ++step)
      live[step] += llvm::alignTo(buffer.bytes, 64);
  return live;
}

int64_t layerc::peakBytes(func::FuncOp function) {
  SmallVector<int64_t> live = liveBytes(function);
  return live.empty() ? 0 : *llvm::max_element(live);
}
