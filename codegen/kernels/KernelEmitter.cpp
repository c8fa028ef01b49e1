// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The list of all emitters.
#include "codegen/kernels/KernelEmitter.h"

using namespace layerc;

const KernelEmitter *layerc::findKernelEmitter(llvm::StringRef name) {
  static const KernelEmitter *const all[] = {&attentionEmitter(), &scanEmitter(),      &convEmitter(),
                                             &winogradEmitter(),  &depthwiseEmitter(), &loopsEmitter()};
  for (const KernelEmitter *emitter : all)
    if (emitter->name() == name)
      return emitter;
  return nullptr;
}
