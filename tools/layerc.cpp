// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// layerc: compiles Keras models to C++.
#include "tools/Verbs.h"

#include <cstdlib>
#include <map>

using namespace layerc;

int main(int argc, char **argv) {
  ParsedCommand command = parseCommandLine(argc, argv);
  if (command.exit)
    return static_cast<int>(*command.exit);
  static const std::map<std::string, Exit (*)(const Options &)> verbs = {
      {"compile", compileVerb}, {"run", runVerb},         {"check", checkVerb},
      {"bench", benchVerb},     {"summary", summaryVerb}, {"layers", layersVerb}};
  return static_cast<int>(verbs.at(command.verb)(command.options));
}
