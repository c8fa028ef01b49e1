// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See CheckValues.h. The values before a pass are those after the one before it, so that each state is evaluated once.
#include "passes/CheckValues.h"

#include "passes/EvaluatePlan.h"

#include "mlir/IR/BuiltinOps.h"
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
    if (function && isJudged(pass) && !states_.count(function.getName()))
      states_[function.getName()] = evaluateState(function);
  }

  void runAfterPass(Pass *pass, Operation *op) override {
    if (!isJudged(pass))
      return;
    if (auto function = dyn_cast<func::FuncOp>(op))
      compare(pass, function, function.getName(), evaluateState(function));
    else if (auto module = dyn_cast<ModuleOp>(op)) {
      if (module.getName()) // no pass changes the functions of others together
        for (auto size : module.getOps<func::FuncOp>())
          compare(pass, size, size.getName(), evaluateState(size));
      for (auto program : module.getOps<plan::ProgramOp>())
        for (auto entry : program.getOps<plan::EntryOp>())
          compare(pass, entry, entry.getSize().empty() ? program.getSymName() : entry.getSize(), evaluateState(entry));
    }
  }

private:
  struct State {
    SmallVector<RankedTensorType> arguments;
    std::vector<TensorData> results;
  };

  static bool isJudged(Pass *pass) { return !pass->getArgument().empty(); } // adaptors that only nest others have none

  static std::vector<TensorData> madeUp(ArrayRef<RankedTensorType> types) {
    std::vector<TensorData> arguments;
    for (auto [number, type] : llvm::enumerate(types))
      arguments.push_back(randomTensor(type, number + 1));
    return arguments;
  }

  static WeightStore &weightsOf(Operation *op) {
    return op->getContext()->getOrLoadDialect<nn::NnDialect>()->weights();
  }

  static State evaluateState(func::FuncOp function) {
    State state;
    for (Type type : function.getArgumentTypes())
      state.arguments.push_back(cast<RankedTensorType>(type));
    state.results = evaluate(function, madeUp(state.arguments), weightsOf(function));
    return state;
  }

  static State evaluateState(plan::EntryOp entry) {
    State state;
    for (auto input : entry.getOps<plan::InputOp>())
      state.arguments.push_back(
          RankedTensorType::get(cast<ShapedType>(input.getType()).getShape(), getElementTypeOrSelf(input.getType())));
    state.results = evaluatePlan(entry, madeUp(state.arguments), weightsOf(entry));
    return state;
  }

  void compare(Pass *pass, Operation *op, StringRef name, State after) {
    auto before = states_.find(name);
    if (before != states_.end() && before->second.arguments == after.arguments)
      if (std::optional<Difference> difference = firstDifference(before->second.results, after.results))
        report(pass, op, *difference, after);
    states_[name] = std::move(after);
  }

  void report(Pass *pass, Operation *op, const Difference &difference, const State &state) {
    diverged_ = true;
    bool isFloat = isa<FloatType>(state.results[difference.result].type.getElementType());
    auto number = [&](Scalar value) { return isFloat ? std::to_string(value.real) : std::to_string(value.integer); };
    emitError(op->getLoc()) << pass->getArgument() << " changes result " << difference.result << " at ["
                            << difference.index << "] from " << number(difference.before) << " to "
                            << number(difference.after);
  }

  bool &diverged_;
  llvm::StringMap<State> states_; ///< by the name of the function, which becomes that of the plan or of its size
};

} // namespace

void layerc::checkValues(PassManager &manager, bool &diverged) {
  manager.getContext()->disableMultithreading();
  manager.addInstrumentation(std::make_unique<ValueCheck>(diverged));
}
