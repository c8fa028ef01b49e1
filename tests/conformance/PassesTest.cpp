// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// No pass changes what a recorded Keras model computes: evaluated before and after each of them, down to the plan's
// bytes. One case of eight, chosen by name; LAYERC_ALL_PASSES=1: every case.
#include "Recorded.h"

#include "frontend/Load.h"
#include "ir/Plan.h"
#include "passes/CheckValues.h"
#include "passes/Pipeline.h"

#include <gtest/gtest.h>

#include <numeric>

using namespace layerc;
using namespace layerc::test;

static std::vector<RecordedCase> chosenCases() {
  std::vector<RecordedCase> cases = recordedCases(recordedFolder());
  if (!std::getenv("LAYERC_ALL_PASSES"))
    std::erase_if(cases, [](const RecordedCase &recorded) {
      return std::accumulate(recorded.name.begin(), recorded.name.end(), 0u) % 8 != 0;
    });
  return cases;
}

class Passes : public testing::TestWithParam<RecordedCase> {};

TEST_P(Passes, KeepValues) {
  absl::StatusOr<Record> record = readRecord(GetParam());
  ASSERT_TRUE(record.ok()) << record.status();
  absl::StatusOr<LayerGraph> graph = loadModel(GetParam().model.string(), GetParam().weights.string());
  ASSERT_TRUE(graph.ok()) << graph.status();
  if (auto refused = refusedClass(*graph))
    GTEST_SKIP() << *refused;
  mlir::MLIRContext context;
  std::string errors;
  mlir::OwningOpRef<mlir::ModuleOp> module = importWith(*graph, *record, context, errors);
  ASSERT_TRUE(module) << errors;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error)
      errors += diagnostic.str() + "\n";
  });
  bool diverged = false;
  mlir::PassManager manager(&context);
  checkValues(manager, diverged);
  buildKernelPipeline(manager, {});
  buildPlanPipeline(manager, {});
  EXPECT_TRUE(mlir::succeeded(manager.run(*module)));
  EXPECT_FALSE(diverged);
  EXPECT_EQ(errors, "");
}

INSTANTIATE_TEST_SUITE_P(Keras, Passes, testing::ValuesIn(chosenCases()),
                         [](const auto &info) { return testName(info.param.name); });
