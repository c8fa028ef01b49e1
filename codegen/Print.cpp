// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The files of the output folder: see Print.h.
#include "codegen/ModelText.h"

using namespace layerc;
using namespace mlir;

static bool isNeeded(StringRef header, const ModelText &model) {
  if (header == "layerc/external.h")
    return !model.externalSteps.empty();
  if (header == "layerc/float_trial.h")
    return llvm::any_of(model.sizes, [](const SizeText &size) { return size.isTried; });
  return header != "layerc/onednn.h" || !externalLibraries(model.program).empty();
}

FailureOr<std::vector<GeneratedFile>> layerc::printProgram(plan::ProgramOp program, const PrintOptions &options) {
  FailureOr<ModelText> model = describeModel(program, options);
  if (failed(model))
    return failure();
  FailureOr<std::string> source = printSource(*model);
  if (failed(source))
    return failure();
  std::vector<GeneratedFile> files = {{options.name + ".h", printHeader(*model)},
                                      {options.name + ".cpp", std::move(*source)},
                                      {options.name + "_c.h", printCHeader(*model)},
                                      {"CMakeLists.txt", printCMakeLists(*model)}};
  for (GeneratedFile &header : runtimeHeaders())
    if (isNeeded(header.name, *model))
      files.push_back(std::move(header));
  return files;
}
