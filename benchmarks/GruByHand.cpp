// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One step of GRU(8) and Dense(1) as an engineer would write it for this one net, behind the interface that layerc
// generated for it (gru8_c.h), so that the same driver times both. The weights are constants of the program
// (weights.h, written from the Keras file); all eight units are the lanes of one vector, and every sum stays in
// registers.
#include "gru8_c.h"
#include "weights.h"

#include <cstring>

namespace {

constexpr int kUnits = 8, kGates = 3;
constexpr float kLog2E = 1.44269504F;
using Vector [[gnu::vector_size(kUnits * sizeof(float))]] = float;
using Integers [[gnu::vector_size(kUnits * sizeof(int))]] = int;

static_assert(sizeof(gru_kernel) == sizeof(float) * kGates * kUnits);
static_assert(sizeof(gru_recurrent_kernel) == sizeof(float) * kUnits * kGates * kUnits);
static_assert(sizeof(gru_bias) == sizeof(float) * 2 * kGates * kUnits);

Vector load(const float *from) {
  Vector vector;
  std::memcpy(&vector, from, sizeof vector);
  return vector;
}

/// 2^x for |x| < 126: the integer part goes into the exponent, for the rest in [-1/2, 1/2] the Taylor series of
/// exp(x ln 2), whose seventh term is below 1.2e-7.
Vector powerOfTwo(Vector x) {
  constexpr float shift = 12582912; // 1.5 * 2^23: adding it rounds to an integer, which the low bits then hold
  Vector shifted = x + shift, rest = x - (shifted - shift);
  Integers bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  bits = (bits + 127) << 23;
  Vector scale;
  std::memcpy(&scale, &bits, sizeof scale);
  Vector sum = rest * 1.540353039e-4F + 1.333355814e-3F;
  sum = sum * rest + 9.618129108e-3F;
  sum = sum * rest + 5.550410866e-2F;
  sum = sum * rest + 2.402265070e-1F;
  sum = sum * rest + 6.931471806e-1F;
  return (sum * rest + 1.0F) * scale;
}

/// 1 / (1 + exp(-scale x)), which is 0 or 1 in f32 where the exponent leaves the range of powerOfTwo.
Vector logistic(Vector x, float scale) {
  Vector power = x * (-scale * kLog2E);
  power = power < -125.0F ? Vector{} - 125.0F : power;
  power = power > 125.0F ? Vector{} + 125.0F : power;
  return 1.0F / (1.0F + powerOfTwo(power));
}

Vector sigmoid(Vector x) { return logistic(x, 1); }
Vector tanh(Vector x) { return 2.0F * logistic(x, 2) - 1.0F; }

/// One gate's part of `state` times the recurrent kernel, plus its bias: two chains of sums, so that they overlap.
Vector recurrent(const float *state, int gate) {
  const float *kernel = gru_recurrent_kernel + gate * kUnits, *bias = gru_bias + (kGates + gate) * kUnits;
  Vector even = load(bias), odd{};
  for (int unit = 0; unit < kUnits; unit += 2) {
    even += state[unit] * load(kernel + unit * kGates * kUnits);
    odd += state[unit + 1] * load(kernel + (unit + 1) * kGates * kUnits);
  }
  return even + odd;
}

Vector input(float x, int gate) { return x * load(gru_kernel + gate * kUnits) + load(gru_bias + gate * kUnits); }

float sum(Vector terms) {
  float total = 0;
  for (int unit = 0; unit < kUnits; ++unit)
    total += terms[unit];
  return total;
}

/// Gates in Keras' order: update, reset, candidate; the reset gate acts after the product (`reset_after`).
void step(float x, const float *state, float *next, float *result) {
  Vector update = sigmoid(input(x, 0) + recurrent(state, 0)), reset = sigmoid(input(x, 1) + recurrent(state, 1));
  Vector candidate = tanh(input(x, 2) + reset * recurrent(state, 2));
  Vector blended = candidate + update * (load(state) - candidate);
  std::memcpy(next, &blended, sizeof blended);
  *result = sum(blended * load(dense_kernel)) + dense_bias[0];
}

} // namespace

extern "C" {
const gru8_tensor gru8_inputs[GRU8_INPUT_COUNT + 1] = {
    {"x", "float32", sizeof(float), 3, {1, 1, 1}}, {"state", "float32", kUnits * sizeof(float), 2, {1, kUnits}}, {}};
const gru8_tensor gru8_outputs[GRU8_OUTPUT_COUNT + 1] = {
    {"dense", "float32", sizeof(float), 2, {1, 1}}, {"gru", "float32", kUnits * sizeof(float), 2, {1, kUnits}}, {}};

struct gru8_model {};

gru8_model *gru8_create(int /*threads*/) { return new gru8_model; }

int gru8_run(gru8_model * /*model*/, const void *const *inputs, void *const *outputs) {
  step(*static_cast<const float *>(inputs[0]), static_cast<const float *>(inputs[1]), static_cast<float *>(outputs[1]),
       static_cast<float *>(outputs[0]));
  return 0;
}

void gru8_destroy(gru8_model *model) { delete model; }
}
