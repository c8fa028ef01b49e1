// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The walk over the calls of a model; see Import.h. What each layer means is behind Layers.def.
#include "frontend/Import.h"

#include "frontend/Importers.h"
#include "frontend/LayerTable.h"
#include "frontend/MaskRemoval.h"
#include "frontend/Masks.h"
#include "frontend/Refusals.h"
#include "frontend/RunOrder.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace layerc;

namespace {

/// One import: the function that grows and the values of the calls so far.
class Importer {
public:
  Importer(const LayerGraph &graph, const ImportOptions &options, MLIRContext &context)
      : graph_(graph), options_(options), context_(context), builder_(&context), refusals_(graph, context),
        maskRemoval_(graph) {}
  OwningOpRef<ModuleOp> run();

private:
  func::FuncOp makeFunction(ModuleOp module);
  std::optional<RankedTensorType> inputType(const NamedTensor &input);
  void refuseMissingResults(const Call &call);
  Results importCall(const Call &call);
  void finish(func::FuncOp function);
  Value value(const TensorRef &ref) const { return element(values_, ref); }
  static Value element(const std::vector<Results> &table, const TensorRef &ref);

  const LayerGraph &graph_;
  const ImportOptions &options_;
  MLIRContext &context_;
  OpBuilder builder_;
  Refusals refusals_;
  ModelStates states_;
  std::vector<Results> values_; ///< per call; empty where the call or one before it was refused
  MaskRemoval maskRemoval_;
  std::vector<Results> masks_; ///< per call, the masks of its values; null where there is none
};

} // namespace

//===-- Layers --------------------------------------------------------------------------------------------------===//

/// The masks of the results: what the importer said, else what the layer's class does with the mask of its input.
static Results resultMasks(LayerImport &l, size_t count) {
  if (l.masks()) {
    Results masks = *l.masks();
    masks.resize(count);
    return masks;
  }
  Value mask = l.kerasMajor() >= 3 || l.layer().isOperation ? l.carriedMask() : l.mask();
  bool passes = passesMask(l.layer(), l.graph());
  if (mask && !passes && l.graph().isMultiBackendKeras())
    l.fail() << "does not support masks, and Keras " << l.graph().kerasVersion
             << " refuses to drop the mask of its input";
  return Results(count, passes ? mask : Value());
}

static const CustomLayer *findCustom(const LayerImport &l) {
  if (!l.custom || l.layer().isOperation || l.layer().className == "InputLayer")
    return nullptr;
  for (const std::string &name : {l.layer().path, l.layer().className})
    if (auto found = l.custom->find(name); found != l.custom->end())
      return &found->second;
  return nullptr;
}

/// A layer of the user's own code: all tensors of the call, then all its weights, as they are stored.
static Results importCustom(LayerImport &l, const CustomLayer &custom) {
  SmallVector<Value> operands(l.inputs());
  while (l.hasMoreWeights() && !l.failed())
    operands.push_back(l.nextWeight());
  if (!l.failed() && l.inputs().empty())
    return l.fail() << "is called without a tensor";
  if (l.failed())
    return {};
  Sizes shape(l.shape(l.inputs()[0]));
  if (!custom.shape.empty()) {
    shape.resize(1);
    llvm::append_range(shape, custom.shape);
  }
  return {l.customCall(custom, operands, shape)};
}

/// Why no importer is there for a layer with this row, if any.
static std::string whyRefused(const Layer &layer, const LayerRow *row) {
  if (row)
    return "not supported: " + std::string(row->words);
  return layer.isCustom ? "not supported: a custom layer; python -m layerc export rewrites it, --custom " +
                              layer.className + "=symbol has your own code compute it"
                        : "not supported";
}

Results layerc::importLayer(LayerImport &l, Results *masks) {
  const LayerRow *row = findLayer(l.layer());
  const CustomLayer *custom = findCustom(l);
  if (!custom && (!row || !row->import))
    return l.fail() << whyRefused(l.layer(), row);
  Results results = custom ? importCustom(l, *custom) : row->import(l);
  if (!l.failed() && l.hasMoreWeights())
    return l.fail() << "stores " << l.layer().weights.size() << " weights, more than the layer has";
  if (l.failed())
    return {};
  Results resultMask = resultMasks(l, results.size());
  if (masks)
    *masks = std::move(resultMask);
  if (l.failed())
    return {};
  assert(!results.empty() && llvm::all_of(results, [](Value v) { return bool(v); }) && "an importer forgot to fail");
  return results;
}

Results layerc::importInput(LayerImport &l) { return Results(l.inputs()); }

/// Null, false, or a list of nulls: an argument that asks for nothing.
static bool isUnset(const nlohmann::json &value) {
  return value.is_null() || value == false || (value.is_array() && llvm::all_of(value, isUnset));
}

/// Only tensors, in any nesting, and nulls.
static bool isTensors(const nlohmann::json &value) {
  return value.is_array() ? llvm::all_of(value, isTensors)
                          : value.is_null() || (value.is_object() && value.contains("tensor"));
}

/// Augmentation layers are called with training=True unless told otherwise, and prediction overrides it.
static bool isAugmentation(const Layer &layer) {
  const LayerRow *row = findLayer(layer);
  return row && llvm::is_contained({importAugmentation, importRandomCrop, importResizing, importCenterCrop,
                                    importAutoContrast, importPipeline},
                                   row->import);
}

/// Call arguments beside the tensors change what a layer computes: those that its importer did not ask for are refused.
static void refuseUnreadArguments(LayerImport &l) {
  const Call &call = *l.call();
  for (const auto &[name, value] : call.kwargs.items()) {
    if (isUnset(value) || l.hasRead(name) || (name == "inputs" && isTensors(value)))
      continue;
    if (name == "training" && value == true && !isAugmentation(l.layer()))
      l.fail() << "is called with training=True, which layerc does not compute";
    else if (name != "training")
      l.fail() << "call argument '" << name << "' is not supported";
  }
  const LayerRow *row = findLayer(l.layer());
  if (row && row->import == importTensorFlowOperation)
    return; // takes numbers by position, too
  if (call.args.is_array())
    for (const nlohmann::json &value : call.args)
      if (!isUnset(value) && !isTensors(value))
        l.fail() << "a call argument that is not a tensor is not supported";
}

/// A file may ask for a result that the layer it names does not have.
void Importer::refuseMissingResults(const Call &call) {
  for (const TensorRef &ref : call.inputs)
    if (size_t count = values_[ref.call].size(); count > 0 && static_cast<size_t>(ref.tensor) >= count)
      refusals_.add(call.path, "reads output " + std::to_string(ref.tensor) + " of '" + graph_.calls[ref.call].path +
                                   "', which has " + std::to_string(count));
}

namespace {

/// The values of a model inside a layer, and their masks.
struct InnerValues {
  LayerImport &l;
  std::vector<Results> values, masks;

  /// Element `ref` of `table`; a file may ask for one that is not there.
  Value element(const std::vector<Results> &table, const TensorRef &ref) const {
    const Results &results = table[ref.call];
    if (static_cast<size_t>(ref.tensor) < results.size())
      return results[ref.tensor];
    return l.fail() << "reads an output " << ref.tensor << " that a layer inside does not have";
  }
  SmallVector<Value> elements(const std::vector<Results> &table, const std::vector<TensorRef> &refs) const {
    return llvm::map_to_vector(refs, [&](const TensorRef &ref) { return element(table, ref); });
  }
};

} // namespace

Results layerc::importInnerModel(LayerImport &l, const LayerGraph &model, ArrayRef<Value> inputs, ArrayRef<Value> masks,
                                 Results *outMasks) {
  if (model.inputs.size() != inputs.size())
    return l.fail() << "expects " << model.inputs.size() << " inputs; got " << inputs.size();
  MaskRemoval removal(model);
  InnerValues inner{l, std::vector<Results>(model.calls.size()), std::vector<Results>(model.calls.size())};
  for (auto [i, named] : llvm::enumerate(model.inputs)) {
    inner.values[named.tensor.call] = {inputs[i]};
    inner.masks[named.tensor.call] = {i < masks.size() ? masks[i] : Value()};
  }
  for (size_t i : importOrder(model)) {
    const Call &call = model.calls[i];
    if (!inner.values[i].empty() || l.failed())
      continue;
    SmallVector<Value> values = inner.elements(inner.values, call.inputs);
    if (l.failed())
      break;
    SmallVector<Value> callMasks = inner.elements(inner.masks, call.inputs);
    for (auto [mask, ref] : llvm::zip_equal(callMasks, call.inputs))
      mask = removal.isRemoved(ref, static_cast<int>(i)) ? Value() : mask;
    std::unique_ptr<LayerImport> layer = l.inner(model.layers[call.layer], values, callMasks, &call);
    inner.values[i] = importLayer(*layer, &inner.masks[i]);
    if (!layer->layer().isOperation && !inner.values[i].empty())
      refuseUnreadArguments(*layer);
    l.follow(*layer);
    if (!l.failed() && inner.values[i].empty())
      l.fail() << "layer '" << call.path << "' cannot be built from its inputs";
  }
  Results results;
  for (const NamedTensor &output : model.outputs)
    if (!l.failed()) {
      results.push_back(inner.element(inner.values, output.tensor));
      if (outMasks)
        outMasks->push_back(inner.element(inner.masks, output.tensor));
    }
  return l.failed() ? Results() : results;
}

/// A null value stands for a result of a refused layer: then only the class is checked, so that `summary` lists it.
Results Importer::importCall(const Call &call) {
  const Layer &layer = graph_.layers[call.layer];
  refuseMissingResults(call);
  SmallVector<Value> inputs = llvm::map_to_vector(call.inputs, [&](const TensorRef &ref) { return value(ref); });
  auto number = static_cast<int>(&call - graph_.calls.data());
  SmallVector<Value> masks = llvm::map_to_vector(call.inputs, [&](const TensorRef &ref) {
    return maskRemoval_.isRemoved(ref, number) ? Value() : element(masks_, ref);
  });
  if (llvm::any_of(inputs, [](Value input) { return !input; })) {
    const LayerRow *row = findLayer(layer);
    bool isCustom = options_.custom.count(layer.className) || options_.custom.count(layer.path);
    if (!isCustom && (!row || !row->import))
      refusals_.add(call.path, whyRefused(layer, row));
    return {};
  }
  LayerImport l(graph_, layer, call.path, inputs, masks, &call, builder_);
  l.states = &states_;
  l.custom = &options_.custom;
  size_t known = refusals_.size();
  Results resultMasks, results = l.failed() ? Results() : importLayer(l, &resultMasks);
  if (!layer.isOperation && !results.empty())
    refuseUnreadArguments(l);
  if (l.failed())
    results.clear();
  masks_[static_cast<size_t>(number)] = std::move(resultMasks);
  if (results.empty() && refusals_.size() == known) // an op that refuses its operands without a word
    refusals_.add(call.path, "cannot be built from its inputs");
  return results;
}

//===-- The function --------------------------------------------------------------------------------------------===//

static std::string symbolName(StringRef name) {
  std::string symbol;
  for (char c : name)
    symbol += llvm::isAlnum(c) || c == '_' ? c : '_';
  return symbol.empty() || llvm::isDigit(symbol[0]) ? "model_" + symbol : symbol;
}

/// `--input-shape image=1x?x?x3`, with a question mark for every size that must be given.
static std::string shapeFlag(StringRef name, ArrayRef<int64_t> shape) {
  auto size = [](int64_t n) { return n < 0 ? std::string("?") : std::to_string(n); };
  return "--input-shape " + name.str() + "=" + llvm::join(llvm::map_range(shape, size), "x");
}

static std::optional<Sizes> declaredShape(const nlohmann::json &config) {
  if (!config.contains("batch_shape") || !config["batch_shape"].is_array())
    return std::nullopt;
  Sizes shape;
  for (const nlohmann::json &size : config["batch_shape"])
    shape.push_back(size.is_number_integer() ? size.get<int64_t>() : kFree);
  return shape;
}

std::optional<RankedTensorType> Importer::inputType(const NamedTensor &input) {
  const Call &call = graph_.calls[input.tensor.call];
  const nlohmann::json &config = graph_.layers[call.layer].config;
  auto refuse = [&](std::string reason) { refusals_.add(call.path, reason); };
  auto given = options_.inputShapes.find(input.name);
  std::optional<Sizes> declared = declaredShape(config);
  if (!declared && given == options_.inputShapes.end())
    return refuse("has no shape in the file; give " + shapeFlag(input.name, {1}) + "x..."), std::nullopt;
  Sizes shape = declared ? *declared : Sizes(ArrayRef<int64_t>(given->second));
  if (!shape.empty() && shape[0] < 0)
    shape[0] = options_.batch.value_or(1);
  else if (!shape.empty() && options_.batch && *options_.batch != shape[0])
    return refuse("has a fixed batch of " + std::to_string(shape[0]) + "; got --batch " +
                  std::to_string(*options_.batch)),
           std::nullopt;
  if (given != options_.inputShapes.end()) {
    if (declared)
      for (size_t d = 0; d < shape.size() && d < given->second.size(); ++d)
        shape[d] = (*declared)[d] < 0 ? given->second[d] : shape[d];
    if (ArrayRef<int64_t>(given->second) != ArrayRef<int64_t>(shape))
      return refuse("has shape " + shapeText(*declared) + "; got --input-shape of " + shapeText(given->second)),
             std::nullopt;
  }
  if (llvm::any_of(shape, [](int64_t size) { return size < 0; }))
    return refuse("has free sizes " + shapeText(shape) + "; give " + shapeFlag(input.name, shape)), std::nullopt;
  if (shape.empty()) // importers rely on a batch dimension
    return refuse("has no batch dimension"), std::nullopt;
  if (boundedElements(shape) == 0 || boundedElements(shape) > kMaxElements)
    return refuse("has an empty or too large shape " + shapeText(shape)), std::nullopt;
  std::string dtype = config.is_object() && config.contains("dtype") && config["dtype"].is_string()
                          ? config["dtype"].get<std::string>()
                          : "float32";
  std::optional<ElementType> element = elementTypeFromName(dtype);
  if (!element)
    return refuse("dtype '" + dtype + "' is not supported"), std::nullopt;
  for (const char *key : {"sparse", "ragged", "optional"})
    if (config.is_object() && config.contains(key) && config[key] == true)
      return refuse(std::string(key) + " inputs are not supported"), std::nullopt;
  return RankedTensorType::get(shape, mlirType(*element, &context_));
}

func::FuncOp Importer::makeFunction(ModuleOp module) {
  SmallVector<Type> types;
  for (const NamedTensor &input : graph_.inputs)
    types.push_back(inputType(input).value_or(RankedTensorType()));
  if (!refusals_.empty())
    return {};
  builder_.setInsertionPointToEnd(module.getBody());
  std::string name = symbolName(options_.name.empty() ? graph_.name : options_.name);
  auto function = builder_.create<func::FuncOp>(module.getLoc(), name, builder_.getFunctionType(types, {}));
  Block *body = function.addEntryBlock();
  for (auto [i, input] : llvm::enumerate(graph_.inputs)) {
    function.setArgAttr(i, "nn.name", builder_.getStringAttr(input.name));
    values_[input.tensor.call] = {body->getArgument(static_cast<unsigned>(i))};
  }
  builder_.setInsertionPointToEnd(body);
  return function;
}

Value Importer::element(const std::vector<Results> &table, const TensorRef &ref) {
  const Results &results = table[ref.call];
  return static_cast<size_t>(ref.tensor) < results.size() ? results[ref.tensor] : Value();
}

void Importer::finish(func::FuncOp function) {
  SmallVector<Value> results;
  SmallVector<DictionaryAttr> attributes;
  for (const NamedTensor &output : graph_.outputs) {
    results.push_back(value(output.tensor));
    attributes.push_back(
        builder_.getDictionaryAttr({builder_.getNamedAttr("nn.name", builder_.getStringAttr(output.name))}));
  }
  for (const ModelState &state : states_) {
    results.push_back(state.next);
    attributes.push_back(
        builder_.getDictionaryAttr({builder_.getNamedAttr(nn::kStateAttr, builder_.getStringAttr(state.layer))}));
  }
  builder_.create<func::ReturnOp>(function.getLoc(), results);
  function.setType(builder_.getFunctionType(function.getArgumentTypes(), ValueRange(results).getTypes()));
  function.setAllResultAttrs(attributes);
  // Masks that nothing used.
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.front())))
    if (isOpTriviallyDead(&op))
      op.erase();
}

OwningOpRef<ModuleOp> Importer::run() {
  OwningOpRef<ModuleOp> module = ModuleOp::create(NameLoc::get(builder_.getStringAttr(graph_.name)));
  values_.resize(graph_.calls.size());
  masks_.resize(graph_.calls.size());
  func::FuncOp function = makeFunction(*module);
  for (size_t i : importOrder(graph_))
    if (function && graph_.layers[graph_.calls[i].layer].className != "InputLayer")
      values_[i] = importCall(graph_.calls[i]);
  for (const NamedTensor &output : graph_.outputs)
    if (refusals_.empty() && !value(output.tensor))
      refusals_.add("", "output '" + output.name + "' has no value");
  bool ok = refusals_.empty();
  if (ok)
    finish(function);
  refusals_.report(options_);
  return ok ? std::move(module) : nullptr;
}

OwningOpRef<ModuleOp> layerc::importModel(const LayerGraph &graph, const ImportOptions &options, MLIRContext &context) {
  context.loadDialect<func::FuncDialect, nn::NnDialect>();
  context.getLoadedDialect<nn::NnDialect>()->weights().keepAlive(graph.arrays);
  return Importer(graph, options, context).run();
}
