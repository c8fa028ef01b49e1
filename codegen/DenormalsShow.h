// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whether a kernel's code lets layerc::FloatTrial see every denormal that it meets.
#pragma once

namespace llvm {
class Module;
}

namespace layerc {

/// Whether `module`, optimised code for x86, uses f32 only in ways in which an operand or result that flushing would
/// change raises a status flag: arithmetic, comparisons, moves, signs. Not so floor, which makes -1 of a negative
/// denormal in silence, nor the bits of a number as an integer, nor functions of libm.
bool denormalsShow(const llvm::Module &module);

} // namespace layerc
