// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The list of all kernel templates.
#include "ir/kernels/Attention.h"
#include "ir/kernels/Conv.h"
#include "ir/kernels/Custom.h"
#include "ir/kernels/Depthwise.h"
#include "ir/kernels/Loops.h"
#include "ir/kernels/OneDnn.h"
#include "ir/kernels/Scan.h"
#include "ir/kernels/Winograd.h"

#include "llvm/ADT/StringSwitch.h"

using namespace layerc;

llvm::ArrayRef<const KernelTemplate *> layerc::kernelTemplates(KernelSource source) {
  static const KernelTemplate *const mlir[] = {&customTemplate(), &attentionTemplate(), &scanTemplate(),
                                               &convTemplate(),   &winogradTemplate(),  &depthwiseTemplate(),
                                               &loopsTemplate()};
  static const KernelTemplate *const oneDnn[] = {&customTemplate(),    &attentionTemplate(), &scanTemplate(),
                                                 &oneDnnTemplate(),    &convTemplate(),      &winogradTemplate(),
                                                 &depthwiseTemplate(), &loopsTemplate()};
  static const KernelTemplate *const either[] = {&customTemplate(), &attentionTemplate(), &scanTemplate(),
                                                 &convTemplate(),   &winogradTemplate(),  &depthwiseTemplate(),
                                                 &oneDnnTemplate(), &loopsTemplate()};
  switch (source) {
  case KernelSource::Mlir:
    return mlir;
  case KernelSource::OneDnn:
    return oneDnn;
  case KernelSource::Auto:
    return either;
  }
  llvm_unreachable("no other source");
}

std::optional<KernelSource> layerc::findKernelSource(llvm::StringRef name) {
  return llvm::StringSwitch<std::optional<KernelSource>>(name)
      .Case("mlir", KernelSource::Mlir)
      .Case("onednn", KernelSource::OneDnn)
      .Case("auto", KernelSource::Auto)
      .Default(std::nullopt);
}

const KernelTemplate *layerc::findKernelTemplate(llvm::StringRef name) {
  for (const KernelTemplate *candidate : kernelTemplates(KernelSource::Auto))
    if (candidate->name() == name)
      return candidate;
  return nullptr;
}
