// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Import of whole graphs: names, sizes, weights in the store, and every kind of refusal.
#include "TestGraph.h"

#include "frontend/LayerTable.h"

#include <gtest/gtest.h>

using namespace layerc;
using namespace layerc::test;
using nlohmann::json;

static const Floats kKernel{{2, 3}, {1, 2, 3, 4, 5, 6}};
static const Floats kBias{{3}, {10, 20, 30}};
static const json kDense{{"units", 3}, {"activation", "linear"}, {"use_bias", true}};

TEST(Import, NamesFunctionArgumentsAndResults) {
  TestGraph model;
  model.output(model.layer("Dense", kDense, {model.input("image", {nullptr, 2})}, {kKernel, kBias}, "scores"),
               "scores");
  Imported imported(model.graph);
  ASSERT_TRUE(imported.module) << imported.error;
  EXPECT_EQ(imported.function().getName(), "test_model");
  EXPECT_EQ(imported.function().getArgAttrOfType<mlir::StringAttr>(0, "nn.name").getValue(), "image");
  EXPECT_EQ(imported.function().getResultAttrOfType<mlir::StringAttr>(0, "nn.name").getValue(), "scores");
  EXPECT_EQ(imported.run({{1, -1}}), (std::vector<float>{7, 17, 27}));
}

TEST(Import, WeightsAreInTheStoreUnderLayerAndVariable) {
  TestGraph model;
  model.output(model.layer("Dense", kDense, {model.input("x", {nullptr, 2})}, {kKernel, kBias}, "block/fc"));
  Imported imported(model.graph);
  ASSERT_TRUE(imported.module) << imported.error;
  WeightStore &weights = imported.context.getLoadedDialect<nn::NnDialect>()->weights();
  EXPECT_NE(weights.find("block/fc/kernel"), nullptr);
  EXPECT_NE(weights.find("block/fc/bias"), nullptr);
}

TEST(Import, SharedLayerHasOneWeight) {
  TestGraph model;
  int x = model.input("x", {nullptr, 2});
  int first = model.layer("Dense", {{"units", 2}, {"use_bias", false}}, {x}, {{{2, 2}, {0, 1, 1, 0}}}, "swap");
  Call again = model.graph.calls[first];
  again.inputs = {{first, 0}};
  again.path = "swap#2";
  model.graph.calls.push_back(again);
  model.output(static_cast<int>(model.graph.calls.size()) - 1);
  Imported imported(model.graph);
  ASSERT_TRUE(imported.module) << imported.error;
  EXPECT_EQ(imported.run({{3, 4}}), (std::vector<float>{3, 4}));
}

TEST(Import, BatchAndShapesComeFromTheOptions) {
  TestGraph model;
  model.output(model.layer("Activation", {{"activation", "relu"}}, {model.input("image", {nullptr, nullptr, 3})}));
  Imported missing(model.graph);
  EXPECT_EQ(missing.error,
            "model.keras: layer 'image' (InputLayer): has free sizes [1, ?, 3]; give --input-shape image=1x?x3");
  Imported given(model.graph, {.name = "", .batch = {}, .inputShapes = {{"image", {2, 5, 3}}}, .onRefused = {}});
  ASSERT_TRUE(given.module) << given.error;
  EXPECT_EQ(mlir::cast<mlir::RankedTensorType>(given.function().getArgumentTypes()[0]).getShape(),
            llvm::ArrayRef<int64_t>({2, 5, 3}));
  Imported wrong(model.graph, {.name = "", .batch = {}, .inputShapes = {{"image", {2, 5, 4}}}, .onRefused = {}});
  EXPECT_EQ(wrong.error,
            "model.keras: layer 'image' (InputLayer): has shape [?, ?, 3]; got --input-shape of [2, 5, 4]");
}

TEST(Import, FixedBatchRefusesAnother) {
  TestGraph model;
  model.output(model.layer("Dropout", {{"rate", 0.5}}, {model.input("x", {4, 3})}));
  Imported imported(model.graph, {.name = "", .batch = 2, .inputShapes = {}, .onRefused = {}});
  EXPECT_EQ(imported.error, "model.keras: layer 'x' (InputLayer): has a fixed batch of 4; got --batch 2");
}

TEST(Import, WeightOfAnotherShape) {
  EXPECT_EQ(errorOf("Dense", kDense, {{1, 4}}, {kKernel, kBias}),
            "model.keras: layer 'layer' (Dense): weight 'kernel' has shape [2, 3] in the file; expects [4, 3]");
}

TEST(Import, MissingWeight) {
  EXPECT_EQ(errorOf("Dense", kDense, {{1, 2}}, {kKernel}),
            "model.keras: layer 'layer' (Dense): weight 'bias' of shape [3] is missing from the file");
}

TEST(Import, TooManyWeights) {
  EXPECT_EQ(errorOf("Dense", kDense, {{1, 2}}, {kKernel, kBias, kBias}),
            "model.keras: layer 'layer' (Dense): stores 3 weights, more than the layer has");
}

TEST(Import, UnknownClassAndReasons) {
  EXPECT_EQ(errorOf("Mystery", {}, {{1, 2}}), "model.keras: layer 'layer' (Mystery): not supported");
  EXPECT_EQ(errorOf("Lambda", {}, {{1, 2}}),
            "model.keras: layer 'layer' (Lambda): not supported: holds Python code, which layerc never runs; "
            "python -m layerc export rewrites it");
}

TEST(Import, CustomClassIsNotKerasOwn) {
  TestGraph model;
  int y = model.layer("Dense", kDense, {model.input("x", {1, 2})}, {kKernel, kBias});
  model.graph.layers.back().isCustom = true;
  model.output(y);
  EXPECT_EQ(Imported(model.graph).error,
            "model.keras: layer 'layer' (Dense): not supported: a custom layer; "
            "python -m layerc export rewrites it, --custom Dense=symbol has your own code compute it");
}

TEST(Import, FirstRefusalIsReportedAndTheRestCounted) {
  TestGraph model;
  int x = model.input("x", {1, 2});
  int a = model.layer("Mystery", {}, {x}, {}, "a");
  int b = model.layer("Activation", {{"activation", "relu"}}, {a}, {}, "b"); // depends on a, no refusal of its own
  int c = model.layer("Lambda", {}, {b}, {}, "c");
  model.output(model.layer("Activation", {{"activation", "nonsense"}}, {x}, {}, "d"));
  model.output(c);
  std::vector<std::string> refused;
  Imported imported(model.graph, {.name = "", .batch = {}, .inputShapes = {}, .onRefused = [&](const Refusal &refusal) {
                                    refused.push_back(refusal.path + " " + refusal.className);
                                  }});
  EXPECT_EQ(imported.error, "model.keras: layer 'a' (Mystery): not supported; and 2 more: layerc summary model.keras");
  EXPECT_EQ(refused, (std::vector<std::string>{"a Mystery", "c Lambda", "d Activation"}));
}

TEST(Import, CallArgumentsThatChangeTheLayer) {
  TestGraph model;
  int y = model.layer("Dropout", {{"rate", 0.5}}, {model.input("x", {1, 2})});
  model.graph.calls[y].kwargs = {{"training", true}, {"mask", nullptr}};
  model.output(y);
  EXPECT_EQ(Imported(model.graph).error,
            "model.keras: layer 'layer' (Dropout): is called with training=True, which layerc does not compute");
  model.graph.calls[y].kwargs = {{"training", false}, {"mask", nullptr}};
  EXPECT_TRUE(Imported(model.graph).module);
}

TEST(Import, ErrorsOfOpsNameTheLayer) {
  EXPECT_NE(errorOf("MaxPooling2D", {{"pool_size", {4, 4}}}, {{1, 2, 2, 1}})
                .find("model.keras: layer 'layer' (MaxPooling2D): "),
            std::string::npos);
}

TEST(Import, WrongTypesInTheConfiguration) {
  EXPECT_EQ(errorOf("Dense", {{"units", "many"}}, {{1, 2}}),
            "model.keras: layer 'layer' (Dense): 'units' expects integers; got \"many\"");
  EXPECT_EQ(errorOf("Dense", {{"units", -3}}, {{1, 2}}),
            "model.keras: layer 'layer' (Dense): 'units' expects sizes above zero; got -3");
  EXPECT_EQ(errorOf("Conv2D", {{"filters", 1}, {"kernel_size", {3, 3, 3}}}, {{1, 4, 4, 1}}),
            "model.keras: layer 'layer' (Conv2D): 'kernel_size' expects one integer or a list of 2; got [3,3,3]");
  EXPECT_EQ(errorOf("Dense", {{"units", nullptr}}, {{1, 2}}),
            "model.keras: layer 'layer' (Dense): 'units' expects integers; got nothing");
}

TEST(Import, HugeSizesAreRefused) {
  EXPECT_EQ(errorOf("RepeatVector", {{"n", 2147483647}}, {{1, 1000}}),
            "model.keras: layer 'layer' (RepeatVector): result of shape [1, 2147483647, 1000] is too large");
}

TEST(Import, OperationsTakeNumbersAndTensors) {
  TestGraph model;
  int x = model.input("x", {1, 2});
  int y = model.layer("Multiply", {}, {x}, {}, "multiply");
  model.graph.layers.back().isOperation = true;
  model.graph.calls[y].args = {{{"tensor", 0}}, 0.5};
  model.output(y);
  Imported imported(model.graph);
  ASSERT_TRUE(imported.module) << imported.error;
  EXPECT_EQ(imported.run({{3, -8}}), (std::vector<float>{1.5, -4}));
}

TEST(Import, HalfPrecisionPolicyIsWrittenAsCasts) {
  TestGraph model;
  json policy = {{"class_name", "DTypePolicy"}, {"config", {{"name", "mixed_float16"}}}};
  model.output(model.layer("Dense", {{"units", 3}, {"dtype", policy}}, {model.input("x", {1, 2})}, {kKernel, kBias}));
  Imported imported(model.graph);
  ASSERT_TRUE(imported.module) << imported.error;
  EXPECT_TRUE(mlir::cast<mlir::RankedTensorType>(imported.function().getResultTypes()[0]).getElementType().isF16());
  EXPECT_EQ(imported.run({{1, -1}}), (std::vector<float>{7, 17, 27}));
}

TEST(LayerTable, HasNoRowTwice) {
  std::set<std::pair<std::string, RowKind>> seen;
  for (const LayerRow &row : layerTable())
    EXPECT_TRUE(seen.insert({row.className, row.kind}).second) << row.className;
}
