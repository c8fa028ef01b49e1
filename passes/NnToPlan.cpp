// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nn-to-plan: kernels become steps, tensors become views of slots, inputs and outputs, weight expressions become recipes.
// Kernels with the same body, template and operand layouts share one native function.
#include "passes/Buffers.h"
#include "passes/KernelName.h"
#include "passes/Passes.h"

#include "ir/Recipe.h"
#include "ir/kernels/KernelTemplate.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MathExtras.h"

namespace layerc {
#define GEN_PASS_DEF_NNTOPLAN
#include "passes/Passes.h.inc"
} // namespace layerc

using namespace mlir;
using namespace layerc;

namespace {

SmallVector<int64_t> denseStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t d = static_cast<int64_t>(shape.size()) - 2; d >= 0; --d)
    strides[d] = strides[d + 1] * shape[d + 1];
  return strides;
}

MemRefType memref(Type tensor, ArrayRef<int64_t> strides) {
  auto type = cast<RankedTensorType>(tensor);
  if (strides == ArrayRef<int64_t>(denseStrides(type.getShape())))
    return MemRefType::get(type.getShape(), type.getElementType());
  return MemRefType::get(type.getShape(), type.getElementType(), StridedLayoutAttr::get(type.getContext(), 0, strides));
}

/// Where a tensor lies: in which input, output, weight or slot, how far from its start, with which strides (elements).
struct Placement {
  Value base;
  int64_t offset = 0; ///< bytes
  SmallVector<int64_t> strides;
};

class Planner {
public:
  Planner(func::FuncOp function, StringRef target)
      : function(function), block(function.getBody().front()), builder(function), target(target),
        weights(function.getContext()->getOrLoadDialect<nn::NnDialect>()->weights()) {}

  void run() {
    program = builder.create<plan::ProgramOp>(function.getLoc(), function.getSymName(), 0);
    programBlock = &program.getBody().emplaceBlock();
    builder.setInsertionPointToEnd(programBlock);
    auto arguments = function.getArguments();
    auto first = arguments.empty() ? RankedTensorType() : cast<RankedTensorType>(arguments.front().getType());
    int64_t batch = first && first.getRank() > 0 ? first.getDimSize(0) : 1;
    entry = builder.create<plan::EntryOp>(function.getLoc(), batch, target);
    if (auto unfused = function->getAttrOfType<IntegerAttr>("nn.unfused"))
      entry.setUnfused(unfused.getInt());
    builder.setInsertionPointToEnd(&entry.getBody().emplaceBlock());
    placeInputsAndOutputs();
    buffers = arenaBuffers(function);
    int64_t step = 0;
    for (auto kernel : block.getOps<nn::KernelOp>())
      emitStep(kernel, step++);
    program.setWeights(weightBytes);
    entry.setWorkerScratch(largestWorkerScratch);
  }

private:
  StringAttr nameOf(Attribute name, StringRef fallback, size_t number) {
    if (auto text = dyn_cast_or_null<StringAttr>(name))
      return text;
    return builder.getStringAttr(fallback + std::to_string(number));
  }

  void placeInputsAndOutputs() {
    for (BlockArgument argument : block.getArguments()) {
      size_t number = argument.getArgNumber();
      SmallVector<int64_t> strides = denseStrides(cast<RankedTensorType>(argument.getType()).getShape());
      Value input = builder.create<plan::InputOp>(function.getLoc(), memref(argument.getType(), strides),
                                                  nameOf(function.getArgAttr(number, "nn.name"), "input", number));
      placements[argument] = {input, 0, strides};
    }
    for (auto [number, result] : llvm::enumerate(block.getTerminator()->getOperands())) {
      SmallVector<int64_t> strides = denseStrides(cast<RankedTensorType>(result.getType()).getShape());
      Value output = builder.create<plan::OutputOp>(function.getLoc(), memref(result.getType(), strides),
                                                    nameOf(function.getResultAttr(number, "nn.name"), "output", number));
      Value root = bufferRoot(result);
      placements[root] = {output, 0, denseStrides(cast<RankedTensorType>(root.getType()).getShape())};
    }
  }

  Placement placementOf(Value value) {
    if (auto found = placements.find(value); found != placements.end())
      return found->second;
    Placement placement = findPlacement(value);
    placements[value] = placement;
    return placement;
  }

  Placement findPlacement(Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    if (nn::isWeightExpression(value))
      return {weightOf(value), 0, denseStrides(type.getShape())};
    if (auto reshape = value.getDefiningOp<nn::ReshapeOp>()) {
      Placement source = placementOf(reshape.getInput());
      return {source.base, source.offset, denseStrides(type.getShape())};
    }
    for (Operation *user : value.getUsers())
      if (auto concat = dyn_cast<nn::ConcatOp>(user); concat && concat->hasAttr(kViewAttr))
        return partOf(concat, value);
    if (auto kernel = value.getDefiningOp<nn::KernelOp>())
      if (auto operand = kernel->getAttrOfType<IntegerAttr>(kInPlaceAttr))
        return placementOf(kernel.getInputs()[operand.getInt()]);
    Buffer buffer = buffers.lookup(value);
    Value slot = builder.create<plan::SlotOp>(value.getLoc(), plan::SlotType::get(builder.getContext()), buffer.bytes,
                                              builder.getDenseI64ArrayAttr({buffer.first, buffer.last}), IntegerAttr());
    return {slot, 0, denseStrides(type.getShape())};
  }

  Placement partOf(nn::ConcatOp concat, Value part) {
    Placement whole = placementOf(concat.getResult());
    int64_t before = 0;
    for (Value input : concat.getInputs()) {
      if (input == part)
        break;
      before += cast<RankedTensorType>(input.getType()).getDimSize(concat.getAxis());
    }
    int64_t elementBytes = denseBytes(part.getType()) / cast<RankedTensorType>(part.getType()).getNumElements();
    return {whole.base, whole.offset + before * whole.strides[concat.getAxis()] * elementBytes, whole.strides};
  }

  /// The memref of a tensor: the base itself where it is the same, else a view. Every tensor has a view of its own, so
  /// that the plan tells tensors apart that share bytes; a reshape is a view of what it reshapes.
  Value viewOf(Value value) {
    if (Value view = views.lookup(value))
      return view;
    Placement placement = placementOf(value);
    MemRefType type = memref(value.getType(), placement.strides);
    Value view = placement.base;
    if (auto reshape = value.getDefiningOp<nn::ReshapeOp>(); reshape && !nn::isWeightExpression(value))
      view = builder.create<plan::ViewOp>(value.getLoc(), type, viewOf(reshape.getInput()), 0);
    else if (placement.base.getType() != type || placement.offset != 0)
      view = builder.create<plan::ViewOp>(value.getLoc(), type, placement.base, placement.offset);
    views[value] = view;
    return view;
  }

  Value weightOf(Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    uint64_t hash = recipeHash(value, weights);
    plan::WeightOp &weight = weightsByHash[{hash, type}];
    if (!weight) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPoint(entry);
      weight = builder.create<plan::WeightOp>(value.getLoc(), unique(weightName(value)), weightBytes, denseBytes(type));
      weightBytes += llvm::alignTo(denseBytes(type), 64);
      builder.setInsertionPointToStart(&weight.getRecipe().emplaceBlock());
      IRMapping mapping;
      cloneRecipe(value, mapping);
      builder.create<nn::YieldOp>(value.getLoc(), mapping.lookup(value));
    }
    return builder.create<plan::WeightRefOp>(value.getLoc(), memref(type, denseStrides(type.getShape())),
                                             weight.getSymName());
  }

  void cloneRecipe(Value value, IRMapping &mapping) {
    if (mapping.contains(value))
      return;
    Operation *op = value.getDefiningOp();
    for (Value operand : op->getOperands())
      cloneRecipe(operand, mapping);
    builder.clone(*op, mapping);
  }

  /// The name of the first trained weight in the recipe.
  static std::string weightName(Value value) {
    Operation *op = value.getDefiningOp();
    if (auto weight = dyn_cast<nn::WeightOp>(op))
      return weight.getName().str();
    for (Value operand : op->getOperands())
      if (std::string name = weightName(operand); !name.empty())
        return name;
    return isa<nn::ConstantOp>(op) ? std::string() : "constant";
  }

  std::string unique(std::string name) {
    if (name.empty())
      name = "constant";
    std::string candidate = name;
    for (int number = 2; !names.insert(candidate).second; ++number)
      candidate = name + "_" + std::to_string(number);
    return candidate;
  }

  void emitStep(nn::KernelOp kernel, int64_t step) {
    SmallVector<Value> inputs, outputs;
    for (Value operand : kernel.getInputs())
      inputs.push_back(viewOf(operand));
    for (Value result : kernel.getOutputs())
      outputs.push_back(viewOf(result));
    plan::KernelOp native = nativeKernel(kernel, ValueRange(inputs).getTypes(), ValueRange(outputs).getTypes());
    int64_t own = llvm::alignTo(kernel.getWorkerScratch(), 64), all = llvm::alignTo(kernel.getSharedScratch(), 64) + own;
    largestWorkerScratch = std::max(largestWorkerScratch, own);
    Value scratch;
    if (all > 0)
      scratch = builder.create<plan::SlotOp>(kernel.getLoc(), plan::SlotType::get(builder.getContext()), all,
                                             builder.getDenseI64ArrayAttr({step, step}), IntegerAttr());
    builder.create<plan::StepOp>(kernel.getLoc(), native.getSymName(), inputs, outputs, scratch,
                                 layersOf(kernel));
  }

  /// The Keras layers that a step computes: those of the views that lead to it, then its own.
  ArrayAttr layersOf(nn::KernelOp kernel) {
    llvm::SetVector<Attribute> paths;
    auto add = [&](Location location) {
      for (const std::string &path : nn::layerPaths(location))
        paths.insert(builder.getStringAttr(path));
    };
    for (Value operand : kernel.getInputs())
      if (!nn::isWeightExpression(operand))
        for (auto reshape = operand.getDefiningOp<nn::ReshapeOp>(); reshape;
             reshape = reshape.getInput().getDefiningOp<nn::ReshapeOp>())
          add(reshape.getLoc());
    add(kernel.getLoc());
    return builder.getArrayAttr(paths.getArrayRef());
  }

  plan::KernelOp nativeKernel(nn::KernelOp kernel, TypeRange inputs, TypeRange outputs) {
    SmallVector<int64_t> aliases;
    if (auto operand = kernel->getAttrOfType<IntegerAttr>(kInPlaceAttr))
      aliases = {operand.getInt(), 0};
    std::string key;
    llvm::raw_string_ostream stream(key);
    stream << kernel.getAlgorithm() << kernel.getTileAttr() << kernel.getUnitsAttr() << kernel.getSharedScratch() << ","
           << kernel.getWorkerScratch();
    llvm::interleaveComma(inputs, stream);
    llvm::interleaveComma(outputs, stream);
    llvm::interleaveComma(aliases, stream);
    for (Operation &op : kernel.getBody().front())
      op.print(stream, OpPrintingFlags().useLocalScope());
    plan::KernelOp &native = kernels[key];
    if (native)
      return native;
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(entry);
    auto types = [&](TypeRange range) { return builder.getTypeArrayAttr(SmallVector<Type>(range)); };
    native = builder.create<plan::KernelOp>(
        kernel.getLoc(), unique(kernelName(kernel)), *kernel.getAlgorithm(), *kernel.getTile(), *kernel.getUnits(),
        kernel.getSharedScratch(), kernel.getWorkerScratch(), types(inputs), types(outputs), ArrayRef<int64_t>(aliases), externalOf(kernel));
    IRMapping mapping;
    kernel.getBody().cloneInto(&native.getBody(), mapping);
    return native;
  }

  plan::ExternalAttr externalOf(nn::KernelOp kernel) {
    const KernelTemplate *kernelTemplate = findKernelTemplate(*kernel.getAlgorithm());
    auto call = kernelTemplate ? kernelTemplate->external(kernel.getBody().front()) : std::nullopt;
    return call ? plan::ExternalAttr::get(builder.getContext(), call->symbol, call->function, call->numbers)
                : plan::ExternalAttr();
  }

  func::FuncOp function;
  Block &block;
  OpBuilder builder;
  StringRef target;
  WeightStore &weights;
  plan::ProgramOp program;
  Block *programBlock = nullptr;
  plan::EntryOp entry;
  llvm::MapVector<Value, Buffer> buffers;
  DenseMap<Value, Placement> placements;
  DenseMap<Value, Value> views;
  DenseMap<std::pair<uint64_t, Type>, plan::WeightOp> weightsByHash;
  llvm::StringMap<plan::KernelOp> kernels;
  llvm::StringSet<> names;
  int64_t weightBytes = 0, largestWorkerScratch = 0;
};

/// What Planner expects: kernels with an algorithm, views between them, and results that kernels write.
LogicalResult checkIsKernels(func::FuncOp function) {
  for (Operation &op : function.getBody().front()) {
    auto kernel = dyn_cast<nn::KernelOp>(op);
    if (kernel && !kernel.getAlgorithm())
      return kernel.emitOpError("has no algorithm; nn-select-kernels chooses one");
    bool isView = isa<nn::ReshapeOp>(op) || (isa<nn::ConcatOp>(op) && op.hasAttr(kViewAttr));
    bool isPlanned = kernel || isView || isa<nn::WeightOp, nn::ConstantOp, func::ReturnOp>(op) ||
                     (op.getNumResults() == 1 && nn::isWeightExpression(op.getResult(0)));
    if (!isPlanned)
      return op.emitOpError("is in no kernel; nn-fuse and nn-assign-views make them");
  }
  llvm::SmallDenseSet<Value> roots;
  for (auto [number, result] : llvm::enumerate(function.getBody().front().getTerminator()->getOperands())) {
    Value root = bufferRoot(result);
    if (nn::isWeightExpression(root) || isa<BlockArgument>(root) || !roots.insert(root).second)
      return function.emitError() << "result " << number << " is not written into bytes of its own; nn-fuse copies it";
  }
  return success();
}

struct NnToPlan : layerc::impl::NnToPlanBase<NnToPlan> {
  using NnToPlanBase::NnToPlanBase;
  void runOnOperation() override {
    for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      if (failed(checkIsKernels(function)))
        return signalPassFailure();
      Planner(function, target).run();
      function.erase();
    }
  }
};

} // namespace
