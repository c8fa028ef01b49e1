// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Native code in process. Each kernel is a module of its own until it is optimised, so that all processors work; then
// the modules are linked and emitted once.
#include "codegen/EmitObject.h"

#include "codegen/DenormalsShow.h"
#include "codegen/EmitKernel.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/Analysis/TargetTransformInfo.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Linker/Linker.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/DataExtractor.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Triple.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

using namespace layerc;
using llvm::Expected;
using llvm::StringRef;

static void initializeTargets() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
    llvm::InitializeAllAsmParsers();
  });
}

static Expected<std::unique_ptr<llvm::TargetMachine>> makeMachine(const Target &target) {
  initializeTargets();
  std::string error;
  const llvm::Target *found = llvm::TargetRegistry::lookupTarget(target.triple, error);
  if (!found)
    return llvm::createStringError(error);
  llvm::TargetOptions options;
  options.EmitStackSizeSection = true; // for stackBytes()
  return std::unique_ptr<llvm::TargetMachine>(found->createTargetMachine(target.triple, target.cpu, target.features,
                                                                         options, llvm::Reloc::PIC_, std::nullopt,
                                                                         llvm::CodeGenOptLevel::Aggressive));
}

/// The target as attributes of each function: they decide about instructions, whatever the target machine says.
static void addTargetAttributes(llvm::Module &module, const Target &target) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", target.cpu);
    function.addFnAttr("target-features", target.features);
    // Without it, LLVM splits 64-byte vectors into halves on some processors.
    function.addFnAttr("prefer-vector-width", std::to_string(target.vectorBytes * 8));
    function.setDoesNotThrow();
  }
}

/// Bytes of the widest vector that the code computes, or 0.
static int64_t widestVector(const llvm::Module &module) {
  uint64_t bits = 0;
  for (const llvm::Function &function : module)
    for (const llvm::BasicBlock &block : function)
      for (const llvm::Instruction &instruction : block)
        if (instruction.getType()->isVectorTy())
          bits = std::max<uint64_t>(bits, instruction.getType()->getPrimitiveSizeInBits().getFixedValue());
  return static_cast<int64_t>(bits / 8);
}

/// What the module's code is compiled for. Of AVX-512, code of narrower vectors would only get longer instructions:
/// with those of AVX2 a step of GRU(8) took the same time on an idle host, and 1.05 times less on a busy one (Sapphire
/// Rapids).
static Target targetOf(const llvm::Module &module, const Target &target) {
  constexpr int64_t avx2Bytes = 32;
  int64_t widest = widestVector(module);
  if (!llvm::Triple(target.triple).isX86() || target.vectorBytes <= avx2Bytes || widest == 0 || widest > avx2Bytes)
    return target;
  Target narrower = target;
  narrower.cpu = "x86-64-v3";
  narrower.features.clear();
  narrower.vectorBytes = avx2Bytes;
  return narrower;
}

/// O3 without loop unrolling: it moves the loads of streaming loops apart and makes them up to 60 % slower.
static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.SLPVectorization = true;
  tuning.LoopUnrolling = tuning.LoopInterleaving = false;
  llvm::PassBuilder builder(&machine, tuning);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::TargetLibraryInfoImpl library{llvm::Triple(module.getTargetTriple())};
  functions.registerPass([&] { return llvm::TargetLibraryAnalysis(library); });
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3).run(module, modules);
}

/// One kernel as optimised bitcode.
static Expected<std::string> makeBitcode(plan::KernelOp kernel, const Target &target) {
  auto machine = makeMachine(target);
  if (!machine)
    return machine.takeError();
  mlir::OwningOpRef<mlir::ModuleOp> emitted = emitKernel(kernel, target);
  if (mlir::failed(lowerKernel(*emitted, kernel)))
    return llvm::createStringError("kernel '" + kernel.getSymName() + "' could not be lowered");
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module = mlir::translateModuleToLLVMIR(*emitted, context, kernel.getSymName());
  if (!module)
    return llvm::createStringError("kernel '" + kernel.getSymName() + "' could not be translated to LLVM IR");
  module->setDataLayout((*machine)->createDataLayout());
  module->setTargetTriple(target.triple);
  addTargetAttributes(*module, targetOf(*module, target));
  optimize(*module, **machine);
  std::string bytes;
  llvm::raw_string_ostream stream(bytes);
  llvm::WriteBitcodeToFile(*module, stream);
  return bytes;
}

/// makeBitcode of all kernels on `threads` threads, in the kernels' order.
static Expected<std::vector<std::string>> makeAllBitcode(llvm::ArrayRef<plan::KernelOp> kernels, const Target &target,
                                                         unsigned threads) {
  std::vector<std::string> results(kernels.size());
  std::vector<std::string> errors(kernels.size());
  std::atomic<size_t> next{0};
  auto work = [&] {
    for (size_t i; (i = next++) < kernels.size();)
      if (auto bitcode = makeBitcode(kernels[i], target))
        results[i] = std::move(*bitcode);
      else
        errors[i] = llvm::toString(bitcode.takeError());
  };
  std::vector<std::thread> helpers;
  for (unsigned i = 1; i < std::min<size_t>(threads, kernels.size()); ++i)
    helpers.emplace_back(work);
  work();
  for (std::thread &helper : helpers)
    helper.join();
  for (const std::string &error : errors)
    if (!error.empty())
      return llvm::createStringError(error);
  return results;
}

static Expected<std::unique_ptr<llvm::Module>> linkBitcode(llvm::ArrayRef<std::string> all, StringRef name,
                                                           const Target &target, llvm::LLVMContext &context) {
  auto linked = std::make_unique<llvm::Module>(name, context);
  linked->setTargetTriple(target.triple);
  llvm::Linker linker(*linked);
  for (const std::string &bytes : all) {
    auto module = llvm::parseBitcodeFile(llvm::MemoryBufferRef(bytes, name), context);
    if (!module)
      return module.takeError();
    linked->setDataLayout((*module)->getDataLayout());
    if (linker.linkInModule(std::move(*module)))
      return llvm::createStringError("two kernels of '" + name.str() + "' have one name");
  }
  return linked;
}

static Expected<std::string> emitModule(llvm::Module &module, const Target &target, NativeForm form) {
  auto machine = makeMachine(target);
  if (!machine)
    return machine.takeError();
  module.setDataLayout((*machine)->createDataLayout());
  if (form == NativeForm::LlvmIr) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    module.print(stream, nullptr);
    return text;
  }
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  passes.add(new llvm::TargetLibraryInfoWrapperPass(llvm::Triple(target.triple)));
  passes.add(llvm::createTargetTransformInfoWrapperPass((*machine)->getTargetIRAnalysis()));
  auto type = form == NativeForm::Object ? llvm::CodeGenFileType::ObjectFile : llvm::CodeGenFileType::AssemblyFile;
  if ((*machine)->addPassesToEmitFile(passes, stream, nullptr, type))
    return llvm::createStringError("target '" + target.triple + "' has no object files");
  passes.run(module);
  return std::string(bytes.begin(), bytes.end());
}

Expected<std::vector<std::string>> layerc::undefinedSymbols(StringRef object) {
  auto file = llvm::object::ObjectFile::createObjectFile(llvm::MemoryBufferRef(object, "kernels"));
  if (!file)
    return file.takeError();
  std::vector<std::string> names;
  for (const llvm::object::SymbolRef &symbol : (*file)->symbols()) {
    Expected<uint32_t> flags = symbol.getFlags();
    Expected<StringRef> name = symbol.getName();
    if (!flags || !name)
      return llvm::joinErrors(flags.takeError(), name.takeError());
    if ((*flags & llvm::object::SymbolRef::SF_Undefined) && !name->empty())
      names.push_back(name->str());
  }
  return names;
}

Expected<int64_t> layerc::stackBytes(StringRef object) {
  auto file = llvm::object::ObjectFile::createObjectFile(llvm::MemoryBufferRef(object, "kernels"));
  if (!file)
    return file.takeError();
  int64_t largest = 0;
  for (const llvm::object::SectionRef &section : (*file)->sections()) {
    Expected<StringRef> name = section.getName();
    if (!name)
      return name.takeError();
    if (*name != ".stack_sizes")
      continue;
    Expected<StringRef> contents = section.getContents();
    if (!contents)
      return contents.takeError();
    // Entries are an address and the size of that function's frame.
    llvm::DataExtractor entries(*contents, /*IsLittleEndian=*/true, /*AddressSize=*/8);
    for (llvm::DataExtractor::Cursor at(0); !entries.eof(at);) {
      entries.getU64(at);
      largest = std::max<int64_t>(largest, entries.getULEB128(at));
      if (!at)
        return at.takeError();
    }
  }
  // A phase calls its body, and the body no function of ours; each call pushes a return address and saved registers are
  // in the frames.
  return 2 * (largest + 16) + kLibraryStackBytes;
}

bool layerc::isAllowedSymbol(StringRef symbol) {
  static constexpr StringRef allowed[] = {"_GLOBAL_OFFSET_TABLE_",
                                          "memcpy",
                                          "memset",
                                          "memmove",
                                          "sinf",
                                          "cosf",
                                          "tanf",
                                          "powf",
                                          "exp2f",
                                          "exp10f",
                                          "fmodf",
                                          "atan2f",
                                          "floorf",
                                          "ceilf",
                                          "roundevenf",
                                          "sin",
                                          "cos",
                                          "tan",
                                          "pow",
                                          "exp2",
                                          "exp10",
                                          "fmod",
                                          "atan2",
                                          "exp",
                                          "expm1",
                                          "log",
                                          "log1p",
                                          "tanh",
                                          "erf",
                                          "floor",
                                          "ceil",
                                          "roundeven"};
  return llvm::is_contained(allowed, symbol) || (symbol.starts_with("_") && isAllowedSymbol(symbol.drop_front()));
}

Expected<NativeCode> layerc::emitNativeCode(plan::ProgramOp program, const Target &target, NativeForm form,
                                            unsigned threads) {
  loadKernelDialects(*program.getContext());
  if (threads == 0)
    threads = std::max(1u, std::thread::hardware_concurrency());
  if (!program.getContext()->isMultithreadingEnabled())
    threads = 1; // its types are then made without locks
  llvm::SmallVector<plan::KernelOp> kernels;
  for (plan::KernelOp kernel : program.getOps<plan::KernelOp>())
    if (!kernel.getExternal())
      kernels.push_back(kernel);
  auto bitcode = makeAllBitcode(kernels, target, threads);
  if (!bitcode)
    return bitcode.takeError();
  llvm::LLVMContext context;
  auto module = linkBitcode(*bitcode, program.getSymName(), target, context);
  if (!module)
    return module.takeError();
  NativeCode code;
  code.denormalsShow = llvm::Triple(target.triple).isX86() && denormalsShow(**module);
  auto bytes = emitModule(**module, target, form);
  if (!bytes)
    return bytes.takeError();
  code.bytes = std::move(*bytes);
  if (form != NativeForm::Object)
    return code;
  auto undefined = undefinedSymbols(code.bytes);
  if (!undefined)
    return undefined.takeError();
  for (const std::string &symbol : *undefined)
    if (!isAllowedSymbol(symbol))
      return llvm::createStringError("native code of '" + program.getSymName() + "' needs '" + symbol + "'");
  return code;
}
