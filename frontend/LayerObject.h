// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The object tree of a model file: models that contain layers, layers that contain layers.
// Weights are found by walking this tree as Keras walked its own; the flat LayerGraph is made from it afterwards.
#pragma once

#include "frontend/LayerGraph.h"

#include <absl/status/statusor.h>

namespace layerc {

struct LayerObject;

/// A layer's place in a model or wrapper. One object may have several.
struct Member {
  std::string name; ///< the layer's name in this model, or the role in a wrapper ("cell")
  std::shared_ptr<LayerObject> object;
  nlohmann::json inboundNodes; ///< Functional models only
};

struct LayerObject {
  enum class Kind { Layer, Sequential, Functional };

  Kind kind = Kind::Layer;
  std::string className, name;
  bool isOperation = false, isCustom = false;
  nlohmann::json config;                    ///< without "layers" for models
  std::vector<Member> members;              ///< a model's layers in the file's order, or a layer's inner layers
  nlohmann::json inputLayers, outputLayers; ///< Functional models only
  std::vector<Array> weights;

  bool isModel() const { return kind != Kind::Layer; }
  bool isInput() const { return className == "InputLayer" && !isCustom; }
  const Member *find(const std::string &memberName) const;
};

using LayerObjectPtr = std::shared_ptr<LayerObject>;

/// An error about one layer: "layer 'name' (Class): what".
absl::Status layerError(const LayerObject &object, const std::string &what);

/// Builds the tree from a root object `{"class_name", "config"}`. Objects that the file marks as shared are one object.
/// `kerasMajor` decides the words of old files: 1, 2 or 3.
absl::StatusOr<LayerObjectPtr> parseLayerObjects(const nlohmann::json &root, int kerasMajor);

/// Keras' snake case of a class name, as weight paths use it: "Conv2DTranspose" -> "conv2d_transpose".
std::string snakeCase(std::string_view className);

} // namespace layerc
