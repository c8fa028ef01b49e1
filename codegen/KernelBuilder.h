// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one builder underneath all kernel templates: scf, vector, arith and memref on flat buffers with explicit
// addresses. A template writes the loops; emitAt() gives the value of any body element inside them, the vector twin of
// Evaluate.
#pragma once

#include "ir/Plan.h"
#include "ir/Target.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"

#include <functional>
#include <map>
#include <optional>

namespace layerc {

/// Consecutive elements of a value: `lanes` of them, beginning at `index` (one entry per dimension), along dimension
/// `dim`.
struct Lanes {
  llvm::SmallVector<mlir::Value> index;
  int64_t count = 1;
  int64_t dim = 0;
};

/// Numbers in registers are of the element's compute type: f32 for f16 and bf16 (rounded to the narrow type after every
/// op), signless integers, i1 for booleans; a vector for two and more lanes, a scalar for one lane.
/// Operand numbers count inputs, then outputs. Addresses are in elements from the operand's first element.
class KernelBuilder {
public:
  /// `buffers` are flat memrefs, one per operand; `shared` and `own` memrefs of bytes, or null.
  KernelBuilder(mlir::ImplicitLocOpBuilder &b, const Target &target, plan::KernelOp kernel,
                llvm::ArrayRef<mlir::Value> buffers, mlir::Value shared, mlir::Value own);

  mlir::ImplicitLocOpBuilder &b;
  const Target &target;
  plan::KernelOp kernel;

  //===-- Operands --===//
  mlir::Block &body() { return kernel.getBody().front(); }
  unsigned inputCount() { return body().getNumArguments(); }
  unsigned outputOperand(unsigned result = 0) { return inputCount() + result; }
  /// The tensor that an operand holds.
  mlir::RankedTensorType typeOf(unsigned operand) const { return operands_[operand].tensor; }
  /// The flat memref.
  mlir::Value buffer(unsigned operand) const { return operands_[operand].buffer; }
  /// Elements from one index to the next along `dim`.
  int64_t strideOf(unsigned operand, unsigned dim) const { return operands_[operand].strides[dim]; }
  /// True when all elements follow each other in row-major order.
  bool isDense(unsigned operand) const;
  /// Address of an element.
  mlir::Value addressOf(unsigned operand, llvm::ArrayRef<mlir::Value> index);

  //===-- Index arithmetic, folded where operands are known; div and rem of numbers that are not negative --===//
  mlir::Value constant(int64_t value);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value add(mlir::Value a, int64_t b) { return add(a, constant(b)); }
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, int64_t b) { return add(a, constant(-b)); }
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, int64_t b) { return mul(a, constant(b)); }
  mlir::Value div(mlir::Value a, int64_t b);
  mlir::Value rem(mlir::Value a, int64_t b);
  mlir::Value min(mlir::Value a, mlir::Value b);
  mlir::Value max(mlir::Value a, mlir::Value b);
  mlir::Value less(mlir::Value a, mlir::Value b);
  /// Smallest and largest value that an index can have, where loops and arithmetic tell; nullopt otherwise.
  std::optional<std::pair<int64_t, int64_t>> rangeOf(mlir::Value index) const;
  /// The same index where it is known to lie in [smallest, largest]: inside a branch.
  mlir::Value narrowed(mlir::Value index, int64_t smallest, int64_t largest);
  /// index - base, where they differ by constants that were added to `base`.
  int64_t distance(mlir::Value index, mlir::Value base) const;
  /// Whether an index is known to be a multiple of `divisor`.
  bool isMultiple(mlir::Value index, int64_t divisor) const { return multipleOf(index) % divisor == 0; }

  //===-- Control --===//
  void forLoop(mlir::Value low, mlir::Value high, int64_t step, llvm::function_ref<void(mlir::Value)> body);
  /// With loop-carried values: `body` gets the index and the values, and returns their next values.
  llvm::SmallVector<mlir::Value>
  forLoop(mlir::Value low, mlir::Value high, int64_t step, mlir::ValueRange init,
          llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, mlir::ValueRange)> body);
  void ifElse(mlir::Value condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise = nullptr);
  /// An if with a result; both sides return values of `type`.
  mlir::Value choose(mlir::Type type, mlir::Value condition, llvm::function_ref<mlir::Value()> then,
                     llvm::function_ref<mlir::Value()> otherwise);

  //===-- Vectors --===//
  /// The compute type of an nn element type, see above.
  mlir::Type computeType(mlir::Type element) const;
  /// `type` for one lane, else vector<lanes x type>.
  mlir::Type lanesOf(mlir::Type type, int64_t lanes) const;
  /// vector<lanes x f32> of zeros (a vector for one lane, too).
  mlir::Value zeroVector(int64_t lanes);
  /// A constant of a compute type, float or integer.
  mlir::Value number(mlir::Type type, double value, int64_t lanes = 1);
  mlir::Value splat(mlir::Value scalar, int64_t lanes);
  /// a * b + c in one rounding where the target has it, for scalars and vectors of floats alike.
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c);
  /// Lanes [first, first + count) of a vector.
  mlir::Value extract(mlir::Value vector, int64_t first, int64_t count);
  /// `vector` with `part`, a scalar or a shorter vector, from lane `first` on.
  mlir::Value insert(mlir::Value part, mlir::Value vector, int64_t first);
  /// Scalars side by side.
  mlir::Value gather(llvm::ArrayRef<mlir::Value> scalars);
  /// The lanes of `vector` combined in a fixed order: halves first.
  mlir::Value combineLanes(mlir::Value vector, llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> combine);

  //===-- Memory --===//
  /// vector<lanes x type> at an address, also for one lane.
  mlir::Value loadVector(unsigned operand, mlir::Value address, int64_t lanes);
  /// The element at an address in all lanes of a vector.
  mlir::Value loadSplat(unsigned operand, mlir::Value address, int64_t lanes);
  /// `lanes` elements from `index` on along the last dimension; a scalar for one lane.
  mlir::Value load(unsigned operand, llvm::ArrayRef<mlir::Value> index, int64_t lanes);
  mlir::Value load(unsigned operand, const Lanes &at);
  void store(unsigned operand, const Lanes &at, mlir::Value value);
  /// The first `valid` lanes of `value` (all when 0) to consecutive elements along the last dimension.
  void store(unsigned operand, llvm::ArrayRef<mlir::Value> index, mlir::Value value, int64_t valid = 0);
  void storeVector(unsigned operand, mlir::Value address, mlir::Value value);
  /// `count` elements of a plain type in the shared or the worker's own scratch, from a byte offset on (a multiple of
  /// 64).
  mlir::Value sharedScratch(mlir::Type element, int64_t byteOffset, int64_t count);
  mlir::Value ownScratch(mlir::Type element, int64_t byteOffset, int64_t count);
  /// Asks for a line of an operand ahead of its use. `locality` 3: all caches, 2: from L2 on.
  void prefetch(unsigned operand, mlir::Value address, unsigned locality);

  //===-- Bodies --===//
  using Provider = std::function<mlir::Value(const Lanes &at)>;
  /// From now on `value`'s elements are what `provider` gives: the accumulators of a micro-kernel, the statistics of a
  /// row.
  void provide(mlir::Value value, Provider provider);
  void forget(mlir::Value value);
  /// Elements of a value of the body, pulled through every op down to loads and provided values. Total: every nn op has
  /// an emission here, the reductions as plain loops.
  mlir::Value emitAt(mlir::Value value, const Lanes &at);
  /// The same along the last dimension.
  mlir::Value emitAt(mlir::Value value, llvm::ArrayRef<mlir::Value> index, int64_t lanes);
  /// With the elements of `anchor` at `index` being `accumulator`, computes `stored` (of the anchor's shape) from them
  /// and stores its first `valid` lanes (all when 0) to output `result`.
  void storeFused(mlir::Value anchor, mlir::Value accumulator, mlir::Value stored, llvm::ArrayRef<mlir::Value> index,
                  int64_t valid = 0, unsigned result = 0);
  /// The same with a choice where the elements go: `sink` gets them in pieces, with their places.
  void emitFused(mlir::Value anchor, mlir::Value accumulator, mlir::Value stored, llvm::ArrayRef<mlir::Value> index,
                 int64_t valid, llvm::function_ref<void(const Lanes &at, mlir::Value elements)> sink);
  /// Rounds numbers in the compute type of f16 or bf16 to that type; others are returned as they are.
  mlir::Value roundTo(mlir::Type element, mlir::Value value);
  /// The provider of a value, or null.
  const Provider *findProvider(mlir::Value value) const;

private:
  struct Operand {
    mlir::RankedTensorType tensor;
    llvm::SmallVector<int64_t> strides;
    int64_t offset = 0;
    mlir::Value buffer;
  };
  struct MemoEntry {
    mlir::Block *block;
    mlir::Value value;
  };
  /// How many lanes along which dimension, and of what: the value, then its index.
  using MemoKey = std::pair<std::pair<int64_t, int64_t>, std::vector<const void *>>;

  mlir::Value known(mlir::Value index, std::optional<std::pair<int64_t, int64_t>> range, int64_t multiple = 1);
  int64_t multipleOf(mlir::Value index) const; ///< 0 for the constant 0
  mlir::Value findMemo(const MemoKey &key) const;
  mlir::Value fromStorage(mlir::Type element, mlir::Value stored);
  mlir::Value toStorage(mlir::Type element, mlir::Value value);
  mlir::Value scratchView(mlir::Value bytes, mlir::Type element, int64_t byteOffset, int64_t count);

  mlir::Block *entry_;
  mlir::Operation *lastConstant_ = nullptr;
  llvm::SmallVector<Operand> operands_;
  mlir::Value shared_, own_;
  std::map<int64_t, mlir::Value> constants_;
  llvm::DenseMap<mlir::Value, std::pair<int64_t, int64_t>> ranges_;
  llvm::DenseMap<mlir::Value, int64_t> multiples_;
  llvm::DenseMap<mlir::Value, Provider> providers_;
  std::map<MemoKey, MemoEntry> memo_;
};

/// Consecutive lane counts, all powers of two, that cover `count` elements in pieces of at most `most` lanes.
llvm::SmallVector<std::pair<int64_t, int64_t>> lanePieces(int64_t count, int64_t most); ///< (first, lanes)

/// The type in memory of an nn element type: i16 for f16 and bf16, i8 for i1, signless integers.
mlir::Type storageType(mlir::Type element);

} // namespace layerc
