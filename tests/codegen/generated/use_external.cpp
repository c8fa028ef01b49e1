// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs the model of external.mlir: what its step is told, what it computes, and what happens when it fails.
#include "outside.h"

extern "C" {
extern int external_states, external_refuses, external_workers;
}

static int check() {
  const float in[8] = {1, 2, 3, 4, 5, 6, 7, 8}, negative[8] = {-1};
  float out[8] = {};
  outside::Model model(3);
  if (model.status() != layerc::Status::ok || external_states != 1)
    return __LINE__;
  if (model.run(in, out) != layerc::Status::ok || external_workers != 1)
    return __LINE__;
  for (int i = 0; i < 8; ++i)
    if (out[i] != in[i] * static_cast<float>(i % 4)) // the weights are 0, 1, 2, 3
      return __LINE__;
  if (model.run(negative, out) != layerc::Status::external_failed || model.status() != layerc::Status::ok)
    return __LINE__;
  external_refuses = 1;
  outside::Model refused(3);
  if (refused.status() != layerc::Status::external_failed || external_states != 1)
    return __LINE__;
  return refused.run(in, out) == layerc::Status::external_failed ? 0 : __LINE__;
}

int main() {
  if (int line = check())
    return line;
  return external_states == 0 ? 0 : 1;
}
