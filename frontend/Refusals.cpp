// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Errors by layer; see Refusals.h.
#include "frontend/Refusals.h"

#include "ir/Nn.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace layerc;

static void collectClasses(const LayerGraph &graph, llvm::StringMap<std::string> &classes);

static void collectClasses(const Layer &layer, llvm::StringMap<std::string> &classes) {
  classes[layer.path] = layer.className;
  for (const auto &[role, child] : layer.children)
    collectClasses(child, classes);
  if (layer.model)
    collectClasses(*layer.model, classes);
}

static void collectClasses(const LayerGraph &graph, llvm::StringMap<std::string> &classes) {
  for (const Layer &layer : graph.layers)
    collectClasses(layer, classes);
  for (const Call &call : graph.calls)
    classes[call.path] = graph.layers[call.layer].className;
}

Refusals::Refusals(const LayerGraph &graph, MLIRContext &context) : graph_(graph), context_(context) {
  collectClasses(graph, classes_);
  handler_.emplace(&context, [this](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
      return failure();
    SmallVector<std::string> paths = nn::layerPaths(diagnostic.getLocation());
    add(paths.empty() ? "" : paths.front(), diagnostic.str());
    return success();
  });
}

void Refusals::add(const std::string &path, const std::string &reason) {
  if (paths_.insert(path).second)
    refusals_.push_back({path, classes_.lookup(path), reason});
}

void Refusals::report(const ImportOptions &options) {
  handler_.reset();
  if (options.onRefused)
    llvm::for_each(refusals_, options.onRefused);
  if (refusals_.empty())
    return;
  const Refusal &first = refusals_.front();
  InFlightDiagnostic error = emitError(NameLoc::get(StringAttr::get(&context_, first.path))) << graph_.file << ": ";
  if (!first.path.empty())
    error << "layer '" << first.path << "' (" << first.className << "): ";
  error << first.reason;
  if (refusals_.size() > 1)
    error << "; and " << refusals_.size() - 1 << " more: layerc summary " << graph_.file;
}
