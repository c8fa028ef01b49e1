// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Executors of hosts: any partition of the units gives the same bits, and every unit is computed exactly once.
#include "contract_batch.h"
#include "layerc/pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <thread>
#include <vector>

namespace {

using contract_batch::Model;
using Images = std::array<float, 32 * 64>;
using Scores = std::array<float, 32 * 10>;

constexpr int kWorkers = 5;

const Images &images() {
  static const Images images = [] {
    Images values;
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<float>(i * i % 17) / 16;
    return values;
  }();
  return images;
}

const Scores &expected() {
  static const Scores scores = [] {
    Scores values = {};
    Model model;
    EXPECT_EQ(model.run(images(), values), layerc::Status::ok);
    return values;
  }();
  return scores;
}

/// Cuts units at random places and gives the pieces, shuffled, to random workers, one after the other.
struct RandomHost {
  std::mt19937 random{1};
  long units = 0;

  static void execute(void *host, int units, layerc::Executor::Part part, void *context) noexcept {
    static_cast<RandomHost *>(host)->spread(units, part, context);
  }
  void spread(int count, layerc::Executor::Part part, void *context) {
    units += count;
    std::vector<int> cuts = {0, count};
    for (int i = 0; i < 3; ++i)
      cuts.push_back(std::uniform_int_distribution(0, count)(random));
    std::sort(cuts.begin(), cuts.end());
    std::vector<size_t> pieces = {0, 1, 2, 3};
    std::shuffle(pieces.begin(), pieces.end(), random);
    for (size_t piece : pieces)
      if (cuts[piece] < cuts[piece + 1])
        part(context, cuts[piece], cuts[piece + 1], std::uniform_int_distribution(0, kWorkers - 1)(random));
  }
};

/// Units one by one, dealt to real threads, each thread from the last to the first.
void dealToThreads(void *, int units, layerc::Executor::Part part, void *context) noexcept {
  std::vector<std::thread> threads;
  for (int worker = 0; worker < kWorkers; ++worker)
    threads.emplace_back([=] {
      for (int unit = units - 1; unit >= 0; --unit)
        if (unit % kWorkers == worker)
          part(context, unit, unit + 1, worker);
    });
  for (std::thread &thread : threads)
    thread.join();
}

TEST(Partition, OfAnyKindGivesTheSameBits) {
  Model model(kWorkers);
  RandomHost host;
  for (int i = 0; i < 50; ++i) {
    Scores scores = {};
    ASSERT_EQ(model.run(images(), scores, {RandomHost::execute, &host, kWorkers}), layerc::Status::ok);
    ASSERT_EQ(scores, expected());
  }
  EXPECT_GT(host.units, 50 * 4) << "there is nothing to cut";
}

TEST(Partition, AmongThreadsGivesTheSameBits) {
  Model model(kWorkers);
  for (int i = 0; i < 5; ++i) {
    Scores scores = {};
    ASSERT_EQ(model.run(images(), scores, {dealToThreads, nullptr, kWorkers}), layerc::Status::ok);
    ASSERT_EQ(scores, expected());
  }
}

TEST(Partition, AmongPoolsOfAnySizeGivesTheSameBits) {
  for (int workers = 1; workers <= 3; ++workers) {
    layerc::Pool pool(workers);
    Model model(pool.workers());
    for (int i = 0; i < 10; ++i) {
      Scores scores = {};
      ASSERT_EQ(model.run(images(), scores, pool.executor()), layerc::Status::ok);
      ASSERT_EQ(scores, expected());
    }
  }
}

TEST(Partition, AmongTooManyWorkersIsRefused) {
  Model model(2);
  RandomHost host;
  Scores scores;
  scores.fill(-1);
  EXPECT_EQ(model.run(images(), scores, {RandomHost::execute, &host, 3}), layerc::Status::too_many_workers);
  EXPECT_EQ(model.run(images(), scores, {RandomHost::execute, &host, 0}), layerc::Status::too_many_workers);
  EXPECT_EQ(host.units, 0);
  EXPECT_TRUE(std::all_of(scores.begin(), scores.end(), [](float score) { return score == -1; }));
}

} // namespace
