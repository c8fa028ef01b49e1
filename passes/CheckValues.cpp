// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See CheckValues.h. The values before a pass are those after the one before it, so that each state is evaluated once.
#include "passes/CheckValues.h"

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"

#include <cmath>

using namespace mlir;
using namespace layerc;

static double largestMagnitude(const TensorData &data) {
  double largest = 0;
  for (int64_t i = 0; i < data.size(); ++i)
    if (double magnitude = std::abs(data.at(i).real); std::isfinite(magnitude))
      largest = std::max(largest, magnitude);
  return largest;
}

static bool agree(Scalar a, Scalar b, bool isFloat, double scale) {
  if (!isFloat)
    return a.integer == b.integer;
  if (std::isnan(a.real) || std::isnan(b.real))
    return std::isnan(a.real) && std::isnan(b.real);
  if (std::isinf(a.real) || std::isinf(b.real))
    return a.real == b.real;
  return std::abs(a.real - b.real) <= 1e-5 * scale + 1e-4 * std::abs(a.real);
}

static SmallVector<int64_t> indexOf(int64_t linear, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> index(shape.size());
  for (size_t d = shape.size(); d-- > 0; linear /= shape[d])
    index[d] = linear % shape[d];
  return index;
}

std::optional<Difference> layerc::firstDifference(ArrayRef<TensorData> before, ArrayRef<TensorData> after) {
  for (auto [number, pair] : llvm::enumerate(llvm::zip_equal(before, after))) {
    const auto &[a, b] = pair;
    double scale = largestMagnitude(a);
    bool isFloat = isa<FloatType>(a.type.getElementType());
    for (int64_t i = 0; i < a.size(); ++i)
      if (!agree(a.at(i), b.at(i), isFloat, scale))
        return Difference{static_cast<unsigned>(number), indexOf(i, a.type.getShape()), a.at(i), b.at(i)};
  }
  return std::nullopt;
}

namespace {

class ValueCheck : public PassInstrumentation {
public:
  explicit ValueCheck(bool &diverged) : diverged_(diverged) {}

  void runBeforePass(Pass *pass, Operation *op) override {
    auto function = dyn_cast<func::FuncOp>(op);
    if (function && isJudged(pass) && !states_.count(function))
      states_[function] = evaluateState(function);
  }

  void runAfterPass(Pass *pass, Operation *op) override {
    auto function = dyn_cast<func::FuncOp>(op);
    if (!function || !isJudged(pass))
      return;
    State before = std::move(states_[function]);
    State &after = states_[function] = evaluateState(function);
    if (before.argumentTypes != after.argumentTypes)
      return;
    if (std::optional<Difference> difference = firstDifference(before.results, after.results))
      report(pass, function, *difference, after);
  }

  void runAfterPassFailed(Pass *, Operation *op) override { states_.erase(op); }

private:
  struct State {
    SmallVector<Type> argumentTypes;
    std::vector<TensorData> results;
  };

  static bool isJudged(Pass *pass) { return !pass->getArgument().empty(); } // adaptors that only nest others have none

  static State evaluateState(func::FuncOp function) {
    State state;
    llvm::append_range(state.argumentTypes, function.getArgumentTypes());
    std::vector<TensorData> arguments;
    for (auto [seed, type] : llvm::enumerate(state.argumentTypes))
      arguments.push_back(randomTensor(cast<RankedTensorType>(type), seed + 1));
    auto *dialect = function.getContext()->getOrLoadDialect<nn::NnDialect>();
    state.results = evaluate(function, arguments, dialect->weights());
    return state;
  }

  void report(Pass *pass, func::FuncOp function, const Difference &difference, const State &state) {
    diverged_ = true;
    bool isFloat = isa<FloatType>(state.results[difference.result].type.getElementType());
    auto number = [&](Scalar value) { return isFloat ? std::to_string(value.real) : std::to_string(value.integer); };
    function.emitError() << pass->getArgument() << " changes result " << difference.result << " at [" << difference.index
                         << "] from " << number(difference.before) << " to " << number(difference.after);
  }

  bool &diverged_;
  DenseMap<Operation *, State> states_;
};

} // namespace

void layerc::checkValues(PassManager &manager, bool &diverged) {
  manager.getContext()->disableMultithreading();
  manager.addInstrumentation(std::make_unique<ValueCheck>(diverged));
}
