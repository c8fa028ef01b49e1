// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Inputs, weights and inner layers of one call; see LayerImport.h. The configuration is in LayerConfig.cpp.
#include "frontend/LayerImport.h"

#include "frontend/Activations.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <cstring>

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
  if (dtype && dtype->is_object() && dtype->contains("config") && (*dtype)["config"].is_object()) {
    const nlohmann::json &policy = (*dtype)["config"];
    auto isText = [&](const char *key) { return policy.contains(key) && policy[key].is_string(); };
    if (isText("mode") && isText("source_name")) // of a quantized layer
      return policy["mode"].get<std::string>() + "_from_" + policy["source_name"].get<std::string>();
    dtype = policy.contains("name") ? &policy["name"] : &(*dtype)["class_name"];
  }
  return dtype && dtype->is_string() ? dtype->get<std::string>() : "float32";
}

/// Layers whose class turns Keras' autocast off.
static bool takesInputsAsTheyAre(StringRef className) {
  return className == "Embedding" || className == "ReversibleEmbedding" || className == "GroupNormalization";
}

LayerImport::LayerImport(const LayerGraph &graph, const Layer &layer, StringRef path, ArrayRef<Value> inputs,
                         ArrayRef<Value> masks, const Call *call, OpBuilder &builder)
    : NnBuilder(builder, NameLoc::get(builder.getStringAttr(path))), graph_(graph), layer_(layer), call_(call),
      allInputs_(inputs), allMasks_(masks), computeType_(builder.getF32Type()) {
  takeInputs(inputs, masks);
  std::string policy = policyName(layer.config);
  std::string_view unquantized = policy;
  quantization_ = consumeQuantization(unquantized, layer.className, layer.config);
  StringRef element = unquantized;
  element.consume_front("mixed_");
  std::optional<ElementType> named = elementTypeFromName(element.str());
  if (!named)
    fail() << "dtype policy '" << policy << "' is not supported";
  else if (isa<FloatType>(mlirType(*named, context())))
    computeType_ = mlirType(*named, context());
  if (layer.isOperation || layer.className == "InputLayer" || takesInputsAsTheyAre(layer.className))
    return;
  for (Value &input : inputs_) // Keras casts float arguments to the compute type and leaves integers alone.
    if (!failed_ && isa<FloatType>(elementType(input)))
      input = cast(input, computeType_);
}

/// Appends the indices of the tensors in a call argument, in order.
static void collectTensors(const nlohmann::json &value, SmallVectorImpl<size_t> &indices) {
  if (value.is_object() && value.contains("tensor") && value["tensor"].is_number_integer())
    indices.push_back(value["tensor"].get<size_t>());
  else if (value.is_structured())
    for (const nlohmann::json &part : value)
      collectTensors(part, indices);
}

void LayerImport::takeInputs(ArrayRef<Value> inputs, ArrayRef<Value> masks) {
  SmallVector<size_t> byKeyword;
  if (call_ && !layer_.isOperation && call_->kwargs.is_object())
    for (const auto &[name, value] : call_->kwargs.items())
      if (name != "inputs")
        collectTensors(value, byKeyword);
  for (size_t i = 0; i < inputs.size(); ++i)
    if (!llvm::is_contained(byKeyword, i)) {
      inputs_.push_back(inputs[i]);
      inputMasks_.push_back(i < masks.size() ? masks[i] : Value());
    }
}

const nlohmann::json *LayerImport::argument(StringRef name) {
  readArguments_.insert(name);
  if (!call_ || !call_->kwargs.is_object())
    return nullptr;
  auto found = call_->kwargs.find(name.str());
  return found == call_->kwargs.end() || found->is_null() ? nullptr : &*found;
}

Results LayerImport::tensorArgument(StringRef name) {
  const nlohmann::json *value = argument(name);
  SmallVector<size_t> indices;
  if (value)
    collectTensors(*value, indices);
  Results tensors;
  for (size_t index : indices)
    if (!failed_ && index < allInputs_.size())
      tensors.push_back(isa<FloatType>(elementType(allInputs_[index])) ? cast(allInputs_[index], computeType_)
                                                                       : allInputs_[index]);
  return tensors;
}

Value LayerImport::argumentMask(StringRef name) {
  const nlohmann::json *value = argument(name);
  SmallVector<size_t> indices;
  if (value)
    collectTensors(*value, indices);
  return !indices.empty() && indices[0] < allMasks_.size() ? allMasks_[indices[0]] : Value();
}

bool LayerImport::callFlag(StringRef name) {
  const nlohmann::json *value = argument(name);
  return value && *value == true;
}

Value LayerImport::carriedMask(size_t input) const { return input < inputMasks_.size() ? inputMasks_[input] : Value(); }

Value LayerImport::mask(size_t input) {
  const nlohmann::json *recorded = argument("mask");
  if (recorded && recorded->is_array())
    recorded = input < recorded->size() && !(*recorded)[input].is_null() ? &(*recorded)[input] : nullptr;
  else if (input != 0)
    recorded = nullptr;
  SmallVector<size_t> indices;
  if (recorded)
    collectTensors(*recorded, indices);
  if (failed_ || indices.empty() || indices[0] >= allInputs_.size())
    return carriedMask(input);
  Value mask = allInputs_[indices[0]];
  return elementType(mask).isInteger(1) ? mask : binary(nn::BinaryFunction::NotEqual, mask, 0.0);
}

bool LayerImport::fits(Value mask, Value x) {
  if (failed())
    return false;
  ArrayRef<int64_t> sizes = shape(mask), whole = shape(x);
  bool fit = sizes.size() <= whole.size() &&
             llvm::all_of(llvm::zip(llvm::reverse(sizes), llvm::reverse(whole)),
                          [](auto pair) { return std::get<0>(pair) == 1 || std::get<0>(pair) == std::get<1>(pair); });
  if (!fit)
    fail() << "a mask of shape " << shapeText(sizes) << " does not fit " << shapeText(whole);
  return fit;
}

void LayerImport::setMask(Value mask, size_t result) {
  if (!masks_)
    masks_.emplace();
  masks_->resize(std::max(masks_->size(), result + 1));
  (*masks_)[result] = mask;
}

Value LayerImport::input() {
  if (!failed_ && inputs_.size() != 1)
    fail() << "expects one input; got " << inputs_.size();
  return failed_ ? Value() : inputs_[0];
}

Value LayerImport::single(Value x) {
  bool fits = failed_ || elementType(x).isF32() || elementType(x).isF64();
  return fits ? x : cast(x, builder_.getF32Type());
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

const Array *LayerImport::arrayOf(const Layer &layer, size_t index, StringRef name, ArrayRef<int64_t> expected) {
  if (failed_)
    return nullptr;
  if (index >= layer.weights.size()) {
    fail() << "weight '" << name << "' of shape " << shapeText(expected) << " is missing from the file";
    return nullptr;
  }
  const Array &array = layer.weights[index];
  if (ArrayRef<int64_t>(array.shape) == expected)
    return &array;
  fail() << "weight '" << name << "' has shape " << shapeText(array.shape) << " in the file; expects "
         << shapeText(expected);
  return nullptr;
}

/// Error of a weight that is stored as another type than `expected`.
static Failure wrongType(LayerImport &l, StringRef name, ElementType type, StringRef expected) {
  return l.fail() << "weight '" << name << "' is stored as " << elementTypeName(type) << "; expects " << expected;
}

const Array *LayerImport::nextArray(StringRef name, ArrayRef<int64_t> shape, std::optional<ElementType> type) {
  const Array *array = arrayOf(layer_, nextWeight_++, name, shape);
  if (!array || !type || array->type == *type)
    return array;
  wrongType(*this, name, array->type, elementTypeName(*type));
  return nullptr;
}

Value LayerImport::weightOf(const Layer &layer, size_t index, StringRef name, ArrayRef<int64_t> expected,
                            std::optional<ElementType> whole) {
  const Array *stored = arrayOf(layer, index, name, expected);
  if (!stored)
    return {};
  const Array &array = *stored;
  Sizes sizes(expected);
  for (auto [d, from] : llvm::enumerate(array.permutation))
    sizes[from] = expected[d];
  auto type = RankedTensorType::get(sizes, mlirType(array.type, context()));
  if (whole ? array.type != *whole : !isa<FloatType>(type.getElementType()))
    return wrongType(*this, name, array.type, whole ? elementTypeName(*whole) : "floats");
  std::string key = layer.path + "/" + name.str();
  context()->getLoadedDialect<nn::NnDialect>()->weights().add(
      key, type, ArrayRef<char>(reinterpret_cast<const char *>(array.data), array.bytes));
  Value weight = builder_.create<nn::WeightOp>(location_, type, key);
  return array.permutation.empty() ? weight : transpose(weight, array.permutation);
}

Value LayerImport::storedWeight(StringRef name, ArrayRef<int64_t> shape) {
  return weightOf(layer_, nextWeight_++, name, shape);
}

Value LayerImport::wholeWeight(StringRef name, ArrayRef<int64_t> shape, ElementType type) {
  return weightOf(layer_, nextWeight_++, name, shape, type);
}

Value LayerImport::innerWeight(StringRef role, size_t index, StringRef name, ArrayRef<int64_t> shape) {
  const Layer *inner = child(role);
  if (!failed_ && !inner)
    return fail() << "has no layer '" << role << "' inside";
  return failed_ ? Value() : cast(weightOf(*inner, index, name, shape), computeType_);
}

Value LayerImport::weight(StringRef name, ArrayRef<int64_t> shape) {
  return cast(storedWeight(name, shape), computeType_);
}

Value LayerImport::weight(StringRef name, ArrayRef<int64_t> stored, ArrayRef<int64_t> shape,
                          ArrayRef<int64_t> sources) {
  Value original = storedWeight(name, stored);
  if (failed_)
    return {};
  WeightStore &weights = context()->getLoadedDialect<nn::NnDialect>()->weights();
  auto op = original.getDefiningOp<nn::WeightOp>();
  ArrayRef<char> from = weights.find(op.getName())->bytes;
  size_t width = elementType(original).getIntOrFloatBitWidth() / 8;
  std::vector<char> bytes(sources.size() * width, 0);
  for (auto [i, source] : llvm::enumerate(sources))
    if (source >= 0)
      std::memcpy(bytes.data() + i * width, from.data() + static_cast<size_t>(source) * width, width);
  auto type = RankedTensorType::get(shape, elementType(original));
  op.erase();
  return cast(ownedWeight(name.str() + "/rearranged", type, std::move(bytes)), computeType_);
}

Value LayerImport::integerTable(StringRef name, ArrayRef<int64_t> values) {
  if (failed_)
    return {};
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())}, builder_.getI64Type());
  if (values.size() * sizeof(int64_t) <= static_cast<size_t>(nn::kConstantLimit))
    return builder_.create<nn::ConstantOp>(location_, type, DenseElementsAttr::get(type, values));
  const char *data = reinterpret_cast<const char *>(values.data());
  return ownedWeight(name, type, std::vector<char>(data, data + values.size() * sizeof(int64_t)));
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
  const char *data = reinterpret_cast<const char *>(floats.data());
  return cast(ownedWeight(name, type, std::vector<char>(data, data + bytes)), computeType_);
}

Value LayerImport::ownedWeight(StringRef name, RankedTensorType type, std::vector<char> bytes) {
  if (failed_)
    return {};
  std::string key = layer_.path + "/" + name.str();
  context()->getLoadedDialect<nn::NnDialect>()->weights().addOwned(key, type, std::move(bytes));
  return builder_.create<nn::WeightOp>(location_, type, key);
}

Value LayerImport::nextWeight() {
  size_t index = nextWeight_;
  return storedWeight(std::to_string(index), Sizes(ArrayRef<int64_t>(layer_.weights[index].shape)));
}

Value LayerImport::customCall(const CustomLayer &custom, ArrayRef<Value> operands, ArrayRef<int64_t> shape) {
  constexpr size_t most = 8; // dimensions of a layerc_tensor
  for (Value operand : operands)
    if (!failed_ && this->shape(operand).size() > most)
      return fail() << "has an operand of shape " << shapeText(this->shape(operand)) << ", more than " << most
                    << " dimensions";
  if (!failed_ && (shape.size() > most || boundedElements(shape) > kMaxElements))
    return fail() << "result of shape " << shapeText(shape) << " is too large";
  if (failed_)
    return {};
  std::string config = layer_.config.dump(-1, ' ', /*ensure_ascii=*/true, nlohmann::json::error_handler_t::replace);
  return builder_.create<nn::CustomCallOp>(location_, RankedTensorType::get(shape, computeType_), custom.symbol,
                                           layer_.className, config, custom.scratch, operands);
}

Value LayerImport::addBias(Value x) {
  bool bias = flag("use_bias", true);
  return failed_ || !bias ? x : add(x, weight("bias", shape(x).back()));
}

ModelState *LayerImport::findState(size_t number) {
  auto found = llvm::find_if(
      *states, [&](const ModelState &state) { return state.layer == layer_.path && state.number == number; });
  return found == states->end() ? nullptr : &*found;
}

Value LayerImport::state(size_t number, ArrayRef<int64_t> shape) {
  auto function = failed_ ? nullptr : dyn_cast<func::FuncOp>(builder_.getInsertionBlock()->getParentOp());
  if (!failed_ && (!states || !function))
    return fail() << "keeps state inside a layer that cannot";
  if (failed_)
    return {};
  if (ModelState *known = findState(number))
    return known->next;
  auto name = builder_.getNamedAttr(nn::kStateAttr, builder_.getStringAttr(layer_.path));
  auto type = RankedTensorType::get(shape, computeType_);
  unsigned position = function.getNumArguments();
  function.insertArgument(position, type, builder_.getDictionaryAttr(name), location_);
  Value argument = function.getArgument(position);
  states->push_back({layer_.path, number, argument, argument});
  return argument;
}

void LayerImport::setState(size_t number, Value next) {
  if (!failed_)
    findState(number)->next = next;
}

const Layer *LayerImport::child(StringRef role) const {
  for (const auto &[name, layer] : layer_.children)
    if (name == role)
      return &layer;
  return nullptr;
}

std::unique_ptr<LayerImport> LayerImport::inner(const Layer &layer, ArrayRef<Value> inputs, ArrayRef<Value> masks,
                                                const Call *call) {
  auto import = std::make_unique<LayerImport>(graph_, layer, call ? StringRef(call->path) : StringRef(layer.path),
                                              inputs, masks, call, builder_);
  import->states = states;
  import->custom = custom;
  return import;
}

Results LayerImport::import(const Layer &layer, ArrayRef<Value> inputs, ArrayRef<Value> masks, Results *outMasks) {
  if (failed_)
    return {};
  if (layer.model)
    return importInnerModel(*this, *layer.model, inputs, masks, outMasks);
  std::unique_ptr<LayerImport> inside = inner(layer, inputs, masks);
  Results results = importLayer(*inside, outMasks);
  follow(*inside);
  return results;
}

Value LayerImport::activation(Value x, StringRef key) { return applyActivation(*this, x, key); }
