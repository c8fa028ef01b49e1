// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// layerc summary and layerc layers.
#include "tools/Compilation.h"
#include "tools/Verbs.h"

#include "frontend/Import.h"
#include "frontend/LayerTable.h"
#include "ir/Flops.h"

#include <iostream>

using namespace mlir;
using namespace layerc;

static int64_t parametersOf(const Layer &layer) {
  int64_t count = 0;
  for (const Array &array : layer.weights) {
    int64_t size = 1;
    for (int64_t d : array.shape)
      size *= d;
    count += size;
  }
  for (const auto &[role, child] : layer.children)
    count += parametersOf(child);
  return count;
}

Exit layerc::summaryVerb(const Options &options) {
  Compilation compilation(options);
  if (Exit exit = compilation.load(); exit != Exit::Done)
    return exit;
  std::cout << print(compilation.graph);
  int64_t parameters = 0;
  for (const Layer &layer : compilation.graph.layers)
    parameters += parametersOf(layer);
  std::cout << "parameters  " << parameters << "\n";
  // Every refusal, not only the first: imported once more in a context that keeps quiet.
  bool refused = false;
  ImportOptions importOptions = compilation.importOptions(options.sizes.front());
  importOptions.onRefused = [&](const Refusal &refusal) {
    refused = true;
    std::cout << "refused     layer '" << refusal.path << "' (" << refusal.className << "): " << refusal.reason << "\n";
  };
  {
    MLIRContext quiet(compilation.context.getDialectRegistry(), MLIRContext::Threading::DISABLED);
    quiet.loadAllAvailableDialects();
    ScopedDiagnosticHandler swallow(&quiet, [](Diagnostic &) { return success(); });
    if (!importModel(compilation.graph, importOptions, quiet) && refused)
      return Exit::BadModel;
  }
  if (Exit exit = compilation.import(); exit != Exit::Done)
    return exit;
  if (Exit exit = compilation.chooseKernels("native"); exit != Exit::Done)
    return exit;
  if (Exit exit = compilation.plan(); exit != Exit::Done)
    return exit;
  std::cout << "weights     " << compilation.program().getWeights() << " bytes\n";
  for (plan::EntryOp entry : compilation.entries()) {
    if (!entry.getSize().empty())
      std::cout << "size        " << entry.getSize().str() << "\n";
    std::cout << "FLOPs       " << static_cast<int64_t>(flopsOf(entry))
              << ", multiplications and additions of products and convolutions\n"
              << "arena       " << entry.getArena() << " bytes\n"
              << "bound       " << entry.getBound() << " bytes, peak of live bytes of this order of steps\n"
              << "unfused     " << entry.getUnfused() << " bytes, the layers one by one\n"
              << "search      " << entry.getSearch().str() << "\n";
  }
  return Exit::Done;
}

Exit layerc::layersVerb(const Options &options) {
  if (options.json)
    printLayersJson(llvm::outs());
  else
    printLayers(llvm::outs());
  return Exit::Done;
}
