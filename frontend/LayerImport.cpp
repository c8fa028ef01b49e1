// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Inputs, weights and inner layers of one call; see LayerImport.h. The configuration is in LayerConfig.cpp.
#include "frontend/LayerImport.h"

#include "frontend/Activations.h"

using namespace mlir;
using namespace layerc;

Type layerc::mlirType(ElementType type, MLIRContext *context) {
  Builder b(context);
  auto unsignedInteger = [&](unsigned bits) { return IntegerType::get(context, bits, IntegerType::Unsigned); };
  switch (type) {
  case ElementType::Float16:
    return b.getF16Type();
  case ElementType::BFloat16:
    return b.getBF16Type();
  case ElementType::Float32:
    return b.getF32Type();
  case ElementType::Float64:
    return b.getF64Type();
  case ElementType::Int8:
    return b.getI8Type();
  case ElementType::Int16:
    return b.getIntegerType(16);
  case ElementType::Int32:
    return b.getI32Type();
  case ElementType::Int64:
    return b.getI64Type();
  case ElementType::UInt8:
    return unsignedInteger(8);
  case ElementType::UInt16:
    return unsignedInteger(16);
  case ElementType::UInt32:
    return unsignedInteger(32);
  case ElementType::UInt64:
    return unsignedInteger(64);
  case ElementType::Bool:
    return b.getI1Type();
  }
  llvm_unreachable("all element types are listed");
}

/// The name of a dtype policy: a string, or an object with the name or the quantization mode in its config.
static std::string policyName(const nlohmann::json &config) {
  const nlohmann::json *dtype = config.is_object() && config.contains("dtype") ? &config["dtype"] : nullptr;
  if (dtype && dtype->is_object() && dtype->contains("config") && (*dtype)["config"].is_object())
    dtype = (*dtype)["config"].contains("name") ? &(*dtype)["config"]["name"] : &(*dtype)["class_name"];
  return dtype && dtype->is_string() ? dtype->get<std::string>() : "float32";
}

LayerImport::LayerImport(const LayerGraph &graph, const Layer &layer, StringRef path, ArrayRef<Value> inputs,
                         OpBuilder &builder)
    : NnBuilder(builder, NameLoc::get(builder.getStringAttr(path))), graph_(graph), layer_(layer), inputs_(inputs),
      computeType_(builder.getF32Type()) {
  std::string policy = policyName(layer.config);
  if (policy == "float16" || policy == "mixed_float16")
    computeType_ = builder.getF16Type();
  else if (policy == "bfloat16" || policy == "mixed_bfloat16")
    computeType_ = builder.getBF16Type();
  else if (policy != "float32" && elementTypeFromName(policy).value_or(ElementType::Float64) == ElementType::Float64)
    fail() << "dtype policy '" << policy << "' is not supported";
  if (layer.isOperation || layer.className == "InputLayer")
    return;
  for (Value &input : inputs_) // Keras casts float arguments to the compute type and leaves integers alone.
    if (!failed_ && isa<FloatType>(elementType(input)))
      input = cast(input, computeType_);
}

Value LayerImport::input() {
  if (!failed_ && inputs_.size() != 1)
    fail() << "expects one input; got " << inputs_.size();
  return failed_ ? Value() : inputs_[0];
}

Value LayerImport::floatInput() { return cast(input(), computeType_); }

int64_t LayerImport::spatialRank() const {
  for (size_t i = 0; i + 1 < className().size(); ++i)
    if (className()[i] >= '1' && className()[i] <= '3' && className()[i + 1] == 'D')
      return className()[i] - '0';
  llvm_unreachable("only classes with a number of dimensions in their name ask for it");
}

Value LayerImport::channelsLast(Value x) {
  if (!failed_ && rank(x) != spatialRank() + 2)
    fail() << "expects an input of rank " << spatialRank() + 2 << "; got " << shapeText(shape(x));
  return !failed_ && channelsFirst() ? moveAxis(x, 1, rank(x) - 1) : x;
}

Value LayerImport::back(Value x) { return !failed_ && channelsFirst() ? moveAxis(x, rank(x) - 1, 1) : x; }

Value LayerImport::storedWeight(StringRef name, ArrayRef<int64_t> expected) {
  if (failed_)
    return {};
  if (!hasMoreWeights())
    return fail() << "weight '" << name << "' of shape " << shapeText(expected) << " is missing from the file";
  const Array &array = layer_.weights[nextWeight_++];
  if (ArrayRef<int64_t>(array.shape) != expected)
    return fail() << "weight '" << name << "' has shape " << shapeText(array.shape) << " in the file; expects "
                  << shapeText(expected);
  auto type = RankedTensorType::get(expected, mlirType(array.type, context()));
  if (!isa<FloatType>(type.getElementType()))
    return fail() << "weight '" << name << "' is stored as " << elementTypeName(array.type) << "; expects floats";
  std::string key = layer_.path + "/" + name.str();
  context()->getLoadedDialect<nn::NnDialect>()->weights().add(
      key, type, ArrayRef<char>(reinterpret_cast<const char *>(array.data), array.bytes));
  return builder_.create<nn::WeightOp>(location_, type, key);
}

Value LayerImport::weight(StringRef name, ArrayRef<int64_t> shape) {
  return cast(storedWeight(name, shape), computeType_);
}

Value LayerImport::numbers(StringRef name, ArrayRef<int64_t> shape, ArrayRef<double> values) {
  if (failed_)
    return {};
  std::vector<float> floats(values.begin(), values.end());
  auto type = RankedTensorType::get(shape, builder_.getF32Type());
  size_t bytes = floats.size() * sizeof(float);
  if (bytes <= static_cast<size_t>(nn::kConstantLimit))
    return cast(builder_.create<nn::ConstantOp>(location_, type, DenseElementsAttr::get(type, ArrayRef<float>(floats))),
                computeType_);
  std::string key = layer_.path + "/" + name.str();
  const char *data = reinterpret_cast<const char *>(floats.data());
  context()->getLoadedDialect<nn::NnDialect>()->weights().addOwned(key, type, std::vector<char>(data, data + bytes));
  return cast(builder_.create<nn::WeightOp>(location_, type, key), computeType_);
}

Value LayerImport::addBias(Value x) {
  bool bias = flag("use_bias", true);
  return failed_ || !bias ? x : add(x, weight("bias", shape(x).back()));
}

const Layer *LayerImport::child(StringRef role) const {
  for (const auto &[name, layer] : layer_.children)
    if (name == role)
      return &layer;
  return nullptr;
}

Results LayerImport::import(const Layer &layer, ArrayRef<Value> inputs) {
  if (failed_)
    return {};
  LayerImport inner(graph_, layer, layer.path, inputs, builder_);
  Results results = importLayer(inner);
  failed_ |= inner.failed();
  return results;
}

Value LayerImport::activation(Value x, StringRef key) { return applyActivation(*this, x, key); }
