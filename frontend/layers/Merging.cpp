// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Merging layers: elementwise merges with Keras' broadcasting, Concatenate and Dot.
#include "frontend/Importers.h"
#include "frontend/Masks.h"

using namespace mlir;
using namespace layerc;
using B = nn::BinaryFunction;

/// Inputs of lower rank get dimensions of size 1 after the batch: (N, C) merged with (N, T, C) is (N, 1, C).
static SmallVector<Value> alignedInputs(LayerImport &l) {
  SmallVector<Value> inputs(l.inputs());
  int64_t rank = 0;
  bool oneType = true;
  for (Value input : inputs) {
    rank = std::max(rank, l.rank(input));
    oneType &= l.elementType(input) == l.elementType(inputs[0]);
  }
  for (Value &input : inputs) {
    Sizes shape(l.shape(input));
    if (shape.size() > 0)
      shape.insert(shape.begin() + 1, rank - shape.size(), 1);
    input = l.reshape(oneType ? input : l.cast(input, l.computeType()), shape);
  }
  return inputs;
}

static Value fold(LayerImport &l, B function) {
  if (!l.failed() && l.inputs().empty())
    return l.fail() << "expects inputs to merge; got none";
  if (l.failed())
    return {};
  SmallVector<Value> inputs = alignedInputs(l);
  Value result = inputs[0];
  for (Value input : ArrayRef(inputs).drop_front())
    result = l.binary(function, result, input);
  l.setMask(mergedMask(l));
  return result;
}

/// The masks with which an elementwise merge of Keras 3 changes values, broadcast against the inputs: inputs of
/// different ranks have lost theirs when they are merged.
static SmallVector<Value> mergingMasks(LayerImport &l) {
  SmallVector<Value> masks;
  for (auto [i, input] : llvm::enumerate(l.inputs())) {
    bool kept = !l.failed() && l.rank(input) == l.rank(l.inputs()[0]) && l.carriedMask(i);
    masks.push_back(kept ? expandMask(l, l.carriedMask(i), input) : Value());
  }
  bool oneRank = llvm::all_of(l.inputs(), [&](Value input) { return l.rank(input) == l.rank(l.inputs()[0]); });
  return oneRank ? masks : SmallVector<Value>(masks.size());
}

/// Where one side is masked the other side's element is taken.
static Results foldByMask(LayerImport &l, B function) {
  if (l.failed() || l.inputs().empty() || !l.isKerasFrom(3, 4))
    return {fold(l, function)};
  SmallVector<Value> inputs = alignedInputs(l), masks = mergingMasks(l);
  Value result = inputs[0], mask = masks[0];
  for (auto [input, inputMask] : llvm::drop_begin(llvm::zip_equal(inputs, masks))) {
    Value x = inputMask ? l.select(inputMask, input, result) : input;
    result = mask ? l.select(mask, result, x) : result;
    mask = mask && inputMask ? l.binary(B::Or, mask, inputMask) : Value();
    result = l.binary(function, result, x);
  }
  l.setMask(mergedMask(l));
  return {result};
}

Results layerc::importAdd(LayerImport &l) { return {fold(l, B::Add)}; }
Results layerc::importMaximum(LayerImport &l) { return foldByMask(l, B::Maximum); }
Results layerc::importMinimum(LayerImport &l) { return foldByMask(l, B::Minimum); }

/// From Keras 3.6 on a masked element counts as 1, and the product is 0 where every mask is false.
Results layerc::importMultiply(LayerImport &l) {
  if (l.failed() || l.inputs().empty() || !l.isKerasFrom(3, 6))
    return {fold(l, B::Mul)};
  SmallVector<Value> inputs = alignedInputs(l), masks = mergingMasks(l);
  bool allMasked = llvm::all_of(masks, [](Value mask) { return bool(mask); });
  Value result, some;
  for (auto [input, mask] : llvm::zip_equal(inputs, masks)) {
    Value one = mask ? l.scalar(1, input) : Value(), x = mask ? l.select(mask, input, one) : input;
    if (allMasked)
      some = some ? l.binary(B::Or, some, mask) : mask;
    result = result ? l.mul(result, x) : x;
  }
  Value zero = allMasked ? l.scalar(0, result) : Value();
  l.setMask(mergedMask(l));
  return {allMasked ? l.select(some, result, zero) : result};
}

Results layerc::importAverage(LayerImport &l) {
  Value sum = fold(l, B::Add);
  if (l.failed())
    return {};
  return {l.binary(B::Div, l.cast(sum, l.computeType()), static_cast<double>(l.inputs().size()))};
}

Results layerc::importSubtract(LayerImport &l) {
  if (!l.failed() && l.inputs().size() != 2)
    return l.fail() << "expects two inputs; got " << l.inputs().size();
  return {fold(l, B::Sub)};
}

/// A residual of InceptionResNetV2: a + scale * b.
Results layerc::importCustomScale(LayerImport &l) {
  if (!l.failed() && l.inputs().size() != 2)
    return l.fail() << "expects two inputs; got " << l.inputs().size();
  if (l.failed())
    return {};
  SmallVector<Value> inputs = alignedInputs(l);
  double scale = l.number("scale", 1);
  return {l.add(inputs[0], l.mul(inputs[1], scale))};
}

Results layerc::importConcatenate(LayerImport &l) {
  if (!l.failed() && l.inputs().empty())
    return l.fail() << "expects inputs to merge; got none";
  if (l.failed())
    return {};
  int64_t axis = l.axes("axis", l.rank(l.inputs()[0]), -1)[0];
  if (!l.failed() && axis == 0)
    return l.fail() << "concatenates the batch, which is not supported";
  l.setMask(concatenatedMask(l, axis));
  return {l.create<nn::ConcatOp>(l.inputs(), axis)};
}

/// The two axes of Dot, one per input, without the batch.
static std::optional<Pair> dotAxes(LayerImport &l) {
  Sizes axes = l.integers("axes", 2);
  for (int i = 0; i < 2; ++i) {
    int64_t rank = l.rank(l.inputs()[i]);
    axes[i] += axes[i] < 0 ? rank : 0;
    if (!l.failed() && (axes[i] < 1 || axes[i] >= rank))
      l.fail() << "'axes' names no axis of input " << shapeText(l.shape(l.inputs()[i])) << " other than the batch";
  }
  return l.failed() ? std::nullopt : std::optional<Pair>({axes[0], axes[1]});
}

/// Per sample, contracts one axis of each input; two inputs of rank 2 give (N, 1).
Results layerc::importDot(LayerImport &l) {
  if (!l.failed() && l.inputs().size() != 2)
    return l.fail() << "expects two inputs; got " << l.inputs().size();
  if (l.failed())
    return {};
  Value a = l.cast(l.inputs()[0], l.computeType()), b = l.cast(l.inputs()[1], l.computeType());
  std::optional<Pair> axes = dotAxes(l);
  if (l.flag("normalize", false) && axes) {
    // The bound on the sum of squares: 1e-7 squared in Keras 3, tf.math.l2_normalize's epsilon before.
    double epsilon = l.kerasMajor() >= 3 ? 1e-14 : 1e-12;
    a = l.normalize(nn::NormalizeFunction::L2, a, {axes->first}, epsilon);
    b = l.normalize(nn::NormalizeFunction::L2, b, {axes->second}, epsilon);
  }
  if (!axes)
    return {};
  Value y = l.contract(a, b, axes->first, axes->second, /*batched=*/true);
  return {l.rank(y) == 1 ? l.reshape(y, {l.shape(y)[0], 1}) : y};
}
