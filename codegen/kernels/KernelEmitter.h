// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What emits a kernel template: one per description in ir/kernels, under the same name.
#pragma once

#include "codegen/KernelBuilder.h"

namespace layerc {

class KernelEmitter {
public:
  virtual ~KernelEmitter() = default;
  /// The algorithm's name, as KernelTemplate::name.
  virtual llvm::StringRef name() const = 0;
  /// Emits units [begin, end) of phase `phase` of `k.kernel`.
  virtual void emitPhase(KernelBuilder &k, unsigned phase, mlir::Value begin, mlir::Value end) const = 0;
};

/// The emitter of an algorithm, or null.
const KernelEmitter *findKernelEmitter(llvm::StringRef name);

const KernelEmitter &attentionEmitter();
const KernelEmitter &convEmitter();
const KernelEmitter &depthwiseEmitter();
const KernelEmitter &loopsEmitter();
const KernelEmitter &scanEmitter();
const KernelEmitter &winogradEmitter();

} // namespace layerc
