// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A list of what is allowed: what it does not know counts as hiding denormals.
#include "codegen/DenormalsShow.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/PatternMatch.h"

using namespace llvm;
using namespace llvm::PatternMatch;

static bool isFloat(const Type *type) { return type->getScalarType()->isFloatingPointTy(); }
static bool isSingle(const Type *type) { return type->getScalarType()->isFloatTy(); }

/// A number of size 1 or more in every lane.
static bool isLargeConstant(const Value *value) {
  const APFloat *number;
  return match(value, m_APFloat(number)) && isSingle(value->getType()) && !number->isNaN() &&
         abs(*number).convertToFloat() >= 1.0f;
}

/// A sum with a constant of size 1 or more. It is no denormal: where it comes near zero, the other operand is about as
/// large, and what they differ by is a multiple of the last of its 48 digits.
static bool isFarFromDenormal(const Value *value) {
  if (auto *sum = dyn_cast<BinaryOperator>(value))
    return sum->getOpcode() == Instruction::FAdd && any_of(sum->operands(), isLargeConstant);
  auto *call = dyn_cast<IntrinsicInst>(value);
  return call && (call->getIntrinsicID() == Intrinsic::fma || call->getIntrinsicID() == Intrinsic::fmuladd) &&
         isLargeConstant(call->getArgOperand(2));
}

/// Flushing keeps the sign.
static bool isSignTest(const User *user) {
  auto *compare = dyn_cast<ICmpInst>(user);
  return compare && ((compare->getPredicate() == ICmpInst::ICMP_SLT && match(compare->getOperand(1), m_Zero())) ||
                     (compare->getPredicate() == ICmpInst::ICMP_SGT && match(compare->getOperand(1), m_AllOnes())));
}

static bool isFaithful(const BitCastInst &cast) {
  if (!isFloat(cast.getSrcTy()) || isFloat(cast.getDestTy()))
    return true;
  return isFarFromDenormal(cast.getOperand(0)) || all_of(cast.users(), isSignTest);
}

static bool isFaithful(const CallBase &call) {
  switch (call.getIntrinsicID()) {
  case Intrinsic::fma:
  case Intrinsic::fmuladd:
  case Intrinsic::sqrt:
  case Intrinsic::fabs:
  case Intrinsic::copysign:
  case Intrinsic::minnum:
  case Intrinsic::maxnum:
  case Intrinsic::vector_reduce_fadd:
  case Intrinsic::masked_load:
  case Intrinsic::masked_store:
    return true;
  case Intrinsic::not_intrinsic: {
    const Function *callee = call.getCalledFunction();
    return callee && !callee->isDeclaration(); // its instructions are looked at as well
  }
  default:
    return !isFloat(call.getType()) && none_of(call.args(), [](const Use &use) { return isFloat(use->getType()); });
  }
}

static bool isFaithful(const Instruction &instruction) {
  auto isOther = [](const Value *value) { return isFloat(value->getType()) && !isSingle(value->getType()); };
  if (isOther(&instruction) || any_of(instruction.operand_values(), isOther))
    return false;
  if (auto *call = dyn_cast<CallBase>(&instruction))
    return isFaithful(*call);
  if (auto *cast = dyn_cast<BitCastInst>(&instruction))
    return isFaithful(*cast);
  return instruction.getOpcode() != Instruction::FRem; // a call of libm
}

bool layerc::denormalsShow(const Module &module) {
  return all_of(module, [](const Function &function) {
    return all_of(function, [](const BasicBlock &block) {
      return all_of(block, [](const Instruction &instruction) { return isFaithful(instruction); });
    });
  });
}
