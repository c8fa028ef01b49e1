/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * How code from outside computes a step of a model: prepared once when the Model is built, then run with each call.
 * C and C++ read this header; a step's author defines one constant of type layerc_external.
 *
 * A custom layer, `layerc compile --custom Class=symbol`: `function` is its class, `inputs` are the tensors of the
 * call, then the layer's weights in the order in which it made them; `numbers` is empty, or, where one tensor stands
 * for several of these, says for each which of `inputs` it is.
 *
 * Example, a layer that doubles its input of float32:
 *   static void *prepare(const layerc_step *step) { return malloc(sizeof(int)); }   // counts its elements
 *   static int run(void *state, void *const *operands, void *scratch, int workers) { ... return 0; }
 *   const layerc_external double_it = {prepare, run, free};
 */
#ifndef LAYERC_EXTERNAL_H
#define LAYERC_EXTERNAL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { layerc_most_dimensions = 8 };

/** Element types of tensors. */
enum {
  layerc_float32 = 0,
  layerc_float64 = 1,
  layerc_float16 = 2,
  layerc_bfloat16 = 3,
  layerc_bool = 4,
  layerc_int8 = 5,
  layerc_int16 = 6,
  layerc_int32 = 7,
  layerc_int64 = 8,
  layerc_uint8 = 9,
  layerc_uint16 = 10,
  layerc_uint32 = 11,
  layerc_uint64 = 12
};

/** An operand of a step. */
typedef struct layerc_tensor {
  int type; /**< of the elements */
  int rank;
  int64_t shape[layerc_most_dimensions];
  int64_t strides[layerc_most_dimensions]; /**< in elements */
  const void *data; /**< of a weight: its bytes, which stay where they are; null where only a run knows the address */
} layerc_tensor;

/** What prepare() learns of a step. Lives as long as the call; later versions add members at the end. */
typedef struct layerc_step {
  size_t size;            /**< sizeof(layerc_step) in the caller */
  const char *function;   /**< what to compute, a word that the compiler and the author agree on */
  const int64_t *numbers; /**< its parameters, likewise */
  int number_count;
  const layerc_tensor *inputs;
  int input_count;
  const layerc_tensor *outputs;
  int output_count;
  int workers;        /**< how many threads a run may keep busy */
  const char *config; /**< of a custom layer: its configuration in the model file, as JSON; else null */
} layerc_step;

/** The functions behind a step. They must not throw. */
typedef struct layerc_external {
  /** Returns what run() shall get as `state`, or null when the step cannot be computed. */
  void *(*prepare)(const layerc_step *step);
  /** Computes the outputs; `operands` are the addresses of the inputs, then of the outputs, `scratch` the step's
   * scratch in the arena (null when the plan gives it none). Returns 0 on success. One call at a time per state. */
  int (*run)(void *state, void *const *operands, void *scratch, int workers);
  /** Frees the state. */
  void (*release)(void *state);
} layerc_external;

#ifdef __cplusplus
} // extern "C"

#include "executor.h"
#include "kernel.h"
#include "status.h"

#include <initializer_list>

namespace layerc {
inline namespace v1 {

/// One step of a Model that code from outside computes: owns what that code prepared.
class ExternalStep {
public:
  ExternalStep() = default;
  ExternalStep(const ExternalStep &) = delete;
  ExternalStep &operator=(const ExternalStep &) = delete;
  ~ExternalStep() {
    if (state_ != nullptr)
      external_->release(state_);
  }

  /// Prepares the step. Fails with external_failed. At most once per object.
  Status prepare(const layerc_external &external, const layerc_step &step) noexcept {
    external_ = &external;
    state_ = external.prepare(&step);
    return state_ != nullptr ? Status::ok : Status::external_failed;
  }

  /// The same for runs of up to `workers` workers.
  Status prepare(const layerc_external &external, const char *function, std::initializer_list<std::int64_t> numbers,
                 std::initializer_list<layerc_tensor> inputs, std::initializer_list<layerc_tensor> outputs, int workers,
                 const char *config = nullptr) noexcept {
    return prepare(external, {sizeof(layerc_step), function, numbers.begin(), static_cast<int>(numbers.size()),
                              inputs.begin(), static_cast<int>(inputs.size()), outputs.begin(),
                              static_cast<int>(outputs.size()), workers, config});
  }

  /// Computes the outputs. Fails with external_failed. Requires prepare().
  Status run(void *const *operands, void *scratch, int workers) const noexcept {
    return external_->run(state_, operands, scratch, workers) == 0 ? Status::ok : Status::external_failed;
  }

  /// The same with the workers of `executor`.
  template <std::size_t N>
  Status run(const Executor &executor, const Argument (&operands)[N], void *scratch = nullptr) const noexcept {
    void *pointers[N];
    for (std::size_t i = 0; i < N; ++i)
      pointers[i] = operands[i].pointer;
    return run(pointers, scratch, executor.function != nullptr ? executor.workers : 1);
  }

private:
  const layerc_external *external_ = nullptr;
  void *state_ = nullptr;
};

} // namespace v1
} // namespace layerc
#endif

#endif /* LAYERC_EXTERNAL_H */
