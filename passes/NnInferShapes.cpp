// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nn-infer-shapes: every type from the arguments on. Also measures the layers one by one, for the certificate.
#include "passes/Passes.h"

#include "ir/Evaluate.h"

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

/// Whether each element of `result` can take the place of one of `operand`: one that is broadcast or narrower is still
/// needed when its bytes are written.
bool isAsWide(Value operand, Value result) {
  auto from = cast<RankedTensorType>(operand.getType()), to = cast<RankedTensorType>(result.getType());
  return from.getNumElements() == to.getNumElements() &&
         elementBytes(from.getElementType()) == elementBytes(to.getElementType());
}

/// The operand, made inside the layer and read by nobody else, that an op of the layer works on in place; or null.
Value overwritten(Operation *op, ArrayRef<Operation *> layer) {
  if (!nn::isElementwise(op) && !isa<nn::ReshapeOp, nn::SoftmaxOp, nn::NormalizeOp>(op))
    return {};
  for (Value operand : op->getOperands())
    if (operand.hasOneUse() && llvm::is_contained(layer, operand.getDefiningOp()) && !nn::isWeightExpression(operand) &&
        isAsWide(operand, op->getResult(0)))
      return operand;
  return {};
}

/// The peak of live bytes when each Keras layer runs by itself, in the file's order: a layer's results and operands are
/// there while it runs, its ops run one by one, elementwise ones in place. The function's operands and results are
/// excluded.
class LayerByLayer {
public:
  explicit LayerByLayer(func::FuncOp function) {
    for (Operation &op : function.getBody().front()) {
      if (layers_.empty() || layers_.back().front()->getLoc() != op.getLoc())
        layers_.emplace_back();
      layers_.back().push_back(&op);
      layerOf_[&op] = layers_.size() - 1;
    }
  }

  int64_t peak() {
    SmallVector<int64_t> between(layers_.size(), 0); // what passes from one layer to another
    int64_t most = 0;
    for (auto [number, layer] : llvm::enumerate(layers_))
      for (Operation *op : layer)
        for (Value result : op->getResults())
          if (size_t last = lastLayer(result); !isOutside(result) && last > number)
            for (size_t step = number; step <= last; ++step)
              between[step] += bytesOf(result);
    for (auto [layer, bytes] : llvm::zip(layers_, between))
      most = std::max(most, bytes + inside(layer));
    return most;
  }

private:
  static bool isOutside(Value value) {
    return nn::isWeightExpression(value) ||
           llvm::any_of(value.getUsers(), [](Operation *user) { return isa<func::ReturnOp>(user); });
  }

  size_t lastLayer(Value value) const {
    size_t last = layerOf_.lookup(value.getDefiningOp());
    for (Operation *user : value.getUsers())
      last = std::max(last, layerOf_.lookup(value.getParentBlock()->findAncestorOpInBlock(*user)));
    return last;
  }

  /// The peak of what only one layer's own ops read.
  int64_t inside(ArrayRef<Operation *> layer) const {
    return peakOf(layer, [&](Value value) {
      return isOutside(value) || lastLayer(value) > layerOf_.lookup(value.getDefiningOp());
    });
  }

  /// The peak while `ops`, consecutive ones of a block, run one by one; values that are `elsewhere` are not counted.
  static int64_t peakOf(ArrayRef<Operation *> ops, llvm::function_ref<bool(Value)> elsewhere) {
    SmallVector<int64_t> live(ops.size(), 0);
    for (auto [first, op] : llvm::enumerate(ops)) {
      if (auto scan = dyn_cast<nn::ScanOp>(op))
        live[first] += insideLoop(scan);
      for (Value result : op->getResults()) {
        if (result.use_empty() || elsewhere(result))
          continue;
        if (result.hasOneUse() && llvm::is_contained(ops, *result.user_begin()) &&
            overwritten(*result.user_begin(), ops) == result)
          continue; // its bytes are those of the result that is written over it
        size_t start = first, last = first;
        for (Value operand = overwritten(op, ops); operand; operand = overwritten(operand.getDefiningOp(), ops))
          start = llvm::find(ops, operand.getDefiningOp()) - ops.begin();
        for (Operation *user : result.getUsers())
          last = std::max<size_t>(last, llvm::find(ops, op->getBlock()->findAncestorOpInBlock(*user)) - ops.begin());
        for (size_t step = start; step <= std::min(last, ops.size() - 1); ++step)
          live[step] += bytesOf(result);
      }
    }
    return *llvm::max_element(live);
  }

  /// The same of a loop's steps, with the carried values where they lie neither in the bytes of their first ones nor in
  /// those of a result, and with the projections of the steps to come: a recurrent layer by itself computes them first,
  /// as one product.
  static int64_t insideLoop(nn::ScanOp scan) {
    int64_t around = 0;
    for (auto [initial, last] : llvm::zip(scan.getInitials(), scan.lastValues()))
      if (nn::isWeightExpression(initial) && last.use_empty())
        around += bytesOf(initial);
    if (scan.carriedCount() > 0)
      for (Operation *op : scan.projections())
        around += (scan.steps() - 1) * bytesOf(op->getResult(0));
    SmallVector<Operation *> ops;
    for (Operation &op : scan.getBody().front().without_terminator())
      ops.push_back(&op);
    return ops.empty() ? around : around + peakOf(ops, nn::isWeightExpression);
  }

  SmallVector<SmallVector<Operation *>> layers_;
  DenseMap<Operation *, size_t> layerOf_;
};

/// The types of the body's arguments from those of the operands.
void inferArguments(nn::ScanOp scan) {
  for (BlockArgument argument : scan.slices()) {
    auto type = cast<RankedTensorType>(scan.sequenceOf(argument).getType());
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
    function->setAttr("nn.unfused",
                      IntegerAttr::get(IntegerType::get(&getContext(), 64), LayerByLayer(function).peak()));
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
