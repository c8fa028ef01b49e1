// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From a plan to the words of generated text: see ModelText.h.
#include "codegen/ModelText.h"

#include "codegen/Names.h"
#include "ir/Flops.h"
#include "runtime/include/layerc/checksum.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace layerc;
using namespace mlir;

namespace {

/// How C++ and Keras call an element type, and its size; an empty name when C++ has none.
struct ElementText {
  StringRef element, dtype;
  int64_t bytes;
};

ElementText elementText(Type type) {
  if (type.isF32())
    return {"float", "float32", 4};
  if (type.isF64())
    return {"double", "float64", 8};
  if (type.isF16())
    return {"layerc::Float16", "float16", 2};
  if (type.isBF16())
    return {"layerc::BFloat16", "bfloat16", 2};
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return {"", "", 0};
  switch (integer.getWidth()) {
  case 1:
    return {"bool", "bool", 1};
  case 8:
    return integer.isUnsigned() ? ElementText{"std::uint8_t", "uint8", 1} : ElementText{"std::int8_t", "int8", 1};
  case 16:
    return integer.isUnsigned() ? ElementText{"std::uint16_t", "uint16", 2} : ElementText{"std::int16_t", "int16", 2};
  case 32:
    return integer.isUnsigned() ? ElementText{"std::uint32_t", "uint32", 4} : ElementText{"std::int32_t", "int32", 4};
  case 64:
    return integer.isUnsigned() ? ElementText{"std::uint64_t", "uint64", 8} : ElementText{"std::int64_t", "int64", 8};
  default:
    return {"", "", 0};
  }
}

FailureOr<TensorText> describeTensor(Operation *op, StringRef kerasName, const TensorName &name) {
  auto type = cast<MemRefType>(op->getResult(0).getType());
  ElementText element = elementText(type.getElementType());
  if (element.element.empty() || !type.hasStaticShape() || !type.getLayout().isIdentity())
    return op->emitOpError() << "'" << kerasName << "' expects a dense tensor of a C++ type, got " << type;
  TensorText tensor;
  tensor.kerasName = escapeText(kerasName);
  tensor.type = name.type;
  tensor.argument = name.argument;
  tensor.element = element.element;
  tensor.dtype = element.dtype;
  tensor.shape = type.getShape().vec();
  tensor.bytes = type.getNumElements() * element.bytes;
  tensor.isInput = isa<plan::InputOp>(op);
  return tensor;
}

/// The name of a size as it may stand behind a `_` in an identifier.
std::string identifierPart(StringRef name) {
  return llvm::join(llvm::map_range(name, [](char c) { return std::string(1, llvm::isAlnum(c) ? c : '_'); }), "");
}

FailureOr<SizeText> describeSize(plan::EntryOp entry, ModelText &model) {
  SizeText size{entry, identifierPart(entry.getSize()), "", {}, 0};
  size.suffix = size.name.empty() ? "" : "_" + size.name;
  SmallVector<plan::InputOp> inputs(entry.getOps<plan::InputOp>());
  SmallVector<plan::OutputOp> outputs(entry.getOps<plan::OutputOp>());
  std::vector<std::string> inputNames, outputNames;
  for (plan::InputOp input : inputs)
    inputNames.push_back(input.getName().str());
  for (plan::OutputOp output : outputs)
    outputNames.push_back(output.getName().str());
  std::vector<TensorName> names = nameTensors(inputNames, outputNames, model.options.rename);
  SmallVector<Operation *> ops(inputs.begin(), inputs.end());
  ops.append(outputs.begin(), outputs.end());
  inputNames.insert(inputNames.end(), outputNames.begin(), outputNames.end());
  for (auto [op, kerasName, name] : llvm::zip(ops, inputNames, names)) {
    FailureOr<TensorText> tensor = describeTensor(op, kerasName, name);
    if (failed(tensor))
      return failure();
    model.arguments[op->getResult(0)] = tensor->argument;
    size.tensors.push_back(std::move(*tensor));
  }
  size.inputCount = static_cast<int64_t>(inputs.size());
  return size;
}

/// A tensor whose shape differs between sizes has a view type in each: `Image_8`. No name of nameTensors has a `_`.
void tellTypesApart(MutableArrayRef<SizeText> sizes) {
  for (size_t i = 0; i < sizes.front().tensors.size(); ++i)
    if (llvm::any_of(sizes, [&](SizeText &size) { return size.tensors[i].shape != sizes[0].tensors[i].shape; }))
      for (SizeText &size : sizes)
        size.tensors[i].type += size.suffix;
}

/// Changes when a caller of `run` must be looked at again.
uint64_t signatureOf(ArrayRef<SizeText> sizes) {
  std::string text;
  for (const SizeText &size : sizes)
    for (const TensorText &tensor : size.tensors)
      text += (tensor.isInput ? "in " : "out ") + tensor.argument + ' ' + tensor.dtype + ' ' +
              shapeText(tensor.shape, "x") + '\n';
  return Checksum().add(text.data(), text.size()).result();
}

std::string hex(uint64_t number) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format_hex(number, 18);
  return text;
}

std::vector<Hole> commonHoles(const ModelText &model) {
  const PrintOptions &options = model.options;
  std::string file = options.modelFile.empty() ? options.name : escapeText(options.modelFile);
  return {
      {"name", options.name},
      {"NAME", StringRef(options.name).upper()},
      {"model", file},
      {"version", LAYERC_VERSION},
      {"generated", "Generated by layerc " LAYERC_VERSION " from " + file +
                        "; changes will be lost. layerc claims no rights in this file."},
      {"weight bytes", std::to_string(model.weightBytes)},
      {"arena bytes", std::to_string(model.arenaBytes)},
      {"worker stride", std::to_string(model.workerStride)},
      {"stack bytes", std::to_string(model.stackBytes)},
      {"signature", hex(model.signature)},
      {"weights signature", hex(model.weightsSignature)},
      {"weights symbol", weightsSymbol(options.name)},
  };
}

/// Whether the price of the floating-point mode shows: two writes of some 10 ns. What is written must be f32, and
/// little, since it is looked through.
bool isWorthATrial(const SizeText &size) {
  constexpr double mostOperations = 16384;
  constexpr int64_t mostNumbers = 128;
  plan::EntryOp entry = size.entry;
  int64_t numbers = plan::stateBytes(entry) / 4;
  for (const TensorText &output : size.outputs())
    if (output.dtype == "float32")
      numbers += output.bytes / 4;
    else
      return false;
  for (plan::StateOp state : entry.getOps<plan::StateOp>())
    if (!cast<MemRefType>(state.getType()).getElementType().isF32())
      return false;
  double operations = flopsOf(entry);
  entry.walk([&](plan::StepOp step) {
    for (Value operand : step.getOperands())
      operations += plan::runsOf(step) * static_cast<double>(cast<MemRefType>(operand.getType()).getNumElements());
  });
  return numbers <= mostNumbers && operations <= mostOperations;
}

/// The stack of `run` itself: its arguments, the pointers of one step and the calls down to a kernel.
int64_t ownStackBytes(plan::EntryOp entry) {
  size_t operands = 0;
  entry.walk([&](plan::StepOp step) { operands = std::max<size_t>(operands, step.getNumOperands()); });
  return 1024 + 16 * static_cast<int64_t>(operands);
}

} // namespace

std::vector<Hole> ModelText::with(std::vector<Hole> more) const {
  more.insert(more.end(), holes.begin(), holes.end());
  return more;
}

std::string layerc::shapeText(ArrayRef<int64_t> shape, StringRef separator) {
  return shape.empty() ? "scalar"
                       : llvm::join(llvm::map_range(shape, [](int64_t d) { return std::to_string(d); }), separator);
}

std::string layerc::runSignature(const SizeText &size, StringRef before, StringRef executor, StringRef after) {
  std::vector<std::string> parameters;
  parameters.reserve(size.tensors.size() + 1);
  for (const TensorText &tensor : size.tensors)
    parameters.push_back(tensor.type + " " + tensor.argument);
  parameters.push_back(executor.str());
  return wrapList(before.str(), parameters, after.str(), before.size());
}

std::string ModelText::sizeNames() const {
  return llvm::join(llvm::map_range(sizes, [](const SizeText &size) { return size.name; }), ", ");
}

FailureOr<ModelText> layerc::describeModel(plan::ProgramOp program, const PrintOptions &options) {
  ModelText model(options, program);
  int64_t ownStack = 0;
  for (plan::EntryOp entry : plan::entriesOf(program)) {
    FailureOr<SizeText> size = describeSize(entry, model);
    if (failed(size))
      return failure();
    model.sizes.push_back(std::move(*size));
    entry.walk([&](plan::StepOp step) {
      if (SymbolTable::lookupNearestSymbolFrom<plan::KernelOp>(step, step.getKernelAttr()).getExternal())
        model.externalSteps.push_back(step);
    });
    auto raise = [](int64_t &most, uint64_t bytes) {
      most = std::max(most, static_cast<int64_t>(llvm::alignTo(bytes, 64)));
    };
    raise(model.arenaBytes, entry.getArena());
    raise(model.workerStride, entry.getWorkerScratch());
    ownStack = std::max(ownStack, ownStackBytes(entry));
  }
  if (model.sizes.empty())
    return program.emitOpError("expects an entry to print");
  tellTypesApart(model.sizes);
  for (SizeText &size : model.sizes)
    size.isTried = options.denormalsShow && model.externalSteps.empty() && isWorthATrial(size);
  model.stateBytes = plan::stateBytes(model.sizes.front().entry);
  if (llvm::any_of(model.sizes, [](const SizeText &size) { return size.isTried; }))
    ownStack += model.stateBytes; // which a trial keeps
  model.weightBytes = program.getWeights();
  model.stackBytes = static_cast<int64_t>(llvm::alignTo(options.kernelStackBytes + ownStack, 64));
  model.signature = signatureOf(model.sizes);
  model.weightsSignature = layerc::weightsSignature(program);
  model.holes = commonHoles(model);
  return model;
}
