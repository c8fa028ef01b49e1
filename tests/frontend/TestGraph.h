// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builds LayerGraphs by hand, imports and evaluates them: models without files.
#pragma once

#include "frontend/Import.h"
#include "ir/Evaluate.h"

#include <deque>

namespace layerc::test {

/// A tensor of float32 numbers.
struct Floats {
  std::vector<int64_t> shape;
  std::vector<float> values;
};

class TestGraph {
public:
  explicit TestGraph(std::string kerasVersion = "3.5.0") {
    graph.file = "model.keras";
    graph.name = "test-model";
    graph.kind = "Functional";
    graph.kerasVersion = std::move(kerasVersion);
  }

  /// Adds an InputLayer; `shape` is a batch_shape with null for free sizes. Returns its call.
  int input(std::string name, nlohmann::json shape, std::string dtype = "float32") {
    int call = layer("InputLayer", {{"batch_shape", std::move(shape)}, {"dtype", std::move(dtype)}}, {}, {}, name);
    graph.inputs.push_back({name, {call, 0}});
    return call;
  }

  /// Adds a layer and a call of it on the first results of `inputs`. Returns the call.
  int layer(std::string className, nlohmann::json config, std::vector<int> inputs, std::vector<Floats> weights = {},
            std::string name = "layer") {
    Layer made;
    made.path = std::move(name);
    made.className = std::move(className);
    made.config = std::move(config);
    for (Floats &weight : weights) {
      const Floats &kept = storage_.emplace_back(std::move(weight));
      Array array;
      array.shape = kept.shape;
      array.data = reinterpret_cast<const std::byte *>(kept.values.data());
      array.bytes = kept.values.size() * sizeof(float);
      made.weights.push_back(array);
    }
    Call call;
    call.layer = static_cast<int>(graph.layers.size());
    call.path = made.path;
    for (int from : inputs)
      call.inputs.push_back({from, 0});
    graph.layers.push_back(std::move(made));
    graph.calls.push_back(std::move(call));
    return static_cast<int>(graph.calls.size()) - 1;
  }

  void output(int call, std::string name = "out") { graph.outputs.push_back({std::move(name), {call, 0}}); }

  LayerGraph graph;

private:
  std::deque<Floats> storage_;
};

/// Imports; the text of the error, or of the refused layers, is in `error`.
struct Imported {
  mlir::MLIRContext context;
  std::string error;
  mlir::OwningOpRef<mlir::ModuleOp> module;

  explicit Imported(const LayerGraph &graph, const ImportOptions &options = {}) {
    mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
      error += diagnostic.str();
      return mlir::success();
    });
    module = importModel(graph, options, context);
  }
  mlir::func::FuncOp function() { return *module->getOps<mlir::func::FuncOp>().begin(); }

  /// All results of the function on `arguments`, one after the other; integers as the numbers they are.
  std::vector<double> numbers(std::vector<std::vector<double>> arguments) {
    std::vector<TensorData> tensors;
    for (auto [values, type] : llvm::zip(arguments, function().getArgumentTypes())) {
      TensorData &tensor = tensors.emplace_back(makeTensor(mlir::cast<mlir::RankedTensorType>(type)));
      for (auto [i, value] : llvm::enumerate(values))
        tensor.set(static_cast<int64_t>(i), {value, static_cast<int64_t>(value)});
    }
    std::vector<double> results;
    WeightStore &weights = context.getLoadedDialect<nn::NnDialect>()->weights();
    for (const TensorData &result : evaluate(function(), tensors, weights))
      for (int64_t i = 0; i < result.size(); ++i)
        results.push_back(mlir::isa<mlir::FloatType>(result.type.getElementType())
                              ? result.at(i).real
                              : static_cast<double>(result.at(i).integer));
    return results;
  }
  /// The same as floats.
  std::vector<float> run(std::vector<std::vector<double>> arguments) {
    std::vector<double> results = numbers(std::move(arguments));
    return std::vector<float>(results.begin(), results.end());
  }
};

/// Imports and evaluates a graph whose only layer takes the input(s) given with their shapes.
inline std::vector<float> runLayer(std::string className, nlohmann::json config, std::vector<Floats> inputs,
                                   std::vector<Floats> weights = {}, std::string kerasVersion = "3.5.0") {
  TestGraph model(std::move(kerasVersion));
  std::vector<int> calls;
  std::vector<std::vector<double>> arguments;
  for (const Floats &input : inputs) {
    calls.push_back(model.input("input" + std::to_string(calls.size()), input.shape));
    arguments.emplace_back(input.values.begin(), input.values.end());
  }
  model.output(model.layer(std::move(className), std::move(config), calls, std::move(weights)));
  Imported imported(model.graph);
  return imported.module ? imported.run(arguments) : std::vector<float>();
}

/// The error of importing one layer on inputs of these shapes.
inline std::string errorOf(std::string className, nlohmann::json config, std::vector<std::vector<int64_t>> inputs,
                           std::vector<Floats> weights = {}, std::string kerasVersion = "3.5.0") {
  TestGraph model(std::move(kerasVersion));
  std::vector<int> calls;
  for (const std::vector<int64_t> &shape : inputs)
    calls.push_back(model.input("input" + std::to_string(calls.size()), shape));
  model.output(model.layer(std::move(className), std::move(config), calls, std::move(weights)));
  Imported imported(model.graph);
  return imported.module ? "imported" : imported.error;
}

} // namespace layerc::test
