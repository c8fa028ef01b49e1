// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention layers as contractions around one softmax. Masks are boolean tensors that broadcast to the scores; true
// keeps a score.
#include "frontend/Einsum.h"
#include "frontend/Importers.h"

#include "llvm/ADT/StringExtras.h"

#include <cmath>
#include <numeric>

using namespace mlir;
using namespace layerc;
using B = nn::BinaryFunction;

//===-- Masks ---------------------------------------------------------------------------------------------------===//

static Value both(LayerImport &l, Value a, Value b) { return !a ? b : !b ? a : l.binary(B::And, a, b); }

/// 0, 1, ... along the rows or the columns of [rows, columns]; weights, so that what depends on them alone is computed
/// once.
static Value counting(LayerImport &l, StringRef name, int64_t count, bool isColumn) {
  std::vector<int64_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0);
  return l.reshape(l.integerTable(name, numbers), isColumn ? Sizes{1, count} : Sizes{count, 1});
}

/// Query i sees keys up to i.
static Value causalMask(LayerImport &l, int64_t queries, int64_t keys) {
  Value row = counting(l, "rows", queries, false), column = counting(l, "columns", keys, true);
  return l.binary(B::GreaterEqual, row, column);
}

/// Query i sees keys less than `width` away.
static Value windowMask(LayerImport &l, int64_t queries, int64_t keys, int64_t width) {
  Value row = counting(l, "rows", queries, false), column = counting(l, "columns", keys, true);
  return l.binary(B::Less, l.unary(nn::UnaryFunction::Abs, l.sub(row, column)), static_cast<double>(width));
}

static Value toBool(LayerImport &l, Value mask) {
  return l.failed() || !mask ? mask : l.cast(mask, IntegerType::get(l.context(), 1));
}

/// [batch, steps] as [batch, steps, 1] or [batch, 1, steps].
static Value stepMask(LayerImport &l, Value mask, bool ofQueries) {
  mask = toBool(l, mask);
  if (l.failed() || !mask)
    return {};
  Sizes shape(l.shape(mask));
  shape.insert(ofQueries ? shape.end() : shape.end() - 1, 1);
  return l.reshape(mask, shape);
}

//===-- Attention and AdditiveAttention -------------------------------------------------------------------------===//

/// The function of each pair of query and key, [..., queries, 1, dim] and [..., 1, keys, dim], summed over dim.
static Value tanhScores(LayerImport &l, Value query, Value key, Value inner, Value outer) {
  Sizes queryShape(l.shape(query)), keyShape(l.shape(key));
  queryShape.insert(queryShape.end() - 1, 1);
  keyShape.insert(keyShape.end() - 2, 1);
  query = l.reshape(query, queryShape);
  key = l.reshape(key, keyShape);
  Value sum = l.add(query, key);
  sum = l.unary(nn::UnaryFunction::Tanh, inner ? l.mul(sum, inner) : sum);
  sum = outer ? l.mul(sum, outer) : sum;
  return l.failed() ? Value() : l.reduce(nn::ReduceFunction::Sum, sum, {l.rank(sum) - 1});
}

/// Query times key, or the learned function of their sum.
static Value dotScores(LayerImport &l, Value query, Value key) {
  bool scaled = l.flag("use_scale", false);
  std::string mode = l.string("score_mode", "dot");
  Value scale = scaled ? l.weight("scale", {}) : Value();
  if (mode == "concat") {
    Value weight = l.weight("concat_score_weight", {}), scores = tanhScores(l, query, key, scale, {});
    return l.mul(scores, weight);
  }
  if (mode != "dot")
    return l.fail() << "'score_mode' " << mode << " is not supported";
  Value scores = einsum(l, "...qd,...kd->...qk", query, key);
  return scale ? l.mul(scores, scale) : scores;
}

/// softmax(scores) times value. Where the mask is false Keras subtracts a number so large that float32 keeps nothing of
/// the score: a row without any key is uniform.
static Results attend(LayerImport &l, Value scores, Value value) {
  Value queryMask = l.mask(0), keyMask = stepMask(l, l.mask(1), false);
  l.setMask(queryMask);
  bool causal = l.callFlag("use_causal_mask");
  if (causal || l.flag("causal", false))
    keyMask = both(l, keyMask, l.failed() ? Value() : causalMask(l, l.shape(scores).end()[-2], l.shape(scores).back()));
  if (l.failed())
    return {};
  if (keyMask && !l.fits(keyMask, scores))
    return {};
  if (keyMask) {
    Value lowered = l.add(scores, l.elementType(scores).isF16() ? -65504.0 : -1e9);
    scores = l.select(keyMask, scores, lowered);
  }
  Value weights = l.failed() ? Value() : l.softmax(scores, {l.rank(scores) - 1});
  Value result = einsum(l, "...qk,...kd->...qd", weights, value);
  if (queryMask) {
    queryMask = stepMask(l, queryMask, true);
    if (!l.fits(queryMask, result))
      return {};
    result = l.select(queryMask, result, l.scalar(0, result));
  }
  if (l.callFlag("return_attention_scores"))
    return {result, weights};
  return {result};
}

namespace {
struct Inputs {
  Value query, value, key; ///< floats of one rank from 3
};
} // namespace

/// The key is the value where it is not given.
static std::optional<Inputs> checked(LayerImport &l, Value query, Value value, Value key) {
  if (!l.failed() && (!query || !value))
    return l.fail() << "expects a query and a value", std::nullopt;
  if (l.failed())
    return std::nullopt;
  Inputs inputs{l.cast(query, l.computeType()), l.cast(value, l.computeType()), {}};
  inputs.key = key ? l.cast(key, l.computeType()) : inputs.value;
  int64_t rank = l.rank(query);
  if (rank < 3 || l.rank(value) != rank || l.rank(inputs.key) != rank)
    return l.fail() << "expects query, value and key of one rank from 3; got " << shapeText(l.shape(query)) << ", "
                    << shapeText(l.shape(value)) << " and " << shapeText(l.shape(inputs.key)),
           std::nullopt;
  return inputs;
}

static Value inputNumber(LayerImport &l, size_t number) {
  return number < l.inputs().size() ? l.inputs()[number] : Value();
}

/// A list of query, value and perhaps key.
static std::optional<Inputs> listedInputs(LayerImport &l) {
  return checked(l, inputNumber(l, 0), inputNumber(l, 1), inputNumber(l, 2));
}

Results layerc::importAttention(LayerImport &l) {
  std::optional<Inputs> inputs = listedInputs(l);
  if (!inputs)
    return {};
  auto [query, value, key] = *inputs;
  Value scores = dotScores(l, query, key);
  return attend(l, scores, value);
}

Results layerc::importAdditiveAttention(LayerImport &l) {
  std::optional<Inputs> inputs = listedInputs(l);
  if (!inputs)
    return {};
  auto [query, value, key] = *inputs;
  Value scale = l.flag("use_scale", true) ? l.weight("scale", {l.shape(query).back()}) : Value();
  Value scores = tanhScores(l, query, key, {}, scale);
  return attend(l, scores, value);
}

//===-- Attention with heads ------------------------------------------------------------------------------------===//

namespace {

/// The call and the configuration that attention layers with heads share.
struct Heads : Inputs {
  LayerImport &l;
  Value queryMask, valueMask, keyMask; ///< [batch, steps] or null
  int64_t keySize, valueSize, queryHeads, keyHeads;
  bool hasBias;

  /// x times the kernel of the dense layer `role`, [features, heads, size].
  Value project(StringRef role, Value x, int64_t heads, int64_t size) {
    Value kernel = l.innerWeight(role, 0, "kernel", {l.shape(x).back(), heads, size});
    Value y = einsum(l, "...x,xhd->...hd", x, kernel);
    return hasBias ? l.add(y, l.innerWeight(role, 1, "bias", {heads, size})) : y;
  }

  /// [..., heads, size] times the kernel of the output layer, which gives `sizes`.
  Value projectBack(Value x, ArrayRef<int64_t> sizes) {
    Sizes kernel{queryHeads, valueSize};
    kernel.append(sizes.begin(), sizes.end());
    std::string letters = std::string("uvwxyz").substr(0, sizes.size());
    Value weight = l.innerWeight("output_dense", 0, "kernel", kernel);
    Value y = einsum(l, "...hd,hd" + letters + "->..." + letters, x, weight);
    return hasBias ? l.add(y, l.innerWeight("output_dense", 1, "bias", sizes)) : y;
  }
};

} // namespace

/// Each of query, value and key stands in the call by its name or in order; masks come with them or by a name of their
/// own.
static std::optional<Heads> headsOf(LayerImport &l) {
  Value tensors[3], masks[3];
  size_t next = 0;
  for (size_t i = 0; i < 3; ++i) {
    StringRef name = ArrayRef<StringRef>{"query", "value", "key"}[i];
    std::string maskName = name.str() + "_mask";
    if (Results named = l.tensorArgument(name); !named.empty()) {
      tensors[i] = named[0];
      masks[i] = l.argumentMask(name);
    } else if (next < l.inputs().size()) {
      masks[i] = l.carriedMask(next);
      tensors[i] = l.inputs()[next++];
    }
    Results given = l.tensorArgument(maskName);
    // From Keras 3.7 on MultiHeadAttention looks at the query's own mask only.
    bool ignored = i == 0 && l.className() == "MultiHeadAttention" && l.isKerasFrom(3, 7);
    if (!given.empty() && !ignored)
      masks[i] = given[0];
  }
  std::optional<Inputs> inputs = checked(l, tensors[0], tensors[1], tensors[2]);
  l.setMask(masks[0]);
  if (!inputs)
    return std::nullopt;
  return Heads{*inputs, l, masks[0], masks[1], masks[2], 0, 0, 0, 0, l.flag("use_bias", true)};
}

/// All masks of the call as one that broadcasts to [batch, queries, keys]; null where there is none.
static Value combinedMask(const Heads &h) {
  LayerImport &l = h.l;
  if (l.failed())
    return {};
  int64_t queries = l.shape(h.query)[1], keys = l.shape(h.value)[1];
  Results given = l.tensorArgument("attention_mask");
  Value mask = given.empty() ? Value() : toBool(l, given[0]);
  mask = both(l, mask, stepMask(l, h.queryMask, true));
  mask = both(l, mask, stepMask(l, h.valueMask, false));
  mask = both(l, mask, stepMask(l, h.keyMask, false));
  if (l.callFlag("use_causal_mask"))
    mask = both(l, mask, causalMask(l, queries, keys));
  if (l.config("sliding_window"))
    mask = both(l, mask, windowMask(l, queries, keys, l.positive("sliding_window", 1)[0]));
  return mask;
}

/// softmax over the last `axes` dimensions of scores that `mask` keeps. A row without any is uniform over one axis, but
/// zero where Keras computes the scores itself since 3.10.
static Value maskedSoftmax(LayerImport &l, Value scores, Value mask, int64_t axes, bool explicitScores) {
  if (l.failed())
    return {};
  Sizes softmaxAxes(axes);
  std::iota(softmaxAxes.begin(), softmaxAxes.end(), l.rank(scores) - axes);
  if (!mask)
    return l.softmax(scores, softmaxAxes);
  // Dimensions that the mask does not have stand before those of queries and keys.
  Sizes shape(l.shape(mask));
  if (static_cast<int64_t>(shape.size()) < 2 * axes || shape.size() > l.shape(scores).size())
    return l.fail() << "a mask of shape " << shapeText(shape) << " does not fit scores of shape "
                    << shapeText(l.shape(scores));
  shape.insert(shape.end() - 2 * axes, l.shape(scores).size() - shape.size(), 1);
  mask = l.reshape(mask, shape);
  if (!l.fits(mask, scores))
    return {};
  Value low = l.scalar(l.elementType(scores).isF16() ? -3e4 : -1e9, scores);
  Value weights = l.softmax(l.select(mask, scores, low), softmaxAxes);
  if (explicitScores && l.isKerasFrom(3, 10))
    return l.select(mask, weights, l.scalar(0, weights));
  if (axes == 1 || l.failed())
    return weights;
  // Over several axes Keras takes the exponential of what exceeds the logarithm of their sum, which is lost beside
  // -1e9: without any score to keep all weights are 1.
  Sizes someShape(l.shape(mask));
  std::fill(someShape.end() - axes, someShape.end(), 1);
  Value some = l.reshape(l.reduce(nn::ReduceFunction::Any, mask, softmaxAxes), someShape);
  return l.select(some, weights, l.scalar(1, weights));
}

static std::string letters(StringRef all, ArrayRef<int64_t> places) {
  std::string text;
  for (int64_t place : places)
    text += all[place];
  return text;
}

Results layerc::importMultiHeadAttention(LayerImport &l) {
  std::optional<Heads> h = headsOf(l);
  int64_t heads = l.positive("num_heads", 1)[0], size = l.positive("key_dim", 1)[0];
  if (!h || l.failed())
    return {};
  h->queryHeads = h->keyHeads = heads;
  h->keySize = size;
  h->valueSize = l.config("value_dim") ? l.positive("value_dim", 1)[0] : size;
  int64_t rank = l.rank(h->query);
  Sizes attention; // the dimensions that see each other
  if (l.config("attention_axes"))
    attention = l.axes("attention_axes", rank);
  else
    for (int64_t d = 1; d + 1 < rank; ++d)
      attention.push_back(d);
  if (l.failed() || attention.empty() || attention[0] == 0 || attention.back() == rank - 1)
    return l.fail() << "'attention_axes' must lie between the batch and the features";
  bool returnsScores = l.callFlag("return_attention_scores"), hasGate = l.flag("use_gate", false);
  bool explicitScores = returnsScores || l.number("dropout", 0) > 0 || rank != 3;
  Sizes output = l.config("output_shape") ? l.list("output_shape") : Sizes{l.shape(h->query).back()};
  if (l.failed() || output.size() > 6)
    return l.fail() << "'output_shape' has more than 6 dimensions";

  Value query = h->project("query_dense", h->query, heads, h->keySize);
  Value key = h->project("key_dense", h->key, heads, h->keySize);
  Value gate = hasGate ? h->project("gate_dense", h->query, heads, h->valueSize) : Value();
  Value value = h->project("value_dense", h->value, heads, h->valueSize);
  query = l.mul(query, 1 / std::sqrt(static_cast<double>(h->keySize)));

  // Letters of the projections [batch, ..., heads, size]; the attention dimensions of key and value are capitals.
  std::string queryText = std::string("abcdefghijklmnop").substr(0, rank) + "s", keyText = queryText;
  Sizes batch;
  for (int64_t d = 0; d < rank; ++d)
    if (!llvm::is_contained(attention, d))
      batch.push_back(d);
  for (int64_t d : attention)
    keyText[d] = llvm::toUpper(keyText[d]);
  std::string scoresText = letters(queryText, batch) + letters(queryText, attention) + letters(keyText, attention);
  Value scores = einsum(l, queryText + "," + keyText + "->" + scoresText, query, key);
  if (l.failed())
    return {};
  auto axes = static_cast<int64_t>(attention.size());
  Value weights = maskedSoftmax(l, scores, combinedMask(*h), axes, explicitScores);
  Value y = einsum(l, scoresText + "," + keyText + "->" + queryText, weights, value);
  if (gate)
    y = l.mul(y, l.unary(nn::UnaryFunction::Sigmoid, gate));
  y = h->projectBack(y, output);
  return returnsScores ? Results{y, weights} : Results{y};
}

/// Several query heads share one head of keys and values: query head i that of number i / (query heads / key heads).
Results layerc::importGroupQueryAttention(LayerImport &l) {
  std::optional<Heads> h = headsOf(l);
  int64_t size = l.positive("head_dim", 1)[0], queryHeads = l.positive("num_query_heads", 1)[0];
  int64_t keyHeads = l.positive("num_key_value_heads", 1)[0];
  if (!h || l.failed())
    return {};
  if (l.rank(h->query) != 3 || queryHeads % keyHeads != 0)
    return l.fail() << "expects inputs of rank 3 and key heads that divide the query heads; got "
                    << shapeText(l.shape(h->query)) << ", " << queryHeads << " and " << keyHeads;
  h->queryHeads = queryHeads;
  h->keyHeads = keyHeads;
  h->keySize = h->valueSize = size;
  bool returnsScores = l.callFlag("return_attention_scores"), hasGate = l.flag("use_gate", false);
  bool explicitScores = returnsScores || l.number("dropout", 0) > 0;
  int64_t batch = l.shape(h->query)[0], queries = l.shape(h->query)[1], keys = l.shape(h->value)[1];

  Value query = h->project("query_dense", h->query, queryHeads, size);
  Value key = h->project("key_dense", h->key, keyHeads, size);
  Value gate = hasGate ? h->project("gate_dense", h->query, queryHeads, size) : Value();
  Value value = h->project("value_dense", h->value, keyHeads, size);
  query = l.mul(query, 1 / std::sqrt(static_cast<double>(size)));
  query = l.reshape(query, {batch, queries, keyHeads, queryHeads / keyHeads, size});
  Value scores = l.reshape(einsum(l, "bqhgd,bkhd->bhgqk", query, key), {batch, queryHeads, queries, keys});
  Value weights = maskedSoftmax(l, scores, combinedMask(*h), 1, explicitScores);
  Value grouped = l.reshape(weights, {batch, keyHeads, queryHeads / keyHeads, queries, keys});
  Value y = l.reshape(einsum(l, "bhgqk,bkhd->bqhgd", grouped, value), {batch, queries, queryHeads, size});
  if (gate)
    y = l.mul(y, l.unary(nn::UnaryFunction::Sigmoid, gate));
  y = h->projectBack(y, l.failed() ? ArrayRef<int64_t>() : l.shape(h->query).back());
  return returnsScores ? Results{y, weights} : Results{y};
}
