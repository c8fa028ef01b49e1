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

/// Whether `value`, inside a layer, is what the next op of the layer works on in place: it has no bytes of its own.
bool isOverwritten(Value value, ArrayRef<Operation *> layer) {
  if (!value.hasOneUse())
    return false;
  Operation *user = *value.user_begin();
  return llvm::is_contained(layer, user) &&
         (nn::isElementwise(user) || isa<nn::ReshapeOp, nn::SoftmaxOp, nn::NormalizeOp>(user)) &&
         bytesOf(user->getResult(0)) >= bytesOf(value);
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

  /// The op of the function's block that `user` is or is part of.
  Operation *outermost(Operation *user) const {
    return layers_.front().front()->getBlock()->findAncestorOpInBlock(*user);
  }

  size_t lastLayer(Value value) const {
    size_t last = layerOf_.lookup(value.getDefiningOp());
    for (Operation *user : value.getUsers())
      last = std::max(last, layerOf_.lookup(outermost(user)));
    return last;
  }

  /// The peak of what only one layer's own ops read.
  int64_t inside(ArrayRef<Operation *> layer) const {
    SmallVector<int64_t> live(layer.size(), 0);
    for (auto [first, op] : llvm::enumerate(layer))
      for (Value result : op->getResults()) {
        if (isOutside(result) || lastLayer(result) > layerOf_.lookup(op) || result.use_empty() ||
            isOverwritten(result, layer))
          continue;
        size_t last = first;
        for (Operation *user : result.getUsers())
          last = std::max<size_t>(last, llvm::find(layer, outermost(user)) - layer.begin());
        for (size_t step = first; step <= last; ++step)
          live[step] += bytesOf(result);
      }
    return *llvm::max_element(live);
  }

  SmallVector<SmallVector<Operation *>> layers_;
  DenseMap<Operation *, size_t> layerOf_;
};

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
