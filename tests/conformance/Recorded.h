// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The recorded Keras cases: a model file and, beside it, an .npz with inputs and the outputs of real Keras.
#pragma once

#include "frontend/Import.h"
#include "ir/Evaluate.h"
#include "tools/Npz.h"

#include <filesystem>
#include <optional>

namespace layerc::test {

struct RecordedCase {
  std::string name;
  std::filesystem::path model, weights, arrays; ///< `weights` is empty unless `model` is an architecture .json
};

/// How GoogleTest names a case.
inline void PrintTo(const RecordedCase &recorded, std::ostream *out) { *out << recorded.model; }

/// All cases in a folder, by name.
std::vector<RecordedCase> recordedCases(const std::filesystem::path &folder);

/// The recorded arrays of one kind: those named "input:NAME" or "output:NAME", under NAME.
std::vector<NpzArray> arraysOf(const std::vector<NpzArray> &arrays, const std::string &kind);

/// The array recorded for an input: that of its name, or the only other one of its position.
const NpzArray &arrayFor(const std::vector<NpzArray> &arrays, const std::string &name, size_t position);

/// How far a result may be from Keras': |ours - keras| <= absolute * S + relative * |keras|, S the largest magnitude.
struct Tolerance {
  double absolute = 1e-5, relative = 1e-4;
};

/// Compares one output under the tolerance rule: integers exact, NaN and infinities in the same places. The first
/// difference in words, or nullopt.
std::optional<std::string> firstDifference(const TensorData &ours, const NpzArray &keras, Tolerance tolerance);

} // namespace layerc::test
