// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Description of the loops template: any body, walked element by element in vectors. It is the right way for
// elementwise chains, movements, pools, reductions, softmax and normalization, and the last resort for everything else.
#include "ir/kernels/Loops.h"

#include "ir/Evaluate.h"

#include "mlir/IR/Block.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir;
using namespace layerc;

static constexpr double kUnitNanoseconds = 2000; // handing work to another thread costs some 300
static constexpr int64_t kMostUnits = 64;
static constexpr int64_t kRowGrain = 12;  // rows of a contraction: whole register tiles
static constexpr int64_t kLineGrain = 64; // elements: whole cache lines and vectors

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }
static int64_t elementsOf(Value value) { return cast<RankedTensorType>(value.getType()).getNumElements(); }

bool layerc::isReduction(Operation *op) {
  return isa<nn::ReduceOp, nn::PoolOp, nn::ConvOp, nn::ConvTransposeOp, nn::LocalConvOp, nn::ContractOp, nn::SoftmaxOp,
             nn::NormalizeOp>(op);
}

bool layerc::sumsAlongChannels(nn::ConvOp op, int64_t lanes) {
  ArrayRef<int64_t> kernel = shapeOf(op.getKernel());
  return kernel.back() == 1 && kernel[kernel.size() - 2] >= lanes;
}

static bool isRow(Operation *op) { return isa<nn::SoftmaxOp, nn::NormalizeOp>(op); }

/// True when nothing but elementwise ops of its own shape, and the softmax or normalization `row`, depends on `value`.
static bool endsElementwise(Value value, Operation *row = nullptr) {
  return llvm::all_of(value.getUsers(), [&](Operation *user) {
    if (isa<nn::YieldOp>(user))
      return true;
    return (nn::isElementwise(user) || user == row) && shapeOf(user->getResult(0)) == shapeOf(value) &&
           endsElementwise(user->getResult(0), row);
  });
}

/// Reductions that reach `value` through elementwise ops of its shape.
static void findAnchors(Value value, ArrayRef<int64_t> shape, SmallPtrSetImpl<Operation *> &seen,
                        SmallVectorImpl<Operation *> &anchors) {
  Operation *op = value.getDefiningOp();
  if (!op || shapeOf(value) != shape || !seen.insert(op).second)
    return;
  if (isReduction(op))
    anchors.push_back(op);
  else if (nn::isElementwise(op))
    for (Value operand : op->getOperands())
      findAnchors(operand, shape, seen, anchors);
}

/// Every op computes on one shape and on single numbers, so that elements of equal row-major number belong together.
static bool isFlat(Block &body, ArrayRef<int64_t> shape) {
  for (Operation &op : body.without_terminator()) {
    bool isElementwise = nn::isElementwise(&op) && !isa<nn::AffineOp>(op); // scale and shift follow one dimension
    if (!isElementwise && !isa<nn::ConstantOp>(op))
      return false;
    auto fits = [&](Value value) { return shapeOf(value) == shape || elementsOf(value) == 1; };
    if (!llvm::all_of(op.getOperands(), fits) || !llvm::all_of(op.getResults(), fits))
      return false;
  }
  return true;
}

LoopsWalk layerc::loopsWalk(Block &body) {
  LoopsWalk walk;
  walk.stored = body.getTerminator()->getOperand(0);
  ArrayRef<int64_t> shape = walk.shape();
  SmallPtrSet<Operation *, 8> seen;
  SmallVector<Operation *> anchors;
  findAnchors(walk.stored, shape, seen, anchors);
  if (anchors.size() == 1 && endsElementwise(anchors.front()->getResult(0)))
    walk.anchor = anchors.front();
  walk.flat = !shape.empty() && isFlat(body, shape);

  ArrayRef<int64_t> inner;
  if (auto softmax = dyn_cast_or_null<nn::SoftmaxOp>(walk.anchor))
    inner = softmax.getAxes();
  else if (auto normalize = dyn_cast_or_null<nn::NormalizeOp>(walk.anchor))
    inner = normalize.getAxes();
  auto rank = static_cast<int64_t>(shape.size());
  for (int64_t d = 0; d < rank; ++d)
    if (!llvm::is_contained(inner, d))
      walk.order.push_back(d);
  walk.outer = static_cast<int64_t>(walk.order.size());
  walk.order.append(inner.begin(), inner.end());
  walk.vectorDim = std::max<int64_t>(0, rank - 1);
  while (walk.vectorDim > 0 && shape[walk.vectorDim] == 1)
    --walk.vectorDim;
  return walk;
}

int64_t LoopsWalk::rows(const LoopsTile &tile) const {
  if (tile.flat)
    return llvm::divideCeil(elementsOf(stored), tile.grain);
  if (outer == 0)
    return 1;
  int64_t rows = 1;
  for (int64_t i = 0; i < tile.dim; ++i)
    rows *= shape()[order[i]];
  return rows * llvm::divideCeil(shape()[order[tile.dim]], tile.grain);
}

namespace {

bool isExpensive(Operation *op) {
  auto unary = dyn_cast<nn::UnaryOp>(op);
  if (!unary)
    return false;
  using F = nn::UnaryFunction;
  return llvm::is_contained(
      {F::Exp, F::Expm1, F::Log, F::Log1p, F::Sin, F::Cos, F::Tan, F::Tanh, F::Sigmoid, F::Silu, F::Softplus, F::Erf},
      unary.getFunction());
}

bool computesNothing(Operation *op) {
  return isa<nn::ConstantOp, nn::UnpackOp, nn::CastOp, nn::ReshapeOp, nn::TransposeOp, nn::BroadcastOp, nn::PadOp,
             nn::SliceOp, nn::ReverseOp, nn::ConcatOp, nn::ResizeOp, nn::GatherOp>(op);
}

struct LoopsTemplate final : KernelTemplate {
  StringRef name() const override { return "loops"; }

  bool accepts(Block &body, std::string &reason) const override {
    auto yield = cast<nn::YieldOp>(body.getTerminator());
    if (yield.getValues().size() != 1)
      return reason = "more than one result", false;
    if (!body.getOps<nn::CustomCallOp>().empty())
      return reason = "nothing is fused with a custom layer", false;
    if (!body.getOps<nn::ScanOp>().empty())
      return reason = "a loop over time", false;
    for (auto unpack : body.getOps<nn::UnpackOp>())
      if (unpack.getLayout().getKind() != "panels")
        return reason = "a transformed weight", false;
    if (llvm::range_size(body.without_terminator()) <= 1)
      return true;
    Operation *reduction = nullptr;
    for (Operation &op : body.without_terminator()) {
      if (isReduction(&op) && reduction)
        return reason = "two reductions, of which one would be computed again and again", false;
      if (isReduction(&op))
        reduction = &op;
      if (isExpensive(&op) && elementsOf(op.getResult(0)) < elementsOf(yield.getValues()[0]) &&
          !llvm::any_of(op.getResult(0).getUsers(), [](Operation *user) { return isReduction(user); }))
        return reason = "a function that would be computed once per use of its result", false;
    }
    return !reduction || acceptsReduction(body, reduction, reason);
  }

  void candidates(nn::KernelOp kernel, const Target &target, SmallVectorImpl<KernelChoice> &choices) const override {
    Block &body = kernel.getBody().front();
    LoopsWalk walk = loopsWalk(body);
    KernelChoice choice;
    choice.algorithm = name().str();
    choice.nanoseconds = nanoseconds(kernel, target);
    auto units = std::clamp<int64_t>(static_cast<int64_t>(choice.nanoseconds / kUnitNanoseconds), 1, kMostUnits);
    LoopsTile tile = tileFor(walk, units);
    choice.tile = tile.numbers();
    choice.units = {std::min(units, walk.rows(tile))};
    choice.layouts.resize(kernel.getNumOperands());
    choices.push_back(std::move(choice));
  }

  /// The statistics of a row are complete before its first element is stored.
  Access access(Block &body, unsigned operand) const override {
    Value argument = body.getArgument(operand), result = body.getTerminator()->getOperand(0);
    Operation *anchor = loopsWalk(body).anchor, *row = anchor && isRow(anchor) ? anchor : nullptr;
    return shapeOf(argument) == shapeOf(result) && endsElementwise(argument, row) ? Access::SameIndex : Access::Whole;
  }

private:
  /// A reduction may end in elementwise ops, begin with movements of its operands, and, where it reads each element
  /// once or thrice, with elementwise ops too.
  static bool acceptsReduction(Block &body, Operation *reduction, std::string &reason) {
    SmallPtrSet<Operation *, 8> after;
    for (Operation &op : body.without_terminator())
      for (Value operand : op.getOperands())
        if (Operation *source = operand.getDefiningOp(); source && (source == reduction || after.contains(source)))
          after.insert(&op);
    if (!endsElementwise(reduction->getResult(0)))
      return reason = "the shape changes after the reduction", false;
    bool readsOften = !isRow(reduction) && !isa<nn::ReduceOp>(reduction);
    for (Operation &op : body.without_terminator())
      if (readsOften && &op != reduction && !after.contains(&op) && !computesNothing(&op) &&
          llvm::any_of(op.getOperands(),
                       [](Value operand) { return isa<BlockArgument>(operand) || operand.getDefiningOp(); }) &&
          !feedsOnlyAfter(&op, after))
        return reason = "a function that would be computed once per window", false;
    return true;
  }

  static bool feedsOnlyAfter(Operation *op, const SmallPtrSetImpl<Operation *> &after) {
    return llvm::all_of(op->getResult(0).getUsers(), [&](Operation *user) {
      return isa<nn::YieldOp>(user) || after.contains(user) || (!isReduction(user) && feedsOnlyAfter(user, after));
    });
  }

  static LoopsTile tileFor(const LoopsWalk &walk, int64_t units) {
    LoopsTile tile;
    ArrayRef<int64_t> shape = walk.shape();
    if (shape.empty() || walk.outer == 0)
      return tile;
    int64_t line = shape[walk.vectorDim];
    if (walk.flat && line % kLineGrain != 0) {
      // Whole lines, so that buffers with gaps between lines can be walked line by line.
      tile.flat = true;
      tile.grain = llvm::alignTo(std::max<int64_t>(kLineGrain, llvm::divideCeil(elementsOf(walk.stored), units)), line);
      return tile;
    }
    int64_t rows = 1;
    for (tile.dim = 0; tile.dim + 1 < walk.outer && walk.order[tile.dim] != walk.vectorDim; ++tile.dim)
      if ((rows *= shape[walk.order[tile.dim]]) >= units) {
        bool tiled = isa_and_nonnull<nn::ContractOp>(walk.anchor) && tile.dim + 2 == walk.outer;
        tile.grain = tiled ? kRowGrain : 1;
        return tile;
      }
    int64_t last = walk.order[tile.dim];
    if (last == walk.vectorDim)
      tile.grain = llvm::alignTo(llvm::divideCeil(shape[last], llvm::divideCeil(units, rows)), kLineGrain);
    return tile;
  }

  static double nanoseconds(nn::KernelOp kernel, const Target &target) {
    double memory = 0, work = 0;
    auto bytesOf = [](Type type) {
      auto tensor = cast<RankedTensorType>(type);
      return static_cast<double>(tensor.getNumElements() * elementBytes(tensor.getElementType()));
    };
    for (Type type : kernel.getResultTypes())
      memory += target.readNanoseconds(bytesOf(type));
    for (BlockArgument operand : kernel.getBody().getArguments())
      memory += target.readNanoseconds(std::min(bytesOf(operand.getType()), gatheredBytes(operand, bytesOf)));
    for (Operation &op : kernel.getBody().front().without_terminator())
      work += vectorSteps(&op, target) * static_cast<double>(elementsOf(op.getResult(0)));
    return memory + work / target.fmasPerNanosecond;
  }

  /// Bytes of the parts of `table` that are read, when only gathers read it.
  static double gatheredBytes(Value table, llvm::function_ref<double(Type)> bytesOf) {
    double bytes = 0;
    for (Operation *user : table.getUsers()) {
      auto gather = dyn_cast<nn::GatherOp>(user);
      if (!gather || gather.getIndices() == table)
        return std::numeric_limits<double>::infinity();
      bytes += bytesOf(gather.getType());
    }
    return bytes;
  }

  /// Vector operations per element of the result, in units of a fused multiply-add.
  static double vectorSteps(Operation *op, const Target &target) {
    if (auto reduce = dyn_cast<nn::ReduceOp>(op))
      return static_cast<double>(elementsOf(reduce.getInput())) / static_cast<double>(elementsOf(reduce));
    if (auto pool = dyn_cast<nn::PoolOp>(op))
      return 3.0 * static_cast<double>(ShapedType::getNumElements(pool.getWindow()));
    if (auto conv = dyn_cast<nn::ConvOp>(op); conv && sumsAlongChannels(conv, target.lanes()))
      return 3.0 * static_cast<double>(elementsOf(conv.getKernel())) + 10.0 * static_cast<double>(target.lanes());
    // Without a register tile the loads are the bound, more so where a vector's elements lie apart.
    if (auto conv = dyn_cast<nn::ConvOp>(op))
      return (shapeOf(conv).back() == 1 && shapeOf(conv.getInput()).back() != 1 ? 40.0 : 8.0) *
             static_cast<double>(elementsOf(conv.getKernel())) / static_cast<double>(shapeOf(conv).back());
    if (auto conv = dyn_cast<nn::ConvTransposeOp>(op))
      return 8.0 * static_cast<double>(elementsOf(conv.getKernel())) / static_cast<double>(shapeOf(conv).back());
    if (auto conv = dyn_cast<nn::LocalConvOp>(op))
      return 2.0 * static_cast<double>(elementsOf(conv.getKernel())) * shapeOf(conv)[0] / elementsOf(conv);
    if (auto bucketize = dyn_cast<nn::BucketizeOp>(op))
      return 2.0 * std::min<int64_t>(elementsOf(bucketize.getBoundaries()), 100);
    if (auto contract = dyn_cast<nn::ContractOp>(op)) {
      double depth = 1;
      for (int64_t d : contract.getLhsContracting())
        depth *= static_cast<double>(shapeOf(contract.getLhs())[d]);
      return 4 * depth;
    }
    if (isRow(op))
      return 40;
    return isExpensive(op) ? 20 : computesNothing(op) ? 0.5 : 1;
  }
};

} // namespace

const KernelTemplate &layerc::loopsTemplate() {
  static const LoopsTemplate instance;
  return instance;
}
