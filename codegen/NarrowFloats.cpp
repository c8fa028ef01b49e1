// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversions of f16 and bf16. LLVM's own would call the compiler's run-time library on targets without F16C.
#include "codegen/NarrowFloats.h"

#include "llvm/TargetParser/Triple.h"

using namespace mlir;
using namespace layerc;

namespace {

/// Operations on 32-bit lanes of the shape of one value.
struct Bits {
  KernelBuilder &k;
  int64_t lanes; ///< 0 for scalars: vectors of one lane stay vectors
  Type typed(Type element) const { return lanes == 0 ? element : Type(VectorType::get(lanes, element)); }
  Type i32() const { return typed(k.b.getI32Type()); }
  Type f32() const { return typed(k.b.getF32Type()); }
  Value constant(uint32_t bits) const {
    Attribute value = k.b.getI32IntegerAttr(static_cast<int32_t>(bits));
    if (lanes == 0)
      return k.b.create<arith::ConstantOp>(cast<TypedAttr>(value));
    return k.b.create<arith::ConstantOp>(DenseElementsAttr::get(cast<VectorType>(i32()), value));
  }
  Value add(Value a, Value b) const { return k.b.create<arith::AddIOp>(a, b); }
  Value add(Value a, uint32_t b) const { return add(a, constant(b)); }
  Value mask(Value a, uint32_t b) const { return k.b.create<arith::AndIOp>(a, constant(b)); }
  Value bitOr(Value a, Value b) const { return k.b.create<arith::OrIOp>(a, b); }
  Value left(Value a, uint32_t by) const { return k.b.create<arith::ShLIOp>(a, constant(by)); }
  Value right(Value a, uint32_t by) const { return k.b.create<arith::ShRUIOp>(a, constant(by)); }
  Value real(Value a) const { return k.b.create<arith::BitcastOp>(f32(), a); }
  Value integer(Value a) const { return k.b.create<arith::BitcastOp>(i32(), a); }
  Value below(Value a, uint32_t limit) const {
    return k.b.create<arith::CmpIOp>(arith::CmpIPredicate::ult, a, constant(limit));
  }
  Value select(Value condition, Value a, Value b) const { return k.b.create<arith::SelectOp>(condition, a, b); }
  Value zeroExtended(Value a) const { return k.b.create<arith::ExtUIOp>(i32(), a); }
  Value truncated(Value a) const { return k.b.create<arith::TruncIOp>(typed(k.b.getIntegerType(16)), a); }
};

Bits bitsOf(KernelBuilder &k, Value value) {
  auto type = dyn_cast<VectorType>(value.getType());
  return {k, type ? type.getNumElements() : 0};
}

/// Every processor with FMA has F16C; AArch64 always converts halves.
bool convertsHalves(const Target &target) { return target.fma || llvm::Triple(target.triple).isAArch64(); }

Value widenHalf(const Bits &o, Value half) {
  Value magnitude = o.left(o.mask(half, 0x7fff), 13);
  Value normal = o.add(magnitude, 112u << 23);
  Value special = o.add(magnitude, 224u << 23); // exponent 31 becomes 255
  // A subnormal is m * 2^-24: as mantissa of 2^-14 it is 2^-14 too large.
  Value subnormal =
      o.integer(o.k.b.create<arith::SubFOp>(o.real(o.add(magnitude, 113u << 23)), o.real(o.constant(113u << 23))));
  Value bits = o.select(o.below(magnitude, 0x7c00u << 13), normal, special);
  bits = o.select(o.below(magnitude, 0x400u << 13), subnormal, bits);
  return o.real(o.bitOr(bits, o.left(o.mask(half, 0x8000), 16)));
}

Value narrowHalf(const Bits &o, Value bits) {
  Value magnitude = o.mask(bits, 0x7fffffff), odd = o.mask(o.right(magnitude, 13), 1);
  Value normal = o.right(o.add(o.add(magnitude, (static_cast<uint32_t>(15 - 127) << 23) + 0xfff), odd), 13);
  // Adding 0.5 leaves the rounded multiple of 2^-24 in the low bits.
  Value shifted = o.k.b.create<arith::AddFOp>(o.real(magnitude), o.real(o.constant(126u << 23)));
  Value subnormal = o.add(o.integer(shifted), static_cast<uint32_t>(-(126u << 23)));
  Value special = o.select(o.below(magnitude, 0x7f800001), o.constant(0x7c00), o.constant(0x7e00));
  Value half = o.select(o.below(magnitude, 113u << 23), subnormal, normal);
  half = o.select(o.below(magnitude, 0x47800000), half, special); // 65536
  return o.truncated(o.bitOr(half, o.right(o.mask(bits, 0x80000000), 16)));
}

} // namespace

Value layerc::widen(KernelBuilder &k, Type element, Value bits) {
  Bits o = bitsOf(k, bits);
  if (element.isBF16())
    return o.real(o.left(o.zeroExtended(bits), 16));
  if (!convertsHalves(k.target))
    return widenHalf(o, o.zeroExtended(bits));
  Value half = k.b.create<arith::BitcastOp>(o.typed(k.b.getF16Type()), bits);
  return k.b.create<arith::ExtFOp>(o.f32(), half);
}

Value layerc::narrow(KernelBuilder &k, Type element, Value value) {
  Bits o = bitsOf(k, value);
  Value bits = o.integer(value);
  if (element.isBF16()) {
    Value rounded = o.right(o.add(o.add(bits, 0x7fff), o.mask(o.right(bits, 16), 1)), 16);
    Value isNumber = o.below(o.mask(bits, 0x7fffffff), 0x7f800001);
    return o.truncated(o.select(isNumber, rounded, o.constant(0x7fc0)));
  }
  if (!convertsHalves(k.target))
    return narrowHalf(o, bits);
  Value half = k.b.create<arith::TruncFOp>(o.typed(k.b.getF16Type()), value);
  return k.b.create<arith::BitcastOp>(o.typed(k.b.getIntegerType(16)), half);
}
