// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nn-to-plan: kernels become steps, tensors become views of slots, inputs and outputs, weight expressions become
// recipes. Kernels with the same body, template and operand layouts share one native function.
// Above 400 lines because one class carries the maps from nn values to views, weights and kernels.
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
  int64_t perIteration = 0; ///< bytes that it moves on in each iteration of its loop
};

/// Bytes of one element.
int64_t bytesOfElement(Type type) { return denseBytes(type) / cast<RankedTensorType>(type).getNumElements(); }

/// Where a scan's body yields `value`, or null.
OpOperand *yieldOf(Value value) {
  for (OpOperand &use : value.getUses())
    if (isa<nn::YieldOp>(use.getOwner()) && isa<nn::ScanOp>(use.getOwner()->getParentOp()))
      return &use;
  return nullptr;
}

/// What `value` is one element of along time.
struct Sequence {
  nn::ScanOp scan; ///< null where it is no element
  Value whole;
  int64_t step = 0; ///< of the scan's body
};

Sequence sequenceOf(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    if (auto scan = dyn_cast<nn::ScanOp>(argument.getOwner()->getParentOp());
        scan && argument.getArgNumber() < scan.sliceCount())
      return {scan, scan.sequenceOf(argument), scan.stepInBody(argument.getArgNumber())};
  if (OpOperand *use = yieldOf(value))
    if (auto scan = cast<nn::ScanOp>(use->getOwner()->getParentOp()); use->getOperandNumber() >= scan.carriedCount())
      return {scan, scan.resultOf(use->getOperandNumber()),
              scan.stepInBody(use->getOperandNumber() - scan.carriedCount())};
  return {};
}

/// The last value of the scan that `value` is carried through, as its initial, current or next value; or null.
Value lastValueOf(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    if (auto scan = dyn_cast<nn::ScanOp>(argument.getOwner()->getParentOp());
        scan && argument.getArgNumber() >= scan.sliceCount())
      return scan.lastValues()[argument.getArgNumber() - scan.sliceCount()];
  for (OpOperand &use : value.getUses())
    if (auto scan = dyn_cast<nn::ScanOp>(use.getOwner()); scan && use.getOperandNumber() >= scan.getSequences().size())
      return scan.lastValues()[use.getOperandNumber() - scan.getSequences().size()];
  if (OpOperand *use = yieldOf(value))
    if (auto scan = cast<nn::ScanOp>(use->getOwner()->getParentOp()); use->getOperandNumber() < scan.carriedCount())
      return scan.resultOf(use->getOperandNumber());
  return {};
}

/// Whether `value` lies in the bytes of a carried one, as one of its values before the last.
bool liesInCarried(Value value) {
  for (Value part = value; part; part = inPlaceOperand(part))
    if (Value last = lastValueOf(part); last && last != value)
      return true;
  return false;
}

/// What the sizes of a model share: weights and native functions, in front of the entries.
class Program {
public:
  /// Behind the functions of `module`, with the location of the first of them.
  Program(ModuleOp module, Location location, StringRef name)
      : builder_(module.getBodyRegion()), weights_(module.getContext()->getOrLoadDialect<nn::NnDialect>()->weights()) {
    builder_.setInsertionPointToEnd(module.getBody());
    program_ = builder_.create<plan::ProgramOp>(location, name, 0);
    builder_.setInsertionPointToEnd(&program_.getBody().emplaceBlock());
  }

  /// Behind the others.
  plan::EntryOp addEntry(Location location, int64_t batch, StringRef target) {
    Block &block = program_.getBody().front();
    bool isFirst = program_.getOps<plan::EntryOp>().empty();
    auto entry = OpBuilder::atBlockEnd(&block).create<plan::EntryOp>(location, batch, target);
    entry.getBody().emplaceBlock();
    if (isFirst)
      builder_.setInsertionPoint(entry);
    return entry;
  }

  plan::WeightOp weightOf(Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    uint64_t hash = recipeHash(value, weights_);
    plan::WeightOp &weight = weightsByHash_[{hash, type}];
    if (weight)
      return weight;
    OpBuilder::InsertionGuard guard(builder_);
    int64_t offset = program_.getWeights();
    weight = builder_.create<plan::WeightOp>(value.getLoc(), unique(weightName(value)), offset, denseBytes(type));
    program_.setWeights(offset + llvm::alignTo(denseBytes(type), 64));
    builder_.setInsertionPointToStart(&weight.getRecipe().emplaceBlock());
    IRMapping mapping;
    cloneRecipe(value, mapping);
    builder_.create<nn::YieldOp>(value.getLoc(), mapping.lookup(value));
    return weight;
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
    plan::KernelOp &native = kernels_[key];
    if (native)
      return native;
    auto types = [&](TypeRange range) { return builder_.getTypeArrayAttr(SmallVector<Type>(range)); };
    native = builder_.create<plan::KernelOp>(kernel.getLoc(), unique(kernelName(kernel)), *kernel.getAlgorithm(),
                                             *kernel.getTile(), *kernel.getUnits(), kernel.getSharedScratch(),
                                             kernel.getWorkerScratch(), types(inputs), types(outputs),
                                             ArrayRef<int64_t>(aliases), externalOf(kernel));
    IRMapping mapping;
    kernel.getBody().cloneInto(&native.getBody(), mapping);
    return native;
  }

private:
  void cloneRecipe(Value value, IRMapping &mapping) {
    if (mapping.contains(value))
      return;
    Operation *op = value.getDefiningOp();
    for (Value operand : op->getOperands())
      cloneRecipe(operand, mapping);
    builder_.clone(*op, mapping);
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
    for (int number = 2; !names_.insert(candidate).second; ++number)
      candidate = name + "_" + std::to_string(number);
    return candidate;
  }

  plan::ExternalAttr externalOf(nn::KernelOp kernel) {
    const KernelTemplate *kernelTemplate = findKernelTemplate(*kernel.getAlgorithm());
    auto call = kernelTemplate ? kernelTemplate->external(kernel.getBody().front()) : std::nullopt;
    return call ? plan::ExternalAttr::get(builder_.getContext(), call->symbol, call->function, call->numbers,
                                          call->config)
                : plan::ExternalAttr();
  }

  OpBuilder builder_; ///< in front of the first entry
  WeightStore &weights_;
  plan::ProgramOp program_;
  DenseMap<std::pair<uint64_t, Type>, plan::WeightOp> weightsByHash_;
  llvm::StringMap<plan::KernelOp> kernels_;
  llvm::StringSet<> names_;
};

/// Makes one entry of a program from one function.
class Planner {
public:
  Planner(func::FuncOp function, Program &program, StringRef target, StringRef size)
      : function(function), block(function.getBody().front()), builder(function), program(program), target(target),
        size(size) {}

  void run() {
    auto arguments = function.getArguments();
    auto first = arguments.empty() ? RankedTensorType() : cast<RankedTensorType>(arguments.front().getType());
    int64_t batch = first && first.getRank() > 0 ? first.getDimSize(0) : 1;
    entry = program.addEntry(function.getLoc(), batch, target);
    entry.setSize(size);
    if (auto unfused = function->getAttrOfType<IntegerAttr>("nn.unfused"))
      entry.setUnfused(unfused.getInt());
    builder.setInsertionPointToEnd(&entry.getBody().front());
    placeInputsAndOutputs();
    buffers = arenaBuffers(function);
    emitSteps(block);
    entry.setWorkerScratch(largestWorkerScratch);
  }

private:
  StringAttr nameOf(Attribute name, StringRef fallback, size_t number) {
    if (auto text = dyn_cast_or_null<StringAttr>(name))
      return text;
    return builder.getStringAttr(fallback + std::to_string(number));
  }

  void placeInputsAndOutputs() {
    SmallVector<Value> states;
    int64_t stateBytes = 0;
    for (BlockArgument argument : block.getArguments()) {
      size_t number = argument.getArgNumber();
      SmallVector<int64_t> strides = denseStrides(cast<RankedTensorType>(argument.getType()).getShape());
      if (auto layer = function.getArgAttrOfType<StringAttr>(number, nn::kStateAttr)) {
        states.push_back(
            builder.create<plan::StateOp>(function.getLoc(), memref(argument.getType(), strides), layer, stateBytes));
        stateBytes += llvm::alignTo(denseBytes(argument.getType()), 64);
        placements[argument] = {states.back(), 0, strides};
        continue;
      }
      Value input = builder.create<plan::InputOp>(function.getLoc(), memref(argument.getType(), strides),
                                                  nameOf(function.getArgAttr(number, "nn.name"), "input", number));
      placements[argument] = {input, 0, strides};
    }
    auto nextState = states.begin();
    for (auto [number, result] : llvm::enumerate(block.getTerminator()->getOperands())) {
      SmallVector<int64_t> strides = denseStrides(cast<RankedTensorType>(result.getType()).getShape());
      if (function.getResultAttr(number, nn::kStateAttr)) {
        Value state = *nextState++;
        placements[bufferRoot(result)] = {builder.create<plan::ViewOp>(function.getLoc(), state.getType(), state, 0), 0,
                                          strides};
        continue;
      }
      Value output =
          builder.create<plan::OutputOp>(function.getLoc(), memref(result.getType(), strides),
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
      return {source.base, source.offset, denseStrides(type.getShape()), source.perIteration};
    }
    if (Sequence sequence = sequenceOf(value); sequence.scan)
      return elementOf(sequence);
    if (Value last = lastValueOf(value); last && last != value)
      return placementOf(last);
    for (Operation *user : value.getUsers())
      if (auto concat = dyn_cast<nn::ConcatOp>(user); concat && concat->hasAttr(kViewAttr))
        return partOf(concat, value);
    if (Value operand = inPlaceOperand(value))
      return placementOf(operand);
    Buffer buffer = buffers.lookup(value);
    OpBuilder::InsertionGuard guard(builder);
    insertBeside(&block);
    Value slot = builder.create<plan::SlotOp>(value.getLoc(), plan::SlotType::get(builder.getContext()), buffer.bytes,
                                              builder.getDenseI64ArrayAttr({buffer.first, buffer.last}), IntegerAttr());
    return {slot, 0, denseStrides(type.getShape())};
  }

  /// The element of a sequence that a step of the body works on.
  Placement elementOf(Sequence sequence) {
    SmallVector<int64_t> strides = placementOf(sequence.whole).strides;
    int64_t step = strides.front() * bytesOfElement(sequence.whole.getType()), first = 0;
    if (sequence.scan.getReverse()) {
      first = (sequence.scan.steps() - 1) * step;
      step = -step;
    }
    strides.erase(strides.begin());
    auto unroll = static_cast<int64_t>(sequence.scan.getUnroll());
    return {viewOf(sequence.whole), first + sequence.step * step, strides, unroll * step};
  }

  /// Ops about a value of `valueBlock` go to the end of what is printed of it: before the loop that is being filled.
  void insertBeside(Block *valueBlock) {
    size_t depth = 0;
    while (depth < loops.size() && loops[depth].first->getParent()->isAncestor(valueBlock->getParent()))
      ++depth;
    if (depth < loops.size())
      builder.setInsertionPoint(loops[depth].second);
  }

  Placement partOf(nn::ConcatOp concat, Value part) {
    Placement whole = placementOf(concat.getResult());
    int64_t before = 0;
    for (Value input : concat.getInputs()) {
      if (input == part)
        break;
      before += cast<RankedTensorType>(input.getType()).getDimSize(concat.getAxis());
    }
    int64_t offset = whole.offset + before * whole.strides[concat.getAxis()] * bytesOfElement(part.getType());
    return {whole.base, offset, whole.strides, whole.perIteration};
  }

  /// The memref of a tensor: the base itself where it is the same, else a view. Every tensor has a view of its own, so
  /// that the plan tells tensors apart that share bytes; a reshape is a view of what it reshapes.
  Value viewOf(Value value) {
    if (Value view = views.lookup(value))
      return view;
    Placement placement = placementOf(value);
    MemRefType type = memref(value.getType(), placement.strides);
    Value view = placement.base;
    bool isCarried = !nn::isWeightExpression(value) && liesInCarried(value);
    Value operand = inPlaceOperand(value); // through a reshape: the base is then that of an earlier tensor
    bool isAnother = operand && viewOf(operand) != placement.base;
    OpBuilder::InsertionGuard guard(builder);
    insertBeside(value.getParentBlock());
    if (auto reshape = value.getDefiningOp<nn::ReshapeOp>(); reshape && !nn::isWeightExpression(value))
      view = builder.create<plan::ViewOp>(value.getLoc(), type, viewOf(reshape.getInput()), 0);
    else if (placement.base.getType() != type || placement.offset != 0 || placement.perIteration != 0 || isCarried ||
             isAnother)
      view =
          builder.create<plan::ViewOp>(value.getLoc(), type, placement.base, placement.offset, placement.perIteration);
    views[value] = view;
    return view;
  }

  Value weightOf(Value value) {
    plan::WeightOp weight = program.weightOf(value);
    auto type = cast<RankedTensorType>(value.getType());
    OpBuilder::InsertionGuard guard(builder);
    insertBeside(value.getParentBlock());
    return builder.create<plan::WeightRefOp>(value.getLoc(), memref(type, denseStrides(type.getShape())),
                                             weight.getSymName());
  }

  void emitSteps(Block &from) {
    for (Operation &op : from)
      if (auto kernel = dyn_cast<nn::KernelOp>(op))
        emitStep(kernel);
      else if (auto scan = dyn_cast<nn::ScanOp>(op))
        emitLoop(scan);
  }

  void emitLoop(nn::ScanOp scan) {
    for (Value outside : scan->getOperands())
      viewOf(outside);
    SmallVector<Attribute> layers;
    for (const std::string &path : nn::layerPaths(scan.getLoc()))
      layers.push_back(builder.getStringAttr(path));
    auto loop =
        builder.create<plan::LoopOp>(scan.getLoc(), scan.steps() / scan.getUnroll(), builder.getArrayAttr(layers));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(&loop.getBody().emplaceBlock());
    loops.push_back({&scan.getBody().front(), loop});
    emitSteps(scan.getBody().front());
    loops.pop_back();
  }

  void emitStep(nn::KernelOp kernel) {
    int64_t step = steps++;
    SmallVector<Value> inputs, outputs;
    for (Value operand : kernel.getInputs())
      inputs.push_back(viewOf(operand));
    for (Value result : kernel.getOutputs())
      outputs.push_back(viewOf(result));
    plan::KernelOp native = program.nativeKernel(kernel, ValueRange(inputs).getTypes(), ValueRange(outputs).getTypes());
    int64_t own = llvm::alignTo(kernel.getWorkerScratch(), 64),
            all = llvm::alignTo(kernel.getSharedScratch(), 64) + own;
    if (llvm::any_of(native.getUnits(), [](int64_t units) { return units > 1; })) // else one worker does it all
      largestWorkerScratch = std::max(largestWorkerScratch, own);
    Value scratch;
    OpBuilder::InsertionGuard guard(builder);
    if (all > 0) {
      insertBeside(&block);
      scratch = builder.create<plan::SlotOp>(kernel.getLoc(), plan::SlotType::get(builder.getContext()), all,
                                             builder.getDenseI64ArrayAttr({step, step}), IntegerAttr());
    }
    if (!loops.empty())
      builder.setInsertionPointToEnd(&loops.back().second.getBody().front());
    builder.create<plan::StepOp>(kernel.getLoc(), native.getSymName(), inputs, outputs, scratch, layersOf(kernel));
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

  func::FuncOp function;
  Block &block;
  OpBuilder builder;
  Program &program;
  StringRef target, size;
  plan::EntryOp entry;
  llvm::MapVector<Value, Buffer> buffers;
  DenseMap<Value, Placement> placements;
  DenseMap<Value, Value> views;
  int64_t largestWorkerScratch = 0, steps = 0;
  SmallVector<std::pair<Block *, plan::LoopOp>> loops; ///< being filled, outermost first, with their scans' bodies
};

/// What Planner expects: kernels with an algorithm, views between them, and results that kernels write.
LogicalResult checkIsKernels(Block &block) {
  for (Operation &op : block) {
    if (auto scan = dyn_cast<nn::ScanOp>(op)) {
      if (failed(checkIsKernels(scan.getBody().front())))
        return failure();
      continue;
    }
    auto kernel = dyn_cast<nn::KernelOp>(op);
    if (kernel && !kernel.getAlgorithm())
      return kernel.emitOpError("has no algorithm; nn-select-kernels chooses one");
    bool isView = isa<nn::ReshapeOp>(op) || (isa<nn::ConcatOp>(op) && op.hasAttr(kViewAttr));
    bool isPlanned = kernel || isView || isa<nn::WeightOp, nn::ConstantOp, nn::YieldOp, func::ReturnOp>(op) ||
                     (op.getNumResults() == 1 && nn::isWeightExpression(op.getResult(0)));
    if (!isPlanned)
      return op.emitOpError("is in no kernel; nn-fuse and nn-assign-views make them");
  }
  return success();
}

LogicalResult checkResults(func::FuncOp function) {
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
    SmallVector<func::FuncOp> functions(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp function : functions)
      if (failed(checkIsKernels(function.getBody().front())) || failed(checkResults(function)))
        return signalPassFailure();
    if (std::optional<StringRef> name = getOperation().getName())
      makeProgram(functions, *name, /*namesSizes=*/true);
    else
      for (func::FuncOp function : functions)
        makeProgram(function, function.getSymName(), /*namesSizes=*/false);
  }

  void makeProgram(ArrayRef<func::FuncOp> functions, StringRef name, bool namesSizes) {
    if (functions.empty())
      return;
    Program program(getOperation(), functions.front()->getLoc(), name);
    for (func::FuncOp function : functions) {
      Planner(function, program, target, namesSizes ? function.getSymName() : "").run();
      function.erase();
    }
  }
};

} // namespace
