// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The formulas of Keras' cells. Gates lie side by side in the last dimension of kernels, biases and their products:
// input, forget, candidate, output for LSTM; update, reset, candidate for GRU.
#include "frontend/layers/RecurrentCells.h"

#include "frontend/Activations.h"
#include "frontend/layers/Windows.h"

using namespace mlir;
using namespace layerc;
using U = nn::UnaryFunction;

/// Part `number` of `count` even parts of the last dimension.
static Value part(LayerImport &l, Value x, int64_t number, int64_t count) {
  if (l.failed())
    return {};
  Sizes sizes(l.shape(x)), starts(sizes.size(), 0);
  sizes.back() /= count;
  starts.back() = number * sizes.back();
  return l.create<nn::SliceOp>(x, ArrayRef<int64_t>(starts), ArrayRef<int64_t>(sizes), DenseI64ArrayAttr());
}

static Value concatLast(LayerImport &l, ArrayRef<Value> parts) {
  return l.failed() ? Value() : l.create<nn::ConcatOp>(parts, l.rank(parts.front()) - 1);
}

/// x times a matrix over its last dimension.
static Value times(LayerImport &l, Value x, Value matrix) {
  return l.failed() ? Value() : l.contract(x, matrix, l.rank(x) - 1, 0);
}

/// The activation under `key`, or `standard` where the file does not name one.
static Value activate(LayerImport &l, Value x, StringRef key, StringRef standard) {
  return l.config(key) ? l.activation(x, key) : applyActivationByName(l, x, standard);
}

/// Gates were hard sigmoids until Keras 2.3, and in ConvLSTM until Keras 3, but never in cuDNN.
static Value gate(LayerImport &l, Value x) {
  if (StringRef(l.className()).starts_with("CuDNN"))
    return applyActivationByName(l, x, "sigmoid");
  bool isConvolution = StringRef(l.className()).starts_with("Conv");
  bool isOld = l.kerasMajor() < 2 || StringRef(l.graph().kerasVersion).starts_with("2.0") ||
               StringRef(l.graph().kerasVersion).starts_with("2.1.") ||
               StringRef(l.graph().kerasVersion).starts_with("2.2.") || (isConvolution && l.kerasMajor() == 2);
  return activate(l, x, "recurrent_activation", isOld ? "hard_sigmoid" : "sigmoid");
}

static Value candidate(LayerImport &l, Value x) { return activate(l, x, "activation", "tanh"); }

//===-- cuDNN's layout ------------------------------------------------------------------------------------------===//

/// Weights as cuDNN keeps them: each gate transposed, and a second bias for the recurrent product.
static bool isCudnnLayout(LayerImport &l, int64_t gates, int64_t units) {
  const std::vector<Array> &weights = l.layer().weights;
  return weights.size() == 3 && weights[2].shape == std::vector<int64_t>{2 * gates * units};
}

/// Every gate's [in, units] block holds the elements of a [units, in] matrix.
static Value fromCudnnKernel(LayerImport &l, Value kernel, int64_t gates, bool isSquare) {
  SmallVector<Value> parts;
  for (int64_t g = 0; g < gates && !l.failed(); ++g) {
    Value block = part(l, kernel, g, gates);
    if (!isSquare && !l.failed())
      block = l.reshape(block, {l.shape(block)[1], l.shape(block)[0]});
    parts.push_back(l.transpose(block, {1, 0}));
  }
  return concatLast(l, parts);
}

/// The new states of an LSTM from the sums of its gates, in the order input, forget, candidate, output; gives the
/// first.
static Value lstmStep(LayerImport &l, Value sums, MutableArrayRef<Value> states) {
  Value i = gate(l, part(l, sums, 0, 4)), f = gate(l, part(l, sums, 1, 4)), g = candidate(l, part(l, sums, 2, 4));
  Value kept = l.mul(f, states[1]);
  states[1] = l.add(kept, l.mul(i, g));
  Value o = gate(l, part(l, sums, 3, 4));
  return states[0] = l.mul(o, candidate(l, states[1]));
}

//===-- Keras 1's layout -----------------------------------------------------------------------------------------===//

namespace {
struct GateWeights {
  Value kernel, recurrent, bias;
};
} // namespace

static bool isKeras1Layout(LayerImport &l, int64_t gates) {
  return gates > 1 && l.kerasMajor() < 2 && static_cast<int64_t>(l.layer().weights.size()) == 3 * gates;
}

/// Keras 1 kept a kernel, a recurrent kernel and a bias for each gate; those of an LSTM in the order input, candidate,
/// forget, output. The shapes are of one gate's.
static GateWeights fromKeras1(LayerImport &l, int64_t gates, ArrayRef<int64_t> kernel, ArrayRef<int64_t> recurrent) {
  SmallVector<Value> kernels, recurrents, biases;
  for (int64_t g = 0; g < gates; ++g) {
    std::string gate = "_" + std::to_string(g);
    kernels.push_back(convolutionKernel(l, "kernel" + gate, kernel));
    recurrents.push_back(convolutionKernel(l, "recurrent_kernel" + gate, recurrent));
    biases.push_back(l.weight("bias" + gate, {kernel.back()}));
  }
  if (gates == 4)
    for (SmallVector<Value> *parts : {&kernels, &recurrents, &biases})
      std::swap((*parts)[1], (*parts)[2]);
  return {concatLast(l, kernels), concatLast(l, recurrents), concatLast(l, biases)};
}

namespace {

//===-- Cells on vectors ----------------------------------------------------------------------------------------===//

class DenseCell : public RecurrentCell {
protected:
  DenseCell(LayerImport &l, ArrayRef<int64_t> shape, int64_t gates, size_t states) : l(l) {
    units = l.positive("units", 1)[0];
    useBias = l.flag("use_bias", true);
    if (!l.failed() && shape.size() != 2)
      l.fail() << "expects a sequence of vectors; got elements of shape " << shapeText(shape);
    if (l.failed())
      return;
    stateShapes_.assign(states, Sizes{shape[0], units});
    if (isKeras1Layout(l, gates)) {
      GateWeights weights = fromKeras1(l, gates, {shape[1], units}, {units, units});
      kernel = weights.kernel;
      recurrent = weights.recurrent;
      gateBias = weights.bias;
      return;
    }
    isCudnn = isCudnnLayout(l, gates, units);
    kernel = l.weight("kernel", {shape[1], gates * units});
    recurrent = l.weight("recurrent_kernel", {units, gates * units});
    if (isCudnn) {
      kernel = fromCudnnKernel(l, kernel, gates, /*isSquare=*/false);
      recurrent = fromCudnnKernel(l, recurrent, gates, /*isSquare=*/true);
    }
  }

  /// x * kernel + bias.
  Value project(Value x, Value bias) {
    Value product = times(l, x, kernel);
    return bias ? l.add(product, bias) : product;
  }

  LayerImport &l;
  int64_t units = 0;
  bool useBias = false, isCudnn = false;
  Value kernel, recurrent;
  Value gateBias; ///< of Keras 1's layout, else null
};

class SimpleCell final : public DenseCell {
public:
  SimpleCell(LayerImport &l, ArrayRef<int64_t> shape) : DenseCell(l, shape, 1, 1) {
    bias = useBias ? l.weight("bias", {units}) : Value();
  }
  Value step(Value x, MutableArrayRef<Value> states) override {
    Value input = project(x, bias);
    return states[0] = candidate(l, l.add(input, times(l, states[0], recurrent)));
  }

private:
  Value bias;
};

class LstmCell final : public DenseCell {
public:
  LstmCell(LayerImport &l, ArrayRef<int64_t> shape) : DenseCell(l, shape, 4, 2) {
    bias = gateBias;
    if (useBias && !isCudnn && !bias)
      bias = l.weight("bias", {4 * units});
    if (!isCudnn)
      return;
    Value both = l.weight("bias", {8 * units});
    Value input = part(l, both, 0, 2);
    bias = l.add(input, part(l, both, 1, 2));
  }
  /// Keras adds the bias to the sum of both products. That shows in half types only; in others the bias goes to the
  /// product that does not wait for the state.
  Value step(Value x, MutableArrayRef<Value> states) override {
    bool isHalf = !l.failed() && l.elementType(x).getIntOrFloatBitWidth() == 16;
    Value input = project(x, isHalf ? Value() : bias), sums = l.add(input, times(l, states[0], recurrent));
    return lstmStep(l, isHalf && bias ? l.add(sums, bias) : sums, states);
  }

private:
  Value bias;
};

class GruCell final : public DenseCell {
public:
  GruCell(LayerImport &l, ArrayRef<int64_t> shape) : DenseCell(l, shape, 3, 1) {
    resetAfter = !gateBias && findResetAfter();
    bias = gateBias;
    if (l.failed() || bias || !(useBias || isCudnn))
      return;
    if (!resetAfter) {
      bias = l.weight("bias", {3 * units});
      return;
    }
    Value both = isCudnn ? l.reshape(l.weight("bias", {6 * units}), {2, 3 * units}) : l.weight("bias", {2, 3 * units});
    auto row = [&](int64_t number) {
      Value row = l.create<nn::SliceOp>(both, ArrayRef<int64_t>{number, 0}, ArrayRef<int64_t>{1, 3 * units},
                                        DenseI64ArrayAttr());
      return l.reshape(row, {3 * units});
    };
    bias = row(0);
    recurrentBias = row(1);
  }

  Value step(Value x, MutableArrayRef<Value> states) override {
    Value h = states[0], input = project(x, bias), z, hh;
    if (resetAfter) {
      Value product = times(l, h, recurrent);
      product = recurrentBias ? l.add(product, recurrentBias) : product;
      Value r = gateOf(input, product, 1, 3);
      Value reset = l.mul(r, part(l, product, 2, 3));
      Value inputPart = part(l, input, 2, 3);
      hh = candidate(l, l.add(inputPart, reset));
      z = gateOf(input, product, 0, 3);
    } else {
      Value product = times(l, h, columns(0, 2));
      Value r = gateOf(input, product, 1, 2);
      Value reset = times(l, l.mul(r, h), columns(2, 3));
      Value inputPart = part(l, input, 2, 3);
      hh = candidate(l, l.add(inputPart, reset));
      z = gateOf(input, product, 0, 2);
    }
    Value kept = l.mul(z, h);
    Value opened = l.binary(nn::BinaryFunction::Sub, 1.0, z);
    return states[0] = l.add(kept, l.mul(opened, hh));
  }

private:
  /// The key is missing from files before Keras 2.1.6; the bias tells, too.
  bool findResetAfter() {
    bool isCudnnClass = StringRef(l.className()).starts_with("CuDNN");
    const std::vector<Array> &weights = l.layer().weights;
    bool standard = weights.size() == 3 ? weights[2].shape.size() == 2 || isCudnn : l.kerasMajor() >= 3;
    bool result = isCudnnClass || l.flag("reset_after", standard);
    if (!l.failed() && isCudnn && !result)
      l.fail() << "'reset_after' is false, but the weights are those of CuDNNGRU";
    return result;
  }

  Value gateOf(Value input, Value product, int64_t number, int64_t parts) {
    Value inputPart = part(l, input, number, 3);
    return gate(l, l.add(inputPart, part(l, product, number, parts)));
  }

  /// Gates `begin` to `end` of the recurrent kernel.
  Value columns(int64_t begin, int64_t end) {
    return l.create<nn::SliceOp>(recurrent, ArrayRef<int64_t>{0, begin * units},
                                 ArrayRef<int64_t>{units, (end - begin) * units}, DenseI64ArrayAttr());
  }

  bool resetAfter = true;
  Value bias, recurrentBias;
};

//===-- Convolutional LSTM --------------------------------------------------------------------------------------===//

/// Elements are channels last here. The recurrent convolution has stride 1, dilation 1 and keeps the size.
class ConvLstmCell final : public RecurrentCell {
public:
  ConvLstmCell(LayerImport &l, ArrayRef<int64_t> shape) : l(l) {
    int64_t rank = l.spatialRank();
    filters = l.positive("filters", 1)[0];
    window = l.positive("kernel_size", rank);
    strides = l.positive("strides", rank, 1);
    dilations = l.positive("dilation_rate", rank, 1);
    if (!l.failed() && static_cast<int64_t>(shape.size()) != rank + 2)
      l.fail() << "expects " << rank << " spatial dimensions; got elements of shape " << shapeText(shape);
    if (l.failed())
      return;
    if (stridesAndDilates(strides, dilations)) {
      l.fail() << "'strides' and 'dilation_rate' are both above 1";
      return;
    }
    pads = windowPads(l, shape, window, strides, dilations, /*allowCausal=*/false);
    if (l.failed())
      return;
    Sizes state(shape);
    for (int64_t d = 0; d < rank; ++d)
      state[d + 1] =
          (shape[d + 1] + pads[2 * d] + pads[2 * d + 1] - (window[d] - 1) * dilations[d] - 1) / strides[d] + 1;
    state.back() = filters;
    stateShapes_.assign(2, state);
    readWeights(shape.back());
    for (int64_t size : window)
      recurrentPads.append({(size - 1) / 2, size - 1 - (size - 1) / 2});
  }

  Value step(Value x, MutableArrayRef<Value> states) override {
    Value input =
        l.create<nn::ConvOp>(x, weights.kernel, l.unless(1, strides), l.unless(0, pads), l.unless(1, dilations));
    input = weights.bias ? l.add(input, weights.bias) : input;
    Value product = l.create<nn::ConvOp>(states[0], weights.recurrent, DenseI64ArrayAttr(), l.unless(0, recurrentPads),
                                         DenseI64ArrayAttr());
    return lstmStep(l, l.add(input, product), states);
  }

private:
  void readWeights(int64_t channels) {
    bool isKeras1 = isKeras1Layout(l, 4);
    int64_t columns = isKeras1 ? filters : 4 * filters;
    Sizes ofInput(window), ofState(window);
    ofInput.append({channels, columns});
    ofState.append({filters, columns});
    if (isKeras1) {
      weights = fromKeras1(l, 4, ofInput, ofState);
      return;
    }
    weights.kernel = convolutionKernel(l, "kernel", ofInput);
    weights.recurrent = convolutionKernel(l, "recurrent_kernel", ofState);
    weights.bias = l.flag("use_bias", true) ? l.weight("bias", {columns}) : Value();
  }

  LayerImport &l;
  int64_t filters = 0;
  Sizes window, strides, dilations, pads, recurrentPads;
  GateWeights weights;
};

} // namespace

//===-- Cells made of cells -------------------------------------------------------------------------------------===//

/// Whether a class is a layer over time, which holds a cell but is none.
static bool isRecurrentLayer(StringRef name) {
  return llvm::is_contained({"SimpleRNN", "LSTM", "GRU", "CuDNNLSTM", "CuDNNGRU", "RNN"}, name) ||
         (name.starts_with("ConvLSTM") && !name.ends_with("Cell"));
}

namespace {

/// Cells one above the other; also the holder of a single inner cell. Until Keras 2.2.3 the states of the last cell
/// came first (2.2.2, layers/recurrent.py).
class StackedCell final : public RecurrentCell {
public:
  StackedCell(LayerImport &l, ArrayRef<const Layer *> layers, Sizes shape)
      : l(l), isLastFirst(l.graph().isMultiBackendKeras() && !l.isKerasFrom(2, 2, 3)) {
    for (const Layer *layer : layers) {
      if (l.failed())
        return;
      imports.push_back(l.inner(*layer, {}));
      if (!layer->isCustom && isRecurrentLayer(layer->className))
        imports.back()->fail() << "is a layer where '" << l.className() << "' needs a cell";
      cells.push_back(makeRecurrentCell(*imports.back(), shape));
      l.follow(*imports.back());
      if (l.failed())
        return;
      outputState_ = (isLastFirst ? 0 : stateShapes_.size()) + cells.back()->outputState();
      ArrayRef<Sizes> shapes = cells.back()->stateShapes();
      stateShapes_.insert(isLastFirst ? stateShapes_.begin() : stateShapes_.end(), shapes.begin(), shapes.end());
      shape = stateShapes_[outputState_];
    }
  }

  Value step(Value x, MutableArrayRef<Value> states) override {
    for (auto [cell, import] : llvm::zip(cells, imports)) {
      if (l.failed()) // of a cell below: this one does not know
        return {};
      size_t count = cell->stateShapes().size();
      x = cell->step(x, isLastFirst ? states.take_back(count) : states.take_front(count));
      states = isLastFirst ? states.drop_back(count) : states.drop_front(count);
      l.follow(*import);
    }
    return x;
  }

private:
  LayerImport &l;
  bool isLastFirst;
  std::vector<std::unique_ptr<LayerImport>> imports;
  std::vector<std::unique_ptr<RecurrentCell>> cells;
};

} // namespace

static std::unique_ptr<RecurrentCell> makeHolder(LayerImport &l, ArrayRef<int64_t> shape) {
  SmallVector<const Layer *> cells;
  for (const InnerLayer &inner : l.layer().children)
    if (inner.role == "cell" || inner.role == "cells")
      cells.push_back(&inner.layer);
  if (cells.empty()) {
    l.fail() << "has no cell";
    return nullptr;
  }
  return std::make_unique<StackedCell>(l, cells, Sizes(shape));
}

std::unique_ptr<RecurrentCell> layerc::makeRecurrentCell(LayerImport &l, ArrayRef<int64_t> shape) {
  StringRef name = l.className();
  bool isPlain = !l.layer().isCustom;
  std::unique_ptr<RecurrentCell> cell;
  if (isPlain && (name == "SimpleRNN" || name == "SimpleRNNCell"))
    cell = std::make_unique<SimpleCell>(l, shape);
  else if (isPlain && (name == "LSTM" || name == "LSTMCell" || name == "CuDNNLSTM"))
    cell = std::make_unique<LstmCell>(l, shape);
  else if (isPlain && (name == "GRU" || name == "GRUCell" || name == "CuDNNGRU"))
    cell = std::make_unique<GruCell>(l, shape);
  else if (isPlain && name.starts_with("ConvLSTM"))
    cell = std::make_unique<ConvLstmCell>(l, shape);
  else if (isPlain && (name == "RNN" || name == "StackedRNNCells"))
    cell = makeHolder(l, shape);
  else
    l.fail() << "recurrent cell '" << l.className() << "' is not supported";
  if (!l.failed() && l.hasMoreWeights())
    l.fail() << "stores " << l.layer().weights.size() << " weights, more than the cell has";
  return l.failed() ? nullptr : std::move(cell);
}
