// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nn-infer-shapes: every type from the arguments on. Also measures the layers one by one, for the certificate.
#include "passes/Passes.h"

#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

namespace layerc {
#define GEN_PASS_DEF_NNINFERSHAPES
#include "passes/Passes.h.inc"
} // namespace layerc

using namespace mlir;
using namespace layerc;

namespace {

int64_t bytesOf(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  int64_t bits = type.getElementType().isInteger(1) ? 8 : type.getElementTypeBitWidth();
  return llvm::alignTo(type.getNumElements() * bits / 8, 64);
}

/// The peak of live bytes when each Keras layer runs by itself, in the file's order, with a buffer for its result:
/// values that pass from one layer to another, the function's results excluded.
int64_t unfusedBytes(func::FuncOp function) {
  DenseMap<Operation *, int64_t> stepOf;
  int64_t steps = 0;
  Attribute previous;
  for (Operation &op : function.getBody().front()) {
    Attribute layer = LocationAttr(op.getLoc());
    steps += layer != previous;
    previous = layer;
    stepOf[&op] = steps;
  }
  SmallVector<int64_t> live(steps + 1, 0);
  for (Operation &op : function.getBody().front()) {
    for (Value result : op.getResults()) {
      if (nn::isWeightExpression(result))
        continue;
      int64_t last = stepOf[&op];
      bool returned = false;
      for (Operation *user : result.getUsers()) {
        last = std::max(last, stepOf[op.getBlock()->findAncestorOpInBlock(*user)]);
        returned |= isa<func::ReturnOp>(user);
      }
      if (returned || last == stepOf[&op])
        continue;
      for (int64_t step = stepOf[&op]; step <= last; ++step)
        live[step] += bytesOf(result);
    }
  }
  return *std::max_element(live.begin(), live.end());
}

/// The types of the body's arguments from those of the operands.
void inferArguments(nn::ScanOp scan) {
  for (auto [argument, sequence] : llvm::zip(scan.slices(), scan.getSequences())) {
    auto type = cast<RankedTensorType>(sequence.getType());
    argument.setType(type.clone(type.getShape().drop_front()));
  }
  for (auto [argument, initial] : llvm::zip(scan.carried(), scan.getInitials()))
    argument.setType(initial.getType());
}

struct NnInferShapes : layerc::impl::NnInferShapesBase<NnInferShapes> {
  using NnInferShapesBase::NnInferShapesBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (batch > 0)
      setBatch(function);
    for (const std::string &shape : inputShapes)
      if (failed(setShape(function, shape)))
        return signalPassFailure();
    WalkResult result = function.walk([&](Operation *any, const WalkStage &stage) {
      if (auto scan = dyn_cast<nn::ScanOp>(any); scan && stage.isBeforeAllRegions())
        inferArguments(scan);
      if (!stage.isAfterAllRegions()) // the results of a region's op follow from its body
        return WalkResult::advance();
      if (auto cast = dyn_cast<nn::CastOp>(any)) // names its element type, takes its input's shape
        cast.getResult().setType(cast.getType().clone(cast.getInput().getType().getShape()));
      auto op = dyn_cast<InferTypeOpInterface>(any);
      if (!op)
        return WalkResult::advance();
      SmallVector<Type> types;
      if (failed(op.inferReturnTypes(&getContext(), op.getLoc(), op->getOperands(), op->getAttrDictionary(),
                                     op->getPropertiesStorage(), op->getRegions(), types)))
        return WalkResult::interrupt();
      for (auto [value, type] : llvm::zip(op->getResults(), types))
        value.setType(type);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    SmallVector<Type> results(function.getBody().front().getTerminator()->getOperandTypes());
    function.setType(FunctionType::get(&getContext(), function.getBody().getArgumentTypes(), results));
    function->setAttr("nn.unfused", IntegerAttr::get(IntegerType::get(&getContext(), 64), unfusedBytes(function)));
  }

  /// `text` is NAME=1x8x8x3.
  static LogicalResult setShape(func::FuncOp function, StringRef text) {
    auto [name, sizes] = text.split('=');
    SmallVector<int64_t> shape;
    for (StringRef size : llvm::split(sizes, 'x'))
      if (int64_t number = 0; !size.getAsInteger(10, number) && number > 0)
        shape.push_back(number);
      else
        return function.emitError() << "expects an input shape such as image=1x8x8x3; got '" << text << "'";
    for (BlockArgument argument : function.getArguments()) {
      if (function.getArgAttr(argument.getArgNumber(), "nn.name") != StringAttr::get(function.getContext(), name))
        continue;
      auto type = cast<RankedTensorType>(argument.getType());
      if (type.getRank() != static_cast<int64_t>(shape.size()))
        return function.emitError() << "input '" << name << "' has " << type.getRank() << " dimensions; got '" << sizes
                                    << "'";
      argument.setType(type.clone(shape));
      return success();
    }
    return function.emitError() << "has no input '" << name << "' to give a shape to";
  }

  void setBatch(func::FuncOp function) {
    for (BlockArgument argument : function.getArguments()) {
      auto type = cast<RankedTensorType>(argument.getType());
      SmallVector<int64_t> shape(type.getShape());
      if (!shape.empty())
        shape.front() = batch;
      argument.setType(type.clone(shape));
    }
  }
};

} // namespace
