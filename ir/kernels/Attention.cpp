// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Description of the attention template: the scores of a few rows at a time stay in the worker's cache, so the matrix
// of all scores never exists.
#include "ir/kernels/Attention.h"

#include "ir/kernels/Conv.h"

#include "mlir/IR/Block.h"
#include "llvm/Support/MathExtras.h"

#include <utility>

using namespace mlir;
using namespace layerc;

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

llvm::ArrayRef<int64_t> AttentionGeometry::headSizes() const {
  return typeOf(const_cast<nn::ContractOp &>(scores)).getShape().drop_back(2);
}

/// The contraction that `value` is after elementwise ops of one use each; those ops and it are put into `ops`.
static nn::ContractOp contractionBehind(Value value, SmallVectorImpl<Operation *> &ops) {
  Operation *op = value.getDefiningOp();
  if (!op || !value.hasOneUse() || (!nn::isElementwise(op) && !isa<nn::ContractOp>(op)))
    return nullptr;
  ops.push_back(op);
  if (auto contract = dyn_cast<nn::ContractOp>(op))
    return contract;
  for (Value operand : op->getOperands())
    if (typeOf(operand).getShape() == typeOf(value).getShape())
      if (nn::ContractOp contract = contractionBehind(operand, ops))
        return contract;
  ops.pop_back();
  return nullptr;
}

/// Whether both operands have one dimension beside those of the batch and the contracted one.
static bool isMatrixProduct(nn::ContractOp op) {
  auto batch = static_cast<int64_t>(op.getLhsBatch().value_or(ArrayRef<int64_t>()).size());
  return op.getLhsContracting().size() == 1 && typeOf(op.getLhs()).getRank() == batch + 2 &&
         typeOf(op.getRhs()).getRank() == batch + 2;
}

std::optional<AttentionGeometry> layerc::attentionGeometry(nn::ContractOp context, std::string &reason) {
  AttentionGeometry g;
  g.context = context;
  g.softmax = context.getLhs().getDefiningOp<nn::SoftmaxOp>();
  SmallVector<Operation *> ops;
  if (g.softmax && g.softmax->hasOneUse())
    g.scores = contractionBehind(g.softmax.getInput(), ops);
  if (!g.scores)
    return reason = "no softmax of a product before it", std::nullopt;
  int64_t rank = typeOf(g.softmax).getRank(), columns = typeOf(context.getRhs()).getRank() - 1;
  if (g.softmax.getLog() || g.softmax.getAxes() != ArrayRef<int64_t>{rank - 1} || !isMatrixProduct(g.scores) ||
      !isMatrixProduct(context))
    return reason = "the softmax is not of the rows of a matrix product", std::nullopt;
  ArrayRef<int64_t> batch = context.getLhsBatch().value_or(ArrayRef<int64_t>());
  for (auto [d, dimension] : llvm::enumerate(batch))
    if (dimension != static_cast<int64_t>(d))
      return reason = "the heads change their order", std::nullopt;
  if (context.getLhsContracting().front() != rank - 1 || context.getRhsContracting().front() == columns ||
      llvm::is_contained(context.getRhsBatch().value_or(ArrayRef<int64_t>()), columns))
    return reason = "columns of the values do not follow each other", std::nullopt;
  for (Value value :
       {Value(g.scores.getLhs()), Value(g.scores.getRhs()), Value(context.getLhs()), Value(context.getRhs())})
    if (!typeOf(value).getElementType().isF32())
      return reason = "not of f32", std::nullopt;
  g.rows = typeOf(g.scores).getDimSize(rank - 2);
  g.keys = typeOf(g.scores).getDimSize(rank - 1);
  g.depth = typeOf(g.scores.getLhs()).getDimSize(g.scores.getLhsContracting().front());
  g.columns = typeOf(context).getDimSize(rank - 1);
  return g;
}

AttentionGeometry layerc::attentionGeometry(Block &body) {
  std::string reason;
  for (Operation &op : body)
    if (auto context = dyn_cast<nn::ContractOp>(op))
      if (auto g = attentionGeometry(context, reason))
        return *g;
  llvm_unreachable("the template has accepted the body");
}

SmallVector<Operation *> layerc::attentionOps(nn::SoftmaxOp softmax) {
  std::string reason;
  auto context = softmax->hasOneUse() ? dyn_cast<nn::ContractOp>(*softmax->user_begin()) : nullptr;
  if (!context || context.getLhs() != softmax || !attentionGeometry(context, reason))
    return {};
  SmallVector<Operation *> ops;
  contractionBehind(softmax.getInput(), ops);
  ops.append({softmax, context});
  llvm::sort(ops, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  return ops;
}

AttentionScratch::AttentionScratch(const AttentionGeometry &g, const AttentionTile &tile, int64_t lanes) {
  width = tile.vectors * lanes;
  keys = llvm::alignTo(g.keys, width);
  columns = llvm::alignTo(g.columns, width);
  constexpr int64_t line = 16; // floats of a cache line
  int64_t next = llvm::alignTo(g.depth * keys, line);
  auto place = [&](int64_t count) { return std::exchange(next, next + llvm::alignTo(count, line)); };
  valuesAt = place(g.keys * columns);
  scoresAt = place(tile.rows * keys);
  factorsAt = place(tile.rows);
  floats = next;
}

namespace {

struct AttentionTemplate final : KernelTemplate {
  StringRef name() const override { return "attention"; }

  bool accepts(Block &body, std::string &reason) const override {
    Value result = cast<nn::YieldOp>(body.getTerminator()).getValues().front();
    if (auto transpose = result.getDefiningOp<nn::TransposeOp>()) {
      if (transpose.getPermutation().back() != static_cast<int64_t>(transpose.getPermutation().size()) - 1)
        return reason = "the transpose moves the columns", false;
      result = transpose.getInput();
    }
    auto context = result.getDefiningOp<nn::ContractOp>();
    if (!context || body.getTerminator()->getNumOperands() != 1)
      return reason = "no attention", false;
    std::optional<AttentionGeometry> g = attentionGeometry(context, reason);
    if (!g)
      return false;
    for (Value operand : {g->scores.getLhs(), g->scores.getRhs(), context.getRhs()})
      if (!isa<BlockArgument>(operand))
        return reason = "query, keys and values must be in memory", false;
    for (Operation &op : body)
      if (!nn::isElementwise(&op) && !isa<nn::ConstantOp, nn::YieldOp, nn::TransposeOp>(op) && &op != g->scores &&
          &op != g->softmax && &op != g->context)
        return reason = (op.getName().getStringRef() + " is not elementwise").str(), false;
    // For very few rows packing the keys costs more than it saves.
    return g->rows >= 4 || (reason = "too few rows", false);
  }

  void candidates(nn::KernelOp kernel, const Target &target, SmallVectorImpl<KernelChoice> &choices) const override {
    AttentionGeometry g = attentionGeometry(kernel.getBody().front());
    int64_t lanes = target.lanes();
    int64_t most = std::min<int64_t>(target.vectorRegisters / 8, llvm::divideCeil(std::max(g.keys, g.columns), lanes));
    for (int64_t vectors = 1; vectors <= most; ++vectors) {
      AttentionTile tile;
      tile.vectors = vectors;
      tile.rows = EvenTiles::of(g.rows, std::min<int64_t>((target.vectorRegisters - vectors - 1) / vectors, 14)).wide;
      // Four units, for two to four workers; each part of a head packs the keys and values again.
      tile.parts = std::min<int64_t>(llvm::divideCeil(4, g.heads()), llvm::divideCeil(g.rows, 4 * tile.rows));
      KernelChoice choice;
      choice.algorithm = name().str();
      choice.tile = tile.numbers();
      choice.units = {g.heads() * tile.parts};
      choice.workerScratch = AttentionScratch(g, tile, lanes).floats * 4;
      choice.nanoseconds = nanoseconds(g, tile, target);
      choice.layouts.resize(kernel.getNumOperands());
      choices.push_back(std::move(choice));
    }
  }

  /// A tile reads its rows of the query, which no other tile reads, before it stores those of the result.
  Access access(Block &body, unsigned operand) const override {
    AttentionGeometry g = attentionGeometry(body);
    bool isQuery = body.getArgument(operand) == g.scores.getLhs() && g.scores.getLhs().hasOneUse();
    return isQuery && isPlacedAlike(g, body.getTerminator()->getOperand(0)) ? Access::SameIndex : Access::Whole;
  }

private:
  /// Whether heads, rows and depth of the query lie as heads, rows and columns of `result` do.
  static bool isPlacedAlike(AttentionGeometry &g, Value result) {
    SmallVector<int64_t> query(g.scores.getLhsBatch().value_or(ArrayRef<int64_t>()));
    int64_t depth = g.scores.getLhsContracting().front(), rows = 0;
    while (rows == depth || llvm::is_contained(query, rows))
      ++rows;
    query.append({rows, depth});
    SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, query.size()));
    if (auto transpose = result.getDefiningOp<nn::TransposeOp>())
      order = SmallVector<int64_t>(transpose.getPermutation());
    for (auto [d, from] : llvm::enumerate(order))
      if (query[from] != static_cast<int64_t>(d))
        return false;
    return g.scores.getLhs().getType() == result.getType();
  }

  static double nanoseconds(const AttentionGeometry &g, const AttentionTile &tile, const Target &target) {
    AttentionScratch s(g, tile, target.lanes());
    EvenTiles tiles = EvenTiles::of(g.rows, tile.rows);
    auto product = [&](int64_t panels, int64_t depth) {
      return (tiles.wideCount * convStepCycles(tiles.wide, tile.vectors) +
              tiles.narrowCount * convStepCycles(std::max<int64_t>(1, tiles.wide - 1), tile.vectors)) *
             panels * (depth + 4);
    };
    double lanes = static_cast<double>(target.lanes());
    // Two passes over the scores, one of them with an exponential: some 15 cycles a vector. Packing: two per element of
    // the keys, which are transposed, one per vector of the values.
    double softmax = static_cast<double>(g.rows) * s.keys / lanes * 15;
    double packing = tile.parts * (2.0 * g.keys * g.depth + g.keys * s.columns / lanes);
    double head = product(s.keys / s.width, g.depth) + product(s.columns / s.width, g.keys) + softmax + packing;
    return g.heads() * head / target.cyclesPerNanosecond();
  }
};

} // namespace

const KernelTemplate &layerc::attentionTemplate() {
  static const AttentionTemplate instance;
  return instance;
}
