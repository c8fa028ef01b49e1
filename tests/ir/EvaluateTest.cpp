// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The meaning of each nn op against values computed by hand.
#include "ir/Evaluate.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace layerc;
using namespace mlir;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

class EvaluateTest : public testing::Test {
protected:
  EvaluateTest() { context.loadDialect<nn::NnDialect, func::FuncDialect>(); }

  /// `text` names its arguments %a, %b, ... of the types in `arguments` and is the expression behind "%r = ".
  std::vector<double> evaluateOp(const std::string &text, const std::string &resultType,
                                 std::vector<std::pair<std::string, std::vector<double>>> arguments) {
    std::string names, function;
    for (size_t i = 0; i < arguments.size(); ++i)
      names += (i ? ", %" : "%") + std::string(1, static_cast<char>('a' + i)) + ": " + arguments[i].first;
    function =
        "func.func @f(" + names + ") -> " + resultType + " {\n%r = " + text + "\nreturn %r : " + resultType + "\n}";
    module = parseSourceString<ModuleOp>(function, &context);
    if (!module) {
      ADD_FAILURE() << function;
      return {};
    }
    auto func = *module->getOps<func::FuncOp>().begin();
    std::vector<TensorData> data;
    for (size_t i = 0; i < arguments.size(); ++i)
      data.push_back(tensor(cast<RankedTensorType>(func.getArgumentTypes()[i]), arguments[i].second));
    return numbers(evaluate(func, data, weights)[0]);
  }

  static TensorData tensor(RankedTensorType type, const std::vector<double> &values) {
    TensorData data = makeTensor(type);
    EXPECT_EQ(data.size(), static_cast<int64_t>(values.size()));
    for (size_t i = 0; i < values.size(); ++i)
      data.set(static_cast<int64_t>(i),
               {values[i], isa<FloatType>(type.getElementType()) ? 0 : static_cast<int64_t>(values[i])});
    return data;
  }

  static std::vector<double> numbers(const TensorData &data) {
    std::vector<double> values;
    for (int64_t i = 0; i < data.size(); ++i)
      values.push_back(isa<FloatType>(data.type.getElementType()) ? data.at(i).real
                                                                  : static_cast<double>(data.at(i).integer));
    return values;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  WeightStore weights;
};

using Numbers = std::vector<double>;

void expectNear(const Numbers &actual, const Numbers &expected, double tolerance) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i)
    EXPECT_NEAR(actual[i], expected[i], tolerance) << "at " << i;
}

TEST_F(EvaluateTest, UnaryKeepsNan) {
  Numbers y = evaluateOp("nn.unary relu %a : (tensor<3xf32>) -> tensor<3xf32>", "tensor<3xf32>",
                         {{"tensor<3xf32>", {-1, 2, kNaN}}});
  EXPECT_EQ(y[0], 0);
  EXPECT_EQ(y[1], 2);
  EXPECT_TRUE(std::isnan(y[2]));
}

TEST_F(EvaluateTest, UnaryFunctionsOfFloats) {
  auto apply = [&](const std::string &function, double x) {
    return evaluateOp("nn.unary " + function + " %a : (tensor<1xf64>) -> tensor<1xf64>", "tensor<1xf64>",
                      {{"tensor<1xf64>", {x}}})[0];
  };
  EXPECT_EQ(apply("round", 2.5), 2); // ties to even
  EXPECT_EQ(apply("round", -1.5), -2);
  EXPECT_EQ(apply("floor", -0.5), -1);
  EXPECT_EQ(apply("ceil", 0.25), 1);
  EXPECT_EQ(apply("sign", -3), -1);
  EXPECT_EQ(apply("rsqrt", 4), 0.5);
  EXPECT_EQ(apply("reciprocal", 8), 0.125);
  EXPECT_EQ(apply("square", -3), 9);
  EXPECT_EQ(apply("sigmoid", 0), 0.5);
  EXPECT_NEAR(apply("silu", 1), 0.7310585786300049, 1e-15);
  EXPECT_NEAR(apply("softplus", 0), 0.6931471805599453, 1e-15);
  EXPECT_EQ(apply("softplus", 1000), 1000);
  EXPECT_NEAR(apply("erf", 0.5), 0.5204998778130465, 1e-15);
  EXPECT_NEAR(apply("expm1", 1e-10), 1.00000000005e-10, 1e-24);
}

TEST_F(EvaluateTest, TestsGiveI1) {
  EXPECT_EQ(evaluateOp("nn.unary is_finite %a : (tensor<3xf32>) -> tensor<3xi1>", "tensor<3xi1>",
                       {{"tensor<3xf32>", {1, kInfinity, kNaN}}}),
            (Numbers{1, 0, 0}));
  EXPECT_EQ(evaluateOp("nn.unary not %a : (tensor<2xi1>) -> tensor<2xi1>", "tensor<2xi1>", {{"tensor<2xi1>", {1, 0}}}),
            (Numbers{0, 1}));
}

TEST_F(EvaluateTest, BinaryBroadcasts) {
  EXPECT_EQ(evaluateOp("nn.binary sub %a, %b : (tensor<2x1xf32>, tensor<3xf32>) -> tensor<2x3xf32>", "tensor<2x3xf32>",
                       {{"tensor<2x1xf32>", {10, 20}}, {"tensor<3xf32>", {1, 2, 3}}}),
            (Numbers{9, 8, 7, 19, 18, 17}));
}

TEST_F(EvaluateTest, DivisionRoundsAsPythonDoes) {
  for (std::string type : {"tensor<4xf32>", "tensor<4xi32>"}) {
    std::string types = " %a, %b : (" + type + ", " + type + ") -> " + type;
    Numbers a{7, -7, 7, -7}, b{2, 2, -2, -2};
    EXPECT_EQ(evaluateOp("nn.binary floordiv" + types, type, {{type, a}, {type, b}}), (Numbers{3, -4, -4, 3})) << type;
    EXPECT_EQ(evaluateOp("nn.binary mod" + types, type, {{type, a}, {type, b}}), (Numbers{1, 1, -1, -1})) << type;
  }
}

TEST_F(EvaluateTest, IntegersWrapAndDivideByZeroToZero) {
  std::string type = "tensor<2xi8>", types = " %a, %b : (tensor<2xi8>, tensor<2xi8>) -> tensor<2xi8>";
  EXPECT_EQ(evaluateOp("nn.binary add" + types, type, {{type, {127, -128}}, {type, {1, -1}}}), (Numbers{-128, 127}));
  EXPECT_EQ(evaluateOp("nn.binary floordiv" + types, type, {{type, {5, -5}}, {type, {0, 0}}}), (Numbers{0, 0}));
  EXPECT_EQ(evaluateOp("nn.binary mod" + types, type, {{type, {5, -5}}, {type, {0, 0}}}), (Numbers{0, 0}));
  EXPECT_EQ(evaluateOp("nn.binary pow" + types, type, {{type, {3, -2}}, {type, {4, 3}}}), (Numbers{81, -8}));
}

TEST_F(EvaluateTest, MaximumKeepsNan) {
  Numbers y = evaluateOp("nn.binary maximum %a, %b : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>", "tensor<3xf32>",
                         {{"tensor<3xf32>", {1, kNaN, 3}}, {"tensor<3xf32>", {2, 2, kNaN}}});
  EXPECT_EQ(y[0], 2);
  EXPECT_TRUE(std::isnan(y[1]) && std::isnan(y[2]));
}

TEST_F(EvaluateTest, ComparisonAndSelect) {
  EXPECT_EQ(evaluateOp("nn.binary less_equal %a, %b : (tensor<3xf32>, tensor<f32>) -> tensor<3xi1>", "tensor<3xi1>",
                       {{"tensor<3xf32>", {1, 2, kNaN}}, {"tensor<f32>", {1}}}),
            (Numbers{1, 0, 0}));
  EXPECT_EQ(evaluateOp("nn.select %a, %b, %c : (tensor<2x1xi1>, tensor<2xf32>, tensor<f32>) -> tensor<2x2xf32>",
                       "tensor<2x2xf32>",
                       {{"tensor<2x1xi1>", {1, 0}}, {"tensor<2xf32>", {5, 6}}, {"tensor<f32>", {9}}}),
            (Numbers{5, 6, 9, 9}));
}

TEST_F(EvaluateTest, CastTruncatesAndSaturates) {
  EXPECT_EQ(evaluateOp("nn.cast %a : (tensor<5xf32>) -> tensor<5xi8>", "tensor<5xi8>",
                       {{"tensor<5xf32>", {-1.9, 1.9, 300, -kInfinity, kNaN}}}),
            (Numbers{-1, 1, 127, -128, 0}));
  EXPECT_EQ(evaluateOp("nn.cast %a : (tensor<3xf32>) -> tensor<3xui8>", "tensor<3xui8>",
                       {{"tensor<3xf32>", {-1.9, 200.5, 300}}}),
            (Numbers{0, 200, 255}));
  EXPECT_EQ(
      evaluateOp("nn.cast %a : (tensor<3xf32>) -> tensor<3xi1>", "tensor<3xi1>", {{"tensor<3xf32>", {0, -0.5, kNaN}}}),
      (Numbers{0, 1, 1}));
  EXPECT_EQ(evaluateOp("nn.cast %a : (tensor<2xi32>) -> tensor<2xi8>", "tensor<2xi8>", {{"tensor<2xi32>", {130, -1}}}),
            (Numbers{-126, -1}));
}

TEST_F(EvaluateTest, HalfPrecisionRoundsToNearestEven) {
  // f16 holds 11 significant bits: 2049 lies between 2048 and 2050; 65520 is the first number that becomes infinite.
  EXPECT_EQ(evaluateOp("nn.cast %a : (tensor<6xf32>) -> tensor<6xf16>", "tensor<6xf16>",
                       {{"tensor<6xf32>", {2049, 2051, 65519, 65520, 0x1p-24, 0x1p-25}}}),
            (Numbers{2048, 2052, 65504, kInfinity, 0x1p-24, 0}));
  // bf16 holds 8: 257 lies between 256 and 258.
  EXPECT_EQ(evaluateOp("nn.cast %a : (tensor<3xf32>) -> tensor<3xbf16>", "tensor<3xbf16>",
                       {{"tensor<3xf32>", {257, 259, -1.00390625}}}),
            (Numbers{256, 260, -1}));
}

TEST_F(EvaluateTest, Reduce) {
  Numbers x{1, 2, 3, 4, 5, 6};
  auto reduce = [&](const std::string &function, const std::string &axes, const std::string &result) {
    return evaluateOp("nn.reduce " + function + " %a axes " + axes + " : (tensor<2x3xf32>) -> " + result, result,
                      {{"tensor<2x3xf32>", x}});
  };
  EXPECT_EQ(reduce("sum", "[0]", "tensor<3xf32>"), (Numbers{5, 7, 9}));
  EXPECT_EQ(reduce("mean", "[1]", "tensor<2xf32>"), (Numbers{2, 5}));
  EXPECT_EQ(reduce("prod", "[0, 1]", "tensor<f32>"), (Numbers{720}));
  EXPECT_EQ(reduce("max", "[1]", "tensor<2xf32>"), (Numbers{3, 6}));
  EXPECT_EQ(reduce("min", "[0]", "tensor<3xf32>"), (Numbers{1, 2, 3}));
  EXPECT_EQ(evaluateOp("nn.reduce any %a axes [1] : (tensor<2x2xi1>) -> tensor<2xi1>", "tensor<2xi1>",
                       {{"tensor<2x2xi1>", {0, 0, 0, 1}}}),
            (Numbers{0, 1}));
  EXPECT_EQ(evaluateOp("nn.reduce all %a axes [1] : (tensor<2x2xi1>) -> tensor<2xi1>", "tensor<2xi1>",
                       {{"tensor<2x2xi1>", {1, 1, 0, 1}}}),
            (Numbers{1, 0}));
}

TEST_F(EvaluateTest, ContractWithBatch) {
  // Two products [1x2] x [2x2], the right operand given transposed.
  EXPECT_EQ(evaluateOp("nn.contract %a, %b batch [0] x [0] contracting [2] x [2] : (tensor<2x1x2xf32>, "
                       "tensor<2x2x2xf32>) -> tensor<2x1x2xf32>",
                       "tensor<2x1x2xf32>",
                       {{"tensor<2x1x2xf32>", {1, 2, 3, 4}}, {"tensor<2x2x2xf32>", {1, 0, 0, 1, 5, 6, 7, 8}}}),
            (Numbers{1, 2, 39, 53}));
}

TEST_F(EvaluateTest, ContractOverTwoDimensions) {
  EXPECT_EQ(evaluateOp("nn.contract %a, %b contracting [0, 1] x [1, 0] : (tensor<2x2xi32>, tensor<2x2x2xi32>) -> "
                       "tensor<2xi32>",
                       "tensor<2xi32>",
                       {{"tensor<2x2xi32>", {1, 2, 3, 4}}, {"tensor<2x2x2xi32>", {1, 10, 2, 20, 3, 30, 4, 40}}}),
            (Numbers{1 * 1 + 3 * 2 + 2 * 3 + 4 * 4, 290})); // b[k1][k0][n]
}

TEST_F(EvaluateTest, ConvPadsStridesDilates) {
  // One dimension, 5 elements, kernel [1, 10] two apart, padded by one: positions -1, 1, 3.
  EXPECT_EQ(evaluateOp("nn.conv %a, %b strides [2] pads [1, 1] dilations [2] : (tensor<1x5x1xf32>, tensor<2x1x1xf32>) "
                       "-> tensor<1x3x1xf32>",
                       "tensor<1x3x1xf32>", {{"tensor<1x5x1xf32>", {1, 2, 3, 4, 5}}, {"tensor<2x1x1xf32>", {1, 10}}}),
            (Numbers{20, 42, 4}));
}

TEST_F(EvaluateTest, ConvTwoDimensions) {
  EXPECT_EQ(evaluateOp("nn.conv %a, %b : (tensor<1x2x3x1xf32>, tensor<2x2x1x1xf32>) -> tensor<1x1x2x1xf32>",
                       "tensor<1x1x2x1xf32>",
                       {{"tensor<1x2x3x1xf32>", {1, 2, 3, 4, 5, 6}}, {"tensor<2x2x1x1xf32>", {1, 2, 3, 4}}}),
            (Numbers{1 + 4 + 12 + 20, 2 + 6 + 15 + 24}));
}

TEST_F(EvaluateTest, ConvInGroups) {
  // Four channels in two groups, one filter each; then depthwise with a multiplier of 2.
  EXPECT_EQ(evaluateOp("nn.conv %a, %b groups 2 : (tensor<1x1x4xf32>, tensor<1x2x2xf32>) -> tensor<1x1x2xf32>",
                       "tensor<1x1x2xf32>",
                       {{"tensor<1x1x4xf32>", {1, 2, 3, 4}}, {"tensor<1x2x2xf32>", {1, 100, 10, 1000}}}),
            (Numbers{21, 4300}));
  EXPECT_EQ(evaluateOp("nn.conv %a, %b groups 2 : (tensor<1x1x2xf32>, tensor<1x1x4xf32>) -> tensor<1x1x4xf32>",
                       "tensor<1x1x4xf32>", {{"tensor<1x1x2xf32>", {3, 5}}, {"tensor<1x1x4xf32>", {1, 2, 3, 4}}}),
            (Numbers{3, 6, 15, 20}));
}

TEST_F(EvaluateTest, ConvTranspose) {
  // full = 1*[1,10,100] at 0 and 2*[1,10,100] at 2: 1, 10, 102, 20, 200; the window begins at 1 and reaches beyond.
  EXPECT_EQ(evaluateOp("nn.conv_transpose %a, %b sizes [5] strides [2] crops [1] : (tensor<1x2x1xf32>, "
                       "tensor<3x1x1xf32>) -> tensor<1x5x1xf32>",
                       "tensor<1x5x1xf32>", {{"tensor<1x2x1xf32>", {1, 2}}, {"tensor<3x1x1xf32>", {1, 10, 100}}}),
            (Numbers{10, 102, 20, 200, 0}));
}

TEST_F(EvaluateTest, PoolIgnoresWhatIsOutside) {
  std::string types = " %a window [3] strides [2] pads [1, 1] : (tensor<1x4x1xf32>) -> tensor<1x2x1xf32>";
  Numbers x{-4, -2, -9, -7};
  EXPECT_EQ(evaluateOp("nn.pool max" + types, "tensor<1x2x1xf32>", {{"tensor<1x4x1xf32>", x}}), (Numbers{-2, -2}));
  EXPECT_EQ(evaluateOp("nn.pool average" + types, "tensor<1x2x1xf32>", {{"tensor<1x4x1xf32>", x}}), (Numbers{-3, -6}));
}

TEST_F(EvaluateTest, Affine) {
  EXPECT_EQ(evaluateOp("nn.affine %a, %b, %c axis 1 : (tensor<1x2x2xf32>, tensor<2xf32>, tensor<2xf32>) -> "
                       "tensor<1x2x2xf32>",
                       "tensor<1x2x2xf32>",
                       {{"tensor<1x2x2xf32>", {1, 2, 3, 4}}, {"tensor<2xf32>", {2, 10}}, {"tensor<2xf32>", {1, -1}}}),
            (Numbers{3, 5, 29, 39}));
}

TEST_F(EvaluateTest, Normalize) {
  std::string types = " : (tensor<1x4xf64>) -> tensor<1x4xf64>";
  std::pair<std::string, Numbers> x{"tensor<1x4xf64>",
                                    {1, 3, 5, 7}}; // mean 4, variance 5, mean square 21, sum square 84
  expectNear(evaluateOp("nn.normalize layer %a axes [1] epsilon 4.0" + types, "tensor<1x4xf64>", {x}),
             {-1, -1.0 / 3, 1.0 / 3, 1}, 1e-15);
  expectNear(evaluateOp("nn.normalize rms %a axes [1] epsilon 4.0" + types, "tensor<1x4xf64>", {x}), {0.2, 0.6, 1, 1.4},
             1e-15);
  expectNear(evaluateOp("nn.normalize l2 %a axes [1] epsilon 100.0" + types, "tensor<1x4xf64>", {x}),
             {0.1, 0.3, 0.5, 0.7}, 1e-15);
}

TEST_F(EvaluateTest, Softmax) {
  std::pair<std::string, Numbers> x{"tensor<2x2xf64>", {1000, 1000 + std::log(3.0), 0, 0}};
  std::string types = " : (tensor<2x2xf64>) -> tensor<2x2xf64>";
  expectNear(evaluateOp("nn.softmax %a axes [1]" + types, "tensor<2x2xf64>", {x}), {0.25, 0.75, 0.5, 0.5}, 1e-12);
  expectNear(evaluateOp("nn.softmax log %a axes [1]" + types, "tensor<2x2xf64>", {x}),
             {std::log(0.25), std::log(0.75), std::log(0.5), std::log(0.5)}, 1e-12);
}

TEST_F(EvaluateTest, Movements) {
  std::pair<std::string, Numbers> x{"tensor<2x3xf32>", {1, 2, 3, 4, 5, 6}};
  EXPECT_EQ(evaluateOp("nn.reshape %a shape [3, -1] : (tensor<2x3xf32>) -> tensor<3x2xf32>", "tensor<3x2xf32>", {x}),
            (Numbers{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(
      evaluateOp("nn.transpose %a permutation [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>", "tensor<3x2xf32>", {x}),
      (Numbers{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(evaluateOp("nn.reverse %a axes [1] : (tensor<2x3xf32>) -> tensor<2x3xf32>", "tensor<2x3xf32>", {x}),
            (Numbers{3, 2, 1, 6, 5, 4}));
  EXPECT_EQ(evaluateOp("nn.pad %a low [0, 1] high [1, 0] value 9.0 : (tensor<2x3xf32>) -> tensor<3x4xf32>",
                       "tensor<3x4xf32>", {x}),
            (Numbers{9, 1, 2, 3, 9, 4, 5, 6, 9, 9, 9, 9}));
  EXPECT_EQ(evaluateOp("nn.slice %a starts [1, 0] sizes [-1, 2] strides [1, 2] : (tensor<2x3xf32>) -> tensor<1x2xf32>",
                       "tensor<1x2xf32>", {x}),
            (Numbers{4, 6}));
  EXPECT_EQ(evaluateOp("nn.broadcast %a shape [2, -1, 2] : (tensor<2x1xf32>) -> tensor<2x2x2xf32>", "tensor<2x2x2xf32>",
                       {{"tensor<2x1xf32>", {1, 2}}}),
            (Numbers{1, 1, 2, 2, 1, 1, 2, 2}));
  EXPECT_EQ(evaluateOp("nn.concat %a, %b axis 1 : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>",
                       "tensor<2x4xf32>", {x, {"tensor<2x1xf32>", {7, 8}}}),
            (Numbers{1, 2, 3, 7, 4, 5, 6, 8}));
}

TEST_F(EvaluateTest, ResizeReadsAtHalfPixelCentres) {
  // floor((i + 0.5) * 3 / 5) for i = 0..4, then floor((i + 0.5) * 3 / 2).
  std::pair<std::string, Numbers> x{"tensor<1x3x1xf32>", {10, 20, 30}};
  EXPECT_EQ(evaluateOp("nn.resize %a sizes [5] : (tensor<1x3x1xf32>) -> tensor<1x5x1xf32>", "tensor<1x5x1xf32>", {x}),
            (Numbers{10, 10, 20, 30, 30}));
  EXPECT_EQ(evaluateOp("nn.resize %a sizes [2] : (tensor<1x3x1xf32>) -> tensor<1x2x1xf32>", "tensor<1x2x1xf32>", {x}),
            (Numbers{10, 30}));
}

TEST_F(EvaluateTest, Gather) {
  std::pair<std::string, Numbers> x{"tensor<2x3xf32>", {1, 2, 3, 4, 5, 6}}, i{"tensor<2x2xi32>", {2, -1, 0, 3}};
  EXPECT_EQ(evaluateOp("nn.gather clamp %a, %b axis 1 : (tensor<2x3xf32>, tensor<2x2xi32>) -> tensor<2x2x2xf32>",
                       "tensor<2x2x2xf32>", {x, i}),
            (Numbers{3, 1, 1, 3, 6, 4, 4, 6}));
  EXPECT_EQ(evaluateOp("nn.gather clamp %a, %b axis 1 batch 1 : (tensor<2x3xf32>, tensor<2x2xi32>) -> tensor<2x2xf32>",
                       "tensor<2x2xf32>", {x, i}),
            (Numbers{3, 1, 4, 6}));
  Numbers rows = evaluateOp("nn.gather nan %a, %b axis 0 : (tensor<2x3xf32>, tensor<3xi32>) -> tensor<3x3xf32>",
                            "tensor<3x3xf32>", {x, {"tensor<3xi32>", {1, 2, -1}}});
  EXPECT_EQ(Numbers(rows.begin(), rows.begin() + 3), (Numbers{4, 5, 6}));
  for (size_t n = 3; n < rows.size(); ++n)
    EXPECT_TRUE(std::isnan(rows[n]));
}

TEST_F(EvaluateTest, OneHotAndBucketize) {
  EXPECT_EQ(evaluateOp("nn.one_hot %a depth 3 : (tensor<4xi32>) -> tensor<4x3xi1>", "tensor<4x3xi1>",
                       {{"tensor<4xi32>", {1, 3, -1, 0}}}),
            (Numbers{0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0}));
  EXPECT_EQ(evaluateOp("nn.bucketize %a, %b : (tensor<5xf32>, tensor<2xf32>) -> tensor<5xi32>", "tensor<5xi32>",
                       {{"tensor<5xf32>", {-5, 0, 1, 2, std::nan("")}}, {"tensor<2xf32>", {0, 2}}}),
            (Numbers{0, 1, 1, 2, 2}));
}

TEST_F(EvaluateTest, LocalConvHasAKernelPerPlace) {
  // Windows (0, 1), (1, 2), (2, 3) of the padded input 0 1 2 3, by (1, 10), (100, 1000), (7, 5).
  EXPECT_EQ(evaluateOp("nn.local_conv %a, %b strides [1] pads [1, 0] : (tensor<1x3x1xf32>, tensor<3x2x1x1xf32>) -> "
                       "tensor<1x3x1xf32>",
                       "tensor<1x3x1xf32>",
                       {{"tensor<1x3x1xf32>", {1, 2, 3}}, {"tensor<3x2x1x1xf32>", {1, 10, 100, 1000, 7, 5}}}),
            (Numbers{10, 2100, 29}));
}

TEST_F(EvaluateTest, PackPanels) {
  // [K = 2][N = 6], two groups of three columns, panels of two: the second panel of each group is half zeros.
  Numbers matrix{1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16};
  Numbers packed{1, 2, 11, 12, 3, 0, 13, 0, 4, 5, 14, 15, 6, 0, 16, 0};
  EXPECT_EQ(evaluateOp("nn.pack %a <\"panels\" columns = 2 groups = 2> : (tensor<2x6xf32>) -> tensor<2x2x2x2xf32>",
                       "tensor<2x2x2x2xf32>", {{"tensor<2x6xf32>", matrix}}),
            packed);
  EXPECT_EQ(evaluateOp("nn.unpack %a <\"panels\" columns = 2 groups = 2> : (tensor<2x2x2x2xf32>) -> tensor<2x6xf32>",
                       "tensor<2x6xf32>", {{"tensor<2x2x2x2xf32>", packed}}),
            matrix);
}

TEST_F(EvaluateTest, PackGates) {
  // The same two groups side by side in every row of a panel.
  Numbers matrix{1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16};
  Numbers packed{1, 2, 4, 5, 11, 12, 14, 15, 3, 0, 6, 0, 13, 0, 16, 0};
  EXPECT_EQ(evaluateOp("nn.pack %a <\"gates\" columns = 2 groups = 2> : (tensor<2x6xf32>) -> tensor<2x2x2x2xf32>",
                       "tensor<2x2x2x2xf32>", {{"tensor<2x6xf32>", matrix}}),
            packed);
  EXPECT_EQ(evaluateOp("nn.unpack %a <\"gates\" columns = 2 groups = 2> : (tensor<2x2x2x2xf32>) -> tensor<2x6xf32>",
                       "tensor<2x6xf32>", {{"tensor<2x2x2x2xf32>", packed}}),
            matrix);
}

TEST_F(EvaluateTest, KernelIsItsBody) {
  EXPECT_EQ(evaluateOp("nn.kernel(%x = %a, %y = %b) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32> {\n"
                       "%s = nn.binary sub %y, %x : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>\n"
                       "%t = nn.unary neg %s : (tensor<2xf32>) -> tensor<2xf32>\n"
                       "nn.yield %t : tensor<2xf32>\n}",
                       "tensor<2xf32>", {{"tensor<2xf32>", {5, 7}}, {"tensor<2xf32>", {1, 2}}}),
            (Numbers{4, 5}));
}

TEST_F(EvaluateTest, EachResultIsRoundedToItsType) {
  // In f32, 2^24 + 1 rounds back to 2^24, so adding 1 twice changes nothing.
  std::string type = "tensor<1xf32>", types = " : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>";
  EXPECT_EQ(evaluateOp("nn.kernel(%x = %a, %one = %b)" + types + " {\n%s = nn.binary add %x, %one" + types +
                           "\n%t = nn.binary add %s, %one" + types + "\n%u = nn.binary sub %t, %x" + types +
                           "\nnn.yield %u : tensor<1xf32>\n}",
                       type, {{type, {0x1p24}}, {type, {1}}}),
            (Numbers{0}));
}

TEST_F(EvaluateTest, WeightsComeFromTheStore) {
  auto type = RankedTensorType::get({2}, Float32Type::get(&context));
  weights.addOwned("w", type, tensor(type, {3, 4}).bytes);
  EXPECT_EQ(evaluateOp("nn.weight \"w\" : tensor<2xf32>", "tensor<2xf32>", {}), (Numbers{3, 4}));
  Numbers made = evaluateOp("nn.weight \"unknown\" : tensor<2xf32>", "tensor<2xf32>", {});
  EXPECT_EQ(evaluateOp("nn.weight \"unknown\" : tensor<2xf32>", "tensor<2xf32>", {}), made);
  EXPECT_LE(std::fabs(made[0]), 0.5);
  EXPECT_NE(made[0], made[1]);
}

} // namespace
