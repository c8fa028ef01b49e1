// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// EinsumDense: a Dense layer whose contraction is written as an equation.
#include "frontend/Einsum.h"
#include "frontend/Importers.h"

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
static Value addBias(LayerImport &l, Value y, const DenseEquation &equation, const std::map<char, int64_t> &sizes) {
  std::string axes = l.string("bias_axes", "");
  if (l.failed() || axes.empty())
    return y;
  size_t first = equation.output.find_first_of(axes);
  if (equation.output.find_first_of(axes) == std::string::npos ||
      llvm::any_of(axes, [&](char axis) { return equation.output.find(axis) == std::string::npos; }))
    return l.fail() << "'bias_axes' " << axes << " are not dimensions of the output " << equation.output;
  Sizes shape;
  for (char letter : equation.output.substr(first))
    shape.push_back(axes.find(letter) == std::string::npos ? 1 : sizes.at(letter));
  if (equation.elidesRight)
    shape.append(l.rank(y) - equation.output.size(), 1);
  return l.add(y, l.weight("bias", shape));
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
  Value y = einsum(l, text, x, l.weight("kernel", kernel));
  return {l.activation(addBias(l, y, *equation, sizes))};
}
