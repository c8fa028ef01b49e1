// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a target implies, asked of LLVM feature by feature, in the names that the runtime can test for.
#include "codegen/Print.h"
#include "runtime/include/layerc/cpu.h"

#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Triple.h"

using namespace layerc;

namespace {

struct Feature {
  const char *expression; ///< in the runtime
  const char *llvmName;
};

constexpr Feature kX86Features[] = {
#define LAYERC_FEATURE(name, llvmName, ...) {"layerc::x86::" #name, llvmName},
    LAYERC_X86_FEATURES(LAYERC_FEATURE)
#undef LAYERC_FEATURE
};

constexpr Feature kAarch64Features[] = {
#define LAYERC_FEATURE(name, llvmName, ...) {"layerc::aarch64::" #name, llvmName},
    LAYERC_AARCH64_FEATURES(LAYERC_FEATURE)
#undef LAYERC_FEATURE
};

llvm::ArrayRef<Feature> featuresOf(const llvm::Triple &triple) {
  if (triple.isX86())
    return kX86Features;
  return triple.isAArch64() ? llvm::ArrayRef<Feature>(kAarch64Features) : llvm::ArrayRef<Feature>();
}

} // namespace

std::vector<std::string> layerc::requiredCpuFeatures(const Target &target) {
  llvm::InitializeAllTargetInfos();
  llvm::InitializeAllTargetMCs();
  std::string error;
  const llvm::Target *machine = llvm::TargetRegistry::lookupTarget(target.triple, error);
  if (machine == nullptr)
    return {};
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget(
      machine->createMCSubtargetInfo(target.triple, target.cpu, target.features));
  std::vector<std::string> required;
  for (const Feature &feature : featuresOf(llvm::Triple(target.triple)))
    if (subtarget->checkFeatures(std::string("+") + feature.llvmName))
      required.push_back(feature.expression);
  return required;
}
