// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What kernels need to know of a processor: vector width, registers, caches. No template holds these as numbers.
#pragma once

#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>

namespace layerc {

struct Target {
  std::string name;               ///< as the user gave it: "x86-64-v3", "native", "armv8-a", ...
  std::string triple;             ///< "x86_64-unknown-linux-gnu"
  std::string cpu;                ///< LLVM's CPU name, which implies no feature beyond what the target promises
  std::string features;           ///< LLVM's feature string, "+avx2,+fma"; empty where `cpu` says it all
  std::string tuning = "generic"; ///< LLVM's CPU name for scheduling alone ("tune-cpu")
  int64_t vectorBytes = 16;
  int64_t vectorRegisters = 16;
  bool fma = false;              ///< vector fused multiply-add
  bool masks = false;            ///< masked loads and stores are as fast as plain ones (AVX-512, SVE)
  bool broadcastOperand = false; ///< FMA takes an element broadcast from memory (AVX-512) or a lane (AArch64)
  int64_t l1Bytes = 32 << 10;    ///< in ways of 4 KB
  int64_t l2Bytes = 512 << 10;   ///< usable by one core
  int64_t l3Bytes = 8 << 20;     ///< one core's share
  double fmasPerNanosecond = 0;  ///< f32 fused multiply-adds per ns and core, all lanes, for cost estimates
  double l2BytesPerNanosecond = 0;
  double l3BytesPerNanosecond = 0;
  double memoryBytesPerNanosecond = 0;

  /// Lanes of one vector register for elements of `bytes` bytes.
  int64_t lanes(int64_t bytes = 4) const { return vectorBytes / bytes; }
  /// Estimate for reading `bytes` once, from the cache that so many fit in.
  double readNanoseconds(double bytes) const;
  double cyclesPerNanosecond() const { return fmasPerNanosecond / (2.0 * static_cast<double>(lanes())); }
};

/// The target for `--target-cpu` and `--target-triple` (either may be empty). `native` reads CPUID's feature bits
/// itself: LLVM's guess of a CPU name is wrong under some hypervisors. Without a cpu: x86-64-v3 or armv8-a. Known
/// names: native, x86-64, x86-64-v2, x86-64-v3, x86-64-v4, armv8-a and LLVM CPU names of both architectures.
llvm::Expected<Target> makeTarget(llvm::StringRef cpu, llvm::StringRef triple);

} // namespace layerc
