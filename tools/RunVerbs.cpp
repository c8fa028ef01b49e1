// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// layerc run, check and bench: compile in memory for this machine, then run, compare or time.
#include "tools/InProcess.h"
#include "tools/Verbs.h"

#include "ir/Flops.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <iomanip>
#include <iostream>

using namespace mlir;
using namespace layerc;

namespace {

/// A model ready to run on the arrays of --inputs.
struct Prepared {
  std::unique_ptr<Compilation> compilation;
  std::vector<NpzArray> arrays;
  std::unique_ptr<InProcess> model;
  Exit exit = Exit::Done;
};

std::string shapeOf(llvm::ArrayRef<int64_t> shape) {
  std::string text = "[";
  for (size_t d = 0; d < shape.size(); ++d)
    text += (d ? ", " : "") + std::to_string(shape[d]);
  return text + "]";
}

/// The arrays must be what the compiled inputs are, with a leading axis of `steps` where that is positive.
bool fits(const Options &options, const NpzArray &array, plan::InputOp input, int64_t steps) {
  auto type = cast<MemRefType>(input.getType());
  std::vector<int64_t> expected(type.getShape());
  if (steps > 0)
    expected.insert(expected.begin(), steps);
  auto dtype = dtypeOf(type.getElementType());
  if (array.shape != expected) {
    printError(options.inputs + ": array '" + array.name + "' expects shape " + shapeOf(expected) + "; got " +
               shapeOf(array.shape));
    return false;
  }
  if (!dtype || array.type != *dtype) {
    printError(options.inputs + ": array '" + array.name + "' expects " +
               (dtype ? elementTypeName(*dtype) : "another type") + "; got " + elementTypeName(array.type));
    return false;
  }
  return true;
}

/// Whether the arrays have the shapes of these inputs.
bool haveShapes(const Options &options, llvm::ArrayRef<NpzArray> arrays, std::vector<plan::InputOp> &inputs) {
  return llvm::equal(arrays, inputs, [&](const NpzArray &array, plan::InputOp input) {
    llvm::ArrayRef<int64_t> shape = array.shape;
    shape = options.steps > 0 && !shape.empty() ? shape.drop_front() : shape;
    return shape == cast<MemRefType>(input.getType()).getShape();
  });
}

/// Of several sizes, chooses the one that the arrays have.
bool chooseSize(const Options &options, Prepared &prepared) {
  std::string shapes, sizes;
  for (const NpzArray &array : prepared.arrays)
    shapes += (shapes.empty() ? "" : ", ") + shapeOf(array.shape);
  for (size_t size = 0; size < prepared.model->sizeCount(); ++size) {
    prepared.model->chooseSize(size);
    if (prepared.model->sizeCount() == 1 || haveShapes(options, prepared.arrays, prepared.model->inputs))
      return true;
    sizes += sizes.empty() ? "" : "; ";
    for (auto [i, input] : llvm::enumerate(prepared.model->inputs))
      sizes += (i ? ", " : "") + shapeOf(cast<MemRefType>(input.getType()).getShape());
  }
  printError(options.inputs + ": arrays of " + shapes + " are none of the sizes " + sizes);
  return false;
}

Prepared prepare(const Options &options) {
  Prepared prepared;
  prepared.compilation = std::make_unique<Compilation>(options);
  Compilation &compilation = *prepared.compilation;
  if (prepared.exit = compilation.load(); prepared.exit != Exit::Done)
    return prepared;
  std::map<std::string, std::vector<int64_t>> shapes;
  if (!options.inputs.empty()) {
    auto arrays = readInputs(compilation.graph, options.inputs);
    if (!arrays) {
      prepared.exit = Exit::BadModel;
      return prepared;
    }
    prepared.arrays = *std::move(arrays);
    for (auto [input, array] : llvm::zip(compilation.graph.inputs, prepared.arrays))
      shapes[input.name] =
          std::vector<int64_t>(array.shape.begin() + (options.steps > 0 && !array.shape.empty()), array.shape.end());
  }
  if (prepared.exit = compilation.import(shapes); prepared.exit != Exit::Done)
    return prepared;
  prepared.model = InProcess::create(compilation, prepared.exit);
  if (!prepared.model)
    return prepared;
  bool isReady = prepared.arrays.empty() || chooseSize(options, prepared);
  for (auto [array, input] : llvm::zip(prepared.arrays, prepared.model->inputs))
    isReady = isReady && fits(options, array, input, options.steps);
  if (!isReady)
    prepared.exit = Exit::BadModel;
  return prepared;
}

std::vector<const void *> addresses(const Prepared &prepared, int64_t step) {
  std::vector<const void *> inputs;
  for (auto [array, input] : llvm::zip(prepared.arrays, prepared.model->inputs))
    inputs.push_back(array.bytes.data() + step * tensorBytes(cast<MemRefType>(input.getType())));
  return inputs;
}

double numberAt(const NpzArray &array, size_t i) {
  const char *at = array.bytes.data() + i * elementSize(array.type);
  auto as = [at]<class T>(T value) {
    std::memcpy(&value, at, sizeof(T));
    return static_cast<double>(value);
  };
  switch (array.type) {
  case ElementType::Float32:
    return as(float());
  case ElementType::Float64:
    return as(double());
  case ElementType::Int8:
    return as(int8_t());
  case ElementType::Int16:
    return as(int16_t());
  case ElementType::Int32:
    return as(int32_t());
  case ElementType::Int64:
    return as(int64_t());
  case ElementType::UInt16:
    return as(uint16_t());
  case ElementType::UInt32:
    return as(uint32_t());
  case ElementType::UInt64:
    return as(uint64_t());
  case ElementType::BFloat16:
    return std::bit_cast<float>(static_cast<uint32_t>(static_cast<uint16_t>(as(uint16_t()))) << 16);
  case ElementType::Float16: {
    uint16_t bits = 0;
    std::memcpy(&bits, at, 2);
    int exponent = bits >> 10 & 31, mantissa = bits & 1023;
    double size = exponent == 31 ? (mantissa ? NAN : INFINITY)
                  : exponent     ? std::ldexp(1024 + mantissa, exponent - 25)
                                 : std::ldexp(mantissa, -24);
    return bits & 0x8000 ? -size : size;
  }
  default:
    return as(uint8_t());
  }
}

bool isFloat(ElementType type) { return type <= ElementType::Float64; }

/// How far `ours` is from `expected`: `ratio` is the largest error as a share of what the rule
/// |ours - Keras| <= 1e-5 * S + 1e-4 * |Keras| allows, S the largest magnitude; infinite where NaN or infinities
/// differ.
struct Distance {
  double ratio = 0, largestError = 0, scale = 0;
};

/// What two computations of a type may differ by, as parts of the largest output and of the expected number: two units
/// of the last place of a half type.
std::pair<double, double> toleranceOf(ElementType type) {
  switch (type) {
  case ElementType::Float16:
    return {2e-3, 0};
  case ElementType::BFloat16:
    return {1.6e-2, 0};
  default:
    return {1e-5, 1e-4};
  }
}

Distance distance(const NpzArray &ours, const NpzArray &expected) {
  Distance d;
  // A record of a bfloat16 model may hold its outputs as float32.
  auto [ofScale, ofNumber] = toleranceOf(elementSize(ours.type) == 2 ? ours.type : expected.type);
  size_t count = expected.bytes.size() / elementSize(expected.type);
  if (ours.bytes.size() / elementSize(ours.type) != count)
    return {INFINITY, INFINITY, 0};
  for (size_t i = 0; i < count; ++i)
    if (double e = std::abs(numberAt(expected, i)); std::isfinite(e))
      d.scale = std::max(d.scale, e);
  bool exact = !isFloat(expected.type);
  for (size_t i = 0; i < count; ++i) {
    double a = numberAt(ours, i), e = numberAt(expected, i);
    if (a == e || (std::isnan(a) && std::isnan(e)))
      continue;
    double error = std::abs(a - e);
    bool finite = std::isfinite(a) && std::isfinite(e) && !exact;
    d.ratio = std::max(d.ratio, finite ? error / (ofScale * d.scale + ofNumber * std::abs(e) + 1e-30) : INFINITY);
    d.largestError = std::max(d.largestError, std::isnan(error) ? INFINITY : error);
  }
  return d;
}

NpzArray arrayOf(const std::string &name, MemRefType type, const char *bytes) {
  NpzArray array;
  array.name = name;
  array.type = dtypeOf(type.getElementType()).value_or(ElementType::Float32);
  array.shape.assign(type.getShape().begin(), type.getShape().end());
  array.bytes.assign(bytes, bytes + tensorBytes(type));
  return array;
}

const NpzArray *findArray(const std::vector<NpzArray> &arrays, const std::string &name) {
  auto found = std::find_if(arrays.begin(), arrays.end(), [&](const NpzArray &array) { return array.name == name; });
  return found == arrays.end() ? nullptr : &*found;
}

/// The i-th of the recorded outputs, whatever their names, if there are `count` of them.
const NpzArray *outputAt(const std::vector<NpzArray> &arrays, size_t i, size_t count) {
  std::vector<const NpzArray *> outputs;
  for (const NpzArray &array : arrays)
    if (!array.name.starts_with("input:") && !array.name.starts_with("layer:"))
      outputs.push_back(&array);
  return outputs.size() == count ? outputs[i] : nullptr;
}

} // namespace

Exit layerc::runVerb(const Options &options) {
  Prepared prepared = prepare(options);
  if (prepared.exit != Exit::Done)
    return prepared.exit;
  int64_t steps = std::max<int64_t>(1, options.steps);
  std::vector<std::string> names = prepared.model->outputNames();
  std::vector<NpzArray> results;
  for (auto [name, output] : llvm::zip(names, prepared.model->outputs)) {
    auto type = cast<MemRefType>(output.getType());
    NpzArray array;
    array.name = name;
    array.type = dtypeOf(type.getElementType()).value_or(ElementType::Float32);
    array.shape.assign(type.getShape().begin(), type.getShape().end());
    if (options.steps > 0)
      array.shape.insert(array.shape.begin(), steps);
    results.push_back(std::move(array));
  }
  for (int64_t step = 0; step < steps; ++step) {
    auto bytes = prepared.model->run(addresses(prepared, step));
    for (auto [result, part] : llvm::zip(results, bytes))
      result.bytes.insert(result.bytes.end(), part.begin(), part.end());
  }
  if (absl::Status status = writeNpz(options.outputs, results); !status.ok()) {
    printError(std::string(status.message()));
    return Exit::BadModel;
  }
  return Exit::Done;
}

Exit layerc::checkVerb(const Options &given) {
  Options options = given;
  if (options.inputs.empty())
    options.inputs = options.expect; // a record holds its inputs
  absl::StatusOr<std::vector<NpzArray>> expected = readNpz(options.expect);
  if (!expected.ok()) {
    printError(std::string(expected.status().message()));
    return Exit::BadModel;
  }
  Prepared prepared = prepare(options);
  if (prepared.exit != Exit::Done)
    return prepared.exit;
  std::string firstDiverging;
  auto compareStep = [&](plan::StepOp step, double, const Walker::Addresses &at) {
    if (!firstDiverging.empty() || step.getOutputs().empty() || step.getLayers().empty())
      return;
    std::string layer = cast<StringAttr>(step.getLayers().getValue().back()).str();
    const NpzArray *record = findArray(*expected, "layer:" + layer);
    Value output = step.getOutputs().front();
    auto type = cast<MemRefType>(output.getType());
    if (!record || !type.getLayout().isIdentity())
      return;
    NpzArray ours = arrayOf(layer, type, at.lookup(output));
    if (ours.bytes.size() == record->bytes.size() && distance(ours, *record).ratio > 10)
      firstDiverging = layer;
  };
  auto bytes = prepared.model->run(addresses(prepared, 0), compareStep);
  std::vector<std::string> names = prepared.model->outputNames();
  bool diverges = false;
  for (size_t i = 0; i < names.size(); ++i) {
    const NpzArray *record = findArray(*expected, "output:" + names[i]);
    record = record ? record : findArray(*expected, names[i]);
    record = record ? record : outputAt(*expected, i, names.size());
    if (!record) {
      printError(options.expect + ": no array 'output:" + names[i] + "'");
      return Exit::BadModel;
    }
    NpzArray ours = arrayOf(names[i], cast<MemRefType>(prepared.model->outputs[i].getType()), bytes[i].data());
    Distance d = distance(ours, *record);
    diverges |= !(d.ratio <= 1);
    if (!options.quiet)
      std::cout << (d.ratio <= 1 ? "agrees   " : "DIVERGES ") << names[i] << ": largest error " << d.largestError
                << ", largest output " << d.scale << ", " << std::setprecision(3) << 100 * d.ratio
                << " % of the tolerance\n";
  }
  if (diverges && !firstDiverging.empty())
    std::cout << "first layer that diverges: " << firstDiverging << "\n";
  return diverges ? Exit::Diverges : Exit::Done;
}

/// Times the chosen size of a model.
static void benchSize(const Options &options, Prepared &prepared, llvm::StringRef size) {
  std::vector<std::vector<float>> inputs; // small numbers; the time does not depend on them
  std::vector<const void *> pointers;
  for (plan::InputOp input : prepared.model->inputs)
    pointers.push_back(inputs.emplace_back(tensorBytes(cast<MemRefType>(input.getType())) / 4 + 1, 0.01f).data());
  prepared.model->setInputs(pointers);
  std::vector<std::pair<plan::StepOp, double>> steps;
  std::vector<double> runs;
  auto now = std::chrono::steady_clock::now;
  auto end = now() + std::chrono::duration<double>(options.seconds);
  prepared.model->runOnce();
  while (now() < end || runs.size() < 5) {
    auto start = now();
    prepared.model->runOnce();
    runs.push_back(std::chrono::duration<double, std::nano>(now() - start).count());
    size_t index = 0;
    prepared.model->runOnce([&](plan::StepOp step, double nanoseconds, const Walker::Addresses &) {
      if (index == steps.size())
        steps.push_back({step, nanoseconds});
      steps[index].second = std::min(steps[index].second, nanoseconds);
      ++index;
    });
  }
  std::sort(runs.begin(), runs.end());
  double best = runs.front(), median = runs[runs.size() / 2], flops = 0;
  double peak = 2 * prepared.compilation->target.fmasPerNanosecond * options.threads;
  auto program = prepared.compilation->program();
  for (auto &[step, nanoseconds] : steps) {
    auto kernel = SymbolTable::lookupNearestSymbolFrom<plan::KernelOp>(program, step.getKernelAttr());
    double work = kernel ? flopsOf(kernel.getBody().front()) : 0;
    flops += work;
    if (!options.quiet && !options.json)
      std::cout << std::fixed << std::setprecision(1) << std::setw(10) << nanoseconds / 1e3 << " us " << std::setw(7)
                << (work > 0 ? work / nanoseconds : 0.0) << " GFLOP/s  " << step.getKernel().str() << "\n";
  }
  if (options.json)
    std::cout << "{\"model\": \"" << prepared.compilation->name()
              << (size.empty() ? "" : "\", \"size\": \"" + size.str()) << "\", \"threads\": " << options.threads
              << ", \"minimum_ms\": " << best / 1e6 << ", \"median_ms\": " << median / 1e6
              << ", \"gflops\": " << flops / best << "}\n";
  else
    std::cout << std::fixed << std::setprecision(3) << "run " << best / 1e6 << " ms (median " << median / 1e6 << "), "
              << std::setprecision(1) << flops / best << " GFLOP/s, " << (peak > 0 ? 100 * flops / best / peak : 0.0)
              << " % of the estimated peak, precision " << options.precision
              << (size.empty() ? "" : ", size " + size.str()) << "\n";
}

Exit layerc::benchVerb(const Options &options) {
  Prepared prepared = prepare(options);
  if (prepared.exit != Exit::Done)
    return prepared.exit;
  for (auto [index, entry] : llvm::enumerate(prepared.compilation->entries())) {
    prepared.model->chooseSize(index);
    benchSize(options, prepared, entry.getSize());
  }
  return Exit::Done;
}
