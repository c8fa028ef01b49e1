// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Softmax over the last dimension of a kernel's output, in place, one row a unit.
#include "codegen/kernels/RowSoftmax.h"

#include "codegen/EmitAt.h"

using namespace mlir;
using namespace layerc;

void layerc::emitRowSoftmax(KernelBuilder &k, nn::SoftmaxOp softmax, Value begin, Value end) {
  auto type = cast<RankedTensorType>(softmax.getType());
  int64_t last = type.getRank() - 1, columns = type.getDimSize(last), lanes = k.target.lanes();
  unsigned output = k.outputOperand();
  k.provide(softmax.getInput(), [&k, output](const Lanes &at) { return k.load(output, at); });
  k.forLoop(begin, end, 1, [&](Value row) {
    Lanes at{SmallVector<Value>(type.getRank(), k.constant(0)), 1, last};
    for (int64_t d = last - 1; d >= 0; --d) {
      at.index[d] = k.rem(row, type.getDimSize(d));
      row = k.div(row, type.getDimSize(d));
    }
    RowStatistics statistics = emitRowStatistics(k, softmax, at);
    auto emitPiece = [&](Value first, int64_t count) {
      at.index[last] = first;
      at.count = count;
      k.store(output, at.index, emitRowElements(k, softmax, at, statistics));
    };
    int64_t whole = columns / lanes * lanes;
    k.forLoop(k.constant(0), k.constant(whole), lanes, [&](Value first) { emitPiece(first, lanes); });
    for (auto [first, count] : lanePieces(columns - whole, lanes))
      emitPiece(k.constant(whole + first), count);
  });
}
