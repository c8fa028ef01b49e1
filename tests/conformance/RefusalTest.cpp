// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Models that layerc must refuse: one diagnostic, which holds the words of the .txt beside the model.
#include "Recorded.h"

#include "frontend/Load.h"

#include <gtest/gtest.h>

#include <fstream>

using namespace layerc;
using namespace layerc::test;
namespace fs = std::filesystem;

static std::vector<fs::path> refusedModels() {
  std::vector<fs::path> models;
  if (fs::path folder = recordedFolder() / "errors"; fs::is_directory(folder))
    for (const fs::directory_entry &entry : fs::directory_iterator(folder))
      if (entry.path().extension() == ".txt")
        models.push_back(entry.path());
  std::sort(models.begin(), models.end());
  return models;
}

/// What loading or importing says; empty if the model is accepted.
static std::string refusalOf(const fs::path &file) {
  absl::StatusOr<LayerGraph> graph = loadModel(file.string(), "");
  if (!graph.ok())
    return std::string(graph.status().message());
  mlir::MLIRContext context;
  std::string error;
  mlir::ScopedDiagnosticHandler handler(&context,
                                        [&](mlir::Diagnostic &diagnostic) { error += diagnostic.str() + "\n"; });
  return importModel(*graph, {}, context) ? "" : error;
}

class Refused : public testing::TestWithParam<fs::path> {};

TEST_P(Refused, SaysWhatIsWrong) {
  fs::path model = fs::path(GetParam()).replace_extension(".keras");
  if (!fs::exists(model))
    model.replace_extension(".h5");
  std::string message = refusalOf(model);
  ASSERT_FALSE(message.empty()) << "accepted";
  EXPECT_EQ(message.find_first_of('\n') + 1, message.find_last_of('\n') + 1) << "more than one line: " << message;
  if (const std::string file = model.string() + ": "; message.starts_with(file)) // its name may hold the words
    message.erase(0, file.size());
  std::ifstream words(GetParam());
  for (std::string word; std::getline(words, word);)
    EXPECT_NE(message.find(word), std::string::npos) << "'" << word << "' is not in: " << message;
}

INSTANTIATE_TEST_SUITE_P(Keras, Refused, testing::ValuesIn(refusedModels()),
                         [](const auto &info) { return info.param.stem().string(); });
