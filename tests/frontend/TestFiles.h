// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where the model files of these tests are, and how a test makes a file of its own.
#pragma once

#include "frontend/Load.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace layerc {

/// LAYERC_TEST_FILES is set by CMake.
inline std::string testFile(const std::string &name) { return std::string(LAYERC_TEST_FILES) + "/" + name; }

inline std::string readTestFile(const std::string &name) {
  std::ifstream in(testFile(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// A file that is gone when the test ends.
class TemporaryFile {
public:
  explicit TemporaryFile(const std::string &contents, const std::string &suffix = "") {
    std::string name = (std::filesystem::temp_directory_path() / "layerc-test-XXXXXX").string();
    int descriptor = mkstemp(name.data());
    EXPECT_GE(descriptor, 0);
    path_ = name + suffix;
    std::filesystem::rename(name, path_);
    std::ofstream(path_, std::ios::binary) << contents;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile &) = delete;
  const std::string &path() const { return path_; }

private:
  std::string path_;
};

/// The error of loading `path`, or "loads".
inline std::string loadError(const std::string &path, const std::string &weights = "") {
  absl::StatusOr<LayerGraph> graph = loadModel(path, weights);
  return graph.ok() ? "loads" : std::string(graph.status().message());
}

} // namespace layerc
