// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The parts of NAME.h and NAME.cpp about steps that code from outside computes: what the class says of them, how a
// model prepares them. Models without such steps have none of this text.
#include "codegen/ExternalTensors.h"
#include "codegen/ModelText.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace layerc;
using namespace mlir;

namespace {

constexpr StringRef kOneDnn = "layerc_onednn"; // of layerc/onednn.h

constexpr StringRef kPrepareTop = R"(
layerc::Status Model::prepare() noexcept {
  if (status_ != layerc::Status::ok)
    return status_;
  auto status = layerc::Status::ok;
)";

constexpr StringRef kPromises =
    R"(/// run() does not allocate, lock or call the system, and its result does not depend on the executor or on the caller's
/// floating-point mode. One run at a time per Model; any number of Models share weights.
)";

constexpr StringRef kExternalPromises =
    R"(/// @external count@ of @step count@ steps are computed by @symbols@, code from outside, for which some promises do not hold: it
/// may keep a second copy of the weights, allocate, lock and start threads, in the constructor and in run(); its results
/// may depend on the number of workers and on its version; arena_bytes and stack_bytes do not count its memory. Where it
/// fails, run() returns external_failed and the outputs may have changed.@libraries@
///
/// One run at a time per Model; any number of Models share weights.
)";

plan::ExternalAttr externalOf(plan::StepOp step) {
  return *SymbolTable::lookupNearestSymbolFrom<plan::KernelOp>(step, step.getKernelAttr()).getExternal();
}

llvm::SetVector<StringRef> symbolsOf(const ModelText &model) {
  llvm::SetVector<StringRef> symbols;
  for (plan::StepOp step : model.externalSteps)
    symbols.insert(externalOf(step).getSymbol());
  return symbols;
}

std::string list(ArrayRef<int64_t> numbers) {
  return "{" + llvm::join(llvm::map_range(numbers, [](int64_t n) { return std::to_string(n); }), ", ") + "}";
}

std::string tensorText(Value value) {
  layerc_tensor tensor = externalTensor(cast<MemRefType>(value.getType()), nullptr);
  std::optional<int64_t> weight = weightOffset(value);
  auto rank = static_cast<size_t>(tensor.rank);
  return "{" + externalTypeName(tensor.type).str() + ", " + std::to_string(rank) + ", " +
         list(ArrayRef(tensor.shape, rank)) + ", " + list(ArrayRef(tensor.strides, rank)) + ", " +
         (weight ? "weights_ + " + std::to_string(*weight) : "nullptr") + "}";
}

std::string tensorsText(ValueRange values) {
  SmallVector<std::string> tensors;
  for (Value value : values)
    tensors.push_back(tensorText(value));
  return "      {" + llvm::join(tensors, ",\n       ") + "},\n";
}

std::string preparationText(plan::StepOp step, size_t index) {
  plan::ExternalAttr call = externalOf(step);
  return commentOf(step) + "  status = external_[" + std::to_string(index) + "].prepare(\n      " +
         call.getSymbol().str() + ", " + stringLiteral(call.getFunction()) + ", " + list(call.getNumbers()) + ",\n" +
         tensorsText(step.getInputs()) + tensorsText(step.getOutputs()) + "      workers_" +
         (call.getConfig().empty() ? "" : ",\n      " + stringLiteral(call.getConfig())) +
         ");\n  if (status != layerc::Status::ok)\n    return status;\n";
}

} // namespace

std::vector<std::string> layerc::externalLibraries(plan::ProgramOp program) {
  bool usesOneDnn = llvm::any_of(program.getOps<plan::KernelOp>(), [](plan::KernelOp kernel) {
    return kernel.getExternal() && kernel.getExternal()->getSymbol() == kOneDnn;
  });
  return usesOneDnn ? std::vector<std::string>{"dnnl", "gomp"} : std::vector<std::string>();
}

std::string layerc::promisesText(const ModelText &model) {
  if (model.externalSteps.empty())
    return kPromises.str();
  int64_t steps = 0;
  for (const SizeText &size : model.sizes) {
    auto ops = plan::EntryOp(size.entry).getOps<plan::StepOp>();
    steps += std::distance(ops.begin(), ops.end());
  }
  bool usesOneDnn = symbolsOf(model).contains(kOneDnn);
  return fill(kExternalPromises,
              {{"external count", std::to_string(model.externalSteps.size())},
               {"step count", std::to_string(steps)},
               {"symbols", llvm::join(symbolsOf(model).getArrayRef(), ", ")},
               {"libraries", usesOneDnn ? " oneDNN has as many threads of\n/// OpenMP as the executor has workers; the "
                                          "program needs libdnnl, libgomp and libstdc++."
                                        : ""}});
}

std::string layerc::externalDeclarations(const ModelText &model) {
  std::string text;
  for (StringRef symbol : symbolsOf(model))
    if (symbol != kOneDnn)
      text += "extern \"C\" const layerc_external " + symbol.str() + ";\n";
  return text.empty() ? text : "\n" + text;
}

std::string layerc::preparationOfSteps(const ModelText &model) {
  if (model.externalSteps.empty())
    return "";
  std::string text = kPrepareTop.str();
  for (auto [index, step] : llvm::enumerate(model.externalSteps))
    text += preparationText(step, index);
  return text + "  return status;\n}\n";
}

std::string layerc::externalCall(const ModelText &model, plan::StepOp step, ArrayRef<std::string> arguments,
                                 const std::string &scratch) {
  size_t index = llvm::find(model.externalSteps, step) - model.externalSteps.begin();
  std::string before = "  status = external_[" + std::to_string(index) + "].run(executor, {";
  return wrapList(before, arguments, "}" + (scratch.empty() ? "" : ", " + scratch) + ");\n", before.size()) +
         "  if (status != layerc::Status::ok)\n    return status;\n";
}
