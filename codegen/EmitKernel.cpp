// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Emits the phases of one kernel and lowers them. The body of a phase takes its buffers as separate pointers without
// aliases, which is what lets LLVM keep loads in registers; a wrapper unpacks the array of arguments.
#include "codegen/EmitKernel.h"

#include "codegen/Names.h"

#include "codegen/kernels/KernelEmitter.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"

using namespace mlir;
using namespace layerc;

void layerc::registerKernelDialects(DialectRegistry &registry) {
  registry.insert<plan::PlanDialect, nn::NnDialect, func::FuncDialect, scf::SCFDialect, cf::ControlFlowDialect,
                  vector::VectorDialect, arith::ArithDialect, math::MathDialect, memref::MemRefDialect,
                  LLVM::LLVMDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

void layerc::loadKernelDialects(MLIRContext &context) {
  DialectRegistry registry;
  registerKernelDialects(registry);
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
}

std::string layerc::phaseName(plan::KernelOp kernel, unsigned phase) {
  return kernelSymbol(kernel->getParentOfType<plan::ProgramOp>().getSymName(), kernel.getSymName(), phase);
}

static std::string bodyName(plan::KernelOp kernel, unsigned phase) { return phaseName(kernel, phase) + ".body"; }

/// All elements that an operand spans, as one dimension.
static MemRefType flatType(MemRefType type) {
  SmallVector<int64_t> strides;
  int64_t last = 0;
  [[maybe_unused]] LogicalResult strided = getStridesAndOffset(type, strides, last);
  assert(succeeded(strided) && "operands of kernels have strides");
  for (auto [size, stride] : llvm::zip(type.getShape(), strides))
    last += (size - 1) * stride;
  return MemRefType::get({last + 1}, storageType(type.getElementType()));
}

static SmallVector<Type> operandTypes(plan::KernelOp kernel) {
  SmallVector<Type> types;
  for (ArrayAttr side : {kernel.getInputs(), kernel.getOutputs()})
    for (Attribute type : side)
      types.push_back(flatType(cast<MemRefType>(cast<TypeAttr>(type).getValue())));
  return types;
}

static bool sharesBytes(plan::KernelOp kernel, unsigned operand) {
  ArrayRef<int64_t> aliases = kernel.getAliases();
  auto inputs = static_cast<int64_t>(kernel.getInputs().size());
  for (size_t i = 0; i + 1 < aliases.size(); i += 2)
    if (aliases[i] == operand || aliases[i + 1] + inputs == operand)
      return true;
  return false;
}

static void emitPhase(ImplicitLocOpBuilder &b, plan::KernelOp kernel, const Target &target,
                      const KernelEmitter &emitter, unsigned phase) {
  SmallVector<Type> types = operandTypes(kernel);
  auto operands = static_cast<unsigned>(types.size());
  for (uint64_t bytes : {kernel.getSharedScratch(), kernel.getWorkerScratch()})
    types.push_back(MemRefType::get({std::max<int64_t>(1, static_cast<int64_t>(bytes))}, b.getI8Type()));
  types.append(2, b.getIndexType());
  auto function = b.create<func::FuncOp>(bodyName(kernel, phase), b.getFunctionType(types, {}));
  function->setAttr("llvm.linkage", LLVM::LinkageAttr::get(b.getContext(), LLVM::Linkage::Internal));
  for (unsigned i = 0; i < operands + 2; ++i)
    if (!sharesBytes(kernel, i))
      function.setArgAttr(i, "llvm.noalias", b.getUnitAttr());

  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(function.addEntryBlock());
  SmallVector<Value> arguments(function.getArguments());
  KernelBuilder k(b, target, kernel, ArrayRef(arguments).take_front(operands), arguments[operands],
                  arguments[operands + 1]);
  int64_t units = kernel.getUnits()[phase];
  Value begin = k.narrowed(arguments[operands + 2], 0, units), end = k.narrowed(arguments[operands + 3], 0, units);
  emitter.emitPhase(k, phase, begin, end);
  b.create<func::ReturnOp>();
}

OwningOpRef<ModuleOp> layerc::emitKernel(plan::KernelOp kernel, const Target &target) {
  const KernelEmitter *emitter = findKernelEmitter(kernel.getAlgorithm());
  assert(emitter && "nn-select-kernels names templates that exist");
  OwningOpRef<ModuleOp> module = ModuleOp::create(kernel.getLoc(), kernel.getSymName());
  ImplicitLocOpBuilder b = ImplicitLocOpBuilder::atBlockEnd(kernel.getLoc(), module->getBody());
  for (unsigned phase = 0; phase < kernel.getUnits().size(); ++phase)
    emitPhase(b, kernel, target, *emitter, phase);
  return module;
}

/// void(void* const* args, void* shared, void* own, int64 begin, int64 end)
static void addWrapper(ModuleOp module, plan::KernelOp kernel, unsigned phase) {
  auto b = ImplicitLocOpBuilder::atBlockEnd(kernel.getLoc(), module.getBody());
  Type pointer = LLVM::LLVMPointerType::get(b.getContext()), nothing = LLVM::LLVMVoidType::get(b.getContext());
  auto type = LLVM::LLVMFunctionType::get(nothing, {pointer, pointer, pointer, b.getI64Type(), b.getI64Type()});
  auto function = b.create<LLVM::LLVMFuncOp>(phaseName(kernel, phase), type);
  function.setVisibility_(LLVM::Visibility::Hidden);
  b.setInsertionPointToStart(function.addEntryBlock(b));
  SmallVector<Value> arguments;
  for (unsigned i = 0, count = operandTypes(kernel).size(); i < count; ++i) {
    Value slot = b.create<LLVM::GEPOp>(pointer, pointer, function.getArgument(0),
                                       ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(i)});
    arguments.push_back(b.create<LLVM::LoadOp>(pointer, slot));
  }
  arguments.append(function.getArguments().begin() + 1, function.getArguments().end());
  auto body = module.lookupSymbol<LLVM::LLVMFuncOp>(bodyName(kernel, phase));
  b.create<LLVM::CallOp>(body, arguments);
  b.create<LLVM::ReturnOp>(ValueRange());
}

LogicalResult layerc::lowerKernel(ModuleOp module, plan::KernelOp kernel) {
  if (failed(verify(module)))
    return failure();
  PassManager pm(module.getContext(), ModuleOp::getOperationName());
  pm.enableVerifier(false); // once before and once after are enough
  pm.addPass(createConvertSCFToCFPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createConvertMathToLibmPass()); // makes vector ops of its own
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertIndexToLLVMPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  ConvertFuncToLLVMPassOptions options;
  options.useBarePtrCallConv = true;
  pm.addPass(createConvertFuncToLLVMPass(options));
  pm.addPass(createReconcileUnrealizedCastsPass());
  if (failed(pm.run(module)))
    return failure();
  for (unsigned phase = 0; phase < kernel.getUnits().size(); ++phase)
    addWrapper(module, kernel, phase);
  return verify(module);
}
