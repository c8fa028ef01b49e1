// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// No configuration may crash an importer: every class of Layers.def with values of every kind under every key that any
// importer reads, on inputs of every rank. Each import either succeeds with a valid module or reports an error.
#include "TestGraph.h"

#include "frontend/LayerTable.h"
#include "frontend/TensorFlowNames.h"

#include "mlir/IR/Verifier.h"
#include <gtest/gtest.h>

#include <random>

using namespace layerc;
using namespace layerc::test;
using nlohmann::json;

/// The keys with a value that is right for many classes.
static const json kPlain = {{"units", 2},
                            {"activation", "relu"},
                            {"use_bias", true},
                            {"filters", 2},
                            {"kernel_size", 2},
                            {"strides", 1},
                            {"padding", "same"},
                            {"output_padding", nullptr},
                            {"dilation_rate", 1},
                            {"groups", 1},
                            {"depth_multiplier", 1},
                            {"data_format", "channels_last"},
                            {"pool_size", 2},
                            {"keepdims", false},
                            {"axis", -1},
                            {"axes", 1},
                            {"normalize", false},
                            {"epsilon", 1e-3},
                            {"scale", true},
                            {"center", true},
                            {"rms_scaling", false},
                            {"mode", 0},
                            {"target_shape", {-1}},
                            {"dims", {1}},
                            {"n", 2},
                            {"cropping", 0},
                            {"size", 2},
                            {"interpolation", "nearest"},
                            {"max_value", nullptr},
                            {"negative_slope", 0.1},
                            {"threshold", 0},
                            {"alpha", 0.5},
                            {"theta", 1},
                            {"shared_axes", nullptr},
                            {"offset", 0},
                            {"mean", 0},
                            {"variance", 1},
                            {"invert", false},
                            {"dtype", "float32"},
                            {"newshape", {-1}},
                            {"shape", {2, 4, 3}},
                            {"axis1", 0},
                            {"axis2", 1},
                            {"source", 0},
                            {"destination", 1},
                            {"repeats", 2},
                            {"shift", 1},
                            {"pad_width", 1},
                            {"indices_or_sections", 1},
                            {"k", 1},
                            {"num_classes", 3},
                            {"order", 2},
                            {"ord", nullptr},
                            {"decimals", 0},
                            {"block_size", 1},
                            {"subscripts", "...->..."},
                            {"weights", nullptr},
                            {"initial", nullptr}};

static const std::vector<json> kValues = {nullptr,
                                          true,
                                          0,
                                          -1,
                                          1,
                                          2,
                                          7,
                                          -9,
                                          2147483647,
                                          9223372036854775807,
                                          0.5,
                                          -1e300,
                                          "",
                                          "same",
                                          "valid",
                                          "causal",
                                          "channels_first",
                                          "bilinear",
                                          "mixed_float16",
                                          "softmax",
                                          "glu",
                                          json::array(),
                                          json::object(),
                                          {1},
                                          {0, 0},
                                          {1, 2},
                                          {2, 1},
                                          {-1, -1},
                                          {1, 1, 1},
                                          {1, 2, 3, 4},
                                          {{1, 0}, {0, 1}},
                                          {{1, 1}, {9, 9}},
                                          {"a", "b"},
                                          {{nullptr}},
                                          {{"class_name", "PReLU"}, {"config", {}}},
                                          {{"class_name", "function"}, {"config", "relu"}},
                                          {{"class_name", 3}}};

static const std::vector<std::vector<int64_t>> kShapes = {
    {}, {2}, {1, 3}, {2, 4, 3}, {1, 5, 4, 2}, {1, 3, 4, 5, 2}, {1, 1, 1, 1, 1, 1}};

/// The arguments of an operation's call: its tensors one by one or as a list, some of them replaced.
static json hostileArguments(size_t inputs, std::mt19937 &random) {
  json tensors = json::array();
  for (size_t i = 0; i < inputs; ++i)
    tensors.push_back(random() % 8 ? json{{"tensor", i}} : kValues[random() % kValues.size()]);
  if (random() % 4 == 0)
    tensors.push_back(kValues[random() % kValues.size()]);
  return random() % 4 ? tensors : json::array({tensors});
}

/// One import with some values replaced; true when it succeeded.
static bool tryImport(const LayerRow &row, std::mt19937 &random) {
  auto pick = [&](const auto &from) { return from[random() % from.size()]; };
  TestGraph model(random() % 2 ? "3.5.0" : "2.15.0");
  json config = kPlain;
  for (auto &[key, value] : config.items())
    if (random() % 8 == 0)
      value = pick(kValues);
  std::vector<int> inputs;
  std::vector<int64_t> shape = pick(kShapes);
  for (size_t count = random() % 8 ? 1 + random() % 2 : random() % 4, i = 0; i < count; ++i)
    inputs.push_back(
        model.input("x" + std::to_string(i), random() % 4 ? shape : pick(kShapes), random() % 8 ? "float32" : "int32"));
  std::vector<Floats> weights;
  for (size_t count = random() % 5, i = 0; i < count; ++i)
    weights.push_back({pick(kShapes), std::vector<float>(128, 1)});
  int y = model.layer(row.className, config, inputs, weights);
  model.graph.layers.back().isOperation = row.kind == RowKind::Operation;
  model.graph.layers.back().isCustom = row.kind == RowKind::Custom;
  for (Array &array : model.graph.layers.back().weights) {
    array.bytes = sizeof(float);
    for (int64_t size : array.shape)
      array.bytes *= static_cast<size_t>(size);
  }
  if (row.kind == RowKind::Operation)
    model.graph.calls[y].args = hostileArguments(inputs.size(), random);
  else if (random() % 4 == 0)
    model.graph.calls[y].args = {pick(kValues), {{"tensor", 0}}};
  model.output(y);
  Imported imported(model.graph);
  EXPECT_EQ(bool(imported.module), imported.error.empty()) << row.className << " " << config;
  EXPECT_TRUE(!imported.module || mlir::succeeded(mlir::verify(*imported.module))) << row.className << " " << config;
  return bool(imported.module);
}

TEST(HostileConfig, EveryClassWithEveryValue) {
  std::mt19937 random(1);
  int imported = 0;
  for (const LayerRow &row : layerTable())
    for (int i = 0; row.import && i < 60; ++i)
      imported += tryImport(row, random);
  EXPECT_GT(imported, 100); // else the values are too hostile to reach the importers
}

/// What a TensorFlow function or node is given besides tensors.
static const std::vector<const char *> kTheirNames = {"y",
                                                      "x",
                                                      "b",
                                                      "axis",
                                                      "axes",
                                                      "keepdims",
                                                      "keep_dims",
                                                      "shape",
                                                      "perm",
                                                      "paddings",
                                                      "mode",
                                                      "dtype",
                                                      "size",
                                                      "begin",
                                                      "multiples",
                                                      "indices",
                                                      "depth",
                                                      "k",
                                                      "slice_spec",
                                                      "num",
                                                      "num_split",
                                                      "alpha",
                                                      "block_size",
                                                      "begin_mask",
                                                      "end_mask",
                                                      "ellipsis_mask",
                                                      "new_axis_mask",
                                                      "shrink_axis_mask",
                                                      "equation",
                                                      "DstT",
                                                      "batch_dims",
                                                      "squeeze_dims",
                                                      "num_or_size_splits",
                                                      "N",
                                                      "data_format",
                                                      "constant_values"};

/// A value of an attribute in protobuf's JSON.
static const std::vector<json> kAttributes = {nullptr,
                                              {{"i", "3"}},
                                              {{"i", -1}},
                                              {{"i", "9223372036854775807"}},
                                              {{"b", true}},
                                              {{"f", "NaN"}},
                                              {{"f", 0.5}},
                                              {{"s", "TkhXQw=="}},
                                              {{"s", "?"}},
                                              {{"type", "DT_INT8"}},
                                              {{"type", 7}},
                                              {{"list", {{"i", {"1", "2"}}}}},
                                              {{"list", 3}},
                                              {{"list", {{"s", 2}}}},
                                              {{"shape", json::object()}},
                                              {{"i", {1}}}};

/// One import of a TFOpLambda or TensorFlowOpLayer of that name; true when it succeeded.
static bool tryTensorFlow(const char *name, bool isNode, std::mt19937 &random) {
  auto pick = [&](const auto &from) { return from[random() % from.size()]; };
  TestGraph model("2.4.0");
  std::vector<int64_t> shape = pick(kShapes);
  std::vector<int> inputs;
  for (size_t count = 1 + random() % 3, i = 0; i < count; ++i)
    inputs.push_back(model.input("x" + std::to_string(i), random() % 4 ? shape : pick(kShapes)));
  json attributes = json::object(), constants = json::object(), kwargs = json::object();
  for (size_t count = random() % 3; count > 0; --count) {
    attributes[pick(kTheirNames)] = pick(kAttributes);
    kwargs[pick(kTheirNames)] = random() % 4 ? pick(kValues) : json{{"tensor", random() % 3}};
    constants[std::to_string(random() % 4)] = pick(kValues);
  }
  json node = {{"op", name}, {"attr", attributes}};
  json config = isNode ? json{{"node_def", random() % 8 ? node : json(node.dump())}, {"constants", constants}}
                       : json{{"function", name}};
  int y = model.layer(isNode ? "TensorFlowOpLayer" : "TFOpLambda", config, inputs);
  if (!isNode)
    model.graph.calls[y].kwargs = kwargs;
  model.output(y);
  Imported imported(model.graph);
  EXPECT_EQ(bool(imported.module), imported.error.empty()) << config << " " << kwargs;
  EXPECT_TRUE(!imported.module || mlir::succeeded(mlir::verify(*imported.module))) << config << " " << kwargs;
  return bool(imported.module);
}

TEST(HostileConfig, EveryTensorFlowNameWithEveryValue) {
  std::mt19937 random(1);
  int imported = 0;
  for (bool isNode : {false, true})
    for (const TensorFlowName &name : isNode ? tensorFlowNodes() : tensorFlowFunctions())
      for (int i = 0; i < 40; ++i)
        imported += tryTensorFlow(name.theirs, isNode, random);
  EXPECT_GT(imported, 500);
}
