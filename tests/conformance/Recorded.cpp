// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finding recorded cases and comparing with them; see Recorded.h.
#include "Recorded.h"

#include "frontend/LayerTable.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include <algorithm>
#include <cmath>

using namespace layerc;
using namespace layerc::test;
namespace fs = std::filesystem;

std::string test::testName(const std::string &name) {
  std::string legal = name;
  std::replace_if(legal.begin(), legal.end(), [](char c) { return !std::isalnum(c); }, '_');
  return legal;
}

fs::path test::recordedFolder() {
  const char *other = std::getenv("LAYERC_RECORDED");
  return other ? other : RECORDED_FOLDER;
}

/// The model and weights files beside an .npz. An architecture comes first: its weights may be an .h5.
static RecordedCase caseOf(const fs::path &arrays, const fs::path &folder) {
  fs::path stem = arrays;
  stem.replace_extension();
  RecordedCase found{stem.lexically_relative(folder).string(), {}, {}, arrays};
  for (const char *extension : {".json", ".keras", ".h5"})
    if (found.model.empty() && fs::exists(stem.string() + extension))
      found.model = stem.string() + extension;
  for (const char *extension : {".weights.h5", ".h5"})
    if (found.model.extension() == ".json" && found.weights.empty() && fs::exists(stem.string() + extension))
      found.weights = stem.string() + extension;
  return found;
}

std::vector<RecordedCase> test::recordedCases(const fs::path &folder) {
  std::vector<RecordedCase> cases;
  if (!fs::is_directory(folder))
    return cases;
  for (const fs::directory_entry &entry : fs::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".npz")
      cases.push_back(caseOf(entry.path(), folder));
  std::sort(cases.begin(), cases.end(), [](const auto &a, const auto &b) { return a.name < b.name; });
  return cases;
}

/// One call of arrays with a leading axis of `steps`.
static Record callOf(const Record &record, int32_t step, int32_t steps) {
  Record call;
  for (auto [from, to] : {std::pair(&record.inputs, &call.inputs), std::pair(&record.outputs, &call.outputs)})
    for (const NpzArray &array : *from) {
      auto bytes = static_cast<ptrdiff_t>(array.bytes.size()) / steps;
      to->push_back({array.name,
                     array.type,
                     {array.shape.begin() + 1, array.shape.end()},
                     {array.bytes.begin() + step * bytes, array.bytes.begin() + (step + 1) * bytes}});
    }
  return call;
}

absl::StatusOr<Record> test::readRecord(const RecordedCase &recorded) {
  absl::StatusOr<std::vector<NpzArray>> arrays = readNpz(recorded.arrays.string());
  if (!arrays.ok())
    return arrays.status();
  Record record;
  int32_t steps = 0;
  for (NpzArray &array : *arrays) {
    if (array.name == "steps:") {
      std::memcpy(&steps, array.bytes.data(), sizeof(steps));
      continue;
    }
    bool isInput = array.name.starts_with("input:");
    array.name = array.name.substr(array.name.find(':') + 1);
    (isInput ? record.inputs : record.outputs).push_back(std::move(array));
  }
  if (steps == 0)
    return record;
  Record first = callOf(record, 0, steps);
  for (int32_t step = 1; step < steps; ++step)
    first.later.push_back(callOf(record, step, steps));
  return first;
}

static std::optional<std::string> refusedClass(const Layer &layer) {
  const LayerRow *row = findLayer(layer);
  if (!row || !row->import)
    return absl::StrCat(layer.className, ": ", row ? row->words : "not in Layers.def");
  return std::nullopt;
}

std::optional<std::string> test::refusedClass(const LayerGraph &graph) {
  for (const Layer &layer : graph.layers)
    if (auto refused = ::refusedClass(layer))
      return refused;
  return std::nullopt;
}

mlir::OwningOpRef<mlir::ModuleOp> test::importWith(const LayerGraph &graph, const Record &record,
                                                   mlir::MLIRContext &context, std::string &error) {
  ImportOptions options;
  for (size_t i = 0; i < graph.inputs.size(); ++i)
    options.inputShapes[graph.inputs[i].name] = arrayFor(record.inputs, graph.inputs[i].name, i).shape;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) { error += diagnostic.str(); });
  return importModel(graph, options, context);
}

/// Cases that need more than the rule of all cases: those whose name holds the word, each with the reason.
static const struct {
  const char *word;
  Tolerance tolerance;
} kLooser[] = {
    // TensorFlow rounds the position of a bicubic sample to 1/1024 of an element; layerc computes it exactly.
    {"interpolation_bicubic", {2e-3, 1e-4}},
    // Two units of the last place: which roundings to the half type XLA leaves out inside a step depends on what it
    // fuses.
    {"dtype_mixed_float16", {2e-3, 0}},
    {"mixed_float16_recurrent", {2e-3, 0}},
    {"mixed_float16_stack", {2e-3, 0}},
    {"dtype_mixed_bfloat16", {1.6e-2, 0}},
    {"mixed_bfloat16_recurrent", {1.6e-2, 0}},
    // Deep: roundings of some fifty layers, each of which normalizes what it gets.
    {"networks/", {1e-4, 1e-3}},
};

Tolerance test::toleranceOf(const RecordedCase &recorded) {
  for (const auto &row : kLooser)
    if (recorded.name.find(row.word) != std::string::npos)
      return row.tolerance;
  return {};
}

const NpzArray &test::arrayFor(const std::vector<NpzArray> &arrays, const std::string &name, size_t position) {
  auto found = std::find_if(arrays.begin(), arrays.end(), [&](const NpzArray &array) { return array.name == name; });
  return found != arrays.end() ? *found : arrays.at(position);
}

/// The recorded numbers, read by the rules of the evaluator.
static TensorData tensorOf(const NpzArray &array, mlir::Type elementType) {
  TensorData tensor = makeTensor(mlir::RankedTensorType::get(array.shape, elementType));
  tensor.bytes = array.bytes;
  return tensor;
}

std::optional<std::string> test::firstDifference(const TensorData &ours, const NpzArray &keras, Tolerance tolerance) {
  if (llvm::ArrayRef<int64_t>(keras.shape) != ours.type.getShape())
    return absl::StrCat("shape [", absl::StrJoin(ours.type.getShape(), ", "), "], Keras' is [",
                        absl::StrJoin(keras.shape, ", "), "]");
  if (keras.bytes.size() != ours.bytes.size())
    return absl::StrCat("another element type than Keras' ", elementTypeName(keras.type));
  TensorData expected = tensorOf(keras, ours.type.getElementType());
  bool real = mlir::isa<mlir::FloatType>(ours.type.getElementType());
  double largest = 0;
  for (int64_t i = 0; real && i < expected.size(); ++i)
    largest = std::max(largest, std::isfinite(expected.at(i).real) ? std::abs(expected.at(i).real) : 0.0);
  for (int64_t i = 0; i < expected.size(); ++i) {
    double a = ours.at(i).real, b = expected.at(i).real;
    bool same = !real ? ours.at(i).integer == expected.at(i).integer
                      : a == b || (std::isnan(a) && std::isnan(b)) ||
                            (std::isfinite(b) &&
                             std::abs(a - b) <= tolerance.absolute * largest + tolerance.relative * std::abs(b));
    if (!same)
      return absl::StrCat("element ", i, " is ", real ? a : double(ours.at(i).integer), ", Keras' is ",
                          real ? b : double(expected.at(i).integer), "; the largest is ", largest);
  }
  return std::nullopt;
}

NpzArray test::chunkOf(const NpzArray &array, llvm::ArrayRef<int64_t> shape, int64_t number) {
  if (llvm::ArrayRef<int64_t>(array.shape) == shape)
    return array;
  size_t axis = 0;
  while (array.shape[axis] == shape[axis])
    ++axis;
  size_t outer = 1, inner = elementSize(array.type);
  for (size_t d = 0; d < axis; ++d)
    outer *= array.shape[d];
  for (size_t d = axis + 1; d < array.shape.size(); ++d)
    inner *= array.shape[d];
  NpzArray chunk{array.name, array.type, {shape.begin(), shape.end()}, {}};
  for (size_t i = 0; i < outer; ++i) {
    auto begin = array.bytes.begin() + (i * array.shape[axis] + number * shape[axis]) * inner;
    chunk.bytes.insert(chunk.bytes.end(), begin, begin + shape[axis] * inner);
  }
  return chunk;
}
