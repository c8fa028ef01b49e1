// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operation nodes of both dialects, on numbers small enough to work out by hand: where their arguments stand, what
// indexing takes, and what element types come out. The recorded Keras cases are the wider judge.
#include "TestGraph.h"

#include <gtest/gtest.h>

using namespace layerc;
using namespace layerc::test;
using nlohmann::json;

namespace {

const json kX = {{"tensor", 0}}, kY = {{"tensor", 1}};
const json kAll = {{"class_name", "__slice__"}, {"config", {{"start", nullptr}, {"stop", nullptr}, {"step", nullptr}}}};
const json kEllipsis = {{"class_name", "__ellipsis__"}, {"config", json::object()}};

json slice(json start, json stop, json step) {
  return {{"class_name", "__slice__"}, {"config", {{"start", start}, {"stop", stop}, {"step", step}}}};
}

struct Input {
  std::vector<int64_t> shape;
  std::vector<double> values;
  std::string type = "float32";
};

/// One node: what it gives, the shape and element type of that, or the error.
struct Node {
  std::vector<float> values;
  std::string type, error;

  Node(std::string className, json config, std::vector<Input> inputs, json args, json kwargs = json::object(),
       std::string version = "3.15.1") {
    TestGraph model(version);
    std::vector<int> calls;
    std::vector<std::vector<double>> arguments;
    for (const Input &input : inputs) {
      calls.push_back(model.input("x" + std::to_string(calls.size()), input.shape, input.type));
      arguments.push_back(input.values);
    }
    int call = model.layer(className, std::move(config), calls);
    model.graph.layers.back().isOperation = version[0] == '3';
    // Compilers disagree on whether braces around one json make an array of it.
    model.graph.calls.back().args = args.is_object() ? json::array({std::move(args)}) : std::move(args);
    model.graph.calls.back().kwargs = std::move(kwargs);
    model.output(call);
    Imported imported(model.graph);
    error = imported.error;
    if (!imported.module)
      return;
    llvm::raw_string_ostream(type) << imported.function().getResultTypes()[0];
    for (double value : imported.numbers(arguments))
      values.push_back(static_cast<float>(value));
  }
};

Node tensorFlow(std::string function, std::vector<Input> inputs, json kwargs, json args = nullptr) {
  return Node("TFOpLambda", {{"function", function}, {"dtype", "float32"}}, std::move(inputs), std::move(args),
              std::move(kwargs), "2.15.0");
}

const Input kRow{{1, 4}, {1, 2, 3, 4}};

using Numbers = std::vector<float>;

TEST(Operations, TransposedConvolutionSpreadsItsInput) {
  Input x{{1, 2, 1}, {1, 2}}, kernel{{3, 1, 1}, {1, 10, 100}};
  json config = {
      {"name", "c"}, {"strides", 2}, {"padding", "valid"}, {"output_padding", nullptr}, {"dilation_rate", 1}};
  EXPECT_EQ(Node("ConvTranspose", config, {x, kernel}, {kX, kY}).values, (std::vector<float>{1, 10, 102, 20, 200}));
  config["padding"] = "same";
  EXPECT_EQ(Node("ConvTranspose", config, {x, kernel}, {kX, kY}).values, (std::vector<float>{1, 10, 102, 20}));
  config["output_padding"] = 2;
  EXPECT_EQ(Node("ConvTranspose", config, {x, kernel}, {kX, kY}).error,
            "model.keras: layer 'layer' (ConvTranspose): 'output_padding' must be below the stride 2; got 2");
}

} // namespace

TEST(Operations, ArgumentsStandInConfigurationPositionOrKeyword) {
  EXPECT_EQ(Node("Sum", {{"axis", 1}, {"keepdims", true}}, {kRow}, {kX}).type, "tensor<1x1xf32>");
  EXPECT_EQ(Node("Add", {}, {kRow}, {kX, 2.5}).values, (Numbers{3.5, 4.5, 5.5, 6.5}));
  EXPECT_EQ(Node("Add", {}, {kRow}, {kX}, {{"x2", 1}}).values, (Numbers{2, 3, 4, 5}));
  EXPECT_EQ(Node("Subtract", {}, {kRow}, {10, kX}).values, (Numbers{9, 8, 7, 6}));
}

TEST(Operations, LiteralArraysAreConstants) {
  json array = {{"class_name", "__numpy__"}, {"config", {{"value", {10, 20, 30, 40}}, {"dtype", "float32"}}}};
  EXPECT_EQ(Node("Add", {}, {kRow}, {array, kX}).values, (Numbers{11, 22, 33, 44}));
  EXPECT_NE(Node("Add", {}, {kRow}, {kX, json::array({json::array({1, 2}), 3})}).error, "");
}

TEST(Operations, LiteralArraysAreRegularAndNotEmpty) {
  const std::string ragged = "an argument is neither a tensor nor an array of numbers";
  for (const json &literal :
       {json::parse("[1, []]"), json::parse("[1, [2]]"), json::parse("[[1], 2]"), json::parse("[[], [1]]")})
    EXPECT_TRUE(llvm::StringRef(Node("Add", {}, {kRow}, json::array({kX, literal})).error).ends_with(ragged))
        << literal;
  Node empty("Add", {}, {kRow}, json::array({kX, json::array()}));
  EXPECT_TRUE(llvm::StringRef(empty.error).ends_with("an array without elements")) << empty.error;
}

TEST(Operations, PythonNumbersDoNotWiden) {
  Input half{{1, 1}, {1}, "float16"}, whole{{1, 1}, {3}, "int32"}, flag{{1, 1}, {1}, "bool"};
  EXPECT_EQ(Node("Add", {}, {half}, {kX, 2.5}).type, "tensor<1x1xf16>");
  EXPECT_EQ(Node("Add", {}, {whole}, {kX, 2}).type, "tensor<1x1xi32>");
  EXPECT_EQ(Node("Add", {}, {whole}, {kX, 2.5}).type, "tensor<1x1xf32>");
  EXPECT_EQ(Node("Add", {}, {flag}, {kX, 1}).type, "tensor<1x1xi32>");
  EXPECT_EQ(Node("Add", {}, {half, whole}, {kX, kY}).type, "tensor<1x1xf16>");
  EXPECT_EQ(Node("TrueDivide", {}, {whole}, {kX, 2}).values, (Numbers{1.5}));
  EXPECT_EQ(Node("FloorDivide", {}, {whole}, {kX, -2}).values, (Numbers{-2}));
}

TEST(Operations, ArithmeticOfBooleansIsLogic) {
  Input a{{4}, {0, 0, 1, 1}, "bool"}, b{{4}, {0, 1, 0, 1}, "bool"};
  EXPECT_EQ(Node("Add", {}, {a, b}, {kX, kY}).values, (Numbers{0, 1, 1, 1}));
  EXPECT_EQ(Node("Multiply", {}, {a, b}, {kX, kY}).values, (Numbers{0, 0, 0, 1}));
}

TEST(Operations, IndexingTakesWhatPythonTakes) {
  Input x{{2, 4}, {0, 1, 2, 3, 10, 11, 12, 13}};
  auto get = [&](json key) { return Node("GetItem", {}, {x}, {kX, key}); };
  EXPECT_EQ(get({kAll, slice(nullptr, nullptr, -1)}).values, (Numbers{3, 2, 1, 0, 13, 12, 11, 10}));
  EXPECT_EQ(get({kAll, slice(-1, 0, -2)}).values, (Numbers{3, 1, 13, 11}));
  EXPECT_EQ(get({kAll, slice(1, nullptr, 2)}).values, (Numbers{1, 3, 11, 13}));
  EXPECT_EQ(get({1, -2}).values, (Numbers{12}));
  EXPECT_EQ(get({1, -2}).type, "tensor<f32>");
  EXPECT_EQ(get({nullptr, kEllipsis, 0}).type, "tensor<1x2xf32>");
  EXPECT_EQ(get(1).values, (Numbers{10, 11, 12, 13}));
  EXPECT_EQ(get({kAll, 4}).error, "model.keras: layer 'layer' (GetItem): index 4 is outside dimension 1 of [2, 4]");
  EXPECT_NE(get({kAll, slice(3, 1, nullptr)}).error.find("takes no element"), std::string::npos);
  EXPECT_NE(get({0, 0, 0}).error.find("more indices"), std::string::npos);
}

TEST(Operations, EqualElementsKeepTheirOrder) {
  Input x{{1, 5}, {2, 1, 2, 3, 1}};
  EXPECT_EQ(Node("Sort", {{"axis", -1}}, {x}, {kX}).values, (Numbers{1, 1, 2, 2, 3}));
  EXPECT_EQ(Node("Argsort", {{"axis", -1}}, {x}, {kX}).values, (Numbers{1, 4, 0, 2, 3}));
  EXPECT_EQ(Node("TopK", {{"k", 3}}, {x}, {kX}).values, (Numbers{3, 2, 2}));
  EXPECT_EQ(Node("Argmax", {{"axis", 1}}, {x}, {kX}).values, (Numbers{3}));
  EXPECT_EQ(Node("Argmin", {}, {x}, {kX}).values, (Numbers{1}));
}

TEST(Operations, SumsUpToAnElement) {
  EXPECT_EQ(Node("Cumsum", {{"axis", 1}}, {kRow}, {kX}).values, (Numbers{1, 3, 6, 10}));
  EXPECT_EQ(Node("Cumprod", {{"axis", 1}}, {kRow}, {kX}).values, (Numbers{1, 2, 6, 24}));
  EXPECT_EQ(tensorFlow("math.cumsum", {kRow}, {{"axis", 1}, {"exclusive", true}}).values, (Numbers{0, 1, 3, 6}));
  EXPECT_EQ(tensorFlow("math.cumsum", {kRow}, {{"axis", 1}, {"reverse", true}}).values, (Numbers{10, 9, 7, 4}));
}

TEST(Operations, MatricesBroadcastTheirBatches) {
  Input x{{2, 1, 1, 2}, {1, 2, 3, 4}}, y{{3, 2, 1}, {1, 0, 0, 1, 1, 1}};
  Node product("Matmul", {}, {x, y}, {kX, kY});
  EXPECT_EQ(product.type, "tensor<2x3x1x1xf32>");
  EXPECT_EQ(product.values, (Numbers{1, 2, 3, 3, 4, 7}));
  Input short1{{1, 3}, {1, 1, 1}};
  EXPECT_EQ(Node("Matmul", {}, {x, short1}, {kX, kY}).error,
            "model.keras: layer 'layer' (Matmul): cannot multiply [2, 1, 1, 2] with [1, 3]");
}

TEST(Operations, SumsOfProductsByEquation) {
  Input x{{1, 2, 2}, {1, 2, 3, 4}};
  json one = {{"subscripts", "bij->bji"}}, implicit = {{"subscripts", "bij,bjk"}};
  EXPECT_EQ(Node("Einsum", one, {x}, {kX}).values, (Numbers{1, 3, 2, 4}));
  EXPECT_EQ(Node("Einsum", {{"subscripts", "bij,bjk,bkl->bil"}}, {x, x, x}, {kX, kY, {{"tensor", 2}}}).values,
            (Numbers{37, 54, 81, 118}));
  EXPECT_EQ(Node("Einsum", implicit, {x, x}, {kX, kY}).values, (Numbers{7, 10, 15, 22})); // "ik" in order
}

TEST(TensorFlowOperations, ArgumentsHaveTheirOwnNames) {
  EXPECT_EQ(tensorFlow("math.multiply", {kRow}, {{"y", 2.0}, {"name", nullptr}}).values, (Numbers{2, 4, 6, 8}));
  EXPECT_EQ(tensorFlow("math.subtract", {kRow}, {{"y", kX}}, {10.0}).values, (Numbers{9, 8, 7, 6}));
  EXPECT_EQ(tensorFlow("concat", {kRow, kRow}, {{"axis", 0}}).type, "tensor<2x4xf32>");
  EXPECT_EQ(tensorFlow("math.reduce_sum", {kRow}, {{"axis", 1}, {"keepdims", true}}).type, "tensor<1x1xf32>");
  EXPECT_EQ(tensorFlow("split", {kRow}, {{"num_or_size_splits", {1, 3}}, {"axis", 1}}).values, (Numbers{1}));
  EXPECT_EQ(tensorFlow("math.argmax", {kRow}, {{"axis", 1}}).type, "tensor<1xi64>");
}

TEST(TensorFlowOperations, WhatIsNotListedIsRefusedByName) {
  EXPECT_EQ(tensorFlow("signal.fft", {kRow}, {}).error,
            "model.keras: layer 'layer' (TFOpLambda): function 'signal.fft' is not supported");
  EXPECT_EQ(tensorFlow("nn.relu", {kRow}, {{"slope", 2}}).error,
            "model.keras: layer 'layer' (TFOpLambda): argument 'slope' of function 'nn.relu' is not supported");
}

TEST(TensorFlowOperations, SlicesAreListedWithoutClassNames) {
  json whole = {{"start", nullptr}, {"stop", nullptr}, {"step", nullptr}};
  json key = {whole, {{"start", nullptr}, {"stop", nullptr}, {"step", -1}}};
  Node node("SlicingOpLambda", {{"function", "__operators__.getitem"}}, {kRow}, nullptr, {{"slice_spec", key}},
            "2.15.0");
  EXPECT_EQ(node.values, (Numbers{4, 3, 2, 1}));
}

/// A TensorFlowOpLayer of `operation`, as TensorFlow 2.3 saved it.
Node tensorFlowNode(const char *operation, std::vector<Input> inputs, json attributes, json constants) {
  json nodeDef = {{"name", "node"}, {"op", operation}, {"attr", std::move(attributes)}};
  return Node("TensorFlowOpLayer", {{"node_def", nodeDef}, {"constants", std::move(constants)}, {"dtype", "float32"}},
              std::move(inputs), nullptr, json::object(), "2.4.0");
}

TEST(TensorFlowNodes, ConstantsStandAtTheirPlacesAmongTheInputs) {
  EXPECT_EQ(tensorFlowNode("Sub", {kRow}, {{"T", {{"type", "DT_FLOAT"}}}}, {{"0", 10.0}}).values,
            (Numbers{9, 8, 7, 6}));
  EXPECT_EQ(tensorFlowNode("ConcatV2", {kRow, kRow}, {{"N", {{"i", "2"}}}}, {{"2", 0}}).type, "tensor<2x4xf32>");
  EXPECT_EQ(tensorFlowNode("Sum", {kRow}, {{"keep_dims", {{"b", true}}}}, {{"1", {1}}}).type, "tensor<1x1xf32>");
}

TEST(TensorFlowNodes, NodeDefMayBeText) {
  json text = R"({"name": "r", "op": "LeakyRelu", "attr": {"alpha": {"f": 0.5}}})";
  Node node("TensorFlowOpLayer", {{"node_def", text}}, {{{1, 2}, {-2, 2}}}, nullptr, json::object(), "2.4.0");
  EXPECT_EQ(node.values, (Numbers{-1, 2}));
}

TEST(TensorFlowNodes, WhatIsNotListedIsRefusedByName) {
  const std::string layer = "model.keras: layer 'layer' (TensorFlowOpLayer): ";
  EXPECT_EQ(tensorFlowNode("FFT", {kRow}, {}, {}).error, layer + "operation 'FFT' of TensorFlow is not supported");
  EXPECT_EQ(tensorFlowNode("Relu", {kRow}, {{"slope", {{"f", 2.0}}}}, {}).error,
            layer + "attribute 'slope' of operation 'Relu' is not supported");
  EXPECT_EQ(tensorFlowNode("BiasAdd", {kRow}, {{"data_format", {{"s", "TkNIVw=="}}}}, {{"1", {1, 2, 3, 4}}}).error,
            layer + "attribute 'data_format' of operation 'BiasAdd' is supported as NHWC only; the file has \"NCHW\"");
  EXPECT_EQ(tensorFlowNode("Mul", {kRow}, {}, {}).error, layer + "operation 'Mul' expects 2 inputs; the file holds 1");
  EXPECT_EQ(Node("TensorFlowOpLayer", {{"node_def", "\n\003add"}}, {kRow}, nullptr, json::object(), "2.1.0").error,
            layer + "its node_def is binary, as Python 2 wrote it: save the model with TensorFlow 2");
}
