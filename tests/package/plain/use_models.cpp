// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// use_models DIGITS.BIN: two models, one of them under two names, in one program. Exit code 0, or the line of the
// failure.
#include "again.h"
#include "digits.h"
#include "layerc/pool.h"
#include "pair.h"

#include <cmath>
#include <cstdio>
#include <cstring>

#define CHECK(condition)                                                                                               \
  if (!(condition))                                                                                                    \
  return __LINE__

namespace {

struct Record {
  std::uint8_t pixels[64], digit, zeros[3];
  std::array<float, 10> keras;
};

bool close(float a, float b) { return std::abs(a - b) <= 1e-4F * std::abs(b) + 1e-5F; }

int compareDigits(const char *path) {
  std::FILE *file = std::fopen(path, "rb");
  CHECK(file != nullptr && std::fseek(file, 12, SEEK_SET) == 0);
  digits::Model one;
  layerc::Pool pool(2);
  again::Model two(pool.workers());
  Record record;
  for (int number = 0; number < 100; ++number) {
    CHECK(std::fread(&record, sizeof(record), 1, file) == 1);
    float image[1][8][8][1];
    for (std::size_t i = 0; i < 64; ++i)
      image[0][i / 8][i % 8][0] = static_cast<float>(record.pixels[i]) / 16;
    std::array<float, 10> first = {}, second = {};
    CHECK(one.run(image, first) == layerc::Status::ok);
    CHECK(two.run(image, second, pool.executor()) == layerc::Status::ok);
    CHECK(first == second);
    for (std::size_t i = 0; i < first.size(); ++i)
      CHECK(close(first[i], record.keras[i]));
  }
  std::fclose(file);
  return 0;
}

/// Outputs: Dense(Concatenate(shared(a), shared(b))), Dense(shared(a)), and a as it is.
int runPair() {
  pair::Model model;
  const float a[4] = {1, -2, 3, 0.5F}, b[4] = {1, 1, 0, 2}, zeros[4] = {};
  float first[2] = {}, second[1] = {}, copy[4] = {};
  CHECK(model.run(a, b, first, second, copy) == layerc::Status::ok && std::memcmp(copy, a, sizeof(a)) == 0);
  float other[2] = {}, same[1] = {};
  CHECK(model.run(a, zeros, other, same, copy) == layerc::Status::ok);
  CHECK(std::memcmp(same, second, sizeof(same)) == 0 && std::memcmp(other, first, sizeof(first)) != 0);
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  CHECK(argc == 2);
  static_assert(digits::Model::signature != pair::Model::signature);
  static_assert(digits::Weights::format.signature == again::Weights::format.signature,
                "the same plan, the same weights");
  const int line = compareDigits(argv[1]);
  return line != 0 ? line : runPair();
}
