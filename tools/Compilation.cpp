// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The driver behind every verb: load, import, passes, weights.
#include "tools/Compilation.h"

#include "codegen/EmitKernel.h"
#include "codegen/Names.h"
#include "frontend/Load.h"
#include "ir/Recipe.h"
#include "passes/Pipeline.h"
#include "tools/Externals.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/DebugStringHelper.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SaveAndRestore.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <set>
#include <thread>

using namespace mlir;
using namespace layerc;

void layerc::printError(const std::string &message) { std::cerr << "error: " << message << "\n"; }

static DialectRegistry dialects() {
  DialectRegistry registry;
  registry.insert<nn::NnDialect, plan::PlanDialect, func::FuncDialect>();
  registerKernelDialects(registry);
  return registry;
}

Compilation::Compilation(const Options &options)
    : options(options), context(dialects(), MLIRContext::Threading::DISABLED) {
  context.loadAllAvailableDialects();
  context.getDiagEngine().registerHandler([this](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error) {
      if (!failed_) // the first one is the cause
        printError(prefix_ + diagnostic.str());
      failed_ = true;
    } else if (this->options.explain) {
      auto paths = nn::layerPaths(diagnostic.getLocation());
      std::cerr << (paths.empty() ? std::string("model") : llvm::join(paths, ", ")) << ": " << diagnostic.str() << "\n";
    }
    return success();
  });
}

Compilation::~Compilation() {
  if (weights_)
    munmap(weights_, weightBytes_);
}

Exit Compilation::load() {
  absl::StatusOr<LayerGraph> loaded = loadModel(options.model, options.weights);
  if (!loaded.ok()) {
    printError(std::string(loaded.status().message()));
    return Exit::BadModel;
  }
  graph = *std::move(loaded);
  for (const SizeOptions &size : options.sizes)
    for (const auto &[name, shape] : size.inputShapes)
      if (llvm::none_of(graph.inputs, [&](const NamedTensor &input) { return input.name == name; })) {
        printError(options.model + ": --input-shape names '" + name + "', which is no input; inputs are " +
                   llvm::join(llvm::map_range(graph.inputs, std::mem_fn(&NamedTensor::name)), ", "));
        return Exit::BadModel;
      }
  if (!options.quiet)
    for (const std::string &warning : loadWarnings(graph))
      std::cerr << "warning: " << warning << "\n";
  name_ = options.name.empty() ? modelNameFrom(llvm::sys::path::stem(options.model)) : options.name;
  std::optional<std::string> reason = refuseModelName(name_);
  if (reason && options.name.empty() && !options.writesCode) {
    name_ = "model"; // no one sees it
  } else if (reason) {
    printError(options.model + ": " + *reason + "; pick a name: --name");
    return Exit::BadModel;
  }
  return saveStage("graph.txt", print(graph));
}

/// A stream takes any number of steps. The sequence that it is imported as has those that the model states, or some.
void Compilation::setSequenceLengths(const SizeOptions &size,
                                     std::map<std::string, std::vector<int64_t>> &shapes) const {
  for (const NamedTensor &input : graph.inputs) {
    const nlohmann::json &config = graph.layers[graph.calls[input.tensor.call].layer].config;
    const nlohmann::json &stated = config["batch_shape"];
    bool isFloat = config["dtype"].get<std::string>().find("float") != std::string::npos;
    if (!stated.is_array() || stated.size() < (isFloat ? 3 : 2))
      continue;
    std::vector<int64_t> shape;
    for (const nlohmann::json &dimension : stated)
      shape.push_back(dimension.is_null() ? 0 : dimension.get<int64_t>());
    if (auto given = shapes.find(input.name); given != shapes.end() && given->second.size() == shape.size())
      shape = given->second;
    else if (shape[0] == 0)
      shape[0] = size.batch.value_or(1);
    shape[1] = stated[1].is_null() ? 4 * size.stream : stated[1].get<int64_t>();
    if (std::count(shape.begin(), shape.end(), 0) == 0)
      shapes[input.name] = shape;
  }
}

ImportOptions Compilation::importOptions(const SizeOptions &size,
                                         const std::map<std::string, std::vector<int64_t>> &shapes) const {
  ImportOptions told;
  told.name = name_;
  told.batch = size.batch;
  told.inputShapes = shapes;
  if (options.sizes.size() > 1 && size.batch) // arrays of any of the sizes say what else is free
    for (auto &[input, shape] : told.inputShapes)
      if (!shape.empty())
        shape[0] = *size.batch;
  told.custom = options.custom;
  for (const auto &[input, shape] : size.inputShapes)
    told.inputShapes[input] = shape;
  if (size.stream > 0)
    setSequenceLengths(size, told.inputShapes);
  return told;
}

Exit Compilation::import(const std::map<std::string, std::vector<int64_t>> &shapes) {
  std::vector<OwningOpRef<ModuleOp>> sizes;
  for (const SizeOptions &size : options.sizes) {
    module = importModel(graph, importOptions(size, shapes), context);
    if (!module)
      return Exit::BadModel;
    Exit exit = saveStage("nn.mlir", debugString(*module));
    if (exit == Exit::Done && size.stream > 0)
      exit = runPasses([&](OpPassManager &manager) { buildStreamPipeline(manager, size.stream); }, Exit::BadModel,
                       options.model + ": ");
    if (exit != Exit::Done)
      return exit;
    sizes.push_back(std::move(module));
  }
  if (sizes.size() > 1)
    return joinSizes(sizes);
  module = std::move(sizes.front());
  return Exit::Done;
}

/// The numbers that tell each size from the others, "8" or "1x128": those that differ between the shapes of the inputs.
static std::vector<std::string> nameSizes(ArrayRef<func::FuncOp> sizes) {
  std::vector<std::vector<int64_t>> numbers; // of all inputs, per size
  for (func::FuncOp size : sizes) {
    std::vector<int64_t> &row = numbers.emplace_back();
    for (auto [i, type] : llvm::enumerate(size.getArgumentTypes()))
      if (!size.getArgAttr(i, nn::kStateAttr))
        llvm::append_range(row, cast<RankedTensorType>(type).getShape());
  }
  std::set<std::vector<int64_t>> columns; // each once: all inputs have the batch
  std::vector<std::string> names(sizes.size());
  for (size_t d = 0; d < numbers.front().size(); ++d) {
    std::vector<int64_t> column;
    column.reserve(numbers.size());
    for (const std::vector<int64_t> &row : numbers)
      column.push_back(row[d]);
    bool differs = llvm::any_of(column, [&](int64_t number) { return number != column.front(); });
    if (differs && columns.insert(column).second)
      for (auto [name, number] : llvm::zip(names, column))
        name += (name.empty() ? "" : "x") + std::to_string(number);
  }
  return names;
}

/// A layer whose state has another shape in another size, and both shapes; empty where all sizes can share one state.
static std::string findDifferentState(func::FuncOp a, func::FuncOp b) {
  auto states = [](func::FuncOp function) {
    std::vector<std::pair<std::string, Type>> list;
    for (auto [i, type] : llvm::enumerate(function.getArgumentTypes()))
      if (auto layer = function.getArgAttrOfType<StringAttr>(i, nn::kStateAttr))
        list.push_back({layer.str(), type});
    return list;
  };
  for (const auto &[left, right] : llvm::zip_longest(states(a), states(b)))
    if (left != right)
      return "layer '" + (left ? left->first : right->first) + "' keeps a state of " +
             (left ? debugString(left->second) : "no bytes") + " in one size and of " +
             (right ? debugString(right->second) : "no bytes") + " in another";
  return "";
}

/// A module with the model's name, whose functions are named after the sizes.
Exit Compilation::joinSizes(MutableArrayRef<OwningOpRef<ModuleOp>> sizes) {
  SmallVector<func::FuncOp> functions;
  for (OwningOpRef<ModuleOp> &size : sizes)
    functions.push_back(*size->getOps<func::FuncOp>().begin());
  module = ModuleOp::create(sizes.front()->getLoc(), name_);
  std::set<std::string> taken;
  for (auto [function, name] : llvm::zip(functions, nameSizes(functions))) {
    if (!taken.insert(name).second) {
      printError(options.model + ": two of the sizes are the same" + (name.empty() ? "" : ", " + name));
      return Exit::BadModel;
    }
    if (std::string difference = findDifferentState(functions.front(), function); !difference.empty()) {
      printError(options.model + ": " + difference);
      return Exit::BadModel;
    }
    function.setName(name);
    function->moveBefore(module->getBody(), module->getBody()->end());
  }
  return Exit::Done;
}

namespace {
/// Writes the module after every pass, numbered.
struct StageSaver : PassInstrumentation {
  explicit StageSaver(std::function<void(const std::string &, Operation *)> save) : save(std::move(save)) {}
  void runAfterPass(Pass *pass, Operation *op) override {
    if (!pass->getArgument().empty())
      save(pass->getArgument().str() + ".mlir", op);
  }
  std::function<void(const std::string &, Operation *)> save;
};
} // namespace

Exit Compilation::runPasses(const std::function<void(OpPassManager &)> &build, Exit onFailure,
                            const std::string &prefix) {
  llvm::SaveAndRestore<std::string> scope(prefix_, prefix);
  PassManager manager(&context);
  if (!options.saveStages.empty())
    manager.addInstrumentation(std::make_unique<StageSaver>(
        [this](const std::string &stage, Operation *op) { (void)saveStage(stage, debugString(*op)); }));
  build(manager);
  if (succeeded(manager.run(*module)))
    return Exit::Done;
  if (!failed_)
    printError(options.model + ": a pass failed without a reason");
  return failed_ ? onFailure : Exit::Internal;
}

PipelineOptions Compilation::pipelineOptions() const {
  return {target.name, target.triple, options.precision, options.kernels};
}

Exit Compilation::chooseKernels(const std::string &defaultCpu) {
  if (options.kernels != "mlir" && !findExternal("layerc_onednn", {})) {
    printError("--kernels " + options.kernels + ": this layerc was built without oneDNN");
    return Exit::BadUsage;
  }
  auto made = makeTarget(options.targetCpu.empty() ? defaultCpu : options.targetCpu, options.targetTriple);
  if (!made) {
    printError(llvm::toString(made.takeError()));
    return Exit::BadUsage;
  }
  target = *made;
  return runPasses([&](OpPassManager &manager) { buildKernelPipeline(manager, pipelineOptions()); }, Exit::Internal);
}

Exit Compilation::plan() {
  return runPasses([&](OpPassManager &manager) { buildPlanPipeline(manager, pipelineOptions()); }, Exit::Internal);
}

plan::ProgramOp Compilation::program() { return *module->getOps<plan::ProgramOp>().begin(); }
SmallVector<plan::EntryOp> Compilation::entries() { return plan::entriesOf(program()); }

Exit Compilation::makeWeights() {
  weightBytes_ = program().getWeights();
  if (weightBytes_ == 0)
    return Exit::Done;
  void *memory = mmap(nullptr, weightBytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    printError(options.model + ": no memory for " + std::to_string(weightBytes_) + " bytes of weights");
    return Exit::Internal;
  }
  weights_ = static_cast<char *>(memory);
  // Before the first touch; walks over pages of 4 KB cost a large network as much as they cost generated code.
  static_cast<void>(madvise(memory, weightBytes_, MADV_HUGEPAGE));
  SmallVector<plan::WeightOp> all(program().getBody().getOps<plan::WeightOp>());
  WeightStore &store = context.getLoadedDialect<nn::NnDialect>()->weights();
  std::atomic<size_t> next = 0;
  std::atomic<bool> ok = true;
  auto work = [&] {
    for (size_t i = next++; i < all.size(); i = next++) {
      Value value = all[i].getRecipe().front().getTerminator()->getOperand(0);
      llvm::MutableArrayRef<char> place(weights_ + all[i].getOffset(), all[i].getBytes());
      if (llvm::Error error = runRecipe(value, store, place)) {
        printError(options.model + ": " + llvm::toString(std::move(error)));
        ok = false;
      }
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < std::thread::hardware_concurrency(); ++i)
    threads.emplace_back(work);
  work();
  for (std::thread &thread : threads)
    thread.join();
  return ok ? Exit::Done : Exit::Internal;
}

Exit Compilation::saveStage(const std::string &stage, const std::string &text) {
  if (options.saveStages.empty())
    return Exit::Done;
  std::error_code error = llvm::sys::fs::create_directories(options.saveStages);
  std::string number = std::to_string(stages_++);
  std::string path =
      options.saveStages + "/" + std::string(2 - std::min<size_t>(2, number.size()), '0') + number + "-" + stage;
  if (!error) {
    llvm::raw_fd_ostream file(path, error);
    if (!error)
      file << text << "\n";
  }
  if (error) {
    printError(path + ": " + error.message());
    return Exit::BadUsage;
  }
  if (stage == "nn.mlir") {
    std::string why;
    if (!context.getLoadedDialect<nn::NnDialect>()->weights().save(options.saveStages + "/weights.bin", why)) {
      printError(why);
      return Exit::BadUsage;
    }
  }
  return Exit::Done;
}
