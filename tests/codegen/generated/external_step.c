/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * The code from outside of external.mlir, in C: multiplies by weights that it copied when it was prepared, and refuses
 * what is not as the plan says. */
#include "layerc/external.h"

#include <stdlib.h>
#include <string.h>

int external_states = 0;  /* prepared and not released */
int external_refuses = 0; /* set by the test */
int external_workers = 0; /* of the last run */

static int is_described(const layerc_step *step) {
  const layerc_tensor *x = step->inputs, *w = step->inputs + 1, *y = step->outputs;
  return step->size == sizeof(layerc_step) && strcmp(step->function, "scale") == 0 && step->number_count == 2 &&
         step->numbers[0] == 3 && step->numbers[1] == -1 && step->input_count == 2 && step->output_count == 1 &&
         x->type == layerc_float32 && x->rank == 2 && x->shape[0] == 2 && x->shape[1] == 4 && x->strides[0] == 4 &&
         x->strides[1] == 1 && x->data == NULL && w->rank == 1 && w->shape[0] == 4 && w->data != NULL && y->rank == 2 &&
         y->data == NULL && step->workers == 3;
}

static void *prepare(const layerc_step *step) {
  float *weights = external_refuses || !is_described(step) ? NULL : malloc(4 * sizeof(float));
  if (weights != NULL) {
    memcpy(weights, step->inputs[1].data, 4 * sizeof(float));
    ++external_states;
  }
  return weights;
}

static int run(void *state, void *const *operands, void *scratch, int workers) {
  const float *weights = state, *in = operands[0];
  float *row = scratch, *out = operands[2];
  if (in[0] < 0)
    return 1;
  external_workers = workers;
  for (int i = 0; i < 8; ++i) {
    row[i % 4] = in[i] * weights[i % 4];
    out[i] = row[i % 4];
  }
  return 0;
}

static void release(void *state) {
  --external_states;
  free(state);
}

const layerc_external external_step = {prepare, run, release};
