// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Emission of ops that combine many elements into one, as plain loops around carried accumulators: reductions, pooling,
// contractions and convolutions. Several places share one nest; what they load in common is loaded once.
// Above 400 lines because all of them are written with the few loop nests that stand first.
#include "codegen/EmitAt.h"

#include "codegen/Reals.h"
#include "codegen/Reduction.h"
#include "codegen/VectorMath.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace layerc;

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }
static Type elementOf(Value value) { return cast<RankedTensorType>(value.getType()).getElementType(); }

static Value scalarConstant(KernelBuilder &k, Attribute value, int64_t lanes) {
  return k.splat(k.b.create<arith::ConstantOp>(cast<TypedAttr>(value)), lanes);
}

/// a * b + sum for floats and wrapping integers.
static Value multiplyAdd(KernelBuilder &k, Value a, Value b, Value sum) {
  if (isa<FloatType>(getElementTypeOrSelf(sum.getType())))
    return k.fma(a, b, sum);
  return k.b.create<arith::AddIOp>(sum, k.b.create<arith::MulIOp>(a, b));
}

//===-- Reduce --------------------------------------------------------------------------------------------------===//

static nn::BinaryFunction stepOf(nn::ReduceFunction function) {
  switch (function) {
  case nn::ReduceFunction::Sum:
  case nn::ReduceFunction::Mean:
    return nn::BinaryFunction::Add;
  case nn::ReduceFunction::Prod:
    return nn::BinaryFunction::Mul;
  case nn::ReduceFunction::Max:
    return nn::BinaryFunction::Maximum;
  case nn::ReduceFunction::Min:
    return nn::BinaryFunction::Minimum;
  case nn::ReduceFunction::Any:
    return nn::BinaryFunction::Or;
  case nn::ReduceFunction::All:
    return nn::BinaryFunction::And;
  }
  llvm_unreachable("a reduction");
}

/// The number from which a reduction of elements of type `element` starts.
static Value startOf(KernelBuilder &k, nn::ReduceFunction function, Type element, int64_t lanes) {
  Type type = k.computeType(element);
  bool isLow = function == nn::ReduceFunction::Max, isHigh = function == nn::ReduceFunction::Min;
  bool isOne = function == nn::ReduceFunction::Prod || function == nn::ReduceFunction::All;
  if (isa<FloatType>(type)) {
    double infinity = std::numeric_limits<double>::infinity();
    return k.number(type, isLow ? -infinity : isHigh ? infinity : isOne ? 1 : 0, lanes);
  }
  unsigned bits = type.getIntOrFloatBitWidth();
  bool isUnsigned = element.isUnsignedInteger() || bits == 1;
  APInt start(bits, isOne ? 1 : 0);
  if (isLow)
    start = isUnsigned ? APInt::getMinValue(bits) : APInt::getSignedMinValue(bits);
  else if (isHigh)
    start = isUnsigned ? APInt::getMaxValue(bits) : APInt::getSignedMaxValue(bits);
  return scalarConstant(k, IntegerAttr::get(type, start), lanes);
}

/// The function behind a step; f16 and bf16 are summed in f32.
static Value combine(KernelBuilder &k, nn::ReduceFunction function, Type element, Value a, Value b) {
  return emitBinary(k, stepOf(function), isa<FloatType>(element) ? k.computeType(element) : element, a, b);
}

static SmallVector<Value> emitReduce(KernelBuilder &k, nn::ReduceOp op, ArrayRef<Lanes> places) {
  Value input = op.getInput();
  ArrayRef<int64_t> shape = shapeOf(input), axes = op.getAxes();
  SmallVector<int64_t> kept = othersThan(axes, shape.size());
  Type element = elementOf(input);
  nn::ReduceFunction function = op.getFunction();
  auto elementAt = [&](const Lanes &place, ArrayRef<Value> reduced, int64_t dim, int64_t count) {
    Lanes at{SmallVector<Value>(shape.size()), count, dim};
    for (auto [d, position] : llvm::zip_equal(kept, place.index))
      at.index[d] = position;
    for (auto [d, position] : llvm::zip_equal(axes, reduced))
      at.index[d] = position;
    return k.emitAt(input, at);
  };
  SmallVector<int64_t> sizes;
  for (int64_t axis : axes)
    sizes.push_back(shape[axis]);

  SmallVector<Value> results;
  int64_t lanes = k.target.lanes(std::max<int64_t>(1, k.computeType(element).getIntOrFloatBitWidth() / 8));
  if (int64_t innermost = innermostAxis(shape, axes); innermost >= 0 && places.front().count == 1) {
    int64_t dim = axes[innermost];
    // Axes behind the innermost one have size 1: the row is the last of the dimensions that are walked.
    ArrayRef<int64_t> walked = ArrayRef(sizes).take_front(innermost + 1);
    for (const Lanes &place : places) {
      auto step = [&](Value sum, ArrayRef<Value> index, int64_t count) {
        SmallVector<Value> reduced(index);
        reduced.resize(axes.size(), k.constant(0));
        return combine(k, function, element, sum, elementAt(place, reduced, dim, count));
      };
      results.push_back(emitRowReduction(k, walked, lanes,
                                         {[&](int64_t count) { return startOf(k, function, element, count); }, step,
                                          [&](Value a, Value b) { return combine(k, function, element, a, b); }}));
    }
  } else {
    SmallVector<LoopBounds> bounds;
    for (int64_t size : sizes)
      bounds.push_back({k.constant(0), k.constant(size)});
    SmallVector<Value> start(places.size(), startOf(k, function, element, places.front().count));
    results = emitNest(k, bounds, start, [&](ArrayRef<Value> reduced, ValueRange sums) {
      SmallVector<Value> next;
      for (auto [place, sum] : llvm::zip_equal(places, sums)) {
        int64_t dim = place.index.empty() ? 0 : kept[place.dim];
        next.push_back(combine(k, function, element, sum, elementAt(place, reduced, dim, place.count)));
      }
      return next;
    });
  }
  for (Value &result : results) {
    if (function == nn::ReduceFunction::Mean) {
      Reals r(k, result);
      result = r.div(result, r.number(static_cast<double>(ShapedType::getNumElements(sizes))));
    }
    result = k.roundTo(element, result);
  }
  return results;
}

//===-- Windows -------------------------------------------------------------------------------------------------===//

/// Kernel positions [low, high) of one dimension for which start + position * dilation lies in [0, size).
static LoopBounds insideTaps(KernelBuilder &k, Value start, int64_t taps, int64_t dilation, int64_t size) {
  auto ceilDivide = [&](Value value) { return k.div(k.add(k.max(value, k.constant(0)), dilation - 1), dilation); };
  Value low = k.min(ceilDivide(k.sub(k.constant(0), start)), k.constant(taps));
  Value high = k.min(ceilDivide(k.sub(k.constant(size), start)), k.constant(taps));
  return {low, high};
}

namespace {

/// The window of the output at one place: where it begins and which of its positions are inside, per spatial dimension.
struct Window {
  SmallVector<Value> starts;
  SmallVector<LoopBounds> bounds;
  SmallVector<int64_t> dilations, sizes;

  void add(KernelBuilder &k, Value position, int64_t stride, int64_t padLow, int64_t taps, int64_t dilation,
           int64_t size) {
    starts.push_back(k.sub(k.mul(position, stride), padLow));
    bounds.push_back(insideTaps(k, starts.back(), taps, dilation, size));
    dilations.push_back(dilation);
    sizes.push_back(size);
  }
  /// Position in the input along spatial dimension `d` of window position `tap`.
  Value input(KernelBuilder &k, size_t d, Value tap) const {
    Value position = k.add(starts[d], k.mul(tap, dilations[d]));
    auto range = k.rangeOf(position);
    bool isInside = range && range->first >= 0 && range->second < sizes[d];
    return isInside ? position : k.narrowed(position, 0, sizes[d] - 1);
  }
};

} // namespace

/// Lanes along a spatial dimension read windows of their own.
static bool isAlongWindow(const Lanes &place) {
  return place.count > 1 && place.dim > 0 && place.dim + 1 < static_cast<int64_t>(place.index.size());
}

static SmallVector<Value> emitPool(KernelBuilder &k, nn::PoolOp op, ArrayRef<Lanes> places) {
  Value input = op.getInput();
  Type element = elementOf(input), type = k.computeType(element);
  bool isMax = op.getFunction() == nn::PoolFunction::Max;
  nn::ReduceFunction function = isMax ? nn::ReduceFunction::Max : nn::ReduceFunction::Sum;
  Window window;
  Value inside = k.constant(1);
  for (int64_t d = 0; d < op.spatialRank(); ++d) {
    window.add(k, places.front().index[d + 1], op.stride(d), op.padLow(d), op.getWindow()[d], 1, shapeOf(input)[d + 1]);
    inside = k.mul(inside, k.sub(window.bounds[d].high, window.bounds[d].low));
  }
  int64_t count = places.front().count;
  SmallVector<Value> start(places.size(), startOf(k, function, element, count));
  SmallVector<Value> results = emitNest(k, window.bounds, start, [&](ArrayRef<Value> taps, ValueRange sums) {
    SmallVector<Value> next;
    for (auto [place, sum] : llvm::zip_equal(places, sums)) {
      Lanes at = place;
      for (auto [d, tap] : llvm::enumerate(taps))
        at.index[d + 1] = window.input(k, d, tap);
      next.push_back(combine(k, function, element, sum, k.emitAt(input, at)));
    }
    return next;
  });
  if (!isMax) {
    Value whole = k.b.create<arith::IndexCastOp>(k.b.getI64Type(), inside);
    Type number = k.b.getI64Type();
    Value divisor = k.splat(emitConvert(k, whole, number, isa<FloatType>(type) ? type : element), count);
    for (Value &result : results)
      result = k.roundTo(
          element, emitBinary(k, nn::BinaryFunction::Div, isa<FloatType>(type) ? type : element, result, divisor));
  }
  return results;
}

/// One element of the only filter's result: a sum along the channels of all positions of the window.
static Value emitConvOfOneFilter(KernelBuilder &k, nn::ConvOp op, const Window &window, const Lanes &place) {
  Type type = k.computeType(elementOf(op));
  int64_t rank = op.spatialRank();
  RowReduction sum;
  sum.start = [&](int64_t lanes) { return k.number(type, 0, lanes); };
  sum.step = [&](Value before, ArrayRef<Value> index, int64_t lanes) {
    Lanes from{{place.index[0]}, lanes, rank + 1}, weight{SmallVector<Value>(index), lanes, rank};
    for (int64_t d = 0; d < rank; ++d)
      from.index.push_back(window.input(k, d, index[d]));
    from.index.push_back(index[rank]);
    weight.index.push_back(k.constant(0));
    return multiplyAdd(k, k.emitAt(op.getInput(), from), k.emitAt(op.getKernel(), weight), before);
  };
  sum.combine = [&](Value a, Value b) { return combine(k, nn::ReduceFunction::Sum, elementOf(op), a, b); };
  int64_t lanes = k.target.lanes(type.getIntOrFloatBitWidth() / 8);
  return emitRowReductions(k, window.bounds, shapeOf(op.getKernel())[rank], lanes, sum).front();
}

static SmallVector<Value> emitConv(KernelBuilder &k, nn::ConvOp op, ArrayRef<Lanes> places) {
  Value input = op.getInput(), kernel = op.getKernel();
  int64_t rank = op.spatialRank(), channels = shapeOf(kernel)[rank], filters = shapeOf(kernel)[rank + 1];
  auto groups = static_cast<int64_t>(op.getGroups());
  int64_t filtersPerGroup = filters / groups, last = rank + 1;
  Window window;
  for (int64_t d = 0; d < rank; ++d)
    window.add(k, places.front().index[d + 1], op.stride(d), op.padLow(d), shapeOf(kernel)[d], op.dilation(d),
               shapeOf(input)[d + 1]);
  if (filters == 1 && places.size() == 1 && places.front().count == 1)
    return {emitConvOfOneFilter(k, op, window, places.front())};
  SmallVector<LoopBounds> bounds = window.bounds;
  bounds.push_back({k.constant(0), k.constant(channels)});
  Type type = k.computeType(elementOf(op));
  SmallVector<Value> start(places.size(), k.number(type, 0, places.front().count));
  return emitNest(k, bounds, start, [&](ArrayRef<Value> index, ValueRange sums) {
    SmallVector<Value> next;
    for (auto [place, sum] : llvm::zip_equal(places, sums)) {
      bool channelLanes = place.count > 1 && place.dim == last;
      Lanes from{SmallVector<Value>(last + 1), place.count, place.dim},
          weight{SmallVector<Value>(index), place.count, last};
      from.index[0] = place.index[0];
      for (int64_t d = 0; d < rank; ++d)
        from.index[d + 1] = window.input(k, d, index[d]);
      from.index[last] = k.add(k.mul(k.div(place.index[last], filtersPerGroup), channels), index[rank]);
      weight.index.push_back(place.index[last]);
      if (channelLanes && filtersPerGroup != 1) // all lanes are of one group
        from.count = 1;
      if (!channelLanes)
        weight.count = 1;
      Value x = k.emitAt(input, from), w = k.emitAt(kernel, weight);
      x = from.count == place.count ? x : k.splat(x, place.count);
      w = weight.count == place.count ? w : k.splat(w, place.count);
      next.push_back(multiplyAdd(k, x, w, sum));
    }
    return next;
  });
}

/// The kernel's rows for one place follow each other, so that a walk along the filters streams it once.
static SmallVector<Value> emitLocalConv(KernelBuilder &k, nn::LocalConvOp op, ArrayRef<Lanes> places) {
  Value input = op.getInput(), kernel = op.getKernel();
  int64_t rank = op.spatialRank(), last = rank + 1;
  Window window;
  for (int64_t d = 0; d < rank; ++d)
    window.add(k, places.front().index[d + 1], op.stride(d), op.padLow(d), op.window(d), 1, shapeOf(input)[d + 1]);
  SmallVector<LoopBounds> bounds = window.bounds;
  bounds.push_back({k.constant(0), k.constant(shapeOf(input)[last])});
  SmallVector<Value> start(places.size(), k.number(k.computeType(elementOf(op)), 0, places.front().count));
  return emitNest(k, bounds, start, [&](ArrayRef<Value> index, ValueRange sums) {
    SmallVector<Value> next;
    for (auto [place, sum] : llvm::zip_equal(places, sums)) {
      bool filterLanes = place.count > 1 && place.dim == last;
      Lanes from{{place.index[0]}, filterLanes ? 1 : place.count, filterLanes ? 0 : place.dim};
      for (int64_t d = 0; d < rank; ++d)
        from.index.push_back(window.input(k, d, index[d]));
      from.index.push_back(index[rank]);
      Lanes weight{SmallVector<Value>(ArrayRef(place.index).slice(1, rank)), filterLanes ? place.count : 1,
                   2 * rank + 1};
      llvm::append_range(weight.index, index);
      weight.index.push_back(place.index[last]);
      Value x = k.emitAt(input, from), w = k.emitAt(kernel, weight);
      x = from.count == place.count ? x : k.splat(x, place.count);
      w = weight.count == place.count ? w : k.splat(w, place.count);
      next.push_back(multiplyAdd(k, x, w, sum));
    }
    return next;
  });
}

static Value emitConvTranspose(KernelBuilder &k, nn::ConvTransposeOp op, const Lanes &place) {
  Value input = op.getInput(), kernel = op.getKernel();
  int64_t rank = op.spatialRank(), last = rank + 1;
  SmallVector<LoopBounds> taps;
  for (int64_t size : shapeOf(kernel).take_front(rank))
    taps.push_back({k.constant(0), k.constant(size)});
  bool channelLanes = place.count > 1 && place.dim == last;
  Value start = k.number(k.computeType(elementOf(op)), 0, place.count);
  return emitNest(k, taps, start,
                  [&](ArrayRef<Value> tap, ValueRange sums) -> SmallVector<Value> {
                    Lanes from{SmallVector<Value>(last + 1), channelLanes ? 1 : place.count, place.dim};
                    from.index[0] = place.index[0];
                    Value hit;
                    for (int64_t d = 0; d < rank; ++d) {
                      // = position * stride when this tap reaches the place; a negative one becomes a huge quotient
                      Value spread = k.sub(k.add(place.index[d + 1], op.crop(d)), k.mul(tap[d], op.dilation(d)));
                      Value position = k.b.create<arith::DivUIOp>(spread, k.constant(op.stride(d)));
                      Value rest = k.b.create<arith::RemUIOp>(spread, k.constant(op.stride(d)));
                      Value isWhole = k.b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, rest, k.constant(0));
                      Value isInside = k.b.create<arith::CmpIOp>(arith::CmpIPredicate::ult, position,
                                                                 k.constant(shapeOf(input)[d + 1]));
                      Value both = k.b.create<arith::AndIOp>(isWhole, isInside);
                      hit = hit ? k.b.create<arith::AndIOp>(hit, both).getResult() : both;
                      from.index[d + 1] = position;
                    }
                    auto emitChannels = [&] {
                      LoopBounds channels{k.constant(0), k.constant(shapeOf(kernel)[rank])};
                      return emitNest(k, channels, sums,
                                      [&](ArrayRef<Value> channel, ValueRange inner) -> SmallVector<Value> {
                                        from.index[last] = channel[0];
                                        Lanes weight{SmallVector<Value>(tap), channelLanes ? place.count : 1, last};
                                        weight.index.append({channel[0], place.index[last]});
                                        Value x = k.emitAt(input, from), w = k.emitAt(kernel, weight);
                                        x = from.count == place.count ? x : k.splat(x, place.count);
                                        w = weight.count == place.count ? w : k.splat(w, place.count);
                                        return {multiplyAdd(k, x, w, inner[0])};
                                      })
                          .front();
                    };
                    return {k.choose(start.getType(), hit, emitChannels, [&] { return sums[0]; })};
                  })
      .front();
}

//===-- Contract ------------------------------------------------------------------------------------------------===//

namespace {

/// Where the dimensions of a contraction's result and sum are in one operand.
struct ContractSide {
  Value operand;
  ArrayRef<int64_t> batch, contracting;
  SmallVector<int64_t> others;
  int64_t firstOther; ///< in the result

  /// Dimension of the operand for dimension d of the result, or -1.
  int64_t dimOf(int64_t d) const {
    if (d < static_cast<int64_t>(batch.size()))
      return batch[d];
    int64_t other = d - firstOther;
    return other >= 0 && other < static_cast<int64_t>(others.size()) ? others[other] : -1;
  }

  Value emit(KernelBuilder &k, const Lanes &place, ArrayRef<Value> summed) const {
    Lanes at{SmallVector<Value>(shapeOf(operand).size()), 1, 0};
    for (auto [d, position] : llvm::enumerate(place.index))
      if (int64_t own = dimOf(static_cast<int64_t>(d)); own >= 0)
        at.index[own] = position;
    for (auto [d, position] : llvm::zip_equal(contracting, summed))
      at.index[d] = position;
    int64_t own = place.count > 1 ? dimOf(place.dim) : -1;
    if (own < 0)
      return k.splat(k.emitAt(operand, at), place.count);
    at.count = place.count;
    at.dim = own;
    return k.emitAt(operand, at);
  }

  /// `count` elements along the contracting dimension number `along`.
  Value emitRow(KernelBuilder &k, const Lanes &place, ArrayRef<Value> summed, int64_t along, int64_t count) const {
    Lanes at{SmallVector<Value>(shapeOf(operand).size()), count, contracting[along]};
    for (auto [d, position] : llvm::enumerate(place.index))
      if (int64_t own = dimOf(static_cast<int64_t>(d)); own >= 0)
        at.index[own] = position;
    for (auto [d, position] : llvm::zip_equal(contracting, summed))
      at.index[d] = position;
    return k.emitAt(operand, at);
  }
};

} // namespace

static SmallVector<Value> emitContract(KernelBuilder &k, nn::ContractOp op, ArrayRef<Lanes> places) {
  ArrayRef<int64_t> none;
  auto makeSide = [&](Value operand, ArrayRef<int64_t> batch, ArrayRef<int64_t> contracting) {
    SmallVector<int64_t> named(batch);
    named.append(contracting.begin(), contracting.end());
    return ContractSide{operand, batch, contracting, othersThan(named, shapeOf(operand).size()), 0};
  };
  ContractSide left = makeSide(op.getLhs(), op.getLhsBatch().value_or(none), op.getLhsContracting());
  ContractSide right = makeSide(op.getRhs(), op.getRhsBatch().value_or(none), op.getRhsContracting());
  left.firstOther = static_cast<int64_t>(left.batch.size());
  right.firstOther = left.firstOther + static_cast<int64_t>(left.others.size());
  SmallVector<int64_t> sizes;
  for (int64_t d : left.contracting)
    sizes.push_back(shapeOf(left.operand)[d]);
  Type element = elementOf(op), type = k.computeType(element);

  int64_t along = innermostAxis(shapeOf(left.operand), left.contracting);
  bool isDot = places.front().count == 1 && along >= 0 && along + 1 == static_cast<int64_t>(sizes.size()) &&
               along == innermostAxis(shapeOf(right.operand), right.contracting);
  if (isDot) {
    int64_t lanes = k.target.lanes(std::max<int64_t>(1, type.getIntOrFloatBitWidth() / 8));
    SmallVector<RowReduction> rows;
    for (const Lanes &place : places)
      rows.push_back({[&](int64_t count) { return k.number(type, 0, count); },
                      [&, place](Value sum, ArrayRef<Value> index, int64_t count) {
                        Value x = left.emitRow(k, place, index, along, count);
                        return multiplyAdd(k, x, right.emitRow(k, place, index, along, count), sum);
                      },
                      [&](Value a, Value b) { return combine(k, nn::ReduceFunction::Sum, element, a, b); }});
    return emitRowReductions(k, sizes, lanes, rows);
  }
  SmallVector<LoopBounds> bounds;
  for (int64_t size : sizes)
    bounds.push_back({k.constant(0), k.constant(size)});
  SmallVector<Value> start(places.size(), k.number(type, 0, places.front().count));
  return emitNest(k, bounds, start, [&](ArrayRef<Value> index, ValueRange sums) {
    SmallVector<Value> next;
    for (auto [place, sum] : llvm::zip_equal(places, sums))
      next.push_back(multiplyAdd(k, left.emit(k, place, index), right.emit(k, place, index), sum));
    return next;
  });
}

//===-- All -----------------------------------------------------------------------------------------------------===//

bool layerc::isSum(Operation *op) {
  return isa<nn::ReduceOp, nn::PoolOp, nn::ConvOp, nn::ConvTransposeOp, nn::LocalConvOp, nn::ContractOp>(op);
}

/// Whether one vector emission covers all lanes of `place`.
static bool isVectorPlace(KernelBuilder &k, Operation *op, const Lanes &place) {
  if (isa<nn::PoolOp, nn::ConvOp, nn::ConvTransposeOp, nn::LocalConvOp>(op) && isAlongWindow(place))
    return false;
  auto conv = dyn_cast<nn::ConvOp>(op);
  if (!conv || place.count == 1 || conv.getGroups() == 1 || place.dim + 1 < static_cast<int64_t>(place.index.size()))
    return true;
  int64_t filters = shapeOf(conv).back() / static_cast<int64_t>(conv.getGroups());
  bool isDepthwise = filters == 1 && shapeOf(conv.getKernel())[conv.spatialRank()] == 1;
  bool inOneGroup = filters % place.count == 0 && k.isMultiple(place.index.back(), place.count);
  return isDepthwise || inOneGroup;
}

SmallVector<Value> layerc::emitSums(KernelBuilder &k, Operation *op, ArrayRef<Lanes> places) {
  if (!isVectorPlace(k, op, places.front())) {
    SmallVector<Value> results;
    for (const Lanes &place : places)
      results.push_back(emitLaneByLane(k, place, [&](const Lanes &one) { return emitSums(k, op, one).front(); }));
    return results;
  }
  SmallVector<Value> sums = llvm::TypeSwitch<Operation *, SmallVector<Value>>(op)
                                .Case([&](nn::ReduceOp reduce) { return emitReduce(k, reduce, places); })
                                .Case([&](nn::PoolOp pool) { return emitPool(k, pool, places); })
                                .Case([&](nn::ConvOp conv) { return emitConv(k, conv, places); })
                                .Case([&](nn::LocalConvOp conv) { return emitLocalConv(k, conv, places); })
                                .Case([&](nn::ContractOp contract) { return emitContract(k, contract, places); })
                                .Case([&](nn::ConvTransposeOp conv) {
                                  return SmallVector<Value>(llvm::map_range(
                                      places, [&](const Lanes &at) { return emitConvTranspose(k, conv, at); }));
                                });
  for (Value &sum : sums)
    sum = k.roundTo(elementOf(op->getResult(0)), sum);
  return sums;
}
