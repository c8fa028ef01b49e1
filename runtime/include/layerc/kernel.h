// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How generated code calls native kernels: one step runs one phase of a kernel over its units.
// A step on one thread is one direct call; everything else here is for several workers.
//
// Example:
//   const layerc::FloatMode mode;
//   layerc::step(executor, 4, digits_conv3x3, {image.data(), weights_ + 0, weights_ + 576, arena_ + 0});
#ifndef LAYERC_KERNEL_H
#define LAYERC_KERNEL_H

#include "executor.h"
#include "float_mode.h"

#include <cstddef>
#include <cstdint>

namespace layerc {
inline namespace v1 {

/// One phase of a kernel: computes the units [begin, end). `args` are the kernel's inputs, then its outputs; `shared`
/// is scratch that all workers see, `own` scratch of the calling worker alone.
using KernelPhase = void(void *const *args, void *shared, void *own, std::int64_t begin, std::int64_t end) noexcept;

/// The address of an operand of a kernel. Kernels write to their outputs only, so inputs may be const here.
struct Argument {
  Argument(const void *address) noexcept : pointer(const_cast<void *>(address)) {}
  /// `offset` bytes into a tensor.
  Argument(const void *address, std::size_t offset) noexcept
      : pointer(const_cast<unsigned char *>(static_cast<const unsigned char *>(address)) + offset) {}
  void *pointer;
};
static_assert(sizeof(Argument) == sizeof(void *), "an array of arguments is one of pointers");

/// Scratch memory of one step.
struct Scratch {
  void *shared = nullptr;          ///< seen by all workers
  void *first = nullptr;           ///< of worker 0
  unsigned char *others = nullptr; ///< of worker w > 0: at others + (w - 1) * stride
  std::size_t stride = 0;

  /// The scratch of one worker.
  void *of(int worker) const noexcept {
    return worker == 0 ? first : others + static_cast<std::size_t>(worker - 1) * stride;
  }
};

namespace detail {

/// What one part of a step needs to know.
struct StepContext {
  KernelPhase *phase;
  void *const *args;
  const Scratch *scratch;
};

/// An Executor::Part over a StepContext. Each part sets the mode itself: it may be on a thread of the host.
inline void run_part(void *context, int begin, int end, int worker) noexcept {
  const auto &step = *static_cast<const StepContext *>(context);
  const FloatMode mode;
  step.phase(step.args, step.scratch->shared, step.scratch->of(worker), begin, end);
}

} // namespace detail

/// Runs units [0, units) of `phase` over `executor` until all are done. The caller holds a FloatMode or FloatTrial.
template <std::size_t N>
inline void step(const Executor &executor, int units, KernelPhase *phase, const Argument (&arguments)[N],
                 const Scratch &scratch = {}) noexcept {
  // In place: compilers copy two pointers by one vector, whose load waits until both have left the store buffer.
  void *const *pointers = &arguments[0].pointer;
  if (units <= 1 || executor.function == nullptr)
    return phase(pointers, scratch.shared, scratch.first, 0, units);
  detail::StepContext context = {phase, pointers, &scratch};
  run(executor, units, detail::run_part, &context);
}

} // namespace v1
} // namespace layerc

#endif // LAYERC_KERNEL_H
