// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a host lends its threads to a model. A model creates none: it hands work to the host's executor, or runs it here.
//
// Example, on a host that has a parallel_for of its own:
//   void execute(void *host, int units, layerc::Executor::Part part, void *context) {
//     static_cast<Host *>(host)->parallel_for(units, [=](int begin, int end, int worker) {
//       part(context, begin, end, worker);
//     });
//   }
//   model.run(image, scores, {execute, &host, host.workers()});
#ifndef LAYERC_EXECUTOR_H
#define LAYERC_EXECUTOR_H

#include "version.h"

namespace layerc {
inline namespace v1 {

/// A function of the host that spreads units of work over its workers. A default-constructed one runs everything on the
/// calling thread.
struct Executor {
  /// Computes the units [begin, end) as worker `worker`.
  using Part = void (*)(void *context, int begin, int end, int worker);

  /// Calls `part(context, ...)` so that each unit of [0, units) is covered exactly once, in any partition, with
  /// 0 <= worker < workers and at most one part per worker at a time; returns when all parts have returned.
  using Function = void (*)(void *host, int units, Part part, void *context);

  Function function = nullptr; ///< null: run here
  void *host = nullptr;        ///< passed to `function`
  int workers = 1;             ///< how many different values `worker` takes
};

/// Computes `units` units through `executor`; returns when all are done.
inline void run(const Executor &executor, int units, Executor::Part part, void *context) {
  if (units <= 0)
    return;
  if (units == 1 || executor.function == nullptr)
    part(context, 0, units, 0);
  else
    executor.function(executor.host, units, part, context);
}

} // namespace v1
} // namespace layerc

#endif // LAYERC_EXECUTOR_H
