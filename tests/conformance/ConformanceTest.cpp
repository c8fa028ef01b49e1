// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every recorded Keras model, loaded, imported and evaluated, gives Keras' outputs.
#include "Recorded.h"

#include "frontend/Load.h"

#include <gtest/gtest.h>

using namespace layerc;
using namespace layerc::test;

class Recorded : public testing::TestWithParam<RecordedCase> {};

/// One call, compared. `states` of a model that keeps some go in and come out changed.
static void evaluateCall(const LayerGraph &graph, mlir::func::FuncOp function, const Record &record,
                         std::vector<TensorData> &states, WeightStore &weights, Tolerance tolerance) {
  std::vector<TensorData> arguments;
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    const NpzArray &array = arrayFor(record.inputs, graph.inputs[i].name, i);
    TensorData &argument =
        arguments.emplace_back(makeTensor(mlir::cast<mlir::RankedTensorType>(function.getArgumentTypes()[i])));
    ASSERT_EQ(argument.bytes.size(), array.bytes.size()) << "input '" << array.name << "' has another element type";
    argument.bytes = array.bytes;
  }
  arguments.insert(arguments.end(), states.begin(), states.end());
  std::vector<TensorData> results = evaluate(function, arguments, weights);
  ASSERT_EQ(results.size(), graph.outputs.size() + states.size());
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    const std::string &name = graph.outputs[i].name;
    auto difference = firstDifference(results[i], arrayFor(record.outputs, name, i), tolerance);
    EXPECT_FALSE(difference) << "output '" << name << "': " << *difference;
  }
  states.assign(results.end() - static_cast<ptrdiff_t>(states.size()), results.end());
}

TEST_P(Recorded, EvaluatesToKerasOutputs) {
  const RecordedCase &recorded = GetParam();
  ASSERT_FALSE(recorded.model.empty()) << "no model beside " << recorded.arrays;
  absl::StatusOr<Record> record = readRecord(recorded);
  ASSERT_TRUE(record.ok()) << record.status();
  absl::StatusOr<LayerGraph> graph = loadModel(recorded.model.string(), recorded.weights.string());
  ASSERT_TRUE(graph.ok()) << graph.status();
  if (auto refused = refusedClass(*graph))
    GTEST_SKIP() << *refused;

  ASSERT_EQ(record->inputs.size(), graph->inputs.size());
  ASSERT_EQ(record->outputs.size(), graph->outputs.size());
  mlir::MLIRContext context;
  std::string error;
  mlir::OwningOpRef<mlir::ModuleOp> module = importWith(*graph, *record, context, error);
  ASSERT_TRUE(module) << error;

  auto function = *module->getOps<mlir::func::FuncOp>().begin();
  WeightStore &weights = context.getLoadedDialect<nn::NnDialect>()->weights();
  std::vector<TensorData> states;
  for (size_t i = graph->inputs.size(); i < function.getNumArguments(); ++i)
    states.push_back(makeTensor(mlir::cast<mlir::RankedTensorType>(function.getArgumentTypes()[i])));
  evaluateCall(*graph, function, *record, states, weights, toleranceOf(recorded));
  for (const Record &call : record->later)
    evaluateCall(*graph, function, call, states, weights, toleranceOf(recorded));
}

INSTANTIATE_TEST_SUITE_P(Keras, Recorded, testing::ValuesIn(recordedCases(recordedFolder())),
                         [](const auto &info) { return testName(info.param.name); });
