// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An optional pool of threads for models: fork-join in some 300 ns by a generation counter that the helpers spin on.
// Helpers that see no work for 2 ms sleep; waking them costs 5 to 40 us, so they do not sleep between the steps of a
// run.
//
// Example:
//   layerc::Pool pool(4);                               // this thread and 3 helpers
//   digits::Model model(pool.workers());
//   model.run(image, scores, pool.executor());
#ifndef LAYERC_POOL_H
#define LAYERC_POOL_H

#include "executor.h"
#include "memory.h"
#include "status.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace layerc {
inline namespace v1 {

namespace detail {

/// Tells the processor that this is a spin loop.
inline void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

inline std::int64_t nanoseconds() noexcept {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000000000 + std::int64_t{now.tv_nsec};
}

/// A counter that threads sleep on until it differs from what they have seen.
class Gate {
public:
  Gate() noexcept = default;
  Gate(const Gate &) = delete;
  Gate &operator=(const Gate &) = delete;

  std::uint32_t load() const noexcept { return __atomic_load_n(&value_, __ATOMIC_ACQUIRE); }

#if defined(__linux__)
  /// Publishes everything written before and wakes who sleeps. Sleepers count themselves before they look at the value
  /// again, and the value is stored before the count is read (all sequentially consistent): no wake-up is lost.
  void store(std::uint32_t value) noexcept {
    __atomic_store_n(&value_, value, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&sleepers_, __ATOMIC_SEQ_CST) != 0)
      syscall(SYS_futex, &value_, FUTEX_WAKE_PRIVATE, INT32_MAX, nullptr, nullptr, 0);
  }
  void sleep_while(std::uint32_t seen) noexcept {
    __atomic_add_fetch(&sleepers_, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&value_, __ATOMIC_SEQ_CST) == seen)
      syscall(SYS_futex, &value_, FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0);
    __atomic_sub_fetch(&sleepers_, 1, __ATOMIC_SEQ_CST);
  }

private:
  std::uint32_t value_ = 0;
  std::uint32_t sleepers_ = 0;
#else
  void store(std::uint32_t value) noexcept {
    __atomic_store_n(&value_, value, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&sleepers_, __ATOMIC_SEQ_CST) == 0)
      return;
    pthread_mutex_lock(&mutex_);
    pthread_cond_broadcast(&changed_);
    pthread_mutex_unlock(&mutex_);
  }
  void sleep_while(std::uint32_t seen) noexcept {
    pthread_mutex_lock(&mutex_);
    __atomic_add_fetch(&sleepers_, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&value_, __ATOMIC_SEQ_CST) == seen)
      pthread_cond_wait(&changed_, &mutex_);
    __atomic_sub_fetch(&sleepers_, 1, __ATOMIC_SEQ_CST);
    pthread_mutex_unlock(&mutex_);
  }

private:
  std::uint32_t value_ = 0;
  std::uint32_t sleepers_ = 0;
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t changed_ = PTHREAD_COND_INITIALIZER;
#endif
};

} // namespace detail

/// Threads that compute the units of a step. Each begins with an equal, contiguous share of them, the same one in every
/// step, so that it finds its part of the data in its own cache; who is done takes units that others have not begun, so
/// a step never waits for a thread that the system does not run.
///
/// One call uses the pool at a time; a call that finds it busy computes everything on its own thread, with the same
/// result. A child process after fork() must not use a pool of its parent.
class Pool {
public:
  /// How long a helper spins before it sleeps.
  static constexpr std::int64_t spin_nanoseconds = 2000000;

  /// `workers` workers in all, this thread among them (at least 1). Fails with out_of_memory or threads_unavailable;
  /// the pool then works with fewer.
  explicit Pool(int workers) noexcept {
    if (workers <= 1)
      return;
    team_ = static_cast<Worker *>(allocate_memory(static_cast<std::size_t>(workers) * sizeof(Worker)));
    if (team_ == nullptr) {
      status_ = Status::out_of_memory;
      return;
    }
    while (workers_ < workers && start(team_[workers_], workers_))
      ++workers_;
    if (workers_ < workers)
      status_ = Status::threads_unavailable;
  }

  Pool(const Pool &) = delete;
  Pool &operator=(const Pool &) = delete;

  ~Pool() {
    set(part_, Executor::Part{nullptr});
    gate_.store(gate_.load() + 1);
    for (int i = 1; i < workers_; ++i)
      pthread_join(team_[i].thread, nullptr);
    free_memory(team_);
  }

  /// ok, or why there are fewer workers than asked for.
  Status status() const noexcept { return status_; }

  /// The number of workers, the caller among them.
  int workers() const noexcept { return workers_; }

  /// What run() of a model takes. Valid as long as the pool.
  Executor executor() noexcept { return workers_ == 1 ? Executor{} : Executor{execute, this, workers_}; }

private:
  /// One worker, alone on its cache lines; the first is whoever calls.
  struct alignas(64) Worker {
    Pool *pool;
    pthread_t thread;
    int number;
    std::uint64_t ticket; ///< the job's generation above the first unit of this worker's share that nobody has taken
  };

  // What a thread reads of a job may already belong to the next one; then its generation is on no ticket any more, and
  // no unit is taken with it.
  template <typename T> static T get(const T &field) noexcept { return __atomic_load_n(&field, __ATOMIC_RELAXED); }
  template <typename T> static void set(T &field, T value) noexcept {
    __atomic_store_n(&field, value, __ATOMIC_RELAXED);
  }

  bool start(Worker &helper, int number) noexcept {
    helper.pool = this;
    helper.number = number;
    return pthread_create(&helper.thread, nullptr, main, &helper) == 0;
  }

  static void *main(void *argument) noexcept {
    const auto &helper = *static_cast<Worker *>(argument);
    Pool &pool = *helper.pool;
    for (std::uint32_t seen = 0;;) {
      seen = pool.await(seen);
      if (get(pool.part_) == nullptr)
        return nullptr;
      pool.compute(seen, helper.number);
    }
  }

  /// Waits for the generation after `seen`: spinning, later asleep.
  std::uint32_t await(std::uint32_t seen) noexcept {
    const std::int64_t begin = detail::nanoseconds();
    for (unsigned spins = 1; gate_.load() == seen; ++spins) {
      detail::pause();
      if (spins % 256 == 0 && detail::nanoseconds() - begin > spin_nanoseconds)
        gate_.sleep_while(seen);
    }
    return gate_.load();
  }

  /// The first unit of the share of worker `number`, which ends where the next one begins.
  static std::uint32_t share_begin(int units, int workers, int number) noexcept {
    return static_cast<std::uint32_t>(std::int64_t{units} * number / workers);
  }

  /// Takes half of what is left of a share, so that a thread that stops running holds few units; false if none is left
  /// of this generation.
  static bool take(std::uint64_t &ticket, std::uint32_t generation, std::uint32_t share_end, std::uint32_t &begin,
                   std::uint32_t &end) noexcept {
    std::uint64_t seen = __atomic_load_n(&ticket, __ATOMIC_RELAXED);
    do {
      begin = static_cast<std::uint32_t>(seen);
      if (seen >> 32 != generation || begin >= share_end)
        return false;
      end = begin + (share_end - begin + 1) / 2;
    } while (
        !__atomic_compare_exchange_n(&ticket, &seen, seen + (end - begin), false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    return true;
  }

  /// Computes units of job `generation` as worker `number`: its own share first, then what is left of the others'.
  void compute(std::uint32_t generation, int number) noexcept {
    const Executor::Part part = get(part_);
    void *const context = get(context_);
    // part_workers_, not workers_: that one still grows while the first helpers already run.
    const int units = get(units_), workers = get(part_workers_);
    std::uint32_t done = 0, begin = 0, end = 0;
    for (int i = 0; i < workers; ++i) {
      const int share = (number + i) % workers;
      while (take(team_[share].ticket, generation, share_begin(units, workers, share + 1), begin, end)) {
        part(context, static_cast<int>(begin), static_cast<int>(end), number);
        done += end - begin;
      }
    }
    if (done != 0)
      __atomic_sub_fetch(&unfinished_, done, __ATOMIC_RELEASE);
  }

  static void execute(void *host, int units, Executor::Part part, void *context) noexcept {
    auto &pool = *static_cast<Pool *>(host);
    if (__atomic_exchange_n(&pool.busy_, true, __ATOMIC_ACQUIRE)) {
      part(context, 0, units, 0);
      return;
    }
    const std::uint32_t generation = pool.gate_.load() + 1;
    set(pool.part_, part);
    set(pool.context_, context);
    set(pool.units_, units);
    set(pool.part_workers_, pool.workers_);
    set(pool.unfinished_, static_cast<std::uint32_t>(units));
    for (int i = 0; i < pool.workers_; ++i)
      set(pool.team_[i].ticket, std::uint64_t{generation} << 32 | share_begin(units, pool.workers_, i));
    pool.gate_.store(generation);
    pool.compute(generation, 0);
    pool.join();
    __atomic_store_n(&pool.busy_, false, __ATOMIC_RELEASE);
  }

  /// Waits until every unit is done. Where threads outnumber processors, one that has begun units may not be running:
  /// the caller then gives up its processor.
  void join() const noexcept {
    for (unsigned spins = 1; __atomic_load_n(&unfinished_, __ATOMIC_ACQUIRE) != 0; ++spins) {
      detail::pause();
      if (spins % 4096 == 0)
        sched_yield();
    }
  }

  // The job, written before the generation that publishes it.
  alignas(64) detail::Gate gate_;
  Executor::Part part_ = nullptr;
  void *context_ = nullptr;
  int units_ = 0;
  int part_workers_ = 1;

  alignas(64) std::uint32_t unfinished_ = 0; ///< units of the job
  alignas(64) Worker *team_ = nullptr;
  int workers_ = 1;
  bool busy_ = false;
  Status status_ = Status::ok;
};

} // namespace v1
} // namespace layerc

#endif // LAYERC_POOL_H
