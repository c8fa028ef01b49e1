// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// State that a model keeps from run to run: forgotten, copied as bytes, and never shared between objects.
#include "contract_state.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace {

using contract_state::Model;
using layerc::Status;
using Input = std::array<float, 24>;

/// What one run gives: the sequence of the first layer and the last output of the second.
struct Answer {
  std::array<float, 18> sequence = {};
  std::array<float, 4> last = {};
  bool operator==(const Answer &other) const { return sequence == other.sequence && last == other.last; }
};

Input inputOf(int step) {
  Input input;
  for (size_t i = 0; i < input.size(); ++i)
    input[i] = static_cast<float>((i * 7 + static_cast<size_t>(step) * 5) % 11) / 8 - 0.5f;
  return input;
}

Answer run(Model &model, int step) {
  Answer answer;
  const Input input = inputOf(step);
  EXPECT_EQ(model.run(input, answer.sequence, answer.last), Status::ok);
  return answer;
}

std::vector<Answer> runs(Model &model, int count) {
  std::vector<Answer> answers;
  for (int step = 0; step < count; ++step)
    answers.push_back(run(model, step));
  return answers;
}

std::vector<unsigned char> stateOf(const Model &model) {
  std::vector<unsigned char> bytes(Model::state_bytes);
  model.save_state(bytes.data());
  return bytes;
}

TEST(State, LastsFromRunToRunAndIsForgotten) {
  Model model;
  const Answer first = run(model, 0), second = run(model, 0);
  EXPECT_FALSE(first == second);
  model.reset();
  EXPECT_EQ(run(model, 0), first);
  EXPECT_EQ(run(model, 0), second);
}

TEST(State, IsCopiedAsBytes) {
  Model model, other;
  EXPECT_EQ(stateOf(model), std::vector<unsigned char>(Model::state_bytes, 0));
  runs(model, 3);
  const std::vector<unsigned char> bytes = stateOf(model);
  EXPECT_EQ(other.load_state(bytes.data(), bytes.size()), Status::ok);
  EXPECT_EQ(stateOf(other), bytes);
  EXPECT_EQ(run(other, 3), run(model, 3));
}

TEST(State, OfAnotherSizeIsRefused) {
  Model model;
  runs(model, 1);
  const std::vector<unsigned char> bytes = stateOf(model);
  EXPECT_EQ(model.load_state(bytes.data(), bytes.size() - 1), Status::bad_argument);
  EXPECT_EQ(model.load_state(nullptr, bytes.size()), Status::bad_argument);
  EXPECT_EQ(stateOf(model), bytes);
}

TEST(State, IsAsItWasAfterWarming) {
  Model model;
  runs(model, 2);
  const std::vector<unsigned char> bytes = stateOf(model);
  EXPECT_EQ(model.warm(), Status::ok);
  EXPECT_EQ(stateOf(model), bytes);
}

TEST(State, OfTwoObjectsOnTwoThreadsIsTheirOwn) {
  constexpr int count = 200;
  Model alone;
  const std::vector<Answer> expected = runs(alone, count);
  Model a, b;
  std::vector<Answer> ofA, ofB;
  std::thread first([&] { ofA = runs(a, count); });
  std::thread second([&] { ofB = runs(b, count); });
  first.join();
  second.join();
  EXPECT_EQ(ofA, expected);
  EXPECT_EQ(ofB, expected);
}

} // namespace
