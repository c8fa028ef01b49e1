// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Targets by name: the features an x86-64 level stands for, and the numbers of each class of vector unit.
// Machine bandwidths are estimates for choosing between kernels, not promises; they rank choices, nothing else.
#include "ir/Target.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

using namespace layerc;
using llvm::StringRef;

namespace {

/// What the psABI's levels add to the level before: see "x86-64 psABI, micro-architecture levels".
constexpr StringRef kLevelFeatures[] = {"", "+cx16,+popcnt,+sahf,+sse3,+ssse3,+sse4.1,+sse4.2",
                                        "+avx,+avx2,+bmi,+bmi2,+f16c,+fma,+lzcnt,+movbe",
                                        "+avx512f,+avx512bw,+avx512cd,+avx512dq,+avx512vl"};
constexpr StringRef kLevelNames[] = {"x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"};
constexpr int kLevels = 4;

std::string featuresOfLevel(int level) {
  std::string features;
  for (int i = 1; i <= level; ++i)
    features += (features.empty() ? "" : ",") + kLevelFeatures[i].str();
  return features;
}

/// Numbers of a vector unit. Rates are of one core near 3 GHz with two arithmetic pipes, measured where a machine was
/// at hand (AVX-512: 92 FMA/ns, L2 181, L3 30, memory 16 bytes/ns), else two vectors per cycle and half a line per
/// cycle.
void setAvx512(Target &target) {
  target.vectorBytes = 64;
  target.vectorRegisters = 32;
  target.fma = target.masks = target.broadcastOperand = true;
  target.l2Bytes = 1 << 20; // of 2 MB; bandwidth falls from 1.4 MB on, and smaller parts have 1 MB
  target.fmasPerNanosecond = 92;
  target.l2BytesPerNanosecond = 181;
  target.l3BytesPerNanosecond = 30;
  target.memoryBytesPerNanosecond = 16;
}

void setAvx2(Target &target) {
  target.vectorBytes = 32;
  target.fma = true;
  target.fmasPerNanosecond = 48;
  target.l2BytesPerNanosecond = 90;
  target.l3BytesPerNanosecond = 30;
  target.memoryBytesPerNanosecond = 16;
}

void setAvx(Target &target) { // eight lanes, but a multiplication and an addition instead of one FMA
  setAvx2(target);
  target.fma = false;
  target.fmasPerNanosecond = 24;
}

void setSse(Target &target) {
  target.fmasPerNanosecond = 12;
  target.l2BytesPerNanosecond = 60;
  target.l3BytesPerNanosecond = 20;
  target.memoryBytesPerNanosecond = 10;
}

void setNeon(Target &target) {
  target.vectorRegisters = 32;
  target.fma = target.broadcastOperand = true;
  target.fmasPerNanosecond = 20;
  target.l2BytesPerNanosecond = 60;
  target.l3BytesPerNanosecond = 20;
  target.memoryBytesPerNanosecond = 10;
}

void setLevel(Target &target, int level) {
  target.cpu = kLevelNames[level];
  target.features = featuresOfLevel(level);
  level == 3 ? setAvx512(target) : level == 2 ? setAvx2(target) : setSse(target);
}

#if defined(__x86_64__)

struct CpuidRegisters {
  unsigned a = 0, b = 0, c = 0, d = 0;
};

CpuidRegisters cpuid(unsigned leaf, unsigned subleaf = 0) {
  CpuidRegisters r;
  __get_cpuid_count(leaf, subleaf, &r.a, &r.b, &r.c, &r.d); // leaves zeros for a leaf the processor does not have
  return r;
}

/// Register files that the operating system saves (XCR0); 0 when it saves none beyond SSE.
uint64_t savedRegisters() {
  if ((cpuid(1).c >> 27 & 1) == 0) // OSXSAVE
    return 0;
  unsigned low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t(high) << 32 | low;
}

bool hasAll(unsigned bits, std::initializer_list<int> wanted) {
  return llvm::all_of(wanted, [&](int bit) { return (bits >> bit & 1) != 0; });
}

/// The highest level of which this processor has every feature.
int hostLevel() {
  CpuidRegisters basic = cpuid(1), extended = cpuid(7), amd = cpuid(0x80000001);
  uint64_t saved = savedRegisters();
  if (!hasAll(basic.c, {0, 9, 13, 19, 20, 23}) || !hasAll(amd.c, {0})) // sse3 ssse3 cx16 sse4.1 sse4.2 popcnt; sahf
    return 0;
  bool ymmSaved = (saved & 0x6) == 0x6, zmmSaved = (saved & 0xe6) == 0xe6;
  if (!ymmSaved || !hasAll(basic.c, {12, 22, 28, 29}) ||
      !hasAll(extended.b, {3, 5, 8}) || // fma movbe avx f16c; bmi avx2 bmi2
      !hasAll(amd.c, {5}))              // lzcnt
    return 1;
  return zmmSaved && hasAll(extended.b, {16, 17, 28, 30, 31}) ? 3 : 2; // avx512 f dq cd bw vl
}

/// A processor whose scheduling model suits this one, by features that only one maker's processors have.
StringRef hostTuning(int level) {
  bool isAmd = hasAll(cpuid(0x80000001).c, {6}); // sse4a
  if (level == 3)
    return isAmd ? "znver4" : hasAll(cpuid(7).d, {24}) /* amx-tile */ ? "sapphirerapids" : "skylake-avx512";
  if (level == 2)
    return isAmd ? "znver3" : "haswell";
  return "generic";
}

#endif

llvm::Error setNative(Target &target, const llvm::Triple &triple) {
#if defined(__x86_64__)
  if (triple.isX86()) {
    int level = hostLevel();
    setLevel(target, level);
    target.tuning = hostTuning(level);
    return llvm::Error::success();
  }
#elif defined(__aarch64__)
  if (triple.isAArch64()) {
    target.cpu = "generic";
    target.features = "+neon";
    setNeon(target);
    return llvm::Error::success();
  }
#endif
  return llvm::createStringError("target cpu native is not a processor of %s", triple.str().c_str());
}

/// The class of a processor that LLVM knows by name.
llvm::Error setNamed(Target &target, StringRef cpu, const llvm::Triple &triple) {
  llvm::InitializeAllTargetInfos();
  llvm::InitializeAllTargetMCs();
  std::string error;
  const llvm::Target *backend = llvm::TargetRegistry::lookupTarget(triple.str(), error);
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget(backend ? backend->createMCSubtargetInfo(triple.str(), "", "")
                                                           : nullptr);
  if (!subtarget || !subtarget->isCPUStringValid(cpu))
    return llvm::createStringError("unknown target cpu %s for %s", cpu.str().c_str(), triple.str().c_str());
  subtarget.reset(backend->createMCSubtargetInfo(triple.str(), cpu, ""));
  target.cpu = cpu;
  target.tuning = cpu;
  if (triple.isAArch64())
    setNeon(target);
  else if (subtarget->checkFeatures("+avx512f,+avx512bw,+avx512dq,+avx512vl"))
    setAvx512(target);
  else if (subtarget->checkFeatures("+avx2,+fma"))
    setAvx2(target);
  else if (subtarget->checkFeatures("+avx"))
    setAvx(target);
  else
    setSse(target);
  return llvm::Error::success();
}

bool isX86Name(StringRef cpu) { return llvm::is_contained(kLevelNames, cpu); }
bool isArmName(StringRef cpu) { return cpu == "armv8-a" || cpu == "aarch64"; }

llvm::Triple tripleFor(StringRef cpu, StringRef triple) {
  if (!triple.empty())
    return llvm::Triple(llvm::Triple::normalize(triple));
  bool hostIsArm = llvm::Triple(llvm::sys::getDefaultTargetTriple()).isAArch64();
  bool isArm = isArmName(cpu) || (hostIsArm && !isX86Name(cpu));
  return llvm::Triple(isArm ? "aarch64-unknown-linux-gnu" : "x86_64-unknown-linux-gnu");
}

/// 48 KB in Intel's cores since Sunny Cove, 32 KB in all others here; ways of 4 KB.
int64_t l1BytesOf(StringRef tuning) {
  static constexpr StringRef large[] = {"icelake-client", "icelake-server", "tigerlake",
                                        "rocketlake",     "alderlake",      "raptorlake",
                                        "sapphirerapids", "emeraldrapids",  "graniterapids"};
  return (llvm::is_contained(large, tuning) ? 48 : 32) << 10;
}

llvm::Error setCpu(Target &target, const llvm::Triple &triple) {
  StringRef cpu = target.name;
  if (cpu == "native")
    return setNative(target, triple);
  if (triple.isX86())
    for (int level = 0; level < kLevels; ++level)
      if (cpu == kLevelNames[level]) {
        setLevel(target, level);
        return llvm::Error::success();
      }
  if (triple.isAArch64() && isArmName(cpu)) {
    target.cpu = "generic";
    target.features = "+neon";
    setNeon(target);
    return llvm::Error::success();
  }
  return setNamed(target, cpu, triple);
}

} // namespace

llvm::Expected<Target> layerc::makeTarget(StringRef cpu, StringRef triple) {
  llvm::Triple resolved = tripleFor(cpu, triple);
  if (resolved.getArch() != llvm::Triple::x86_64 && resolved.getArch() != llvm::Triple::aarch64)
    return llvm::createStringError("target triple %s is neither x86_64 nor aarch64", resolved.str().c_str());
  Target target;
  target.triple = resolved.str();
  target.name = !cpu.empty() ? cpu.str() : resolved.isAArch64() ? "armv8-a" : "x86-64-v3";
  if (llvm::Error error = setCpu(target, resolved))
    return error;
  target.l1Bytes = l1BytesOf(target.tuning);
  return target;
}

double Target::readNanoseconds(double bytes) const {
  double rate = bytes <= static_cast<double>(l2Bytes)   ? l2BytesPerNanosecond
                : bytes <= static_cast<double>(l3Bytes) ? l3BytesPerNanosecond
                                                        : memoryBytesPerNanosecond;
  return bytes / rate;
}
