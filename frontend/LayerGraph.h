// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A Keras model as plain data: layers with their weights, and the calls between them.
// Config makes it from a file's text and arrays; Import turns it into the nn dialect. Words are Keras' own.
#pragma once

#include "frontend/Json.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace layerc {

/// Keras' dtype names. bfloat16 and float16 are two bytes, bool is one byte (0 or 1).
enum class ElementType {
  Float16,
  BFloat16,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  UInt8,
  UInt16,
  UInt32,
  UInt64,
  Bool
};

/// The Keras name of `type` ("float32") and back; nullopt for a name Keras has but layerc does not (string, complex64).
const char *elementTypeName(ElementType type);
std::optional<ElementType> elementTypeFromName(const std::string &name);
size_t elementSize(ElementType type);

/// One stored array, dense row-major (but for `permutation`), little endian. The bytes belong to the `FileArrays` that
/// `LayerGraph` keeps alive and have no alignment: they may lie anywhere in the file.
struct Array {
  std::string path;   ///< name of the weight: the layer's path and the variable's name, "conv2d/kernel"
  std::string source; ///< where the file has it, for messages: "layers/conv2d/vars/0"
  ElementType type = ElementType::Float32;
  std::vector<int64_t> shape;
  /// Dimension d of `shape` is dimension `permutation[d]` of the stored array; empty where it is stored as it is.
  std::vector<int64_t> permutation;
  const std::byte *data = nullptr;
  size_t bytes = 0;
};

/// Holds the mapped memory that `Array::data` points into.
class FileArrays {
public:
  virtual ~FileArrays() = default;
};

/// A dimension that Keras leaves free (`null`).
inline constexpr int64_t kFree = -1;

/// One value that flows between calls: output `tensor` of call `call`.
struct TensorRef {
  int call = -1;
  int tensor = 0;
  bool operator==(const TensorRef &) const = default;
};

struct LayerGraph;
struct InnerLayer;

/// A layer object: class, configuration and weights, once however often it is called.
struct Layer {
  std::string path;         ///< unique: names from the outermost model inwards joined with '/': "encoder/conv2d"
  std::string className;    ///< as in the file, without package prefix: "Conv2D", or an operation class such as "Add"
  bool isOperation = false; ///< a keras.ops node (module keras.src.ops.*) rather than a layer
  bool isCustom = false;    ///< registered outside Keras, so never Keras' own class of the same name
  /// The layer's own config object, as in the file. An InputLayer always has "batch_shape" (null where the file does
  /// not say: Import then asks for --input-shape) and "dtype" (a name), whatever the file's Keras called them.
  nlohmann::json config;
  /// Own variables in Keras' order (trainable, then non-trainable); for a legacy .h5 group, the group's arrays in
  /// order.
  std::vector<Array> weights;
  /// Layers inside this one, by role: {"layer", ...} of a wrapper, {"forward_layer", ...} and {"backward_layer", ...}
  /// of Bidirectional, {"cell", ...} of RNN, {"cells", ...} repeated, {"activation", ...}, {"query_dense", ...}.
  /// SimpleRNN, GRU, LSTM and ConvLSTM have no cell child: the cell's weights are theirs.
  std::vector<InnerLayer> children;
  /// For a whole Sequential or Functional model inside a wrapper: its graph. Its paths begin with this layer's path.
  std::shared_ptr<LayerGraph> model;
};

/// A layer inside another one.
struct InnerLayer {
  std::string role;
  Layer layer;
};

/// One call of a layer. Calls of nested Functional and Sequential models are expanded in place, so there is no nesting
/// here.
struct Call {
  int layer = -1;                ///< index into LayerGraph::layers
  std::vector<TensorRef> inputs; ///< tensor arguments, flattened in order
  /// Keras 3: the node's `args` with each tensor replaced by {"tensor": index into inputs}. tf.keras: the same where a
  /// first argument is a constant, else null.
  nlohmann::json args;
  nlohmann::json kwargs; ///< the node's keyword arguments, tensors replaced likewise
  std::string path;      ///< the layer's path; the second call of a shared layer has "#2" appended, and so on
};

/// A graph input or output and its Keras name.
struct NamedTensor {
  std::string name;
  TensorRef tensor;
};

/// The whole model. Calls are in topological order; an InputLayer is a layer and a call without inputs.
struct LayerGraph {
  std::string file;         ///< for diagnostics
  std::string name;         ///< the model's own name
  std::string kind;         ///< "Sequential" or "Functional"
  std::string kerasVersion; ///< "3.15.1", "2.15.0"; "1" where an .h5 file has none
  std::string backend;      ///< that wrote the weights: "tensorflow", "theano", ... where recorded
  std::vector<Layer> layers;
  std::vector<Call> calls;
  std::vector<NamedTensor> inputs; ///< each refers to the call of an InputLayer
  std::vector<NamedTensor>
      outputs; ///< names as Keras gives them: the layer that makes it, a repeated name with "_1", "_2"
  std::shared_ptr<FileArrays> arrays;

  int kerasMajor() const; ///< 1, 2 or 3
  /// Whether the file's Keras is `major`.`minor`.`patch` or later; a file without a version is Keras 1.
  bool isKerasFrom(int major, int minor, int patch = 0) const;
  /// Keras as a package of its own for several backends (1.0 to 2.3), not TensorFlow's.
  bool isMultiBackendKeras() const { return !isKerasFrom(2, 4) && kerasVersion.find("-tf") == std::string::npos; }
  /// The first input whose batch the file leaves free, or nullptr.
  const NamedTensor *inputOfFreeBatch() const;
};

/// The `--emit=graph` text: one line per call with class, inputs, weights and the configuration that is not a default
/// word.
std::string print(const LayerGraph &graph);

} // namespace layerc
