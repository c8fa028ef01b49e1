// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What can go wrong when a compiled model is constructed or run. Nothing here throws, aborts or prints.
//
// Example:
//   digits::Model model;
//   if (model.status() != layerc::Status::ok) {
//     std::fprintf(stderr, "digits: %s\n", layerc::message(model.status()));
//     return 1;
//   }
#ifndef LAYERC_STATUS_H
#define LAYERC_STATUS_H

#include "version.h"

namespace layerc {
inline namespace v1 {

/// The result of an operation. The numbers are those of the C interface and never change.
enum class [[nodiscard]] Status : int {
  ok = 0,                   ///< done
  out_of_memory = 1,        ///< the system gave no memory
  arena_too_small = 2,      ///< the caller's arena has fewer bytes than Model::arena_bytes(workers)
  arena_misaligned = 3,     ///< the caller's arena does not begin at a multiple of 64
  cpu_below_target = 4,     ///< this CPU lacks instructions that the model was compiled for
  too_many_workers = 5,     ///< the executor has more workers than the model was constructed for, or fewer than 1
  threads_unavailable = 6,  ///< the system gave fewer threads than asked for
  weights_missing = 7,      ///< no weights were given and none are linked in
  weights_not_found = 8,    ///< the weights file cannot be opened
  weights_unreadable = 9,   ///< the weights file cannot be read or mapped
  weights_misaligned = 10,  ///< the caller's weights do not begin at a multiple of 64
  weights_not_weights = 11, ///< the bytes do not begin as layerc's weights do
  weights_version = 12,     ///< the weights were written in another version of the format
  weights_of_another = 13,  ///< the weights belong to another model or another build of it
  weights_truncated = 14,   ///< the weights end early
  weights_corrupt = 15,     ///< the weights do not match their checksum
  state_of_another = 16,    ///< the saved state belongs to another model or another build of it
  bad_argument = 17,        ///< a null pointer or an options structure of unknown size
  external_failed = 18,     ///< code from outside (oneDNN, a custom layer) cannot compute its step
};

/// The number of codes; every number below it is a code.
inline constexpr int status_count = 19;

/// One clause that describes `status`, without a full stop. Never null.
constexpr const char *message(Status status) noexcept {
  switch (status) {
  case Status::ok:
    return "ok";
  case Status::out_of_memory:
    return "out of memory";
  case Status::arena_too_small:
    return "the arena is too small";
  case Status::arena_misaligned:
    return "the arena is not aligned to 64 bytes";
  case Status::cpu_below_target:
    return "the CPU lacks instructions that the model was compiled for";
  case Status::too_many_workers:
    return "the executor has more workers than the model was constructed for";
  case Status::threads_unavailable:
    return "the system gave fewer threads than asked for";
  case Status::weights_missing:
    return "no weights were given and none are linked in";
  case Status::weights_not_found:
    return "the weights file cannot be opened";
  case Status::weights_unreadable:
    return "the weights file cannot be read";
  case Status::weights_misaligned:
    return "the weights are not aligned to 64 bytes";
  case Status::weights_not_weights:
    return "the bytes are not weights of layerc";
  case Status::weights_version:
    return "the weights have another format version";
  case Status::weights_of_another:
    return "the weights belong to another model or build";
  case Status::weights_truncated:
    return "the weights end early";
  case Status::weights_corrupt:
    return "the weights do not match their checksum";
  case Status::state_of_another:
    return "the saved state belongs to another model or build";
  case Status::bad_argument:
    return "a null pointer or an options structure of unknown size";
  case Status::external_failed:
    return "code from outside cannot compute its step";
  }
  return "unknown status";
}

} // namespace v1
} // namespace layerc

#endif // LAYERC_STATUS_H
