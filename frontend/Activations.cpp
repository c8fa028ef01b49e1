// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One row per activation name. Formulas are those of keras.activations; where versions differ the file's version
// decides.
#include "frontend/Activations.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>
#include <numbers>

using namespace mlir;
using namespace layerc;
using U = nn::UnaryFunction;
using B = nn::BinaryFunction;

Value layerc::keepAbove(LayerImport &l, Value x, double threshold) {
  return l.failed() ? Value() : l.mul(x, l.cast(l.greater(x, threshold), l.elementType(x)));
}

Value layerc::leakyRelu(LayerImport &l, Value x, double slope) {
  if (slope > 0 && slope <= 1)
    return l.binary(B::Maximum, x, l.mul(x, slope));
  Value kept = l.binary(B::GreaterEqual, x, 0.0);
  return l.select(kept, x, l.mul(x, slope));
}

Value layerc::relu(LayerImport &l, Value x, double negativeSlope, std::optional<double> maxValue, double threshold) {
  if (negativeSlope != 0 && !maxValue && threshold == 0)
    return leakyRelu(l, x, negativeSlope);
  Value positive = threshold != 0 ? keepAbove(l, x, threshold) : l.unary(U::Relu, x);
  if (maxValue)
    positive = threshold != 0 ? l.minimum(l.maximum(positive, 0), *maxValue) : l.minimum(positive, *maxValue);
  if (negativeSlope == 0)
    return positive;
  Value negative = l.unary(U::Relu, l.binary(B::Sub, threshold, x));
  return l.sub(positive, l.mul(negative, negativeSlope));
}

Value layerc::elu(LayerImport &l, Value x, double alpha) {
  Value positive = l.unary(U::Relu, x);
  return l.add(positive, l.mul(l.unary(U::Expm1, l.minimum(x, 0)), alpha));
}

Value layerc::gelu(LayerImport &l, Value x, bool approximate) {
  Value cubic = approximate ? l.add(x, l.mul(l.mul(x, l.mul(x, x)), 0.044715)) : x;
  Value distribution = approximate ? l.unary(U::Tanh, l.mul(cubic, std::sqrt(2 * std::numbers::inv_pi)))
                                   : l.unary(U::Erf, l.mul(x, std::numbers::sqrt2 / 2));
  Value doubled = l.add(distribution, 1);
  return l.mul(l.mul(x, 0.5), doubled);
}

static Value relu6(LayerImport &l, Value x) { return relu(l, x, 0, 6, 0); }
static Value hardSigmoid3(LayerImport &l, Value x) { return l.mul(relu6(l, l.add(x, 3)), 1.0 / 6); }
static Value hardSigmoid(LayerImport &l, Value x) {
  return l.kerasMajor() >= 3 ? hardSigmoid3(l, x) : l.minimum(l.maximum(l.add(l.mul(x, 0.2), 0.5), 0), 1);
}
/// TensorFlow computes float16 as e / (1 + e) with e = exp(x), each rounded; from 11 on that is 1, and e^x soon
/// infinite.
static Value sigmoid(LayerImport &l, Value x) {
  if (l.failed() || l.kerasMajor() >= 3 || !l.elementType(x).isF16())
    return l.unary(U::Sigmoid, x);
  Value e = l.unary(U::Exp, l.minimum(x, 11));
  return l.div(e, l.add(e, 1));
}
static Value hardSilu(LayerImport &l, Value x) { return l.mul(x, hardSigmoid3(l, x)); }
static Value hardTanh(LayerImport &l, Value x) { return l.minimum(l.maximum(x, -1), 1); }
static Value selu(LayerImport &l, Value x) {
  return l.mul(elu(l, x, 1.6732632423543772848170429916717), 1.0507009873554804934193349852946);
}
static Value logSigmoid(LayerImport &l, Value x) { return l.unary(U::Neg, l.unary(U::Softplus, l.unary(U::Neg, x))); }
static Value softsign(LayerImport &l, Value x) { return l.div(x, l.add(l.unary(U::Abs, x), 1)); }
static Value mish(LayerImport &l, Value x) { return l.mul(x, l.unary(U::Tanh, l.unary(U::Softplus, x))); }
static Value tanhShrink(LayerImport &l, Value x) { return l.sub(x, l.unary(U::Tanh, x)); }
static Value squareplus(LayerImport &l, Value x) {
  return l.mul(l.add(x, l.unary(U::Sqrt, l.add(l.unary(U::Square, x), 4))), 0.5);
}
static Value hardShrink(LayerImport &l, Value x) {
  Value kept = l.greater(l.unary(U::Abs, x), 0.5);
  return l.select(kept, x, l.scalar(0, x));
}
static Value softShrink(LayerImport &l, Value x) {
  Value zero = l.scalar(0, x), low = l.binary(B::Less, x, -0.5), high = l.greater(x, 0.5);
  Value below = l.select(low, l.add(x, 0.5), zero);
  return l.select(high, l.add(x, -0.5), below);
}
static Value sparsePlus(LayerImport &l, Value x) {
  Value zero = l.scalar(0, x), low = l.binary(B::LessEqual, x, -1.0), inside = l.binary(B::Less, x, 1.0);
  Value middle = l.select(inside, l.mul(l.unary(U::Square, l.add(x, 1)), 0.25), x);
  return l.select(low, zero, middle);
}
static Value sparseSigmoid(LayerImport &l, Value x) { return l.minimum(l.maximum(l.mul(l.add(x, 1), 0.5), 0), 1); }

static Value softmaxOverLast(LayerImport &l, Value x, bool log) {
  if (!l.failed() && l.rank(x) < (l.kerasMajor() >= 3 ? 1 : 2))
    return l.fail() << "softmax expects more dimensions; got " << shapeText(l.shape(x));
  return l.softmax(x, {l.rank(x) - 1}, log);
}
static Value softmax(LayerImport &l, Value x) { return softmaxOverLast(l, x, false); }
static Value logSoftmax(LayerImport &l, Value x) { return softmaxOverLast(l, x, true); }

/// keras.activations.sparsemax without its sort. z_j is in the support S when 1 > sum over i of max(z_i - z_j, 0),
/// since elements below z_j add nothing and ties add zero. Keras' threshold takes the sum of all prefix sums of the
/// sorted support, (sum over i, j in S of max(z_i, z_j) + sum over i in S of z_i) / 2, where the paper takes the last
/// one.
static Value sparsemax(LayerImport &l, Value x) {
  if (l.failed())
    return {};
  int64_t last = l.rank(x) - 1;
  auto sum = [&](Value v, ArrayRef<int64_t> axes) { return l.reduce(nn::ReduceFunction::Sum, v, axes); };
  Sizes column(l.shape(x)), row(l.shape(x)), kept(l.shape(x));
  column.push_back(1);
  row.insert(row.begin() + last, 1);
  kept[last] = 1;
  Value zero = l.scalar(0, x), xi = l.reshape(x, row), xj = l.reshape(x, column);
  Value inside = l.binary(B::Less, sum(l.unary(U::Relu, l.sub(xi, xj)), {last + 1}), 1.0);
  Value insideI = l.reshape(inside, row), insideJ = l.reshape(inside, column);
  Value both = l.binary(B::And, insideI, insideJ);
  Value pairs = sum(l.select(both, l.binary(B::Maximum, xi, xj), zero), {last, last + 1});
  Value prefixes = l.mul(l.add(pairs, sum(l.select(inside, x, zero), {last})), 0.5);
  Value size = sum(l.cast(inside, l.elementType(x)), {last});
  Value tau = l.div(l.add(prefixes, -1), size);
  return l.unary(U::Relu, l.sub(x, l.reshape(tau, kept)));
}

static Value glu(LayerImport &l, Value x) {
  if (l.failed())
    return {};
  Sizes sizes(l.shape(x)), low(sizes.size(), 0), high(sizes.size(), 0);
  if (sizes.back() % 2 != 0)
    return l.fail() << "glu expects an even last dimension; got " << shapeText(l.shape(x));
  high.back() = sizes.back() /= 2;
  Value value = l.create<nn::SliceOp>(x, low, sizes, DenseI64ArrayAttr());
  Value gate = l.create<nn::SliceOp>(x, high, sizes, DenseI64ArrayAttr());
  return l.mul(value, l.unary(U::Sigmoid, gate));
}

template <U function> static Value unary(LayerImport &l, Value x) { return l.unary(function, x); }

static const struct Activation {
  const char *name;
  Value (*build)(LayerImport &, Value);
} kActivations[] = {
    {"celu", [](LayerImport &l, Value x) { return elu(l, x, 1); }},
    {"elu", [](LayerImport &l, Value x) { return elu(l, x, 1); }},
    {"exponential", unary<U::Exp>},
    {"gelu", [](LayerImport &l, Value x) { return gelu(l, x, /*approximate=*/false); }},
    {"glu", glu},
    {"hard_shrink", hardShrink},
    {"hard_sigmoid", hardSigmoid},
    {"hard_silu", hardSilu},
    {"hard_swish", hardSilu},
    {"hard_tanh", hardTanh},
    {"leaky_relu", [](LayerImport &l, Value x) { return leakyRelu(l, x, 0.2); }},
    {"linear", [](LayerImport &, Value x) { return x; }},
    {"log_sigmoid", logSigmoid},
    {"log_softmax", logSoftmax},
    {"mish", mish},
    {"relu", unary<U::Relu>},
    {"relu6", relu6},
    {"selu", selu},
    {"sigmoid", sigmoid},
    {"silu", unary<U::Silu>},
    {"soft_shrink", softShrink},
    {"softmax", softmax},
    {"softplus", unary<U::Softplus>},
    {"softsign", softsign},
    {"sparse_plus", sparsePlus},
    {"sparse_sigmoid", sparseSigmoid},
    {"sparsemax", sparsemax},
    {"squareplus", squareplus},
    {"swish", unary<U::Silu>},
    {"tanh", unary<U::Tanh>},
    {"tanh_shrink", tanhShrink},
};

Value layerc::applyActivationByName(LayerImport &l, Value x, StringRef name) {
  for (const Activation &activation : kActivations)
    if (name == activation.name)
      return activation.build(l, x);
  return l.fail() << "activation '" << name << "' is not supported";
}

std::vector<std::string> layerc::activationNames() {
  std::vector<std::string> names;
  for (const Activation &activation : kActivations)
    names.push_back(activation.name);
  return names;
}

Value layerc::applyActivation(LayerImport &l, Value x, StringRef key) {
  const nlohmann::json *config = l.config(key);
  if (!config || l.failed())
    return x;
  if (config->is_string())
    return applyActivationByName(l, x, config->get<std::string>());
  if (!config->is_object() || !config->contains("class_name") || !(*config)["class_name"].is_string())
    return l.fail() << "'" << key << "' expects the name of a function or a layer";
  std::string className = (*config)["class_name"];
  const nlohmann::json inner = config->value("config", nlohmann::json());
  if (className == "function" && inner.is_string())
    return applyActivationByName(l, x, inner.get<std::string>());
  Layer made;
  made.path = l.layer().path + "/" + key.str();
  made.className = className;
  made.config = inner;
  const Layer *stored = l.child(key);
  Results results = l.import(stored ? *stored : made, x);
  return results.size() == 1 ? results[0] : Value();
}
