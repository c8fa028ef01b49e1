// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weight blobs as files: raw for mapping, or as an ELF object whose one symbol is the blob in read-only data. The data
// are written from where they are; nothing is copied.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Triple.h"

namespace layerc {

/// A blob is written as the runtime's WeightsHeader followed by `data`, which may come in any number of pieces.
struct WeightBlob {
  uint64_t signature = 0; ///< weightsSignature() of the program
  llvm::ArrayRef<llvm::ArrayRef<char>> pieces;
};

/// The bytes that Weights::map_file() reads.
void writeWeightsFile(llvm::raw_ostream &os, const WeightBlob &blob);

/// A relocatable object with the hidden symbol `symbol` (see weightsSymbol()) at a multiple of 64, from 64 KB on of
/// 4096. x86-64, AArch64 and 64-bit RISC-V, little endian, ELF; an error names any other target. Blobs above 1.5 GB are
/// refused: code in the same program could no longer reach its data.
llvm::Error writeWeightsObject(llvm::raw_ostream &os, const WeightBlob &blob, llvm::StringRef symbol,
                               const llvm::Triple &triple);

} // namespace layerc
