// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Two models in one program, used from C++ as the class comments say. Exit code 0, or the line of the first failure.
#include "digits.h"
#include "hostile.h"
#include "layerc/pool.h"

#include <string.h>

#define CHECK(condition)                                                                                               \
  if (!(condition))                                                                                                    \
  return __LINE__

// A host's own class may hold models: their visibility must not leak into it.
struct Host {
  digits::Model model;
  hostile::Model other;
};

static_assert(!std::is_constructible_v<digits::Model, digits::Weights>, "weights that die before the model");
static_assert(!std::is_copy_constructible_v<digits::Model>);
static_assert(digits::Model::arena_bytes() == 1408 && digits::Model::arena_bytes(3) == 1408 + 2 * 64);
static_assert(!std::is_invocable_v<decltype(&digits::Model::run), digits::Model &, std::array<float, 10> &,
                                   std::array<float, 64> &, layerc::Executor>,
              "swapped arguments");
static_assert(std::is_same_v<hostile::Class::Element, const std::int32_t>);

namespace {

/// What the stand-in kernels compute from image[i] = i: sum over the four rows of 64 * row + the weights, which are
/// i mod 7 from the start of the blob; the bias of the convolution begins at float 144 of it.
float expected_score(int i) {
  float total = 0;
  for (int row = 0; row < 4; ++row)
    for (int column = 0; column < 64; ++column)
      total += static_cast<float>(row + column % 7 + (144 + column % 16) % 7);
  return total + static_cast<float>((160 + i) % 7 + (2720 + i) % 7);
}

bool right(const std::array<float, 10> &scores) {
  for (int i = 0; i < 10; ++i)
    if (scores[static_cast<unsigned>(i)] < expected_score(i) || scores[static_cast<unsigned>(i)] > expected_score(i))
      return false;
  return true;
}

int use_digits(Host &host, const float (&image)[8][8]) {
  std::array<float, 10> scores = {};
  CHECK(host.model.status() == layerc::Status::ok);
  CHECK(host.model.warm() == layerc::Status::ok);
  CHECK(host.model.run(image, scores) == layerc::Status::ok && right(scores));

  layerc::Pool pool(3);
  scores.fill(-1);
  CHECK(host.model.run(image, scores, pool.executor()) == layerc::Status::too_many_workers && scores[0] < 0);
  digits::Model threaded(pool.workers());
  for (int i = 0; i < 1000; ++i) {
    scores.fill(-1);
    CHECK(threaded.run(image, scores, pool.executor()) == layerc::Status::ok && right(scores));
  }
  CHECK(digits::Model(0).status() == layerc::Status::too_many_workers);

  const digits::Weights huge = digits::Weights::in_huge_pages();
  alignas(64) static unsigned char arena[digits::Model::arena_bytes()];
  digits::Model shared(huge, arena, sizeof(arena));
  scores.fill(-1);
  CHECK(shared.run(image, scores) == layerc::Status::ok && right(scores));
  CHECK(digits::Model(huge, arena, sizeof(arena) - 1).status() == layerc::Status::arena_too_small);
  CHECK(digits::Model(huge, arena + 4, sizeof(arena)).status() == layerc::Status::arena_misaligned);

  const digits::Weights missing = digits::Weights::map_file("no/such/file");
  digits::Model without(missing);
  scores.fill(-1);
  CHECK(without.run(image, scores) == layerc::Status::weights_not_found && scores[0] < 0);
  return 0;
}

int use_hostile(Host &host) {
  const float a[2][4] = {{1, 2, 3, 4}, {0, 0, 0, 0}}, c[8] = {0, 0, 0, 0, 5, 6, 7, 8};
  const std::array<std::int32_t, 3> integers = {2, 0, 1};
  float sums[2][4];
  layerc::Float16 halves[3];
  CHECK(host.other.run(a, integers, c, sums, halves) == layerc::Status::ok);
  const float expected[2][4] = {{1, 3, 5, 7}, {5, 7, 9, 11}};
  CHECK(memcmp(sums, expected, sizeof(sums)) == 0);
  CHECK(halves[0].bits == 0x4000 && halves[1].bits == 0 && halves[2].bits == 0x3c00);
  return 0;
}

} // namespace

int main() {
  Host host;
  float image[8][8];
  for (int i = 0; i < 64; ++i)
    image[i / 8][i % 8] = static_cast<float>(i);
  const int line = use_digits(host, image);
  return line != 0 ? line : use_hostile(host);
}
