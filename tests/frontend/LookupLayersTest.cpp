// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Layers around equations, tables, places of their own and attention, on numbers small enough to work out by hand.
#include "TestGraph.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace layerc;
using namespace layerc::test;
using nlohmann::json;

static void expectNear(const std::vector<float> &actual, const std::vector<float> &expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i)
    if (std::isnan(expected[i]))
      EXPECT_TRUE(std::isnan(actual[i])) << "element " << i;
    else
      EXPECT_NEAR(actual[i], expected[i], 1e-5f) << "element " << i;
}

static const float kNan = std::nanf("");

//===-- EinsumDense ---------------------------------------------------------------------------------------------===//

TEST(EinsumDense, MultipliesAndAddsTheBiasOfItsAxes) {
  json config = {{"equation", "ab,bc->ac"}, {"output_shape", {3}}, {"bias_axes", "c"}};
  expectNear(runLayer("EinsumDense", config, {{{1, 2}, {1, 2}}}, {{{2, 3}, {1, 2, 3, 4, 5, 6}}, {{3}, {.5, 0, -.5}}}),
             {9.5, 12, 14.5});
}

TEST(EinsumDense, SumsOverTwoDimensions) {
  json config = {{"equation", "abcd,cde->abe"}, {"output_shape", {nullptr, 1}}};
  expectNear(runLayer("EinsumDense", config, {{{1, 1, 2, 2}, {1, 2, 3, 4}}}, {{{2, 2, 1}, {1, 10, 100, 1000}}}),
             {4321});
}

TEST(EinsumDense, EllipsisOnTheRightIsAppliedToEveryElement) {
  json config = {{"equation", "ab...,bc->ac..."}, {"output_shape", {1}}, {"bias_axes", "c"}};
  expectNear(runLayer("EinsumDense", config, {{{1, 2, 3}, {1, 2, 3, 4, 5, 6}}}, {{{2, 1}, {1, 10}}, {{1, 1}, {.5}}}),
             {41.5, 52.5, 63.5});
}

TEST(EinsumDense, ABatchDimensionOfTheKernelStaysInItsPlace) {
  json config = {{"equation", "abc,bcd->abd"}, {"output_shape", {2, 1}}};
  expectNear(runLayer("EinsumDense", config, {{{1, 2, 2}, {1, 2, 3, 4}}}, {{{2, 2, 1}, {1, 10, 100, 1000}}}),
             {21, 4300});
}

TEST(EinsumDense, RefusesWhatIsNoEquation) {
  EXPECT_NE(
      errorOf("EinsumDense", {{"equation", "ab,bc"}, {"output_shape", {3}}}, {{1, 2}}).find("'ab,bc' is not one of"),
      std::string::npos);
  EXPECT_NE(errorOf("EinsumDense", {{"equation", "abc,cd->abd"}, {"output_shape", {3}}}, {{1, 2}}).find("rank 3"),
            std::string::npos);
}

//===-- Embedding -----------------------------------------------------------------------------------------------===//

TEST(Embedding, NegativeIdsCountFromTheEndInKeras3) {
  json config = {{"input_dim", 3}, {"output_dim", 2}};
  Floats ids{{1, 5}, {2, -1, -3, -4, 3}}, table{{3, 2}, {1, 2, 3, 4, 5, 6}};
  expectNear(runLayer("Embedding", config, {ids}, {table}), {5, 6, 5, 6, 1, 2, kNan, kNan, kNan, kNan});
  expectNear(runLayer("Embedding", config, {ids}, {table}, "2.15.0"),
             {5, 6, kNan, kNan, kNan, kNan, kNan, kNan, kNan, kNan});
}

//===-- LocallyConnected ----------------------------------------------------------------------------------------===//

TEST(LocallyConnected, ThreeStoredFormsOfOneKernel) {
  Floats x{{1, 3, 1}, {1, 2, 3}}, bias{{2, 1}, {.5, .25}};
  json config = {{"filters", 1}, {"kernel_size", {2}}};
  for (const auto &[implementation, kernel] : std::vector<std::pair<int, Floats>>{
           {1, {{2, 2, 1}, {1, 10, 100, 1000}}},
           {2, {{3, 1, 2, 1}, {1, -7, 10, 100, -9, 1000}}}, // the numbers below zero connect nothing
           {3, {{4}, {1, 10, 100, 1000}}}}) {
    config["implementation"] = implementation;
    expectNear(runLayer("LocallyConnected1D", config, {x}, {kernel, bias}, "2.15.0"), {21.5, 3200.25});
  }
}

TEST(LocallyConnected, SamePaddingCentresTheWindow) {
  // Window 2 reaches one element back, so the first place has one connection and the last two.
  json config = {{"filters", 1}, {"kernel_size", {2}}, {"padding", "same"}, {"implementation", 3}, {"use_bias", false}};
  expectNear(
      runLayer("LocallyConnected1D", config, {{{1, 3, 1}, {1, 2, 3}}}, {{{5}, {1, 10, 100, 1000, 10000}}}, "2.15.0"),
      {1, 210, 32000});
}

TEST(LocallyConnected, ChannelsFirstBiasIsAddedInTheOrderOfItsBytes) {
  json config = {{"filters", 2}, {"kernel_size", {1}}, {"data_format", "channels_first"}};
  expectNear(runLayer("LocallyConnected1D", config, {{{1, 1, 2}, {5, 6}}},
                      {{{2, 1, 2}, {0, 0, 0, 0}}, {{2, 2}, {1, 2, 3, 4}}}, "2.15.0"),
             {1, 2, 3, 4});
}

//===-- Adaptive pooling and normalization ----------------------------------------------------------------------===//

TEST(AdaptivePooling, WindowsOverlapWhereSizesDoNotDivide) {
  Floats x{{1, 5, 1}, {1, 2, 3, 4, 5}}; // windows [0, 2), [1, 4), [3, 5)
  expectNear(runLayer("AdaptiveAveragePooling1D", {{"output_size", {3}}}, {x}), {1.5, 3, 4.5});
  expectNear(runLayer("AdaptiveMaxPooling1D", {{"output_size", 3}}, {x}), {2, 4, 5});
  expectNear(runLayer("AdaptiveAveragePooling1D", {{"output_size", 4}}, {{{1, 6, 1}, {1, 2, 3, 4, 5, 6}}}),
             {1.5, 2.5, 4.5, 5.5});
}

TEST(Normalization, GroupsOfNeighbouringChannels) {
  json config = {{"groups", 2}, {"epsilon", 0}};
  expectNear(
      runLayer("GroupNormalization", config, {{{1, 4}, {1, 3, 10, 30}}}, {{{4}, {1, 2, 3, 4}}, {{4}, {0, 0, 0, 1}}}),
      {-1, 2, -3, 5});
  EXPECT_NE(errorOf("GroupNormalization", config, {{1, 5}}).find("5 channels into 2 groups"), std::string::npos);
}

TEST(Normalization, RootMeanSquareAndUnitNorm) {
  expectNear(runLayer("RMSNormalization", {{"epsilon", 11.5}}, {{{1, 2}, {1, 7}}}, {{{2}, {1, 2}}}),
             {1 / std::sqrt(36.5f), 14 / std::sqrt(36.5f)});
  EXPECT_NE(errorOf("RMSNormalization", {{"axis", 1}}, {{1, 5, 6}}).find("last axes"), std::string::npos);
  expectNear(runLayer("UnitNormalization", {}, {{{1, 2}, {3, 4}}}), {.6f, .8f});
}

//===-- Images --------------------------------------------------------------------------------------------------===//

TEST(Images, ResizingCropsToTheAspectRatio) {
  json config = {{"height", 1}, {"width", 2}, {"interpolation", "nearest"}, {"crop_to_aspect_ratio", true}};
  expectNear(runLayer("Resizing", config, {{{1, 1, 5, 1}, {1, 2, 3, 4, 5}}}),
             {2, 3}); // the two columns from the middle
}

TEST(Images, CenterCropResizesWhereTheImageIsSmaller) {
  expectNear(runLayer("CenterCrop", {{"height", 1}, {"width", 2}}, {{{1, 1, 5, 1}, {1, 2, 3, 4, 5}}}), {2, 3});
  expectNear(runLayer("CenterCrop", {{"height", 2}, {"width", 2}}, {{{1, 1, 3, 1}, {1, 2, 3}}}), {2, 2, 2, 2});
}

TEST(Images, AutoContrastStretchesEachChannel) {
  expectNear(runLayer("AutoContrast", {{"value_range", {0, 1}}}, {{{1, 1, 3, 2}, {.2f, .7f, .3f, .7f, .4f, .7f}}}),
             {0, .7f, .5f, .7f, 1, .7f});
}

//===-- Categories ----------------------------------------------------------------------------------------------===//

TEST(Categories, EncodingsOfNumbers) {
  Floats x{{1, 4}, {0, 2, 2, 5}};
  auto encode = [&](const char *mode) {
    return runLayer("CategoryEncoding", {{"num_tokens", 3}, {"output_mode", mode}}, {x});
  };
  expectNear(encode("multi_hot"), {1, 0, 1});
  expectNear(encode("count"), {1, 0, 2});
  expectNear(encode("one_hot"), {1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0});
}

TEST(Categories, DiscretizationCountsBoundaries) {
  expectNear(
      runLayer("Discretization", {{"bin_boundaries", {0, 1}}, {"output_mode", "count"}}, {{{1, 4}, {-1, 0, 1, 9}}}),
      {1, 1, 2});
}

TEST(Categories, IntegerLookup) {
  json config = {{"vocabulary", {20, 10}}, {"output_mode", "one_hot"}};
  expectNear(runLayer("IntegerLookup", config, {{{3, 1}, {10, 7, 20}}}), {0, 0, 1, 1, 0, 0, 0, 1, 0});
  config = {{"vocabulary", {20, 10}}, {"output_mode", "one_hot"}, {"num_oov_indices", 2}};
  expectNear(runLayer("IntegerLookup", config, {{{2, 1}, {-3, 20}}}), {0, 1, 0, 0, 0, 0, 1, 0});
}

//===-- Attention -----------------------------------------------------------------------------------------------===//

TEST(Attention, WeighsValuesByTheScoresOfTheirKeys) {
  Floats query{{1, 1, 1}, {1}}, value{{1, 2, 1}, {4, 8}}, key{{1, 2, 1}, {0, std::log(3.f)}};
  expectNear(runLayer("Attention", {{"use_scale", false}}, {query, value, key}), {7});
  expectNear(runLayer("Attention", {{"use_scale", true}}, {query, value, key}, {{{}, {2}}}), {4 * .1f + 8 * .9f});
  // tanh(q + k) times the scale.
  Floats keys{{1, 2, 1}, {-1, std::atanh(.5f) - 1}};
  expectNear(runLayer("AdditiveAttention", {{"use_scale", true}}, {query, value, keys}, {{{1}, {2 * std::log(3.f)}}}),
             {7});
}

//===-- Spectrograms --------------------------------------------------------------------------------------------===//

TEST(Spectrogram, ModesOfStoredKernels) {
  Floats x{{1, 4, 1}, {1, 2, 3, 4}}, real{{2, 1, 2}, {1, 1, 1, -1}}, imaginary{{2, 1, 2}, {0, 0, 1, 0}};
  json config = {{"frame_length", 2}, {"frame_step", 2}, {"mode", "stft"}};
  expectNear(runLayer("STFTSpectrogram", config, {x}, {real, imaginary}), {3, -1, 2, 0, 7, -1, 4, 0});
  config["mode"] = "magnitude";
  expectNear(runLayer("STFTSpectrogram", config, {x}, {real, imaginary}), {std::sqrt(13.f), 1, std::sqrt(65.f), 1});
}
