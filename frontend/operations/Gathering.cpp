// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations that choose elements by indices that are themselves a tensor.
#include "frontend/OperationImport.h"

using namespace mlir;
using namespace layerc;
using O = OperationImport;
using B = nn::BinaryFunction;

/// Negative indices count from the end.
static Value wrapped(O &o, Value indices, int64_t size) {
  if (o.l.failed() || o.l.elementType(indices).isUnsignedInteger())
    return indices;
  Value below = o.l.binary(B::Less, indices, 0.0), moved = o.l.add(indices, static_cast<double>(size));
  return o.l.select(below, moved, indices);
}

/// Elements at `indices` along `axis`; outside, Keras on JAX gives NaN and on TensorFlow refuses on a processor.
static Value gather(O &o, Value x, Value indices, int64_t axis, int64_t batch) {
  if (o.l.failed())
    return {};
  indices = wrapped(o, indices, o.l.shape(x)[axis]);
  auto bounds = isa<FloatType>(o.l.elementType(x)) ? nn::GatherBounds::Nan : nn::GatherBounds::Clamp;
  return o.l.create<nn::GatherOp>(bounds, x, indices, axis, batch);
}

static Value integerTensor(O &o, StringRef name) {
  Value indices = o.tensor(name);
  if (!o.l.failed() && !isa<IntegerType>(o.l.elementType(indices)))
    indices = o.l.cast(indices, IntegerType::get(o.l.context(), 32));
  return indices;
}

static Results take(O &o) {
  Value x = o.tensor("x"), indices = integerTensor(o, "indices");
  if (!o.l.failed() && !o.has("axis"))
    x = o.l.reshape(x, {ShapedType::getNumElements(o.l.shape(x))});
  int64_t axis = o.has("axis") ? o.axis("axis", o.l.rank(x)) : 0;
  return {gather(o, x, indices, axis, o.integer("batch_dims", 0))};
}

/// result[..., i, ...] = x[..., indices[..., i, ...], ...]: with the axis last, all other dimensions are batch.
static Results takeAlongAxis(O &o) {
  Value x = o.tensor("x"), indices = integerTensor(o, "indices");
  if (o.l.failed())
    return {};
  Sizes shape(o.l.shape(indices));
  if (!o.has("axis")) {
    x = o.l.reshape(x, {ShapedType::getNumElements(o.l.shape(x))});
    indices = o.l.reshape(indices, {ShapedType::getNumElements(shape)});
  }
  int64_t rank = o.l.rank(x), axis = o.has("axis") ? o.axis("axis", rank) : 0;
  if (o.l.failed() || o.l.rank(indices) != rank)
    return o.l.fail() << "takes along an axis of " << shapeText(o.l.shape(x)) << " with indices of "
                      << shapeText(shape);
  x = o.l.moveAxis(x, axis, rank - 1);
  indices = o.l.moveAxis(indices, axis, rank - 1);
  Sizes others(o.l.shape(x).drop_back()), wide(o.l.shape(indices));
  for (auto [d, size] : llvm::enumerate(others)) // batch dimensions of size 1 repeat, on either side
    size = wide[d] = std::max(size, wide[d]);
  Sizes all(others);
  all.push_back(o.l.shape(x).back());
  auto broadcast = [&](Value v, ArrayRef<int64_t> sizes) {
    return o.l.failed() || o.l.shape(v) == sizes ? v : o.l.create<nn::BroadcastOp>(v, sizes);
  };
  x = broadcast(x, all);
  indices = broadcast(indices, wide);
  return {o.l.moveAxis(gather(o, x, indices, rank - 1, rank - 1), rank - 1, axis)};
}

ArrayRef<OperationRow> layerc::gatheringOperations() {
  static const OperationRow rows[] = {
      {"Take", "x indices", take},
      {"TakeAlongAxis", "x indices", takeAlongAxis},
  };
  return rows;
}
