// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The errors of one import. A stranger's model may hold several layers that cannot be compiled: all are found, and one
// diagnostic names the first and counts the others.
#pragma once

#include "frontend/Import.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace layerc {

class Refusals {
public:
  /// From here on takes every error that is emitted in `context`, by the layer of its location.
  Refusals(const LayerGraph &graph, mlir::MLIRContext &context);
  /// Later errors of a layer follow from its first and are dropped.
  void add(const std::string &path, const std::string &reason);
  bool empty() const { return refusals_.empty(); }
  size_t size() const { return refusals_.size(); }
  /// Hands errors back to the context: calls options.onRefused for each, then emits the one diagnostic, if any.
  void report(const ImportOptions &options);

private:
  const LayerGraph &graph_;
  mlir::MLIRContext &context_;
  llvm::StringMap<std::string> classes_;
  std::vector<Refusal> refusals_;
  llvm::StringSet<> paths_;
  std::optional<mlir::ScopedDiagnosticHandler> handler_;
};

} // namespace layerc
