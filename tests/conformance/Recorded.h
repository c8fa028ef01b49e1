// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The recorded Keras cases: a model file and, beside it, an .npz with inputs and the outputs of real Keras.
#pragma once

#include "frontend/Import.h"
#include "ir/Evaluate.h"
#include "tools/Npz.h"

#include "absl/status/statusor.h"

#include <filesystem>
#include <optional>

namespace layerc::test {

struct RecordedCase {
  std::string name;                             ///< with its folder: "Conv2D/6x5x4-groups_2"
  std::filesystem::path model, weights, arrays; ///< `weights` is empty unless `model` is an architecture .json
};

/// How GoogleTest shows and names a case.
inline void PrintTo(const RecordedCase &recorded, std::ostream *out) { *out << recorded.model; }
std::string testName(const std::string &name);

/// Where the cases are; LAYERC_RECORDED names another folder, such as one made just now with the Keras at hand.
std::filesystem::path recordedFolder();

/// All cases below a folder, by name.
std::vector<RecordedCase> recordedCases(const std::filesystem::path &folder);

/// What a record holds: the arrays named "input:NAME" and "output:NAME", under NAME. With an array "steps:" of K they
/// have a leading axis of so many calls in a row, of a model that keeps state.
struct Record {
  std::vector<NpzArray> inputs, outputs; ///< of the first call
  std::vector<Record> later;             ///< the other calls
};
absl::StatusOr<Record> readRecord(const RecordedCase &recorded);

/// The array of a name, or the only other one of its position.
const NpzArray &arrayFor(const std::vector<NpzArray> &arrays, const std::string &name, size_t position);

/// A class of the model that Layers.def refuses, with its reason; nullopt where it holds none. Cases of a class are
/// recorded before layerc supports it.
std::optional<std::string> refusedClass(const LayerGraph &graph);

/// The model imported with the sizes of the recorded inputs; null where it is refused, and `error` says why.
mlir::OwningOpRef<mlir::ModuleOp> importWith(const LayerGraph &graph, const Record &record, mlir::MLIRContext &context,
                                             std::string &error);

/// How far a result may be from Keras': |ours - keras| <= absolute * S + relative * |keras|, S the largest magnitude.
struct Tolerance {
  double absolute = 1e-5, relative = 1e-4;
};
Tolerance toleranceOf(const RecordedCase &recorded);

/// Compares one output under the tolerance rule: integers exact, NaN and infinities in the same places. The first
/// difference in words, or nullopt.
std::optional<std::string> firstDifference(const TensorData &ours, const NpzArray &keras, Tolerance tolerance);

/// Chunk `number` of an array, of `shape`, which is shorter in one dimension: its time. The whole where it is not.
NpzArray chunkOf(const NpzArray &array, llvm::ArrayRef<int64_t> shape, int64_t number);

} // namespace layerc::test
