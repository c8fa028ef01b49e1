// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sums of products of two tensors: all are Einstein summations with letters chosen here.
#include "frontend/Einsum.h"
#include "frontend/OperationImport.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace layerc;
using O = OperationImport;

static std::string letters(int64_t count, char first) {
  std::string text;
  for (int64_t i = 0; i < count; ++i)
    text += static_cast<char>(first + i);
  return text;
}

/// Ranks beyond this would run out of letters.
static constexpr int64_t kMaxRank = 12;

static bool fits(O &o, Value a, Value b) {
  if (!o.l.failed() && (o.l.rank(a) > kMaxRank || o.l.rank(b) > kMaxRank))
    o.l.fail() << "multiplies tensors of more than " << kMaxRank << " dimensions";
  return !o.l.failed();
}

static Failure mismatch(O &o, Value a, Value b) {
  return o.l.fail() << "cannot multiply " << shapeText(o.l.shape(a)) << " with " << shapeText(o.l.shape(b));
}

/// NumPy's matmul: the last two dimensions are matrices, those before broadcast. A batch dimension of size 1 against a
/// larger one is dropped from its operand, so that only real batches remain.
static Value matmul(O &o, Value a, Value b) {
  if (!fits(o, a, b) || o.l.rank(a) == 0 || o.l.rank(b) == 0)
    return o.l.fail() << "multiplies a scalar";
  bool leftVector = o.l.rank(a) == 1, rightVector = o.l.rank(b) == 1;
  Sizes left(o.l.shape(a)), right(o.l.shape(b));
  if (left.back() != right[rightVector ? 0 : right.size() - 2])
    return mismatch(o, a, b);
  std::string rowOf = leftVector ? "" : "y", columnOf = rightVector ? "" : "z";
  auto batchRank = static_cast<int64_t>(std::max(leftVector ? 0 : left.size() - 2, rightVector ? 0 : right.size() - 2));
  std::string lhs, rhs, out, batch = letters(batchRank, 'a');
  Sizes leftShape, rightShape, resultShape;
  for (int64_t d = 0; d < batchRank; ++d) {
    int64_t fromEnd = batchRank - d;
    auto sizeOf = [&](const Sizes &shape, bool isVector) -> int64_t {
      int64_t place = static_cast<int64_t>(shape.size()) - 2 - fromEnd;
      return isVector || place < 0 ? 0 : shape[place];
    };
    int64_t x = sizeOf(left, leftVector), y = sizeOf(right, rightVector), size = std::max({x, y, int64_t(1)});
    if ((x > 1 && y > 1 && x != y))
      return mismatch(o, a, b);
    if (x == size || (x >= 1 && y <= x)) {
      lhs += batch[d];
      leftShape.push_back(x);
    }
    if (y == size && (y > 1 || x == 0)) {
      rhs += batch[d];
      rightShape.push_back(y);
    }
    out += batch[d];
    resultShape.push_back(size);
  }
  auto finish = [](Sizes &shape, const Sizes &full, bool isVector) {
    shape.append(full.end() - (isVector ? 1 : 2), full.end());
  };
  finish(leftShape, left, leftVector);
  finish(rightShape, right, rightVector);
  Value x = o.l.reshape(a, leftShape), y = o.l.reshape(b, rightShape);
  return einsum(o.l, lhs + rowOf + "x," + rhs + "x" + columnOf + "->" + out + rowOf + columnOf, x, y);
}

/// Products of int8 matrices are int32.
static SmallVector<Value> factors(O &o) {
  SmallVector<Value> x = o.promoted({"x1", "x2"});
  for (Value &factor : x)
    if (!o.l.failed() && o.l.kerasMajor() >= 3 && o.l.elementType(factor).isInteger(8))
      factor = o.l.cast(factor, IntegerType::get(o.l.context(), 32));
  return x;
}

static Results matmulOperation(O &o) {
  SmallVector<Value> x = factors(o);
  const char *const transposed[] = {"transpose_a", "transpose_b"}; // TensorFlow's
  for (auto [i, key] : llvm::enumerate(transposed))
    if (o.flag(key, false) && !o.l.failed() && o.l.rank(x[i]) > 1)
      x[i] = o.l.moveAxis(x[i], o.l.rank(x[i]) - 1, o.l.rank(x[i]) - 2);
  return {o.l.failed() ? Value() : matmul(o, x[0], x[1])};
}

/// Sums over pairs of dimensions; what is left of both follows in order.
static Value tensordot(O &o, Value a, Value b, ArrayRef<int64_t> axesA, ArrayRef<int64_t> axesB) {
  if (!fits(o, a, b))
    return {};
  std::string lhs = letters(o.l.rank(a), 'a'), rhs = letters(o.l.rank(b), 'A'), out;
  for (auto [i, j] : llvm::zip_equal(axesA, axesB)) {
    if (i < 0 || i >= o.l.rank(a) || j < 0 || j >= o.l.rank(b) || o.l.shape(a)[i] != o.l.shape(b)[j])
      return mismatch(o, a, b);
    rhs[j] = lhs[i];
  }
  for (char letter : lhs)
    if (rhs.find(letter) == std::string::npos)
      out += letter;
  for (char letter : rhs)
    if (lhs.find(letter) == std::string::npos)
      out += letter;
  return einsum(o.l, lhs + "," + rhs + "->" + out, a, b);
}

static Results tensordotOperation(O &o) {
  SmallVector<Value> x = o.promoted({"x1", "x2"});
  const nlohmann::json axes = o.has("axes") ? *o.value("axes") : nlohmann::json(2);
  if (o.l.failed())
    return {};
  Sizes axesA, axesB;
  if (axes.is_number_integer()) {
    int64_t count = axes.get<int64_t>();
    for (int64_t i = 0; i < count && count <= kMaxRank; ++i) {
      axesA.push_back(o.l.rank(x[0]) - count + i);
      axesB.push_back(i);
    }
  } else {
    auto read = [&](const nlohmann::json &list, Sizes &places, Value operand) {
      for (const nlohmann::json &axis : list.is_array() ? list : nlohmann::json::array({list}))
        places.push_back(!axis.is_number_integer() ? -1
                         : axis.get<int64_t>() < 0 ? axis.get<int64_t>() + o.l.rank(operand)
                                                   : axis.get<int64_t>());
    };
    if (!axes.is_array() || axes.size() != 2)
      return o.wrongArgument("axes", "a number or two lists of axes");
    read(axes[0], axesA, x[0]);
    read(axes[1], axesB, x[1]);
    if (axesA.size() != axesB.size())
      return o.wrongArgument("axes", "two lists of one length");
  }
  return {tensordot(o, x[0], x[1], axesA, axesB)};
}

/// NumPy's dot: the last dimension of x1 with the last but one of x2.
static Results dot(O &o) {
  SmallVector<Value> x = o.promoted({"x1", "x2"});
  if (o.l.failed())
    return {};
  if (o.l.rank(x[0]) == 0 || o.l.rank(x[1]) == 0)
    return {o.l.mul(x[0], x[1])};
  return {tensordot(o, x[0], x[1], {o.l.rank(x[0]) - 1}, {std::max<int64_t>(o.l.rank(x[1]) - 2, 0)})};
}

static Results inner(O &o) {
  SmallVector<Value> x = o.promoted({"x1", "x2"});
  return {o.l.failed() ? Value() : tensordot(o, x[0], x[1], {o.l.rank(x[0]) - 1}, {o.l.rank(x[1]) - 1})};
}

static SmallVector<Value> vectors(O &o) {
  SmallVector<Value> x = o.promoted({"x1", "x2"});
  for (Value &operand : x)
    operand = o.l.failed() ? operand : o.l.reshape(operand, {ShapedType::getNumElements(o.l.shape(operand))});
  return x;
}

static Results outer(O &o) {
  SmallVector<Value> x = vectors(o);
  return {o.l.failed() ? Value() : o.l.mul(o.l.reshape(x[0], {o.l.shape(x[0])[0], 1}), x[1])};
}

static Results vdot(O &o) {
  SmallVector<Value> x = vectors(o);
  return {o.l.failed() ? Value() : tensordot(o, x[0], x[1], {0}, {0})};
}

//===-- Einsum --------------------------------------------------------------------------------------------------===//

/// Without "->", the letters that stand once, in alphabetical order, behind an ellipsis.
static std::string implicitResult(StringRef operands) {
  std::string result = operands.contains("...") ? "..." : "";
  for (char letter = 'A'; letter <= 'z'; ++letter)
    if (llvm::isAlpha(letter) && operands.count(letter) == 1)
      result += letter;
  return result;
}

/// Of one tensor: sums over the letters that the result lacks and orders the others.
static Value einsumOfOne(O &o, StringRef term, StringRef result, Value x) {
  Sizes summed, order;
  std::string kept;
  if (o.l.failed() || static_cast<int64_t>(term.size()) != o.l.rank(x) || !llvm::all_of(term, llvm::isAlpha))
    return o.l.fail() << "equation '" << term << "->" << result << "' does not describe " << shapeText(o.l.shape(x));
  for (auto [d, letter] : llvm::enumerate(term)) {
    if (term.count(letter) != 1)
      return o.l.fail() << "equation '" << term << "->" << result << "' takes a diagonal, which is not supported";
    if (result.contains(letter))
      kept += letter;
    else
      summed.push_back(static_cast<int64_t>(d));
  }
  for (char letter : result)
    if (kept.find(letter) == std::string::npos || result.size() != kept.size())
      return o.l.fail() << "equation '" << term << "->" << result << "' is not a sum";
    else
      order.push_back(static_cast<int64_t>(kept.find(letter)));
  return o.l.transpose(o.l.reduce(nn::ReduceFunction::Sum, x, summed), order);
}

/// The letters of `term` that the rest of the equation still needs.
static std::string neededLater(StringRef both, StringRef later) {
  std::string kept = both.contains("...") ? "..." : "";
  for (char letter : both)
    if (llvm::isAlpha(letter) && later.contains(letter) && kept.find(letter) == std::string::npos)
      kept += letter;
  return kept;
}

static Results einsumOperation(O &o) {
  SmallVector<Value> x = o.tensors("operands");
  std::string equation = o.string("subscripts", "");
  llvm::erase(equation, ' ');
  auto [operands, result] = StringRef(equation).split("->");
  std::string out = StringRef(equation).contains("->") ? result.str() : implicitResult(operands);
  SmallVector<StringRef> terms;
  operands.split(terms, ',');
  if (o.l.failed() || terms.size() != x.size())
    return o.l.fail() << "equation '" << equation << "' does not describe " << x.size() << " tensors";
  if (x.size() == 1)
    return {einsumOfOne(o, terms[0], out, x[0])};
  Value left = x[0];
  std::string term = terms[0].str();
  for (size_t i = 1; i < x.size(); ++i) {
    std::string later = out;
    for (size_t j = i + 1; j < x.size(); ++j)
      later += terms[j];
    std::string next = i + 1 == x.size() ? out : neededLater(term + terms[i].str(), later);
    left = einsum(o.l, (Twine(term) + "," + terms[i] + "->" + next).str(), left, x[i]);
    term = next;
  }
  return {left};
}

ArrayRef<OperationRow> layerc::productOperations() {
  static const OperationRow rows[] = {
      {"Dot", "x1 x2", dot},     {"Einsum", "operands...", einsumOperation},
      {"Inner", "x1 x2", inner}, {"Matmul", "x1 x2", matmulOperation},
      {"Outer", "x1 x2", outer}, {"Tensordot", "x1 x2", tensordotOperation},
      {"Vdot", "x1 x2", vdot},
  };
  return rows;
}
