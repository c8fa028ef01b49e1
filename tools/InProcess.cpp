// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loading and running a compiled model in this process.
#include "tools/InProcess.h"

#include "codegen/EmitObject.h"
#include "tools/Externals.h"

#include "layerc/float_mode.h"
#include "layerc/memory.h"

#include <algorithm>
#include <cstdlib>
#include <set>

using namespace mlir;
using namespace layerc;

int64_t layerc::tensorBytes(MemRefType type) {
  int64_t bits = type.getElementType().isInteger(1) ? 8 : type.getElementTypeBitWidth();
  return type.getNumElements() * bits / 8;
}

std::optional<ElementType> layerc::dtypeOf(Type type) {
  if (type.isF16())
    return ElementType::Float16;
  if (type.isBF16())
    return ElementType::BFloat16;
  if (type.isF32())
    return ElementType::Float32;
  if (type.isF64())
    return ElementType::Float64;
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return std::nullopt;
  if (integer.getWidth() == 1)
    return ElementType::Bool;
  return elementTypeFromName((integer.isUnsigned() ? "uint" : "int") + std::to_string(integer.getWidth()));
}

static std::string withoutPrefix(const std::string &name) { return name.starts_with("input:") ? name.substr(6) : name; }

std::optional<std::vector<NpzArray>> layerc::readInputs(const LayerGraph &graph, const std::string &path) {
  absl::StatusOr<std::vector<NpzArray>> arrays = readNpz(path);
  if (!arrays.ok()) {
    printError(std::string(arrays.status().message()));
    return std::nullopt;
  }
  std::erase_if(*arrays, [](const NpzArray &array) {
    return array.name.starts_with("output:") || array.name.starts_with("layer:");
  });
  std::vector<NpzArray> matched;
  for (const NamedTensor &input : graph.inputs)
    for (NpzArray &array : *arrays)
      if (withoutPrefix(array.name) == input.name && matched.size() < graph.inputs.size())
        matched.push_back(array);
  if (matched.size() == graph.inputs.size())
    return matched;
  if (arrays->size() == graph.inputs.size())
    return *std::move(arrays);
  printError(path + ": expects an array for each of the model's " + std::to_string(graph.inputs.size()) +
             " inputs; got " + std::to_string(arrays->size()));
  return std::nullopt;
}

InProcess::InProcess(Compilation &compilation, std::vector<Walker> walkers)
    : compilation_(compilation), walkers_(std::move(walkers)), arena_(nullptr, free_memory),
      state_(nullptr, free_memory) {
  chooseSize(0);
  state_.reset(static_cast<char *>(allocate_memory(std::max<size_t>(64, walkers_.front().stateBytes()))));
  reset();
  setThreads(compilation.options.threads);
}

void InProcess::chooseSize(size_t index) {
  size_ = index;
  Block &body = compilation_.entries()[index].getBody().front();
  auto arguments = body.getOps<plan::InputOp>();
  auto results = body.getOps<plan::OutputOp>();
  inputs.assign(arguments.begin(), arguments.end());
  outputs.assign(results.begin(), results.end());
  outputBytes_.clear();
  for (plan::OutputOp output : outputs)
    outputBytes_.emplace_back(tensorBytes(cast<MemRefType>(output.getType())));
}

void InProcess::reset() { std::fill_n(state_.get(), walkers_.front().stateBytes(), '\0'); }

void InProcess::setThreads(int threads) {
  threads_ = threads;
  pool_.emplace(threads);
  int64_t bytes = 64;
  for (const Walker &walker : walkers_)
    bytes = std::max(bytes, walker.arenaBytes(threads));
  arena_.reset(static_cast<char *>(allocate_memory(bytes)));
}

std::unique_ptr<InProcess> InProcess::create(Compilation &compilation, Exit &exit) {
  if (exit = compilation.chooseKernels("native"); exit != Exit::Done)
    return nullptr;
  if (exit = compilation.plan(); exit != Exit::Done)
    return nullptr;
  auto object = emitNativeCode(compilation.program(), compilation.target, NativeForm::Object);
  exit = Exit::Internal;
  if (!object) {
    printError(llvm::toString(object.takeError()));
    return nullptr;
  }
  std::vector<Walker> walkers;
  for (plan::EntryOp entry : compilation.entries()) {
    auto walker = Walker::create(entry, object->bytes);
    if (!walker) {
      printError(llvm::toString(walker.takeError()));
      return nullptr;
    }
    walkers.push_back(std::move(*walker));
  }
  if (exit = compilation.makeWeights(); exit != Exit::Done)
    return nullptr;
  exit = Exit::BadModel;
  auto find = [&](llvm::StringRef symbol) { return findExternal(symbol, compilation.options.customLibraries); };
  for (Walker &walker : walkers)
    if (llvm::Error error = walker.prepare(compilation.weights().data(), compilation.options.threads, find)) {
      printError(compilation.options.model + ": " + llvm::toString(std::move(error)));
      return nullptr;
    }
  exit = Exit::Done;
  return std::unique_ptr<InProcess>(new InProcess(compilation, std::move(walkers)));
}

void InProcess::runOnce(const Walker::StepCallback &afterStep) {
  std::vector<void *> outputs;
  outputs.reserve(outputBytes_.size());
  for (std::vector<char> &bytes : outputBytes_)
    outputs.push_back(bytes.data());
  WalkBuffers buffers{inputs_, outputs, compilation_.weights().data(), arena_.get(), state_.get()};
  WalkExecutor walkExecutor;
  Executor executor = pool_->executor();
  if (threads_ > 1)
    walkExecutor = {executor.function, executor.host, executor.workers};
  const FloatMode mode;
  if (Status status = walkers_[size_].run(buffers, walkExecutor, afterStep); status != Status::ok)
    printError(message(status)); // and the outputs keep what they had
}

std::vector<std::vector<char>> InProcess::run(const std::vector<const void *> &inputs,
                                              const Walker::StepCallback &afterStep) {
  inputs_ = inputs;
  walkers_[size_].poisonArena(true); // a read of what nobody has written must show
  for (std::vector<char> &bytes : outputBytes_)
    std::fill(bytes.begin(), bytes.end(), static_cast<char>(0xff));
  runOnce(afterStep);
  walkers_[size_].poisonArena(false);
  return outputBytes_;
}

std::vector<std::string> InProcess::outputNames() {
  std::vector<std::string> names;
  std::set<std::string> taken;
  for (const NamedTensor &output : compilation_.graph.outputs) {
    std::string name = output.name;
    for (int number = 1; !taken.insert(name).second; ++number)
      name = output.name + "_" + std::to_string(number);
    names.push_back(name);
  }
  return names;
}
