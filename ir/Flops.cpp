// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The terms of a sum are counted by shapes: result elements times terms of one of them, whichever op it is.
#include "ir/Flops.h"

#include "ir/Nn.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace layerc;

static double product(ArrayRef<int64_t> sizes) {
  double count = 1;
  for (int64_t size : sizes)
    count *= static_cast<double>(size);
  return count;
}

static double termsOf(nn::ContractOp op) {
  double terms = product(op.getType().getShape());
  for (int64_t dim : op.getLhsContracting())
    terms *= static_cast<double>(op.getLhs().getType().getDimSize(dim));
  return terms;
}

/// The kernel's last dimension is the result's channels, which both shapes count.
static double termsOf(nn::ConvOp op) {
  return product(op.getType().getShape()) * product(op.getKernel().getType().getShape().drop_back());
}

/// Pairs of an input position and a tap of dimension d that meet a place of the result.
static int64_t meetings(nn::ConvTransposeOp op, int64_t d) {
  int64_t count = 0, size = op.getType().getDimSize(d + 1);
  for (int64_t position = 0; position < op.getInput().getType().getDimSize(d + 1); ++position)
    for (int64_t tap = 0; tap < op.getKernel().getType().getDimSize(d); ++tap) {
      int64_t place = position * op.stride(d) + tap * op.dilation(d) - op.crop(d);
      count += place >= 0 && place < size;
    }
  return count;
}

static double termsOf(nn::ConvTransposeOp op) {
  ArrayRef<int64_t> kernel = op.getKernel().getType().getShape();
  double terms = static_cast<double>(op.getType().getDimSize(0)) * product(kernel.take_back(2));
  for (int64_t d = 0; d < op.spatialRank(); ++d)
    terms *= static_cast<double>(meetings(op, d));
  return terms;
}

/// Each place has a kernel of its own.
static double termsOf(nn::LocalConvOp op) {
  return static_cast<double>(op.getType().getDimSize(0)) * product(op.getKernel().getType().getShape());
}

double layerc::flopsOf(Block &body) {
  double flops = 0;
  for (Operation &op : body)
    flops +=
        llvm::TypeSwitch<Operation *, double>(&op)
            .Case<nn::ContractOp, nn::ConvOp, nn::ConvTransposeOp, nn::LocalConvOp>(
                [](auto sum) { return 2 * termsOf(sum); })
            .Case([](nn::ScanOp scan) { return static_cast<double>(scan.steps()) * flopsOf(scan.getBody().front()); })
            .Default(0.0);
  return flops;
}

double layerc::flopsOf(plan::EntryOp entry) {
  double flops = 0;
  entry.walk([&](plan::StepOp step) {
    auto kernel = SymbolTable::lookupNearestSymbolFrom<plan::KernelOp>(step, step.getKernelAttr());
    flops += plan::runsOf(step) * flopsOf(kernel.getBody().front());
  });
  return flops;
}
