// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NAME.cpp: one call per step of the plan, under a comment with the Keras layers that it computes.
// Above 400 lines because it holds the text of the whole class, from the includes to warm().
#include "codegen/ExternalTensors.h"
#include "codegen/ModelText.h"
#include "codegen/Names.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace layerc;
using namespace mlir;

namespace {

constexpr StringRef kTop = R"(// @generated@
#include "@name@.h"

#include "layerc/cpu.h"
@trial include@#include "layerc/kernel.h"
@onednn include@#include "layerc/pool.h"

// The C functions stay inside the program, unless it is the shared library lib@name@.so.
#ifndef @NAME@_API
#define @NAME@_API LAYERC_HIDDEN
#endif
#include "@name@_c.h"

#include <cstring>
#include <new>

)";

constexpr StringRef kLinkedWeights = R"(
// @name@.weights.o
extern "C" LAYERC_HIDDEN const unsigned char @weights symbol@[];
)";

constexpr StringRef kConstructors = R"(
namespace @name@ {
@linked definitions@
Model::Model(const Weights &weights, int workers) noexcept
    : memory_(arena_bytes(workers)), weights_(weights.data()), workers_(workers), status_(weights.status()) {
  status_ = check();
@prepare@}

Model::Model(const Weights &weights, void *arena, std::size_t bytes, int workers) noexcept
    : memory_(arena, bytes, arena_bytes(workers)), weights_(weights.data()), workers_(workers),
      status_(weights.status()) {
  status_ = check();
@prepare@}

layerc::Status Model::check() const noexcept {
  if (status_ != layerc::Status::ok)
    return status_;
  if (workers_ < 1)
    return layerc::Status::too_many_workers;
@cpu check@  return memory_.status();
}
)";

constexpr StringRef kLinkedDefinitions = R"(
Weights Weights::linked() noexcept { return layerc::Weights::linked(@weights symbol@, format); }

Model::Model(int workers) noexcept : Model(static_cast<const Weights &>(Weights::linked()), workers) {}
)";

constexpr StringRef kRunTop = R"(
  if (status_ != layerc::Status::ok)
    return status_;
  if (executor.function != nullptr && (executor.workers < 1 || executor.workers > workers_))
    return layerc::Status::too_many_workers;
)";

constexpr StringRef kKeepState = R"(  unsigned char *const kept = buffers.data() + @state copy@;
  save_state(kept);
)";

constexpr StringRef kRestoreState = "  return result == layerc::Status::ok ? load_state(kept, state_bytes) : result;\n";

constexpr StringRef kStateFunctions = R"(
void Model::reset() noexcept { std::memset(state_, 0, sizeof(state_)); }

void Model::save_state(void *to) const noexcept { std::memcpy(to, state_, sizeof(state_)); }

layerc::Status Model::load_state(const void *from, std::size_t bytes) noexcept {
  if (from == nullptr || bytes != sizeof(state_))
    return layerc::Status::bad_argument;
  std::memcpy(state_, from, sizeof(state_));
  return layerc::Status::ok;
}
)";

constexpr StringRef kWarm = R"(
layerc::Status Model::warm(const layerc::Executor &executor) noexcept {
  if (status_ != layerc::Status::ok)
    return status_;
  memory_.warm();
  layerc::touch_for_reading(weights_, Weights::format.bytes);
  const layerc::Arena buffers(@buffer bytes@);
  if (buffers.status() != layerc::Status::ok)
    return buffers.status();
  std::memset(buffers.data(), 0, buffers.size());
@warm run@}

} // namespace @name@
)";

/// Where the bytes of an operand begin.
struct Address {
  std::string base;
  int64_t offset = 0;
  bool inBytes = false; ///< base + offset is an address; else a tensor of a C++ type
  std::string moves;    ///< what the counters of loops add: " + step * 64"

  std::string text() const {
    std::string distance = std::to_string(offset) + moves;
    if (inBytes)
      return base + " + " + distance;
    return offset == 0 && moves.empty() ? base : "{" + base + ", " + distance + "}";
  }
};

/// The counter of a loop: step, then step1 for a loop inside it.
std::string counterOf(plan::LoopOp loop) {
  int depth = 0;
  while ((loop = dyn_cast<plan::LoopOp>(loop->getParentOp())))
    ++depth;
  return depth == 0 ? "step" : "step" + std::to_string(depth);
}

FailureOr<Address> addressOfSlot(plan::SlotOp slot) {
  if (!slot.getOffset())
    return slot.emitOpError("has no offset: run plan-memory before printing");
  return Address{"arena_", static_cast<int64_t>(*slot.getOffset()), true, ""};
}

FailureOr<Address> addressOf(Value value, const ModelText &model) {
  Operation *op = value.getDefiningOp();
  if (auto slot = dyn_cast<plan::SlotOp>(op))
    return addressOfSlot(slot);
  if (auto weight = dyn_cast<plan::WeightRefOp>(op)) {
    auto definition = SymbolTable::lookupNearestSymbolFrom<plan::WeightOp>(weight, weight.getWeightAttr());
    return Address{"weights_", static_cast<int64_t>(definition.getOffset()), true, ""};
  }
  if (auto state = dyn_cast<plan::StateOp>(op))
    return Address{"state_", static_cast<int64_t>(state.getOffset()), true, ""};
  if (auto view = dyn_cast<plan::ViewOp>(op)) {
    FailureOr<Address> source = addressOf(view.getSource(), model);
    if (failed(source))
      return failure();
    source->offset += static_cast<int64_t>(view.getOffset());
    if (int64_t stride = view.getStride())
      source->moves += (stride < 0 ? " - " : " + ") + counterOf(cast<plan::LoopOp>(view->getParentOp())) + " * " +
                       std::to_string(std::abs(stride));
    return source;
  }
  return Address{model.arguments.lookup(value) + ".data()", 0, false, ""};
}

std::string shapesOf(ValueRange values) {
  SmallVector<std::string> shapes;
  for (Value value : values)
    if (!weightOffset(value))
      shapes.push_back(shapeText(cast<MemRefType>(value.getType()).getShape(), "x"));
  return llvm::join(shapes, ", ");
}

/// The scratch of a step: shared by all workers, then that of worker 0; of the others behind the arena. Empty if none.
FailureOr<std::string> scratchOf(plan::StepOp step, plan::KernelOp kernel, const ModelText &model) {
  if (!step.getScratch())
    return std::string();
  FailureOr<Address> shared = addressOf(step.getScratch(), model);
  if (failed(shared))
    return failure();
  Address first = *shared;
  first.offset += static_cast<int64_t>(llvm::alignTo(kernel.getSharedScratch(), 64));
  bool own = kernel.getWorkerScratch() > 0;
  std::string others = "arena_ + " + std::to_string(model.arenaBytes) + ", " + std::to_string(model.workerStride);
  return "{" + (kernel.getSharedScratch() > 0 ? shared->text() : "nullptr") + ", " +
         (own ? first.text() + ", " + others : "nullptr, nullptr, 0") + "}";
}

/// A call of layerc::step up to its arguments.
std::string callText(const ModelText &model, plan::KernelOp kernel, unsigned phase) {
  return "layerc::step(executor, " + std::to_string(kernel.getUnits()[phase]) + ", " +
         kernelSymbol(model.options.name, kernel.getSymName(), phase) + ",";
}

/// A kernel of one phase: one call, on two lines where one is too short.
std::string onePhaseText(const std::string &call, ArrayRef<std::string> arguments, const std::string &scratch) {
  std::string ending = "}" + (scratch.empty() ? "" : ", " + scratch) + ");";
  std::string line = "  " + call + " {" + llvm::join(arguments, ", ") + ending;
  if (line.size() <= 120)
    return line + "\n";
  std::string indent(strlen("  layerc::step("), ' ');
  return "  " + call + "\n" + wrapList(indent + "{", arguments, ending, indent.size() + 1) + "\n";
}

/// A kernel of several phases: arguments and scratch once, then a call per phase.
std::string phasesText(const ModelText &model, plan::KernelOp kernel, ArrayRef<std::string> arguments,
                       const std::string &scratch) {
  std::string text = wrapList("  {\n    const layerc::Argument arguments[] = {", arguments, "};\n", 8);
  text += scratch.empty() ? "" : "    const layerc::Scratch scratch = " + scratch + ";\n";
  for (unsigned phase = 0; phase < kernel.getUnits().size(); ++phase)
    text += "    " + callText(model, kernel, phase) + (scratch.empty() ? " arguments);\n" : " arguments, scratch);\n");
  return text + "  }\n";
}

FailureOr<std::string> stepText(plan::StepOp step, const ModelText &model) {
  auto kernel = SymbolTable::lookupNearestSymbolFrom<plan::KernelOp>(step, step.getKernelAttr());
  std::vector<std::string> arguments;
  SmallVector<Value> operands(step.getInputs());
  llvm::append_range(operands, step.getOutputs());
  for (Value operand : operands) {
    FailureOr<Address> address = addressOf(operand, model);
    if (failed(address))
      return failure();
    arguments.push_back(address->text());
  }
  if (kernel.getExternal()) {
    FailureOr<Address> scratch = step.getScratch() ? addressOf(step.getScratch(), model) : Address();
    if (failed(scratch))
      return failure();
    return commentOf(step) + externalCall(model, step, arguments, step.getScratch() ? scratch->text() : "");
  }
  FailureOr<std::string> scratch = scratchOf(step, kernel, model);
  if (failed(scratch))
    return failure();
  bool one = kernel.getUnits().size() == 1;
  return commentOf(step) + (one ? onePhaseText(callText(model, kernel, 0), arguments, *scratch)
                                : phasesText(model, kernel, arguments, *scratch));
}

/// Lines two columns further in.
std::string indented(StringRef text) {
  std::string result;
  for (; !text.empty(); text = text.split('\n').second)
    result += "  " + text.split('\n').first.str() + "\n";
  return result;
}

FailureOr<std::string> stepsText(Block &block, const ModelText &model);

FailureOr<std::string> loopText(plan::LoopOp loop, const ModelText &model) {
  FailureOr<std::string> steps = stepsText(loop.getBody().front(), model);
  if (failed(steps))
    return failure();
  SmallVector<std::string> layers;
  for (Attribute layer : loop.getLayers())
    layers.push_back(escapeText(cast<StringAttr>(layer).getValue()));
  std::string t = counterOf(loop);
  return "  // " + llvm::join(layers, ", ") + ", step by step\n  for (std::size_t " + t + " = 0; " + t + " < " +
         std::to_string(loop.getIterations()) + "; ++" + t + ") {\n" + indented(*steps) + "  }\n";
}

/// The steps and loops of an entry or of a loop.
FailureOr<std::string> stepsText(Block &block, const ModelText &model) {
  std::string text;
  for (Operation &op : block) {
    FailureOr<std::string> part = std::string();
    if (auto step = dyn_cast<plan::StepOp>(op))
      part = stepText(step, model);
    else if (auto loop = dyn_cast<plan::LoopOp>(op))
      part = loopText(loop, model);
    if (failed(part))
      return failure();
    text += *part;
  }
  return text;
}

/// Declarations of the kernels that the steps call, in the order of their first use.
std::string kernelDeclarations(const ModelText &model) {
  llvm::SetVector<plan::KernelOp> kernels;
  plan::ProgramOp program = model.program;
  program.walk([&](plan::StepOp step) {
    auto kernel = SymbolTable::lookupNearestSymbolFrom<plan::KernelOp>(step, step.getKernelAttr());
    if (!kernel.getExternal())
      kernels.insert(kernel);
  });
  if (kernels.empty())
    return "";
  std::string text = "// " + model.options.name + ".kernels.o\nextern \"C\" {\n";
  for (plan::KernelOp kernel : kernels)
    for (unsigned phase = 0; phase < kernel.getUnits().size(); ++phase)
      text +=
          "LAYERC_HIDDEN layerc::KernelPhase " + kernelSymbol(model.options.name, kernel.getSymName(), phase) + ";\n";
  return text + "}\n";
}

/// The mask of CPU features, and the statement that compares it; both empty for the baseline of an architecture.
std::pair<std::string, std::string> cpuCheck(const Target &target) {
  std::vector<std::string> features = requiredCpuFeatures(target);
  if (features.empty())
    return {"", ""};
  std::string space = features.front().substr(0, features.front().rfind("::"));
  std::string mask = "constexpr std::uint64_t cpu_features =\n    ";
  size_t used = 4;
  for (auto [i, feature] : llvm::enumerate(features)) {
    std::string piece = feature + (i + 1 < features.size() ? " |" : ";");
    if (used > 4 && used + 1 + piece.size() > 120) {
      mask += "\n    ";
      used = 4;
    } else if (used > 4) {
      mask += ' ';
      ++used;
    }
    mask += piece;
    used += piece.size();
  }
  return {"\nnamespace {\n\n// " + escapeText(target.name) + "\n" + mask + "\n\n} // namespace\n",
          "  if (!" + space + "::supports(cpu_features))\n    return layerc::Status::cpu_below_target;\n"};
}

/// A call of run on zeros: each tensor on cache lines of its own in one buffer.
std::string runOnZeros(const std::string &before, const SizeText &size) {
  std::vector<std::string> zeros;
  int64_t offset = 0;
  for (const TensorText &tensor : size.tensors) {
    std::string at = "buffers.data() + " + std::to_string(offset);
    zeros.push_back(tensor.type + "(static_cast<" + tensor.element + " *>(static_cast<void *>(" + at + ")))");
    offset += static_cast<int64_t>(llvm::alignTo(tensor.bytes, 64));
  }
  zeros.push_back("executor");
  StringRef line = StringRef(before).rsplit('\n').second;
  size_t indent = line.empty() ? before.size() : line.size();
  return before + llvm::join(zeros, ",\n" + std::string(indent, ' ')) + ");\n";
}

int64_t bufferBytes(const SizeText &size) {
  int64_t bytes = 0;
  for (const TensorText &tensor : size.tensors)
    bytes += static_cast<int64_t>(llvm::alignTo(tensor.bytes, 64));
  return bytes;
}

/// The end of warm(): a run of each size, and the state as it was.
std::string warmRuns(const ModelText &model) {
  bool isStateful = model.stateBytes > 0, isOne = !model.hasSizes();
  if (isOne && !isStateful)
    return runOnZeros("  return run(", model.sizes.front());
  std::string text;
  for (const SizeText &size : model.sizes)
    text += runOnZeros(!text.empty() ? "  if (result == layerc::Status::ok)\n    result = run("
                       : isOne       ? "  const layerc::Status result = run("
                                     : "  layerc::Status result = run(",
                       size);
  return text + (isStateful ? kRestoreState.str() : "  return result;\n");
}

std::string warmText(const ModelText &model) {
  int64_t bytes = 0;
  for (const SizeText &size : model.sizes)
    bytes = std::max(bytes, bufferBytes(size));
  std::string keep = model.stateBytes > 0 ? fill(kKeepState, {{"state copy", std::to_string(bytes)}}) : "";
  return fill(kWarm, model.with({{"buffer bytes", std::to_string(bytes + model.stateBytes)},
                                 {"warm run", keep + warmRuns(model)}}));
}

/// `steps` as a layerc::FloatTrial, with the state that they begin with at hand.
std::string triedText(const ModelText &model, const SizeText &size, StringRef steps) {
  std::vector<std::string> written;
  for (const TensorText &output : size.outputs())
    written.push_back(output.argument);
  std::string keep, restore;
  if (model.stateBytes > 0) {
    written.emplace_back("state_");
    keep = "  alignas(64) unsigned char before[state_bytes];\n  save_state(before);\n";
    restore = " && load_state(before, state_bytes) == layerc::Status::ok";
  }
  return keep + "  layerc::FloatTrial trial;\n  do {\n" + indented(steps) +
         wrapList("  } while (!trial.holds(", written, ")" + restore + ");\n", strlen("  } while (!trial.holds("));
}

/// The definition of run for one size.
FailureOr<std::string> runText(const ModelText &model, const SizeText &size) {
  FailureOr<std::string> steps = stepsText(plan::EntryOp(size.entry).getBody().front(), model);
  if (failed(steps))
    return failure();
  return "\n" + runSignature(size, "layerc::Status Model::run(", "const layerc::Executor &executor", ") noexcept {") +
         kRunTop.str() +
         (size.isTried
              ? triedText(model, size, *steps)
              : "  const layerc::FloatMode mode;\n" +
                    std::string(model.externalSteps.empty() ? "" : "  auto status = layerc::Status::ok;\n") + *steps) +
         "  return layerc::Status::ok;\n}\n";
}

} // namespace

std::string layerc::commentOf(plan::StepOp step) {
  SmallVector<std::string> layers;
  for (Attribute layer : step.getLayers())
    layers.push_back(escapeText(cast<StringAttr>(layer).getValue()));
  SmallVector<std::string> lines(1);
  for (auto [i, layer] : llvm::enumerate(layers)) {
    if (!lines.back().empty() && lines.back().size() + layer.size() > 100)
      lines.emplace_back();
    lines.back() += layer + (i + 1 < layers.size() ? ", " : "");
  }
  std::string shapes = shapesOf(step.getInputs()) + " -> " + shapesOf(step.getOutputs());
  if (lines.back().size() + shapes.size() > 105)
    lines.emplace_back(shapes);
  else
    lines.back() += (lines.back().empty() ? "" : "   ") + shapes;
  std::string text;
  for (const std::string &line : lines)
    text += "  // " + StringRef(line).rtrim().str() + "\n";
  return text;
}

FailureOr<std::string> layerc::printSource(const ModelText &model) {
  bool linked = model.options.storeWeights == StoreWeights::Object;
  auto [features, check] = cpuCheck(model.options.target);
  bool external = !model.externalSteps.empty();
  bool tried = llvm::any_of(model.sizes, [](const SizeText &size) { return size.isTried; });
  bool oneDnn = !externalLibraries(model.program).empty();
  std::string text = fill(kTop, model.with({{"trial include", tried ? "#include \"layerc/float_trial.h\"\n" : ""},
                                            {"onednn include", oneDnn ? "#include \"layerc/onednn.h\"\n" : ""}}));
  text += kernelDeclarations(model) + externalDeclarations(model);
  text += linked ? fill(kLinkedWeights, model.holes) : "";
  text += features;
  text += fill(kConstructors, model.with({{"linked definitions", linked ? fill(kLinkedDefinitions, model.holes) : ""},
                                          {"cpu check", check},
                                          {"prepare", external ? "  status_ = prepare();\n" : ""}}));
  text += model.stateBytes > 0 ? kStateFunctions.str() : "";
  text += preparationOfSteps(model);
  for (const SizeText &size : model.sizes) {
    FailureOr<std::string> run = runText(model, size);
    if (failed(run))
      return failure();
    text += *run;
  }
  return text + warmText(model) + printCFunctions(model);
}
