// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Configurations written by hand: the two dialects of calls, inputs of Sequential models, sharing, and what is refused.
#include "frontend/Expand.h"
#include "frontend/Json.h"
#include "frontend/LayerObject.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace layerc {
namespace {

using nlohmann::json;

absl::StatusOr<LayerGraph> expandText(const std::string &text, const std::string &version) {
  absl::StatusOr<json> config = parseJson(text, "the text");
  if (!config.ok())
    return config.status();
  LayerGraph graph;
  graph.kerasVersion = version;
  absl::StatusOr<LayerObjectPtr> root = parseLayerObjects(*config, graph.kerasMajor());
  if (!root.ok())
    return root.status();
  absl::Status status = expand(**root, graph);
  return status.ok() ? absl::StatusOr<LayerGraph>(std::move(graph)) : status;
}

/// "call <- inputs" per call, for comparison.
std::string calls(const absl::StatusOr<LayerGraph> &graph) {
  if (!graph.ok())
    return std::string(graph.status().message());
  std::string text;
  for (const Call &call : graph->calls) {
    text += call.path;
    for (const TensorRef &ref : call.inputs)
      text += (&ref == &call.inputs[0] ? " < " : " ") + graph->calls[static_cast<size_t>(ref.call)].path +
              (ref.tensor ? ":" + std::to_string(ref.tensor) : "");
    text += "\n";
  }
  for (const NamedTensor &output : graph->outputs)
    text += "out " + output.name + "=" + graph->calls[static_cast<size_t>(output.tensor.call)].path +
            (output.tensor.tensor ? ":" + std::to_string(output.tensor.tensor) : "") + "\n";
  return text;
}

// Small builders of serialised models, in Keras 2's list style unless said otherwise.

std::string input(const std::string &name) {
  return R"({"class_name":"InputLayer","name":")" + name + R"(","config":{"name":")" + name +
         R"(","batch_input_shape":[null,4],"dtype":"float32"},"inbound_nodes":[]})";
}

std::string layer(const std::string &className, const std::string &name, const std::string &nodes,
                  const std::string &more = "") {
  return R"({"class_name":")" + className + R"(","name":")" + name + R"(","config":{"name":")" + name +
         R"("},"inbound_nodes":)" + nodes + more + "}";
}

std::string model(const std::string &name, const std::string &layers, const std::string &inputs,
                  const std::string &outputs, const std::string &nodes = "[]") {
  return R"({"class_name":"Functional","name":")" + name + R"(","config":{"name":")" + name + R"(","layers":[)" +
         layers + R"(],"input_layers":)" + inputs + R"(,"output_layers":)" + outputs + R"(},"inbound_nodes":)" + nodes +
         "}";
}

std::string tensor(const std::string &name, int node = 0, int index = 0) {
  return R"({"class_name":"__keras_tensor__","config":{"shape":[null,4],"dtype":"float32","keras_history":[")" + name +
         R"(",)" + std::to_string(node) + "," + std::to_string(index) + "]}}";
}

TEST(Config, ListStyleCallsKeepKeywordArguments) {
  absl::StatusOr<LayerGraph> graph =
      expandText(model("m",
                       input("a") + "," + input("b") + "," +
                           layer("LSTM", "rnn", R"([[["a",0,0,{"initial_state":[["b",0,0]],"training":false}]]])") +
                           "," + layer("Add", "sum", R"([[["rnn",0,0,{}],["rnn",0,2,{}]]])"),
                       R"([["a",0,0],["b",0,0]])", R"([["sum",0,0]])"),
                 "2.15.0");
  ASSERT_EQ(calls(graph), "a\nb\nrnn < a b\nsum < rnn rnn:2\nout sum=sum\n");
  EXPECT_TRUE(graph->calls[2].args.is_null());
  EXPECT_EQ(graph->calls[2].kwargs, json::parse(R"({"initial_state":[{"tensor":1}],"training":false})"));
}

TEST(Config, ListStyleConstantsAreArguments) {
  absl::StatusOr<LayerGraph> graph =
      expandText(model("m",
                       input("a") + "," +
                           layer("TFOpLambda", "sub", R"([["_CONSTANT_VALUE",-1,1.5,{"y":["a",0,0],"name":null}]])"),
                       R"([["a",0,0]])", R"([["sub",0,0]])"),
                 "2.15.0");
  ASSERT_EQ(calls(graph), "a\nsub < a\nout sub=sub\n");
  EXPECT_EQ(graph->calls[1].args, json::parse("[1.5]"));
  EXPECT_EQ(graph->calls[1].kwargs["y"], json::parse(R"({"tensor":0})"));
}

TEST(Config, Keras3CallsKeepTheirStructure) {
  absl::StatusOr<LayerGraph> graph = expandText(
      model("m",
            input("a") + "," +
                layer("Concatenate", "cat",
                      R"([{"args":[[)" + tensor("a") + "," + tensor("a") + R"(],2],"kwargs":{"mask":null}}])"),
            R"(["a",0,0])", R"(["cat",0,0])"),
      "3.15.1");
  ASSERT_EQ(calls(graph), "a\ncat < a a\nout cat=cat\n");
  EXPECT_EQ(graph->calls[1].args, json::parse(R"([[{"tensor":0},{"tensor":1}],2])"));
  EXPECT_EQ(graph->calls[1].kwargs, json::parse(R"({"mask":null})"));
}

/// A model of two Dense layers in a row.
const std::string kInner = input("i") + "," + layer("Dense", "d", R"([[["i",0,0,{}]]])");

TEST(Config, Keras2CountsCallsOfANestedModelFromOne) {
  EXPECT_EQ(calls(expandText(
                model("m",
                      input("a") + "," +
                          model("n", kInner, R"([["i",0,0]])", R"([["d",0,0]])", R"([[["a",0,0,{}]],[["n",1,0,{}]]])"),
                      R"([["a",0,0]])", R"([["n",2,0],["n",1,0]])"),
                "2.4.0")),
            "a\nn/d < a\nn/d#2 < n/d\nout n=n/d#2\nout n_1=n/d\n");
}

TEST(Config, Keras2WriterThatCountedFromZeroIsRecognised) {
  EXPECT_EQ(calls(expandText(
                model("m",
                      input("a") + "," +
                          model("n", kInner, R"([["i",0,0]])", R"([["d",0,0]])", R"([[["a",0,0,{}]],[["n",0,0,{}]]])"),
                      R"([["a",0,0]])", R"([["n",1,0]])"),
                "2.0.8")),
            "a\nn/d < a\nn/d#2 < n/d\nout n=n/d#2\n");
}

/// A Keras 3 model that calls `n` twice, with the given output reference.
std::string keras3Twice(const std::string &output) {
  std::string inner = input("i") + "," + layer("Dense", "d", R"([{"args":[)" + tensor("i") + R"(],"kwargs":{}}])");
  std::string nested =
      model("n", inner, R"(["i",0,0])", R"(["d",0,0])",
            R"([{"args":[)" + tensor("a") + R"(],"kwargs":{}},{"args":[)" + tensor("n") + R"(],"kwargs":{}}])");
  return model("m", input("a") + "," + nested, R"(["a",0,0])", output);
}

TEST(Config, Keras3CountsFromOneOnlyInTheModelsOutputs) {
  EXPECT_EQ(calls(expandText(keras3Twice(R"(["n",2,0])"), "3.15.1")), "a\nn/d < a\nn/d#2 < n/d\nout n=n/d#2\n");
  EXPECT_EQ(calls(expandText(keras3Twice(R"(["n",1,0])"), "3.15.1")), "a\nn/d < a\nn/d#2 < n/d\nout n=n/d\n");
  // Keras 3.0 wrote 0 for the first call.
  EXPECT_EQ(calls(expandText(keras3Twice(R"(["n",0,0])"), "3.0.5")), "a\nn/d < a\nn/d#2 < n/d\nout n=n/d\n");
}

TEST(Config, ModelsCalledWithADictionaryBindByKey) {
  std::string inner =
      input("p") + "," + input("q") + "," +
      layer("Subtract", "s", R"([{"args":[[)" + tensor("p") + "," + tensor("q") + R"(]],"kwargs":{}}])");
  std::string nested = model("n", inner, R"([["q",0,0],["p",0,0]])", R"(["s",0,0])",
                             R"([{"args":[{"p":)" + tensor("a") + R"(,"q":)" + tensor("b") + R"(}],"kwargs":{}}])");
  EXPECT_EQ(calls(expandText(
                model("m", input("a") + "," + input("b") + "," + nested, R"([["a",0,0],["b",0,0]])", R"(["n",1,0])"),
                "3.15.1")),
            "a\nb\nn/s < a b\nout n=n/s\n");
}

TEST(Config, LayersMaySeeLaterOnes) {
  EXPECT_EQ(calls(expandText(model("m",
                                   layer("Dense", "z", R"([[["y",0,0,{}]]])") + "," +
                                       layer("Dense", "y", R"([[["a",0,0,{}]]])") + "," + input("a"),
                                   R"([["a",0,0]])", R"([["z",0,0]])"),
                             "2.15.0")),
            "a\ny < a\nz < y\nout z=z\n");
}

TEST(Config, AnInputMayBeAnOutput) {
  EXPECT_EQ(calls(expandText(model("m", input("a"), R"([["a",0,0]])", R"([["a",0,0],["a",0,0]])"), "2.15.0")),
            "a\nout a=a\nout a_1=a\n");
}

TEST(Config, SharedObjectIdsMakeOneLayer) {
  std::string inner = input("i") + "," + layer("Dense", "d", R"([[["i",0,0,{}]]])", R"(,"shared_object_id":7)");
  absl::StatusOr<LayerGraph> graph =
      expandText(model("m",
                       input("a") + "," + layer("Dense", "d", R"([[["a",0,0,{}]]])", R"(,"shared_object_id":7)") + "," +
                           model("n", inner, R"([["i",0,0]])", R"([["d",0,0]])", R"([[["d",0,0,{}]]])"),
                       R"([["a",0,0]])", R"([["n",1,0]])"),
                 "2.15.0");
  ASSERT_EQ(calls(graph), "a\nd < a\nd#2 < d\nout n=d#2\n");
  EXPECT_EQ(graph->layers.size(), 2u);
}

std::string sequential(const std::string &layers, const std::string &more = "") {
  return R"({"class_name":"Sequential","config":{"name":"s","layers":[)" + layers + "]" + more + "}}";
}

std::string inputShape(const std::string &text, const std::string &version) {
  absl::StatusOr<LayerGraph> graph = expandText(text, version);
  if (!graph.ok())
    return std::string(graph.status().message());
  return graph->inputs[0].name + " " + graph->layers[0].config["batch_shape"].dump() + " " +
         graph->layers[0].config["dtype"].get<std::string>();
}

TEST(Config, SequentialInputComesFromWhereverItIsWritten) {
  auto first = [](const std::string &config) {
    return sequential(R"({"class_name":"Dense","config":{"name":"d","units":1)" + config + "}}");
  };
  EXPECT_EQ(inputShape(first(R"(,"batch_input_shape":[null,3],"dtype":"float16")"), "2.2.4"),
            "d_input [null,3] float16");
  EXPECT_EQ(inputShape(first(R"(,"input_shape":[5,3])"), "2.2.4"), "d_input [null,5,3] float32");
  EXPECT_EQ(inputShape(first(R"(,"input_dim":3)"), "1.2.2"), "d_input [null,3] float32");
  EXPECT_EQ(inputShape(first(R"(,"input_dim":3,"input_length":9)"), "1.2.2"), "d_input [null,9,3] float32");
  EXPECT_EQ(inputShape(first(""), "2.15.0"), "d_input null float32");
  EXPECT_EQ(
      inputShape(sequential(R"({"class_name":"Dense","config":{"name":"d"}})", R"(,"build_input_shape":[null,7])"),
                 "3.8.0"),
      "input_layer [null,7] float32");
  EXPECT_EQ(
      inputShape(
          sequential(
              R"({"class_name":"Embedding","config":{"name":"e","input_dim":9,"output_dim":2,"input_length":4}})"),
          "2.2.4"),
      "e_input [null,4] float32");
  std::string nested =
      sequential(R"({"class_name":"InputLayer","config":{"name":"x","batch_shape":[2,6],"dtype":"int32"}})");
  EXPECT_EQ(inputShape(sequential(nested), "2.15.0"), "s_input [2,6] int32");
}

TEST(Config, OldTuplesAreUnwrapped) {
  EXPECT_EQ(inputShape(sequential(
                           R"({"class_name":"InputLayer","config":{"name":"x","batch_input_shape":
                  {"class_name":"__tuple__","items":[null,2]}}})"),
                       "2.10.0"),
            "x [null,2] float32");
}

TEST(Config, Keras1NamesBecomeKeras2Names) {
  absl::StatusOr<LayerGraph> graph = expandText(
      R"({"class_name":"Sequential","config":[{"class_name":"Convolution2D","config":{"name":"c","nb_filter":4,
          "nb_row":3,"nb_col":5,"border_mode":"same","subsample":[2,2],"dim_ordering":"tf","bias":true,
          "batch_input_shape":[null,8,8,1]}}]})",
      "1.2.2");
  ASSERT_TRUE(graph.ok()) << graph.status();
  const Layer &convolution = graph->layers[1];
  EXPECT_EQ(convolution.className, "Conv2D");
  EXPECT_EQ(convolution.config["filters"], 4);
  EXPECT_EQ(convolution.config["kernel_size"], json::parse("[3,5]"));
  EXPECT_EQ(convolution.config["padding"], "same");
  EXPECT_EQ(convolution.config["strides"], json::parse("[2,2]"));
  EXPECT_EQ(convolution.config["data_format"], "channels_last");
  EXPECT_EQ(convolution.config["use_bias"], true);
}

/// A Sequential of Keras 1 that merges `branches` by their sum: its layers' names and classes.
std::string mergedBranches(const std::string &branches) {
  absl::StatusOr<LayerGraph> graph = expandText(
      R"({"class_name":"Sequential","config":[{"class_name":"Merge","config":{"name":"m","mode":"sum","layers":[)" +
          branches + R"(]}},{"class_name":"Activation","config":{"name":"end","activation":"relu"}}]})",
      "1.2.2");
  std::string text = graph.ok() ? "" : std::string(graph.status().message());
  for (size_t i = 0; graph.ok() && i < graph->layers.size(); ++i)
    text += graph->layers[i].path + ":" + graph->layers[i].className + " ";
  return text;
}

TEST(Config, Keras1MergesModels) {
  auto branch = [](const std::string &name) {
    return R"({"class_name":"Sequential","config":[{"class_name":"Activation","config":{"name":")" + name +
           R"(","activation":"tanh","batch_input_shape":[null,3]}}]})";
  };
  EXPECT_EQ(mergedBranches(branch("a") + "," + branch("b")),
            "a_input:InputLayer b_input:InputLayer a:Activation b:Activation m:Add end:Activation ");
  EXPECT_EQ(mergedBranches(branch("a") + "," + branch("a")), // one branch at two places
            "a_input:InputLayer a:Activation m:Add end:Activation ");
  const char *functional = R"({"class_name":"Model","config":{"name":"f","layers":[
      {"class_name":"InputLayer","name":"x","config":{"name":"x","batch_input_shape":[null,3]},"inbound_nodes":[]},
      {"class_name":"Activation","name":"b","config":{"name":"b","activation":"tanh"},"inbound_nodes":[[["x",0,0]]]}],
      "input_layers":[["x",0,0]],"output_layers":[["b",0,0]]}})";
  EXPECT_EQ(mergedBranches(branch("a") + "," + functional),
            "a_input:InputLayer x:InputLayer a:Activation b:Activation m:Add end:Activation ");
  const char *refused = "layer 'm' (Merge): its 'layers' are not models of named layers";
  EXPECT_EQ(mergedBranches(R"({"class_name":"Model","config":{}})"), refused);
  EXPECT_EQ(mergedBranches(R"({"class_name":"Dense","config":{"name":"d"}})"), refused);
}

TEST(Config, BidirectionalGetsItsSecondLayer) {
  absl::StatusOr<LayerGraph> graph = expandText(
      sequential(R"({"class_name":"Bidirectional","config":{"name":"b","batch_input_shape":[null,3,2],"layer":
                    {"class_name":"GRU","config":{"name":"g","units":2,"go_backwards":false}}}})"),
      "2.15.0");
  ASSERT_TRUE(graph.ok()) << graph.status();
  const auto &children = graph->layers[1].children;
  ASSERT_EQ(children.size(), 2u);
  EXPECT_EQ(children[0].role, "forward_layer");
  EXPECT_EQ(children[0].layer.config["go_backwards"], false);
  EXPECT_EQ(children[1].role, "backward_layer");
  EXPECT_EQ(children[1].layer.config["go_backwards"], true);
}

TEST(Config, CustomClassesAreMarked) {
  auto isCustom = [](const std::string &entry) {
    absl::StatusOr<LayerGraph> graph = expandText(sequential(entry), "3.15.1");
    return graph.ok() && graph->layers[1].isCustom && graph->layers[1].className == "Dense";
  };
  EXPECT_TRUE(isCustom(R"({"module":"mine","class_name":"Dense","registered_name":"Dense","config":{"name":"d"}})"));
  EXPECT_TRUE(isCustom(R"({"module":null,"class_name":"Dense","registered_name":"Dense","config":{"name":"d"}})"));
  EXPECT_TRUE(isCustom(
      R"({"module":"keras.layers","class_name":"Dense","registered_name":"pack>Dense","config":{"name":"d"}})"));
  EXPECT_TRUE(isCustom(R"({"class_name":"pack>Dense","config":{"name":"d"}})"));
  EXPECT_TRUE(
      isCustom(R"({"module":"kerasish.layers","class_name":"Dense","registered_name":null,"config":{"name":"d"}})"));
  EXPECT_FALSE(
      isCustom(R"({"module":"keras.layers","class_name":"Dense","registered_name":null,"config":{"name":"d"}})"));
  EXPECT_FALSE(isCustom(R"({"class_name":"Dense","config":{"name":"d"}})"));
}

TEST(Config, RefusesBadGraphs) {
  auto refusal = [](const std::string &layers, const std::string &output) {
    return calls(expandText(model("m", input("a") + "," + layers, R"([["a",0,0]])", output), "2.15.0"));
  };
  std::string out = R"([["x",0,0]])";
  EXPECT_EQ(refusal(layer("Dense", "x", R"([[["y",0,0,{}]]])") + "," + layer("Dense", "y", R"([[["x",0,0,{}]]])"), out),
            "layer 'x' (Dense): its input depends on its own output");
  EXPECT_EQ(refusal(layer("Dense", "x", R"([[["a",0,0,{}]]])") + "," + layer("Dense", "x", R"([[["a",0,0,{}]]])"), out),
            "layer 'x' (Dense): another layer of this model has the same name");
  EXPECT_EQ(refusal(layer("Dense", "x", R"([[["ghost",0,0,{}]]])"), out),
            "layer 'x' (Dense): refers to the layer 'ghost', which does not exist");
  EXPECT_EQ(refusal(layer("Dense", "x", R"([[["a",1,0,{}]]])"), out),
            "layer 'x' (Dense): refers to call 1 of 'a', which does not exist");
  EXPECT_EQ(refusal(layer("Dense", "x", R"([[["a",0,0,{}]]])"), R"([["x",3,0]])"),
            "layer 'm' (Functional): refers to call 3 of 'x', which does not exist");
  EXPECT_EQ(refusal(layer("Dense", "x", R"([[["a",0,-1,{}]]])"), out),
            "layer 'x' (Dense): refers to call 0, tensor -1 of 'a', which does not exist");
  EXPECT_EQ(refusal(layer("Dense", "x", R"([[["a",0,0,{}]]])") + "," +
                        model("n", kInner, R"([["i",0,0]])", R"([["d",0,0]])", R"([[["a",0,0,{}],["x",0,0,{}]]])"),
                    R"([["n",1,0]])"),
            "layer 'n' (Functional): has 1 inputs and is called with 2 tensors");
  EXPECT_EQ(calls(expandText(R"({"class_name":"Mine","config":{"name":"net"}})", "3.15.1")),
            "layer 'net' (Mine): is neither a Sequential nor a Functional model; a subclassed model is Python code");
  EXPECT_EQ(calls(expandText(sequential(""), "3.15.1")), "layer 's' (Sequential): has no layers");
}

// 40 models of two calls each around one another would be 2^40 calls.
TEST(Config, RefusesModelsThatMultiply) {
  std::string inner = model("n0", kInner, R"([["i",0,0]])", R"([["d",0,0]])");
  for (int n = 1; n <= 25; ++n) {
    std::string name = "n" + std::to_string(n), previous = "n" + std::to_string(n - 1);
    inner.erase(inner.rfind("[]}"));
    inner += R"([[["i",0,0,{}]],[[")" + previous + R"(",1,0,{}]]]})";
    inner = model(name, input("i") + "," + inner, R"([["i",0,0]])", R"([[")" + previous + R"(",2,0]])");
  }
  EXPECT_EQ(calls(expandText(inner, "2.15.0")), "layer 'd' (Dense): the model makes more than 100000 calls of layers");
}

std::string jsonError(const std::string &text) {
  absl::StatusOr<json> value = parseJson(text, "text");
  return value.ok() ? "fine" : std::string(value.status().message());
}

TEST(Json, HasLimits) {
  EXPECT_EQ(jsonError(std::string(200, '[') + std::string(200, ']')), "fine");
  EXPECT_EQ(jsonError(std::string(201, '[') + std::string(201, ']')), "text is nested more than 200 deep");
  EXPECT_EQ(jsonError(std::string(1000000, '[')), "text is nested more than 200 deep");
  EXPECT_EQ(jsonError(R"({"a":1,"b":{"a":2},"a":3})"), "text has the key 'a' twice in one object");
  EXPECT_EQ(jsonError("[1e999]"), "text has a number too large at byte 6");
  EXPECT_EQ(jsonError("[1,]"), "text is not JSON: error at byte 4");
  EXPECT_EQ(jsonError("[\"\xff\"]"), "text is not JSON: error at byte 3");
  EXPECT_EQ(jsonError("[] x"), "text is not JSON: error at byte 4");
  EXPECT_EQ(jsonError(""), "text is not JSON: error at byte 1");
  std::string many = "[0";
  for (int i = 0; i < 1000000; ++i)
    many += ",0";
  EXPECT_EQ(jsonError(many + "]"), "text has more than 1000000 values");
}

TEST(Json, ReadsPythonsNumbers) {
  json value = *parseJson(R"({"a":NaN,"b":[Infinity,-Infinity],"c":"NaN \"Infinity"})", "text");
  EXPECT_TRUE(std::isnan(value["a"].get<double>()));
  EXPECT_EQ(value["b"][0].get<double>(), std::numeric_limits<double>::infinity());
  EXPECT_EQ(value["b"][1].get<double>(), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(value["c"], "NaN \"Infinity");
}

} // namespace
} // namespace layerc
