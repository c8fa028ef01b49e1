// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Walks the steps of an entry. Addresses are computed from slots, views and weights as the printed C++ has them as
// text.
#include "codegen/Walker.h"

#include "codegen/EmitKernel.h"
#include "codegen/ExternalTensors.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h"
#include "llvm/Support/TargetSelect.h"

#include <chrono>
#include <cstring>

using namespace mlir;
using namespace layerc;
using llvm::Expected;

//===-- Loaded code ---------------------------------------------------------------------------------------------===//

struct LoadedCode::Linker {
  std::unique_ptr<llvm::orc::LLJIT> jit;
};

LoadedCode::LoadedCode(std::unique_ptr<Linker> linker) : linker_(std::move(linker)) {}
LoadedCode::~LoadedCode() = default;

Expected<std::unique_ptr<LoadedCode>> LoadedCode::load(StringRef object) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  llvm::orc::LLJITBuilder builder;
  builder.setObjectLinkingLayerCreator([](llvm::orc::ExecutionSession &session,
                                          const llvm::Triple &) -> Expected<std::unique_ptr<llvm::orc::ObjectLayer>> {
    return std::make_unique<llvm::orc::ObjectLinkingLayer>(session);
  });
  auto jit = builder.create();
  if (!jit)
    return jit.takeError();
  auto process =
      llvm::orc::DynamicLibrarySearchGenerator::GetForCurrentProcess((*jit)->getDataLayout().getGlobalPrefix());
  if (!process)
    return process.takeError();
  (*jit)->getMainJITDylib().addGenerator(std::move(*process));
  if (llvm::Error error = (*jit)->addObjectFile(llvm::MemoryBuffer::getMemBufferCopy(object, "kernels.o")))
    return error;
  return std::unique_ptr<LoadedCode>(new LoadedCode(std::make_unique<Linker>(Linker{std::move(*jit)})));
}

Expected<NativePhase> LoadedCode::find(StringRef symbol) {
  llvm::orc::LLJIT &jit = *linker_->jit;
  // Kernels are hidden, so they are not among the exported symbols.
  auto found = jit.getExecutionSession().lookup(
      {{&jit.getMainJITDylib(), llvm::orc::JITDylibLookupFlags::MatchAllSymbols}}, jit.mangleAndIntern(symbol));
  if (!found)
    return found.takeError();
  return found->getAddress().toPtr<NativePhase>();
}

//===-- Walking -------------------------------------------------------------------------------------------------===//

Expected<Walker> Walker::create(plan::EntryOp entry, StringRef object) {
  Walker walker(entry);
  auto code = LoadedCode::load(object);
  if (!code)
    return code.takeError();
  walker.code_ = std::move(*code);
  SmallVector<plan::StepOp> steps;
  entry.walk([&](plan::StepOp step) { steps.push_back(step); });
  for (plan::StepOp step : steps)
    if (llvm::Error error = walker.addStep(step))
      return error;
  return walker;
}

llvm::Error Walker::addStep(plan::StepOp op) {
  auto kernel = SymbolTable::lookupNearestSymbolFrom<plan::KernelOp>(op, op.getKernelAttr());
  Step step{op, {}, static_cast<int64_t>(kernel.getSharedScratch()), nullptr};
  if (kernel.getExternal()) {
    step.external = std::make_unique<ExternalStep>();
    steps_[op] = std::move(step);
    return llvm::Error::success();
  }
  for (auto [phase, units] : llvm::enumerate(kernel.getUnits())) {
    auto function = code_->find(phaseName(kernel, phase));
    if (!function)
      return function.takeError();
    step.phases.push_back({*function, static_cast<int>(units)});
  }
  steps_[op] = std::move(step);
  return llvm::Error::success();
}

llvm::Error Walker::prepare(const char *weights, int workers, ExternalLookup lookup) {
  for (auto &[op, step] : steps_)
    if (step.external)
      if (llvm::Error error = prepareStep(step, weights, workers, lookup))
        return error;
  return llvm::Error::success();
}

llvm::Error Walker::prepareStep(Step &step, const char *weights, int workers, ExternalLookup lookup) {
  auto kernel = SymbolTable::lookupNearestSymbolFrom<plan::KernelOp>(step.op, step.op.getKernelAttr());
  plan::ExternalAttr call = *kernel.getExternal();
  const layerc_external *external = lookup(call.getSymbol());
  if (!external)
    return llvm::createStringError("'" + call.getSymbol() + "', which computes '" + kernel.getSymName() +
                                   "', is not there; --custom CLASS=" + call.getSymbol() + ",library=FILE loads it");
  auto tensors = [&](OperandRange values) {
    SmallVector<layerc_tensor> result;
    for (Value value : values) {
      std::optional<int64_t> offset = weightOffset(value);
      result.push_back(externalTensor(cast<MemRefType>(value.getType()), offset ? weights + *offset : nullptr));
    }
    return result;
  };
  SmallVector<layerc_tensor> inputs = tensors(step.op.getInputs()), outputs = tensors(step.op.getOutputs());
  std::string function = call.getFunction().str(), config = call.getConfig().str();
  ArrayRef<int64_t> numbers = call.getNumbers();
  layerc_step description = {sizeof(layerc_step),
                             function.c_str(),
                             numbers.data(),
                             static_cast<int>(numbers.size()),
                             inputs.data(),
                             static_cast<int>(inputs.size()),
                             outputs.data(),
                             static_cast<int>(outputs.size()),
                             workers,
                             config.empty() ? nullptr : config.c_str()};
  if (step.external->prepare(*external, description) == Status::ok)
    return llvm::Error::success();
  return llvm::createStringError("'" + call.getSymbol() + "' cannot compute '" + kernel.getSymName() + "'");
}

int64_t Walker::arenaBytes(int workers) const {
  plan::EntryOp entry = entry_; // MLIR's accessors are not const
  return static_cast<int64_t>(entry.getArena() + entry.getWorkerScratch() * static_cast<uint64_t>(workers - 1));
}

int64_t Walker::stateBytes() const { return plan::stateBytes(entry_); }

static char *addressOf(plan::WeightRefOp ref, const WalkBuffers &buffers) {
  auto weight = SymbolTable::lookupNearestSymbolFrom<plan::WeightOp>(ref, ref.getWeightAttr());
  return const_cast<char *>(buffers.weights) + weight.getOffset();
}

Walker::Addresses Walker::locate(const WalkBuffers &buffers) const {
  Addresses addresses;
  size_t input = 0, output = 0;
  for (Operation &op : plan::EntryOp(entry_).getBody().front()) {
    char *address =
        llvm::TypeSwitch<Operation *, char *>(&op)
            .Case([&](plan::InputOp) { return static_cast<char *>(const_cast<void *>(buffers.inputs[input++])); })
            .Case([&](plan::OutputOp) { return static_cast<char *>(buffers.outputs[output++]); })
            .Case([&](plan::StateOp state) { return buffers.state + state.getOffset(); })
            .Case([&](plan::WeightRefOp ref) { return addressOf(ref, buffers); })
            .Case([&](plan::SlotOp slot) { return buffers.arena + *slot.getOffset(); })
            .Case([&](plan::ViewOp view) { return addresses.lookup(view.getSource()) + view.getOffset(); })
            .Default(static_cast<char *>(nullptr));
    if (op.getNumResults() == 1)
      addresses[op.getResult(0)] = address;
  }
  return addresses;
}

namespace {

/// What one part of a phase needs.
struct PhaseCall {
  NativePhase function;
  void *const *arguments;
  char *shared, *first, *others;
  int64_t stride;

  void part(int begin, int end, int worker) const {
    char *own = worker == 0 ? first : others + (worker - 1) * stride;
    function(arguments, shared, own, begin, end);
  }
};

} // namespace

Status Walker::runStep(const Step &step, const Run &run) const {
  const auto &[buffers, executor, afterStep, addresses] = run;
  plan::StepOp op = step.op;
  plan::EntryOp entry = entry_;
  SmallVector<void *> arguments;
  for (OperandRange side : {op.getInputs(), op.getOutputs()})
    for (Value value : side)
      arguments.push_back(addresses.lookup(value));
  PhaseCall call{};
  call.arguments = arguments.data();
  if (op.getScratch()) {
    call.shared = addresses.lookup(op.getScratch());
    call.first = call.shared + llvm::alignTo(step.sharedScratch, 64);
  }
  if (step.external)
    return step.external->run(arguments.data(), call.shared, executor.workers);
  call.others = buffers.arena + entry.getArena();
  call.stride = static_cast<int64_t>(entry.getWorkerScratch());
  for (const Phase &phase : step.phases) {
    call.function = phase.function;
    if (phase.units == 1 || !executor.function) {
      call.part(0, phase.units, 0);
      continue;
    }
    auto part = [](void *context, int begin, int end, int worker) {
      static_cast<const PhaseCall *>(context)->part(begin, end, worker);
    };
    executor.function(executor.host, phase.units, part, &call);
  }
  return Status::ok;
}

Status Walker::run(const WalkBuffers &buffers, const WalkExecutor &executor, const StepCallback &afterStep) {
  if (poison_ && buffers.arena)
    std::memset(buffers.arena, 0xff, arenaBytes(executor.workers)); // NaN in every float type
  Run state{buffers, executor, afterStep, locate(buffers)};
  return runBlock(plan::EntryOp(entry_).getBody().front(), state);
}

Status Walker::runBlock(Block &block, Run &run) const {
  for (Operation &op : block) {
    if (auto loop = dyn_cast<plan::LoopOp>(op))
      if (Status status = runLoop(loop, run); status != Status::ok)
        return status;
    auto step = steps_.find(&op);
    if (step == steps_.end())
      continue;
    auto begin = std::chrono::steady_clock::now();
    if (Status status = runStep(step->second, run); status != Status::ok)
      return status;
    std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - begin;
    if (run.afterStep)
      run.afterStep(step->second.op, time.count(), run.addresses);
  }
  return Status::ok;
}

Status Walker::runLoop(plan::LoopOp loop, Run &run) const {
  Block &body = loop.getBody().front();
  for (int64_t t = 0, count = loop.getIterations(); t < count; ++t) {
    for (Operation &op : body)
      if (auto view = dyn_cast<plan::ViewOp>(op))
        run.addresses[view] = run.addresses.lookup(view.getSource()) + static_cast<int64_t>(view.getOffset()) +
                              t * static_cast<int64_t>(view.getStride());
      else if (auto weight = dyn_cast<plan::WeightRefOp>(op))
        run.addresses[weight] = addressOf(weight, run.buffers);
    if (Status status = runBlock(body, run); status != Status::ok)
      return status;
  }
  return Status::ok;
}
