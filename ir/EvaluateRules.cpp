// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One rule per nn op: the formula of its description for a single element, sums in double.
// Above 400 lines because all ops stand in one place, in the order of their descriptions.
#include "ir/EvaluateRules.h"

#include "ir/WinogradTransform.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <limits>
#include <numeric>

using namespace mlir;
using namespace layerc;
using namespace layerc::nn;

using Inputs = ArrayRef<EvaluatedValue *>;
using Offsets = SmallVector<int64_t, 6>;

/// Calls `visit(index)` for each index inside `sizes`, the last dimension fastest.
template <typename Visit> static void forEachIndex(Index sizes, Visit visit) {
  if (llvm::is_contained(sizes, 0))
    return;
  Offsets index(sizes.size(), 0);
  while (true) {
    visit(Index(index));
    size_t d = sizes.size();
    while (d-- > 0 && ++index[d] == sizes[d])
      index[d] = 0;
    if (d == static_cast<size_t>(-1))
      return;
  }
}

static int64_t dot(Index a, Index b) {
  int64_t sum = 0;
  for (auto [x, y] : llvm::zip_equal(a, b))
    sum += x * y;
  return sum;
}

namespace {

/// Some dimensions of a tensor: their sizes and strides.
struct Dimensions {
  Offsets sizes, strides;
  Dimensions(const EvaluatedValue &value, Index dimensions) {
    for (int64_t d : dimensions) {
      sizes.push_back(value.shape[d]);
      strides.push_back(value.strides[d]);
    }
  }
  template <typename Visit> void forEachOffset(int64_t base, Visit visit) const {
    forEachIndex(sizes, [&](Index index) { visit(base + dot(index, strides)); });
  }
};

} // namespace

static Offsets othersThan(Index dimensions, int64_t rank) {
  Offsets others;
  for (int64_t d = 0; d < rank; ++d)
    if (!llvm::is_contained(dimensions, d))
      others.push_back(d);
  return others;
}

namespace {
/// Elements of a value that lie at a fixed stride.
struct Line {
  EvaluatedValue *value;
  int64_t base, stride;
};
} // namespace

/// Adds a[i] * b[i] for i < count to `sum`.
static void addProducts(Scalar &sum, Line a, Line b, int64_t count) {
  if (const Unaligned<float> *x = a.value->floats(), *y = b.value->floats();
      x && y) { // most of the time of a whole model
    for (int64_t i = 0; i < count; ++i)
      sum.real += static_cast<double>(x[a.base + i * a.stride]) * static_cast<double>(y[b.base + i * b.stride]);
    return;
  }
  for (int64_t i = 0; i < count; ++i) {
    Scalar x = a.value->load(a.base + i * a.stride), y = b.value->load(b.base + i * b.stride);
    sum.real += x.real * y.real;
    sum.integer = static_cast<int64_t>(static_cast<uint64_t>(sum.integer) +
                                       static_cast<uint64_t>(x.integer) * static_cast<uint64_t>(y.integer));
  }
}

//===-- Elementwise ---------------------------------------------------------------------------------------------===//

static Rule makeRule(UnaryOp op, Inputs in) {
  return [function = op.getFunction(), x = in[0]](Index i) { return applyUnary(function, x->element, x->at(i)); };
}

static Rule makeRule(BinaryOp op, Inputs in) {
  return [function = op.getFunction(), a = in[0], b = in[1]](Index i) {
    return applyBinary(function, a->element, a->at(i), b->at(i));
  };
}

static Rule makeRule(SelectOp, Inputs in) {
  return [condition = in[0], onTrue = in[1], onFalse = in[2]](Index i) {
    return condition->at(i).integer != 0 ? onTrue->at(i) : onFalse->at(i);
  };
}

static Rule makeRule(CastOp op, Inputs in) {
  return [x = in[0], to = numberFormatOf(op.getType().getElementType())](Index i) {
    return convert(x->at(i), x->element, to);
  };
}

static Rule makeRule(AffineOp op, Inputs in) {
  return [axis = op.getAxis(), x = in[0], scale = in[1], shift = in[2]](Index i) {
    int64_t channel = i[axis];
    return Scalar{x->at(i).real * scale->at(channel).real + shift->at(channel).real, 0};
  };
}

//===-- Reductions and contractions -----------------------------------------------------------------------------===//

static Scalar reduceStart(ReduceFunction function) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  switch (function) {
  case ReduceFunction::Prod:
  case ReduceFunction::All:
    return {1, 1};
  case ReduceFunction::Max:
    return {-infinity, std::numeric_limits<int64_t>::min()};
  case ReduceFunction::Min:
    return {infinity, std::numeric_limits<int64_t>::max()};
  default:
    return {0, 0};
  }
}

static BinaryFunction stepOf(ReduceFunction function) {
  switch (function) {
  case ReduceFunction::Sum:
  case ReduceFunction::Mean:
    return BinaryFunction::Add;
  case ReduceFunction::Prod:
    return BinaryFunction::Mul;
  case ReduceFunction::Max:
    return BinaryFunction::Maximum;
  case ReduceFunction::Min:
    return BinaryFunction::Minimum;
  case ReduceFunction::Any:
    return BinaryFunction::Or;
  case ReduceFunction::All:
    return BinaryFunction::And;
  }
  llvm_unreachable("a reduction");
}

static Rule makeRule(ReduceOp op, Inputs in) {
  EvaluatedValue *x = in[0];
  Dimensions reduced(*x, op.getAxes()), kept(*x, othersThan(op.getAxes(), x->shape.size()));
  double count = 1;
  if (op.getFunction() == ReduceFunction::Mean)
    for (int64_t size : reduced.sizes)
      count *= static_cast<double>(size);
  return [=, function = op.getFunction(), step = stepOf(op.getFunction())](Index i) {
    Scalar result = reduceStart(function);
    reduced.forEachOffset(dot(i, kept.strides),
                          [&](int64_t offset) { result = applyBinary(step, x->element, result, x->load(offset)); });
    result.real /= count;
    return result;
  };
}

static Rule makeRule(ContractOp op, Inputs in) {
  EvaluatedValue *lhs = in[0], *rhs = in[1];
  Index none, lhsBatch = op.getLhsBatch().value_or(none), rhsBatch = op.getRhsBatch().value_or(none);
  auto othersOf = [](const EvaluatedValue &value, Index batch, Index contracting) {
    Offsets named(batch);
    named.append(contracting.begin(), contracting.end());
    return Dimensions(value, othersThan(named, value.shape.size()));
  };
  Dimensions left = othersOf(*lhs, lhsBatch, op.getLhsContracting());
  Dimensions right = othersOf(*rhs, rhsBatch, op.getRhsContracting());
  Dimensions leftBatch(*lhs, lhsBatch), rightBatch(*rhs, rhsBatch);
  Dimensions leftSum(*lhs, op.getLhsContracting()), rightSum(*rhs, op.getRhsContracting());
  // The last contracting dimension is the inner loop.
  int64_t count = leftSum.sizes.empty() ? 1 : leftSum.sizes.pop_back_val();
  int64_t leftStep = leftSum.strides.empty() ? 0 : leftSum.strides.pop_back_val();
  int64_t rightStep = rightSum.strides.empty() ? 0 : rightSum.strides.pop_back_val();
  return [=](Index i) {
    Index batch = i.take_front(leftBatch.sizes.size());
    Index leftIndex = i.slice(batch.size(), left.sizes.size()), rightIndex = i.take_back(right.sizes.size());
    int64_t lhsBase = dot(batch, leftBatch.strides) + dot(leftIndex, left.strides);
    int64_t rhsBase = dot(batch, rightBatch.strides) + dot(rightIndex, right.strides);
    Scalar sum;
    forEachIndex(leftSum.sizes, [&](Index k) {
      addProducts(sum, {lhs, lhsBase + dot(k, leftSum.strides), leftStep},
                  {rhs, rhsBase + dot(k, rightSum.strides), rightStep}, count);
    });
    return sum;
  };
}

namespace {

/// Two sums over a group of elements, kept for the next element of the same group.
struct GroupSums {
  double first = 0, second = 0;
};

/// Groups of elements along `axes`: every element of a group has the same base offset.
struct Groups {
  EvaluatedValue *x;
  Dimensions along, across;
  Offsets acrossDimensions;
  std::shared_ptr<llvm::DenseMap<int64_t, GroupSums>> sums = std::make_shared<llvm::DenseMap<int64_t, GroupSums>>();

  Groups(EvaluatedValue *x, Index axes)
      : x(x), along(*x, axes), across(*x, othersThan(axes, x->shape.size())),
        acrossDimensions(othersThan(axes, x->shape.size())) {}

  int64_t size() const {
    return std::accumulate(along.sizes.begin(), along.sizes.end(), int64_t(1), std::multiplies());
  }

  int64_t baseOf(Index index) const {
    int64_t base = 0;
    for (auto [d, stride] : llvm::zip(acrossDimensions, across.strides))
      base += index[d] * stride;
    return base;
  }

  template <typename Compute> GroupSums sumsOf(Index index, Compute compute) const {
    int64_t base = baseOf(index);
    if (auto known = sums->find(base); known != sums->end())
      return known->second;
    GroupSums result = compute(base);
    (*sums)[base] = result;
    return result;
  }

  /// Sum of `term(x)` over the group.
  template <typename Term> double sum(int64_t base, Term term) const {
    double total = 0;
    along.forEachOffset(base, [&](int64_t offset) { total += term(x->load(offset).real); });
    return total;
  }
};

} // namespace

static Rule makeRule(SoftmaxOp op, Inputs in) {
  Groups groups(in[0], op.getAxes());
  return [groups, isLog = op.getLog()](Index i) {
    auto [largest, sum] = groups.sumsOf(i, [&](int64_t base) {
      double largest = -std::numeric_limits<double>::infinity();
      groups.along.forEachOffset(base,
                                 [&](int64_t offset) { largest = std::max(largest, groups.x->load(offset).real); });
      return GroupSums{largest, groups.sum(base, [&](double x) { return std::exp(x - largest); })};
    });
    double shifted = groups.x->at(i).real - largest;
    return Scalar{isLog ? shifted - std::log(sum) : std::exp(shifted) / sum, 0};
  };
}

/// `first` is subtracted from each element, `second` is what it is then divided by.
static GroupSums normalizeSums(const Groups &groups, NormalizeFunction function, double epsilon, int64_t base) {
  auto count = static_cast<double>(groups.size());
  if (function == NormalizeFunction::Layer) {
    double mean = groups.sum(base, [](double x) { return x; }) / count;
    double variance = groups.sum(base, [&](double x) { return (x - mean) * (x - mean); }) / count;
    return {mean, std::sqrt(variance + epsilon)};
  }
  double squares = groups.sum(base, [](double x) { return x * x; });
  if (function == NormalizeFunction::Rms)
    return {0, std::sqrt(squares / count + epsilon)};
  return {0, std::sqrt(std::max(squares, epsilon))};
}

static Rule makeRule(NormalizeOp op, Inputs in) {
  Groups groups(in[0], op.getAxes());
  return [groups, function = op.getFunction(), epsilon = op.getEpsilon().convertToDouble()](Index i) {
    auto [subtracted, divisor] =
        groups.sumsOf(i, [&](int64_t base) { return normalizeSums(groups, function, epsilon, base); });
    return Scalar{(groups.x->at(i).real - subtracted) / divisor, 0};
  };
}

//===-- Windows -------------------------------------------------------------------------------------------------===//

static Rule makeRule(ConvOp op, Inputs in) {
  EvaluatedValue *x = in[0], *kernel = in[1];
  int64_t rank = op.spatialRank(), channels = kernel->shape[rank], filters = kernel->shape[rank + 1];
  int64_t filtersPerGroup = filters / static_cast<int64_t>(op.getGroups());
  return [=](Index i) mutable {
    int64_t firstChannel = i.back() / filtersPerGroup * channels;
    Scalar sum;
    forEachIndex(Index(kernel->shape).take_front(rank), [&](Index tap) {
      int64_t from = i[0] * x->strides[0] + firstChannel;
      for (int64_t d = 0; d < rank; ++d) {
        int64_t position = i[d + 1] * op.stride(d) + tap[d] * op.dilation(d) - op.padLow(d);
        if (position < 0 || position >= x->shape[d + 1])
          return;
        from += position * x->strides[d + 1];
      }
      int64_t weight = dot(tap, Index(kernel->strides).take_front(rank)) + i.back();
      addProducts(sum, {x, from, 1}, {kernel, weight, filters}, channels);
    });
    return sum;
  };
}

static Rule makeRule(ConvTransposeOp op, Inputs in) {
  EvaluatedValue *x = in[0], *kernel = in[1];
  int64_t rank = op.spatialRank(), channels = kernel->shape[rank], filters = kernel->shape[rank + 1];
  return [=](Index i) mutable {
    Scalar sum;
    forEachIndex(Index(kernel->shape).take_front(rank), [&](Index tap) {
      int64_t from = i[0] * x->strides[0];
      for (int64_t d = 0; d < rank; ++d) {
        int64_t spread = i[d + 1] + op.crop(d) - tap[d] * op.dilation(d); // = position * stride
        int64_t position = spread / op.stride(d);
        if (spread < 0 || spread % op.stride(d) != 0 || position >= x->shape[d + 1])
          return;
        from += position * x->strides[d + 1];
      }
      int64_t weight = dot(tap, Index(kernel->strides).take_front(rank)) + i.back();
      addProducts(sum, {x, from, 1}, {kernel, weight, filters}, channels);
    });
    return sum;
  };
}

static Rule makeRule(LocalConvOp op, Inputs in) {
  EvaluatedValue *x = in[0], *kernel = in[1];
  int64_t rank = op.spatialRank(), channels = kernel->shape[2 * rank], filters = kernel->shape[2 * rank + 1];
  return [=](Index i) mutable {
    Scalar sum;
    forEachIndex(Index(kernel->shape).slice(rank, rank), [&](Index tap) {
      int64_t from = i[0] * x->strides[0], weight = i.back();
      for (int64_t d = 0; d < rank; ++d) {
        int64_t position = i[d + 1] * op.stride(d) + tap[d] - op.padLow(d);
        if (position < 0 || position >= x->shape[d + 1])
          return;
        from += position * x->strides[d + 1];
        weight += i[d + 1] * kernel->strides[d] + tap[d] * kernel->strides[rank + d];
      }
      addProducts(sum, {x, from, 1}, {kernel, weight, filters}, channels);
    });
    return sum;
  };
}

static Rule makeRule(PoolOp op, Inputs in) {
  EvaluatedValue *x = in[0];
  bool isMax = op.getFunction() == PoolFunction::Max;
  return [=](Index i) mutable {
    Scalar result = reduceStart(isMax ? ReduceFunction::Max : ReduceFunction::Sum);
    int64_t inside = 0;
    forEachIndex(op.getWindow(), [&](Index tap) {
      Offsets position(i);
      for (size_t d = 0; d < tap.size(); ++d) {
        int64_t p = position[d + 1] = i[d + 1] * op.stride(d) + tap[d] - op.padLow(d);
        if (p < 0 || p >= x->shape[d + 1])
          return;
      }
      ++inside;
      result = applyBinary(isMax ? BinaryFunction::Maximum : BinaryFunction::Add, x->element, result, x->at(position));
    });
    return isMax ? result
                 : Scalar{result.real / static_cast<double>(inside), result.integer / std::max<int64_t>(inside, 1)};
  };
}

//===-- Movements -----------------------------------------------------------------------------------------------===//

static Rule makeRule(ReshapeOp op, Inputs in) {
  EvaluatedValue *x = in[0];
  SmallVector<int64_t, 6> shape(op.getType().getShape());
  return [=](Index i) {
    int64_t linear = 0;
    for (auto [position, size] : llvm::zip_equal(i, shape))
      linear = linear * size + position;
    return x->load(linear);
  };
}

static Rule makeRule(TransposeOp op, Inputs in) {
  Dimensions permuted(*in[0], op.getPermutation());
  return [=, x = in[0]](Index i) { return x->load(dot(i, permuted.strides)); };
}

static Rule makeRule(BroadcastOp, Inputs in) {
  return [x = in[0]](Index i) { return x->at(i); };
}

static Rule makeRule(PadOp op, Inputs in) {
  EvaluatedValue *x = in[0];
  double value = op.getValue().convertToDouble();
  return [=](Index i) mutable {
    Offsets position(i);
    for (size_t d = 0; d < position.size(); ++d) {
      position[d] -= op.getLow()[d];
      if (position[d] < 0 || position[d] >= x->shape[d])
        return Scalar{value, static_cast<int64_t>(value)};
    }
    return x->at(position);
  };
}

static Rule makeRule(SliceOp op, Inputs in) {
  return [=, x = in[0]](Index i) mutable {
    Offsets position(i);
    for (size_t d = 0; d < position.size(); ++d)
      position[d] = op.getStarts()[d] + i[d] * op.stride(d);
    return x->at(position);
  };
}

static Rule makeRule(ReverseOp op, Inputs in) {
  return [=, x = in[0]](Index i) mutable {
    Offsets position(i);
    for (int64_t axis : op.getAxes())
      position[axis] = x->shape[axis] - 1 - i[axis];
    return x->at(position);
  };
}

static Rule makeRule(ConcatOp op, Inputs in) {
  return [inputs = SmallVector<EvaluatedValue *>(in), axis = op.getAxis()](Index i) {
    Offsets position(i);
    for (EvaluatedValue *input : inputs) {
      if (position[axis] < input->shape[axis])
        return input->at(position);
      position[axis] -= input->shape[axis];
    }
    llvm_unreachable("an index inside the result");
  };
}

static Rule makeRule(ResizeOp op, Inputs in) {
  SmallVector<int64_t, 6> shape(op.getType().getShape());
  return [=, x = in[0]](Index i) {
    Offsets position(i);
    for (size_t d = 1; d + 1 < shape.size(); ++d)
      position[d] = (2 * i[d] + 1) * x->shape[d] / (2 * shape[d]); // floor((i + 0.5) * n / m)
    return x->at(position);
  };
}

//===-- Lookups -------------------------------------------------------------------------------------------------===//

static Rule makeRule(GatherOp op, Inputs in) {
  EvaluatedValue *x = in[0], *indices = in[1];
  auto axis = static_cast<size_t>(op.getAxis()), batch = static_cast<size_t>(op.getBatch());
  size_t chosenRank = indices->shape.size() - batch;
  bool isUnsigned = op.getIndices().getType().getElementType().isUnsignedInteger();
  bool givesNan = op.getBounds() == GatherBounds::Nan;
  return [=](Index i) {
    Offsets place(i.take_front(batch));
    llvm::append_range(place, i.slice(axis, chosenRank));
    int64_t index = indices->at(place).integer, last = x->shape[axis] - 1;
    if (isUnsigned && index < 0) // above 2^63
      index = std::numeric_limits<int64_t>::max();
    if (givesNan && (index < 0 || index > last))
      return Scalar{std::numeric_limits<double>::quiet_NaN(), 0};
    Offsets position(i.take_front(axis));
    position.push_back(std::clamp<int64_t>(index, 0, last));
    llvm::append_range(position, i.drop_front(axis + chosenRank));
    return x->at(position);
  };
}

static Rule makeRule(OneHotOp, Inputs in) {
  return [x = in[0]](Index i) { return Scalar{0, x->at(i.drop_back()).integer == i.back() ? 1 : 0}; };
}

static Rule makeRule(BucketizeOp, Inputs in) {
  return [x = in[0], boundaries = in[1]](Index i) {
    Scalar number = x->at(i), count;
    for (int64_t b = 0; b < boundaries->shape[0]; ++b)
      count.integer += 1 - applyBinary(BinaryFunction::Greater, x->element, boundaries->at({b}), number).integer;
    return count;
  };
}

//===-- Layouts -------------------------------------------------------------------------------------------------===//

/// G g G^T in panels: row (i * P + j) * C + c of a panel is element (i, j) of channel c.
static Rule winogradRule(const WinogradTransform &transform, EvaluatedValue *kernel, int64_t columns) {
  int64_t points = transform.points(), channels = kernel->shape[2], width = kernel->shape[3];
  return [=, &transform](Index i) {
    int64_t column = i[1] * columns + i[3], point = i[2] / channels, channel = i[2] % channels;
    Scalar sum;
    for (int64_t y = 0; y < 3 && column < width; ++y)
      for (int64_t x = 0; x < 3; ++x)
        sum.real += transform.forward[point / points][y] * transform.forward[point % points][x] *
                    kernel->at({y, x, channel, column}).real;
    return sum;
  };
}

/// The kernel behind G g G^T.
static Rule inverseWinogradRule(const WinogradTransform &transform, EvaluatedValue *packed, int64_t channels,
                                int64_t columns) {
  int64_t points = transform.points();
  return [=, &transform](Index i) {
    Scalar sum;
    for (int64_t point = 0; point < points * points; ++point) {
      double weight = transform.backward[i[0]][point / points] * transform.backward[i[1]][point % points];
      if (weight != 0)
        sum.real += weight * packed->at({0, i[3] / columns, point * channels + i[2], i[3] % columns}).real;
    }
    return sum;
  };
}

static Rule makeRule(PackOp op, Inputs in) {
  EvaluatedValue *x = in[0];
  int64_t width = x->shape.empty() ? 1 : x->shape.back();
  int64_t perGroup = width / op.getLayout().getGroups(), columns = op.getLayout().getColumns();
  if (const WinogradTransform *transform = WinogradTransform::of(op.getLayout()))
    return winogradRule(*transform, x, columns);
  bool areGates = op.getLayout().getKind() == "gates";
  return [=](Index i) {
    int64_t group = i[areGates ? 2 : 0], row = i[areGates ? 1 : 2], column = i[areGates ? 0 : 1] * columns + i[3];
    return column < perGroup ? x->load(row * width + group * perGroup + column) : Scalar();
  };
}

static Rule makeRule(UnpackOp op, Inputs in) {
  EvaluatedValue *packed = in[0];
  SmallVector<int64_t, 6> shape(op.getType().getShape());
  int64_t width = shape.empty() ? 1 : shape.back();
  int64_t perGroup = width / op.getLayout().getGroups(), columns = op.getLayout().getColumns();
  if (const WinogradTransform *transform = WinogradTransform::of(op.getLayout()))
    return inverseWinogradRule(*transform, packed, shape[2], columns);
  bool areGates = op.getLayout().getKind() == "gates";
  return [=](Index i) {
    int64_t linear = 0;
    for (auto [position, size] : llvm::zip_equal(i, shape))
      linear = linear * size + position;
    int64_t group = linear % width / perGroup, column = linear % width % perGroup, row = linear / width;
    if (areGates)
      return packed->at({column / columns, row, group, column % columns});
    return packed->at({group, column / columns, row, column % columns});
  };
}

/// What code from outside computes is not known here.
static Rule makeRule(CustomCallOp, Inputs) {
  return [](Index) { return Scalar{std::numeric_limits<double>::quiet_NaN(), 0}; };
}

Rule layerc::ruleOf(Operation *op, Inputs in) {
  return llvm::TypeSwitch<Operation *, Rule>(op)
      .Case<UnaryOp, BinaryOp, SelectOp, CastOp, AffineOp, ReduceOp, ContractOp, SoftmaxOp, NormalizeOp, ConvOp,
            ConvTransposeOp, LocalConvOp, PoolOp, ReshapeOp, TransposeOp, BroadcastOp, PadOp, SliceOp, ReverseOp,
            ConcatOp, ResizeOp, GatherOp, OneHotOp, BucketizeOp, PackOp, UnpackOp, CustomCallOp>(
          [&](auto nnOp) { return makeRule(nnOp, in); });
}
