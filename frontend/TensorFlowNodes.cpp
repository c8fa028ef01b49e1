// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// TensorFlowOpLayer: nodes of TensorFlow's graph in models of TensorFlow 1.14 to 2.3, each by the operation of
// keras.ops that computes the same. A node takes its arguments as inputs, many of them constants, and as attributes.
#include "frontend/Bytes.h"
#include "frontend/Importers.h"
#include "frontend/NodeDef.h"
#include "frontend/OperationImport.h"
#include "frontend/TensorFlowNames.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace layerc;
using nlohmann::json;

namespace {

/// Words of `inputs` and `attributes`: "theirs=ours", or the same name; "name!value" where only that value is known,
/// which is Keras' too; "name..." for the inputs that no other name takes; "name=" for what says nothing new.
struct TensorFlowNode {
  const char *name;      ///< TensorFlow's operation
  const char *operation; ///< of keras.ops
  const char *inputs;
  const char *attributes = "";
  const char *defaults = "{}"; ///< arguments that the operation always has
};

constexpr const char *kOne = "x";
constexpr const char *kTwo = "x1 x2";
constexpr const char *kReduced = "x axis";
constexpr const char *kKeep = "keep_dims=keepdims";
constexpr const char *kAdjoint = "adj_x=transpose_a adj_y=transpose_b grad_x= grad_y=";
constexpr const char *kPooled = "ksize=pool_size strides padding data_format explicit_paddings=";
constexpr const char *kConvolved =
    "strides padding data_format dilations=dilation_rate explicit_paddings= use_cudnn_on_gpu=";
constexpr const char *kEqual = "incompatible_shape_error!true";
constexpr const char *kCumulative = "exclusive reverse";
constexpr const char *kPlace = "output_type";
constexpr const char *kBlocks = "block_size data_format!NHWC";
constexpr const char *kPixels = "align_corners!false half_pixel_centers!true";

constexpr TensorFlowNode kNodes[] = {
    {"Abs", "Absolute", kOne},
    {"Acos", "Arccos", kOne},
    {"Acosh", "Arccosh", kOne},
    {"Add", "Add", kTwo},
    {"AddN", "AddN", "x...", "N="},
    {"AddV2", "Add", kTwo},
    {"All", "All", kReduced, kKeep},
    {"Any", "Any", kReduced, kKeep},
    {"ArgMax", "Argmax", kReduced, kPlace},
    {"ArgMin", "Argmin", kReduced, kPlace},
    {"Asin", "Arcsin", kOne},
    {"Asinh", "Arcsinh", kOne},
    {"Atan", "Arctan", kOne},
    {"Atan2", "Arctan2", kTwo},
    {"Atanh", "Arctanh", kOne},
    {"AvgPool", "AveragePool", "inputs", kPooled},
    {"BatchMatMul", "Matmul", kTwo, kAdjoint},
    {"BatchMatMulV2", "Matmul", kTwo, kAdjoint},
    {"BiasAdd", "Add", kTwo, "data_format!NHWC"},
    {"BitwiseAnd", "BitwiseAnd", "x y"},
    {"BitwiseOr", "BitwiseOr", "x y"},
    {"BitwiseXor", "BitwiseXor", "x y"},
    {"BroadcastTo", "BroadcastTo", "x shape"},
    {"Cast", "Cast", kOne, "DstT=dtype Truncate!false"},
    {"Ceil", "Ceil", kOne},
    {"ClipByValue", "Clip", "x x_min x_max"},
    {"ConcatV2", "Concatenate", "xs... axis", "N="},
    {"Conv2D", "Conv", "inputs kernel", kConvolved},
    {"Cos", "Cos", kOne},
    {"Cosh", "Cosh", kOne},
    {"Cross", "Cross", kTwo},
    {"Cumprod", "Cumprod", kReduced, kCumulative},
    {"Cumsum", "Cumsum", kReduced, kCumulative},
    {"DepthToSpace", "DepthToSpace", kOne, kBlocks},
    {"DepthwiseConv2dNative", "DepthwiseConv", "inputs kernel", kConvolved},
    {"Div", "Divide", kTwo},
    {"DivNoNan", "DivideNoNan", kTwo},
    {"Einsum", "Einsum", "operands...", "equation=subscripts N="},
    {"Elu", "Elu", kOne},
    {"EnsureShape", "Copy", kOne, "shape="},
    {"Equal", "Equal", kTwo, kEqual},
    {"Erf", "Erf", kOne},
    {"Erfc", "Erfc", kOne},
    {"Erfinv", "Erfinv", kOne},
    {"EuclideanNorm", "Norm", kReduced, kKeep},
    {"Exp", "Exp", kOne},
    {"ExpandDims", "ExpandDims", kReduced},
    {"Expm1", "Expm1", kOne},
    {"Floor", "Floor", kOne},
    {"FloorDiv", "FloorDivide", kTwo},
    {"FloorMod", "Mod", kTwo},
    {"Gather", "Take", "x indices", "validate_indices=", R"({"axis": 0})"},
    {"GatherV2", "Take", "x indices axis", "batch_dims"},
    {"Greater", "Greater", kTwo},
    {"GreaterEqual", "GreaterEqual", kTwo},
    {"HSVToRGB", "HSVToRGB", "images"},
    {"Identity", "Copy", kOne},
    {"IdentityN", "Copy", "x..."},
    {"InTopKV2", "InTopK", "predictions targets k"},
    {"Invert", "BitwiseInvert", kOne},
    {"IsFinite", "Isfinite", kOne},
    {"IsInf", "Isinf", kOne},
    {"IsNan", "Isnan", kOne},
    {"LeakyRelu", "LeakyRelu", kOne, "alpha=negative_slope"},
    {"LeftShift", "BitwiseLeftShift", "x y"},
    {"Less", "Less", kTwo},
    {"LessEqual", "LessEqual", kTwo},
    {"Log", "Log", kOne},
    {"Log1p", "Log1p", kOne},
    {"LogSoftmax", "LogSoftmax", kOne},
    {"LogicalAnd", "LogicalAnd", kTwo},
    {"LogicalNot", "LogicalNot", kOne},
    {"LogicalOr", "LogicalOr", kTwo},
    {"MatMul", "Matmul", kTwo, "transpose_a transpose_b grad_a= grad_b="},
    {"Max", "Max", kReduced, kKeep},
    {"MaxPool", "MaxPool", "inputs", kPooled},
    {"Maximum", "Maximum", kTwo},
    {"Mean", "Mean", kReduced, kKeep},
    {"Min", "Min", kReduced, kKeep},
    {"Minimum", "Minimum", kTwo},
    {"MirrorPad", "Pad", "x pad_width", "mode"},
    {"Mul", "Multiply", kTwo},
    {"Neg", "Negative", kOne},
    {"NotEqual", "NotEqual", kTwo, kEqual},
    {"OneHot", "OneHot", "x num_classes on_value!1 off_value!0", "axis T=dtype"},
    {"OnesLike", "OnesLike", kOne},
    {"Pack", "Stack", "x...", "axis N="},
    {"Pad", "Pad", "x pad_width"},
    {"PadV2", "Pad", "x pad_width constant_values"},
    {"Pow", "Power", kTwo},
    {"Prod", "Prod", kReduced, kKeep},
    {"RGBToHSV", "RGBToHSV", "images"},
    {"RealDiv", "Divide", kTwo},
    {"Reciprocal", "Reciprocal", kOne},
    {"Relu", "Relu", kOne},
    {"Relu6", "Relu6", kOne},
    {"Reshape", "Reshape", "x newshape"},
    {"ResizeBicubic", "Resize", "images size", kPixels, R"({"interpolation": "bicubic"})"},
    {"ResizeBilinear", "Resize", "images size", kPixels, R"({"interpolation": "bilinear"})"},
    {"ResizeNearestNeighbor", "Resize", "images size", kPixels, R"({"interpolation": "nearest"})"},
    {"ReverseV2", "Flip", kReduced},
    {"RightShift", "BitwiseRightShift", "x y"},
    {"Rint", "Round", kOne},
    {"Roll", "Roll", "x shift axis"},
    {"Round", "Round", kOne},
    {"Rsqrt", "Rsqrt", kOne},
    {"SelectV2", "Where", "condition x1 x2"},
    {"Selu", "Selu", kOne},
    {"Shape", "Shape", kOne, "out_type"},
    {"Sigmoid", "Sigmoid", kOne},
    {"Sign", "Sign", kOne},
    {"Sin", "Sin", kOne},
    {"Sinh", "Sinh", kOne},
    {"Slice", "Slice", "inputs start_indices shape"},
    {"Softmax", "Softmax", kOne},
    {"Softplus", "Softplus", kOne},
    {"Softsign", "Softsign", kOne},
    {"SpaceToDepth", "SpaceToDepth", kOne, kBlocks},
    {"Split", "Split", "axis x", "num_split=indices_or_sections"},
    {"SplitV", "Split", "x indices_or_sections axis", "num_split="},
    {"Sqrt", "Sqrt", kOne},
    {"Square", "Square", kOne},
    {"SquaredDifference", "SquaredDifference", kTwo},
    {"Squeeze", "Squeeze", kOne, "squeeze_dims=axis"},
    {"StopGradient", "StopGradient", "variable"},
    {"StridedSlice", "GetItem", "x begin end strides",
     "begin_mask end_mask ellipsis_mask new_axis_mask shrink_axis_mask"},
    {"Sub", "Subtract", kTwo},
    {"Sum", "Sum", kReduced, kKeep},
    {"Tan", "Tan", kOne},
    {"Tanh", "Tanh", kOne},
    {"TensorScatterUpdate", "ScatterUpdate", "inputs indices updates", "bad_indices_policy="},
    {"Tile", "Tile", "x repeats"},
    {"TopKV2", "TopK", "x k", "sorted!true"},
    {"Transpose", "Transpose", "x axes"},
    {"Unpack", "Unstack", kOne, "axis num"},
    {"UnsortedSegmentSum", "SegmentSum", "data segment_ids num_segments"},
    {"ZerosLike", "ZerosLike", kOne},
};

/// Puts a node's inputs and attributes under Keras' names.
class Translation {
public:
  Translation(LayerImport &l, const NodeDef &node, const TensorFlowNode &row)
      : l_(l), node_(node), row_(row), arguments(json::parse(row.defaults)) {}

  void takeInputs();
  void takeAttributes();

private:
  LayerImport &l_;
  const NodeDef &node_;
  const TensorFlowNode &row_;

  std::vector<json> inputs();
  void take(StringRef word, StringRef what, StringRef theirs, json value);

public:
  json arguments;
};

} // namespace

/// The tensors of the call with the constants at their places among them.
std::vector<json> Translation::inputs() {
  std::map<uint64_t, json> constants;
  if (const json *given = l_.config("constants"); given && given->is_object())
    for (const auto &[place, value] : given->items())
      if (uint64_t index = 0; !StringRef(place).getAsInteger(10, index))
        constants[index] = at(value, "class_name") == "__numpy__" ? at(at(value, "config"), "value") : value;
  std::vector<json> inputs;
  for (size_t tensor = 0; tensor < l_.call()->inputs.size() || constants.count(inputs.size());)
    if (auto constant = constants.find(inputs.size()); constant != constants.end())
      inputs.push_back(constant->second);
    else
      inputs.push_back({{"tensor", tensor++}});
  return inputs;
}

/// One argument by its word of the table.
void Translation::take(StringRef word, StringRef what, StringRef theirs, json value) {
  if (auto [name, only] = word.split('!'); !only.empty()) {
    const json known = json::parse(only.str(), nullptr, /*allow_exceptions=*/false);
    if (value != (known.is_discarded() ? json(only.str()) : known))
      l_.fail() << what << " '" << theirs << "' of operation '" << row_.name << "' is supported as " << only
                << " only; the file has " << printable(value.dump(-1, ' ', true, json::error_handler_t::replace));
    return;
  }
  auto [name, ours] = word.split('=');
  if (word.ends_with("="))
    return;
  arguments[ours.empty() ? name.str() : ours.str()] = std::move(value);
}

void Translation::takeInputs() {
  const std::vector<json> given = inputs();
  SmallVector<StringRef> words;
  StringRef(row_.inputs).split(words, ' ');
  size_t taken = 0;
  for (auto [number, word] : llvm::enumerate(words)) {
    const size_t behind = words.size() - number - 1;
    if (word.consume_back("...")) {
      json list = json::array();
      while (taken + behind < given.size())
        list.push_back(given[taken++]);
      arguments[word.str()] = std::move(list);
    } else if (taken < given.size()) {
      take(word, "input", word.split('!').first, given[taken++]);
    } else {
      ++taken;
    }
  }
  if (taken != given.size())
    l_.fail() << "operation '" << row_.name << "' expects " << taken << " inputs; the file holds " << given.size();
}

void Translation::takeAttributes() {
  SmallVector<StringRef> words;
  StringRef(row_.attributes).split(words, ' ', -1, /*KeepEmpty=*/false);
  for (const auto &[name, attribute] : node_.attributes) {
    const auto *word = llvm::find_if(
        words, [&](StringRef w) { return w.take_until([](char c) { return c == '=' || c == '!'; }) == name; });
    if (word != words.end())
      take(*word, "attribute", name, attribute.value);
    else if (!attribute.isType) // what its operands are, it says too
      l_.fail() << "attribute " << quote(name) << " of operation '" << row_.name << "' is not supported";
  }
}

/// The key of x[key] that a StridedSlice stands for: bit i of each mask is about part i of the key.
static json keyOfSlice(OperationImport &o) {
  Sizes begin = o.integers("begin"), end = o.integers("end"), strides = o.integers("strides");
  if (!o.l.failed() && (begin.size() != end.size() || begin.size() != strides.size() || begin.size() > 32))
    o.l.fail() << "slices with " << begin.size() << ", " << end.size() << " and " << strides.size() << " bounds";
  auto has = [&](StringRef mask, size_t i) { return (o.integer(mask, 0) >> i & 1) != 0; };
  json key = json::array();
  for (size_t i = 0; !o.l.failed() && i < begin.size(); ++i)
    if (has("ellipsis_mask", i))
      key.push_back({{"class_name", "__ellipsis__"}});
    else if (has("new_axis_mask", i))
      key.push_back(nullptr);
    else if (has("shrink_axis_mask", i))
      key.push_back(begin[i]);
    else
      key.push_back({{"start", has("begin_mask", i) ? json() : json(begin[i])},
                     {"stop", has("end_mask", i) ? json() : json(end[i])},
                     {"step", strides[i]}});
  return key;
}

/// The tensors of a list as they are: what a node passes on whose gradient alone is its own, such as tf.nn.silu's.
static Results copies(const TensorFlowNode &row, const json &list, LayerImport &l) {
  Results results;
  for (const json &tensor : list)
    results.push_back(OperationImport(row.operation, {{"x", tensor}}, l).tensor("x"));
  return results;
}

Results layerc::importTensorFlowNode(LayerImport &l) {
  absl::StatusOr<NodeDef> node = readNodeDef(l.config("node_def") ? *l.config("node_def") : json());
  if (l.failed() || !l.call())
    return {};
  if (!node.ok())
    return l.fail() << std::string(node.status().message());
  const auto *row = llvm::find_if(kNodes, [&](const TensorFlowNode &n) { return node->operation == n.name; });
  if (row == std::end(kNodes))
    return l.fail() << "operation " << quote(node->operation) << " of TensorFlow is not supported";
  Translation translation(l, *node, *row);
  translation.takeInputs();
  translation.takeAttributes();
  json &arguments = translation.arguments;
  if (node->operation == "StridedSlice" && !l.failed()) {
    OperationImport bounds(row->operation, arguments, l);
    arguments = {{"x", arguments["x"]}, {"key", keyOfSlice(bounds)}};
  }
  if (node->operation == "IdentityN" && !l.failed())
    return copies(*row, arguments["x"], l);
  if (node->operation == "SplitV" && !l.failed())
    partSizesToPlaces(arguments["indices_or_sections"]);
  OperationImport o(row->operation, arguments, l);
  const OperationRow *operation = findOperation(row->operation);
  assert(operation && "every node stands for an operation");
  return l.failed() ? Results() : operation->build(o);
}

std::vector<TensorFlowName> layerc::tensorFlowNodes() {
  std::vector<TensorFlowName> names;
  for (const auto &row : kNodes)
    names.push_back({row.name, row.operation});
  return names;
}
