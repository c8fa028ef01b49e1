// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Steps: every unit once whatever the executor does with them, and each worker on scratch of its own.
#include "layerc/kernel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace {

using layerc::Executor;

/// A host that cuts the units at random places and deals the parts to random workers, in random order.
struct Dealer {
  std::mt19937 random{7};
  int calls = 0;

  static void execute(void *host, int units, Executor::Part part, void *context) {
    auto &dealer = *static_cast<Dealer *>(host);
    ++dealer.calls;
    std::vector<int> cuts = {0, units};
    for (int i = 0; i < 3; ++i)
      cuts.push_back(static_cast<int>(dealer.random() % static_cast<unsigned>(units + 1)));
    std::sort(cuts.begin(), cuts.end());
    std::vector<size_t> order = {0, 1, 2, 3};
    std::shuffle(order.begin(), order.end(), dealer.random);
    for (size_t i : order)
      if (cuts[i] < cuts[i + 1])
        part(context, cuts[i], cuts[i + 1], static_cast<int>(dealer.random() % 3));
  }
};

/// args: counts per unit (int32), the scratch addresses per unit (void*).
void record(void *const *args, void *shared, void *own, std::int64_t begin, std::int64_t end) noexcept {
  for (std::int64_t unit = begin; unit < end; ++unit) {
    ++static_cast<std::int32_t *>(args[0])[unit];
    static_cast<void **>(args[1])[2 * unit] = shared;
    static_cast<void **>(args[1])[2 * unit + 1] = own;
  }
}

TEST(Step, RunsEveryUnitOnceInAnyPartition) {
  for (int units = 1; units < 40; ++units) {
    Dealer dealer;
    std::vector<std::int32_t> counts(static_cast<size_t>(units));
    std::vector<void *> scratch(2 * counts.size());
    layerc::step({Dealer::execute, &dealer, 3}, units, record, {counts.data(), scratch.data()});
    EXPECT_EQ(counts, std::vector<std::int32_t>(counts.size(), 1)) << units << " units";
    EXPECT_EQ(dealer.calls, units == 1 ? 0 : 1);
  }
}

TEST(Step, GivesEachWorkerItsScratch) {
  static unsigned char shared[64], first[64], others[128];
  Dealer dealer;
  std::vector<std::int32_t> counts(1000);
  std::vector<void *> seen(2000);
  for (int repeat = 0; repeat < 20; ++repeat)
    layerc::step({Dealer::execute, &dealer, 3}, 1000, record, {counts.data(), seen.data()},
                 {shared, first, others, 64});
  std::vector<void *> own;
  for (size_t unit = 0; unit < 1000; ++unit) {
    EXPECT_EQ(seen[2 * unit], shared);
    own.push_back(seen[2 * unit + 1]);
  }
  for (void *scratch : own)
    EXPECT_TRUE(scratch == first || scratch == others || scratch == others + 64);
}

TEST(Step, WithoutExecutorIsWorkerZeroInOneCall) {
  static unsigned char first[64];
  std::vector<std::int32_t> counts(5);
  std::vector<void *> seen(10);
  layerc::step(Executor{}, 5, record, {counts.data(), seen.data()}, {nullptr, first, nullptr, 0});
  EXPECT_EQ(counts, std::vector<std::int32_t>(5, 1));
  EXPECT_EQ(seen[1], first);
}

#if defined(__x86_64__) || defined(__aarch64__)
void readMode(void *const *args, void *, void *, std::int64_t begin, std::int64_t end) noexcept {
  for (std::int64_t unit = begin; unit < end; ++unit)
    static_cast<layerc::FloatMode::Word *>(args[0])[unit] = layerc::FloatMode::read();
}

TEST(Step, SetsTheFloatModeInEveryPart) {
  const auto before = layerc::FloatMode::read() & ~layerc::FloatMode::flags;
  Dealer dealer;
  std::vector<layerc::FloatMode::Word> modes(9);
  layerc::step({Dealer::execute, &dealer, 3}, 9, readMode, {modes.data()});
  for (auto mode : modes)
    EXPECT_EQ(mode & ~layerc::FloatMode::flags, layerc::FloatMode::wanted);
  EXPECT_EQ(layerc::FloatMode::read() & ~layerc::FloatMode::flags, before);
}
#endif

TEST(Run, OfNoUnitsCallsNothing) {
  Dealer dealer;
  layerc::run({Dealer::execute, &dealer, 3}, 0, nullptr, nullptr);
  EXPECT_EQ(dealer.calls, 0);
}

} // namespace
