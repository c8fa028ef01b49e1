// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pool as an executor: every unit once, whatever a worker does, after sleep, from two callers, created and
// destroyed quickly.
#include "layerc/pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace {

struct Record {
  std::vector<int> counts, workers;
  explicit Record(int units) : counts(static_cast<size_t>(units)), workers(counts) {}
  static void part(void *context, int begin, int end, int worker) {
    auto &record = *static_cast<Record *>(context);
    for (int unit = begin; unit < end; ++unit) {
      ++record.counts[static_cast<size_t>(unit)];
      record.workers[static_cast<size_t>(unit)] = worker;
    }
  }
};

bool onceEach(const Record &record) {
  return std::all_of(record.counts.begin(), record.counts.end(), [](int count) { return count == 1; });
}

TEST(Pool, RunsEveryUnitOnce) {
  for (int workers : {1, 2, 3, 5}) {
    layerc::Pool pool(workers);
    ASSERT_EQ(pool.status(), layerc::Status::ok);
    ASSERT_EQ(pool.workers(), workers);
    for (int units = 0; units < 30; ++units) {
      Record record(units);
      layerc::run(pool.executor(), units, Record::part, &record);
      EXPECT_TRUE(onceEach(record)) << units << " units, " << workers << " workers";
    }
  }
}

TEST(Pool, OthersComputeWhatAStoppedWorkerHasNotBegun) {
  constexpr int units = 16;
  struct Job {
    std::atomic<int> done{0}, held{0};
  } job;
  layerc::Pool pool(2);
  layerc::run(
      pool.executor(), units,
      [](void *context, int begin, int end, int worker) {
        auto &[done, held] = *static_cast<Job *>(context);
        // The helper stops in its first units until all others are done; the caller waits for it to begin.
        if (worker == 1 && held.load() == 0) {
          held = end - begin;
          while (done.load() < units - held.load())
            std::this_thread::yield();
        }
        while (held.load() == 0)
          std::this_thread::yield();
        done += end - begin;
      },
      &job);
  EXPECT_EQ(job.done.load(), units);
  EXPECT_EQ(job.held.load(), units / 4) << "half of its share";
}

TEST(Pool, ManyShortStepsSeeEachOthersResults) {
  layerc::Pool pool(2);
  std::vector<int> values(64, 0);
  // Each unit adds its mirror image's value of the step before: wrong as soon as a step starts before the last one
  // ended.
  struct Step {
    const std::vector<int> *from;
    std::vector<int> *to;
  };
  std::vector<int> other(64, 0);
  constexpr int steps = 20000;
  for (int i = 0; i < steps; ++i) {
    Step step = {i % 2 == 0 ? &values : &other, i % 2 == 0 ? &other : &values};
    layerc::run(
        pool.executor(), 64,
        [](void *context, int begin, int end, int) {
          const auto &job = *static_cast<Step *>(context);
          for (int unit = begin; unit < end; ++unit)
            (*job.to)[static_cast<size_t>(unit)] = (*job.from)[static_cast<size_t>(63 - unit)] + 1;
        },
        &step);
  }
  EXPECT_EQ(values, std::vector<int>(64, steps));
}

TEST(Pool, WakesAfterSleep) {
  layerc::Pool pool(2);
  for (int i = 0; i < 5; ++i) {
    std::this_thread::sleep_for(std::chrono::nanoseconds(3 * layerc::Pool::spin_nanoseconds));
    Record record(8);
    layerc::run(pool.executor(), 8, Record::part, &record);
    EXPECT_TRUE(onceEach(record));
  }
}

TEST(Pool, TwoCallersAtOnceBothFinish) {
  layerc::Pool pool(2);
  auto call = [&pool](bool *ok) {
    *ok = true;
    for (int i = 0; i < 3000; ++i) {
      Record record(16);
      layerc::run(pool.executor(), 16, Record::part, &record);
      *ok = *ok && onceEach(record);
    }
  };
  bool first = false, second = false;
  std::thread thread(call, &first);
  call(&second);
  thread.join();
  EXPECT_TRUE(first && second);
}

TEST(Pool, CanBeCreatedAndDestroyedAtOnce) {
  for (int i = 0; i < 200; ++i)
    layerc::Pool pool(3);
}

TEST(Pool, OfOneWorkerHasNoThreadsAndANullExecutor) {
  for (int workers : {1, 0, -3}) {
    layerc::Pool pool(workers);
    EXPECT_EQ(pool.workers(), 1);
    EXPECT_EQ(pool.executor().function, nullptr);
  }
}

} // namespace
