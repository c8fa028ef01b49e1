// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Description of the scan template: small recurrent cells, whose steps cost less than the calls of several kernels, run
// as one kernel of one unit. Weights lie in panels, one group of them per gate, so that a block of units reads each
// gate's weights in order.
#include "ir/kernels/Scan.h"

#include "mlir/IR/Block.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <map>

using namespace mlir;
using namespace layerc;

/// Weights of a cell beyond which its products are worth the work of several threads and the calls cost little.
static constexpr int64_t kMostWeights = 32 << 10;
static constexpr int64_t kMostLocalFloats = 4 << 10; // 16 KB of stack
static constexpr int64_t kMostRows = 4;              // more rows are worth a matrix product that reads weights once

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }
static int64_t widthOf(Value value) { return typeOf(value).getRank() == 0 ? 1 : typeOf(value).getShape().back(); }
static int64_t rowsOf(Value value) { return typeOf(value).getNumElements() / widthOf(value); }

int64_t ScanTile::lanes(int64_t width, int64_t most) {
  // Below 128 bits no instruction is narrower.
  auto filled = static_cast<int64_t>(llvm::bit_ceil(static_cast<uint64_t>(width)));
  return std::min(std::max<int64_t>(filled, 4), most);
}

int64_t ScanTile::columns(int64_t width, int64_t most) const {
  int64_t each = lanes(width, most);
  return std::min<int64_t>(vectors, llvm::divideCeil(width, each)) * each;
}

int64_t ScanGeometry::weights() const {
  int64_t count = 0;
  for (auto product : step->getOps<nn::ContractOp>())
    count += typeOf(product.getRhs()).getNumElements();
  return count;
}

int64_t ScanGeometry::localFloats() const {
  int64_t count = 0;
  for (const ScanStage &stage : stages)
    count += static_cast<int64_t>(stage.values.size()) * stage.rows * stage.width;
  if (scan)
    for (Value initial : nn::ScanOp(scan).getInitials())
      count += 2 * typeOf(initial).getNumElements();
  return count;
}

namespace {

/// The op as x[..., k] w[k, n] with `w` a block argument of the kernel, packed or not.
bool isProductWithWeight(nn::ContractOp op) {
  Value weight = op.getRhs();
  if (auto unpack = weight.getDefiningOp<nn::UnpackOp>())
    weight = unpack.getInput();
  auto argument = dyn_cast<BlockArgument>(weight);
  bool isBatched = op.getLhsBatch() && !op.getLhsBatch()->empty();
  return argument && !isa<nn::ScanOp>(argument.getOwner()->getParentOp()) && !isBatched &&
         typeOf(op.getRhs()).getRank() == 2 && op.getRhsContracting() == ArrayRef<int64_t>{0} &&
         op.getLhsContracting() == ArrayRef<int64_t>{typeOf(op.getLhs()).getRank() - 1} && typeOf(op).getRank() > 0 &&
         typeOf(op.getLhs()).getElementType().isF32() && typeOf(op.getRhs()).getElementType().isF32();
}

/// Cuts a step into stages.
class StageFinder {
public:
  StageFinder(Block &step, std::string &reason) : step(step), reason(reason) {}

  bool find(SmallVectorImpl<ScanStage> &stages) {
    for (Operation &op : step.without_terminator())
      if (!isTaken(&op))
        return false;
    if (!findKept())
      return false;
    // By level, then in program order.
    std::map<std::tuple<int64_t, int64_t, int64_t>, ScanStage> found;
    for (Value value : kept) {
      ScanStage &stage = found[{levelOf(value), -rowsOf(value), -widthOf(value)}];
      stage.values.push_back(value);
      stage.rows = rowsOf(value);
      stage.width = widthOf(value);
    }
    for (auto &[key, stage] : found) {
      for (Value value : stage.values)
        if (!collect(value, 0, std::get<0>(key), stage))
          return false;
      llvm::stable_sort(stage.pieces, [](ScanPiece a, ScanPiece b) {
        return a.product == b.product ? a.column < b.column : a.product->isBeforeInBlock(b.product);
      });
      stages.push_back(std::move(stage));
    }
    return true;
  }

private:
  bool refuse(Twine text) { return reason = text.str(), false; }

  bool isTaken(Operation *op) {
    if (auto product = dyn_cast<nn::ContractOp>(op))
      return isProductWithWeight(product) || refuse("a product that is not of f32 activations and a matrix of weights");
    return nn::isElementwise(op) ||
           isa<nn::ConstantOp, nn::UnpackOp, nn::SliceOp, nn::ReshapeOp, nn::BroadcastOp>(op) ||
           refuse(op->getName().getStringRef() + " is neither elementwise nor a product");
  }

  /// Whether an op of the step computes `value` anew in each step.
  bool isComputed(Value value) {
    Operation *op = value.getDefiningOp();
    return op && op->getBlock() == &step && !isa<nn::ConstantOp, nn::UnpackOp>(op);
  }

  /// The values that must be in memory: what leaves the step, and what products read.
  bool findKept() {
    llvm::SetVector<Value> found;
    for (Value value : step.getTerminator()->getOperands())
      if (!isComputed(value))
        return refuse("a result that the step does not compute");
      else
        found.insert(value);
    for (auto product : step.getOps<nn::ContractOp>())
      if (isComputed(product.getLhs()))
        found.insert(product.getLhs());
    kept = found.takeVector();
    llvm::sort(kept, [](Value a, Value b) { return a.getDefiningOp()->isBeforeInBlock(b.getDefiningOp()); });
    return llvm::all_of(kept, [&](Value value) {
      return (typeOf(value).getElementType().isF32() && typeOf(value).getRank() > 0) ||
             refuse("a value between steps or products that is no vector of f32");
    });
  }

  /// How many products, each of which reads the one before it, lie before `value`.
  int64_t levelOf(Value value) {
    if (!isComputed(value))
      return 0;
    if (auto known = levels.find(value); known != levels.end())
      return known->second;
    int64_t level = 0;
    Operation *op = value.getDefiningOp();
    for (Value operand : op->getOperands())
      level = std::max(level, levelOf(operand));
    if (isa<nn::ContractOp>(op) && isComputed(op->getOperand(0)))
      level = levelOf(op->getOperand(0)) + 1;
    return levels[value] = level;
  }

  bool dependsOnProduct(Value value) {
    return isComputed(value) && (value.getDefiningOp<nn::ContractOp>() ||
                                 llvm::any_of(value.getDefiningOp()->getOperands(),
                                              [&](Value operand) { return dependsOnProduct(operand); }));
  }

  /// Notes what columns from `column` on of `value` need of products. What stages of lower levels keep is read from
  /// memory.
  bool collect(Value value, int64_t column, int64_t level, ScanStage &stage) {
    if (!isComputed(value) || (llvm::is_contained(kept, value) && levelOf(value) < level) ||
        !visited.insert({value, column, &stage}).second)
      return true;
    auto follow = [&](Value operand, int64_t from) { return collect(operand, from, level, stage); };
    Operation *op = value.getDefiningOp();
    if (auto product = dyn_cast<nn::ContractOp>(op))
      return addPiece(product, column, stage);
    if (auto slice = dyn_cast<nn::SliceOp>(op); slice && keepsRows(slice))
      return follow(slice.getInput(), column + slice.getStarts().back());
    if (auto reshape = dyn_cast<nn::ReshapeOp>(op);
        reshape && stage.rows == 1 && widthOf(reshape.getInput()) == widthOf(value))
      return follow(reshape.getInput(), column);
    return llvm::all_of(op->getOperands(), [&](Value operand) {
      if (nn::isElementwise(op) && typeOf(operand).getShape() == typeOf(value).getShape())
        return follow(operand, column);
      return !dependsOnProduct(operand) || refuse("the columns of a product are moved");
    });
  }

  static bool keepsRows(nn::SliceOp slice) {
    ArrayRef<int64_t> from = typeOf(slice.getInput()).getShape(), to = typeOf(slice).getShape();
    return from.size() == to.size() && from.drop_back() == to.drop_back() &&
           slice.stride(static_cast<int64_t>(to.size()) - 1) == 1;
  }

  bool addPiece(nn::ContractOp product, int64_t column, ScanStage &stage) {
    if (column % stage.width != 0 || widthOf(product) % stage.width != 0 || rowsOf(product) != stage.rows)
      return refuse("gates of different widths");
    int64_t &width = widths.try_emplace(product.getRhs(), stage.width).first->second;
    if (width != stage.width)
      return refuse("a weight that is read in blocks of different widths");
    stage.pieces.push_back({product, column});
    return true;
  }

  Block &step;
  std::string &reason;
  SmallVector<Value> kept;
  DenseMap<Value, int64_t> levels, widths;
  DenseSet<std::tuple<Value, int64_t, ScanStage *>> visited;
};

/// What may stand beside the scan in a kernel's body.
bool isBesideScan(Operation &op) {
  return isa<nn::ScanOp, nn::ConstantOp, nn::BroadcastOp, nn::UnpackOp, nn::YieldOp>(op);
}

bool readsAndReturnsPlainly(nn::ScanOp scan, Block &body, std::string &reason) {
  for (Operation &op : body)
    if (!isBesideScan(op))
      return reason = (op.getName().getStringRef() + " beside the scan").str(), false;
  if (scan.getUnroll() != 1)
    return reason = "unrolled steps", false;
  for (Value sequence : scan.getSequences())
    if (!isa<BlockArgument>(sequence))
      return reason = "sequences must be in memory", false;
  for (Value initial : scan.getInitials())
    if (!typeOf(initial).getElementType().isF32() || typeOf(initial).getRank() == 0)
      return reason = "a state that is no vector of f32", false;
  for (Value result : body.getTerminator()->getOperands())
    if (result.getDefiningOp() != scan)
      return reason = "a result that is not the scan's", false;
  return true;
}

} // namespace

std::optional<ScanGeometry> layerc::scanGeometry(Block &body, std::string &reason) {
  ScanGeometry g;
  auto scans = body.getOps<nn::ScanOp>();
  if (!scans.empty())
    g.scan = *scans.begin();
  if (g.scan && (!llvm::hasSingleElement(scans) || !readsAndReturnsPlainly(g.scan, body, reason)))
    return std::nullopt;
  g.step = g.scan ? &g.scan.getBody().front() : &body;
  if (!StageFinder(*g.step, reason).find(g.stages))
    return std::nullopt;
  return g;
}

ScanGeometry layerc::scanGeometry(Block &body) {
  std::string reason;
  std::optional<ScanGeometry> g = scanGeometry(body, reason);
  assert(g && "the template has accepted the body");
  return *g;
}

namespace {

struct ScanTemplate final : KernelTemplate {
  StringRef name() const override { return "scan"; }

  bool accepts(Block &body, std::string &reason) const override {
    std::optional<ScanGeometry> g = scanGeometry(body, reason);
    if (!g)
      return false;
    // One product without a loop is what other templates are for.
    if (llvm::range_size(g->step->getOps<nn::ContractOp>()) < (g->scan ? 1 : 2))
      return reason = "too few products", false;
    int64_t most = g->scan ? kMostRows : 1;
    if (llvm::any_of(g->stages, [&](const ScanStage &stage) { return stage.rows > most; }))
      return reason = "too many rows", false;
    if (g->weights() > kMostWeights)
      return reason = "so many weights are read faster by several threads", false;
    return g->localFloats() <= kMostLocalFloats || (reason = "too large a state", false);
  }

  void candidates(nn::KernelOp kernel, const Target &target, SmallVectorImpl<KernelChoice> &choices) const override {
    ScanGeometry g = scanGeometry(kernel.getBody().front());
    // One register stays for the factor, one for what the FMA loads, two for constants.
    int64_t registers = target.vectorRegisters - 4;
    size_t pieces = 1;
    for (const ScanStage &stage : g.stages)
      pieces = std::max(pieces, stage.pieces.size());
    ScanTile tile;
    tile.vectors = std::max<int64_t>(1, registers / static_cast<int64_t>(pieces));
    KernelChoice choice;
    choice.algorithm = name().str();
    choice.tile = tile.numbers();
    choice.units = {1};
    choice.layouts.resize(kernel.getNumOperands());
    for (const ScanStage &stage : g.stages)
      for (ScanPiece piece : stage.pieces)
        choice.layouts[cast<BlockArgument>(piece.product.getRhs()).getArgNumber()] =
            nn::LayoutAttr::get(kernel.getContext(), "panels", tile.columns(stage.width, target.lanes()),
                                widthOf(piece.product) / stage.width);
    choice.nanoseconds = nanoseconds(g, target);
    choices.push_back(std::move(choice));
  }

  Access access(Block &, unsigned) const override { return Access::Whole; }

private:
  static double nanoseconds(const ScanGeometry &g, const Target &target) {
    auto lanes = static_cast<double>(target.lanes());
    double products = 0, functions = 0;
    for (const ScanStage &stage : g.stages) {
      for (ScanPiece piece : stage.pieces)
        products += static_cast<double>(stage.rows * stage.width * widthOf(piece.product.getLhs()));
      // A gate's function, and what leads from one stage to the next, take some 40 cycles.
      functions += 40.0 * static_cast<double>(stage.rows) *
                   (1 + static_cast<double>(stage.pieces.size()) * static_cast<double>(stage.width) / (4 * lanes));
    }
    double cycles = products / lanes / 1.5 + functions;
    return static_cast<double>(g.steps()) * std::max(cycles / target.cyclesPerNanosecond(),
                                                     target.readNanoseconds(4.0 * static_cast<double>(g.weights())));
  }
};

} // namespace

const KernelTemplate &layerc::scanTemplate() {
  static const ScanTemplate instance;
  return instance;
}
