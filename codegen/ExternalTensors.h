// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operands of external steps as layerc/external.h describes them, for the walker and the printer.
#pragma once

#include "ir/Plan.h"
#include "runtime/include/layerc/external.h"

#include <optional>

namespace layerc {

/// Where in the weight blob a value begins, in bytes; nullopt for what a run computes.
std::optional<int64_t> weightOffset(mlir::Value value);

/// The tensor of an operand; plan.kernel's verifier has seen that its type has one.
layerc_tensor externalTensor(mlir::MemRefType type, const void *data);

/// The enumerator of layerc/external.h: "layerc_float32".
llvm::StringRef externalTypeName(int type);

} // namespace layerc
