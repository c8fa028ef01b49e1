// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One class of several sizes computes in each what the class of that size alone computes, bit for bit, in one arena and
// from one copy of the weights. Streams of different chunks go on from one state.
#include "contract_batch.h"
#include "contract_chunks.h"
#include "contract_chunks_c.h"
#include "contract_digits.h"
#include "contract_lengths.h"
#include "contract_sizes.h"
#include "contract_sizes_c.h"
#include "contract_whole.h"
#include "layerc/pool.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace {

using layerc::Status;

template <size_t N> std::array<float, N> numbers() {
  std::array<float, N> result;
  for (size_t i = 0; i < N; ++i)
    result[i] = static_cast<float>(i * 37 % 101) / 50 - 1;
  return result;
}

TEST(Sizes, ComputeWhatSingleSizesCompute) {
  const auto one = numbers<64>();
  const auto many = numbers<32 * 64>();
  std::array<float, 10> expectedOne, ofOne = {};
  std::array<float, 320> expectedMany, ofMany = {};
  contract_digits::Model single;
  contract_batch::Model batch;
  ASSERT_EQ(single.run(one, expectedOne), Status::ok);
  ASSERT_EQ(batch.run(many, expectedMany), Status::ok);
  contract_sizes::Model model;
  for (int round = 0; round < 2; ++round) {
    ASSERT_EQ(model.run(one, ofOne), Status::ok);
    EXPECT_EQ(ofOne, expectedOne);
    ASSERT_EQ(model.run(many, ofMany), Status::ok);
    EXPECT_EQ(ofMany, expectedMany);
  }
}

TEST(Sizes, ComputeTheSameOnThreads) {
  const auto many = numbers<32 * 64>();
  std::array<float, 320> alone = {}, together = {};
  contract_sizes::Model model;
  layerc::Pool pool(3);
  contract_sizes::Model threaded(pool.workers());
  ASSERT_EQ(model.run(many, alone), Status::ok);
  ASSERT_EQ(threaded.run(many, together, pool.executor()), Status::ok);
  EXPECT_EQ(alone, together);
}

TEST(Sizes, ShareWeightsAndTheLargestArena) {
  EXPECT_EQ(contract_sizes::Weights::format.bytes, contract_batch::Weights::format.bytes);
  EXPECT_EQ(contract_sizes::Model::arena_bytes(), contract_batch::Model::arena_bytes());
  EXPECT_EQ(contract_sizes::Model::certificates[0].arena, contract_digits::Model::certificate.arena);
  EXPECT_EQ(contract_sizes::Model::certificates[1].arena, contract_batch::Model::certificate.arena);
  EXPECT_EQ(contract_sizes::Model().warm(), Status::ok);
}

TEST(Sizes, AreChosenInCByNameOrFromTheTable) {
  const auto many = numbers<32 * 64>();
  std::array<float, 320> byName = {}, fromTable = {};
  const void *inputs[] = {many.data()};
  void *named[] = {byName.data()}, *found[] = {fromTable.data()};
  contract_sizes_model *model = contract_sizes_create(1);
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(contract_sizes_run_32(model, inputs, named), 0);
  ASSERT_EQ(CONTRACT_SIZES_SIZE_COUNT, 2);
  EXPECT_EQ(contract_sizes_sizes[1].inputs[0].shape[0], 32);
  EXPECT_EQ(contract_sizes_sizes[1].run(model, inputs, found), 0);
  EXPECT_EQ(byName, fromTable);
  EXPECT_NE(byName[0], 0);
  contract_sizes_destroy(model);
}

TEST(Sizes, MayBeLengthsWithOutputsOfOneType) {
  const auto small = numbers<7 * 3>();
  const auto large = numbers<32 * 3>();
  std::array<float, 4> ofSmall = {}, ofLarge = {};
  contract_lengths::Model model;
  ASSERT_EQ(model.run(contract_lengths::X_7(small.data()), ofSmall), Status::ok);
  ASSERT_EQ(model.run(large, contract_lengths::GlobalMaxPooling1d(ofLarge.data())), Status::ok);
  EXPECT_NE(ofSmall, ofLarge);
}

constexpr size_t steps = 5, features = 3, batch = 2;

using Last = std::array<float, 4>;

/// Runs steps `first` to `first + Count` of both sequences.
template <size_t Count> void runSteps(contract_chunks::Model &model, size_t first, Last &last) {
  const auto whole = numbers<batch * steps * features>();
  std::array<float, batch * Count * features> part;
  for (size_t b = 0; b < batch; ++b)
    for (size_t i = 0; i < Count * features; ++i)
      part[b * Count * features + i] = whole[(b * steps + first) * features + i];
  EXPECT_EQ(model.run(part, last), Status::ok);
}

Last wholeSequence() {
  const auto whole = numbers<batch * steps * features>();
  Last last = {};
  contract_whole::Model model;
  EXPECT_EQ(model.run(whole, last), Status::ok);
  return last;
}

void expectNear(const Last &ours, const Last &whole) {
  for (size_t i = 0; i < ours.size(); ++i)
    EXPECT_NEAR(ours[i], whole[i], 1e-5f + 1e-4f * std::abs(whole[i]));
}

TEST(Chunks, OfAnySizeGoOnFromOneState) {
  contract_chunks::Model model;
  Last last = {};
  runSteps<1>(model, 0, last);
  runSteps<2>(model, 1, last);
  runSteps<2>(model, 3, last);
  expectNear(last, wholeSequence());
  model.reset();
  runSteps<2>(model, 0, last);
  EXPECT_EQ(model.warm(), Status::ok);
  runSteps<2>(model, 2, last);
  runSteps<1>(model, 4, last);
  expectNear(last, wholeSequence());
}

TEST(Chunks, OfTheSameSizesGiveTheSameBits) {
  contract_chunks::Model a, b;
  Last ofA = {}, ofB = {};
  for (size_t first = 0; first + 2 < steps; first += 3) {
    runSteps<1>(a, first, ofA);
    runSteps<2>(a, first + 1, ofA);
    runSteps<1>(b, first, ofB);
    runSteps<2>(b, first + 1, ofB);
    EXPECT_EQ(ofA, ofB);
  }
}

} // namespace
