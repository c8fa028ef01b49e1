// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Recorded Keras models that nn-stream accepts, run chunk by chunk, give Keras' outputs of the whole sequence.
// One case of four, chosen by name; LAYERC_ALL_PASSES=1: every case.
#include "Recorded.h"

#include "frontend/Load.h"
#include "passes/Pipeline.h"

#include <gtest/gtest.h>

#include <numeric>

using namespace layerc;
using namespace layerc::test;

namespace {

class Streamed {
public:
  explicit Streamed(const RecordedCase &recorded) : recorded_(recorded) {}

  bool load() {
    absl::StatusOr<Record> record = readRecord(recorded_);
    absl::StatusOr<LayerGraph> graph = loadModel(recorded_.model.string(), recorded_.weights.string());
    if (!record.ok() || !graph.ok() || refusedClass(*graph) || !record->later.empty())
      return false;
    record_ = *std::move(record);
    graph_ = *std::move(graph);
    return true;
  }

  /// Whether the model streams in chunks of `steps`, of which the recorded sequence holds several.
  bool accepts(int64_t steps) {
    module_ = {};
    context_ = std::make_unique<mlir::MLIRContext>();
    std::string errors;
    module_ = importWith(graph_, record_, *context_, errors);
    if (!module_)
      return false;
    mlir::ScopedDiagnosticHandler handler(context_.get(),
                                          [&](mlir::Diagnostic &diagnostic) { errors += diagnostic.str(); });
    mlir::PassManager manager(context_.get());
    buildStreamPipeline(manager, steps);
    if (mlir::failed(manager.run(*module_))) {
      EXPECT_TRUE(errors.find(" cannot stream: ") != std::string::npos ||
                  errors.find("no input with a time axis") != std::string::npos)
          << recorded_.name << ": " << errors;
      return false;
    }
    function_ = *module_->getOps<mlir::func::FuncOp>().begin();
    return chunkCount() > 1;
  }

  void expectKerasOutputs() {
    SCOPED_TRACE(recorded_.name);
    WeightStore &weights = context_->getLoadedDialect<nn::NnDialect>()->weights();
    std::vector<TensorData> states;
    for (size_t i = graph_.inputs.size(); i < function_.getNumArguments(); ++i)
      states.push_back(makeTensor(argumentType(i)));
    for (int64_t number = 0, count = chunkCount(); number < count; ++number) {
      std::vector<TensorData> arguments = chunk(number);
      arguments.insert(arguments.end(), states.begin(), states.end());
      std::vector<TensorData> results = evaluate(function_, arguments, weights);
      states.assign(results.begin() + static_cast<ptrdiff_t>(graph_.outputs.size()), results.end());
      compare(results, number, number + 1 == count);
    }
  }

private:
  mlir::RankedTensorType argumentType(size_t number) {
    return mlir::cast<mlir::RankedTensorType>(function_.getArgumentTypes()[number]);
  }

  /// Chunks of the inputs' sequences; 0 where they differ in length or end in part of a chunk.
  int64_t chunkCount() {
    int64_t count = -1;
    for (size_t i = 0; i < graph_.inputs.size(); ++i) {
      const NpzArray &array = arrayFor(record_.inputs, graph_.inputs[i].name, i);
      llvm::ArrayRef<int64_t> shape = argumentType(i).getShape();
      bool isSequence = shape.size() > 2 || (shape.size() == 2 && !argumentType(i).getElementType().isF32());
      if (isSequence && (array.shape[1] % shape[1] != 0 || (count >= 0 && count != array.shape[1] / shape[1])))
        return 0;
      if (isSequence)
        count = array.shape[1] / shape[1];
    }
    return count;
  }

  std::vector<TensorData> chunk(int64_t number) {
    std::vector<TensorData> arguments;
    for (size_t i = 0; i < graph_.inputs.size(); ++i) {
      const NpzArray &array = arrayFor(record_.inputs, graph_.inputs[i].name, i);
      arguments.push_back({argumentType(i), chunkOf(array, argumentType(i).getShape(), number).bytes});
    }
    return arguments;
  }

  /// What has a time is compared chunk by chunk, what stands for the last step at the end.
  void compare(const std::vector<TensorData> &results, int64_t number, bool isLast) {
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      const NpzArray &whole = arrayFor(record_.outputs, graph_.outputs[i].name, i);
      llvm::ArrayRef<int64_t> shape = results[i].type.getShape();
      bool isOtherType = int64_t(elementSize(whole.type)) != elementBytes(results[i].type.getElementType());
      if ((shape == llvm::ArrayRef<int64_t>(whole.shape) && !isLast) || isOtherType)
        continue;
      auto difference = firstDifference(results[i], chunkOf(whole, shape, number), toleranceOf(recorded_));
      EXPECT_FALSE(difference) << "output '" << whole.name << "', chunk " << number << ": " << *difference;
    }
  }

  const RecordedCase &recorded_;
  Record record_;
  LayerGraph graph_;
  std::unique_ptr<mlir::MLIRContext> context_;
  mlir::OwningOpRef<mlir::ModuleOp> module_;
  mlir::func::FuncOp function_;
};

/// Each holds at least so many cases that stream, and others that do not.
const std::map<std::string, int> kAtLeast = {{"SimpleRNN", 8}, {"GRU", 20},  {"LSTM", 20}, {"RNN", 20},
                                             {"Conv1D", 2},    {"Dense", 2}, {"graphs", 4}};

TEST(StreamedCases, ChunksGiveKerasOutputs) {
  std::map<std::string, int> streamed;
  for (const RecordedCase &recorded : recordedCases(recordedFolder())) {
    if (std::accumulate(recorded.name.begin(), recorded.name.end(), 0u) % 4 != 0 && !std::getenv("LAYERC_ALL_PASSES"))
      continue;
    Streamed model(recorded);
    if (!model.load())
      continue;
    for (int64_t steps : {1, 2, 3}) {
      if (!model.accepts(steps))
        continue;
      ++streamed[recorded.name.substr(0, recorded.name.find('/'))];
      model.expectKerasOutputs();
    }
  }
  for (const auto &[folder, count] : kAtLeast)
    EXPECT_GE(streamed[folder], count) << "cases of " << folder;
  for (const auto &[folder, count] : streamed)
    RecordProperty(folder, count);
}

} // namespace
