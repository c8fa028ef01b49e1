/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The C interface. Exit code 0, or the line of the first failure. argv[1], if given, is a weights file. */
#include "digits_c.h"
#include "hostile_c.h"

#include <string.h>

#define CHECK(condition)                                                                                               \
  if (!(condition))                                                                                                    \
  return __LINE__

static int check_tables(void) {
  CHECK(DIGITS_INPUT_COUNT == 1 && DIGITS_OUTPUT_COUNT == 1);
  CHECK(strcmp(digits_inputs[0].name, "image") == 0 && strcmp(digits_inputs[0].element_type, "float32") == 0);
  CHECK(digits_inputs[0].rank == 4 && digits_inputs[0].shape[0] == 1 && digits_inputs[0].shape[2] == 8);
  CHECK(digits_outputs[0].bytes == 40 && digits_outputs[1].name == NULL);
  CHECK(strcmp(hostile_outputs[1].element_type, "float16") == 0 && hostile_outputs[2].name == NULL);
  return 0;
}

static int check_scores(digits_model *model) {
  float image[64], scores[10];
  const void *inputs[] = {image};
  void *outputs[] = {scores};
  for (int i = 0; i < 64; ++i)
    image[i] = (float)i;
  CHECK(model != NULL);
  CHECK(digits_run(model, inputs, outputs) == 0);
  /* See expected_score in use_both.cpp. */
  float total = 0;
  for (int row = 0; row < 4; ++row)
    for (int column = 0; column < 64; ++column)
      total += (float)(row + column % 7 + (144 + column % 16) % 7);
  for (int i = 0; i < 10; ++i) {
    float difference = scores[i] - total - (float)((160 + i) % 7 + (2720 + i) % 7);
    CHECK(difference <= 0 && difference >= 0);
  }
  CHECK(digits_run(NULL, inputs, outputs) != 0 && digits_run(model, NULL, outputs) != 0);
  digits_reset(model);
  digits_destroy(model);
  return 0;
}

/* An executor that gives every unit to the last worker. */
static void execute(void *host, int units, void (*part)(void *context, int begin, int end, int worker), void *context) {
  ++*(int *)host;
  part(context, 0, units, 1);
}

static int check_options(void) {
  int status = -1, calls = 0;
  digits_options options = {sizeof options};
  options.executor = execute;
  options.executor_host = &calls;
  options.executor_workers = 2;
  int line = check_scores(digits_create_with(&options, &status));
  CHECK(line == 0 && status == 0 && calls == 2);
  line = check_scores(digits_create_with(NULL, NULL));
  CHECK(line == 0);
  static char arena[16];
  options.arena = arena;
  options.arena_bytes = sizeof arena;
  CHECK(digits_create_with(&options, &status) == NULL && status == 2);
  options.size = sizeof options + 8;
  CHECK(digits_create_with(&options, &status) == NULL && status == 17);
  options.size = 0;
  CHECK(digits_create_with(&options, &status) == NULL && status == 17);
  digits_options file = {sizeof file};
  file.weights_file = "no/such/file";
  CHECK(digits_create_with(&file, &status) == NULL && status == 8);
  digits_destroy(NULL);
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 1) {
    digits_options options = {sizeof options};
    options.weights_file = argv[1];
    return check_scores(digits_create_with(&options, NULL));
  }
  int line = check_tables();
  line = line != 0 ? line : check_scores(digits_create(1));
  line = line != 0 ? line : check_scores(digits_create(3));
  return line != 0 ? line : check_options();
}
