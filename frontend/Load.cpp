// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tells the containers apart by their content, and brings configuration, version and weights together.
#include "frontend/Load.h"

#include "frontend/Archive.h"
#include "frontend/Expand.h"
#include "frontend/Hdf5.h"
#include "frontend/Json.h"
#include "frontend/LegacyWeights.h"
#include "frontend/Variables.h"
#include "frontend/WeightPaths.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace layerc {
namespace {

using nlohmann::json;

/// What a model file gives; `weights` is null for an architecture alone.
struct Parts {
  json config;
  std::string version, backend;
  std::shared_ptr<Hdf5File> weights;
};

enum class Container { Archive, Hdf5, Json };

absl::Status bad(const std::string &what) { return absl::InvalidArgumentError(what); }

absl::Status inFile(const std::string &path, const absl::Status &status) {
  return absl::Status(status.code(), absl::StrCat(path, ": ", status.message()));
}

/// Files that are not read, by what they are.
absl::Status refuse(std::string_view text) {
  auto startsWith = [&](std::string_view magic) { return text.starts_with(magic); };
  auto contains = [head = text.substr(0, 4096)](std::string_view word) { return head.find(word) != head.npos; };
  if (startsWith("\x93NUMPY"))
    return bad("this is a NumPy array, not a Keras model");
  if (text.size() > 8 && text.substr(4, 4) == "TFL3")
    return bad("this is a TensorFlow Lite model; layerc reads Keras files (.keras, .h5, .json)");
  if (contains("class_name:") || contains("backend:"))
    return bad("this is a YAML architecture, which Keras no longer reads either; save the model as .keras");
  if (contains("saved_model") || startsWith("\x08\x01\x12"))
    return bad("this is a TensorFlow SavedModel; save the model as .keras");
  return bad("this is not a Keras model file (.keras, .h5 or architecture .json)");
}

absl::StatusOr<Container> detect(const Bytes &file) {
  std::string_view text = file.text();
  if (text.starts_with("PK\x03\x04") || text.starts_with("PK\x05\x06"))
    return Container::Archive;
  if (looksLikeHdf5(file))
    return Container::Hdf5;
  size_t first = text.find_first_not_of(" \t\r\n");
  if (first != text.npos && (text[first] == '{' || text[first] == '['))
    return Container::Json;
  return refuse(text);
}

absl::Status refuseDirectory(const std::string &path) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored))
    return absl::OkStatus();
  if (std::filesystem::exists(path + "/saved_model.pb", ignored))
    return bad("this is a TensorFlow SavedModel directory; save the model as .keras");
  if (std::filesystem::exists(path + "/config.json", ignored))
    return bad("this is an unpacked .keras directory; zip its files or save the model as .keras");
  return bad("this is a directory, not a model file");
}

absl::StatusOr<Bytes> openFile(const std::string &path) {
  if (absl::Status status = refuseDirectory(path); !status.ok())
    return status;
  return mapFile(path);
}

/// An architecture says which Keras made it, or shows it: only Keras 3 names modules.
std::string versionOf(const json &config) {
  std::string recorded = stringOr(config, "keras_version", "");
  if (recorded.empty() && config.is_object() && config.contains("module"))
    return "3";
  return recorded;
}

int majorOf(const std::string &version) {
  return version.empty() || version[0] < '2' ? 1 : std::min(version[0] - '0', 3);
}

absl::StatusOr<Parts> readArchive(const Bytes &file, bool wantsWeights) {
  absl::StatusOr<Archive> archive = Archive::open(file);
  if (!archive.ok())
    return archive.status();
  if (!archive->contains("config.json"))
    return bad("this zip archive has no config.json, so it is not a Keras model");
  absl::StatusOr<Bytes> configText = archive->read("config.json", JsonLimits::bytes);
  if (!configText.ok())
    return configText.status();
  absl::StatusOr<json> config = parseJson(configText->text(), "config.json"), metadata = json();
  if (config.ok() && archive->contains("metadata.json")) {
    absl::StatusOr<Bytes> text = archive->read("metadata.json", 64 << 10);
    metadata = text.ok() ? parseJson(text->text(), "metadata.json") : text.status();
  }
  if (!config.ok() || !metadata.ok())
    return config.ok() ? metadata.status() : config.status();
  Parts parts{*std::move(config), stringOr(*metadata, "keras_version", "3"), "", nullptr};
  if (!wantsWeights)
    return parts;
  if (!archive->contains("model.weights.h5"))
    return bad(archive->contains("model.weights.npz")
                   ? "its weights are in NumPy format (model.weights.npz), which Keras cannot load either"
                   : "the archive has no model.weights.h5; name the weights with --weights FILE");
  absl::StatusOr<Bytes> weights = archive->read("model.weights.h5", UINT64_MAX);
  if (!weights.ok())
    return weights.status();
  absl::StatusOr<std::shared_ptr<Hdf5File>> arrays = readHdf5(*weights);
  if (!arrays.ok())
    return absl::Status(arrays.status().code(), absl::StrCat("model.weights.h5: ", arrays.status().message()));
  parts.weights = *std::move(arrays);
  return parts;
}

absl::StatusOr<Parts> readWholeHdf5(const Bytes &file) {
  absl::StatusOr<std::shared_ptr<Hdf5File>> arrays = readHdf5(file);
  if (!arrays.ok())
    return arrays.status();
  std::optional<std::string> text = (*arrays)->text("", "model_config");
  if (!text)
    return bad("this .h5 holds weights without an architecture; give the architecture .json as the model and this file "
               "with --weights");
  absl::StatusOr<json> config = parseJson(*text, "model_config");
  if (!config.ok())
    return config.status();
  return Parts{*std::move(config), (*arrays)->text("", "keras_version").value_or("1"),
               (*arrays)->text("", "backend").value_or(""), *arrays};
}

absl::StatusOr<Parts> readArchitecture(const Bytes &file) {
  absl::StatusOr<json> config = parseJson(file.text(), "the architecture");
  if (!config.ok())
    return config.status();
  if (config->is_array()) // the body of a Keras 1 Sequential
    config = json{{"class_name", "Sequential"}, {"config", *std::move(config)}};
  if (config->contains("weight_map"))
    return bad("this is an index of sharded weights; save the weights into one .weights.h5");
  return Parts{*config, versionOf(*config), stringOr(*config, "backend", ""), nullptr};
}

absl::StatusOr<Parts> readModel(const std::string &path, bool wantsWeights) {
  absl::StatusOr<Bytes> file = openFile(path);
  if (!file.ok())
    return file.status();
  absl::StatusOr<Container> container = detect(*file);
  if (!container.ok())
    return container.status();
  switch (*container) {
  case Container::Archive:
    return readArchive(*file, wantsWeights);
  case Container::Hdf5:
    return readWholeHdf5(*file);
  case Container::Json:
    return readArchitecture(*file);
  }
  __builtin_unreachable();
}

absl::StatusOr<std::shared_ptr<Hdf5File>> readWeights(const std::string &path) {
  absl::StatusOr<Bytes> file = openFile(path);
  if (!file.ok())
    return file.status();
  absl::StatusOr<Container> container = detect(*file);
  if (container.ok() && *container == Container::Hdf5)
    return readHdf5(*file);
  if (container.ok() && *container == Container::Json)
    return bad("sharded weights and other .json files are not weights; layerc reads .weights.h5 and .h5");
  if (container.ok())
    return bad("this is a zip archive (.keras or .npz), not a weights file; layerc reads .weights.h5 and .h5");
  return container.status();
}

bool ownsWeights(const LayerObject &object) {
  std::optional<std::vector<Variable>> variables = variablesOf(object.className, object.config);
  return (variables && !variables->empty()) ||
         std::any_of(object.members.begin(), object.members.end(),
                     [](const Member &member) { return ownsWeights(*member.object); });
}

absl::Status assignWeights(LayerObject &root, const Parts &parts) {
  const Hdf5File &file = *parts.weights;
  if (hasLegacyWeights(file)) {
    std::string base = file.groups.count("model_weights") ? "model_weights" : "";
    std::string saved = file.text(base, "keras_version").value_or(file.text("", "keras_version").value_or("1"));
    return assignLegacy(root, file, majorOf(saved));
  }
  return assignByPath(root, file, majorOf(parts.version) >= 3 ? PathDialect::Keras3 : PathDialect::TfKeras);
}

/// The newest Keras whose files layerc has been tried with, and of which it knows what it changed.
constexpr int kKnownMajor = 3, kKnownMinor = 16;

/// Whether every number of a float32 array is finite; arrays of other types are not looked at.
bool isFinite(const Array &array) {
  if (array.type != ElementType::Float32)
    return true;
  constexpr uint32_t exponent = 0x7f800000;
  for (size_t at = 0; at + sizeof(uint32_t) <= array.bytes; at += sizeof(uint32_t)) {
    uint32_t bits;
    std::memcpy(&bits, array.data + at, sizeof(bits));
    if ((bits & exponent) == exponent)
      return false;
  }
  return true;
}

void warnOfWeights(const Layer &layer, const std::string &file, std::vector<std::string> &warnings) {
  for (const Array &array : layer.weights)
    if (!isFinite(array))
      warnings.push_back(absl::StrCat(file, ": layer ", quote(layer.path), " (", printable(layer.className),
                                      "): weight ", quote(array.path), " holds NaN or infinity"));
  for (const InnerLayer &inner : layer.children)
    warnOfWeights(inner.layer, file, warnings);
  if (layer.model)
    for (const Layer &inner : layer.model->layers)
      warnOfWeights(inner, file, warnings);
}

absl::StatusOr<LayerObjectPtr> readObjects(const Parts &parts) {
  return parseLayerObjects(parts.config, majorOf(parts.version));
}

} // namespace

absl::StatusOr<LayerGraph> loadModel(const std::string &modelPath, const std::string &weightsPath) {
  absl::StatusOr<Parts> parts = readModel(modelPath, weightsPath.empty());
  if (!parts.ok())
    return inFile(modelPath, parts.status());
  if (!weightsPath.empty()) {
    absl::StatusOr<std::shared_ptr<Hdf5File>> weights = readWeights(weightsPath);
    if (!weights.ok())
      return inFile(weightsPath, weights.status());
    parts->weights = *std::move(weights);
  }
  if (parts->version.empty())
    parts->version = parts->weights ? parts->weights->text("", "keras_version").value_or("1") : "1";
  absl::StatusOr<LayerObjectPtr> root = readObjects(*parts);
  if (!root.ok())
    return inFile(modelPath, root.status());
  if (!parts->weights && ownsWeights(**root))
    return inFile(modelPath, bad("this is an architecture without weights; name them with --weights FILE"));
  if (parts->weights)
    if (absl::Status status = assignWeights(**root, *parts); !status.ok())
      return inFile(weightsPath.empty() ? modelPath : weightsPath, status);
  LayerGraph graph;
  graph.file = modelPath;
  graph.kerasVersion = parts->version;
  graph.backend = parts->weights && hasLegacyWeights(*parts->weights) ? backendOf(*parts->weights) : parts->backend;
  graph.arrays = parts->weights;
  if (absl::Status status = expand(**root, graph); !status.ok())
    return inFile(modelPath, status);
  return graph;
}

std::vector<std::string> loadWarnings(const LayerGraph &graph) {
  std::vector<std::string> warnings;
  bool isLaterMajor = std::atoi(graph.kerasVersion.c_str()) > kKnownMajor;
  if (isLaterMajor || graph.isKerasFrom(kKnownMajor, kKnownMinor + 1))
    warnings.push_back(absl::StrCat(graph.file, ": saved by Keras ", printable(graph.kerasVersion), ", read as Keras ",
                                    kKnownMajor, ".", kKnownMinor, ", the newest that layerc knows"));
  for (const Layer &layer : graph.layers)
    warnOfWeights(layer, graph.file, warnings);
  return warnings;
}

} // namespace layerc
