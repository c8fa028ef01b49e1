// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs the compiled model and compares with what Keras computed.
#include "own.h"

#include "numbers.inc"

#include <cmath>
#include <cstdio>

static int differ(const float *ours, const float *keras, int count) {
  for (int i = 0; i < count; ++i)
    if (!(std::fabs(ours[i] - keras[i]) <= 1e-5f * (1 + std::fabs(keras[i]))))
      return std::printf("element %d is %g, Keras' is %g\n", i, double(ours[i]), double(keras[i]));
  return 0;
}

int main() {
  own::Model model;
  float joined[6], square[6];
  if (model.run(own::X(x_numbers), own::Joined(joined), own::Square(square)) != layerc::Status::ok)
    return 1;
  return differ(joined, joined_numbers, 6) || differ(square, square_numbers, 6);
}
