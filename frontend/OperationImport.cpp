// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arguments of operations by name, and literals as tensors; see OperationImport.h.
#include "frontend/OperationImport.h"

#include "ir/Evaluate.h"

#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace mlir;
using namespace layerc;
using nlohmann::json;

OperationImport::OperationImport(LayerImport &l, StringRef parameters)
    : l(l), operation(l.className()), arguments_(json::object()) {
  if (l.layer().config.is_object())
    arguments_ = l.layer().config;
  SmallVector<StringRef> names;
  parameters.split(names, ' ', -1, /*KeepEmpty=*/false);
  const json args = l.call() && l.call()->args.is_array() ? l.call()->args : json::array();
  size_t taken = 0;
  for (StringRef name : names)
    if (name.consume_back("...")) {
      arguments_[name.str()] = json::array();
      for (; taken < args.size(); ++taken)
        arguments_[name.str()].push_back(args[taken]);
    } else if (taken < args.size()) {
      arguments_[name.str()] = args[taken++];
    }
  if (taken < args.size())
    l.fail() << "is called with " << args.size() << " arguments; expects " << taken;
  if (l.call() && l.call()->kwargs.is_object())
    for (const auto &[name, value] : l.call()->kwargs.items())
      arguments_[name] = value;
}

const json *OperationImport::value(StringRef name) const {
  auto found = arguments_.find(name.str());
  return found == arguments_.end() || found->is_null() ? nullptr : &*found;
}

Failure OperationImport::wrongArgument(StringRef name, StringRef expected) {
  const json *given = value(name);
  std::string text = given ? given->dump(-1, ' ', true, json::error_handler_t::replace) : "nothing";
  return l.fail() << "argument '" << name << "' expects " << expected << "; got "
                  << (text.size() > 80 ? text.substr(0, 80) + "..." : text);
}

bool OperationImport::flag(StringRef name, bool standard) {
  const json *given = value(name);
  if (given && !given->is_boolean())
    wrongArgument(name, "true or false");
  return given && given->is_boolean() ? given->get<bool>() : standard;
}

double OperationImport::number(StringRef name, double standard) {
  const json *given = value(name);
  if (given && !given->is_number())
    wrongArgument(name, "a number");
  return given && given->is_number() ? given->get<double>() : standard;
}

int64_t OperationImport::integer(StringRef name, std::optional<int64_t> standard) {
  const json given = value(name) ? withNumbers(*value(name)) : json();
  if (given.is_null() ? !standard : !given.is_number_integer())
    wrongArgument(name, "an integer");
  return given.is_number_integer() ? given.get<int64_t>() : standard.value_or(1);
}

std::string OperationImport::string(StringRef name, StringRef standard) {
  const json *given = value(name);
  if (given && !given->is_string())
    wrongArgument(name, "a word");
  return given && given->is_string() ? given->get<std::string>() : standard.str();
}

static const json *tensorIndex(const json &value) {
  return value.is_object() && value.contains("tensor") && value["tensor"].is_number_integer() ? &value["tensor"]
                                                                                              : nullptr;
}

json OperationImport::withNumbers(const json &value) {
  if (const json *index = tensorIndex(value); index && !l.failed()) {
    Value tensor = l.tensor(index->get<size_t>());
    if (!tensor || !isa<IntegerType>(l.elementType(tensor)) || l.rank(tensor) > 1 || !nn::isWeightExpression(tensor))
      return value;
    Evaluator evaluator(l.context()->getLoadedDialect<nn::NnDialect>()->weights());
    TensorData data = evaluator.evaluate(tensor);
    json numbers = json::array();
    for (int64_t i = 0; i < data.size(); ++i)
      numbers.push_back(data.at(i).integer);
    return l.rank(tensor) == 0 ? numbers[0] : numbers;
  }
  if (!value.is_structured())
    return value;
  json copy = value;
  for (json &part : copy)
    part = withNumbers(part);
  return copy;
}

Sizes OperationImport::integers(StringRef name) {
  const json given = value(name) ? withNumbers(*value(name)) : json();
  if (given.is_number_integer())
    return {given.get<int64_t>()};
  Sizes result;
  if (given.is_array() && llvm::all_of(given, [](const json &v) { return v.is_number_integer(); }))
    llvm::append_range(result, given.get<std::vector<int64_t>>());
  else
    wrongArgument(name, "integers");
  return result;
}

int64_t OperationImport::axis(StringRef name, int64_t rank, std::optional<int64_t> standard) {
  int64_t axis = integer(name, standard);
  axis += axis < 0 ? rank : 0;
  if (!l.failed() && (axis < 0 || axis >= rank))
    wrongArgument(name, "an axis of a tensor of rank " + std::to_string(rank));
  return l.failed() ? 0 : axis;
}

Sizes OperationImport::axes(StringRef name, int64_t rank) {
  Sizes axes(rank);
  std::iota(axes.begin(), axes.end(), 0);
  if (!has(name))
    return axes;
  axes = integers(name);
  for (int64_t &axis : axes)
    axis += axis < 0 ? rank : 0;
  llvm::sort(axes);
  bool inside = llvm::all_of(axes, [&](int64_t axis) { return axis >= 0 && axis < rank; });
  if (!l.failed() && (!inside || std::adjacent_find(axes.begin(), axes.end()) != axes.end()))
    wrongArgument(name, "distinct axes of a tensor of rank " + std::to_string(rank));
  return l.failed() ? Sizes() : axes;
}

Type OperationImport::elementType(StringRef name, Type standard) {
  const json *given = value(name);
  if (!given)
    return standard;
  std::optional<ElementType> type = given->is_string() ? elementTypeFromName(given->get<std::string>()) : std::nullopt;
  if (!type)
    wrongArgument(name, "an element type that layerc knows");
  return type ? mlirType(*type, l.context()) : standard;
}

//===-- Tensors -------------------------------------------------------------------------------------------------===//

Value OperationImport::constant(Type element, ArrayRef<int64_t> shape, ArrayRef<double> numbers) {
  TensorData data = makeTensor(RankedTensorType::get(shape, element));
  constexpr double most = int64_t{1} << 62; // files may hold any number where an integer belongs
  for (auto [i, number] : llvm::enumerate(numbers)) {
    const double whole = isa<FloatType>(element) || std::isnan(number) ? 0 : std::clamp(number, -most, most);
    data.set(static_cast<int64_t>(i), {number, static_cast<int64_t>(whole)});
  }
  if (static_cast<int64_t>(data.bytes.size()) <= nn::kConstantLimit)
    return l.constant(toAttribute(data));
  return l.ownedWeight("constant" + std::to_string(constants_++), data.type, std::move(data.bytes));
}

Value OperationImport::asWeight(Value numbers) {
  if (l.failed() || !nn::isWeightExpression(numbers) || numbers.getDefiningOp<nn::WeightOp>())
    return numbers;
  Evaluator evaluator(l.context()->getLoadedDialect<nn::NnDialect>()->weights());
  TensorData data = evaluator.evaluate(numbers);
  return l.ownedWeight("constant" + std::to_string(constants_++), data.type, std::move(data.bytes));
}

Value OperationImport::iota(Type element, int64_t size, int64_t axis, int64_t rank) {
  if (l.failed())
    return {};
  std::vector<double> numbers(static_cast<size_t>(size));
  std::iota(numbers.begin(), numbers.end(), 0);
  Sizes shape(rank, 1);
  shape[axis] = size;
  return constant(element, shape, numbers);
}

Value OperationImport::filled(ArrayRef<int64_t> shape, Type element, double number) {
  if (l.failed())
    return {};
  auto type = RankedTensorType::get(shape, element);
  TensorData one = makeTensor(RankedTensorType::get({}, element));
  one.set(0, {number, static_cast<int64_t>(number)});
  return l.constant(DenseElementsAttr::get(type, *toAttribute(one).value_begin<Attribute>()));
}

namespace {

/// A literal of the file: a number, nested lists of numbers, or an array object.
struct Literal {
  Sizes shape;
  std::vector<double> numbers;
  PromotedType type{PromotedType::Typed, ElementType::Bool};
  bool valid = true;
};

} // namespace

static void readNumbers(const json &value, size_t depth, Literal &literal) {
  if (value.is_array()) {
    if (depth == literal.shape.size()) {
      literal.valid &= literal.numbers.empty(); // else there is a number beside this list
      literal.shape.push_back(static_cast<int64_t>(value.size()));
    }
    literal.valid &= literal.shape[depth] == static_cast<int64_t>(value.size());
    for (const json &part : value)
      if (literal.valid)
        readNumbers(part, depth + 1, literal);
    return;
  }
  bool isNumber = value.is_number() || value.is_boolean();
  literal.valid &= isNumber && depth == literal.shape.size();
  if (!isNumber)
    return;
  literal.numbers.push_back(value.is_boolean() ? value.get<bool>() : value.get<double>());
  if (value.is_number_float())
    literal.type = {PromotedType::PythonFloat, ElementType::Float32};
  else if (value.is_number() && literal.type.kind == PromotedType::Typed)
    literal.type = {PromotedType::PythonInteger, ElementType::Int32};
}

/// A list of Python numbers becomes an array of int32 or float32; a single one has no width.
static Literal readLiteral(const json &value) {
  Literal literal;
  bool isArray = value.is_object() && value.contains("config") && value["config"].is_object();
  const json &numbers = isArray ? value["config"].value("value", json()) : value;
  readNumbers(numbers, 0, literal);
  if (isArray && value["config"].contains("dtype") && value["config"]["dtype"].is_string()) {
    std::optional<ElementType> type = elementTypeFromName(value["config"]["dtype"].get<std::string>());
    literal.valid &= type.has_value();
    literal.type = {PromotedType::Typed, type.value_or(ElementType::Float32)};
  } else if (value.is_array() && literal.type.kind != PromotedType::Typed) {
    literal.type.kind = PromotedType::Typed;
  }
  return literal;
}

PromotedType OperationImport::typeOf(const json &value) {
  if (const json *index = tensorIndex(value))
    return {PromotedType::Typed, elementTypeOf(l.elementType(l.tensor(index->get<size_t>())))};
  return readLiteral(value).type;
}

Value OperationImport::literal(const json &value, std::optional<Type> element) {
  if (l.failed())
    return {};
  if (const json *index = tensorIndex(value)) {
    Value tensor = l.tensor(index->get<size_t>());
    if (!tensor)
      return l.fail() << "refers to a tensor that its call does not have";
    return element ? l.cast(tensor, *element) : tensor;
  }
  Literal literal = readLiteral(value);
  if (!literal.valid)
    return l.fail() << "an argument is neither a tensor nor an array of numbers";
  if (literal.numbers.empty())
    return l.fail() << "an argument is an array without elements";
  return constant(element.value_or(mlirType(literal.type.type, l.context())), literal.shape, literal.numbers);
}

Value OperationImport::tensor(StringRef name) {
  if (!l.failed() && !has(name))
    return l.fail() << "has no argument '" << name << "'";
  return l.failed() ? Value() : literal(*value(name), std::nullopt);
}

Value OperationImport::real(StringRef name) {
  Value x = tensor(name);
  return l.failed() || isa<FloatType>(l.elementType(x)) ? x : l.cast(x, Float32Type::get(l.context()));
}

Value OperationImport::boolean(StringRef name) { return l.cast(tensor(name), IntegerType::get(l.context(), 1)); }

SmallVector<Value> OperationImport::promoted(ArrayRef<const json *> values, bool asFloats) {
  SmallVector<PromotedType> types = llvm::map_to_vector(values, [&](const json *value) { return typeOf(*value); });
  if (asFloats)
    types.push_back({PromotedType::PythonFloat, ElementType::Float32});
  Type element = mlirType(resultType(types), l.context());
  if (l.kerasMajor() < 3) // TensorFlow promotes nothing: a number takes the type of the tensor beside it
    for (const json *value : llvm::reverse(values))
      if (tensorIndex(*value))
        element = mlirType(typeOf(*value).type, l.context());
  SmallVector<Value> results;
  for (const json *value : values)
    results.push_back(literal(*value, element));
  return results;
}

SmallVector<Value> OperationImport::promoted(ArrayRef<StringRef> names, bool asFloats) {
  SmallVector<const json *> values;
  for (StringRef name : names) {
    if (!l.failed() && !has(name))
      l.fail() << "has no argument '" << name << "'";
    values.push_back(value(name));
  }
  return l.failed() ? SmallVector<Value>(names.size()) : promoted(values, asFloats);
}

SmallVector<Value> OperationImport::tensors(StringRef name) {
  const json *list = value(name);
  if (!l.failed() && (!list || !list->is_array() || list->empty()))
    wrongArgument(name, "a list of tensors");
  SmallVector<const json *> values;
  if (!l.failed())
    for (const json &element : *list)
      values.push_back(&element);
  return l.failed() ? SmallVector<Value>() : promoted(values, /*asFloats=*/false);
}

void layerc::partSizesToPlaces(json &splits) {
  if (!splits.is_array() || splits.empty())
    return;
  uint64_t end = 0; // wraps where the file's sizes are absurd, which the operation then refuses
  for (json &size : splits)
    size = static_cast<int64_t>(end += size.is_number_integer() ? size.get<uint64_t>() : 0);
  splits.erase(splits.size() - 1);
}

//===-- The table -----------------------------------------------------------------------------------------------===//

std::array<ArrayRef<OperationRow>, 11> layerc::operationGroups() {
  return {elementwiseOperations(), reductionOperations(), statisticsOperations(), shapeOperations(),
          indexingOperations(),    gatheringOperations(), productOperations(),    matrixOperations(),
          neuralOperations(),      imageOperations(),     fourierOperations()};
}

const OperationRow *layerc::findOperation(StringRef name) {
  for (ArrayRef<OperationRow> group : operationGroups())
    for (const OperationRow &operation : group)
      if (name == operation.name)
        return &operation;
  return nullptr;
}

Results layerc::importOperation(LayerImport &l) {
  const OperationRow *operation = findOperation(l.className());
  assert(operation && "the table of layers lists the operations");
  OperationImport o(l, operation->parameters);
  return l.failed() ? Results() : operation->build(o);
}
