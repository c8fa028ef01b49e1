// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Nodes of keras.ops in functional graphs: arithmetic of tensors and numbers, and activations. Operations are not cast
// to a layer's policy, and their arguments stand in the call as well as in the configuration.
#include "frontend/Activations.h"
#include "frontend/Importers.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace layerc;
using B = nn::BinaryFunction;

/// Argument `position` of the call: a tensor, or a number, which has the element type of the first tensor.
static Value argument(LayerImport &l, size_t position) {
  if (l.failed())
    return {};
  const nlohmann::json &args = l.call()->args;
  if (!args.is_array() || position >= args.size())
    return l.fail() << "has no argument " << position + 1;
  const nlohmann::json &value = args[position];
  if (value.is_object() && value.contains("tensor"))
    return l.inputs()[value["tensor"].get<size_t>()];
  bool fits = value.is_number_integer() || (value.is_number() && isa<FloatType>(l.elementType(l.inputs()[0])));
  if (!fits)
    return l.fail() << "argument " << position + 1 << " is not a tensor or a number of its type";
  return l.scalar(value.get<double>(), l.inputs()[0]);
}

static Results importBinary(LayerImport &l, B function) {
  if (!l.failed() && l.inputs().empty())
    return l.fail() << "expects a tensor";
  Value a = argument(l, 0), b = argument(l, 1);
  if (!l.failed() && l.elementType(a) != l.elementType(b))
    return l.fail() << "operands of different element types are not supported";
  if (!l.failed() && function == B::Div && !isa<FloatType>(l.elementType(a)))
    return l.fail() << "division of integers is not supported";
  return {l.binary(function, a, b)};
}

Results layerc::importAddOperation(LayerImport &l) { return importBinary(l, B::Add); }
Results layerc::importSubtractOperation(LayerImport &l) { return importBinary(l, B::Sub); }
Results layerc::importMultiplyOperation(LayerImport &l) { return importBinary(l, B::Mul); }
Results layerc::importDivideOperation(LayerImport &l) { return importBinary(l, B::Div); }
Results layerc::importMaximumOperation(LayerImport &l) { return importBinary(l, B::Maximum); }
Results layerc::importMinimumOperation(LayerImport &l) { return importBinary(l, B::Minimum); }

/// "HardSigmoid" -> "hard_sigmoid".
static std::string activationName(StringRef className) {
  std::string name;
  for (char c : className) {
    if (llvm::isUpper(c) && !name.empty())
      name += '_';
    name += llvm::toLower(c);
  }
  return name;
}

Results layerc::importActivationOperation(LayerImport &l) {
  return {applyActivationByName(l, l.input(), activationName(l.className()))};
}

/// keras.ops.gelu approximates unless told otherwise; the activation of that name does not.
Results layerc::importGeluOperation(LayerImport &l) { return {gelu(l, l.input(), l.flag("approximate", true))}; }
