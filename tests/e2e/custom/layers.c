/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * The layers of make-model.py, as --custom wants them: what prepare is told decides what run does. */
#include "layerc/external.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
  int64_t rows, depth, units;
  const float *weights;
  float gain;
} Gain;

/** A number of the configuration. */
static float number_of(const char *config, const char *key) {
  const char *found = strstr(config, key);
  return found ? strtof(strchr(found, ':') + 1, NULL) : 0.0f;
}

static void *prepare_gain(const layerc_step *step) {
  if (strcmp(step->function, "Gain") != 0 || step->input_count != 2 || step->output_count != 1 || !step->config)
    return NULL;
  const layerc_tensor *x = &step->inputs[0], *w = &step->inputs[1];
  if (x->type != layerc_float32 || x->rank != 2 || w->rank != 2 || w->shape[0] != x->shape[1] || !w->data)
    return NULL;
  Gain *gain = malloc(sizeof(Gain));
  if (gain) {
    Gain known = {x->shape[0], x->shape[1], w->shape[1], w->data, number_of(step->config, "\"gain\"")};
    *gain = known;
  }
  return gain;
}

static int run_gain(void *state, void *const *operands, void *scratch, int workers) {
  const Gain *gain = state;
  const float *x = operands[0];
  float *result = operands[2], *row = scratch;
  (void)workers;
  for (int64_t r = 0; r < gain->rows; ++r) {
    float sum = 0.0f;
    for (int64_t u = 0; u < gain->units; ++u) {
      row[u] = 0.0f;
      for (int64_t d = 0; d < gain->depth; ++d)
        row[u] += x[r * gain->depth + d] * gain->weights[d * gain->units + u];
      row[u] *= gain->gain;
      sum += row[u];
    }
    for (int64_t u = 0; u < gain->units; ++u)
      result[r * gain->units + u] = row[u] - sum / (float)gain->units;
  }
  return 0;
}

const layerc_external gain_layer = {prepare_gain, run_gain, free};

typedef struct {
  int64_t elements;
  int inputs, first, second;
} Joined;

static void *prepare_joined(const layerc_step *step) {
  Joined *joined = malloc(sizeof(Joined));
  if (!joined)
    return NULL;
  Joined known = {1, step->input_count, 0, 1};
  for (int d = 0; d < step->outputs[0].rank; ++d)
    known.elements *= step->outputs[0].shape[d];
  if (step->number_count == 2) { /* one tensor for both */
    known.first = (int)step->numbers[0];
    known.second = (int)step->numbers[1];
  }
  *joined = known;
  return joined;
}

static int run_joined(void *state, void *const *operands, void *scratch, int workers) {
  const Joined *joined = state;
  const float *a = operands[joined->first], *b = operands[joined->second];
  float *result = operands[joined->inputs];
  (void)scratch;
  (void)workers;
  for (int64_t i = 0; i < joined->elements; ++i)
    result[i] = a[i] * b[i] + a[i];
  return 0;
}

const layerc_external joined_layer = {prepare_joined, run_joined, free};
