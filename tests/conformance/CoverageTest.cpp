// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every layer and operation that layerc knows is in a model that real Keras recorded, in each form in which files have
// it. The few that cannot be are listed here with the reason.
#include "Recorded.h"

#include "frontend/LayerTable.h"
#include "frontend/Load.h"
#include "frontend/TensorFlowNames.h"

#include <gtest/gtest.h>

using namespace layerc;
using namespace layerc::test;

namespace {

/// What the recorded models hold.
struct Seen {
  std::set<const LayerRow *> rows;
  std::set<std::string> functions; ///< of TFOpLambda and SlicingOpLambda
  std::set<std::string> nodes;     ///< of TensorFlowOpLayer
};

struct Exception {
  RowKind kind;
  const char *name, *reason;
};

} // namespace

static constexpr Exception kWithoutRecord[] = {
    {RowKind::Layer, "GroupedQueryAttention", "Keras' word in code; files say GroupQueryAttention"},
    {RowKind::Operation, "Abs", "Keras' word in code; files say Absolute"},
    {RowKind::Operation, "Conj", "Keras' word in code; files say Conjugate"},
    {RowKind::Operation, "AddN", "TensorFlow's alone; recorded as a function and as a node"},
    {RowKind::Operation, "SquaredDifference", "TensorFlow's alone; recorded as a function and as a node"},
    {RowKind::Operation, "Shape", "TensorFlow's alone; recorded as a function and as a node"},
};

/// Operations that TensorFlow has but tf_keras does not write as one function.
static constexpr Exception kWithoutFunction[] = {
    {RowKind::Operation, "BatchNorm", "TensorFlow 2.21 writes the functions inside it"},
    {RowKind::Operation, "LogicalXor", "TensorFlow 2.21 writes the functions inside it"},
};

static void collect(const Layer &layer, Seen &seen) {
  seen.rows.insert(findLayer(layer));
  const std::string function =
      layer.className == "SlicingOpLambda" ? "__operators__.getitem" : stringOr(layer.config, "function", "");
  if (layer.className == "TFOpLambda" || layer.className == "SlicingOpLambda")
    seen.functions.insert(function);
  if (layer.className == "TensorFlowOpLayer")
    seen.nodes.insert(stringOr(at(layer.config, "node_def"), "op", ""));
  for (const auto &[role, child] : layer.children)
    collect(child, seen);
}

static Seen recordedModels() {
  Seen seen;
  for (const RecordedCase &recorded : recordedCases(recordedFolder()))
    if (absl::StatusOr<LayerGraph> graph = loadModel(recorded.model.string(), recorded.weights.string()); graph.ok())
      for (const Layer &layer : graph->layers)
        collect(layer, seen);
  return seen;
}

static bool isExcepted(llvm::ArrayRef<Exception> exceptions, RowKind kind, llvm::StringRef name) {
  return llvm::any_of(exceptions, [&](const Exception &e) { return e.kind == kind && name == e.name; });
}

/// Operations for which TensorFlow has a name of which none is recorded.
static void expectEach(llvm::ArrayRef<TensorFlowName> names, const std::set<std::string> &seen,
                       llvm::ArrayRef<Exception> exceptions, const char *form) {
  std::set<std::string> recorded;
  for (const TensorFlowName &name : names)
    if (seen.count(name.theirs))
      recorded.insert(name.operation);
  for (const TensorFlowName &name : names)
    EXPECT_NE(recorded.count(name.operation) != 0, isExcepted(exceptions, RowKind::Operation, name.operation))
        << name.operation << " as " << form << ": no recorded case, or one and an exception";
}

TEST(Coverage, EveryRowIsInARecordedModel) {
  const Seen seen = recordedModels();
  ASSERT_FALSE(seen.rows.empty()) << "no recorded cases in " << recordedFolder();
  for (const LayerRow &row : layerTable())
    if (row.import) {
      EXPECT_NE(seen.rows.count(&row) != 0, isExcepted(kWithoutRecord, row.kind, row.className))
          << row.className << ": no recorded case, or one and an exception";
    }
  expectEach(tensorFlowFunctions(), seen.functions, kWithoutFunction, "TFOpLambda");
  expectEach(tensorFlowNodes(), seen.nodes, {}, "TensorFlowOpLayer");
}
