// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the printer refuses, and what the signatures depend on. The text itself is in examples/digits/generated.
#include "codegen/Print.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace layerc;

namespace {

constexpr const char *kProgram = R"(
plan.program @tiny weights(64) {
  plan.weight @w0 offset(0) bytes(16) {
    %w = nn.weight "WEIGHT" : tensor<4xf32>
    nn.yield %w : tensor<4xf32>
  }
  plan.kernel @add_4 algorithm("loops") tile [] units [1] shared(0) worker(0) [memref<4xf32>, memref<4xf32>] -> [memref<4xf32>] {
  ^bb0(%x: tensor<4xf32>, %w: tensor<4xf32>):
    %y = nn.binary add %x, %w : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    nn.yield %y : tensor<4xf32>
  }
  plan.entry batch(1) target("x86-64") arena(64) bound(16) unfused(16) search("proved") worker(0) {
    %x = plan.input "INPUT" : memref<4xf32>
    %y = plan.output "y" : memref<4xf32>
    %w = plan.weight_ref @w0 : memref<4xf32>
    %s = plan.slot bytes(16) live [0, 1] OFFSET
    %v = plan.view %s offset(0) : !plan.slot to memref<4xf32>
    plan.step @add_4 (%x, %w) -> (%v) layers ["a"] : (memref<4xf32>, memref<4xf32>) -> memref<4xf32>
    plan.step @add_4 (%v, %w) -> (%y) layers ["b"] : (memref<4xf32>, memref<4xf32>) -> memref<4xf32>
  }
  EXTRA
}
)";

class PrintTest : public ::testing::Test {
protected:
  PrintTest() {
    context.loadDialect<nn::NnDialect, plan::PlanDialect>();
    context.getDiagEngine().registerHandler([this](mlir::Diagnostic &d) { message = d.str(); });
  }

  /// The program with words replaced.
  plan::ProgramOp parse(std::string offset = "offset(0)", std::string weight = "dense_3/kernel", std::string extra = "",
                        std::string input = "x") {
    std::string text = kProgram;
    auto replace = [&text](const std::string &word, const std::string &value) {
      text.replace(text.find(word), word.size(), value);
    };
    replace("OFFSET", offset);
    replace("WEIGHT", weight);
    replace("EXTRA", extra);
    replace("INPUT", input);
    modules.push_back(mlir::parseSourceString<mlir::ModuleOp>(text, &context));
    return *modules.back()->getOps<plan::ProgramOp>().begin();
  }

  PrintOptions options() {
    PrintOptions result;
    result.name = "tiny";
    result.target = llvm::cantFail(makeTarget("x86-64", "x86_64-unknown-linux-gnu"));
    return result;
  }

  std::string text(plan::ProgramOp program, llvm::StringRef name) {
    auto files = printProgram(program, options());
    for (const GeneratedFile &file : *files)
      if (file.name == name)
        return file.contents;
    return "";
  }

  mlir::MLIRContext context;
  std::vector<mlir::OwningOpRef<mlir::ModuleOp>> modules;
  std::string message;
};

TEST_F(PrintTest, WritesTheFilesInAFixedOrder) {
  auto files = printProgram(parse(), options());
  ASSERT_TRUE(mlir::succeeded(files));
  std::vector<std::string> names;
  for (const GeneratedFile &file : *files)
    names.push_back(file.name);
  EXPECT_EQ(std::vector<std::string>(names.begin(), names.begin() + 4),
            (std::vector<std::string>{"tiny.h", "tiny.cpp", "tiny_c.h", "CMakeLists.txt"}));
  for (const char *header : {"layerc/arena.h", "layerc/kernel.h", "layerc/pool.h", "layerc/weights.h"})
    EXPECT_TRUE(std::find(names.begin(), names.end(), header) != names.end()) << header;
}

TEST_F(PrintTest, RefusesASlotWithoutOffset) {
  EXPECT_TRUE(mlir::failed(printProgram(parse(""), options())));
  EXPECT_EQ(message, "'plan.slot' op has no offset: run plan-memory before printing");
}

TEST_F(PrintTest, RefusesAProgramWithoutEntries) {
  plan::ProgramOp program = parse();
  plan::entriesOf(program).front().erase();
  EXPECT_TRUE(mlir::failed(printProgram(program, options())));
  EXPECT_EQ(message, "'plan.program' op expects an entry to print");
}

TEST_F(PrintTest, WeightsOfAnotherTrainingFit) {
  uint64_t first = weightsSignature(parse());
  EXPECT_EQ(first, weightsSignature(parse("offset(0)", "dense_17/kernel")));
  EXPECT_EQ(first, weightsSignature(parse("offset(0)", "dense_3/kernel", "", "picture")));
  auto moved = parse();
  (*moved.getOps<plan::WeightOp>().begin()).setBytes(32);
  EXPECT_NE(first, weightsSignature(moved));
}

TEST_F(PrintTest, SignatureFollowsNamesAndShapes) {
  auto line = [this](plan::ProgramOp program) {
    std::string header = text(program, "tiny.h");
    size_t begin = header.find("std::uint64_t signature");
    return header.substr(begin, header.find('\n', begin) - begin);
  };
  EXPECT_EQ(line(parse()), line(parse("offset(0)", "other")));
  EXPECT_NE(line(parse()), line(parse("offset(0)", "w", "", "picture")));
}

TEST_F(PrintTest, AsksForTheFeaturesOfTheTarget) {
  auto features = [](const char *cpu, const char *triple) {
    return requiredCpuFeatures(llvm::cantFail(makeTarget(cpu, triple)));
  };
  auto has = [](const std::vector<std::string> &list, const char *name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  EXPECT_TRUE(features("x86-64", "x86_64-unknown-linux-gnu").empty());
  auto level3 = features("x86-64-v3", "x86_64-unknown-linux-gnu");
  EXPECT_TRUE(has(level3, "layerc::x86::avx2") && has(level3, "layerc::x86::fma") && has(level3, "layerc::x86::lzcnt"));
  EXPECT_FALSE(has(level3, "layerc::x86::avx512f"));
  EXPECT_TRUE(has(features("x86-64-v4", "x86_64-unknown-linux-gnu"), "layerc::x86::avx512vl"));
  EXPECT_EQ(features("armv8-a", "aarch64-unknown-linux-gnu"), (std::vector<std::string>{"layerc::aarch64::neon"}));
}

} // namespace
