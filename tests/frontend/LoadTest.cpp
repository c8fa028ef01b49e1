// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The door of the frontend: containers told apart by content, one-line errors, and the printed graph.
#include "TestFiles.h"

namespace layerc {
namespace {

TEST(Load, PrintsTheGraph) {
  absl::StatusOr<LayerGraph> graph = loadModel(testFile("sequential-keras3.keras"), "");
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_EQ(print(*graph), R"(model small      keras 3.15.1, Sequential
  image          InputLayer          [?, 4, 4, 1] float32
  conv           Conv2D              <- image          kernel [3,3,1,2] bias [2]   padding=same
  norm           BatchNormalization  <- conv           gamma beta moving_mean moving_variance [2]
  re_lu          ReLU                <- norm
  max_pooling2d  MaxPooling2D        <- re_lu          pool_size=[2,2]
  flatten        Flatten             <- max_pooling2d
  scores         Dense               <- flatten        kernel [8,3] bias [3]   activation=softmax
)");
}

TEST(Load, OldHdf5GivesTheSameGraphAsTheArchive) {
  for (const char *dialect : {"keras3", "tf_keras"})
    for (const char *model : {"sequential", "functional", "nested", "composite", "frozen"}) {
      std::string stem = testFile(std::string(model) + "-" + dialect);
      absl::StatusOr<LayerGraph> archive = loadModel(stem + ".keras", ""), hdf5 = loadModel(stem + ".h5", "");
      ASSERT_TRUE(archive.ok() && hdf5.ok()) << model << archive.status() << hdf5.status();
      EXPECT_EQ(print(*archive), print(*hdf5)) << model;
    }
}

TEST(Load, ExpandsSharedAndNestedModels) {
  for (const char *file : {"nested-keras3.keras", "nested-tf_keras.keras"}) {
    absl::StatusOr<LayerGraph> graph = loadModel(testFile(file), "");
    ASSERT_TRUE(graph.ok()) << graph.status();
    std::string paths;
    for (const Call &call : graph->calls)
      paths += call.path + " ";
    EXPECT_EQ(paths, "left right encoder/block/deep encoder/block/re_lu encoder/out encoder/block/deep#2 "
                     "encoder/block/re_lu#2 encoder/out#2 frozen/dense frozen/norm sum ");
    ASSERT_EQ(graph->outputs.size(), 2u);
    EXPECT_EQ(graph->outputs[0].name, "sum");
    EXPECT_EQ(graph->outputs[1].name, "encoder");
    EXPECT_EQ(graph->outputs[1].tensor, (TensorRef{7, 0}));
  }
}

TEST(Load, OperationNodesKeepTheirArguments) {
  absl::StatusOr<LayerGraph> graph = loadModel(testFile("operations-keras3.keras"), "");
  ASSERT_TRUE(graph.ok()) << graph.status();
  const Call &maximum = graph->calls[2];
  const Layer &operation = graph->layers[static_cast<size_t>(maximum.layer)];
  EXPECT_TRUE(operation.isOperation);
  EXPECT_EQ(operation.className, "Maximum");
  EXPECT_EQ(maximum.args, nlohmann::json::parse(R"([{"tensor":0},0.5])"));
}

TEST(Load, AModelInAWrapperIsAGraph) {
  absl::StatusOr<LayerGraph> graph = loadModel(testFile("composite-keras3.keras"), "");
  ASSERT_TRUE(graph.ok()) << graph.status();
  const Layer &steps = graph->layers.back();
  ASSERT_EQ(steps.children.size(), 1u);
  ASSERT_TRUE(steps.children[0].layer.model);
  EXPECT_EQ(steps.children[0].layer.model->calls[1].path, "steps/layer/a");
}

std::string refusal(const std::string &contents, const std::string &suffix = ".keras") {
  TemporaryFile file(contents, suffix);
  std::string error = loadError(file.path());
  EXPECT_EQ(error.compare(0, file.path().size() + 2, file.path() + ": "), 0) << error;
  return error.substr(std::min(error.size(), file.path().size() + 2));
}

TEST(Load, NamesWhatAFileIs) {
  EXPECT_EQ(refusal(""), "the file is empty");
  EXPECT_EQ(refusal("hello"), "this is not a Keras model file (.keras, .h5 or architecture .json)");
  EXPECT_EQ(refusal("backend: tensorflow\nclass_name: Sequential\n"),
            "this is a YAML architecture, which Keras no longer reads either; save the model as .keras");
  EXPECT_EQ(refusal("\x93NUMPY\x01"), "this is a NumPy array, not a Keras model");
  EXPECT_EQ(refusal(std::string("\x1c\0\0\0TFL3", 8) + "more"),
            "this is a TensorFlow Lite model; layerc reads Keras files (.keras, .h5, .json)");
  EXPECT_EQ(refusal("{\"weight_map\":{}}"),
            "this is an index of sharded weights; save the weights into one .weights.h5");
  EXPECT_EQ(refusal("{"), "the architecture is not JSON: error at byte 2");
  EXPECT_EQ(refusal(readTestFile("sequential-keras3.json")),
            "this is an architecture without weights; name them with --weights FILE");
  EXPECT_EQ(
      refusal(readTestFile("sequential-keras3.weights.h5")),
      "this .h5 holds weights without an architecture; give the architecture .json as the model and this file with "
      "--weights");
  EXPECT_EQ(refusal(readTestFile("sequential-keras3.h5").substr(0, 9000)), "the HDF5 file is truncated or damaged");
}

TEST(Load, TheContentDecidesNotTheExtension) {
  TemporaryFile file(readTestFile("sequential-keras3.h5"), ".keras");
  EXPECT_EQ(loadError(file.path()), "loads");
}

TEST(Load, RefusesDirectoriesAndMissingFiles) {
  EXPECT_EQ(loadError(testFile("hostile")), testFile("hostile") + ": this is a directory, not a model file");
  EXPECT_EQ(loadError("/nonexistent.keras"), "/nonexistent.keras: cannot open the file: No such file or directory");
  EXPECT_EQ(loadError("/dev/zero"), "/dev/zero: this is not a regular file");
  std::filesystem::path saved = std::filesystem::temp_directory_path() / "layerc-test-saved-model";
  std::filesystem::create_directory(saved);
  std::ofstream(saved / "saved_model.pb") << "x";
  EXPECT_EQ(loadError(saved.string()),
            saved.string() + ": this is a TensorFlow SavedModel directory; save the model as .keras");
  std::filesystem::remove_all(saved);
}

TEST(Load, WeightsErrorsNameTheWeightsFile) {
  std::string model = testFile("sequential-keras3.json"), archive = testFile("sequential-keras3.keras"),
              legacy = testFile("nested-keras3.h5");
  EXPECT_EQ(loadError(model, archive),
            archive + ": this is a zip archive (.keras or .npz), not a weights file; layerc reads .weights.h5 and .h5");
  EXPECT_EQ(loadError(model, legacy),
            legacy + ": the file has weights for 2 layers, the model has 3 layers with weights");
  EXPECT_EQ(loadError(model, "/nonexistent.h5"), "/nonexistent.h5: cannot open the file: No such file or directory");
}

TEST(Load, WarnsOfANewerKeras) {
  LayerGraph graph;
  graph.file = "new.keras";
  for (const char *known : {"", "1.2.2", "2.15.0", "3.15.1", "3.16.0"}) {
    graph.kerasVersion = known;
    EXPECT_TRUE(loadWarnings(graph).empty()) << known;
  }
  for (std::string newer : {"3.17.0", "4.0.0", "9.9"}) {
    graph.kerasVersion = newer;
    EXPECT_EQ(loadWarnings(graph),
              std::vector{"new.keras: saved by Keras " + newer + ", read as Keras 3.16, the newest that layerc knows"});
  }
}

TEST(Load, WarnsOfWeightsThatAreNotFinite) {
  const float numbers[] = {1, -INFINITY, 0};
  Array kernel{"a/kernel", "", ElementType::Float32, {3}, {}, reinterpret_cast<const std::byte *>(numbers), 12};
  Layer layer;
  layer.path = "a";
  layer.className = "Dense";
  layer.weights = {kernel};
  LayerGraph graph;
  graph.file = "m.keras";
  graph.kerasVersion = "3.15.1";
  graph.layers = {layer};
  EXPECT_EQ(loadWarnings(graph),
            std::vector<std::string>{"m.keras: layer 'a' (Dense): weight 'a/kernel' holds NaN or infinity"});
  graph.layers[0].weights[0].bytes = 4; // the first number only
  EXPECT_TRUE(loadWarnings(graph).empty());
}

TEST(Load, TextOfTheFileIsEscaped) {
  std::string json = readTestFile("sequential-keras3.json");
  size_t at = json.find("\"Conv2D\"");
  ASSERT_NE(at, std::string::npos);
  json.replace(at, 8, "\"Functional\"");
  at = json.find("\"conv\"");
  json.replace(at, 6, "\"a\\n\\u001b[31m" + std::string(500, 'b') + "\"");
  std::string error = refusal(json);
  EXPECT_EQ(error.find('\n'), std::string::npos);
  EXPECT_EQ(error.find('\x1b'), std::string::npos);
  EXPECT_LT(error.size(), 300u);
}

} // namespace
} // namespace layerc
