// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The native code of a program, made in process by LLVM: kernels are optimised side by side and emitted as one object.
#pragma once

#include "ir/Plan.h"
#include "ir/Target.h"

#include "llvm/Support/Error.h"

namespace layerc {

enum class NativeForm { Object, Assembly, LlvmIr };

struct NativeCode {
  std::string bytes;          ///< of an object, or text
  bool denormalsShow = false; ///< see codegen/DenormalsShow.h
};

/// All kernels of `program` as one relocatable object (`NAME.kernels.o`), as its assembly or as its LLVM
/// IR. The same program and target give the same bytes. `threads` 0: one per processor. Errors are mistakes of ours: a
/// kernel that does not verify, or an object that needs a symbol beyond libc's memory functions and libm.
llvm::Expected<NativeCode> emitNativeCode(plan::ProgramOp program, const Target &target, NativeForm form,
                                          unsigned threads = 0);

/// The undefined symbols of an object file.
llvm::Expected<std::vector<std::string>> undefinedSymbols(llvm::StringRef object);

/// A bound in bytes of the stack that a phase in an object of emitNativeCode uses, what it calls included; libm's
/// functions are taken to need at most `kLibraryStackBytes`.
inline constexpr int64_t kLibraryStackBytes = 1024;
llvm::Expected<int64_t> stackBytes(llvm::StringRef object);

/// Whether native kernels may need `symbol` from outside: libc's memory functions and libm.
bool isAllowedSymbol(llvm::StringRef symbol);

} // namespace layerc
