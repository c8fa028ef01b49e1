// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finding recorded cases and comparing with them; see Recorded.h.
#include "Recorded.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

#include <algorithm>
#include <cmath>

using namespace layerc;
using namespace layerc::test;
namespace fs = std::filesystem;

std::vector<RecordedCase> test::recordedCases(const fs::path &folder) {
  std::vector<RecordedCase> cases;
  if (!fs::is_directory(folder))
    return cases;
  for (const fs::directory_entry &entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".npz")
      continue;
    RecordedCase found{entry.path().stem().string(), {}, {}, entry.path()};
    fs::path stem = folder / found.name;
    for (const char *extension : {".keras", ".h5", ".json"})
      if (found.model.empty() && fs::exists(stem.string() + extension))
        found.model = stem.string() + extension;
    for (const char *extension : {".weights.h5", ".h5"})
      if (found.model.extension() == ".json" && found.weights.empty() && fs::exists(stem.string() + extension))
        found.weights = stem.string() + extension;
    cases.push_back(found);
  }
  std::sort(cases.begin(), cases.end(), [](const auto &a, const auto &b) { return a.name < b.name; });
  return cases;
}

std::vector<NpzArray> test::arraysOf(const std::vector<NpzArray> &arrays, const std::string &kind) {
  std::vector<NpzArray> result;
  for (const NpzArray &array : arrays) {
    absl::string_view name = array.name;
    if (!absl::ConsumePrefix(&name, kind + ":"))
      continue;
    result.push_back(array);
    result.back().name = std::string(name);
  }
  return result;
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
