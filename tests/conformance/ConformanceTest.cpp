// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every recorded Keras model, loaded, imported and evaluated, gives Keras' outputs.
#include "Recorded.h"

#include "frontend/LayerTable.h"
#include "frontend/Load.h"

#include <gtest/gtest.h>

using namespace layerc;
using namespace layerc::test;

/// Where the cases are; LAYERC_RECORDED names another folder, such as one made just now with the Keras at hand.
static std::filesystem::path recordedFolder() {
  const char *other = std::getenv("LAYERC_RECORDED");
  return other ? other : RECORDED_FOLDER;
}

/// Cases that need more than the rule of all cases: those whose name holds the word, each with the reason.
static const struct {
  const char *word;
  Tolerance tolerance;
} kLooser[] = {
    // TensorFlow rounds the position of a bicubic sample to 1/1024 of an element; layerc computes it exactly.
    {"bicubic", {2e-3, 1e-4}},
};

static Tolerance toleranceOf(const std::string &name) {
  for (const auto &row : kLooser)
    if (name.find(row.word) != std::string::npos)
      return row.tolerance;
  return {};
}

class Recorded : public testing::TestWithParam<RecordedCase> {};

TEST_P(Recorded, EvaluatesToKerasOutputs) {
  const RecordedCase &recorded = GetParam();
  ASSERT_FALSE(recorded.model.empty()) << "no model beside " << recorded.arrays;
  absl::StatusOr<std::vector<NpzArray>> arrays = readNpz(recorded.arrays.string());
  ASSERT_TRUE(arrays.ok()) << arrays.status();
  absl::StatusOr<LayerGraph> graph = loadModel(recorded.model.string(), recorded.weights.string());
  ASSERT_TRUE(graph.ok()) << graph.status();

  std::vector<NpzArray> inputs = arraysOf(*arrays, "input"), outputs = arraysOf(*arrays, "output");
  ASSERT_EQ(inputs.size(), graph->inputs.size());
  ASSERT_EQ(outputs.size(), graph->outputs.size());
  ImportOptions options;
  for (size_t i = 0; i < graph->inputs.size(); ++i)
    options.inputShapes[graph->inputs[i].name] = arrayFor(inputs, graph->inputs[i].name, i).shape;
  mlir::MLIRContext context;
  std::string error;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) { error += diagnostic.str(); });
  mlir::OwningOpRef<mlir::ModuleOp> module = importModel(*graph, options, context);
  ASSERT_TRUE(module) << error;

  auto function = *module->getOps<mlir::func::FuncOp>().begin();
  std::vector<TensorData> arguments;
  for (size_t i = 0; i < graph->inputs.size(); ++i) {
    const NpzArray &array = arrayFor(inputs, graph->inputs[i].name, i);
    TensorData &argument =
        arguments.emplace_back(makeTensor(mlir::cast<mlir::RankedTensorType>(function.getArgumentTypes()[i])));
    ASSERT_EQ(argument.bytes.size(), array.bytes.size()) << "input '" << array.name << "' has another element type";
    argument.bytes = array.bytes;
  }
  WeightStore &weights = context.getLoadedDialect<nn::NnDialect>()->weights();
  std::vector<TensorData> results = evaluate(function, arguments, weights);
  for (size_t i = 0; i < results.size(); ++i) {
    const std::string &name = graph->outputs[i].name;
    auto difference = firstDifference(results[i], arrayFor(outputs, name, i), toleranceOf(recorded.name));
    EXPECT_FALSE(difference) << "output '" << name << "': " << *difference;
  }
}

INSTANTIATE_TEST_SUITE_P(Keras, Recorded, testing::ValuesIn(recordedCases(recordedFolder())), [](const auto &info) {
  std::string name = info.param.name;
  std::replace_if(name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
  return name;
});
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Recorded);

/// Rows of Layers.def that Keras 3 cannot write, so that no recorded case can hold them.
static const std::set<std::string> kOldClasses = {
    "BatchNormalizationV1", "BatchNormalizationV2", "SyncBatchNormalization", // names of TensorFlow 1 and tf.keras
    "ThresholdedReLU",                                                        // Keras 2; worked out in LayersTest
    "RandomHeight",         "RandomWidth",                                    // tf.keras
    "FixedDropout",                                                           // third-party EfficientNet
    "Equalization",                                                           // Keras 3 cannot put it into a model
};

static void collectClasses(const Layer &layer, std::set<std::string> &classes) {
  classes.insert(layer.className);
  for (const auto &[role, child] : layer.children)
    collectClasses(child, classes);
}

TEST(RecordedCases, HoldEveryClassOfTheTable) {
  std::vector<RecordedCase> cases = recordedCases(recordedFolder());
  if (cases.empty())
    GTEST_SKIP() << "no recorded cases in " << recordedFolder();
  std::set<std::string> seen = kOldClasses;
  for (const RecordedCase &recorded : cases)
    if (absl::StatusOr<LayerGraph> graph = loadModel(recorded.model.string(), recorded.weights.string()); graph.ok())
      for (const Layer &layer : graph->layers)
        collectClasses(layer, seen);
  for (const LayerRow &row : layerTable())
    EXPECT_TRUE(!row.import || row.kind == RowKind::Operation || seen.count(row.className))
        << row.className << " has no recorded case";
}
