// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registration of the nn dialect, nn.kernel's text form, and small questions about nn ops.
#include "ir/Nn.h"

#include "ir/Plan.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace layerc;
using namespace layerc::nn;

#include "ir/NnDialect.cpp.inc"
#include "ir/NnEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "ir/NnAttrs.cpp.inc"
#define GET_OP_CLASSES
#include "ir/NnOps.cpp.inc"

void NnDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "ir/NnAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "ir/NnOps.cpp.inc"
      >();
}

Operation *NnDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location location) {
  return builder.create<ConstantOp>(location, type, cast<ElementsAttr>(value));
}

namespace {
/// Block arguments and what they are bound to: (%a = %x, ...), before their types are known.
struct Bindings {
  SmallVector<OpAsmParser::Argument> arguments;
  SmallVector<OpAsmParser::UnresolvedOperand> operands;

  ParseResult parse(OpAsmParser &parser) {
    return parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, [&]() -> ParseResult {
      return failure(parser.parseArgument(arguments.emplace_back()) || parser.parseEqual() ||
                     parser.parseOperand(operands.emplace_back()));
    });
  }

  /// `: (types) -> types`; gives the operands and results to `state`.
  ParseResult parseTypes(OpAsmParser &parser, OperationState &state, FunctionType &type) {
    if (parser.parseColon() || parser.parseType(type))
      return failure();
    if (type.getNumInputs() != operands.size())
      return parser.emitError(parser.getNameLoc(), "expects one type per operand; got ")
             << type.getNumInputs() << " for " << operands.size();
    state.addTypes(type.getResults());
    return parser.resolveOperands(operands, type.getInputs(), parser.getNameLoc(), state.operands);
  }
};
} // namespace

static void printBindings(OpAsmPrinter &printer, ArrayRef<BlockArgument> arguments, ValueRange operands) {
  printer << "(";
  llvm::interleaveComma(llvm::zip(arguments, operands), printer, [&](auto pair) {
    printer.printOperand(std::get<0>(pair));
    printer << " = ";
    printer.printOperand(std::get<1>(pair));
  });
  printer << ")";
}

// nn.kernel(%a = %x, ...) algorithm("conv") tile [..] units [..] shared(..) worker(..) : (types) -> types { ... }
ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &state) {
  Bindings bindings;
  if (bindings.parse(parser))
    return failure();
  Builder &builder = parser.getBuilder();
  auto parseInts = [&](StringRef keyword) -> ParseResult {
    if (failed(parser.parseOptionalKeyword(keyword)))
      return success();
    Attribute ints = DenseI64ArrayAttr::parse(parser, Type());
    if (!ints)
      return failure();
    state.addAttribute(keyword, ints);
    return success();
  };
  auto parseBytes = [&](StringRef keyword, StringRef name) -> ParseResult {
    int64_t bytes = 0;
    if (failed(parser.parseOptionalKeyword(keyword)))
      return success();
    if (parser.parseLParen() || parser.parseInteger(bytes) || parser.parseRParen())
      return failure();
    state.addAttribute(name, builder.getI64IntegerAttr(bytes));
    return success();
  };
  if (succeeded(parser.parseOptionalKeyword("algorithm"))) {
    std::string algorithm;
    if (parser.parseLParen() || parser.parseString(&algorithm) || parser.parseRParen())
      return failure();
    state.addAttribute("algorithm", builder.getStringAttr(algorithm));
  }
  FunctionType type;
  // The region's text comes last: its block arguments take the operands' types, which stand before it.
  if (parseInts("tile") || parseInts("units") || parseBytes("shared", "shared_scratch") ||
      parseBytes("worker", "worker_scratch") || parser.parseOptionalAttrDict(state.attributes) ||
      bindings.parseTypes(parser, state, type))
    return failure();
  for (auto [argument, operandType] : llvm::zip(bindings.arguments, type.getInputs()))
    argument.type = operandType;
  return parser.parseRegion(*state.addRegion(), bindings.arguments);
}

void KernelOp::print(OpAsmPrinter &printer) {
  printBindings(printer, getBody().getArguments(), getInputs());
  if (getAlgorithm())
    printer << " algorithm(\"" << *getAlgorithm() << "\")";
  auto printInts = [&](StringRef keyword, DenseI64ArrayAttr ints) {
    if (!ints)
      return;
    printer << " " << keyword << " ";
    ints.print(printer);
  };
  printInts("tile", getTileAttr());
  printInts("units", getUnitsAttr());
  if (getSharedScratch())
    printer << " shared(" << getSharedScratch() << ")";
  if (getWorkerScratch())
    printer << " worker(" << getWorkerScratch() << ")";
  printer.printOptionalAttrDict((*this)->getAttrs(),
                                {"algorithm", "tile", "units", "shared_scratch", "worker_scratch"});
  printer << " : ";
  printer.printFunctionalType(*this);
  printer << " ";
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

/// The type of one element of a sequence's first dimension.
static Type sliceType(Type sequence) {
  auto type = dyn_cast<RankedTensorType>(sequence);
  return type && type.getRank() > 0 ? type.clone(type.getShape().drop_front()) : sequence;
}

YieldOp ScanOp::yield() { return cast<YieldOp>(getBody().front().back()); }

OpResult ScanOp::resultOf(size_t number) {
  return getOutputs()[number < carriedCount() ? number : carriedCount() + (number - carriedCount()) / getUnroll()];
}

// nn.scan(%a = %x, ...) carry(%s = %zero, ...) reverse unroll(1) : (types) -> types { ... }
// With unroll(n) each sequence is named n times, once for each of its slices.
SmallVector<Operation *> ScanOp::projections() {
  constexpr int64_t mostRows = 16; // more fill the registers by themselves and gain nothing from those of other steps
  Block &block = getBody().front();
  llvm::DenseSet<Value> following(carried().begin(), carried().end());
  SmallVector<Operation *> found;
  for (Operation &op : block) {
    bool follows = false;
    op.walk([&](Operation *inner) {
      follows |= llvm::any_of(inner->getOperands(), [&](Value operand) { return following.contains(operand); });
    });
    if (follows)
      following.insert(op.result_begin(), op.result_end());
    if (follows || !isa<ContractOp, ConvOp>(op))
      continue;
    auto type = cast<RankedTensorType>(op.getResult(0).getType());
    if (getInitials().empty() || type.getRank() == 0 || type.getNumElements() < mostRows * type.getShape().back())
      found.push_back(&op);
  }
  return found;
}

ParseResult ScanOp::parse(OpAsmParser &parser, OperationState &state) {
  Bindings bindings;
  if (bindings.parse(parser))
    return failure();
  size_t sequences = bindings.operands.size();
  if (succeeded(parser.parseOptionalKeyword("carry")) && bindings.parse(parser))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("reverse")))
    state.addAttribute("reverse", parser.getBuilder().getUnitAttr());
  int64_t unroll = 1;
  if (succeeded(parser.parseOptionalKeyword("unroll"))) {
    if (parser.parseLParen() || parser.parseInteger(unroll) || parser.parseRParen())
      return failure();
    if (unroll < 1 || sequences % unroll != 0)
      return parser.emitError(parser.getNameLoc()) << "expects each sequence " << unroll << " times";
    state.addAttribute("unroll", parser.getBuilder().getI64IntegerAttr(unroll));
  }
  FunctionType type;
  size_t slices = sequences;
  sequences /= unroll;
  for (size_t sequence = 0; sequence < sequences; ++sequence) // the others name the same
    bindings.operands.erase(bindings.operands.begin() + sequence + 1, bindings.operands.begin() + sequence + unroll);
  if (parser.parseOptionalAttrDict(state.attributes) || bindings.parseTypes(parser, state, type))
    return failure();
  for (auto [number, argument] : llvm::enumerate(bindings.arguments))
    argument.type =
        number < slices ? sliceType(type.getInput(number / unroll)) : type.getInput(number - slices + sequences);
  int32_t count = static_cast<int32_t>(sequences), all = static_cast<int32_t>(bindings.operands.size());
  state.addAttribute(getOperandSegmentSizesAttrName(state.name),
                     parser.getBuilder().getDenseI32ArrayAttr({count, all - count}));
  return parser.parseRegion(*state.addRegion(), bindings.arguments);
}

void ScanOp::print(OpAsmPrinter &printer) {
  SmallVector<Value> sequences;
  for (BlockArgument slice : slices())
    sequences.push_back(sequenceOf(slice));
  printBindings(printer, slices(), sequences);
  if (!getInitials().empty()) {
    printer << " carry";
    printBindings(printer, carried(), getInitials());
  }
  if (getReverse())
    printer << " reverse";
  if (getUnroll() != 1)
    printer << " unroll(" << getUnroll() << ")";
  printer.printOptionalAttrDict((*this)->getAttrs(), {"reverse", "unroll", getOperandSegmentSizesAttrName()});
  printer << " : ";
  printer.printFunctionalType(*this);
  printer << " ";
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

static void collectPaths(Location location, llvm::SetVector<StringRef> &paths) {
  if (auto name = dyn_cast<NameLoc>(location))
    paths.insert(name.getName());
  else if (auto fused = dyn_cast<FusedLoc>(location))
    for (Location part : fused.getLocations())
      collectPaths(part, paths);
}

SmallVector<std::string> nn::layerPaths(Location location) {
  llvm::SetVector<StringRef> paths;
  collectPaths(location, paths);
  return llvm::map_to_vector(paths, [](StringRef path) { return path.str(); });
}

bool nn::isElementwise(Operation *op) { return isa<UnaryOp, BinaryOp, SelectOp, CastOp, AffineOp>(op); }

bool nn::isWeightExpression(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return false;
  if (isa<WeightOp, ConstantOp>(op))
    return true;
  return op->getNumRegions() == 0 && op->getNumOperands() > 0 && isa<NnDialect>(op->getDialect()) &&
         !isa<CustomCallOp>(op) && llvm::all_of(op->getOperands(), isWeightExpression);
}
