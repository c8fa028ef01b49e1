// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Names of tensors and models, and the escape that untrusted text passes.
#include "codegen/Names.h"

#include <gtest/gtest.h>

using namespace layerc;

namespace {

std::vector<std::string> arguments(std::vector<std::string> inputs, std::vector<std::string> outputs = {},
                                   const llvm::StringMap<std::string> &rename = {}) {
  std::vector<std::string> result;
  for (const TensorName &name : nameTensors(inputs, outputs, rename))
    result.push_back(name.argument);
  return result;
}

std::vector<std::string> types(std::vector<std::string> inputs, std::vector<std::string> outputs = {}) {
  std::vector<std::string> result;
  for (const TensorName &name : nameTensors(inputs, outputs, {}))
    result.push_back(name.type);
  return result;
}

using Strings = std::vector<std::string>;

TEST(EscapeText, KeepsPlainText) { EXPECT_EQ(escapeText("conv2d_1/kernel:0"), "conv2d_1/kernel:0"); }

TEST(EscapeText, EscapesWhatCouldEndACommentOrLiteral) {
  EXPECT_EQ(escapeText("*/"), "*\\057");
  EXPECT_EQ(escapeText("a/*b"), "a/\\052b");
  EXPECT_EQ(escapeText("//"), "/\\057");
  EXPECT_EQ(escapeText("a\\"), "a\\134");
  EXPECT_EQ(escapeText("\"'$"), "\\042\\047\\044");
  EXPECT_EQ(escapeText("\?\?/"), "\\077\\077/");
  EXPECT_EQ(escapeText("a\nb\r\0"), "a\\012b\\015");
  EXPECT_EQ(escapeText(llvm::StringRef("\0", 1)), "\\000");
  EXPECT_EQ(escapeText("\xc3\xa9"), "\\303\\251");
}

TEST(EscapeText, CutsAtEightyCharactersOutsideEscapes) {
  EXPECT_EQ(escapeText(std::string(80, 'a')), std::string(80, 'a'));
  EXPECT_EQ(escapeText(std::string(81, 'a')), std::string(80, 'a') + "...");
  EXPECT_EQ(escapeText(std::string(78, 'a') + "\n"), std::string(78, 'a') + "...");
  EXPECT_EQ(escapeText(std::string(76, 'a') + "\n"), std::string(76, 'a') + "\\012");
}

TEST(NameTensors, KeepsGoodNames) {
  EXPECT_EQ(arguments({"image"}, {"scores"}), (Strings{"image", "scores"}));
  EXPECT_EQ(types({"image", "left_eye"}, {"scores"}), (Strings{"Image", "LeftEye", "Scores"}));
}

TEST(NameTensors, NumbersAutomaticInputsByPosition) {
  EXPECT_EQ(arguments({"input_layer_3", "input_layer_4"}), (Strings{"input", "input1"}));
  EXPECT_EQ(arguments({"input_1"}), (Strings{"input"}));
  EXPECT_EQ(arguments({"image", "input_layer"}), (Strings{"image", "input1"}));
  EXPECT_EQ(arguments({"input_shape"}), (Strings{"input_shape"}));
}

TEST(NameTensors, MakesIdentifiers) {
  EXPECT_EQ(arguments({"a b", "x/y:0", "__m__", "1x1", "", "\xc3\xa9"}),
            (Strings{"a_b", "x_y_0", "m", "tensor_1x1", "tensor", "tensor_1"}));
  EXPECT_EQ(types({"RGB", "NULL", "rgbImage"}), (Strings{"Rgb", "Null", "RgbImage"}));
  EXPECT_EQ(arguments({"Image"}), (Strings{"image"}));
}

TEST(NameTensors, AvoidsKeywordsAndTheClassesOwnNames) {
  EXPECT_EQ(arguments({"class", "float", "linux", "executor", "status"}),
            (Strings{"class_", "float_", "linux_", "executor1", "status1"}));
  EXPECT_EQ(types({"model"}, {"weights"}), (Strings{"Model1", "Weights1"}));
}

TEST(NameTensors, TellsEqualNamesApart) {
  EXPECT_EQ(arguments({"x"}, {"x", "x"}), (Strings{"x", "x1", "x2"}));
  EXPECT_EQ(types({"a_b"}, {"a__b", "aB"}), (Strings{"AB", "AB1", "AB2"}));
}

TEST(NameTensors, Renames) {
  llvm::StringMap<std::string> rename;
  rename["input_layer_9"] = "picture";
  rename["dense_3"] = "scores";
  EXPECT_EQ(arguments({"input_layer_9"}, {"dense_3"}, rename), (Strings{"picture", "scores"}));
}

TEST(ModelName, ComesFromTheStem) {
  EXPECT_EQ(modelNameFrom("digits"), "digits");
  EXPECT_EQ(modelNameFrom("my-model v2"), "my_model_v2");
  EXPECT_EQ(modelNameFrom("3dcnn"), "model_3dcnn");
  EXPECT_EQ(modelNameFrom("--"), "model");
}

TEST(ModelName, RefusesWhatCannotBeNamespaceAndFile) {
  for (const char *name : {"class", "std", "layerc", "string", "math", "time", "a-b", "3d", "", "_x", "a__b", "linux"})
    EXPECT_TRUE(refuseModelName(name).has_value()) << name;
  for (const char *name : {"digits", "mobilenet_v2", "Model", "x"})
    EXPECT_EQ(refuseModelName(name), std::nullopt) << name;
  EXPECT_EQ(*refuseModelName("string"), "'string' is a standard header or namespace");
  for (const char *name : {"abort", "gamma", "index", "yn"})
    EXPECT_EQ(*refuseModelName(name), "'" + std::string(name) + "' is a name of the C library");
  EXPECT_EQ(refuseModelName("inde"), std::nullopt);
}

} // namespace
