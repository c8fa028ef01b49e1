// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// TFOpLambda and SlicingOpLambda: TensorFlow functions in tf.keras graphs, each by the operation of keras.ops that
// computes the same, with TensorFlow's names of arguments and defaults.
#include "frontend/Importers.h"
#include "frontend/OperationImport.h"
#include "frontend/TensorFlowNames.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace layerc;
using nlohmann::json;

namespace {

struct TensorFlowFunction {
  const char *name;      ///< canonical symbol without "tf."
  const char *operation; ///< of keras.ops
  const char
      *parameters; ///< the first is positional, with "..." when it is a list; others are "theirs=ours" or the same
  const char *defaults = "{}"; ///< arguments that TensorFlow has otherwise when they are absent
};

constexpr const char *kTwo = "x1 y=x2";
constexpr const char *kOne = "x";
constexpr const char *kPooled = "inputs ksize=pool_size strides padding data_format";
constexpr const char *kConvolved =
    "inputs filter=kernel filters=kernel stride=strides strides padding data_format dilations=dilation_rate "
    "rate=dilation_rate use_cudnn_on_gpu";
constexpr const char *kReduce = "x axis keepdims keep_dims=keepdims";

constexpr TensorFlowFunction kFunctions[] = {
    {"__operators__.add", "Add", kTwo},
    {"__operators__.getitem", "GetItem", "x slice_spec=key"},
    {"abs", "Absolute", kOne},
    {"add", "Add", kTwo},
    {"argmax", "Argmax", "x axis output_type", R"({"axis": 0})"},
    {"argmin", "Argmin", "x axis output_type", R"({"axis": 0})"},
    {"argsort", "Argsort", "x axis direction"},
    {"bitwise.bitwise_and", "BitwiseAnd", "x y"},
    {"bitwise.bitwise_or", "BitwiseOr", "x y"},
    {"bitwise.bitwise_xor", "BitwiseXor", "x y"},
    {"bitwise.invert", "BitwiseInvert", kOne},
    {"bitwise.left_shift", "BitwiseLeftShift", "x y"},
    {"bitwise.right_shift", "BitwiseRightShift", "x y"},
    {"broadcast_to", "BroadcastTo", "x shape"},
    {"cast", "Cast", "x dtype"},
    {"clip_by_value", "Clip", "x clip_value_min=x_min clip_value_max=x_max"},
    {"compat.v1.div", "Divide", kTwo},
    {"compat.v1.floor_div", "FloorDivide", kTwo},
    {"compat.v1.gather", "Take", "x indices axis batch_dims validate_indices", R"({"axis": 0})"},
    {"compat.v1.math.in_top_k", "InTopK", "predictions targets k"},
    {"compat.v1.math.scalar_mul", "Multiply", "x1 x=x2"},
    {"compat.v1.nn.conv1d", "Conv", kConvolved},
    {"compat.v1.nn.conv2d", "Conv", kConvolved},
    {"compat.v1.nn.depthwise_conv2d", "DepthwiseConv", kConvolved},
    {"compat.v1.nn.embedding_lookup", "Take", "x ids=indices partition_strategy", R"({"axis": 0})"},
    {"compat.v1.nn.sigmoid_cross_entropy_with_logits", "BinaryCrossentropy", "target logits=output",
     R"({"from_logits": true})"},
    {"compat.v1.nn.softmax", "Softmax", "x axis dim=axis"},
    {"compat.v1.nn.softmax_cross_entropy_with_logits_v2", "CategoricalCrossentropy", "target logits=output axis",
     R"({"from_logits": true})"},
    {"compat.v1.norm", "Norm", "x ord axis keepdims"},
    {"compat.v1.pad", "Pad", "x paddings=pad_width mode constant_values"},
    {"compat.v1.shape", "Shape", "x out_type"},
    {"compat.v1.squeeze", "Squeeze", "x axis squeeze_dims=axis"},
    {"compat.v1.transpose", "Transpose", "x perm=axes conjugate"},
    {"compat.v1.where", "Where", "condition x=x1 y=x2"},
    {"concat", "Concatenate", "xs... axis"},
    {"divide", "Divide", kTwo},
    {"dtypes.saturate_cast", "SaturateCast", "x dtype"},
    {"ensure_shape", "Copy", "x shape"},
    {"equal", "Equal", kTwo},
    {"exp", "Exp", kOne},
    {"expand_dims", "ExpandDims", "x axis"},
    {"floor", "Floor", kOne},
    {"gather", "Take", "x indices axis batch_dims validate_indices", R"({"axis": 0})"},
    {"identity", "Copy", kOne},
    {"image.crop_to_bounding_box", "CropImages",
     "images offset_height=top_cropping offset_width=left_cropping target_height target_width"},
    {"image.flip_left_right", "Flip", kOne, R"({"axis": -2})"},
    {"image.flip_up_down", "Flip", kOne, R"({"axis": -3})"},
    {"image.hsv_to_rgb", "HSVToRGB", "images"},
    {"image.pad_to_bounding_box", "PadImages",
     "images offset_height=top_padding offset_width=left_padding target_height target_width"},
    {"image.resize", "Resize", "images size method=interpolation antialias preserve_aspect_ratio=pad_to_aspect_ratio"},
    {"image.rgb_to_grayscale", "RGBToGrayscale", "images"},
    {"image.rgb_to_hsv", "RGBToHSV", "images"},
    {"linalg.cross", "Cross", "x1 b=x2"},
    {"linalg.diag_part", "Diagonal", kOne, R"({"axis1": -2, "axis2": -1})"},
    {"linalg.l2_normalize", "Normalize", "x axis"},
    {"linalg.matmul", "Matmul", "x1 b=x2 transpose_a transpose_b"},
    {"linalg.matrix_transpose", "Swapaxes", kOne, R"({"axis1": -2, "axis2": -1})"},
    {"linalg.norm", "Norm", "x ord axis keepdims"},
    {"linalg.trace", "Trace", kOne, R"({"axis1": -2, "axis2": -1})"},
    {"logical_and", "LogicalAnd", kTwo},
    {"logical_not", "LogicalNot", kOne},
    {"logical_or", "LogicalOr", kTwo},
    {"math.abs", "Absolute", kOne},
    {"math.acos", "Arccos", kOne},
    {"math.acosh", "Arccosh", kOne},
    {"math.add", "Add", kTwo},
    {"math.add_n", "AddN", "x..."},
    {"math.argmax", "Argmax", "x axis output_type", R"({"axis": 0})"},
    {"math.argmin", "Argmin", "x axis output_type", R"({"axis": 0})"},
    {"math.asin", "Arcsin", kOne},
    {"math.asinh", "Arcsinh", kOne},
    {"math.atan", "Arctan", kOne},
    {"math.atan2", "Arctan2", "x1 x=x2"},
    {"math.atanh", "Arctanh", kOne},
    {"math.ceil", "Ceil", kOne},
    {"math.cos", "Cos", kOne},
    {"math.cosh", "Cosh", kOne},
    {"math.cumprod", "Cumprod", "x axis exclusive reverse", R"({"axis": 0})"},
    {"math.cumsum", "Cumsum", "x axis exclusive reverse", R"({"axis": 0})"},
    {"math.divide", "Divide", kTwo},
    {"math.divide_no_nan", "DivideNoNan", kTwo},
    {"math.equal", "Equal", kTwo},
    {"math.erf", "Erf", kOne},
    {"math.erfc", "Erfc", kOne},
    {"math.erfinv", "Erfinv", kOne},
    {"math.exp", "Exp", kOne},
    {"math.expm1", "Expm1", kOne},
    {"math.floor", "Floor", kOne},
    {"math.floordiv", "FloorDivide", kTwo},
    {"math.floormod", "Mod", kTwo},
    {"math.greater", "Greater", kTwo},
    {"math.greater_equal", "GreaterEqual", kTwo},
    {"math.is_finite", "Isfinite", kOne},
    {"math.is_inf", "Isinf", kOne},
    {"math.is_nan", "Isnan", kOne},
    {"math.l2_normalize", "Normalize", "x axis"},
    {"math.less", "Less", kTwo},
    {"math.less_equal", "LessEqual", kTwo},
    {"math.log", "Log", kOne},
    {"math.log1p", "Log1p", kOne},
    {"math.log_sigmoid", "LogSigmoid", kOne},
    {"math.logical_and", "LogicalAnd", kTwo},
    {"math.logical_not", "LogicalNot", kOne},
    {"math.logical_or", "LogicalOr", kTwo},
    {"math.logical_xor", "LogicalXor", kTwo},
    {"math.maximum", "Maximum", kTwo},
    {"math.minimum", "Minimum", kTwo},
    {"math.mod", "Mod", kTwo},
    {"math.multiply", "Multiply", kTwo},
    {"math.negative", "Negative", kOne},
    {"math.not_equal", "NotEqual", kTwo},
    {"math.pow", "Power", kTwo},
    {"math.reciprocal", "Reciprocal", kOne},
    {"math.reduce_all", "All", kReduce},
    {"math.reduce_any", "Any", kReduce},
    {"math.reduce_euclidean_norm", "Norm", "x axis keepdims"},
    {"math.reduce_logsumexp", "Logsumexp", kReduce},
    {"math.reduce_max", "Max", kReduce},
    {"math.reduce_mean", "Mean", kReduce},
    {"math.reduce_min", "Min", kReduce},
    {"math.reduce_prod", "Prod", kReduce},
    {"math.reduce_std", "Std", kReduce},
    {"math.reduce_sum", "Sum", kReduce},
    {"math.reduce_variance", "Var", kReduce},
    {"math.rint", "Round", kOne},
    {"math.round", "Round", kOne},
    {"math.rsqrt", "Rsqrt", kOne},
    {"math.scalar_mul", "Multiply", "x1 x=x2"},
    {"math.sigmoid", "Sigmoid", kOne},
    {"math.sign", "Sign", kOne},
    {"math.sin", "Sin", kOne},
    {"math.sinh", "Sinh", kOne},
    {"math.softplus", "Softplus", kOne},
    {"math.sqrt", "Sqrt", kOne},
    {"math.square", "Square", kOne},
    {"math.squared_difference", "SquaredDifference", kTwo},
    {"math.subtract", "Subtract", kTwo},
    {"math.tan", "Tan", kOne},
    {"math.tanh", "Tanh", kOne},
    {"math.top_k", "TopK", "x k sorted"},
    {"math.truediv", "Divide", kTwo},
    {"math.unsorted_segment_sum", "SegmentSum", "data segment_ids num_segments"},
    {"matmul", "Matmul", "x1 b=x2 transpose_a transpose_b"},
    {"multiply", "Multiply", kTwo},
    {"nn.avg_pool", "AveragePool", kPooled},
    {"nn.avg_pool1d", "AveragePool", kPooled},
    {"nn.avg_pool2d", "AveragePool", kPooled},
    {"nn.batch_normalization", "BatchNorm", "x mean variance offset scale variance_epsilon=epsilon"},
    {"nn.bias_add", "Add", "x1 bias=x2"},
    {"nn.depth_to_space", "DepthToSpace", "x block_size"},
    {"nn.elu", "Elu", "x alpha"},
    {"nn.gelu", "Gelu", "x approximate", R"({"approximate": false})"},
    {"nn.l2_normalize", "Normalize", "x axis"},
    {"nn.leaky_relu", "LeakyRelu", "x alpha=negative_slope"},
    {"nn.log_softmax", "LogSoftmax", "x axis"},
    {"nn.max_pool1d", "MaxPool", kPooled},
    {"nn.max_pool2d", "MaxPool", kPooled},
    {"nn.relu", "Relu", kOne},
    {"nn.relu6", "Relu6", kOne},
    {"nn.selu", "Selu", kOne},
    {"nn.sigmoid", "Sigmoid", kOne},
    {"nn.silu", "Silu", kOne},
    {"nn.softmax", "Softmax", "x axis"},
    {"nn.softplus", "Softplus", kOne},
    {"nn.softsign", "Softsign", kOne},
    {"nn.space_to_depth", "SpaceToDepth", "x block_size"},
    {"nn.swish", "Silu", kOne},
    {"nn.tanh", "Tanh", kOne},
    {"one_hot", "OneHot", "x depth=num_classes axis dtype"},
    {"ones_like", "OnesLike", "x dtype"},
    {"pad", "Pad", "x paddings=pad_width mode constant_values"},
    {"pow", "Power", kTwo},
    {"reduce_max", "Max", kReduce},
    {"reduce_mean", "Mean", kReduce},
    {"reduce_min", "Min", kReduce},
    {"reduce_sum", "Sum", kReduce},
    {"repeat", "Repeat", "x repeats axis"},
    {"reshape", "Reshape", "x shape=newshape"},
    {"reverse", "Flip", "x axis"},
    {"roll", "Roll", "x shift axis"},
    {"shape", "Shape", "x out_type"},
    {"slice", "Slice", "inputs begin=start_indices size=shape"},
    {"sort", "Sort", "x axis direction"},
    {"split", "Split", "x num_or_size_splits=indices_or_sections axis num"},
    {"sqrt", "Sqrt", kOne},
    {"square", "Square", kOne},
    {"squeeze", "Squeeze", "x axis"},
    {"stack", "Stack", "x... axis"},
    {"stop_gradient", "StopGradient", "variable"},
    {"subtract", "Subtract", kTwo},
    {"tanh", "Tanh", kOne},
    {"tensor_scatter_nd_update", "ScatterUpdate", "inputs indices updates"},
    {"tensordot", "Tensordot", "x1 b=x2 axes"},
    {"tile", "Tile", "x multiples=repeats"},
    {"transpose", "Transpose", "x perm=axes conjugate"},
    {"truediv", "Divide", kTwo},
    {"unstack", "Unstack", "x num axis"},
    {"where", "Where", "condition x=x1 y=x2"},
    {"zeros_like", "ZerosLike", "x dtype"},
};

} // namespace

/// The numbers of the call's tensors that stand in no keyword argument.
static void removeTensors(const json &value, std::vector<bool> &isPositional) {
  if (value.is_object() && value.contains("tensor") && value["tensor"].is_number_integer())
    isPositional[value["tensor"].get<size_t>()] = false;
  else if (value.is_structured())
    for (const json &part : value)
      removeTensors(part, isPositional);
}

static json positionalArguments(LayerImport &l) {
  const Call &call = *l.call();
  if (call.args.is_array())
    return call.args;
  std::vector<bool> isPositional(call.inputs.size(), true);
  removeTensors(call.kwargs, isPositional);
  json args = json::array();
  for (size_t i = 0; i < isPositional.size(); ++i)
    if (isPositional[i])
      args.push_back({{"tensor", i}});
  return args;
}

/// TensorFlow's arguments under Keras' names.
static json translate(LayerImport &l, const TensorFlowFunction &function) {
  json arguments = json::parse(function.defaults), args = positionalArguments(l);
  SmallVector<StringRef> parameters;
  StringRef(function.parameters).split(parameters, ' ', -1, /*KeepEmpty=*/false);
  StringRef first = parameters.front();
  if (first.consume_back("..."))
    arguments[first.str()] = args;
  else if (args.size() == 1)
    arguments[first.str()] = args[0];
  else
    l.fail() << "function '" << function.name << "' expects one positional argument; the file holds " << args.size();
  for (const auto &[name, value] : l.call()->kwargs.items()) {
    l.argument(name); // understood, or refused here
    const auto *parameter =
        llvm::find_if(ArrayRef(parameters).drop_front(), [&](StringRef p) { return p.split('=').first == name; });
    if (value.is_null() || name == "name")
      continue;
    if (parameter == ArrayRef(parameters).end()) {
      l.fail() << "argument '" << name << "' of function '" << function.name << "' is not supported";
      continue;
    }
    auto [theirs, ours] = parameter->split('=');
    arguments[ours.empty() ? theirs.str() : ours.str()] = value;
  }
  if (StringRef(function.operation) == "Split")
    partSizesToPlaces(arguments["indices_or_sections"]);
  return arguments;
}

Results layerc::importTensorFlowOperation(LayerImport &l) {
  std::string name = l.className() == "SlicingOpLambda" ? "__operators__.getitem" : l.string("function", "");
  const auto *function = llvm::find_if(kFunctions, [&](const TensorFlowFunction &f) { return name == f.name; });
  if (l.failed() || !l.call())
    return {};
  if (name == "einsum") // nor can tf.keras load it
    return l.fail() << "function 'einsum' is not supported: tf.keras saves its equation without its operands";
  if (function == std::end(kFunctions))
    return l.fail() << "function '" << name << "' is not supported";
  OperationImport o(function->operation, translate(l, *function), l);
  const OperationRow *operation = findOperation(function->operation);
  assert(operation && "every function stands for an operation");
  return l.failed() ? Results() : operation->build(o);
}

std::vector<TensorFlowName> layerc::tensorFlowFunctions() {
  std::vector<TensorFlowName> names;
  for (const auto &row : kFunctions)
    names.push_back({row.name, row.operation});
  return names;
}
