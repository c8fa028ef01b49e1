// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// run-nn FILE: compiles every function of nn ops in FILE for this machine, runs it in this process and compares with
// Evaluate. Inputs and outputs are beside guard pages, the arena is NaN, and two spreads of the units give the same
// bits.
#include "tests/codegen/GuardedMemory.h"

#include "codegen/EmitKernel.h"
#include "codegen/EmitObject.h"
#include "codegen/Walker.h"
#include "ir/Recipe.h"
#include "passes/CheckValues.h"
#include "passes/Pipeline.h"
#include "runtime/include/layerc/float_mode.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;
using namespace layerc;
using test::GuardedMemory;

namespace {

/// Units from the last to the first, in pieces of one and two.
void runBackwards(void *, int units, WalkExecutor::Part part, void *context) {
  for (int end = units; end > 0;) {
    int begin = std::max(0, end - 1 - end % 2);
    part(context, begin, end, 0);
    end = begin;
  }
}

/// Arguments that passes/CheckValues.cpp would make up.
std::vector<TensorData> argumentsOf(func::FuncOp function) {
  std::vector<TensorData> arguments;
  for (auto [number, type] : llvm::enumerate(function.getArgumentTypes()))
    arguments.push_back(randomTensor(cast<RankedTensorType>(type), number + 1));
  return arguments;
}

llvm::Expected<GuardedMemory> makeWeights(plan::ProgramOp program, WeightStore &store) {
  GuardedMemory weights(program.getWeights(), GuardedMemory::Side::Back, 64);
  for (auto weight : program.getBody().getOps<plan::WeightOp>()) {
    Value recipe = weight.getRecipe().front().getTerminator()->getOperand(0);
    llvm::MutableArrayRef<char> place(weights.data() + weight.getOffset(), weight.getBytes());
    if (llvm::Error error = runRecipe(recipe, store, place))
      return error;
  }
  return weights;
}

std::vector<std::string> runOnce(Walker &walker, plan::EntryOp entry, const std::vector<TensorData> &arguments,
                                 const char *weights, bool backwards) {
  auto side = backwards ? GuardedMemory::Side::Front : GuardedMemory::Side::Back;
  std::vector<GuardedMemory> inputs, outputs;
  std::vector<const void *> inputData;
  std::vector<void *> outputData;
  for (const TensorData &argument : arguments) {
    inputs.emplace_back(argument.bytes.size(), side);
    std::memcpy(inputs.back().data(), argument.bytes.data(), argument.bytes.size());
    inputData.push_back(inputs.back().data());
  }
  for (auto output : entry.getOps<plan::OutputOp>()) {
    auto type = cast<MemRefType>(output.getType());
    outputs.emplace_back(type.getNumElements() * elementBytes(type.getElementType()), side);
    outputData.push_back(outputs.back().data());
  }
  GuardedMemory arena(walker.arenaBytes(1), GuardedMemory::Side::Back, 64);
  const FloatMode mode;
  [[maybe_unused]] Status status =
      walker.run({inputData, outputData, weights, arena.data()}, {backwards ? runBackwards : nullptr, nullptr, 1});
  assert(status == Status::ok && "no step of these plans comes from outside");
  std::vector<std::string> results;
  for (const GuardedMemory &output : outputs)
    results.emplace_back(output.data(), output.size());
  return results;
}

/// The graphs compute with numbers near 1: a tensor of tiny ones is what cancellation left, the sum of a normalised row
/// say.
bool isRoundingOnly(const TensorData &data) {
  for (int64_t i = 0; i < data.size(); ++i)
    if (!(std::abs(data.at(i).real) < 1e-5))
      return false;
  return true;
}

/// Empty, or what is wrong.
std::string check(ModuleOp module, const std::vector<TensorData> &arguments, const std::vector<TensorData> &expected,
                  const Target &target, WeightStore &store) {
  auto program = *module.getOps<plan::ProgramOp>().begin();
  auto entry = *program.getOps<plan::EntryOp>().begin();
  auto object = emitNativeCode(program, target, NativeForm::Object);
  if (!object)
    return llvm::toString(object.takeError());
  auto walker = Walker::create(entry, object->bytes);
  if (!walker)
    return llvm::toString(walker.takeError());
  auto weights = makeWeights(program, store);
  if (!weights)
    return llvm::toString(weights.takeError());
  std::vector<std::string> first = runOnce(*walker, entry, arguments, weights->data(), false);
  if (first != runOnce(*walker, entry, arguments, weights->data(), true))
    return "another spread of the units gives other bits";
  std::vector<TensorData> actual = expected;
  for (size_t i = 0; i < actual.size(); ++i)
    std::memcpy(actual[i].bytes.data(), first[i].data(), first[i].size());
  for (size_t i = 0; i < actual.size(); ++i) {
    if (isRoundingOnly(expected[i]) && isRoundingOnly(actual[i]))
      continue;
    if (auto difference = firstDifference(expected[i], actual[i]))
      return "result " + std::to_string(i) + " has " + std::to_string(difference->after.real) + " instead of " +
             std::to_string(difference->before.real);
  }
  return "";
}

} // namespace

int main(int argc, char **argv) {
  MLIRContext context;
  loadKernelDialects(context);
  context.loadDialect<func::FuncDialect>();
  context.disableMultithreading(); // evaluation fills the WeightStore
  OwningOpRef<ModuleOp> all = argc == 2 ? parseSourceFile<ModuleOp>(argv[1], &context) : nullptr;
  if (!all)
    return 2;
  Target target = llvm::cantFail(makeTarget("native", ""));
  WeightStore &store = context.getOrLoadDialect<nn::NnDialect>()->weights();
  int passes = 0, failures = 0;
  for (auto function : all->getOps<func::FuncOp>()) {
    OwningOpRef<ModuleOp> module = ModuleOp::create(function.getLoc());
    module->push_back(function.clone());
    std::vector<TensorData> arguments = argumentsOf(function), expected = evaluate(function, arguments, store);
    PassManager manager(&context);
    PipelineOptions options;
    options.targetCpu = "native";
    buildKernelPipeline(manager, options);
    buildPlanPipeline(manager, options);
    std::string problem =
        failed(manager.run(*module)) ? "the passes fail" : check(*module, arguments, expected, target, store);
    ++(problem.empty() ? passes : failures);
    if (!problem.empty())
      llvm::errs() << function.getName() << ": " << problem << "\n";
  }
  llvm::outs() << passes << " graphs passed, " << failures << " failed\n";
  return failures ? 1 : 0;
}
