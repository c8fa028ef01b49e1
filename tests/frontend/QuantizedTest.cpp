// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels stored as whole numbers, small enough to work out by hand, and files whose variables do not fit each other.
#include "TestGraph.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

using namespace layerc;
using namespace layerc::test;
using nlohmann::json;

namespace {

/// A stored variable: its bytes as they stand in a file.
struct Stored {
  ElementType type;
  std::vector<int64_t> shape;
  std::vector<std::byte> bytes;
};

/// One layer on one input, with these variables.
class QuantizedLayer {
public:
  QuantizedLayer(std::string className, json config, std::vector<int64_t> input, const std::string &mode,
                 std::vector<Stored> weights)
      : weights_(std::move(weights)), model_("3.15.1") {
    config["dtype"] = {{"class_name", "QuantizedDTypePolicy"},
                       {"config", {{"mode", mode}, {"source_name", "float32"}}}};
    int x = model_.input("x", input);
    model_.output(model_.layer(std::move(className), std::move(config), {x}, {}, "layer"));
    for (const Stored &weight : weights_) {
      Array array;
      array.type = weight.type;
      array.shape = weight.shape;
      array.data = weight.bytes.data();
      array.bytes = weight.bytes.size();
      model_.graph.layers.back().weights.push_back(array);
    }
  }

  std::vector<float> run(std::vector<double> x) const {
    Imported imported(model_.graph);
    EXPECT_EQ(imported.error, "");
    return imported.module ? imported.run({std::move(x)}) : std::vector<float>();
  }
  std::string error() const {
    Imported imported(model_.graph);
    return imported.module ? "imported" : imported.error;
  }

private:
  std::vector<Stored> weights_;
  TestGraph model_;
};

} // namespace

static Stored floats(std::vector<int64_t> shape, std::vector<float> values) {
  Stored stored{ElementType::Float32, std::move(shape), std::vector<std::byte>(values.size() * sizeof(float))};
  std::memcpy(stored.bytes.data(), values.data(), stored.bytes.size());
  return stored;
}

static Stored bytes(ElementType type, std::vector<int64_t> shape, std::vector<int> values) {
  Stored stored{type, std::move(shape), {}};
  for (int value : values)
    stored.bytes.push_back(static_cast<std::byte>(value));
  return stored;
}

static const json kDense = {{"units", 3}, {"use_bias", false}};

/// (1, -2, 3) and (-8, 7, 0), two to a byte and the last of a row alone.
static const Stored kPacked = bytes(ElementType::Int8, {2, 2}, {0xE1, 0x03, 0x78, 0x00});

/// Two groups of one input each, the second of them for the first input where `groups` says 1, 0.
static std::vector<Stored> grouped(std::vector<float> groups) {
  return {kPacked, floats({2, 3}, {1, 2, 3, .5, 1, 2}), bytes(ElementType::Int8, {2, 3}, {0, 1, -1, 2, 0, 1}),
          floats({2}, std::move(groups))};
}

TEST(QuantizedDense, Int4WithoutGroupsDividesByTheScaleOfEachUnit) {
  QuantizedLayer dense("Dense", kDense, {1, 2}, "int4/-1", {kPacked, floats({3}, {2, 4, .5})});
  EXPECT_EQ(dense.run({1, 10}), (std::vector<float>{-39.5, 17, 6}));
}

TEST(QuantizedDense, Int4TakesZeroAndScaleOfTheGroupThatEachInputNames) {
  QuantizedLayer dense("Dense", kDense, {1, 2}, "int4/1", grouped({1, 0}));
  EXPECT_EQ(dense.run({1, 10}), (std::vector<float>{-80.5, 118, 34}));
}

TEST(QuantizedDense, GptqIsStoredTurnedRoundAndWithoutSign) {
  // Units in rows: (1, 14), (2, 15), (9, 0); the third row shares its bytes with none.
  std::vector<Stored> weights{floats({3}, {100, 200, 300}), bytes(ElementType::UInt8, {2, 2}, {0x21, 0xFE, 0x09, 0x00}),
                              floats({3, 1}, {1, .5, 2}), bytes(ElementType::UInt8, {3, 1}, {1, 0, 9}),
                              floats({2}, {0, 0})};
  QuantizedLayer dense("Dense", {{"units", 3}}, {1, 2}, "gptq/4/-1", weights);
  EXPECT_EQ(dense.run({1, 10}), (std::vector<float>{230, 276, 120}));
}

TEST(QuantizedDense, Int8AddsUpMoreTermsThanFloat32HoldsExactly) {
  // 2048 products of 127 and 127, less one of 127 and 125: an odd sum above 2^24.
  std::vector<int> kernel(2049, 127);
  kernel.back() = -125;
  QuantizedLayer dense("Dense", {{"units", 1}, {"use_bias", false}}, {1, 2049}, "int8",
                       {bytes(ElementType::Int8, {2049, 1}, kernel), floats({1}, {127})});
  float sum = 2048.0f * 127 * 127 - 127 * 125; // one rounding, as from int32
  float scale = 127.0f / (1.0f + 1e-7f);
  EXPECT_EQ(dense.run(std::vector<double>(2049, 1)), std::vector<float>{sum / (scale * 127)});
}

TEST(QuantizedDense, RefusesGroupsThatDoNotExist) {
  auto errorOfGroups = [](std::vector<float> groups) {
    return QuantizedLayer("Dense", kDense, {1, 2}, "int4/1", grouped(std::move(groups))).error();
  };
  for (float group : {2.0f, -1.0f, 0.5f, 1e30f, std::nanf("")}) {
    std::string error = errorOfGroups({0, group});
    EXPECT_NE(error.find("weight 'g_idx' holds "), std::string::npos) << error;
    EXPECT_NE(error.find(" at 1; expects a whole number below 2"), std::string::npos) << error;
  }
  std::vector<Stored> weights = grouped({0, 1});
  weights.back() = bytes(ElementType::Int8, {2}, {0, 1});
  std::string error = QuantizedLayer("Dense", kDense, {1, 2}, "int4/1", weights).error();
  EXPECT_NE(error.find("weight 'g_idx' is stored as int8; expects float32 or int32"), std::string::npos) << error;
}

TEST(QuantizedDense, RefusesMissingAndMisshapedVariables) {
  auto errorOfWeights = [](std::vector<Stored> weights) {
    return QuantizedLayer("Dense", kDense, {1, 2}, "int4/1", std::move(weights)).error();
  };
  EXPECT_NE(errorOfWeights({kPacked}).find("weight 'kernel_scale' of shape [2, 3] is missing"), std::string::npos);
  std::vector<Stored> weights = grouped({0, 1});
  weights.pop_back();
  EXPECT_NE(errorOfWeights(weights).find("weight 'g_idx' of shape [2] is missing"), std::string::npos);
  weights = grouped({0, 1});
  weights[0] = bytes(ElementType::Int8, {2, 3}, {0, 0, 0, 0, 0, 0});
  EXPECT_NE(errorOfWeights(weights).find("weight 'kernel' has shape [2, 3] in the file; expects [2, 2]"),
            std::string::npos);
  weights[0] = bytes(ElementType::UInt8, {2, 2}, {0, 0, 0, 0});
  EXPECT_NE(errorOfWeights(weights).find("weight 'kernel' is stored as uint8; expects int8"), std::string::npos);
}

TEST(QuantizedDense, RefusesSumsThatInt32CannotHold) {
  constexpr int64_t inputs = 131073;
  QuantizedLayer dense("Dense", {{"units", 1}, {"use_bias", false}}, {1, inputs}, "int8",
                       {bytes(ElementType::Int8, {inputs, 1}, std::vector<int>(inputs, 1)), floats({1}, {1})});
  EXPECT_NE(dense.error().find("adds up 131073 products"), std::string::npos) << dense.error();
}

TEST(QuantizedDense, RefusesModesByName) {
  for (const char *mode : {"float8", "int4/0", "int4/x", "gptq", "gptq/5/2", "gptq/4", "awq/8/2", "int2", "int8/4"}) {
    std::string error = QuantizedLayer("Dense", kDense, {1, 2}, mode, {}).error();
    EXPECT_NE(error.find(std::string("'") + mode + "_from_float32' is not supported"), std::string::npos) << error;
  }
  std::string error =
      QuantizedLayer("Embedding", {{"input_dim", 2}, {"output_dim", 2}}, {1, 2}, "gptq/4/2", {}).error();
  EXPECT_NE(error.find("'gptq/4/2_from_float32' is not supported"), std::string::npos) << error;
}
