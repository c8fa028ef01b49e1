// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What single layers compute, on numbers small enough to work out by hand. The recorded Keras cases are the wider
// judge.
#include "TestGraph.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace layerc;
using namespace layerc::test;
using nlohmann::json;

static std::vector<float> counting(int64_t count) {
  std::vector<float> values(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i)
    values[static_cast<size_t>(i)] = static_cast<float>(i + 1);
  return values;
}

static void expectNear(const std::vector<float> &actual, const std::vector<float> &expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i)
    EXPECT_NEAR(actual[i], expected[i], 1e-5f) << "element " << i;
}
#define EXPECT_NEAR_ALL(actual, ...)                                                                                   \
  {                                                                                                                    \
    SCOPED_TRACE(#actual);                                                                                             \
    expectNear(actual, std::vector<float>(__VA_ARGS__));                                                               \
  }

//===-- Convolution ---------------------------------------------------------------------------------------------===//

TEST(Conv, SamePaddingPutsTheOddElementAtTheEnd) {
  // Kernel 2, stride 1: one element of padding, after the data.
  EXPECT_NEAR_ALL(runLayer("Conv1D", {{"filters", 1}, {"kernel_size", 2}, {"padding", "same"}, {"use_bias", false}},
                           {{{1, 3, 1}, {1, 2, 3}}}, {{{2, 1, 1}, {1, 10}}}),
                  {21, 32, 3});
}

TEST(Conv, CausalPaddingIsBeforeTheData) {
  EXPECT_NEAR_ALL(
      runLayer("Conv1D",
               {{"filters", 1}, {"kernel_size", {2}}, {"padding", "causal"}, {"dilation_rate", 2}, {"use_bias", false}},
               {{{1, 4, 1}, {1, 2, 3, 4}}}, {{{2, 1, 1}, {1, 10}}}),
      {10, 20, 31, 42});
}

TEST(Conv, GroupsSeeTheirOwnChannels) {
  EXPECT_NEAR_ALL(runLayer("Conv1D", {{"filters", 2}, {"kernel_size", 1}, {"groups", 2}}, {{{1, 1, 4}, {1, 2, 3, 4}}},
                           {{{1, 2, 2}, {1, 100, 10, 1000}}, {{2}, {0.5, 0.25}}}),
                  {21.5, 4300.25});
}

TEST(Conv, ChannelsFirstGivesChannelsFirst) {
  json config = {{"filters", 2}, {"kernel_size", 1}, {"data_format", "channels_first"}, {"use_bias", false}};
  EXPECT_NEAR_ALL(runLayer("Conv2D", config, {{{1, 1, 2, 2}, {1, 2, 3, 4}}}, {{{1, 1, 1, 2}, {1, -1}}}),
                  {1, 2, 3, 4, -1, -2, -3, -4});
}

TEST(Conv, DepthwiseChannelOrder) {
  // Output channel c * multiplier + j.
  EXPECT_NEAR_ALL(runLayer("DepthwiseConv2D", {{"kernel_size", 1}, {"depth_multiplier", 2}, {"use_bias", false}},
                           {{{1, 1, 1, 2}, {1, 10}}}, {{{1, 1, 2, 2}, {1, 2, 3, 4}}}),
                  {1, 2, 30, 40});
}

TEST(Conv, SeparableIsDepthwiseThenPointwise) {
  EXPECT_NEAR_ALL(runLayer("SeparableConv1D", {{"filters", 1}, {"kernel_size", 2}}, {{{1, 2, 2}, {1, 2, 3, 4}}},
                           {{{2, 2, 1}, {1, 1, 1, 1}}, {{1, 2, 1}, {1, 10}}, {{1}, {0.5}}}),
                  {64.5});
}

TEST(Conv, StridesAndDilationTogetherAreRefused) {
  EXPECT_EQ(errorOf("Conv1D", {{"filters", 1}, {"kernel_size", 2}, {"strides", 2}, {"dilation_rate", 2}}, {{1, 8, 1}}),
            "model.keras: layer 'layer' (Conv1D): 'strides' and 'dilation_rate' are both above 1");
}

TEST(ConvTranspose, ValidSpreadsEachElement) {
  EXPECT_NEAR_ALL(runLayer("Conv1DTranspose", {{"filters", 1}, {"kernel_size", 3}, {"strides", 2}, {"use_bias", false}},
                           {{{1, 2, 1}, {1, 10}}}, {{{3, 1, 1}, {1, 2, 3}}}),
                  {1, 2, 13, 20, 30});
}

TEST(ConvTranspose, SameCutsTheSpread) {
  // Full spread 1 2 13 20 30 as above; same keeps 4 elements from crop floor((3 - 2) / 2) = 0.
  EXPECT_NEAR_ALL(
      runLayer("Conv1DTranspose",
               {{"filters", 1}, {"kernel_size", 3}, {"strides", 2}, {"padding", "same"}, {"use_bias", false}},
               {{{1, 2, 1}, {1, 10}}}, {{{3, 1, 1}, {1, 2, 3}}}),
      {1, 2, 13, 20});
}

TEST(ConvTranspose, KernelHoldsFiltersBeforeChannels) {
  EXPECT_NEAR_ALL(runLayer("Conv1DTranspose", {{"filters", 3}, {"kernel_size", 1}, {"use_bias", false}},
                           {{{1, 1, 2}, {1, 10}}}, {{{1, 3, 2}, {1, 2, 3, 4, 5, 6}}}),
                  {21, 43, 65});
}

TEST(ConvTranspose, OutputPaddingAtTheStride) {
  EXPECT_EQ(errorOf("Conv1DTranspose", {{"filters", 1}, {"kernel_size", 3}, {"strides", 2}, {"output_padding", 2}},
                    {{1, 2, 1}}),
            "model.keras: layer 'layer' (Conv1DTranspose): 'output_padding' must be below the stride 2; got 2");
}

//===-- Pooling -------------------------------------------------------------------------------------------------===//

TEST(Pooling, AverageSameCountsOnlyElementsInside) {
  EXPECT_NEAR_ALL(
      runLayer("AveragePooling1D", {{"pool_size", 2}, {"strides", 2}, {"padding", "same"}}, {{{1, 3, 1}, {1, 2, 5}}}),
      {1.5, 5});
}

TEST(Pooling, StridesDefaultToTheWindow) {
  EXPECT_NEAR_ALL(
      runLayer("MaxPooling2D", {{"pool_size", {1, 2}}, {"strides", nullptr}}, {{{1, 1, 4, 1}, {1, 3, -2, -5}}}),
      {3, -2});
}

TEST(Pooling, GlobalKeepsDimensionsOnRequest) {
  json config = {{"data_format", "channels_first"}, {"keepdims", true}};
  EXPECT_NEAR_ALL(runLayer("GlobalAveragePooling2D", config, {{{1, 2, 1, 2}, {1, 3, 5, 9}}}), {2, 7});
  EXPECT_NEAR_ALL(runLayer("GlobalMaxPooling1D", json::object(), {{{1, 2, 2}, {1, 3, 5, 2}}}), {5, 3});
}

//===-- Normalization -------------------------------------------------------------------------------------------===//

TEST(BatchNormalization, UsesStoredMoments) {
  std::vector<Floats> weights = {{{2}, {2, 1}}, {{2}, {0, 5}}, {{2}, {1, 2}}, {{2}, {4, 9}}};
  EXPECT_NEAR_ALL(runLayer("BatchNormalization", {{"epsilon", 0}}, {{{1, 2}, {5, 8}}}, weights), {4, 7});
}

TEST(BatchNormalization, WithoutScaleOnTheFirstAxis) {
  std::vector<Floats> weights = {{{2}, {0, 5}}, {{2}, {1, 2}}, {{2}, {4, 9}}};
  json config = {{"epsilon", 0}, {"scale", false}, {"axis", {1}}};
  EXPECT_NEAR_ALL(runLayer("BatchNormalization", config, {{{1, 2, 2}, {5, 7, 8, 11}}}, weights), {2, 3, 7, 8});
}

TEST(LayerNormalization, NormalizesEachRow) {
  std::vector<Floats> weights = {{{2}, {2, 3}}, {{2}, {10, 20}}};
  EXPECT_NEAR_ALL(runLayer("LayerNormalization", {{"epsilon", 0}}, {{{1, 2, 2}, {1, 3, 5, 25}}}, weights),
                  {8, 23, 8, 23});
}

TEST(LayerNormalization, OverTwoAxes) {
  json config = {{"epsilon", 0}, {"axis", {1, 2}}, {"center", false}};
  std::vector<Floats> weights = {{{2, 2}, {1, 2, 3, 4}}};
  EXPECT_NEAR_ALL(runLayer("LayerNormalization", config, {{{1, 2, 2}, {1, 3, 1, 3}}}, weights), {-1, 2, -3, 4});
}

//===-- Merging -------------------------------------------------------------------------------------------------===//

TEST(Merging, LowerRankIsExpandedAfterTheBatch) {
  Floats vector{{2, 2}, {100, 200, 300, 400}}, matrix{{2, 2, 2}, counting(8)};
  EXPECT_NEAR_ALL(runLayer("Add", json::object(), {vector, matrix}), {101, 202, 103, 204, 305, 406, 307, 408});
}

TEST(Merging, AverageAndSubtract) {
  Floats a{{1, 2}, {1, 2}}, b{{1, 2}, {5, 9}}, c{{1, 2}, {0, 1}};
  EXPECT_NEAR_ALL(runLayer("Average", json::object(), {a, b, c}), {2, 4});
  EXPECT_NEAR_ALL(runLayer("Subtract", json::object(), {a, b}), {-4, -7});
  EXPECT_EQ(errorOf("Subtract", json::object(), {{1, 2}}),
            "model.keras: layer 'layer' (Subtract): expects two inputs; got 1");
}

TEST(Merging, ConcatenateAndItsAxis) {
  Floats a{{1, 1, 2}, {1, 2}}, b{{1, 1, 2}, {3, 4}};
  EXPECT_NEAR_ALL(runLayer("Concatenate", {{"axis", 1}}, {a, b}), {1, 2, 3, 4});
  EXPECT_EQ(errorOf("Concatenate", {{"axis", 0}}, {{1, 2}, {1, 2}}),
            "model.keras: layer 'layer' (Concatenate): concatenates the batch, which is not supported");
}

TEST(Merging, DotContractsPerSample) {
  Floats a{{2, 2}, {1, 2, 3, 4}}, b{{2, 2}, {5, 6, 7, 8}};
  EXPECT_NEAR_ALL(runLayer("Dot", {{"axes", 1}}, {a, b}), {17, 53});
  EXPECT_NEAR_ALL(runLayer("Dot", {{"axes", -1}, {"normalize", true}}, {a, a}), {1, 1});
  Floats m{{1, 2, 2}, {1, 2, 3, 4}}, v{{1, 2}, {10, 100}};
  EXPECT_NEAR_ALL(runLayer("Dot", {{"axes", {1, 1}}}, {m, v}), {310, 420});
}

//===-- Reshaping -----------------------------------------------------------------------------------------------===//

TEST(Reshaping, FlattenOfChannelsFirstIsInChannelsLastOrder) {
  EXPECT_NEAR_ALL(runLayer("Flatten", {{"data_format", "channels_first"}}, {{{1, 2, 1, 2}, {1, 2, 3, 4}}}),
                  {1, 3, 2, 4});
}

TEST(Reshaping, ReshapeInfersOneSize) {
  TestGraph model;
  model.output(model.layer("Reshape", {{"target_shape", {3, -1}}}, {model.input("x", {2, 6})}));
  Imported imported(model.graph);
  ASSERT_TRUE(imported.module) << imported.error;
  EXPECT_EQ(mlir::cast<mlir::RankedTensorType>(imported.function().getResultTypes()[0]).getShape(),
            llvm::ArrayRef<int64_t>({2, 3, 2}));
  EXPECT_EQ(errorOf("Reshape", {{"target_shape", {4, -1}}}, {{1, 6}}),
            "model.keras: layer 'layer' (Reshape): cannot reshape [1, 6] to [1, 4, 1]");
}

TEST(Reshaping, PermuteCountsFromOne) {
  EXPECT_NEAR_ALL(runLayer("Permute", {{"dims", {2, 1}}}, {{{1, 2, 2}, {1, 2, 3, 4}}}), {1, 3, 2, 4});
  EXPECT_EQ(errorOf("Permute", {{"dims", {1, 1}}}, {{1, 2, 2}}),
            "model.keras: layer 'layer' (Permute): 'dims' [1, 1] is no permutation of the dimensions of [1, 2, 2]");
}

TEST(Reshaping, CroppingAndPaddingForms) {
  Floats image{{1, 3, 3, 1}, counting(9)};
  EXPECT_NEAR_ALL(runLayer("Cropping2D", {{"cropping", {{1, 0}, {0, 2}}}}, {image}), {4, 7});
  EXPECT_NEAR_ALL(runLayer("Cropping2D", {{"cropping", {1, 0}}}, {image}), {4, 5, 6});
  EXPECT_NEAR_ALL(runLayer("ZeroPadding1D", {{"padding", {1, 2}}}, {{{1, 1, 1}, {5}}}), {0, 5, 0, 0});
  EXPECT_NEAR_ALL(runLayer("ZeroPadding2D", {{"padding", 1}}, {{{1, 1, 1, 1}, {5}}}), {0, 0, 0, 0, 5, 0, 0, 0, 0});
  EXPECT_EQ(errorOf("Cropping1D", {{"cropping", {2, 1}}}, {{1, 3, 1}}),
            "model.keras: layer 'layer' (Cropping1D): 'cropping' of 2 and 1 leaves nothing of 3 elements");
}

TEST(Reshaping, RepeatVector) {
  EXPECT_NEAR_ALL(runLayer("RepeatVector", {{"n", 2}}, {{{2, 1}, {3, 4}}}), {3, 3, 4, 4});
}

TEST(UpSampling, NearestRepeats) {
  EXPECT_NEAR_ALL(runLayer("UpSampling1D", {{"size", 2}}, {{{1, 2, 1}, {1, 2}}}), {1, 1, 2, 2});
}

TEST(UpSampling, BilinearHasHalfPixelCentres) {
  json config = {{"size", {1, 2}}, {"interpolation", "bilinear"}};
  Floats row{{1, 1, 3, 1}, {0, 4, 8}};
  EXPECT_NEAR_ALL(runLayer("UpSampling2D", config, {row}), {0, 1, 3, 5, 7, 8});
  // Keras 2.2 and 2.3 sampled at i / 2.
  EXPECT_NEAR_ALL(runLayer("UpSampling2D", config, {row}, {}, "2.3.1"), {0, 2, 4, 6, 8, 8});
}

//===-- Activation ----------------------------------------------------------------------------------------------===//

static std::vector<float> activate(std::string name, std::vector<float> x, std::string version = "3.5.0") {
  return runLayer("Activation", {{"activation", name}}, {{{1, static_cast<int64_t>(x.size())}, x}}, {}, version);
}

TEST(Activation, HardSigmoidChangedWithKeras3) {
  EXPECT_NEAR_ALL(activate("hard_sigmoid", {-4, 1, 4}), {0, 4.f / 6, 1});
  EXPECT_NEAR_ALL(activate("hard_sigmoid", {-4, 1, 4}, "2.15.0"), {0, 0.7f, 1});
}

TEST(Activation, Formulas) {
  float e = std::exp(-2.f);
  EXPECT_NEAR_ALL(activate("relu6", {-1, 3, 7}), {0, 3, 6});
  EXPECT_NEAR_ALL(activate("leaky_relu", {-2, 3}), {-0.4f, 3});
  EXPECT_NEAR_ALL(activate("elu", {-2, 3}), {e - 1, 3});
  EXPECT_NEAR_ALL(activate("selu", {-2, 3}), {1.7580993f * (e - 1), 3.1521030f});
  EXPECT_NEAR_ALL(activate("gelu", {-2, 3}), {-std::erfc(std::sqrt(2.f)), 3 * (1 - std::erfc(3 / std::sqrt(2.f)) / 2)});
  EXPECT_NEAR_ALL(activate("softsign", {-4, 1}), {-0.8f, 0.5f});
  EXPECT_NEAR_ALL(activate("squareplus", {0, 1.5}), {1, 2});
  EXPECT_NEAR_ALL(activate("hard_shrink", {-0.4, 0.5, 0.6, -2}), {0, 0, 0.6f, -2});
  EXPECT_NEAR_ALL(activate("soft_shrink", {-0.4, 0.5, 0.75, -2}), {0, 0, 0.25f, -1.5f});
  EXPECT_NEAR_ALL(activate("sparse_plus", {-2, 0, 2}), {0, 0.25f, 2});
  EXPECT_NEAR_ALL(activate("sparse_sigmoid", {-2, 0, 2}), {0, 0.5f, 1});
  EXPECT_NEAR_ALL(activate("hard_silu", {-4, 1, 4}), {0, 4.f / 6, 4});
  EXPECT_NEAR_ALL(activate("glu", {2, 4, 0, 0}), {1, 2});
  EXPECT_NEAR_ALL(activate("softmax", {0, std::log(3.f)}), {0.25f, 0.75f});
}

TEST(Activation, SparsemaxSumsThePrefixSumsOfItsSupport) {
  // Support {1, 1}, prefix sums 1 and 2: threshold (1 + 2 - 1) / 2 = 1.
  EXPECT_NEAR_ALL(activate("sparsemax", {1, 1, 0}), {0, 0, 0});
  // Support {1.1, 0.2}, prefix sums 1.1 and 1.3: threshold 0.7.
  EXPECT_NEAR_ALL(activate("sparsemax", {0.1f, 1.1f, 0.2f}), {0, 0.4f, 0});
}

TEST(Activation, GivenAsFunctionObjectOrLayer) {
  Floats x{{1, 2}, {-1, 2}};
  json function = {{"module", "builtins"}, {"class_name", "function"}, {"config", "relu"}};
  EXPECT_NEAR_ALL(runLayer("Activation", {{"activation", function}}, {x}), {0, 2});
  json layer = {{"class_name", "LeakyReLU"}, {"config", {{"negative_slope", 0.5}}}};
  EXPECT_NEAR_ALL(runLayer("Activation", {{"activation", layer}}, {x}), {-0.5f, 2});
}

TEST(Activation, ReLUWithAllParameters) {
  Floats x{{1, 5}, {-3, 1, 2, 4, 9}};
  EXPECT_NEAR_ALL(runLayer("ReLU", {{"threshold", 1}, {"max_value", 5}, {"negative_slope", 0.5}}, {x}),
                  {-2, 0, 2, 4, 5});
  EXPECT_NEAR_ALL(runLayer("ReLU", {{"max_value", 6.0}}, {x}), {0, 1, 2, 4, 6});
}

TEST(Activation, LayersWithParameters) {
  Floats x{{1, 2, 2}, {-3, 1, 2, -4}};
  EXPECT_NEAR_ALL(runLayer("PReLU", {{"shared_axes", {1}}}, {x}, {{{1, 2}, {0.5, 0.25}}}), {-1.5f, 1, 2, -1});
  EXPECT_NEAR_ALL(runLayer("LeakyReLU", {{"alpha", 0.5}}, {x}, {}, "2.15.0"), {-1.5f, 1, 2, -2});
  EXPECT_NEAR_ALL(runLayer("ThresholdedReLU", {{"theta", 1.0}}, {x}), {0, 0, 2, 0});
  EXPECT_NEAR_ALL(runLayer("Softmax", {{"axis", {1, 2}}}, {{{1, 2, 2}, {0, 0, 0, 0}}}), {0.25f, 0.25f, 0.25f, 0.25f});
}

//===-- Preprocessing -------------------------------------------------------------------------------------------===//

TEST(Preprocessing, RescalingByNumberAndPerChannel) {
  Floats x{{1, 1, 2}, {10, 20}};
  EXPECT_NEAR_ALL(runLayer("Rescaling", {{"scale", 0.5}, {"offset", 1}}, {x}), {6, 11});
  json scale = {{"class_name", "__numpy__"}, {"config", {{"value", {2, 3}}, {"dtype", "float32"}}}};
  EXPECT_NEAR_ALL(runLayer("Rescaling", {{"scale", scale}, {"offset", 1}}, {x}), {21, 61});
}

TEST(Preprocessing, NormalizationStoredAndGiven) {
  Floats x{{1, 2}, {5, 9}};
  EXPECT_NEAR_ALL(runLayer("Normalization", {{"axis", -1}}, {x}, {{{2}, {1, 3}}, {{2}, {4, 9}}, {{}, {7}}}), {2, 2});
  EXPECT_NEAR_ALL(runLayer("Normalization", {{"axis", nullptr}, {"mean", 1}, {"variance", 4}, {"invert", true}}, {x}),
                  {11, 19});
}

//===-- Masks ---------------------------------------------------------------------------------------------------===//

namespace {

/// Masking of an input of three steps, of which the second is masked, and layers behind it.
struct Masked {
  explicit Masked(std::string version = "3.15.1") : model(std::move(version)) {
    x = model.input("x", {1, 3, 2});
    masked = model.layer("Masking", {{"mask_value", 9}}, {x}, {}, "masking");
  }
  std::vector<float> run(int output) {
    model.output(output);
    Imported imported(model.graph);
    error = imported.error;
    return imported.module ? imported.run({{1, 2, 9, 9, 5, 9}}) : std::vector<float>();
  }
  TestGraph model;
  int x, masked;
  std::string error;
};

} // namespace

TEST(Masks, MaskedStepsAreZero) {
  Masked m;
  EXPECT_NEAR_ALL(m.run(m.masked), {1, 2, 0, 0, 5, 9});
}

TEST(Masks, PassThroughLayersThatSupportThem) {
  Masked m;
  int y = m.model.layer("Dropout", {{"rate", 0.5}}, {m.masked}, {}, "dropout");
  EXPECT_NEAR_ALL(m.run(m.model.layer("GlobalAveragePooling1D", {}, {y}, {}, "mean")), {3, 5.5});
}

TEST(Masks, AreDroppedByLayersThatDoNot) {
  Masked m;
  int y = m.model.layer("Reshape", {{"target_shape", {3, 2}}}, {m.masked}, {}, "reshape");
  EXPECT_NEAR_ALL(m.run(m.model.layer("GlobalAveragePooling1D", {}, {y}, {}, "mean")), {2, 11.0f / 3});
}

TEST(Masks, KerasOfManyBackendsRefusesToDropThem) {
  Masked m("2.2.4");
  m.run(m.model.layer("Reshape", {{"target_shape", {3, 2}}}, {m.masked}, {}, "reshape"));
  EXPECT_EQ(m.error, "model.keras: layer 'reshape' (Reshape): does not support masks, and Keras 2.2.4 refuses to drop "
                     "the mask of its input");
}

TEST(Masks, OneUnmaskedInputOfAMergeLeavesNoneFromKeras34On) {
  Masked m("3.4.0"), old("3.3.3");
  for (Masked *each : {&m, &old}) {
    int y = each->model.layer("Add", {}, {each->masked, each->x}, {}, "add");
    int mean = each->model.layer("GlobalAveragePooling1D", {}, {y}, {}, "mean");
    float steps = each == &m ? 3 : 2, middle = each == &m ? 9 : 0;
    EXPECT_NEAR_ALL(each->run(mean), {(12 + middle) / steps, (22 + middle) / steps});
  }
}

TEST(Masks, MaskedElementsOfAProductCountAsOneAndBothAsZero) {
  Masked m;
  int other = m.model.layer("Masking", {{"mask_value", 5}}, {m.x}, {}, "other"); // masks nothing
  int y = m.model.layer("Multiply", {}, {m.masked, other}, {}, "multiply");
  EXPECT_NEAR_ALL(m.run(y), {1, 4, 9, 9, 25, 81});
  Masked both;
  int again = both.model.layer("Masking", {{"mask_value", 9}}, {both.x}, {}, "again");
  EXPECT_NEAR_ALL(both.run(both.model.layer("Multiply", {}, {both.masked, again}, {}, "multiply")),
                  {1, 4, 0, 0, 25, 81});
}

TEST(Masks, RecordedMaskOfACallIsHonoured) {
  Masked m;
  int other = m.model.input("kept", {1, 3}, "bool");
  int mean = m.model.layer("GlobalAveragePooling1D", {}, {m.x, other}, {}, "mean");
  m.model.graph.calls[static_cast<size_t>(mean)].kwargs = {{"mask", {{"tensor", 1u}}}};
  m.model.output(mean);
  Imported imported(m.model.graph);
  ASSERT_TRUE(imported.module) << imported.error;
  EXPECT_NEAR_ALL(imported.run({{1, 2, 9, 9, 5, 9}, {1, 1, 0}}), {5, 5.5});
}

TEST(Masks, SoftmaxGivesMaskedElementsNothing) {
  TestGraph model("3.15.1");
  int x = model.input("x", {1, 3}), kept = model.input("kept", {1, 3}, "bool");
  int y = model.layer("Softmax", {}, {x, kept});
  model.graph.calls[static_cast<size_t>(y)].kwargs = {{"mask", {{"tensor", 1u}}}};
  model.output(y);
  Imported imported(model.graph);
  ASSERT_TRUE(imported.module) << imported.error;
  EXPECT_NEAR_ALL(imported.run({{1, 5, 1}, {1, 0, 1}}), {0.5, 0, 0.5});
  EXPECT_NEAR_ALL(imported.run({{1, 5, 1}, {0, 0, 0}}), {0, 0, 0});
}
