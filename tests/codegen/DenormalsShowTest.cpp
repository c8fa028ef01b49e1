// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What native code may do with f32 for a run to be a trial.
#include "codegen/DenormalsShow.h"

#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/SourceMgr.h"

#include <gtest/gtest.h>

namespace {

/// Of a function that does `lines` with %x and %y, numbers, and %v, four of them, and returns.
bool shows(const std::string &lines) {
  llvm::LLVMContext context;
  llvm::SMDiagnostic error;
  auto module = llvm::parseAssemblyString("declare float @expf(float)\ndefine float @helper(float %x) {\n"
                                          "  %f = call float @llvm.floor.f32(float %x)\n  ret float %f\n}\n"
                                          "define void @kernel(ptr %to, float %x, float %y, <4 x float> %v) {\n" +
                                              lines + "\n  ret void\n}\n",
                                          error, context);
  if (!module) {
    ADD_FAILURE() << lines << ": " << error.getMessage().str();
    return false;
  }
  if (lines.find("@helper") == std::string::npos)
    module->getFunction("helper")->eraseFromParent();
  return layerc::denormalsShow(*module);
}

TEST(DenormalsShow, WhereOperationsRaiseAFlag) {
  for (const char *lines :
       {"%a = fadd float %x, %y", "%a = fdiv <4 x float> %v, %v", "%a = fcmp olt float %x, %y", "%a = fneg float %x",
        "%a = call float @llvm.fma.f32(float %x, float %y, float 0.5)", "%a = call float @llvm.sqrt.f32(float %x)",
        "%a = call float @llvm.copysign.f32(float 1.0, float %x)", "%a = fptosi float %x to i32",
        "%a = call <4 x float> @llvm.fabs.v4f32(<4 x float> %v)", "store float %x, ptr %to",
        "%a = shufflevector <4 x float> %v, <4 x float> %v, <2 x i32> <i32 1, i32 2>",
        "call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %to, i64 4, i1 false)",
        "%a = call i64 @llvm.smin.i64(i64 1, i64 2)"})
    EXPECT_TRUE(shows(lines)) << lines;
}

TEST(DenormalsShow, NotWhereTheyAreSilent) {
  for (const char *lines :
       {"%a = call float @llvm.floor.f32(float %x)", "%a = call float @llvm.rint.f32(float %x)",
        "%a = call float @expf(float %x)", "%a = call float @llvm.exp.f32(float %x)", "%a = frem float %x, %y",
        "%a = fpext float %x to double", "%a = fptrunc float %x to half", "%a = call float @helper(float %x)"})
    EXPECT_FALSE(shows(lines)) << lines;
}

TEST(DenormalsShow, BitsAreReadOfSumsWithALargeConstantAndForTheSign) {
  const std::string used = "\n  %b = shl i32 %a, 23\n  %c = bitcast i32 %b to float";
  EXPECT_FALSE(shows("%a = bitcast float %x to i32" + used));
  EXPECT_FALSE(shows("%s = fadd float %x, 0.5\n  %a = bitcast float %s to i32" + used));
  EXPECT_FALSE(shows("%s = fmul float %x, 12582912.0\n  %a = bitcast float %s to i32" + used));
  EXPECT_FALSE(shows("%a = bitcast <4 x float> %v to <4 x i32>\n  %b = icmp slt <4 x i32> %a, splat (i32 1)"));
  EXPECT_TRUE(shows("%s = fadd float %x, 12582912.0\n  %a = bitcast float %s to i32" + used));
  EXPECT_TRUE(shows("%s = call <4 x float> @llvm.fma.v4f32(<4 x float> %v, <4 x float> %v, <4 x float> splat (float "
                    "12582912.0))\n  %a = bitcast <4 x float> %s to <4 x i32>"));
  EXPECT_TRUE(shows("%a = bitcast <4 x float> %v to <4 x i32>\n  %b = icmp slt <4 x i32> %a, zeroinitializer"));
  EXPECT_TRUE(shows("%a = bitcast float %x to i32\n  %b = icmp sgt i32 %a, -1"));
}

} // namespace
