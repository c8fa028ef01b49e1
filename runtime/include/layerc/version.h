// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The version of the runtime headers, which generated code compares with the one it was made for.
// Each compiled model carries its own copy of these headers, and a program may include two models: so the headers use
// named guards (two copies are two files to #pragma once), include each other by the bare name, and put everything into
// an inline namespace of the version.
#ifndef LAYERC_VERSION_H
#define LAYERC_VERSION_H

/// Keeps a symbol inside the program or shared library that it is linked into.
#if defined(__GNUC__)
#define LAYERC_HIDDEN __attribute__((visibility("hidden")))
#else
#define LAYERC_HIDDEN
#endif

namespace layerc {
inline namespace v1 {

/// Rises when generated code and these headers change together. It is also the number of the inline namespace.
inline constexpr int runtime_version = 1;

} // namespace v1
} // namespace layerc

#endif // LAYERC_VERSION_H
