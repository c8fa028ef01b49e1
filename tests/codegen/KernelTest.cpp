// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The loops template against Evaluate, on two levels of x86-64: every op, every element type, borders and remainders.
// Above 400 lines because a template that takes every op has cases of every op.
#include "KernelHarness.h"

#include "llvm/ADT/bit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

using namespace layerc;
using namespace layerc::test;

namespace {

constexpr const char *kTargets[] = {"x86-64-v3", "x86-64"};

/// Checks every choice of the loops template on both targets, with dense and with gapped buffers.
void checkLoops(const KernelCase &kernel, double tolerance = 1e-5) {
  for (const char *target : kTargets) {
    KernelRun run(kernel, target);
    SCOPED_TRACE(kernel.body);
    auto choices = run.choices(*findKernelTemplate("loops"));
    ASSERT_FALSE(choices.empty());
    for (const KernelChoice &choice : choices) {
      run.check(choice, 1, {}, tolerance);
      run.check(choice, 2, {.gap = 3}, tolerance);
    }
  }
}

std::string unary(const std::string &function, const std::string &type) {
  return "%r = nn.unary " + function + " %a : (" + type + ") -> " + type;
}

TEST(Loops, UnaryFunctionsOfFloats) {
  std::string type = "tensor<2x3x19xf32>";
  for (const char *function : {"abs", "neg", "relu", "exp", "expm1", "square", "reciprocal", "sin", "cos", "tan",
                               "tanh", "sigmoid", "silu", "softplus", "erf", "sign", "floor", "ceil", "round"})
    checkLoops({unary(function, type), type, {type}}, 1e-6);
}

TEST(Loops, UnaryFunctionsOfPositiveNumbers) {
  std::string type = "tensor<3x21xf32>";
  for (const char *function : {"log", "log1p", "sqrt", "rsqrt"})
    checkLoops({"%p = nn.unary abs %a : (" + type + ") -> " + type + "\n%r = nn.unary " + function + " %p : (" + type +
                    ") -> " + type,
                type,
                {type}},
               1e-6);
}

TEST(Loops, OtherElementTypes) {
  for (const char *element : {"f16", "bf16", "f64"}) {
    std::string type = std::string("tensor<3x13x") + element + ">";
    for (const char *function : {"exp", "tanh", "erf", "sigmoid", "softplus", "round"})
      checkLoops({unary(function, type), type, {type}}, element[0] == 'b' ? 4e-3 : 1e-3);
    checkLoops({"%r = nn.binary mul %a, %b : (" + type + ", " + type + ") -> " + type, type, {type, type}},
               element[0] == 'b' ? 4e-3 : 1e-3);
  }
  for (const char *element : {"i8", "ui8", "i16", "i32", "ui32", "i64"}) {
    std::string type = std::string("tensor<5x7x") + element + ">";
    for (const char *function : {"abs", "neg", "relu", "square", "sign"})
      checkLoops({unary(function, type), type, {type}});
    for (const char *function :
         {"add", "sub", "mul", "div", "floordiv", "mod", "pow", "maximum", "minimum", "and", "or", "xor"})
      checkLoops({std::string("%m = nn.binary sub %a, %b : (") + type + ", " + type + ") -> " + type +
                      "\n%r = nn.binary " + function + " %m, %b : (" + type + ", " + type + ") -> " + type,
                  type,
                  {type, type}});
  }
}

TEST(Loops, BinaryFunctionsOfFloats) {
  std::string type = "tensor<2x5x11xf32>", row = "tensor<11xf32>", column = "tensor<5x1xf32>";
  for (const char *function : {"add", "sub", "mul", "div", "floordiv", "mod", "maximum", "minimum", "atan2"})
    for (const std::string &other : {type, row, column})
      checkLoops({std::string("%r = nn.binary ") + function + " %a, %b : (" + type + ", " + other + ") -> " + type,
                  type,
                  {type, other}});
  checkLoops({"%p = nn.unary abs %a : (" + type + ") -> " + type + "\n%r = nn.binary pow %p, %b : (" + type + ", " +
                  row + ") -> " + type,
              type,
              {type, row}});
  std::string truth = "tensor<2x5x11xi1>";
  for (const char *function : {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal"})
    checkLoops({std::string("%r = nn.binary ") + function + " %a, %b : (" + type + ", " + row + ") -> " + truth,
                truth,
                {type, row}});
}

TEST(Loops, SelectCastAffine) {
  checkLoops({"%c = nn.binary less %a, %b : (tensor<4x9xf32>, tensor<9xf32>) -> tensor<4x9xi1>\n"
              "%n = nn.unary not %c : (tensor<4x9xi1>) -> tensor<4x9xi1>\n"
              "%r = nn.select %n, %a, %b : (tensor<4x9xi1>, tensor<4x9xf32>, tensor<9xf32>) -> tensor<4x9xf32>",
              "tensor<4x9xf32>",
              {"tensor<4x9xf32>", "tensor<9xf32>"}});
  for (const char *from : {"f32", "f16", "i32", "ui8", "i1"})
    for (const char *to : {"f32", "bf16", "i8", "ui8", "i32", "i64", "i1"}) {
      std::string source = std::string("tensor<3x10x") + from + ">", result = std::string("tensor<3x10x") + to + ">";
      checkLoops({"%r = nn.cast %a : (" + source + ") -> " + result, result, {source}}, 1e-6);
    }
  for (int axis : {0, 1, 2}) {
    std::string channels = axis == 0 ? "tensor<3xf32>" : axis == 1 ? "tensor<5xf32>" : "tensor<12xf32>";
    checkLoops({"%s = nn.affine %a, %b, %c axis " + std::to_string(axis) + " : (tensor<3x5x12xf32>, " + channels +
                    ", " + channels +
                    ") -> tensor<3x5x12xf32>\n%r = nn.unary relu %s : (tensor<3x5x12xf32>) -> tensor<3x5x12xf32>",
                "tensor<3x5x12xf32>",
                {"tensor<3x5x12xf32>", channels, channels}});
  }
}

TEST(Loops, Constants) {
  checkLoops({"%c = nn.constant dense<[1.0, 2.5, -3.0]> : tensor<3xf32>\n"
              "%r = nn.binary mul %a, %c : (tensor<7x3xf32>, tensor<3xf32>) -> tensor<7x3xf32>",
              "tensor<7x3xf32>",
              {"tensor<7x3xf32>"}});
  checkLoops({"%c = nn.constant dense<[true, false, true]> : tensor<3xi1>\n"
              "%s = nn.constant dense<0.25> : tensor<f32>\n"
              "%r = nn.select %c, %a, %s : (tensor<3xi1>, tensor<7x3xf32>, tensor<f32>) -> tensor<7x3xf32>",
              "tensor<7x3xf32>",
              {"tensor<7x3xf32>"}});
}

TEST(Loops, Views) {
  struct View {
    const char *op, *from, *to;
  };
  for (const View &view : std::initializer_list<View>{
           {"reshape %a shape [2, 60]", "tensor<2x4x15xf32>", "tensor<2x60xf32>"},
           {"reshape %a shape [4, 3, 8]", "tensor<12x8xf32>", "tensor<4x3x8xf32>"},
           {"reshape %a shape [8, 12]", "tensor<6x16xf32>", "tensor<8x12xf32>"},
           {"reshape %a shape [1, 1]", "tensor<1xf32>", "tensor<1x1xf32>"},
           {"reshape %a shape [20]", "tensor<1x20x1xf32>", "tensor<20xf32>"},
           {"transpose %a permutation [0, 2, 1]", "tensor<2x9x17xf32>", "tensor<2x17x9xf32>"},
           {"transpose %a permutation [1, 0, 2]", "tensor<2x9x17xf32>", "tensor<9x2x17xf32>"},
           {"broadcast %a shape [3, 4, 5]", "tensor<4x1xf32>", "tensor<3x4x5xf32>"},
           {"broadcast %a shape [3, 4, 9]", "tensor<9xf32>", "tensor<3x4x9xf32>"},
           {"pad %a low [1, 0, 2] high [0, 3, 1] value -1.5", "tensor<2x3x10xf32>", "tensor<3x6x13xf32>"},
           {"pad %a low [0, 1, 1, 0] high [0, 1, 1, 0] value 0.0", "tensor<1x5x5x8xf32>", "tensor<1x7x7x8xf32>"},
           {"slice %a starts [1, 2] sizes [2, 9]", "tensor<4x13xf32>", "tensor<2x9xf32>"},
           {"slice %a starts [0, 1] sizes [2, 5] strides [2, 3]", "tensor<4x14xf32>", "tensor<2x5xf32>"},
           {"reverse %a axes [1]", "tensor<3x19xf32>", "tensor<3x19xf32>"},
           {"reverse %a axes [0, 1]", "tensor<3x19xf32>", "tensor<3x19xf32>"},
           {"resize %a sizes [7, 5]", "tensor<1x3x4x10xf32>", "tensor<1x7x5x10xf32>"},
           {"resize %a sizes [2, 6]", "tensor<1x4x3x1xf32>", "tensor<1x2x6x1xf32>"}})
    checkLoops({std::string("%r = nn.") + view.op + " : (" + view.from + ") -> " + view.to, view.to, {view.from}}, 0);
}

TEST(Loops, Concat) {
  checkLoops(
      {"%r = nn.concat %a, %b, %c axis 1 : (tensor<3x5xf32>, tensor<3x16xf32>, tensor<3x1xf32>) -> tensor<3x22xf32>",
       "tensor<3x22xf32>",
       {"tensor<3x5xf32>", "tensor<3x16xf32>", "tensor<3x1xf32>"}},
      0);
  checkLoops({"%m = nn.concat %a, %b axis 0 : (tensor<2x9xf32>, tensor<3x9xf32>) -> tensor<5x9xf32>\n"
              "%r = nn.unary relu %m : (tensor<5x9xf32>) -> tensor<5x9xf32>",
              "tensor<5x9xf32>",
              {"tensor<2x9xf32>", "tensor<3x9xf32>"}},
             0);
  checkLoops({"%m = nn.concat %a, %b axis 1 : (tensor<3x5xf32>, tensor<3x6xf32>) -> tensor<3x11xf32>\n"
              "%r = nn.transpose %m permutation [1, 0] : (tensor<3x11xf32>) -> tensor<11x3xf32>",
              "tensor<11x3xf32>",
              {"tensor<3x5xf32>", "tensor<3x6xf32>"}},
             0);
}

TEST(Loops, Reduce) {
  for (const char *function : {"sum", "mean", "prod", "max", "min"}) {
    std::string name = function;
    checkLoops({"%r = nn.reduce " + name + " %a axes [1, 2] : (tensor<2x5x3x45xf32>) -> tensor<2x45xf32>",
                "tensor<2x45xf32>",
                {"tensor<2x5x3x45xf32>"}});
    checkLoops({"%r = nn.reduce " + name + " %a axes [1, 3] : (tensor<2x3x4x71xf32>) -> tensor<2x4xf32>",
                "tensor<2x4xf32>",
                {"tensor<2x3x4x71xf32>"}});
    checkLoops(
        {"%q = nn.unary square %a : (tensor<6x9xf32>) -> tensor<6x9xf32>\n%s = nn.reduce " + name +
             " %q axes [0, 1] : (tensor<6x9xf32>) -> tensor<f32>\n%r = nn.unary sqrt %s : (tensor<f32>) -> tensor<f32>",
         "tensor<f32>",
         {"tensor<6x9xf32>"}});
  }
  for (const char *function : {"sum", "max", "min", "prod"})
    checkLoops({std::string("%r = nn.reduce ") + function + " %a axes [1] : (tensor<4x37xi32>) -> tensor<4xi32>",
                "tensor<4xi32>",
                {"tensor<4x37xi32>"}});
  for (const char *function : {"any", "all"})
    checkLoops({std::string("%r = nn.reduce ") + function + " %a axes [1] : (tensor<4x37xi1>) -> tensor<4xi1>",
                "tensor<4xi1>",
                {"tensor<4x37xi1>"}});
}

TEST(Loops, Pool) {
  struct Pool {
    const char *op, *from, *to;
  };
  for (const Pool &pool : std::initializer_list<Pool>{
           {"%a window [2, 2] strides [2, 2]", "tensor<1x8x6x16xf32>", "tensor<1x4x3x16xf32>"},
           {"%a window [3, 3] strides [2, 2] pads [1, 1, 0, 1]", "tensor<1x9x8x35xf32>", "tensor<1x5x4x35xf32>"},
           {"%a window [5, 3] pads [2, 2, 1, 1]", "tensor<2x4x5x3xf32>", "tensor<2x4x5x3xf32>"},
           {"%a window [3] strides [2] pads [1, 1]", "tensor<2x11x9xf32>", "tensor<2x6x9xf32>"},
           {"%a window [7, 7]", "tensor<1x7x7x40xf32>", "tensor<1x1x1x40xf32>"},
           {"%a window [2, 2, 2] strides [2, 2, 2] pads [1, 0, 0, 1, 1, 1]", "tensor<1x3x5x4x6xf32>",
            "tensor<1x2x3x3x6xf32>"}})
    for (const char *function : {"max", "average"})
      checkLoops({std::string("%p = nn.pool ") + function + " " + pool.op + " : (" + pool.from + ") -> " + pool.to +
                      "\n%r = nn.unary tanh %p : (" + pool.to + ") -> " + pool.to,
                  pool.to,
                  {pool.from}});
}

TEST(Loops, SoftmaxAndNormalize) {
  struct Rows {
    const char *axes, *type;
  };
  for (const Rows &rows : std::initializer_list<Rows>{{"[1]", "tensor<3x10xf32>"},
                                                      {"[1]", "tensor<2x77xf32>"},
                                                      {"[1]", "tensor<2x5x19xf32>"},
                                                      {"[1, 2]", "tensor<2x5x9xf32>"},
                                                      {"[0, 2]", "tensor<4x3x12xf32>"},
                                                      {"[1]", "tensor<2x6x1xf32>"},
                                                      {"[0]", "tensor<130xf32>"},
                                                      {"[1, 2, 4]", "tensor<1x4x3x2x5xf32>"}}) {
    std::string type = rows.type, axes = rows.axes, tail = " : (" + type + ") -> " + type;
    checkLoops({"%r = nn.softmax %a axes " + axes + tail, type, {type}});
    checkLoops({"%r = nn.softmax log %a axes " + axes + tail, type, {type}});
    for (const char *function : {"layer", "rms", "l2"})
      checkLoops({std::string("%n = nn.normalize ") + function + " %a axes " + axes + " epsilon 1.0e-3" + tail +
                      "\n%r = nn.unary relu %n" + tail,
                  type,
                  {type}});
  }
}

TEST(Loops, Contract) {
  checkLoops(
      {"%m = nn.contract %a, %b contracting [1] x [0] : (tensor<5x33xf32>, tensor<33x21xf32>) -> tensor<5x21xf32>\n"
       "%r = nn.binary add %m, %c : (tensor<5x21xf32>, tensor<21xf32>) -> tensor<5x21xf32>",
       "tensor<5x21xf32>",
       {"tensor<5x33xf32>", "tensor<33x21xf32>", "tensor<21xf32>"}});
  checkLoops({"%r = nn.contract %a, %b batch [0, 2] x [0, 2] contracting [3] x [3] : (tensor<1x7x2x12xf32>, "
              "tensor<1x9x2x12xf32>) -> tensor<1x2x7x9xf32>",
              "tensor<1x2x7x9xf32>",
              {"tensor<1x7x2x12xf32>", "tensor<1x9x2x12xf32>"}});
  checkLoops(
      {"%r = nn.contract %a, %b contracting [0, 1] x [0, 1] : (tensor<5x33xf32>, tensor<5x33xf32>) -> tensor<f32>",
       "tensor<f32>",
       {"tensor<5x33xf32>", "tensor<5x33xf32>"}});
  checkLoops({"%r = nn.contract %a, %b contracting [1] x [0] : (tensor<5x6xi32>, tensor<6x9xi32>) -> tensor<5x9xi32>",
              "tensor<5x9xi32>",
              {"tensor<5x6xi32>", "tensor<6x9xi32>"}});
}

TEST(Loops, Conv) {
  struct Conv {
    const char *op, *input, *kernel, *to;
  };
  for (const Conv &conv : std::initializer_list<Conv>{
           {"pads [1, 1, 1, 1]", "tensor<1x8x7x3xf32>", "tensor<3x3x3x20xf32>", "tensor<1x8x7x20xf32>"},
           {"strides [2, 1] pads [0, 1, 2, 2] dilations [1, 2]", "tensor<2x9x9x4xf32>", "tensor<3x3x4x5xf32>",
            "tensor<2x4x9x5xf32>"},
           {"pads [1, 1, 1, 1] groups 6", "tensor<1x5x5x6xf32>", "tensor<3x3x1x6xf32>", "tensor<1x5x5x6xf32>"},
           {"pads [1, 1, 1, 1] groups 6", "tensor<1x5x5x6xf32>", "tensor<3x3x1x12xf32>", "tensor<1x5x5x12xf32>"},
           {"groups 2", "tensor<1x4x4x6xf32>", "tensor<2x2x3x16xf32>", "tensor<1x3x3x16xf32>"},
           {"strides [3]", "tensor<1x20x2xf32>", "tensor<5x2x9xf32>", "tensor<1x6x9xf32>"},
           {"pads [1, 0, 0, 1, 1, 1]", "tensor<1x3x4x4x2xf32>", "tensor<2x2x3x2x8xf32>", "tensor<1x3x4x4x8xf32>"}})
    checkLoops(
        {std::string("%r = nn.conv %a, %b ") + conv.op + " : (" + conv.input + ", " + conv.kernel + ") -> " + conv.to,
         conv.to,
         {conv.input, conv.kernel}});
}

TEST(Loops, ConvTranspose) {
  checkLoops({"%r = nn.conv_transpose %a, %b sizes [8, 9] strides [2, 2] crops [1, 0] : (tensor<1x4x4x3xf32>, "
              "tensor<3x3x3x10xf32>) -> tensor<1x8x9x10xf32>",
              "tensor<1x8x9x10xf32>",
              {"tensor<1x4x4x3xf32>", "tensor<3x3x3x10xf32>"}});
  checkLoops(
      {"%r = nn.conv_transpose %a, %b sizes [13] strides [2] dilations [2] : (tensor<2x5x3xf32>, tensor<3x3x4xf32>) -> "
       "tensor<2x13x4xf32>",
       "tensor<2x13x4xf32>",
       {"tensor<2x5x3xf32>", "tensor<3x3x4xf32>"}});
}

TEST(Loops, TablesInBranches) { // a constant becomes a table of the module around the branch that reads it
  checkLoops({"%k = nn.constant dense<[[[0.1, -0.2]], [[0.3, 0.4]], [[-0.5, 0.6]]]> : tensor<3x1x2xf32>\n"
              "%r = nn.conv_transpose %a, %k sizes [9] strides [2] : (tensor<1x4x1xf32>, tensor<3x1x2xf32>) -> "
              "tensor<1x9x2xf32>",
              "tensor<1x9x2xf32>",
              {"tensor<1x4x1xf32>"}});
  checkLoops({"%k = nn.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>\n"
              "%r = nn.concat %a, %k axis 0 : (tensor<4x3xf32>, tensor<2x3xf32>) -> tensor<6x3xf32>",
              "tensor<6x3xf32>",
              {"tensor<4x3xf32>"}});
}

TEST(Loops, LocalConv) {
  struct Conv {
    const char *op, *input, *kernel, *to;
  };
  for (const Conv &conv : std::initializer_list<Conv>{
           {"", "tensor<1x9x3xf32>", "tensor<7x3x3x20xf32>", "tensor<1x7x20xf32>"},
           {"strides [2] pads [1, 0]", "tensor<2x9x4xf32>", "tensor<5x2x4x5xf32>", "tensor<2x5x5xf32>"},
           {"strides [2, 1] pads [1, 1, 0, 2]", "tensor<2x6x5x3xf32>", "tensor<3x5x3x3x3x9xf32>",
            "tensor<2x3x5x9xf32>"},
           {"", "tensor<1x4x4x1xf32>", "tensor<3x3x2x2x1x1xf32>", "tensor<1x3x3x1xf32>"},
           {"", "tensor<1x3x3x4x2xf32>", "tensor<2x2x3x2x2x2x2x3xf32>", "tensor<1x2x2x3x3xf32>"}})
    checkLoops({std::string("%s = nn.local_conv %a, %b ") + conv.op + " : (" + conv.input + ", " + conv.kernel +
                    ") -> " + conv.to + "\n%r = nn.unary relu %s : (" + conv.to + ") -> " + conv.to,
                conv.to,
                {conv.input, conv.kernel}});
}

/// Indices from -3 to 6 of the element type, from data that any test gives.
std::string indices(const std::string &shape, const std::string &element) {
  std::string floats = "tensor<" + shape + "xf32>", integers = "tensor<" + shape + "x" + element + ">";
  auto scalar = [&](const char *name, const char *value) {
    return std::string(name) + " = nn.constant dense<" + value + "> : tensor<f32>\n";
  };
  auto binary = [&](const char *name, const char *function, const char *a, const char *b) {
    return std::string(name) + " = nn.binary " + function + " " + a + ", " + b + " : (" + floats +
           ", tensor<f32>) -> " + floats + "\n";
  };
  // The fraction of %i in tenths: whatever the data, all indices come.
  return scalar("%one", "1.0") + scalar("%ten", "10.0") + scalar("%three", "-3.0") + binary("%p", "mod", "%i", "%one") +
         binary("%m", "mul", "%p", "%ten") + binary("%o", "add", "%m", "%three") + "%n = nn.cast %o : (" + floats +
         ") -> " + integers + "\n";
}

/// With the index operand called %i as the last input.
KernelCase lookup(std::string op, const std::string &shape, const std::string &element, const std::string &to,
                  std::vector<std::string> inputs) {
  std::string body = indices(shape, element) + "%r = " + op;
  char last = static_cast<char>('a' + inputs.size());
  for (size_t at; (at = body.find("%i,")) != std::string::npos;)
    body.replace(at, 2, std::string("%") + last);
  inputs.push_back("tensor<" + shape + "xf32>");
  return {body, to, inputs};
}

TEST(Loops, Gather) {
  for (const char *element : {"i8", "ui8", "i16", "i32", "ui32", "i64", "ui64"}) {
    std::string index = std::string("tensor<2x7x") + element + ">";
    checkLoops(lookup("nn.gather nan %a, %n axis 0 : (tensor<5x19xf32>, " + index + ") -> tensor<2x7x19xf32>", "2x7",
                      element, "tensor<2x7x19xf32>", {"tensor<5x19xf32>"}),
               0);
    checkLoops(lookup("nn.gather clamp %a, %n axis 1 : (tensor<3x4x9xi32>, " + index + ") -> tensor<3x2x7x9xi32>",
                      "2x7", element, "tensor<3x2x7x9xi32>", {"tensor<3x4x9xi32>"}),
               0);
    checkLoops(lookup("nn.gather clamp %a, %n axis 1 batch 1 : (tensor<2x300xf32>, " + index + ") -> tensor<2x7xf32>",
                      "2x7", element, "tensor<2x7xf32>", {"tensor<2x300xf32>"}),
               0);
    checkLoops(lookup("nn.gather nan %a, %n axis 2 batch 1 : (tensor<2x17x3xf16>, " + index + ") -> tensor<2x17x7xf16>",
                      "2x7", element, "tensor<2x17x7xf16>", {"tensor<2x17x3xf16>"}),
               0);
  }
}

TEST(Loops, OneHotAndBucketize) {
  for (const char *element : {"i8", "ui8", "i32", "i64", "ui64"})
    for (int depth : {1, 5, 21}) {
      std::string to = "tensor<2x7x" + std::to_string(depth) + "xi1>";
      checkLoops(lookup("nn.one_hot %n depth " + std::to_string(depth) + " : (tensor<2x7x" + element + ">) -> " + to,
                        "2x7", element, to, {}),
                 0);
    }
  for (const char *bounds :
       {"", "0.25", "-0.5, 0.0, 0.0, 0.125",
        "-0.9, -0.8, -0.7, -0.6, -0.5, -0.4, -0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9"}) {
    std::string text = bounds;
    std::string type =
        "tensor<" + std::to_string(text.empty() ? 0 : 1 + std::count(text.begin(), text.end(), ',')) + "xf32>";
    checkLoops({"%b0 = nn.constant dense<[" + text + "]> : " + type +
                    "\n%r = nn.bucketize %a, %b0 : (tensor<3x21xf32>, " + type + ") -> tensor<3x21xi32>",
                "tensor<3x21xi32>",
                {"tensor<3x21xf32>"}},
               0);
  }
  checkLoops({"%b0 = nn.constant dense<[-20, 0, 7]> : tensor<3xi32>\n"
              "%r = nn.bucketize %a, %b0 : (tensor<41xi32>, tensor<3xi32>) -> tensor<41xi32>",
              "tensor<41xi32>",
              {"tensor<41xi32>"}},
             0);
}

TEST(Loops, InPlace) {
  std::string type = "tensor<3x7x5xf32>";
  KernelCase kernel{"%s = nn.binary add %a, %b : (" + type + ", " + type + ") -> " + type +
                        "\n%r = nn.unary relu %s : (" + type + ") -> " + type,
                    type,
                    {type, type}};
  for (const char *target : kTargets) {
    KernelRun run(kernel, target);
    for (const KernelChoice &choice : run.choices(*findKernelTemplate("loops")))
      for (int64_t input : {0, 1})
        run.check(choice, 7, {.inPlaceInput = input});
  }
}

/// Numbers where functions change their branch, and those that arithmetic cannot end on.
TensorData hardNumbers(mlir::RankedTensorType type) {
  TensorData data = makeTensor(type);
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  const double hard[] = {0.0,   -0.0, infinity, -infinity, nan,  1,     -1,    0.5,      -0.5, 2.5,   -3.5,  88.3,
                         88.72, 89,   1e3,      -1e3,      1e30, -1e30, -87.2, -88,      -104, 0.624, 0.626, 0.937,
                         0.938, 3.99, 4.01,     -0.9999,   1e-6, -1e-6, 1e-30, 16777217, 20,   -20};
  const int64_t count = std::size(hard);
  for (int64_t i = 0; i < data.size(); ++i)
    data.set(i, {i < count ? hard[i]
                           : -20 + 40.0 * static_cast<double>(i - count) / static_cast<double>(data.size() - count),
                 0});
  return data;
}

TEST(Loops, HardNumbers) {
  std::string type = "tensor<40x50xf32>";
  for (const char *function : {"abs", "neg", "relu", "exp", "expm1", "log", "log1p", "sqrt", "rsqrt", "reciprocal",
                               "tanh", "sigmoid", "silu", "softplus", "erf", "sign", "floor", "ceil", "round"})
    for (const char *target : kTargets) {
      KernelRun run({unary(function, type), type, {type}}, target);
      SCOPED_TRACE(function);
      auto tensor = mlir::cast<mlir::RankedTensorType>(run.kernel().getOperandTypes()[0]);
      for (const KernelChoice &choice : run.choices(*findKernelTemplate("loops")))
        run.checkRelative(choice, {hardNumbers(tensor)}, 6e-7);
    }
}

/// All floats from 7.5 to 8.2, where tanh comes to 1 within a rounding.
TEST(Loops, TanhIsAtMostOne) {
  const float first = 7.5F, last = 8.2F;
  auto bitsOf = [](float x) { return llvm::bit_cast<uint32_t>(x); };
  int64_t count = bitsOf(last) - bitsOf(first) + 1;
  std::string type = "tensor<" + std::to_string(count) + "xf32>";
  for (const char *target : kTargets) {
    KernelRun run({unary("tanh", type), type, {type}}, target);
    TensorData data = makeTensor(mlir::cast<mlir::RankedTensorType>(run.kernel().getOperandTypes()[0]));
    for (int64_t i = 0; i < count; ++i)
      data.set(i, {llvm::bit_cast<float>(bitsOf(first) + static_cast<uint32_t>(i)), 0});
    for (const KernelChoice &choice : run.choices(*findKernelTemplate("loops"))) {
      std::optional<TensorData> result = run.run(choice, {data});
      ASSERT_TRUE(result);
      double largest = 0;
      for (int64_t i = 0; i < count; ++i)
        largest = std::max(largest, result->at(i).real);
      EXPECT_EQ(largest, 1.0) << target;
      EXPECT_EQ(result->at(count - 1).real, 1.0) << target;
    }
  }
}

TEST(Loops, ManyUnits) {
  std::string type = "tensor<1x40x50x33xf32>";
  checkLoops({unary("square", type), type, {type}});
  checkLoops(
      {"%r = nn.pool max %a window [3, 3] strides [2, 2] pads [1, 1, 1, 1] : (" + type + ") -> tensor<1x20x25x33xf32>",
       "tensor<1x20x25x33xf32>",
       {type}});
  checkLoops({"%r = nn.reduce sum %a axes [1] : (tensor<1x50x3000xf32>) -> tensor<1x3000xf32>",
              "tensor<1x3000xf32>",
              {"tensor<1x50x3000xf32>"}});
}

} // namespace
