// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Uses every runtime header as generated code does, in a program without libstdc++, exceptions and RTTI. Exit code 0:
// the sum over four threads is right.
#include "layerc/arena.h"
#include "layerc/cpu.h"
#include "layerc/float_trial.h"
#include "layerc/kernel.h"
#include "layerc/pool.h"
#include "layerc/view.h"
#include "layerc/weights.h"

namespace {

struct Values : layerc::View<const float, 1, 64> {
  using View::View;
};

struct Sum : layerc::View<float, 1> {
  using View::View;
};

void add_up(void *const *args, void *, void *own, std::int64_t begin, std::int64_t end) noexcept {
  const auto *values = static_cast<const float *>(args[0]);
  for (std::int64_t unit = begin; unit < end; ++unit)
    static_cast<float *>(own)[0] += values[unit];
}

float sum_of(Values values, layerc::Pool &pool, const layerc::Arena &arena) noexcept {
  const layerc::FloatMode mode;
  arena.warm();
  layerc::step(pool.executor(), 64, add_up, {values.data()}, {nullptr, arena.data(), arena.data() + 64, 64});
  float sum = 0;
  for (int worker = 0; worker < pool.workers(); ++worker)
    sum += reinterpret_cast<const float *>(arena.data() + 64 * worker)[0];
  return sum;
}

/// Beside it a state of 192 bytes, whose loops gcc once warned of.
float sum_alone(Values values) noexcept {
  alignas(64) unsigned char state[192] = {};
  const layerc::Argument arguments[] = {values.data()};
  float sum = 0;
  layerc::FloatTrial trial;
  do {
    sum = 0;
    layerc::step({}, 64, add_up, arguments, {nullptr, &sum, nullptr, 0});
  } while (!trial.holds(Sum(&sum), state));
  return sum;
}

} // namespace

int main(int argc, char **argv) {
  float values[8][8] = {};
  for (int i = 0; i < 64; ++i)
    values[i / 8][i % 8] = static_cast<float>(i);
  layerc::Pool pool(4);
  const layerc::Arena arena(4 * 64);
  if (arena.status() != layerc::Status::ok || pool.status() != layerc::Status::ok || !layerc::x86::supports(0))
    return 1;
  const auto weights = layerc::Weights::copy_to_huge_pages(layerc::Weights::map_file(argv[argc - 1], {1, 64}));
  if (weights.status() != layerc::Status::weights_not_weights)
    return 2;
  return sum_of(values, pool, arena) == 2016.0F && sum_alone(values) == 2016.0F ? 0 : 3;
}
