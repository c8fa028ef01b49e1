// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The judge of passes must catch a pass that is wrong, so wrong ones are made here.
#include "passes/CheckValues.h"
#include "passes/Pipeline.h"

#include "ir/Plan.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/Pass.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace layerc;
using namespace mlir;

namespace {

TensorData floats(MLIRContext &context, std::vector<double> numbers) {
  TensorData data =
      makeTensor(RankedTensorType::get({static_cast<int64_t>(numbers.size())}, Float32Type::get(&context)));
  for (size_t i = 0; i < numbers.size(); ++i)
    data.set(i, {numbers[i], 0});
  return data;
}

TEST(FirstDifference, RoundingIsNoDifference) {
  MLIRContext context;
  EXPECT_FALSE(firstDifference({floats(context, {100, 1e-5})}, {floats(context, {100.001, 5e-4})}));
}

TEST(FirstDifference, NamesTheFirstElement) {
  MLIRContext context;
  auto difference = firstDifference({floats(context, {1, 2, 3})}, {floats(context, {1, 2.1, 4})});
  ASSERT_TRUE(difference);
  EXPECT_EQ(difference->index, SmallVector<int64_t>{1});
  EXPECT_EQ(difference->before.real, 2);
}

TEST(FirstDifference, NanAndInfinityKeepTheirPlaces) {
  MLIRContext context;
  TensorData odd = floats(context, {NAN, INFINITY, 1});
  EXPECT_FALSE(firstDifference({odd}, {odd}));
  EXPECT_TRUE(firstDifference({odd}, {floats(context, {0, INFINITY, 1})}));
  EXPECT_TRUE(firstDifference({odd}, {floats(context, {NAN, -INFINITY, 1})}));
  EXPECT_TRUE(firstDifference({odd}, {floats(context, {NAN, INFINITY, NAN})}));
}

/// Turns every `from` into `to`, which is right only if the two are the same function.
struct ReplaceUnary : PassWrapper<ReplaceUnary, OperationPass<func::FuncOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ReplaceUnary)
  ReplaceUnary(nn::UnaryFunction from, nn::UnaryFunction to) : from(from), to(to) {}
  StringRef getArgument() const override { return "replace-unary"; }
  void runOnOperation() override {
    getOperation().walk([&](nn::UnaryOp op) {
      if (op.getFunction() == from)
        op.setFunction(to);
    });
  }
  nn::UnaryFunction from, to;
};

/// Runs ReplaceUnary on relu and returns the errors.
std::vector<std::string> errorsOfReplacing(nn::UnaryFunction from, nn::UnaryFunction to) {
  MLIRContext context;
  context.loadDialect<nn::NnDialect, func::FuncDialect>();
  auto module = parseSourceString<ModuleOp>(R"mlir(
    func.func @f(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
      %0 = nn.unary relu %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
      return %0 : tensor<4x8xf32>
    })mlir",
                                            &context);
  std::vector<std::string> errors;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) { errors.push_back(diagnostic.str()); });
  bool diverged = false;
  PassManager manager(&context);
  checkValues(manager, diverged);
  manager.addNestedPass<func::FuncOp>(std::make_unique<ReplaceUnary>(from, to));
  EXPECT_TRUE(succeeded(manager.run(*module)));
  EXPECT_EQ(diverged, !errors.empty());
  return errors;
}

TEST(CheckValues, RightPassIsSilent) {
  EXPECT_TRUE(errorsOfReplacing(nn::UnaryFunction::Exp, nn::UnaryFunction::Log).empty());
}

TEST(CheckValues, WrongPassIsNamed) {
  std::vector<std::string> errors = errorsOfReplacing(nn::UnaryFunction::Relu, nn::UnaryFunction::Abs);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_NE(errors[0].find("replace-unary changes result 0 at [0, "), std::string::npos) << errors[0];
}

/// Puts every slot at the start of the arena.
struct StackSlots : PassWrapper<StackSlots, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(StackSlots)
  StringRef getArgument() const override { return "stack-slots"; }
  void runOnOperation() override {
    getOperation().walk([](plan::SlotOp slot) { slot.setOffset(0); });
  }
};

TEST(CheckValues, WrongPlanIsNamed) {
  MLIRContext context;
  context.loadDialect<nn::NnDialect, func::FuncDialect>();
  auto module = parseSourceString<ModuleOp>(R"mlir(
    func.func @f(%x: tensor<4x8xf32>) -> tensor<4x1xf32> {
      %0 = nn.softmax %x axes [0] : (tensor<4x8xf32>) -> tensor<4x8xf32>
      %1 = nn.softmax %0 axes [1] : (tensor<4x8xf32>) -> tensor<4x8xf32>
      %2 = nn.softmax %1 axes [0] : (tensor<4x8xf32>) -> tensor<4x8xf32>
      %3 = nn.binary sub %2, %0 : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
      %4 = nn.slice %3 starts [0, 0] sizes [4, 1] : (tensor<4x8xf32>) -> tensor<4x1xf32>
      return %4 : tensor<4x1xf32>
    })mlir",
                                            &context);
  std::vector<std::string> errors;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      errors.push_back(diagnostic.str());
  });
  bool diverged = false;
  PassManager manager(&context);
  checkValues(manager, diverged);
  buildKernelPipeline(manager, {});
  buildPlanPipeline(manager, {});
  manager.addPass(std::make_unique<StackSlots>());
  ASSERT_TRUE(succeeded(manager.run(*module)));
  EXPECT_TRUE(diverged);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_NE(errors[0].find("stack-slots changes result 0 at [0, 0]"), std::string::npos) << errors[0];
}

} // namespace
