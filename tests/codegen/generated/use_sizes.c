/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The C interface of a model of two sizes. 0, or the line of the first failure. */
#include "sizes_c.h"

#include <string.h>

#define CHECK(condition)                                                                                               \
  if (!(condition))                                                                                                    \
  return __LINE__

int use_from_c(void);

/* The size whose first input has so many rows. */
static const sizes_size *find_size(int64_t rows) {
  const sizes_size *size = sizes_sizes;
  while (size->name != NULL && size->inputs[0].shape[0] != rows)
    ++size;
  return size;
}

int use_from_c(void) {
  static const float x[12] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  float y[4] = {0, 0, 0, 0};
  const void *inputs[] = {x};
  void *outputs[] = {y};
  sizes_model *model = sizes_create(1);
  CHECK(SIZES_SIZE_COUNT == 2 && SIZES_INPUT_COUNT == 1 && sizes_sizes[2].name == NULL);
  CHECK(strcmp(find_size(3)->name, "3") == 0 && find_size(3)->inputs == sizes_inputs_3);
  CHECK(find_size(2)->run == NULL && sizes_outputs_1[0].rank == 1 && sizes_inputs_3[0].bytes == 48);
  CHECK(sizes_run_1(model, inputs, outputs) == 0 && y[3] > 3.5f && y[3] < 4.5f);
  CHECK(find_size(3)->run(model, inputs, outputs) == 0 && y[0] > 3.5f && y[0] < 4.5f);
  CHECK(sizes_run_3(NULL, inputs, outputs) != 0);
  sizes_reset(model);
  CHECK(sizes_run_3(model, inputs, outputs) == 0 && y[0] > 2.5f && y[0] < 3.5f);
  sizes_destroy(model);
  return 0;
}
