// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A model of two sizes from C++ and from C (use_sizes.c). Exit code 0, or the line of the first failure.
#include "sizes.h"

#define CHECK(condition)                                                                                               \
  if (!(condition))                                                                                                    \
  return __LINE__

using sizes::Model;

static_assert(Model::arena_bytes() == 320 && Model::arena_bytes(2) == 320 + 128, "the largest of the sizes");
static_assert(Model::certificates[0].arena == 128 && Model::certificates[0].proved);
static_assert(Model::certificates[1].arena == 320 && !Model::certificates[1].proved);
static_assert(sizes::X_1::size() == 4 && sizes::X_3::size() == 12);
static_assert(std::is_invocable_v<layerc::Status (Model::*)(sizes::X_3, sizes::Y, const layerc::Executor &), Model &,
                                  std::array<float, 12> &, std::array<float, 4> &, layerc::Executor>,
              "the output has one shape in both sizes, and one type");

extern "C" int use_from_c(void);

namespace {

bool is(const std::array<float, 4> &y, float first) {
  for (float value : y) {
    const float difference = value - first;
    if (difference < 0 || difference > 0)
      return false;
    first += 10;
  }
  return true;
}

} // namespace

/// x is 1 to 10 in columns of steps of 10; w is 0, 1, 2, 3, taken off again here.
int main() {
  const std::array<float, 4> one = {1, 10, 19, 28};
  const std::array<float, 12> three = {2, 11, 20, 29, 0, -1, -2, -3, 0, -1, -2, -3};
  std::array<float, 4> y = {};
  Model model(2);
  CHECK(model.warm() == layerc::Status::ok);
  CHECK(model.run(one, y) == layerc::Status::ok && is(y, 1));
  model.reset();
  CHECK(model.run(three, y) == layerc::Status::ok && is(y, 2));
  model.reset();
  // The sizes go on from one state.
  CHECK(model.run(one, y) == layerc::Status::ok);
  CHECK(model.run(sizes::X_3(three.data()), sizes::Y(y.data())) == layerc::Status::ok);
  CHECK(y[0] > 2.5f && y[0] < 3.5f);
  CHECK(model.warm() == layerc::Status::ok);
  std::array<unsigned char, Model::state_bytes> state = {};
  model.save_state(state.data());
  CHECK(model.run(one, y) == layerc::Status::ok && y[0] > 3.5f && y[0] < 4.5f);
  CHECK(model.load_state(state.data(), state.size()) == layerc::Status::ok);
  CHECK(model.run(one, y) == layerc::Status::ok && y[0] > 3.5f && y[0] < 4.5f);
  return use_from_c();
}
