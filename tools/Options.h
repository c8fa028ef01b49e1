// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the command line says. Flags mean the same in every verb.
#pragma once

#include "frontend/CustomLayer.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace layerc {

/// Exit codes of `layerc`.
enum class Exit { Done = 0, BadModel = 1, BadUsage = 2, Diverges = 3, Internal = 4 };

/// One size to compile the model for; where nothing is given, the model's own sizes and a batch of 1.
struct SizeOptions {
  std::optional<int64_t> batch;
  std::map<std::string, std::vector<int64_t>> inputShapes; ///< whole shapes by name of the input
  int64_t stream = 0; ///< time steps of one call that goes on from the last; 0: whole sequences
};

struct Options {
  // Which model.
  std::string model;
  std::string weights;
  std::string name;                          ///< empty: the file's stem
  bool writesCode = false;                   ///< compile: a stem must be a name of C++
  std::vector<SizeOptions> sizes = {{}};     ///< one at least
  std::map<std::string, std::string> rename; ///< Keras name -> C++ name
  CustomLayers custom;
  std::map<std::string, std::string> customLibraries; ///< by symbol: the shared library that run, check and bench load
  // How.
  std::string targetCpu; ///< empty: the verb's default
  std::string targetTriple;
  std::string kernels = "mlir";
  std::string precision = "f32";
  int threads = 1;
  // What.
  std::string outDir = ".";
  std::string storeWeights = "object";
  bool shared = false;
  std::string emit;
  std::string saveStages;
  bool explain = false;
  bool quiet = false;
  bool json = false;
  // run, check, bench
  std::string inputs;
  std::string outputs;
  std::string expect;
  int64_t steps = 0;
  double seconds = 1.0;
};

/// Parses argv. On an error, or after --help and --version, `exit` is set and a message has been printed.
struct ParsedCommand {
  std::string verb;
  Options options;
  std::optional<Exit> exit;
};
ParsedCommand parseCommandLine(int argc, char **argv);

} // namespace layerc
