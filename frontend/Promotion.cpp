// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Least upper bounds in Keras' lattice of element types; see Promotion.h.
#include "frontend/Promotion.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace layerc;

namespace {

/// The nodes in an order in which every edge goes up.
enum Node { Bool, AnyInt, U8, I8, U16, I16, U32, I32, U64, I64, AnyFloat, BF16, F16, F32, F64, kNodes };

constexpr unsigned set(std::initializer_list<Node> nodes) {
  unsigned bits = 0;
  for (Node node : nodes)
    bits |= 1u << node;
  return bits;
}

/// The nodes just above each node.
constexpr unsigned kAbove[kNodes] = {
    set({AnyInt}),    set({U8, I8}),   set({I16, U16}), set({I16}),      set({I32, U32}),
    set({I32}),       set({I64, U64}), set({I64}),      set({AnyFloat}), set({AnyFloat}),
    set({BF16, F16}), set({F32}),      set({F32}),      set({F64}),      0};

/// `node` and everything above it.
unsigned upperBounds(int node) {
  unsigned bounds = 1u << node;
  for (int n = node; n < kNodes; ++n)
    if (bounds >> n & 1)
      bounds |= kAbove[n];
  return bounds;
}

constexpr std::pair<ElementType, Node> kTyped[] = {
    {ElementType::Bool, Bool},     {ElementType::UInt8, U8},     {ElementType::Int8, I8},
    {ElementType::UInt16, U16},    {ElementType::Int16, I16},    {ElementType::UInt32, U32},
    {ElementType::Int32, I32},     {ElementType::UInt64, U64},   {ElementType::Int64, I64},
    {ElementType::BFloat16, BF16}, {ElementType::Float16, F16},  {ElementType::Float32, F32},
    {ElementType::Float64, F64},   {ElementType::Int32, AnyInt}, {ElementType::Float32, AnyFloat}};

Node nodeOf(const PromotedType &type) {
  if (type.kind != PromotedType::Typed)
    return type.kind == PromotedType::PythonInteger ? AnyInt : AnyFloat;
  return llvm::find_if(kTyped, [&](const auto &row) { return row.first == type.type; })->second;
}

} // namespace

ElementType layerc::resultType(ArrayRef<PromotedType> types) {
  unsigned common = (1u << kNodes) - 1;
  for (const PromotedType &type : types)
    common &= upperBounds(nodeOf(type));
  // The lowest common bound comes first, and the one below all others has them all among its own bounds.
  int least = 0;
  while (!(common >> least & 1) || (common & ~upperBounds(least)) != 0)
    ++least;
  return llvm::find_if(kTyped, [&](const auto &row) { return row.second == least; })->first;
}

ElementType layerc::elementTypeOf(Type type) {
  if (type.isF16())
    return ElementType::Float16;
  if (type.isBF16())
    return ElementType::BFloat16;
  if (isa<FloatType>(type))
    return type.isF64() ? ElementType::Float64 : ElementType::Float32;
  constexpr ElementType kSigned[] = {ElementType::Int8, ElementType::Int16, ElementType::Int32, ElementType::Int64};
  constexpr ElementType kUnsigned[] = {ElementType::UInt8, ElementType::UInt16, ElementType::UInt32,
                                       ElementType::UInt64};
  unsigned bits = type.getIntOrFloatBitWidth();
  if (bits == 1)
    return ElementType::Bool;
  return (type.isUnsignedInteger() ? kUnsigned : kSigned)[llvm::Log2_32(bits) - 3];
}
