// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// EinsumDense: a Dense layer whose contraction is written as an equation.
#include "frontend/Einsum.h"
#include "frontend/Importers.h"
#include "frontend/layers/Quantized.h"

#include <map>

using namespace mlir;
using namespace layerc;

namespace {

/// "ab...,bc->ac..." taken apart; letters only.
struct DenseEquation {
  std::string input, kernel, output;
  bool elidesLeft = false, elidesRight = false;
};

} // namespace

static std::optional<DenseEquation> parse(StringRef text) {
  DenseEquation equation;
  auto [operands, output] = text.split("->");
  auto [input, kernel] = operands.split(',');
  equation.elidesLeft = input.consume_front("...");
  equation.elidesRight = !equation.elidesLeft && input.consume_back("...");
  bool matches = !equation.elidesLeft || output.consume_front("...");
  matches &= !equation.elidesRight || output.consume_back("...");
  if (!matches || kernel.empty() || output.empty() || text.count("->") != 1)
    return std::nullopt;
  equation.input = input.str();
  equation.kernel = kernel.str();
  equation.output = output.str();
  return equation;
}

/// Sizes by letter: those of the input, and those that `output_shape` gives for the others.
static std::map<char, int64_t> letterSizes(LayerImport &l, const DenseEquation &equation, ArrayRef<int64_t> input) {
  std::map<char, int64_t> sizes;
  if (input.size() < equation.input.size() ||
      (input.size() > equation.input.size() && !equation.elidesLeft && !equation.elidesRight)) {
    l.fail() << "'equation' describes an input of rank " << equation.input.size() << "; got " << shapeText(input);
    return sizes;
  }
  const nlohmann::json *given = l.config("output_shape");
  nlohmann::json outputs = given && !given->is_array() ? nlohmann::json::array({*given})
                           : given                     ? *given
                                                       : nlohmann::json::array();
  std::string named = equation.elidesLeft ? equation.output : equation.output.substr(1); // without the batch
  for (size_t i = 0; i < named.size() && i < outputs.size(); ++i)
    if (outputs[i].is_number_integer())
      sizes[named[i]] = outputs[i].get<int64_t>();
  size_t first = equation.elidesLeft ? input.size() - equation.input.size() : 0;
  for (auto [i, letter] : llvm::enumerate(equation.input))
    sizes[letter] = input[first + i];
  return sizes;
}

/// The bias: the sizes of `bias_axes` from the first of them on, 1 along all other output dimensions.
static std::optional<Sizes> biasShape(LayerImport &l, const DenseEquation &equation,
                                      const std::map<char, int64_t> &sizes, int64_t elided) {
  std::string axes = l.string("bias_axes", "");
  if (l.failed() || axes.empty())
    return std::nullopt;
  size_t first = equation.output.find_first_of(axes);
  if (first == std::string::npos ||
      llvm::any_of(axes, [&](char axis) { return equation.output.find(axis) == std::string::npos; })) {
    l.fail() << "'bias_axes' " << axes << " are not dimensions of the output " << equation.output;
    return std::nullopt;
  }
  Sizes shape;
  for (char letter : equation.output.substr(first))
    shape.push_back(axes.find(letter) == std::string::npos ? 1 : sizes.at(letter));
  if (equation.elidesRight)
    shape.append(elided, 1);
  return shape;
}

//===-- Quantized -----------------------------------------------------------------------------------------------===//

static bool has(const std::string &letters, char letter) { return letters.find(letter) != std::string::npos; }

/// The rows and columns of the matrix as which Keras stores a kernel of 4 bits or of gptq and awq.
static std::pair<int64_t, int64_t> matrixOf(LayerImport &l, const DenseEquation &equation, ArrayRef<int64_t> kernel) {
  bool isSplitByLetters = l.quantization().mode == Quantization::Mode::Int4;
  int64_t largest = llvm::max_element(kernel) - kernel.begin();
  if (!isSplitByLetters && kernel.size() != 2 && kernel.size() != 3)
    l.fail() << "has a quantized kernel of shape " << shapeText(kernel) << "; expects rank 2 or 3";
  int64_t rows = 1, columns = 1;
  for (auto [d, letter] : llvm::enumerate(equation.kernel)) {
    // Else the largest dimension tells: inputs in front, or outputs at the end.
    bool isRow =
        isSplitByLetters ? !has(equation.output, letter) : d == 0 || (d == 1 && kernel.size() == 3 && largest > 0);
    (isRow ? rows : columns) *= kernel[d];
  }
  return {rows, columns};
}

/// Sizes of the dimensions `letters`, 1 for those that `others` does not have.
static Sizes sizesIn(const std::string &letters, const std::string &others, const std::map<char, int64_t> &sizes) {
  return llvm::map_to_vector<4>(letters,
                                [&](char letter) { return has(others, letter) ? sizes.at(letter) : int64_t(1); });
}

static Value quantizedEinsum(LayerImport &l, StringRef text, const DenseEquation &equation, Value x,
                             const std::map<char, int64_t> &sizes, ArrayRef<int64_t> kernelShape,
                             std::optional<Sizes> bias) {
  if (equation.elidesLeft || equation.elidesRight)
    return l.fail() << "has a quantized kernel and '...' in its equation '" << text << "', which Keras cannot compute";
  auto [rows, columns] = matrixOf(l, equation, kernelShape);
  Sizes scale = sizesIn(equation.output, equation.kernel, sizes);
  int64_t packedAxis = std::max<int64_t>(0, llvm::find_if(equation.kernel, [&](char letter) {
                                              return !has(equation.output, letter);
                                            }) - equation.kernel.begin());
  QuantizedKernel kernel = quantizedKernel(l, {Sizes(kernelShape), scale, packedAxis, rows, columns, std::move(bias)});
  if (kernel.scale && !keepsShape(l)) { // Keras divides the kernel, not the sums
    kernel.values = l.div(l.cast(kernel.values, l.computeType()), kernel.scale);
    kernel.scale = {};
  }
  kernel.values = l.reshape(kernel.values, kernelShape);
  auto multiply = [&](Value a, Value b) { return einsum(l, text, a, b); };
  auto lineUp = [&](Value inputScale) {
    Sizes order; // the dimensions of the output, then those that are summed over
    for (char letter : equation.output)
      if (has(equation.input, letter))
        order.push_back(equation.input.find(letter));
    for (auto [d, letter] : llvm::enumerate(equation.input))
      if (!has(equation.output, letter))
        order.push_back(d);
    return l.reshape(l.transpose(inputScale, order), sizesIn(equation.output, equation.input, sizes));
  };
  QuantizedProduct product{{}, multiply, lineUp};
  for (auto [d, letter] : llvm::enumerate(equation.input))
    if (!has(equation.output, letter))
      product.summed.push_back({static_cast<int64_t>(d), has(equation.kernel, letter)
                                                             ? static_cast<int64_t>(equation.kernel.find(letter))
                                                             : int64_t(-1)});
  return product.compute(l, x, kernel);
}

Results layerc::importEinsumDense(LayerImport &l) {
  Value x = l.floatInput();
  std::string text = l.string("equation", "");
  llvm::erase(text, ' ');
  std::optional<DenseEquation> equation = parse(text);
  if (!l.failed() && !equation)
    return l.fail() << "equation '" << text << "' is not one of ab,bc->ac with an optional ... at one end";
  if (l.failed())
    return {};
  std::map<char, int64_t> sizes = letterSizes(l, *equation, l.shape(x));
  Sizes kernel;
  for (char letter : equation->kernel)
    if (auto size = sizes.find(letter); size != sizes.end())
      kernel.push_back(size->second);
    else
      return l.fail() << "'" << letter << "' of equation '" << text << "' has no size in the input or 'output_shape'";
  if (llvm::any_of(equation->output, [&](char letter) { return !sizes.count(letter); }))
    return l.fail() << "equation '" << text << "' has an output dimension without a size";
  int64_t elided = l.rank(x) - static_cast<int64_t>(equation->input.size());
  std::optional<Sizes> bias = biasShape(l, *equation, sizes, elided);
  if (l.failed())
    return {};
  if (l.quantization())
    return {l.activation(quantizedEinsum(l, text, *equation, x, sizes, kernel, bias))};
  Value y = einsum(l, text, x, l.weight("kernel", kernel));
  return {l.activation(bias ? l.add(y, l.weight("bias", *bias)) : y)};
}
