// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The list of all kernel templates.
#include "ir/kernels/Conv.h"
#include "ir/kernels/Depthwise.h"
#include "ir/kernels/Loops.h"
#include "ir/kernels/Winograd.h"

using namespace layerc;

llvm::ArrayRef<const KernelTemplate *> layerc::kernelTemplates() {
  static const KernelTemplate *const all[] = {&convTemplate(), &winogradTemplate(), &depthwiseTemplate(),
                                             &loopsTemplate()};
  return all;
}

const KernelTemplate *layerc::findKernelTemplate(llvm::StringRef name) {
  for (const KernelTemplate *candidate : kernelTemplates())
    if (candidate->name() == name)
      return candidate;
  return nullptr;
}
