// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which array belongs to which variable, in files written by Keras itself: the k-th variable of `model.weights` in
// Keras holds k everywhere, so the expected order below is Keras' own, not ours.
#include "frontend/LayerObject.h"

#include "TestFiles.h"

#include <cstring>

namespace layerc {
namespace {

void collect(const Layer &layer, std::map<int, std::string> &found) {
  for (const Array &array : layer.weights) {
    std::vector<float> values(array.bytes / sizeof(float));
    std::memcpy(values.data(), array.data, array.bytes);
    for (float value : values)
      EXPECT_EQ(value, values[0]) << array.path;
    EXPECT_TRUE(found.emplace(static_cast<int>(values[0]), array.path).second) << array.path;
  }
  for (const auto &[role, child] : layer.children)
    collect(child, found);
  if (layer.model)
    for (const Layer &inner : layer.model->layers)
      collect(inner, found);
}

/// The paths of all weights in the order of the numbers they hold, which must be 1, 2, 3, ...
std::vector<std::string> numberedWeights(const LayerGraph &graph) {
  std::map<int, std::string> found;
  for (const Layer &layer : graph.layers)
    collect(layer, found);
  std::vector<std::string> paths;
  for (const auto &[number, path] : found) {
    EXPECT_EQ(number, static_cast<int>(paths.size()) + 1) << path;
    paths.push_back(path);
  }
  return paths;
}

using Paths = std::vector<std::string>;

Paths named(std::initializer_list<std::pair<std::string, Paths>> layers) {
  Paths paths;
  for (const auto &[layer, variables] : layers)
    for (const std::string &variable : variables)
      paths.push_back(layer + "/" + variable);
  return paths;
}

const Paths kDense{"kernel", "bias"}, kRecurrent{"kernel", "recurrent_kernel", "bias"},
    kNorm{"gamma", "beta", "moving_mean", "moving_variance"};

/// What Keras' `model.weights` lists for each model of make_files.py.
const std::map<std::string, Paths> kExpected{
    {"sequential", named({{"conv", kDense}, {"norm", kNorm}, {"scores", kDense}})},
    {"functional", named({{"shared", kDense}, {"first", kDense}, {"second", kDense}})},
    {"nested",
     named(
         {{"encoder/block/deep", kDense}, {"encoder/out", kDense}, {"frozen/dense", kDense}, {"frozen/norm", kNorm}})},
    {"no_input", named({{"dense", kDense}})},
    {"operations", named({{"dense", kDense}})},
    {"twice", named({{"shared", kDense}, {"inner/after", kDense}})},
    {"composite", named({{"both/forward_layer", kRecurrent},
                         {"both/backward_layer", kRecurrent},
                         {"each/layer", kDense},
                         {"attention/query_dense", kDense},
                         {"attention/key_dense", kDense},
                         {"attention/value_dense", kDense},
                         {"attention/output_dense", kDense},
                         {"stacked/cell/cells", kRecurrent},
                         {"stacked/cell/cells_1", kRecurrent},
                         {"steps/layer/a", kDense},
                         {"steps/layer/b", kDense}})},
    {"frozen", named({{"inner/stiff", kDense},
                      {"inner/norm", kNorm},
                      {"inner/still/a", kDense},
                      {"inner/still/b", kNorm},
                      {"inner/last", kDense}})},
};

/// Model and weights files of one case.
struct Case {
  const char *model, *dialect, *modelSuffix, *weightsSuffix;
};

class WeightsOfKerasFiles : public testing::TestWithParam<Case> {};

TEST_P(WeightsOfKerasFiles, AreWhereKerasPutThem) {
  const Case &c = GetParam();
  std::string stem = testFile(std::string(c.model) + "-" + c.dialect);
  absl::StatusOr<LayerGraph> graph = loadModel(stem + c.modelSuffix, *c.weightsSuffix ? stem + c.weightsSuffix : "");
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_EQ(numberedWeights(*graph), kExpected.at(c.model));
}

std::vector<Case> allCases() {
  std::vector<Case> cases;
  for (const char *dialect : {"keras3", "tf_keras"}) {
    for (const auto &[model, paths] : kExpected)
      if (model != "operations" || std::string(dialect) == "keras3") {
        cases.push_back({model.c_str(), dialect, ".keras", ""});
        if (model != "operations" && model != "twice")
          cases.push_back({model.c_str(), dialect, ".h5", ""});
      }
    for (const char *model : {"sequential", "nested"}) {
      cases.push_back({model, dialect, ".json", ".weights.h5"});
      cases.push_back({model, dialect, ".json", ".h5"});
      cases.push_back({model, dialect, ".keras", ".h5"});
    }
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Files, WeightsOfKerasFiles, testing::ValuesIn(allCases()), [](const auto &info) {
  std::string name =
      std::string(info.param.model) + "_" + info.param.dialect + info.param.modelSuffix + info.param.weightsSuffix;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
});

TEST(SnakeCase, IsKeras) {
  const std::pair<const char *, const char *> names[] = {{"Conv2D", "conv2d"},
                                                         {"Conv2DTranspose", "conv2d_transpose"},
                                                         {"SeparableConv2D", "separable_conv2d"},
                                                         {"DepthwiseConv2D", "depthwise_conv2d"},
                                                         {"LSTM", "lstm"},
                                                         {"LSTMCell", "lstm_cell"},
                                                         {"GRU", "gru"},
                                                         {"SimpleRNN", "simple_rnn"},
                                                         {"StackedRNNCells", "stacked_rnn_cells"},
                                                         {"ConvLSTM2D", "conv_lstm2d"},
                                                         {"PReLU", "p_re_lu"},
                                                         {"LeakyReLU", "leaky_re_lu"},
                                                         {"ReLU", "re_lu"},
                                                         {"ELU", "elu"},
                                                         {"BatchNormalization", "batch_normalization"},
                                                         {"RMSNormalization", "rms_normalization"},
                                                         {"GlobalAveragePooling2D", "global_average_pooling2d"},
                                                         {"TimeDistributed", "time_distributed"},
                                                         {"MultiHeadAttention", "multi_head_attention"},
                                                         {"EinsumDense", "einsum_dense"},
                                                         {"InputLayer", "input_layer"},
                                                         {"UpSampling2D", "up_sampling2d"}};
  for (const auto &[className, snake] : names)
    EXPECT_EQ(snakeCase(className), snake);
}

} // namespace
} // namespace layerc
