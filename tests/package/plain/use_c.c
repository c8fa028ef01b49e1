/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* use_c DIGITS.BIN: the C interface of several models. Exit code 0, or the line of the first failure. */
#include "digits_c.h"
#ifndef DIGITS_ONLY
#include "again_c.h"
#include "pair_c.h"
#endif

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CHECK(condition)                                                                                               \
  if (!(condition))                                                                                                    \
  return __LINE__

static int check_tables(void) {
  CHECK(DIGITS_INPUT_COUNT == 1 && DIGITS_OUTPUT_COUNT == 1);
  CHECK(strcmp(digits_inputs[0].name, "image") == 0 && strcmp(digits_inputs[0].element_type, "float32") == 0);
  CHECK(digits_inputs[0].rank == 4 && digits_inputs[0].shape[1] == 8 && digits_inputs[0].bytes == 256);
  CHECK(digits_inputs[1].name == NULL && digits_outputs[1].name == NULL);
  CHECK(strcmp(digits_outputs[0].name, "scores") == 0 && digits_outputs[0].bytes == 40);
#ifndef DIGITS_ONLY
  CHECK(PAIR_INPUT_COUNT == 2 && PAIR_OUTPUT_COUNT == 3);
  CHECK(strcmp(pair_inputs[0].name, "a") == 0 && strcmp(pair_inputs[1].name, "b") == 0);
  CHECK(strcmp(again_inputs[0].name, "image") == 0);
#endif
  return 0;
}

/* Compares 100 images with the scores that Keras recorded. */
static int compare(digits_model *model, const char *path) {
  unsigned char record[108];
  float image[64], scores[10], keras[10];
  const void *inputs[] = {image};
  void *outputs[] = {scores};
  FILE *file = fopen(path, "rb");
  CHECK(file != NULL && fseek(file, 12, SEEK_SET) == 0 && model != NULL);
  for (int number = 0; number < 100; ++number) {
    CHECK(fread(record, sizeof record, 1, file) == 1);
    memcpy(keras, record + 68, sizeof keras);
    for (int i = 0; i < 64; ++i)
      image[i] = (float)record[i] / 16;
    CHECK(digits_run(model, inputs, outputs) == 0);
    for (int i = 0; i < 10; ++i)
      CHECK(fabsf(scores[i] - keras[i]) <= 1e-4F * fabsf(keras[i]) + 1e-5F);
  }
  fclose(file);
  digits_reset(model);
  digits_destroy(model);
  return 0;
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  int line = check_tables();
  for (int threads = 0; threads <= 2 && line == 0; ++threads)
    line = compare(digits_create(threads), argv[1]);
#ifndef DIGITS_ONLY
  again_model *again = again_create(1);
  pair_model *pair = pair_create(1);
  CHECK(again != NULL && pair != NULL);
  float a[4] = {1, 2, 3, 4}, b[4] = {0}, first[2], second[1], copy[4];
  const void *inputs[] = {a, b};
  void *outputs[] = {first, second, copy};
  CHECK(pair_run(pair, inputs, outputs) == 0 && isfinite(first[0]) && isfinite(second[0]) &&
        memcmp(a, copy, sizeof a) == 0);
  again_destroy(again);
  pair_destroy(pair);
#endif
  return line;
}
