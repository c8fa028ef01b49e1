// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Einstein summation; see Einsum.h. Without batch dimensions the result is one matrix product of reshaped operands,
// which is what the matrix kernels take.
#include "frontend/Einsum.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace layerc;

namespace {

/// One label per dimension: a letter, or kElided + n for the n-th dimension from the end of an ellipsis.
using Labels = SmallVector<int, 6>;
constexpr int kElided = 1000;

struct Equation {
  Labels lhs, rhs, result;
};

struct Operand {
  Value value;
  Labels labels;
};

} // namespace

/// The labels of one term; nullopt where it does not describe a tensor of this rank. Without `rank` the ellipsis has
/// `elided` dimensions.
static std::optional<Labels> labelsOf(StringRef term, std::optional<int64_t> rank, int64_t elided) {
  auto [before, after] = term.split("...");
  bool hasEllipsis = before.size() != term.size();
  auto letters = static_cast<int64_t>(before.size() + after.size());
  if (rank)
    elided = *rank - letters;
  if (elided < 0 || (!hasEllipsis && rank && elided != 0) || !llvm::all_of(before, llvm::isAlpha) ||
      !llvm::all_of(after, llvm::isAlpha))
    return std::nullopt;
  Labels labels(before.begin(), before.end());
  for (int64_t n = hasEllipsis ? elided : 0; n > 0; --n)
    labels.push_back(kElided + static_cast<int>(n));
  labels.append(after.begin(), after.end());
  Labels sorted(labels);
  llvm::sort(sorted);
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
    return std::nullopt;
  return labels;
}

static std::optional<Equation> parse(StringRef text, int64_t lhsRank, int64_t rhsRank) {
  auto [operands, result] = text.split("->");
  auto [lhs, rhs] = operands.split(',');
  std::optional<Labels> left = labelsOf(lhs, lhsRank, 0), right = labelsOf(rhs, rhsRank, 0);
  if (!left || !right || operands.size() == text.size())
    return std::nullopt;
  auto isElided = [](int label) { return label > kElided; };
  int64_t elided = std::max(llvm::count_if(*left, isElided), llvm::count_if(*right, isElided));
  std::optional<Labels> out = labelsOf(result, std::nullopt, elided);
  if (!out || llvm::any_of(*out, [&](int label) {
        return !llvm::is_contained(*left, label) && !llvm::is_contained(*right, label);
      }))
    return std::nullopt;
  return Equation{*left, *right, *out};
}

/// Sums over the labels that stand nowhere else.
static Operand sumOwn(NnBuilder &b, Value value, const Labels &labels, const Labels &other, const Labels &result) {
  Operand operand{value, {}};
  Sizes axes;
  for (auto [d, label] : llvm::enumerate(labels))
    if (llvm::is_contained(other, label) || llvm::is_contained(result, label))
      operand.labels.push_back(label);
    else
      axes.push_back(static_cast<int64_t>(d));
  operand.value = b.reduce(nn::ReduceFunction::Sum, value, axes);
  return operand;
}

static Value arrange(NnBuilder &b, const Operand &operand, ArrayRef<int> order) {
  Sizes permutation;
  for (int label : order)
    permutation.push_back(llvm::find(operand.labels, label) - operand.labels.begin());
  return b.transpose(operand.value, permutation);
}

/// Dimensions of `labels` that are in `wanted`, in the order of `wanted`.
static Sizes placesOf(const Labels &labels, const Labels &wanted) {
  return llvm::map_to_vector<4>(wanted, [&](int label) { return int64_t(llvm::find(labels, label) - labels.begin()); });
}

static int64_t product(ArrayRef<int64_t> sizes) { return ShapedType::getNumElements(sizes); }

/// [free..., summed...] x [summed..., free...] with the summed dimensions, and those of the right side, as one.
static Value multiply(NnBuilder &b, const Operand &lhs, const Labels &left, const Operand &rhs, const Labels &right,
                      const Labels &summed) {
  auto joined = [](const Labels &first, const Labels &second) {
    Labels all(first);
    all.append(second);
    return all;
  };
  Value x = arrange(b, lhs, joined(left, summed)), y = arrange(b, rhs, joined(summed, right));
  if (b.failed())
    return {};
  Sizes rows(b.shape(x).take_front(left.size())), columns(b.shape(y).drop_front(summed.size()));
  int64_t depth = product(b.shape(y).take_front(summed.size())), width = product(columns);
  Sizes flat(rows), result(rows);
  flat.push_back(depth);
  result.append(columns);
  if (product(b.shape(x).drop_front(left.size())) != depth)
    return b.fail() << "sums over dimensions of different sizes: " << shapeText(b.shape(x)) << " and "
                    << shapeText(b.shape(y));
  x = b.reshape(x, flat);
  y = b.reshape(y, {depth, width});
  return b.reshape(b.contract(x, y, static_cast<int64_t>(rows.size()), 0), result);
}

Value layerc::einsum(NnBuilder &b, StringRef text, Value a, Value c) {
  if (b.failed())
    return {};
  std::string compact = text.str();
  llvm::erase(compact, ' ');
  std::optional<Equation> equation = parse(compact, b.rank(a), b.rank(c));
  if (!equation)
    return b.fail() << "equation '" << compact << "' does not describe tensors of shapes " << shapeText(b.shape(a))
                    << " and " << shapeText(b.shape(c));
  Operand lhs = sumOwn(b, a, equation->lhs, equation->rhs, equation->result);
  Operand rhs = sumOwn(b, c, equation->rhs, equation->lhs, equation->result);
  Labels batch, summed, left, right;
  for (int label : lhs.labels)
    (!llvm::is_contained(rhs.labels, label)        ? left
     : llvm::is_contained(equation->result, label) ? batch
                                                   : summed)
        .push_back(label);
  for (int label : rhs.labels)
    if (!llvm::is_contained(lhs.labels, label))
      right.push_back(label);
  auto indexInResult = [&](int label) { return llvm::find(equation->result, label) - equation->result.begin(); };
  llvm::sort(batch, [&](int x, int y) { return indexInResult(x) < indexInResult(y); });
  Operand result;
  if (batch.empty()) {
    result = {multiply(b, lhs, left, rhs, right, summed), left};
    result.labels.append(right);
  } else {
    // The operand whose own dimensions come first in the result goes to the left.
    if (!left.empty() && !right.empty() && indexInResult(right[0]) < indexInResult(left[0])) {
      std::swap(lhs, rhs);
      std::swap(left, right);
    }
    Sizes lhsBatch = placesOf(lhs.labels, batch), rhsBatch = placesOf(rhs.labels, batch);
    Sizes lhsSummed = placesOf(lhs.labels, summed), rhsSummed = placesOf(rhs.labels, summed);
    result.value = b.create<nn::ContractOp>(lhs.value, rhs.value, b.unless(-1, lhsBatch), b.unless(-1, rhsBatch),
                                            ArrayRef<int64_t>(lhsSummed), ArrayRef<int64_t>(rhsSummed));
    result.labels = batch;
    result.labels.append(left);
    result.labels.append(right);
  }
  return arrange(b, result, equation->result);
}
