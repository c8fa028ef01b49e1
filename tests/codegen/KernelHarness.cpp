// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The harness: nn.kernel -> plan.kernel as nn-to-plan does for one choice -> object -> call.
#include "KernelHarness.h"

#include "GuardedMemory.h"

#include "codegen/EmitKernel.h"
#include "codegen/EmitObject.h"
#include "codegen/ExternalTensors.h"
#include "codegen/Walker.h"
#include "runtime/include/layerc/float_mode.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace mlir;
using namespace layerc;
using namespace layerc::test;

static std::string functionText(const KernelCase &kernel) {
  std::string parameters, bindings, types;
  for (size_t i = 0; i < kernel.arguments.size(); ++i) {
    std::string name(1, static_cast<char>('a' + i)), separator = i ? ", " : "";
    parameters += separator + "%x" + name + ": " + kernel.arguments[i];
    bindings += separator + "%" + name + " = %x" + name;
    types += separator + kernel.arguments[i];
  }
  return "func.func @f(" + parameters + ") -> " + kernel.result + " {\n%k = nn.kernel(" + bindings + ") : (" + types +
         ") -> " + kernel.result + " {\n" + kernel.body + "\nnn.yield %r : " + kernel.result +
         "\n}\nreturn %k : " + kernel.result + "\n}";
}

KernelRun::KernelRun(const KernelCase &kernel, StringRef targetCpu, StringRef targetTriple)
    : weightScale_(kernel.weightScale), target_(llvm::cantFail(makeTarget(targetCpu, targetTriple))) {
  loadKernelDialects(context_);
  std::string text = functionText(kernel);
  module_ = parseSourceString<ModuleOp>(text, &context_);
  if (!module_)
    ADD_FAILURE() << "does not parse:\n" << text;
}

nn::KernelOp KernelRun::kernel() {
  auto function = *module_->getOps<func::FuncOp>().begin();
  return *function.getOps<nn::KernelOp>().begin();
}

std::vector<KernelChoice> KernelRun::choices(const KernelTemplate &description) {
  std::string reason;
  llvm::SmallVector<KernelChoice> found;
  if (description.accepts(kernel().getBody().front(), reason))
    description.candidates(kernel(), target_, found);
  return {found.begin(), found.end()};
}

/// A memref of the tensor's shape with `gap` elements behind each row.
static MemRefType bufferType(RankedTensorType tensor, int64_t gap) {
  ArrayRef<int64_t> shape = tensor.getShape();
  if (gap == 0 || shape.empty())
    return MemRefType::get(shape, tensor.getElementType());
  SmallVector<int64_t> strides(shape.size());
  int64_t stride = 1;
  for (size_t d = shape.size(); d-- > 0;) {
    strides[d] = stride;
    stride *= shape[d] + (d + 1 == shape.size() ? gap : 0);
  }
  return MemRefType::get(shape, tensor.getElementType(), StridedLayoutAttr::get(tensor.getContext(), 0, strides));
}

/// The layout of operand `i`; null where it is not packed.
static nn::LayoutAttr layoutOf(const KernelChoice &choice, size_t i) {
  return choice.layouts.empty() ? nn::LayoutAttr() : choice.layouts[i];
}

OwningOpRef<ModuleOp> KernelRun::plan(const KernelChoice &choice, const Layout &layout) {
  OpBuilder b(&context_);
  Location loc = b.getUnknownLoc();
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  b.setInsertionPointToEnd(module->getBody());
  auto program = b.create<plan::ProgramOp>(loc, "test", 0);
  b.setInsertionPointToEnd(&program.getBody().emplaceBlock());

  SmallVector<Attribute> inputs, outputs;
  SmallVector<Type> tensors;
  for (auto [i, type] : llvm::enumerate(kernel().getBody().getArgumentTypes())) {
    auto tensor = cast<RankedTensorType>(type);
    nn::LayoutAttr packed = layoutOf(choice, i);
    if (packed)
      tensor = RankedTensorType::get(nn::packedShape(tensor.getShape(), packed), tensor.getElementType());
    tensors.push_back(tensor);
    inputs.push_back(TypeAttr::get(bufferType(tensor, packed ? 0 : layout.gap)));
  }
  for (Type type : kernel().getResultTypes())
    outputs.push_back(TypeAttr::get(bufferType(cast<RankedTensorType>(type), layout.gap)));
  SmallVector<int64_t> aliases;
  if (layout.inPlaceInput >= 0)
    aliases = {layout.inPlaceInput, 0};
  auto call = findKernelTemplate(choice.algorithm)->external(kernel().getBody().front());
  auto external = call ? plan::ExternalAttr::get(&context_, call->symbol, call->function, call->numbers, call->config)
                       : plan::ExternalAttr();
  auto planned = b.create<plan::KernelOp>(loc, "kernel", choice.algorithm, choice.tile, choice.units,
                                          choice.sharedScratch, choice.workerScratch, b.getArrayAttr(inputs),
                                          b.getArrayAttr(outputs), aliases, external);
  Block &body = planned.getBody().emplaceBlock();
  b.setInsertionPointToEnd(&body);
  IRMapping mapping;
  for (auto [i, tensor] : llvm::enumerate(tensors)) {
    Value argument = body.addArgument(tensor, loc);
    BlockArgument original = kernel().getBody().getArgument(i);
    if (nn::LayoutAttr packed = layoutOf(choice, i))
      argument = b.create<nn::UnpackOp>(loc, original.getType(), argument, packed);
    mapping.map(original, argument);
  }
  for (Operation &op : kernel().getBody().front())
    b.clone(op, mapping);
  EXPECT_TRUE(succeeded(verify(*module)));
  return module;
}

std::vector<TensorData> KernelRun::randomInputs(uint64_t seed) {
  std::vector<TensorData> inputs;
  for (Type type : kernel().getOperandTypes())
    inputs.push_back(randomTensor(cast<RankedTensorType>(type), ++seed));
  if (weightScale_ != 1)
    for (int64_t i = 0; i < inputs[1].size(); ++i)
      inputs[1].set(i, {weightScale_ * inputs[1].at(i).real});
  return inputs;
}

namespace {

/// The bytes of one operand beside a guard page, NaN wherever there is no element.
class Buffer {
public:
  using Side = GuardedMemory::Side;
  Buffer(MemRefType type, Side side, size_t alignment = 1)
      : type(type), bytes(elementBytes(type.getElementType())), memory(extent(type) * bytes, side, alignment) {
    EXPECT_TRUE(succeeded(getStridesAndOffset(type, strides, offset)));
  }
  char *data() { return memory.data(); }
  void write(const TensorData &tensor) { copy(const_cast<TensorData &>(tensor), true); }
  TensorData read() {
    TensorData tensor = makeTensor(RankedTensorType::get(type.getShape(), type.getElementType()));
    copy(tensor, false);
    return tensor;
  }
  /// Nothing but the elements has been written. Ends their life.
  bool isIntact() {
    TensorData nothing = makeTensor(RankedTensorType::get(type.getShape(), type.getElementType()));
    std::fill(nothing.bytes.begin(), nothing.bytes.end(), static_cast<char>(0xff));
    write(nothing);
    return std::all_of(memory.begin(), memory.end(), [](char byte) { return byte == static_cast<char>(0xff); });
  }

private:
  static int64_t extent(MemRefType type) {
    SmallVector<int64_t> strides;
    int64_t offset, last = 0;
    EXPECT_TRUE(succeeded(getStridesAndOffset(type, strides, offset)));
    for (auto [size, stride] : llvm::zip(type.getShape(), strides))
      last += (size - 1) * stride;
    return last + 1;
  }
  void copy(TensorData &tensor, bool write) {
    ArrayRef<int64_t> shape = type.getShape();
    for (int64_t i = 0; i < tensor.size(); ++i) {
      int64_t address = 0, rest = i;
      for (size_t d = shape.size(); d-- > 0; rest /= shape[d])
        address += rest % shape[d] * strides[d];
      char *here = data() + address * bytes, *there = tensor.bytes.data() + i * bytes;
      std::memcpy(write ? here : there, write ? there : here, bytes);
    }
  }
  MemRefType type;
  int64_t bytes, offset;
  SmallVector<int64_t> strides;
  GuardedMemory memory;
};

constexpr size_t kWeightAlignment = 64, kScratchAlignment = 64;

MemRefType bufferOf(Attribute type) { return cast<MemRefType>(cast<TypeAttr>(type).getValue()); }

/// How the units of a phase are spread.
enum class Partition { Whole, BackwardsByUnits, Pieces };

std::vector<std::pair<int64_t, int64_t>> parts(Partition partition, int64_t units) {
  std::vector<std::pair<int64_t, int64_t>> result;
  const int64_t sizes[] = {1, 1, 3, 2};
  for (int64_t begin = 0, piece = 0; begin < units; ++piece) {
    int64_t size = partition == Partition::Whole              ? units
                   : partition == Partition::BackwardsByUnits ? 1
                                                              : sizes[piece % 4];
    result.push_back({begin, std::min(units, begin + size)});
    begin += size;
  }
  if (partition == Partition::BackwardsByUnits)
    std::reverse(result.begin(), result.end());
  return result;
}

/// The tensor in the shape that nn.pack gives it, computed by Evaluate.
TensorData packed(const TensorData &data, nn::LayoutAttr layout, WeightStore &weights) {
  OpBuilder b(data.type.getContext());
  OwningOpRef<ModuleOp> module = ModuleOp::create(b.getUnknownLoc());
  b.setInsertionPointToEnd(module->getBody());
  Evaluator evaluator(weights);
  auto source = b.create<nn::WeightOp>(b.getUnknownLoc(), data.type, "packed");
  evaluator.bind(source.getResult(), data);
  return evaluator.evaluate(b.create<nn::PackOp>(b.getUnknownLoc(), source.getResult(), layout).getResult());
}

} // namespace

void KernelRun::compare(const TensorData &actual, const TensorData &expected, Tolerance tolerance) {
  bool isReal = isa<FloatType>(expected.type.getElementType());
  double largest = 0;
  for (int64_t i = 0; isReal && i < expected.size(); ++i)
    if (std::isfinite(expected.at(i).real))
      largest = std::max(largest, std::fabs(expected.at(i).real));
  int shown = 0;
  for (int64_t i = 0; i < expected.size() && shown < 5; ++i) {
    Scalar a = actual.at(i), e = expected.at(i);
    bool same = a.integer == e.integer;
    if (isReal && !std::isfinite(e.real))
      same = std::isnan(e.real) ? std::isnan(a.real) : a.real == e.real;
    else if (isReal)
      same = std::fabs(a.real - e.real) <=
             tolerance.absolute * largest + tolerance.relative * std::fabs(e.real) + 1.2e-38 /* denormals are zero */;
    if (same)
      continue;
    ++shown;
    if (isReal)
      ADD_FAILURE() << "element " << i << ": " << a.real << " instead of " << e.real;
    else
      ADD_FAILURE() << "element " << i << ": " << a.integer << " instead of " << e.integer;
  }
}

void KernelRun::check(const KernelChoice &choice, uint64_t seed, const Layout &layout, double tolerance,
                      std::vector<TensorData> inputs) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  check(choice, layout, {tolerance, 10 * tolerance}, inputs.empty() ? randomInputs(seed) : std::move(inputs));
}

void KernelRun::checkRelative(const KernelChoice &choice, std::vector<TensorData> inputs, double tolerance) {
  check(choice, {}, {0, tolerance}, std::move(inputs));
}

void KernelRun::check(const KernelChoice &choice, const Layout &layout, Tolerance tolerance,
                      std::vector<TensorData> inputs) {
  std::string tile;
  for (int64_t number : choice.tile)
    tile += " " + std::to_string(number);
  SCOPED_TRACE("target " + target_.name + ", algorithm " + choice.algorithm + ", tile" + tile);
  WeightStore weights;
  Evaluator evaluator(weights);
  for (auto [argument, data] : llvm::zip_equal(kernel().getBody().getArguments(), inputs))
    evaluator.bind(argument, data);
  TensorData expected = evaluator.evaluate(kernel().getBody().front().getTerminator()->getOperand(0));

  std::vector<TensorData> computed = results(choice, layout, inputs);
  if (computed.empty())
    return;
  compare(computed.front(), expected, tolerance);
}

std::optional<TensorData> KernelRun::run(const KernelChoice &choice, ArrayRef<TensorData> inputs,
                                         const Layout &layout) {
  std::vector<TensorData> computed = results(choice, layout, inputs);
  return computed.empty() ? std::nullopt : std::optional<TensorData>(computed.front());
}

/// Prepares and runs an external kernel; inputs behind the first one are weights.
static Status runExternal(const layerc_external &external, plan::KernelOp kernel, ArrayRef<void *> arguments) {
  std::vector<layerc_tensor> tensors;
  for (ArrayAttr side : {kernel.getInputs(), kernel.getOutputs()})
    for (auto type : side.getAsValueRange<TypeAttr>()) {
      size_t i = tensors.size();
      bool isWeight = i > 0 && i + 1 < arguments.size();
      tensors.push_back(externalTensor(cast<MemRefType>(type), isWeight ? arguments[i] : nullptr));
    }
  std::string function = kernel.getExternal()->getFunction().str();
  ArrayRef<int64_t> numbers = kernel.getExternal()->getNumbers();
  auto inputs = static_cast<int>(tensors.size() - 1);
  ExternalStep step;
  Status status =
      step.prepare(external, {sizeof(layerc_step), function.c_str(), numbers.data(), static_cast<int>(numbers.size()),
                              tensors.data(), inputs, &tensors[inputs], 1, 1, nullptr});
  return status == Status::ok ? step.run(arguments.data(), nullptr, 1) : status;
}

std::vector<TensorData> KernelRun::results(const KernelChoice &choice, const Layout &layout,
                                           ArrayRef<TensorData> inputs) {
  OwningOpRef<ModuleOp> module = plan(choice, layout);
  auto program = *module->getOps<plan::ProgramOp>().begin();
  auto planned = *program.getOps<plan::KernelOp>().begin();
  WeightStore weights;
  auto object = emitNativeCode(program, target_, NativeForm::Object, 1);
  if (!object) {
    ADD_FAILURE() << llvm::toString(object.takeError());
    return {};
  }
  auto code = LoadedCode::load(object->bytes);
  if (!code) {
    ADD_FAILURE() << llvm::toString(code.takeError());
    return {};
  }

  std::vector<TensorData> results;
  for (Partition partition : {Partition::Whole, Partition::BackwardsByUnits, Partition::Pieces}) {
    Buffer::Side side = partition == Partition::Whole ? Buffer::Side::Back : Buffer::Side::Front;
    std::vector<Buffer> buffers;
    for (auto [i, type] : llvm::enumerate(planned.getInputs()))
      buffers.emplace_back(bufferOf(type), side, layoutOf(choice, i) ? kWeightAlignment : 1);
    for (Attribute type : planned.getOutputs())
      buffers.emplace_back(bufferOf(type), side);
    for (auto [i, data] : llvm::enumerate(inputs))
      buffers[i].write(layoutOf(choice, i) ? packed(data, layoutOf(choice, i), weights) : data);
    std::vector<void *> arguments;
    for (Buffer &buffer : buffers)
      arguments.push_back(buffer.data());
    Buffer &output = layout.inPlaceInput >= 0 ? buffers[layout.inPlaceInput] : buffers.back();
    arguments.back() = output.data();
    if (planned.getExternal()) {
      EXPECT_EQ(runExternal(*external_, planned, arguments), Status::ok);
      results.push_back(output.read());
      break;
    }
    GuardedMemory shared(choice.sharedScratch, Buffer::Side::Back, kScratchAlignment);
    for (auto [phase, units] : llvm::enumerate(choice.units)) {
      auto function = (*code)->find(phaseName(planned, phase));
      if (!function) {
        ADD_FAILURE() << llvm::toString(function.takeError());
        return {};
      }
      const FloatMode mode;
      for (auto [begin, end] :
           parts(partition, units)) { // each like a worker of its own: nothing is left in the scratch
        GuardedMemory own(choice.workerScratch, Buffer::Side::Back, kScratchAlignment);
        (*function)(arguments.data(), shared.data(), own.data(), begin, end);
      }
    }
    results.push_back(output.read());
    EXPECT_EQ(results[0].bytes, results.back().bytes) << "the result depends on the partition";
    EXPECT_TRUE(output.isIntact()) << "bytes outside the output were written";
  }
  return results;
}
