// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Multiplications and additions, counted by hand.
#include "ir/Flops.h"

#include "ir/Nn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace layerc;
using namespace mlir;

namespace {

double flops(const std::string &arguments, const std::string &ops) {
  MLIRContext context;
  context.loadDialect<nn::NnDialect, func::FuncDialect>();
  auto module = parseSourceString<ModuleOp>("func.func @f(" + arguments + ") {\n" + ops + "\nreturn\n}", &context);
  EXPECT_TRUE(module) << ops;
  return module ? flopsOf((*module->getOps<func::FuncOp>().begin()).front()) : -1;
}

const std::string kContract =
    "%c = nn.contract %x, %w contracting [1] x [0] : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>\n";

TEST(Flops, Products) {
  EXPECT_EQ(flops("%x: tensor<3x4xf32>, %w: tensor<4x5xf32>", kContract), 2 * 3 * 4 * 5);
  EXPECT_EQ(flops("%x: tensor<2x3x4xf32>, %w: tensor<2x4x5xf32>",
                  "%c = nn.contract %x, %w batch [0] x [0] contracting [2] x [1] : (tensor<2x3x4xf32>, "
                  "tensor<2x4x5xf32>) -> tensor<2x3x5xf32>"),
            2 * 2 * 3 * 4 * 5);
}

TEST(Flops, ConvolutionOfGroups) { // 16 places, 4 filters, 9 taps of the one channel of a group
  EXPECT_EQ(flops("%x: tensor<1x6x6x2xf32>, %k: tensor<3x3x1x4xf32>",
                  "%c = nn.conv %x, %k groups 2 : (tensor<1x6x6x2xf32>, tensor<3x3x1x4xf32>) -> tensor<1x4x4x4xf32>"),
            2 * 16 * 4 * 9);
}

TEST(Flops, TransposedConvolutionWithoutWhatItCrops) { // taps -1 0 1 and 1 2 3 of places 0 to 3
  EXPECT_EQ(flops("%x: tensor<1x2x1xf32>, %k: tensor<3x1x2xf32>",
                  "%c = nn.conv_transpose %x, %k sizes [4] strides [2] crops [1] : (tensor<1x2x1xf32>, "
                  "tensor<3x1x2xf32>) -> tensor<1x4x2xf32>"),
            2 * 5 * 2);
}

TEST(Flops, LocalConvolution) {
  EXPECT_EQ(flops("%x: tensor<2x9x3xf32>, %k: tensor<7x3x3x20xf32>",
                  "%c = nn.local_conv %x, %k : (tensor<2x9x3xf32>, tensor<7x3x3x20xf32>) -> tensor<2x7x20xf32>"),
            2 * 2 * 7 * 3 * 3 * 20);
}

TEST(Flops, EachStepOfAScan) {
  EXPECT_EQ(flops("%s: tensor<6x3x4xf32>, %h: tensor<3x5xf32>, %w: tensor<4x5xf32>",
                  "%l, %q = nn.scan(%x = %s) carry(%p = %h) : (tensor<6x3x4xf32>, tensor<3x5xf32>) -> "
                  "(tensor<3x5xf32>, tensor<6x3x5xf32>) {\n" +
                      kContract + "nn.yield %c, %c : tensor<3x5xf32>, tensor<3x5xf32>\n}"),
            6 * 2 * 3 * 4 * 5);
}

TEST(Flops, NothingElse) {
  EXPECT_EQ(flops("%x: tensor<3x4xf32>", "%r = nn.unary tanh %x : (tensor<3x4xf32>) -> tensor<3x4xf32>"), 0);
}

} // namespace
