// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Layers between numbers and categories: CategoryEncoding, Discretization and IntegerLookup.
#include "frontend/Importers.h"

using namespace mlir;
using namespace layerc;
using B = nn::BinaryFunction;
using nlohmann::json;

static Type integerType(LayerImport &l, unsigned bits) { return IntegerType::get(l.context(), bits); }

static Value toInteger(LayerImport &l, Value x, unsigned bits) {
  return l.failed() || isa<IntegerType>(l.elementType(x)) ? x : l.cast(x, integerType(l, bits));
}

/// What `output_mode` makes of category numbers, of `depth` categories: one_hot rows, or their maximum (multi_hot) or
/// sum (count) over dimension 1. `weights`, of the same shape, may scale the rows of count.
static Value encode(LayerImport &l, Value categories, StringRef mode, int64_t depth, Value weights, Type type) {
  if (!l.failed() && depth > kMaxElements)
    l.fail() << "encodes " << depth << " categories, which is too large";
  if (l.failed())
    return {};
  Sizes shape(l.shape(categories));
  if (mode == "one_hot") {
    if (shape.size() > 1 && shape.back() == 1)
      categories = l.reshape(categories, ArrayRef(shape).drop_back());
    return l.cast(l.create<nn::OneHotOp>(categories, depth), type);
  }
  if (mode != "multi_hot" && mode != "binary" && mode != "count")
    return l.fail() << "'output_mode' " << mode << " is not supported";
  if (shape.size() < 2)
    return l.fail() << "'output_mode' " << mode << " would combine the samples of a batch";
  Value rows = l.create<nn::OneHotOp>(categories, depth);
  if (mode != "count")
    return l.cast(l.reduce(nn::ReduceFunction::Any, rows, {1}), type);
  rows = l.cast(rows, type);
  if (weights) {
    Sizes column(shape);
    column.push_back(1);
    rows = l.mul(rows, l.reshape(l.cast(weights, type), column));
  }
  return l.reduce(nn::ReduceFunction::Sum, rows, {1});
}

Results layerc::importCategoryEncoding(LayerImport &l) {
  int64_t depth = l.positive("num_tokens", 1)[0];
  std::string mode = l.string("output_mode", "multi_hot");
  SmallVector<Value> inputs(l.inputs());
  llvm::append_range(inputs, l.tensorArgument("count_weights"));
  if (!l.failed() && (inputs.empty() || inputs.size() > 2))
    return l.fail() << "expects numbers and perhaps their weights; got " << inputs.size() << " inputs";
  Value weights = inputs.size() == 2 ? inputs[1] : Value();
  if (!l.failed() && weights && (mode != "count" || l.shape(weights) != l.shape(inputs[0])))
    return l.fail() << "weights are for 'output_mode' count and of the shape of the numbers";
  return {l.failed() ? Value() : encode(l, toInteger(l, inputs[0], 64), mode, depth, weights, l.computeType())};
}

/// How many boundaries are not above each number.
Results layerc::importDiscretization(LayerImport &l) {
  std::optional<std::vector<double>> boundaries = l.numbers("bin_boundaries");
  std::string mode = l.string("output_mode", "int");
  Value x = l.floatInput();
  if (!l.failed() && !boundaries)
    return l.fail() << "has no boundaries: it was saved before it was adapted";
  if (!l.failed() && !llvm::is_sorted(*boundaries))
    return l.fail() << "'bin_boundaries' do not ascend";
  if (l.failed())
    return {};
  auto count = static_cast<int64_t>(boundaries->size());
  Value bins = l.create<nn::BucketizeOp>(x, l.numbers("bin_boundaries", {count}, *boundaries));
  if (mode == "int")
    return {l.cast(bins, integerType(l, l.kerasMajor() >= 3 ? 32 : 64))};
  return {encode(l, bins, mode, count + 1, {}, l.computeType())};
}

namespace {

/// The vocabulary of an IntegerLookup and where its parts begin among the indices: the mask, indices for tokens out of
/// the vocabulary, the tokens.
struct Vocabulary {
  std::vector<int64_t> tokens;
  std::optional<int64_t> mask;
  int64_t unknown = 1; ///< how many indices stand for unknown tokens
  int64_t firstUnknown = 0;
  int64_t firstToken() const { return firstUnknown + unknown; }
  int64_t size() const { return firstToken() + static_cast<int64_t>(tokens.size()); }
};

} // namespace

static std::optional<Vocabulary> vocabularyOf(LayerImport &l, StringRef mode) {
  Vocabulary v;
  v.unknown = l.integers("num_oov_indices", 1, 1)[0];
  if (const json *mask = l.config("mask_token"); mask && mask->is_number_integer())
    v.mask = mask->get<int64_t>();
  v.firstUnknown = v.mask && mode == "int" ? 1 : 0;
  const json *given = l.config("vocabulary");
  if (!given || !given->is_array() || given->empty())
    return l.fail() << "its vocabulary is not in the configuration: give it to the layer when it is made", std::nullopt;
  Sizes tokens = l.list("vocabulary");
  constexpr int64_t most = 1 << 24; // each is a number in memory
  if (v.unknown < 0 || v.unknown > most)
    l.fail() << "'num_oov_indices' is " << v.unknown << ", which is not between 0 and " << most;
  if (l.failed())
    return std::nullopt;
  // A vocabulary may begin with the mask and the tokens that stand for unknown ones.
  SmallVector<int64_t> special(v.firstUnknown, v.mask.value_or(0));
  special.append(v.unknown, l.integers("oov_token", 1, -1)[0]);
  if (tokens.size() >= special.size() && ArrayRef(tokens).take_front(special.size()) == ArrayRef(special))
    tokens.erase(tokens.begin(), tokens.begin() + special.size());
  v.tokens.assign(tokens.begin(), tokens.end());
  return v;
}

/// A 64-bit integer that broadcasts to every shape.
static Value number(LayerImport &l, int64_t value) { return l.integerTable("number", {value}); }

/// The index of each token by search among the sorted ones.
static Value indicesOf(LayerImport &l, const Vocabulary &v, Value tokens) {
  std::vector<std::pair<int64_t, int64_t>> sorted;
  for (auto [i, token] : llvm::enumerate(v.tokens))
    sorted.push_back({token, v.firstToken() + static_cast<int64_t>(i)});
  llvm::sort(sorted);
  std::vector<int64_t> keys, values;
  for (auto [token, index] : sorted) {
    keys.push_back(token);
    values.push_back(index);
  }
  if (std::adjacent_find(keys.begin(), keys.end()) != keys.end())
    return l.fail() << "'vocabulary' holds a token twice";
  Value unknown;
  if (v.unknown <= 1)
    unknown = number(l, v.unknown == 0 ? -1 : v.firstUnknown);
  else if (unknown = l.binary(B::Mod, tokens, static_cast<double>(v.unknown)); v.firstUnknown != 0)
    unknown = l.add(unknown, static_cast<double>(v.firstUnknown));
  if (keys.empty())
    return unknown;
  Value table = l.integerTable("tokens", keys), indices = l.integerTable("indices", values);
  Value place = l.binary(B::Sub, l.create<nn::BucketizeOp>(tokens, table), 1.0);
  auto take = [&](Value from) {
    return l.create<nn::GatherOp>(nn::GatherBounds::Clamp, from, place, int64_t(0), int64_t(0));
  };
  Value nearest = take(table), index = take(indices);
  return l.select(l.binary(B::Equal, nearest, tokens), index, unknown);
}

/// The token of each index.
static Value tokensOf(LayerImport &l, const Vocabulary &v, Value indices) {
  std::vector<int64_t> table(v.firstToken(), l.integers("oov_token", 1, -1)[0]);
  if (v.mask && v.firstUnknown == 1)
    table[0] = *v.mask;
  llvm::append_range(table, v.tokens);
  table.push_back(l.integers("oov_token", 1, -1)[0]); // for everything behind, and, moved there, before
  Value last = number(l, v.size()), negative = l.binary(B::Less, indices, 0.0);
  indices = l.select(negative, last, indices);
  return l.create<nn::GatherOp>(nn::GatherBounds::Clamp, l.integerTable("tokens", table), indices, int64_t(0),
                                int64_t(0));
}

Results layerc::importIntegerLookup(LayerImport &l) {
  std::string mode = l.string("output_mode", "int");
  bool invert = l.flag("invert", false);
  Value x = l.cast(toInteger(l, l.input(), 64), integerType(l, 64));
  std::optional<Vocabulary> v = vocabularyOf(l, mode);
  if (!l.failed() && v->unknown > 1 && l.string("oov_method", "floormod") != "floormod")
    return l.fail() << "'oov_method' " << l.string("oov_method", "floormod") << " is not supported";
  if (l.failed())
    return {};
  if (invert)
    return {tokensOf(l, *v, x)};
  Value indices = indicesOf(l, *v, x);
  if (v->mask) {
    Value masked = l.binary(B::Equal, x, number(l, *v->mask));
    indices = l.select(masked, number(l, mode == "int" ? 0 : -1), indices);
  }
  if (mode == "int")
    return {indices};
  int64_t depth = l.flag("pad_to_max_tokens", false) ? l.positive("max_tokens", 1)[0] : v->size();
  // Keras 3 announces floats here and gives the integers of its table.
  Type type = l.kerasMajor() >= 3 ? integerType(l, 64) : l.computeType();
  if (mode != "tf_idf")
    return {encode(l, indices, mode, depth, {}, type)};
  Value weights = l.storedWeight("idf_weights", {depth});
  return {l.mul(encode(l, indices, "count", depth, {}, l.elementType(weights)), weights)};
}
