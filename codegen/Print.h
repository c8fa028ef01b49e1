// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A plan as C++ text: header, source, C header, build file and the runtime's headers. The plan is legal and complete
// when it comes here; printing decides nothing but how the floating-point mode is set.
#pragma once

#include "ir/Plan.h"
#include "ir/Target.h"

#include "llvm/ADT/StringMap.h"

#include <string>
#include <vector>

namespace layerc {

/// Where a compiled model finds its weights.
enum class StoreWeights {
  Object, ///< in NAME.weights.o, linked into the program
  File,   ///< in NAME.weights, mapped when the program starts
  Caller, ///< in memory that the program hands over
};

struct PrintOptions {
  std::string name;      ///< namespace, file stem and C prefix; refuseModelName() has let it pass
  std::string modelFile; ///< file name of the model, for comments
  StoreWeights storeWeights = StoreWeights::Object;
  Target target;
  std::string precision = "f32";
  int64_t kernelStackBytes = 4096;     ///< the deepest stack of any kernel
  bool denormalsShow = false;          ///< whether kernels raise a flag where flushing denormals would change a result
  llvm::StringMap<std::string> rename; ///< Keras name of an input or output -> C++ name
};

/// A file to write, its name relative to the output folder.
struct GeneratedFile {
  std::string name;
  std::string contents;
};

/// The text files of the output folder, in a fixed order: NAME.h, NAME.cpp, NAME_c.h, CMakeLists.txt, layerc/*.h
/// (layerc/external.h, layerc/float_trial.h and layerc/onednn.h only where they are needed). Fails
/// with a diagnostic on the plan: no entry, a slot without offset, an operand that C++ has no type for.
mlir::FailureOr<std::vector<GeneratedFile>> printProgram(plan::ProgramOp program, const PrintOptions &options);

/// The libraries that a program with `program` must link for code from outside, as the linker knows them: "dnnl",
/// "gomp".
std::vector<std::string> externalLibraries(plan::ProgramOp program);

/// What the weight blob of `program` must carry: which tensors lie where, packed how, and who reads them. Equal for two
/// trainings of one model compiled alike.
uint64_t weightsSignature(plan::ProgramOp program);

/// The features of `target` that a program can look for when it starts, as expressions of layerc/cpu.h
/// ("layerc::x86::avx2"), in the order of that header.
std::vector<std::string> requiredCpuFeatures(const Target &target);

} // namespace layerc
