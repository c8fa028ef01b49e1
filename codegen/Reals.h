// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Short names for arithmetic on floats of one type, scalar or vector, so that formulas read like formulas.
#pragma once

#include "codegen/KernelBuilder.h"

namespace layerc {

struct Reals {
  Reals(KernelBuilder &k, mlir::Value like) : k(k), type(like.getType()) {}
  KernelBuilder &k;
  mlir::Type type;

  mlir::Type element() const { return mlir::getElementTypeOrSelf(type); }
  int64_t lanes() const {
    auto vector = mlir::dyn_cast<mlir::VectorType>(type);
    return vector ? vector.getNumElements() : 1;
  }
  mlir::Value number(double value) const;
  mlir::Value add(mlir::Value a, mlir::Value b) const { return k.b.create<mlir::arith::AddFOp>(a, b); }
  mlir::Value add(mlir::Value a, double b) const { return add(a, number(b)); }
  mlir::Value sub(mlir::Value a, mlir::Value b) const { return k.b.create<mlir::arith::SubFOp>(a, b); }
  mlir::Value sub(mlir::Value a, double b) const { return sub(a, number(b)); }
  mlir::Value mul(mlir::Value a, mlir::Value b) const { return k.b.create<mlir::arith::MulFOp>(a, b); }
  mlir::Value mul(mlir::Value a, double b) const { return mul(a, number(b)); }
  mlir::Value div(mlir::Value a, mlir::Value b) const { return k.b.create<mlir::arith::DivFOp>(a, b); }
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c) const { return k.fma(a, b, c); }
  mlir::Value neg(mlir::Value a) const { return k.b.create<mlir::arith::NegFOp>(a); }
  mlir::Value abs(mlir::Value a) const;
  mlir::Value sqrt(mlir::Value a) const;
  mlir::Value copySign(mlir::Value magnitude, mlir::Value sign) const;
  mlir::Value compare(mlir::arith::CmpFPredicate predicate, mlir::Value a, mlir::Value b) const {
    return k.b.create<mlir::arith::CmpFOp>(predicate, a, b);
  }
  mlir::Value less(mlir::Value a, mlir::Value b) const { return compare(mlir::arith::CmpFPredicate::OLT, a, b); }
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b) const {
    return k.b.create<mlir::arith::SelectOp>(condition, a, b);
  }
  /// Larger and smaller of x and a number that is not NaN; a NaN in x is kept.
  mlir::Value atLeast(mlir::Value x, double limit) const {
    mlir::Value bound = number(limit);
    return select(less(x, bound), bound, x);
  }
  mlir::Value atMost(mlir::Value x, double limit) const {
    mlir::Value bound = number(limit);
    return select(less(bound, x), bound, x);
  }
  /// NaN when either is NaN.
  mlir::Value maximum(mlir::Value a, mlir::Value b) const;
  mlir::Value minimum(mlir::Value a, mlir::Value b) const;
  /// c[0] + c[1] x + c[2] x^2 + ... by Horner's rule.
  mlir::Value polynomial(mlir::Value x, llvm::ArrayRef<double> coefficients) const;
  /// The same with `square` = x^2, by pairs of terms: half as many operations wait for each other.
  mlir::Value polynomial(mlir::Value x, mlir::Value square, llvm::ArrayRef<double> coefficients) const;
};

} // namespace layerc
