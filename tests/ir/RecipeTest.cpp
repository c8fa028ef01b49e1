// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weight recipes: values worked out by hand, agreement with Evaluate on compositions, hashes, and where views are kept.
#include "ir/Recipe.h"

#include "ir/Evaluate.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

#include <cstring>

using namespace layerc;
using namespace mlir;

namespace {

class RecipeTest : public testing::Test {
protected:
  RecipeTest() { context.loadDialect<nn::NnDialect, func::FuncDialect>(); }

  void add(const std::string &name, llvm::ArrayRef<int64_t> shape, std::vector<float> values) {
    std::vector<char> bytes(values.size() * 4);
    std::memcpy(bytes.data(), values.data(), bytes.size());
    weights.addOwned(name, RankedTensorType::get(shape, Float32Type::get(&context)), std::move(bytes));
  }

  /// The value returned by a function of the given body, which ends in `return %r : TYPE`.
  Value parse(const std::string &body, const std::string &type) {
    modules.push_back(parseSourceString<ModuleOp>(
        "func.func @f() -> " + type + " {\n" + body + "\nreturn %r : " + type + "\n}", &context));
    EXPECT_TRUE(modules.back()) << body;
    auto function = *modules.back()->getOps<func::FuncOp>().begin();
    return function.front().getTerminator()->getOperand(0);
  }

  std::vector<char> run(Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    std::vector<char> out(type.getNumElements() * elementBytes(type.getElementType()), '\x7f');
    llvm::Error error = runRecipe(value, weights, out);
    EXPECT_FALSE(error) << llvm::toString(std::move(error));
    return out;
  }

  std::vector<float> floats(Value value) {
    std::vector<char> bytes = run(value);
    std::vector<float> numbers(bytes.size() / 4);
    std::memcpy(numbers.data(), bytes.data(), bytes.size());
    return numbers;
  }

  void expectAsEvaluated(Value value) { EXPECT_EQ(run(value), Evaluator(weights).evaluate(value).bytes); }

  MLIRContext context;
  WeightStore weights;
  std::vector<OwningOpRef<ModuleOp>> modules;
};

using Floats = std::vector<float>;

TEST_F(RecipeTest, Views) {
  add("w", {2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(floats(parse("%r = nn.weight \"w\" : tensor<2x3xf32>", "tensor<2x3xf32>")), (Floats{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(floats(parse(R"(%w = nn.weight "w" : tensor<2x3xf32>
    %t = nn.transpose %w permutation [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
    %v = nn.reverse %t axes [0] : (tensor<3x2xf32>) -> tensor<3x2xf32>
    %s = nn.slice %v starts [1, 0] sizes [2, 2] : (tensor<3x2xf32>) -> tensor<2x2xf32>
    %r = nn.reshape %s shape [4] : (tensor<2x2xf32>) -> tensor<4xf32>)",
                         "tensor<4xf32>")),
            (Floats{2, 5, 1, 4}));
}

TEST_F(RecipeTest, FoldedBatchNormalization) {
  // kernel * gamma / sqrt(variance + epsilon), two filters: scale 2 / sqrt(3 + 1) = 1 and 6 / sqrt(8 + 1) = 2.
  add("kernel", {2, 1, 2}, {1, 2, 3, 4});
  add("gamma", {2}, {2, 6});
  add("variance", {2}, {3, 8});
  Value folded = parse(R"(%k = nn.weight "kernel" : tensor<2x1x2xf32>
    %g = nn.weight "gamma" : tensor<2xf32>
    %v = nn.weight "variance" : tensor<2xf32>
    %e = nn.constant dense<1.0> : tensor<f32>
    %a = nn.binary add %v, %e : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
    %q = nn.unary rsqrt %a : (tensor<2xf32>) -> tensor<2xf32>
    %s = nn.binary mul %g, %q : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    %m = nn.binary mul %k, %s : (tensor<2x1x2xf32>, tensor<2xf32>) -> tensor<2x1x2xf32>
    %r = nn.pack %m <"panels" columns = 4 groups = 1> : (tensor<2x1x2xf32>) -> tensor<1x1x2x4xf32>)",
                       "tensor<1x1x2x4xf32>");
  EXPECT_EQ(floats(folded), (Floats{1, 4, 0, 0, 3, 8, 0, 0}));
}

TEST_F(RecipeTest, WinogradOfTheCentreTap) {
  add("k", {3, 3, 1, 1}, {0, 0, 0, 0, 16, 0, 0, 0, 0});
  std::string packed = R"(%k = nn.weight "k" : tensor<3x3x1x1xf32>
    %p = nn.pack %k <"winograd2" columns = 1 groups = 1> : (tensor<3x3x1x1xf32>) -> tensor<1x1x16x1xf32>)";
  // The middle column of G is 0, 1/2, -1/2, 0.
  EXPECT_EQ(floats(parse(packed + "\n%r = nn.unary abs %p : (tensor<1x1x16x1xf32>) -> tensor<1x1x16x1xf32>",
                         "tensor<1x1x16x1xf32>")),
            (Floats{0, 0, 0, 0, 0, 4, 4, 0, 0, 4, 4, 0, 0, 0, 0, 0}));
  EXPECT_EQ(floats(parse(packed + R"(
    %r = nn.unpack %p <"winograd2" columns = 1 groups = 1> : (tensor<1x1x16x1xf32>) -> tensor<3x3x1x1xf32>)",
                         "tensor<3x3x1x1xf32>")),
            (Floats{0, 0, 0, 0, 16, 0, 0, 0, 0}));
}

TEST_F(RecipeTest, ChainInPlaceWithTwoComputedOperands) {
  add("a", {2, 2}, {1, 2, 3, 4});
  add("b", {2, 2}, {10, 20, 30, 40});
  EXPECT_EQ(floats(parse(R"(%a = nn.weight "a" : tensor<2x2xf32>
    %b = nn.weight "b" : tensor<2x2xf32>
    %n = nn.unary neg %a : (tensor<2x2xf32>) -> tensor<2x2xf32>
    %s = nn.unary square %b : (tensor<2x2xf32>) -> tensor<2x2xf32>
    %t = nn.binary sub %s, %n : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    %r = nn.binary maximum %t, %n : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>)",
                         "tensor<2x2xf32>")),
            (Floats{101, 402, 903, 1604}));
}

TEST_F(RecipeTest, PadAndConcat) {
  add("a", {1, 2}, {1, 2});
  add("b", {2, 2}, {3, 4, 5, 6});
  EXPECT_EQ(floats(parse(R"(%a = nn.weight "a" : tensor<1x2xf32>
    %b = nn.weight "b" : tensor<2x2xf32>
    %p = nn.pad %a low [1, 0] high [0, 0] value 9.0 : (tensor<1x2xf32>) -> tensor<2x2xf32>
    %r = nn.concat %b, %p, %b axis 1 : (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x6xf32>)",
                         "tensor<2x6xf32>")),
            (Floats{3, 4, 9, 9, 3, 4, 5, 6, 1, 2, 5, 6}));
}

TEST_F(RecipeTest, AgreesWithEvaluateOnLargerShapes) {
  std::string head = "%w = nn.weight \"made up\" : tensor<3x5x7x45xf32>\n";
  for (std::string tail :
       {R"(%r = nn.pack %w <"panels" columns = 16 groups = 3> : (tensor<3x5x7x45xf32>) -> tensor<3x1x105x16xf32>)",
        R"(%r = nn.pack %w <"gates" columns = 8 groups = 5> : (tensor<3x5x7x45xf32>) -> tensor<2x105x5x8xf32>)",
        R"(%t = nn.transpose %w permutation [3, 0, 2, 1] : (tensor<3x5x7x45xf32>) -> tensor<45x3x7x5xf32>
           %r = nn.pack %t <"panels" columns = 4 groups = 1> : (tensor<45x3x7x5xf32>) -> tensor<1x2x945x4xf32>)",
        R"(%k = nn.slice %w starts [0, 1, 0, 0] sizes [3, 3, 7, 45] : (tensor<3x5x7x45xf32>) -> tensor<3x3x7x45xf32>
           %r = nn.pack %k <"winograd4" columns = 16 groups = 1> : (tensor<3x3x7x45xf32>) -> tensor<1x3x252x16xf32>)",
        R"(%t = nn.transpose %w permutation [3, 2, 1, 0] : (tensor<3x5x7x45xf32>) -> tensor<45x7x5x3xf32>
           %r = nn.reshape %t shape [315, 15] : (tensor<45x7x5x3xf32>) -> tensor<315x15xf32>)",
        R"(%t = nn.transpose %w permutation [0, 3, 1, 2] : (tensor<3x5x7x45xf32>) -> tensor<3x45x5x7xf32>
           %r = nn.reverse %t axes [1, 3] : (tensor<3x45x5x7xf32>) -> tensor<3x45x5x7xf32>)",
        R"(%s = nn.weight "scale" : tensor<7xf32>
           %h = nn.weight "shift" : tensor<7xf32>
           %r = nn.affine %w, %s, %h axis 2 : (tensor<3x5x7x45xf32>, tensor<7xf32>, tensor<7xf32>) -> tensor<3x5x7x45xf32>)",
        R"(%h = nn.cast %w : (tensor<3x5x7x45xf32>) -> tensor<3x5x7x45xf16>
           %q = nn.binary mul %h, %h : (tensor<3x5x7x45xf16>, tensor<3x5x7x45xf16>) -> tensor<3x5x7x45xf16>
           %r = nn.slice %q starts [0, 1, 0, 3] sizes [3, 2, 7, 20] strides [1, 2, 1, 2] : (tensor<3x5x7x45xf16>) -> tensor<3x2x7x20xf16>)",
        R"(%i = nn.constant dense<[4, 0, 9, 4, -2]> : tensor<5xi64>
           %t = nn.transpose %w permutation [3, 1, 0, 2] : (tensor<3x5x7x45xf32>) -> tensor<45x5x3x7xf32>
           %r = nn.gather clamp %t, %i axis 1 : (tensor<45x5x3x7xf32>, tensor<5xi64>) -> tensor<45x5x3x7xf32>)",
        R"(%i = nn.constant dense<[[1, 6], [0, 2]]> : tensor<2x2xi32>
           %r = nn.gather clamp %w, %i axis 2 : (tensor<3x5x7x45xf32>, tensor<2x2xi32>) -> tensor<3x5x2x2x45xf32>)",
        R"(%r = nn.reduce sum %w axes [0, 2] : (tensor<3x5x7x45xf32>) -> tensor<5x45xf32>)",
        R"(%s = nn.slice %w starts [0, 0, 0, 0] sizes [1, 1, 7, 45] : (tensor<3x5x7x45xf32>) -> tensor<1x1x7x45xf32>
           %r = nn.broadcast %s shape [2, 1, 4, 7, 45] : (tensor<1x1x7x45xf32>) -> tensor<2x1x4x7x45xf32>)"}) {
    size_t arrow = tail.rfind("-> ");
    expectAsEvaluated(parse(head + tail, tail.substr(arrow + 3)));
  }
}

TEST_F(RecipeTest, HashFollowsContentsAndOps) {
  add("a", {2}, {1, 2});
  add("same as a", {2}, {1, 2});
  add("other", {2}, {1, 3});
  auto hashOf = [&](const std::string &weight, const std::string &function) {
    return recipeHash(parse("%w = nn.weight \"" + weight + "\" : tensor<2xf32>\n%r = nn.unary " + function +
                                " %w : (tensor<2xf32>) -> tensor<2xf32>",
                            "tensor<2xf32>"),
                      weights);
  };
  EXPECT_EQ(hashOf("a", "neg"), hashOf("same as a", "neg"));
  EXPECT_NE(hashOf("a", "neg"), hashOf("other", "neg"));
  EXPECT_NE(hashOf("a", "neg"), hashOf("a", "abs"));
}

TEST_F(RecipeTest, ErrorsNameTheWeight) {
  add("a", {2}, {1, 2});
  Value value = parse("%r = nn.weight \"a\" : tensor<3xf32>", "tensor<3xf32>");
  std::vector<char> out(12);
  EXPECT_EQ(llvm::toString(runRecipe(value, weights, out)), "weight a is stored with another type than the model uses");
  Value right = parse("%r = nn.weight \"a\" : tensor<2xf32>", "tensor<2xf32>");
  EXPECT_EQ(llvm::toString(runRecipe(right, weights, out)), "a recipe of 8 bytes is given room for 12");
}

} // namespace
