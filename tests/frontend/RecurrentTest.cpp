// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Recurrent layers: what no recorded case of Keras 3 holds. Old layouts of weights must mean what today's layout means,
// and linear cells are worked out by hand.
#include "TestGraph.h"

#include <gtest/gtest.h>

using namespace layerc;
using namespace layerc::test;
using nlohmann::json;

namespace {

using Vector = std::vector<float>;

/// Numbers in [-1, 1) that look random.
Floats made(std::vector<int64_t> shape, uint32_t seed) {
  Floats floats{std::move(shape), {}};
  int64_t count = 1;
  for (int64_t size : floats.shape)
    count *= size;
  for (int64_t i = 0; i < count; ++i) {
    seed = seed * 1664525u + 1013904223u;
    floats.values.push_back(static_cast<float>(seed >> 8) / static_cast<float>(1 << 23) - 1);
  }
  return floats;
}

/// Columns [begin, begin + count) of a matrix.
Floats columns(const Floats &matrix, int64_t begin, int64_t count) {
  Floats part{{matrix.shape[0], count}, {}};
  for (int64_t row = 0; row < matrix.shape[0]; ++row)
    for (int64_t column = 0; column < count; ++column)
      part.values.push_back(matrix.values[static_cast<size_t>(row * matrix.shape[1] + begin + column)]);
  return part;
}

Floats transposed(const Floats &matrix) {
  Floats result{{matrix.shape[1], matrix.shape[0]}, {}};
  for (int64_t column = 0; column < matrix.shape[1]; ++column)
    for (int64_t row = 0; row < matrix.shape[0]; ++row)
      result.values.push_back(matrix.values[static_cast<size_t>(row * matrix.shape[1] + column)]);
  return result;
}

Floats vectorPart(const Floats &vector, int64_t begin, int64_t count) {
  return {{count}, Vector(vector.values.begin() + begin, vector.values.begin() + begin + count)};
}

/// Each gate's block as cuDNN stores it: the elements of the transposed block, in the shape of the block.
Floats cudnnKernel(const Floats &kernel, int64_t gates) {
  int64_t units = kernel.shape[1] / gates;
  Floats result = kernel;
  for (int64_t gate = 0; gate < gates; ++gate) {
    Floats block = transposed(columns(kernel, gate * units, units));
    for (size_t i = 0; i < block.values.size(); ++i) {
      int64_t row = static_cast<int64_t>(i) / units, column = static_cast<int64_t>(i) % units;
      result.values[static_cast<size_t>(row * kernel.shape[1] + gate * units + column)] = block.values[i];
    }
  }
  return result;
}

void expectSame(const Vector &actual, const Vector &expected) {
  ASSERT_FALSE(expected.empty());
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i)
    EXPECT_NEAR(actual[i], expected[i], 1e-6f) << "element " << i;
}

const Floats kInput = made({2, 4, 3}, 1);

TEST(Recurrent, LinearCellByHand) {
  json config = {{"units", 1}, {"activation", "linear"}};
  std::vector<Floats> weights{{{1, 1}, {2}}, {{1, 1}, {10}}, {{1}, {1}}};
  Floats x{{1, 3, 1}, {1, 2, 3}};
  EXPECT_EQ(runLayer("SimpleRNN", config, {x}, weights), Vector({357}));
  config["return_sequences"] = true;
  EXPECT_EQ(runLayer("SimpleRNN", config, {x}, weights), Vector({3, 35, 357}));
  config["go_backwards"] = true;
  EXPECT_EQ(runLayer("SimpleRNN", config, {x}, weights), Vector({7, 75, 753}));
}

TEST(Recurrent, TimeMajorPutsTimeFirst) {
  json config = {{"units", 1}, {"activation", "linear"}, {"return_sequences", true}, {"time_major", true}};
  std::vector<Floats> weights{{{1, 1}, {1}}, {{1, 1}, {1}}, {{1}, {0}}};
  EXPECT_EQ(runLayer("SimpleRNN", config, {{{3, 2, 1}, {1, 10, 2, 20, 3, 30}}}, weights, "2.15.0"),
            Vector({1, 10, 3, 30, 6, 60}));
}

TEST(Recurrent, CudnnLstmIsLstmInAnotherLayout) {
  Floats kernel = made({3, 8}, 2), recurrent = made({2, 8}, 3), bias = made({16}, 4);
  Floats sum = vectorPart(bias, 0, 8);
  for (size_t i = 0; i < 8; ++i)
    sum.values[i] += bias.values[8 + i];
  json config = {{"units", 2}, {"recurrent_activation", "sigmoid"}};
  Vector expected = runLayer("LSTM", config, {kInput}, {kernel, recurrent, sum}, "2.2.4");
  std::vector<Floats> stored{cudnnKernel(kernel, 4), cudnnKernel(recurrent, 4), bias};
  // A square block is transposed once by being stored by columns; its elements stay in a square.
  expectSame(runLayer("CuDNNLSTM", {{"units", 2}}, {kInput}, stored, "2.3.1"), expected);
  expectSame(runLayer("LSTM", config, {kInput}, stored, "2.2.4"), expected);
}

TEST(Recurrent, CudnnGruIsGruWithResetAfter) {
  Floats kernel = made({3, 6}, 2), recurrent = made({2, 6}, 3), bias = made({2, 6}, 4);
  json config = {{"units", 2}, {"recurrent_activation", "sigmoid"}, {"reset_after", true}};
  Vector expected = runLayer("GRU", config, {kInput}, {kernel, recurrent, bias}, "2.2.4");
  std::vector<Floats> stored{cudnnKernel(kernel, 3), cudnnKernel(recurrent, 3), {{12}, bias.values}};
  expectSame(runLayer("CuDNNGRU", {{"units", 2}}, {kInput}, stored, "2.3.1"), expected);
  EXPECT_EQ(errorOf("GRU", {{"units", 2}, {"reset_after", false}}, {{2, 4, 3}}, stored, "2.2.4"),
            "model.keras: layer 'layer' (GRU): 'reset_after' is false, but the weights are those of CuDNNGRU");
}

TEST(Recurrent, Keras1KeptEachGateByItself) {
  Floats kernel = made({3, 8}, 2), recurrent = made({2, 8}, 3), bias = made({8}, 4);
  json config = {{"units", 2}, {"recurrent_activation", "hard_sigmoid"}};
  std::vector<Floats> gates;
  for (int64_t gate : {0, 2, 1, 3}) { // input, candidate, forget, output
    gates.push_back(columns(kernel, 2 * gate, 2));
    gates.push_back(columns(recurrent, 2 * gate, 2));
    gates.push_back(vectorPart(bias, 2 * gate, 2));
  }
  expectSame(runLayer("LSTM", config, {kInput}, gates, "1"),
             runLayer("LSTM", config, {kInput}, {kernel, recurrent, bias}, "2.2.4"));
}

TEST(Recurrent, TheBiasTellsWhetherTheResetComesAfter) {
  Floats kernel = made({3, 6}, 2), recurrent = made({2, 6}, 3), before = made({6}, 4), after = made({2, 6}, 5);
  for (const auto &[bias, flag] : {std::pair(before, false), std::pair(after, true)})
    expectSame(runLayer("GRU", {{"units", 2}}, {kInput}, {kernel, recurrent, bias}, "2.1.3"),
               runLayer("GRU", {{"units", 2}, {"reset_after", flag}}, {kInput}, {kernel, recurrent, bias}, "2.1.3"));
}

TEST(Recurrent, Refusals) {
  std::vector<Floats> weights{made({3, 2}, 1), made({2, 2}, 2), made({2}, 3)};
  EXPECT_EQ(errorOf("SimpleRNN", {{"units", 2}}, {{2, 3}}, weights),
            "model.keras: layer 'layer' (SimpleRNN): expects an input of at least 3 dimensions; got [2, 3]");
  EXPECT_EQ(errorOf("SimpleRNN", {{"units", 2}}, {{2, 4, 3}, {2, 3}}, weights),
            "model.keras: layer 'layer' (SimpleRNN): expects an initial state of shape [2, 2]; got [2, 3]");
  EXPECT_EQ(errorOf("SimpleRNN", {{"units", 2}, {"num_constants", 1}}, {{2, 4, 3}}, weights),
            "model.keras: layer 'layer' (SimpleRNN): constants of cells are not supported");
  EXPECT_EQ(errorOf("RNN", json::object(), {{2, 4, 3}}), "model.keras: layer 'layer' (RNN): has no cell");
}

} // namespace
