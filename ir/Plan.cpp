// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The plan dialect: registration and verifiers, constraints numbered as in the ops' descriptions.
#include "ir/Plan.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace layerc;
using namespace layerc::plan;

#include "ir/PlanDialect.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "ir/PlanTypes.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "ir/PlanAttrs.cpp.inc"
#define GET_OP_CLASSES
#include "ir/PlanOps.cpp.inc"

void PlanDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "ir/PlanTypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "ir/PlanAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "ir/PlanOps.cpp.inc"
      >();
}

static constexpr int64_t kAlignment = 64; // bytes: one cache line, the widest vector

/// Bytes from the start of a buffer to behind the last element of `type`, or nothing for a type without fixed strides.
static std::optional<int64_t> extentInBytes(MemRefType type) {
  SmallVector<int64_t> strides;
  int64_t last = 0;
  if (!type.hasStaticShape() || failed(getStridesAndOffset(type, strides, last)) || ShapedType::isDynamic(last) ||
      llvm::any_of(strides, ShapedType::isDynamic))
    return std::nullopt;
  for (auto [size, stride] : llvm::zip(type.getShape(), strides))
    last += std::max<int64_t>(size - 1, 0) * stride;
  return (last + 1) * static_cast<int64_t>(llvm::divideCeil(type.getElementTypeBitWidth(), 8));
}

static nn::YieldOp yieldOf(Region &region) {
  Block &block = region.front();
  return block.empty() ? nn::YieldOp() : dyn_cast<nn::YieldOp>(block.back());
}

/// The memref type of each operand against the tensor it stands for.
static LogicalResult verifyBuffers(KernelOp op, StringRef side, ArrayAttr buffers, TypeRange tensors) {
  if (buffers.size() != tensors.size())
    return op.emitOpError() << "has " << buffers.size() << " " << side << ", its body " << tensors.size();
  for (auto [attribute, type] : llvm::zip(buffers, tensors)) {
    auto buffer = dyn_cast<MemRefType>(cast<TypeAttr>(attribute).getValue());
    auto tensor = dyn_cast<RankedTensorType>(type);
    bool agrees = buffer && tensor && buffer.getShape() == tensor.getShape() &&
                  buffer.getElementType() == tensor.getElementType();
    if (!agrees)
      return op.emitOpError() << side << ": " << attribute << " does not hold a " << type;
  }
  return success();
}

static bool keepSameStates(EntryOp a, EntryOp b) {
  return llvm::equal(a.getOps<StateOp>(), b.getOps<StateOp>(), [](StateOp left, StateOp right) {
    return left.getLayer() == right.getLayer() && left.getOffset() == right.getOffset() &&
           left.getType() == right.getType();
  });
}

template <class Tensor> static bool haveSameNames(EntryOp a, EntryOp b) {
  return llvm::equal(a.getOps<Tensor>(), b.getOps<Tensor>(),
                     [](Tensor left, Tensor right) { return left.getName() == right.getName(); });
}

LogicalResult ProgramOp::verify() {
  SmallVector<WeightOp> weights(getOps<WeightOp>());
  llvm::sort(weights, [](WeightOp a, WeightOp b) { return a.getOffset() < b.getOffset(); });
  int64_t end = 0;
  for (WeightOp weight : weights) {
    int64_t offset = weight.getOffset(), bytes = weight.getBytes();
    if (offset % kAlignment != 0 || bytes < 0) // C1
      return weight.emitOpError() << "expects an offset that is a multiple of " << kAlignment << ", got " << offset;
    if (offset < end) // C1
      return weight.emitOpError() << "at " << offset << " overlaps the weight before it, which ends at " << end;
    end = offset + bytes;
  }
  int64_t size = getWeights();
  if (end > size) // C1
    return emitOpError() << "has " << size << " bytes of weights, the last one ends at " << end;
  llvm::StringSet<> sizes;
  for (EntryOp entry : getOps<EntryOp>()) {
    if (!sizes.insert(entry.getSize()).second) // C2
      return entry.emitOpError() << "has size '" << entry.getSize() << "' as another entry";
    if (!keepSameStates(*getOps<EntryOp>().begin(), entry)) // C3
      return entry.emitOpError() << "of size '" << entry.getSize() << "' keeps other states than the first entry";
    if (!haveSameNames<InputOp>(*getOps<EntryOp>().begin(), entry) ||
        !haveSameNames<OutputOp>(*getOps<EntryOp>().begin(), entry)) // C3
      return entry.emitOpError() << "of size '" << entry.getSize()
                                 << "' has other inputs or outputs than the first entry";
  }
  return success();
}

LogicalResult WeightOp::verify() {
  nn::YieldOp yield = yieldOf(getRecipe());
  if (getRecipe().getNumArguments() != 0 || !yield || yield.getValues().size() != 1) // C1
    return emitOpError("expects a recipe without arguments that yields one tensor");
  return success();
}

LogicalResult KernelOp::verify() {
  nn::YieldOp yield = yieldOf(getBody());
  if (!yield) // C1
    return emitOpError("expects a body that ends in nn.yield");
  if (failed(verifyBuffers(*this, "inputs", getInputs(), getBody().getArgumentTypes())) || // C1
      failed(verifyBuffers(*this, "outputs", getOutputs(), yield.getValues().getTypes())))
    return failure();
  if (getUnits().empty() || llvm::any_of(getUnits(), [](int64_t units) { return units < 1; })) // C2
    return emitOpError() << "expects at least one phase and one unit in each, got units [" << getUnits() << "]";
  if (getExternal() && (getUnits().size() != 1 || getUnits().front() != 1 || getWorkerScratch() != 0)) // C3
    return emitOpError() << "expects one unit and no scratch of workers from '" << getExternal()->getSymbol() << "'";
  constexpr int64_t mostDimensions = 8; // layerc_most_dimensions of runtime/include/layerc/external.h
  for (ArrayAttr side : {getInputs(), getOutputs()})
    for (auto type : side.getAsValueRange<TypeAttr>())
      if (getExternal() && cast<MemRefType>(type).getRank() > mostDimensions) // C3
        return emitOpError() << "hands " << type << " to '" << getExternal()->getSymbol() << "', which takes at most "
                             << mostDimensions << " dimensions";
  return success();
}

LogicalResult EntryOp::verify() {
  int64_t arena = getArena();
  for (SlotOp slot : getOps<SlotOp>()) {
    if (!slot.getOffset())
      continue;
    int64_t offset = *slot.getOffset(), bytes = slot.getBytes();
    if (offset < 0 || offset % kAlignment != 0) // C1
      return slot.emitOpError() << "expects an offset that is a multiple of " << kAlignment << ", got " << offset;
    if (offset + bytes > arena) // C1
      return slot.emitOpError() << "ends at " << offset + bytes << " outside the arena of " << arena << " bytes";
  }
  return success();
}

LogicalResult WeightRefOp::verify() {
  auto weight = SymbolTable::lookupNearestSymbolFrom<WeightOp>(*this, getWeightAttr());
  if (!weight) // C1
    return emitOpError() << "names no weight: " << getWeightAttr();
  std::optional<int64_t> extent = extentInBytes(cast<MemRefType>(getType()));
  int64_t bytes = weight.getBytes();
  if (!extent || *extent > bytes) // C2
    return emitOpError() << "reads " << getType() << " from a weight of " << bytes << " bytes";
  return success();
}

LogicalResult StateOp::verify() {
  if (int64_t offset = getOffset(); offset < 0 || offset % kAlignment != 0) // C1
    return emitOpError() << "expects an offset that is a multiple of " << kAlignment << ", got " << offset;
  return success();
}

LogicalResult LoopOp::verify() {
  if (int64_t iterations = getIterations(); iterations < 1) // C1
    return emitOpError() << "expects at least one iteration, got " << iterations;
  return success();
}

LogicalResult ViewOp::verify() {
  std::optional<int64_t> extent = extentInBytes(cast<MemRefType>(getType())), available;
  if (auto slot = getSource().getDefiningOp<SlotOp>())
    available = slot.getBytes();
  else if (auto source = dyn_cast<MemRefType>(getSource().getType()))
    available = extentInBytes(source);
  int64_t first = getOffset(), stride = getStride(), last = first;
  auto loop = dyn_cast<LoopOp>((*this)->getParentOp());
  if (stride != 0 && !loop) // C2
    return emitOpError() << "moves by " << stride << " bytes outside a loop";
  if (loop)
    last += stride * (static_cast<int64_t>(loop.getIterations()) - 1);
  for (int64_t offset : {first, last})
    if (!extent || !available || offset < 0 || offset + *extent > *available) // C1
      return emitOpError() << "at " << offset << " does not fit into its source of " << available.value_or(0)
                           << " bytes";
  return success();
}

/// Types of operands against the types a kernel declares.
static bool agree(OperandRange operands, ArrayAttr types) {
  return llvm::equal(operands.getTypes(), types.getAsValueRange<TypeAttr>());
}

LogicalResult StepOp::verify() {
  auto kernel = SymbolTable::lookupNearestSymbolFrom<KernelOp>(*this, getKernelAttr());
  if (!kernel) // C1
    return emitOpError() << "calls no kernel: " << getKernelAttr();
  if (!agree(getInputs(), kernel.getInputs()) || !agree(getOutputs(), kernel.getOutputs())) // C1
    return emitOpError() << "passes (" << getInputs().getTypes() << ") -> (" << getOutputs().getTypes() << "), kernel "
                         << getKernelAttr() << " takes " << kernel.getInputs() << " -> " << kernel.getOutputs();
  return success();
}

SmallVector<EntryOp> plan::entriesOf(ProgramOp program) { return SmallVector<EntryOp>(program.getOps<EntryOp>()); }

int64_t plan::stateBytes(EntryOp entry) {
  int64_t end = 0;
  for (StateOp state : entry.getOps<StateOp>())
    end = std::max<int64_t>(end, state.getOffset() + extentInBytes(cast<MemRefType>(state.getType())).value_or(0));
  return llvm::alignTo(end, kAlignment);
}

double plan::runsOf(StepOp step) {
  double runs = 1;
  for (auto loop = dyn_cast<LoopOp>(step->getParentOp()); loop; loop = dyn_cast<LoopOp>(loop->getParentOp()))
    runs *= static_cast<double>(loop.getIterations());
  return runs;
}
