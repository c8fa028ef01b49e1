// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Emission of softmax and normalize: statistics of a group of elements in two passes, then each element from them.
#include "codegen/EmitAt.h"

#include "codegen/Reals.h"
#include "codegen/Reduction.h"
#include "codegen/VectorMath.h"

using namespace mlir;
using namespace layerc;

static Type elementOf(Value value) { return cast<RankedTensorType>(value.getType()).getElementType(); }

bool layerc::isRowOp(Operation *op) { return isa<nn::SoftmaxOp, nn::NormalizeOp>(op); }

namespace {

/// The groups of one softmax or normalize.
class Rows {
public:
  Rows(KernelBuilder &k, Operation *op, const Lanes &at) : k(k), input(op->getOperand(0)), at(at) {
    auto softmax = dyn_cast<nn::SoftmaxOp>(op);
    axes = softmax ? softmax.getAxes() : cast<nn::NormalizeOp>(op).getAxes();
    ArrayRef<int64_t> shape = cast<RankedTensorType>(input.getType()).getShape();
    for (int64_t axis : axes)
      sizes.push_back(shape[axis]);
    innermost = at.count == 1 ? innermostAxis(shape, axes) : -1;
    type = k.computeType(elementOf(input));
  }

  double count() const { return static_cast<double>(ShapedType::getNumElements(sizes)); }

  /// Combines `term(x)` of all elements of the group; `function` is sum or max.
  Value reduce(nn::BinaryFunction function, double start, llvm::function_ref<Value(Value)> term) {
    auto combine = [&](Value a, Value b) { return emitBinary(k, function, type, a, b); };
    if (innermost < 0) {
      SmallVector<LoopBounds> bounds;
      for (int64_t size : sizes)
        bounds.push_back({k.constant(0), k.constant(size)});
      Value first = k.number(type, start, at.count);
      return emitNest(k, bounds, first,
                      [&](ArrayRef<Value> index, ValueRange sum) -> SmallVector<Value> {
                        return {combine(sum[0], term(elementAt(index, at.dim, at.count)))};
                      })
          .front();
    }
    ArrayRef<int64_t> walked = ArrayRef(sizes).take_front(innermost + 1);
    return emitRowReduction(k, walked, k.target.lanes(type.getIntOrFloatBitWidth() / 8),
                            {[&](int64_t lanes) { return k.number(type, start, lanes); },
                             [&](Value sum, ArrayRef<Value> index, int64_t lanes) {
                               return combine(sum, term(elementAt(index, axes[innermost], lanes)));
                             },
                             combine});
  }

private:
  Value elementAt(ArrayRef<Value> index, int64_t dim, int64_t lanes) {
    Lanes place{at.index, lanes, dim};
    for (auto [i, axis] : llvm::enumerate(axes))
      place.index[axis] = i < index.size() ? index[i] : k.constant(0);
    return k.emitAt(input, place);
  }

  KernelBuilder &k;
  Value input;
  Lanes at;
  ArrayRef<int64_t> axes;
  SmallVector<int64_t> sizes;
  int64_t innermost;
  Type type;
};

} // namespace

/// `statistic` in as many lanes as `x` has.
static Value likeLanes(KernelBuilder &k, Value statistic, Value x) {
  auto vector = dyn_cast<VectorType>(x.getType());
  return vector && !isa<VectorType>(statistic.getType()) ? k.splat(statistic, vector.getNumElements()) : statistic;
}

static RowStatistics softmaxStatistics(KernelBuilder &k, nn::SoftmaxOp op, Rows &rows) {
  Value largest =
      rows.reduce(nn::BinaryFunction::Maximum, -std::numeric_limits<double>::infinity(), [](Value x) { return x; });
  Value sum = rows.reduce(nn::BinaryFunction::Add, 0,
                          [&](Value x) { return emitFastExp(k, Reals(k, x).sub(x, likeLanes(k, largest, x))); });
  Reals r(k, sum);
  return {largest, op.getLog() ? emitLog(k, sum) : r.div(r.number(1), sum)};
}

static RowStatistics normalizeStatistics(KernelBuilder &k, nn::NormalizeOp op, Rows &rows) {
  double epsilon = op.getEpsilon().convertToDouble();
  auto sumOf = [&](llvm::function_ref<Value(const Reals &, Value)> term) {
    return rows.reduce(nn::BinaryFunction::Add, 0, [&](Value x) { return term(Reals(k, x), x); });
  };
  Value mean;
  if (op.getFunction() == nn::NormalizeFunction::Layer) {
    Value sum = sumOf([](const Reals &, Value x) { return x; });
    Reals r(k, sum);
    mean = r.div(sum, r.number(rows.count()));
  }
  Value squares = sumOf([&](const Reals &r, Value x) {
    Value centred = mean ? r.sub(x, likeLanes(k, mean, x)) : x;
    return r.mul(centred, centred);
  });
  Reals r(k, squares);
  Value power = op.getFunction() == nn::NormalizeFunction::L2 ? r.atLeast(squares, epsilon)
                                                              : r.add(r.div(squares, r.number(rows.count())), epsilon);
  return {mean, r.div(r.number(1), r.sqrt(power))};
}

RowStatistics layerc::emitRowStatistics(KernelBuilder &k, Operation *op, const Lanes &at) {
  Rows rows(k, op, at);
  if (auto softmax = dyn_cast<nn::SoftmaxOp>(op))
    return softmaxStatistics(k, softmax, rows);
  return normalizeStatistics(k, cast<nn::NormalizeOp>(op), rows);
}

Value layerc::emitRowElements(KernelBuilder &k, Operation *op, const Lanes &at, RowStatistics statistics) {
  Value x = k.emitAt(op->getOperand(0), at), factor = likeLanes(k, statistics.factor, x);
  Reals r(k, x);
  Value shifted = statistics.subtracted ? r.sub(x, likeLanes(k, statistics.subtracted, x)) : x;
  auto softmax = dyn_cast<nn::SoftmaxOp>(op);
  Value result = !softmax           ? r.mul(shifted, factor)
                 : softmax.getLog() ? r.sub(shifted, factor)
                                    : r.mul(emitFastExp(k, shifted), factor);
  return k.roundTo(elementOf(op->getResult(0)), result);
}
