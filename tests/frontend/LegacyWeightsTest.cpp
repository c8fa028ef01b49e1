// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Old .h5 groups that no Keras of today writes: foreign names, Keras 1, Theano, and lists that contradict the layers.
#include "frontend/LegacyWeights.h"

#include <gtest/gtest.h>

namespace layerc {
namespace {

using nlohmann::json;
using Shape = std::vector<int64_t>;

/// A weights file with one group per entry: layer name, then the names and shapes of its arrays.
Hdf5File fileOf(const std::vector<std::pair<std::string, std::vector<std::pair<std::string, Shape>>>> &groups) {
  Hdf5File file;
  for (const auto &[layer, arrays] : groups) {
    file.groups[""].attributes["layer_names"].push_back(layer);
    std::vector<std::string> &names = file.groups[layer].attributes["weight_names"];
    for (const auto &[name, shape] : arrays) {
      names.push_back(name);
      Array &array = file.arrays[layer + "/" + name];
      array.path = array.source = layer + "/" + name;
      array.shape = shape;
    }
  }
  return file;
}

LayerObjectPtr leaf(const std::string &className, const std::string &name, json config = json::object()) {
  auto object = std::make_shared<LayerObject>();
  object->className = className;
  object->name = name;
  object->config = std::move(config);
  return object;
}

LayerObjectPtr sequential(const std::string &name, const std::vector<LayerObjectPtr> &layers) {
  LayerObjectPtr model = leaf("Sequential", name);
  model->kind = LayerObject::Kind::Sequential;
  for (const LayerObjectPtr &layer : layers)
    model->members.push_back({layer->name, layer, json()});
  return model;
}

std::string error(const LayerObjectPtr &root, const Hdf5File &file, int savedMajor) {
  absl::Status status = assignLegacy(*root, file, savedMajor);
  return status.ok() ? "fine" : std::string(status.message());
}

std::vector<std::string> sources(const LayerObject &object) {
  std::vector<std::string> result;
  for (const Array &array : object.weights)
    result.push_back(array.source);
  return result;
}

TEST(LegacyWeights, ForeignNamesAreMatchedInOrder) {
  LayerObjectPtr a = leaf("Dense", "a"), b = leaf("Dense", "b");
  LayerObjectPtr root = sequential("m", {a, leaf("Dropout", "drop"), b});
  Hdf5File file = fileOf({{"x", {{"x/kernel:0", {2, 3}}}}, {"none", {}}, {"y", {{"y/kernel:0", {3, 1}}}}});
  ASSERT_EQ(error(root, file, 2), "fine");
  EXPECT_EQ(sources(*a), std::vector<std::string>{"x/x/kernel:0"});
  EXPECT_EQ(sources(*b), std::vector<std::string>{"y/y/kernel:0"});
}

TEST(LegacyWeights, NamesWinOverOrder) {
  LayerObjectPtr a = leaf("Dense", "a"), b = leaf("Dense", "b");
  Hdf5File file = fileOf({{"b", {{"b/kernel:0", {3, 1}}}}, {"a", {{"a/kernel:0", {2, 3}}}}});
  ASSERT_EQ(error(sequential("m", {a, b}), file, 2), "fine");
  EXPECT_EQ(sources(*a), std::vector<std::string>{"a/a/kernel:0"});
}

TEST(LegacyWeights, AnArrayThatIsListedButMissing) {
  Hdf5File file = fileOf({{"a", {{"a/kernel:0", {2, 3}}}}});
  file.arrays.clear();
  EXPECT_EQ(error(sequential("m", {leaf("Dense", "a")}), file, 2), "layer 'a': its array 'a/kernel:0' is missing");
}

/// A nested model of a frozen Dense and a BatchNormalization: the frozen kernel moves behind gamma and beta.
TEST(LegacyWeights, FrozenLayersMoveToTheEnd) {
  LayerObjectPtr dense = leaf("Dense", "d", {{"trainable", false}}), norm = leaf("BatchNormalization", "n");
  LayerObjectPtr root = sequential("m", {sequential("inner", {dense, norm})});
  Hdf5File file = fileOf({{"inner",
                           {{"n/gamma:0", {3}},
                            {"n/beta:0", {3}},
                            {"d/kernel:0", {2, 3}},
                            {"d/bias:0", {3}},
                            {"n/moving_mean:0", {3}},
                            {"n/moving_variance:0", {3}}}}});
  ASSERT_EQ(error(root, file, 2), "fine");
  EXPECT_EQ(sources(*dense), (std::vector<std::string>{"inner/d/kernel:0", "inner/d/bias:0"}));
  EXPECT_EQ(sources(*norm), (std::vector<std::string>{"inner/n/gamma:0", "inner/n/beta:0", "inner/n/moving_mean:0",
                                                      "inner/n/moving_variance:0"}));
}

TEST(LegacyWeights, NamesThatContradictTheOrderAreRefused) {
  LayerObjectPtr dense = leaf("Dense", "d"),
                 norm = leaf("BatchNormalization", "n", {{"scale", false}, {"center", false}});
  LayerObjectPtr root = sequential("m", {sequential("inner", {dense, norm})});
  Hdf5File file = fileOf(
      {{"inner", {{"n/moving_mean:0", {3}}, {"d/bias:0", {3}}, {"d/kernel:0", {2, 3}}, {"n/moving_variance:0", {3}}}}});
  EXPECT_EQ(error(root, file, 2),
            "layer 'inner' (Sequential): its array 0 is named 'inner/n/moving_mean:0' where kernel of "
            "'d' is expected");
}

/// What a Normalization was given as arguments it does not store.
TEST(LegacyWeights, VariablesThatDependOnArguments) {
  LayerObjectPtr given = leaf("Normalization", "given", {{"mean", {0.5}}, {"variance", {2.0}}}),
                 dense = leaf("Dense", "d"),
                 rms = leaf("LayerNormalization", "rms", {{"scale", false}, {"rms_scaling", true}});
  LayerObjectPtr root = sequential("outer", {sequential("inner", {given, dense, rms})});
  ASSERT_EQ(error(root, fileOf({{"inner", {{"d/kernel:0", {3, 1}}, {"d/bias:0", {1}}, {"rms/gamma:0", {1}}}}}), 3),
            "fine");
  EXPECT_EQ(dense->weights.size(), 2u);
  EXPECT_EQ(rms->weights.size(), 1u);
}

TEST(LegacyWeights, CountsMustAgree) {
  LayerObjectPtr root = sequential("m", {sequential("inner", {leaf("Dense", "d")})});
  EXPECT_EQ(error(root, fileOf({{"inner", {{"d/kernel:0", {2, 3}}}}}), 2),
            "layer 'inner' (Sequential): the file has 1 arrays for it, its layers own 2");
}

TEST(LegacyWeights, UnknownLayersInNestedModelsAreRefused) {
  LayerObjectPtr root = sequential("m", {sequential("inner", {leaf("Mystery", "x")})});
  EXPECT_EQ(
      error(root, fileOf({{"inner", {{"x/w:0", {2}}}}}), 2),
      "layer 'x' (Mystery): its variables are not known, so the weights of the model around it cannot be told apart");
}

/// Shape and permutation of the kernel that a Keras 1 file holds as `stored`.
std::pair<Shape, Shape> keras1Kernel(const char *className, json config, Shape stored) {
  LayerObjectPtr layer = leaf(className, "c", std::move(config));
  EXPECT_EQ(error(sequential("m", {layer}), fileOf({{"c", {{"c_W", std::move(stored)}, {"c_b", {7}}}}}), 1), "fine");
  return {layer->weights.at(0).shape, layer->weights.at(0).permutation};
}

TEST(LegacyWeights, Keras1KernelsGetTheOrderOfToday) {
  using Kernel = std::pair<Shape, Shape>;
  json first = {{"data_format", "channels_first"}}, filters = {{"filters", 7}};
  EXPECT_EQ(keras1Kernel("Conv1D", filters, {5, 1, 2, 7}), (Kernel{{5, 2, 7}, {}}));
  EXPECT_EQ(keras1Kernel("Conv1D", filters, {7, 2, 5, 1}), (Kernel{{5, 2, 7}, {2, 1, 0}})); // Keras 1.1
  EXPECT_EQ(keras1Kernel("Conv2D", filters, {3, 4, 2, 7}), (Kernel{{3, 4, 2, 7}, {}}));
  EXPECT_EQ(keras1Kernel("Conv2D", first, {7, 2, 3, 4}), (Kernel{{3, 4, 2, 7}, {2, 3, 1, 0}}));
  EXPECT_EQ(keras1Kernel("Conv3D", first, {7, 2, 3, 4, 5}), (Kernel{{3, 4, 5, 2, 7}, {2, 3, 4, 1, 0}}));
  EXPECT_EQ(keras1Kernel("Conv2DTranspose", filters, {3, 4, 2, 7}), (Kernel{{3, 4, 7, 2}, {0, 1, 3, 2}}));
  EXPECT_EQ(keras1Kernel("Conv2DTranspose", first, {7, 2, 3, 4}), (Kernel{{3, 4, 7, 2}, {2, 3, 0, 1}}));
  EXPECT_EQ(keras1Kernel("SeparableConv2D", filters, {3, 4, 2, 7}), (Kernel{{3, 4, 2, 7}, {}}));
  EXPECT_EQ(keras1Kernel("SeparableConv2D", first, {7, 2, 3, 4}), (Kernel{{3, 4, 2, 7}, {2, 3, 1, 0}}));
  Hdf5File flat = fileOf({{"c", {{"c_W", {3, 3, 4}}, {"c_b", {4}}}}});
  EXPECT_EQ(error(sequential("m", {leaf("SeparableConv2D", "c", first)}), flat, 1),
            "layer 'c' (SeparableConv2D): its kernel of shape [3, 3, 4] as saved by Keras 1 is not supported");
}

TEST(LegacyWeights, Keras1KeepsTheGatesOfRecurrentLayersApart) {
  std::vector<std::pair<std::string, Shape>> gates;
  for (int i = 0; i < 12; ++i)
    gates.push_back({"param_" + std::to_string(i), {2, 2}});
  LayerObjectPtr alone = leaf("LSTM", "l"), nested = leaf("LSTM", "l"), dense = leaf("Dense", "d");
  EXPECT_EQ(error(sequential("m", {alone}), fileOf({{"l", gates}}), 1), "fine");
  EXPECT_EQ(alone->weights.size(), 12u);
  gates.insert(gates.end(), {{"d_W", {2, 3}}, {"d_b", {3}}});
  EXPECT_EQ(error(sequential("m", {sequential("inner", {nested, dense})}), fileOf({{"inner", gates}}), 1), "fine");
  EXPECT_EQ(nested->weights.size(), 12u);
  EXPECT_EQ(dense->weights.size(), 2u);
  LayerObjectPtr together = leaf("LSTM", "l", {{"consume_less", "gpu"}});
  gates.assign({{"l_W", {2, 8}}, {"l_U", {2, 8}}, {"l_b", {8}}, {"d_W", {2, 3}}, {"d_b", {3}}});
  EXPECT_EQ(error(sequential("m", {sequential("inner", {together, dense})}), fileOf({{"inner", gates}}), 1), "fine");
  EXPECT_EQ(together->weights.size(), 3u);
}

TEST(LegacyWeights, TheanoKernelsAreTakenWhereTheImporterTurnsThemRound) {
  Hdf5File file = fileOf({{"c", {{"c/kernel:0", {3, 3, 1, 4}}, {"c/bias:0", {4}}}}});
  file.groups[""].attributes["backend"] = {"theano"};
  EXPECT_EQ(error(sequential("m", {leaf("Conv2D", "c")}), file, 2), "fine");
  EXPECT_EQ(error(sequential("m", {leaf("SeparableConv2D", "c")}), file, 2),
            "layer 'c' (SeparableConv2D): its kernel as saved by the Theano backend is not supported");
}

} // namespace
} // namespace layerc
