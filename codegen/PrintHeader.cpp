// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NAME.h: the class for people. Its comment shows the use, every tensor with type and shape, and the certificate.
#include "codegen/ModelText.h"
#include "codegen/Names.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MathExtras.h"

using namespace layerc;
using llvm::StringRef;

namespace {

constexpr StringRef kTop = R"(// @generated@
#ifndef LAYERC_GENERATED_@NAME@_H
#define LAYERC_GENERATED_@NAME@_H

#include "layerc/arena.h"
#include "layerc/executor.h"
@external include@#include "layerc/status.h"
#include "layerc/version.h"
#include "layerc/view.h"
#include "layerc/weights.h"

static_assert(layerc::runtime_version == 1, "@name@ was generated for other headers in layerc/");

namespace @name@ {
)";

constexpr StringRef kView = R"(
/// @side@ @position@, "@keras name@": @shape@, @dtype@, @bytes@ bytes.
struct @type@ : layerc::View<@element@@dims@> {
  using View::View;
};
)";

constexpr StringRef kWeightsTop = R"(
/// The weights: @weight bytes@ bytes, read only. One object serves any number of models and must outlive them.
class Weights : public layerc::Weights {
public:
  /// What a blob must carry to fit this code. Another training of the same model fits.
  static constexpr layerc::WeightsFormat format = {@weights signature@U, @weight bytes@U};
)";

constexpr StringRef kLinkedWeights = R"(
  /// The weights that are linked into the program, in place.
  LAYERC_HIDDEN static Weights linked() noexcept;

  /// A copy in 2 MB pages of the linked weights or of others: faster when they are larger than the caches.
  static Weights in_huge_pages() noexcept { return in_huge_pages(linked()); }
)";

constexpr StringRef kWeightsBottom =
    R"(  static Weights in_huge_pages(const Weights &other) noexcept { return layerc::Weights::copy_to_huge_pages(other); }

  /// The weights in the file `path`, mapped and checked.
  static Weights map_file(const char *path) noexcept { return layerc::Weights::map_file(path, format); }

  /// The weights in the caller's memory of `bytes` bytes at a multiple of 64, checked and used in place.
  static Weights from_memory(const void *blob, std::size_t bytes) noexcept {
    return layerc::Weights::from_memory(blob, bytes, format);
  }

private:
  Weights(layerc::Weights &&other) noexcept : layerc::Weights(static_cast<layerc::Weights &&>(other)) {}
};
)";

constexpr StringRef kUsage = R"(
/// The model @model@.
///
@usage@///
@table@///
/// Memory   arena @arena bytes@ bytes@certificate@
///          weights @weight bytes@ bytes, stack of run at most @stack bytes@ bytes@workers@
/// Target   @target@, computed in @precision@
///
@promises@class Model {
public:
  /// A hash of the names, types and shapes of inputs and outputs.
  static constexpr std::uint64_t signature = @signature@U;

  /// A bound of the stack that run() uses on the calling thread and on each worker.
  static constexpr std::size_t stack_bytes = @stack bytes@;

@certificate member@  /// Size of the arena for executors of up to `workers` workers.
  static constexpr std::size_t arena_bytes(int workers = 1) noexcept {
    @arena expression@
  }
)";

constexpr StringRef kLinkedConstructor = R"(
  /// Uses the weights that are linked into the program. See status().
  LAYERC_HIDDEN explicit Model(int workers = 1) noexcept;
)";

constexpr StringRef kClass = R"(
  /// Allocates the arena, for executors of up to `workers` workers. See status().
  LAYERC_HIDDEN explicit Model(const Weights &weights, int workers = 1) noexcept;

  /// Computes in the caller's `arena` of `bytes` bytes at a multiple of 64, which must outlive the model. See status().
  LAYERC_HIDDEN Model(const Weights &weights, void *arena, std::size_t bytes, int workers = 1) noexcept;

  Model(Weights &&weights, int workers = 1) = delete; // the weights must outlive the model
  Model(const Model &) = delete;
  Model &operator=(const Model &) = delete;

  /// ok, or why this model cannot run.
  layerc::Status status() const noexcept { return status_; }

  /// Computes the outputs from the inputs, which must not overlap them. On a status other than ok, that of the model
  /// or too_many_workers, the outputs are as they were.
@run@

  /// Touches every page that run() will use and runs once on zeros, so that no later run waits for a page. Allocates.
  LAYERC_HIDDEN layerc::Status warm(const layerc::Executor &executor = {}) noexcept;
@state functions@
private:
  layerc::Status check() const noexcept;
@prepare@
  layerc::Arena memory_;
  unsigned char *arena_ = memory_.data();
  const unsigned char *weights_;
  int workers_;
  layerc::Status status_;
@external steps@@state member@};

} // namespace @name@

#endif // LAYERC_GENERATED_@NAME@_H
)";

constexpr StringRef kStateless = R"(
  /// Forgets the state that earlier runs left. This model keeps none.
  void reset() noexcept {}
)";

constexpr StringRef kStateful = R"(
  /// Bytes of the state that a run leaves for the next one: @stateful layers@.
  static constexpr std::size_t state_bytes = @state bytes@;

  /// Forgets the state that earlier runs left: all zeros, as after construction.
  LAYERC_HIDDEN void reset() noexcept;

  /// Copies the state, state_bytes bytes, to `to`.
  LAYERC_HIDDEN void save_state(void *to) const noexcept;

  /// Goes on from what save_state() of a model of this kind gave. bad_argument where `bytes` is not state_bytes.
  LAYERC_HIDDEN layerc::Status load_state(const void *from, std::size_t bytes) noexcept;
)";

/// Paths of the layers that keep state, each once.
std::string statefulLayers(const ModelText &model) {
  llvm::SetVector<StringRef> layers;
  plan::EntryOp entry = model.sizes.front().entry;
  for (plan::StateOp state : entry.getOps<plan::StateOp>())
    layers.insert(state.getLayer());
  return llvm::join(llvm::map_range(layers, [](StringRef layer) { return escapeText(layer); }), ", ");
}

/// What depends on whether the model keeps state.
std::vector<Hole> stateHoles(const ModelText &model) {
  if (model.stateBytes == 0)
    return {{"state functions", kStateless.str()}, {"state member", ""}};
  std::string bytes = std::to_string(model.stateBytes);
  return {{"state functions", fill(kStateful, {{"state bytes", bytes}, {"stateful layers", statefulLayers(model)}})},
          {"state member", "  alignas(64) unsigned char state_[" + bytes + "] = {};\n"}};
}

std::string viewText(const ModelText &model, const TensorText &tensor, int64_t position) {
  std::string dims;
  for (int64_t size : tensor.shape)
    dims += ", " + std::to_string(size);
  return fill(kView, model.with({{"side", tensor.isInput ? "Input" : "Output"},
                                 {"position", std::to_string(position)},
                                 {"keras name", tensor.kerasName},
                                 {"shape", shapeText(tensor.shape, " x ")},
                                 {"dtype", tensor.dtype},
                                 {"bytes", std::to_string(tensor.bytes)},
                                 {"type", tensor.type},
                                 {"element", (tensor.isInput ? "const " : "") + tensor.element},
                                 {"dims", dims}}));
}

/// The view types of all sizes, each once.
std::string viewsText(const ModelText &model) {
  llvm::StringSet<> declared;
  std::string text;
  for (const SizeText &size : model.sizes)
    for (llvm::ArrayRef<TensorText> side : {size.inputs(), size.outputs()})
      for (auto [position, tensor] : llvm::enumerate(side))
        if (declared.insert(tensor.type).second)
          text += viewText(model, tensor, static_cast<int64_t>(position));
  return text;
}

int64_t elementCount(const TensorText &tensor) {
  int64_t count = 1;
  for (int64_t size : tensor.shape)
    count *= size;
  return count;
}

/// The lines of the class comment that show the use, for the first size. Small tensors are arrays, large ones pointers.
std::string usageText(const ModelText &model) {
  constexpr int64_t largeBytes = 64 << 10;
  std::string text, call;
  for (const TensorText &tensor : model.sizes.front().tensors) {
    std::string elements = std::to_string(elementCount(tensor));
    bool large = tensor.bytes > largeBytes;
    text += "///   " +
            (large ? tensor.element + " *" + tensor.argument + " = ...; // " + elements + " elements"
                   : "std::array<" + tensor.element + ", " + elements + "> " + tensor.argument + ";") +
            "\n";
    call += (call.empty() ? "" : ", ") +
            (large ? model.options.name + "::" + tensor.type + "(" + tensor.argument + ")" : tensor.argument);
  }
  bool linked = model.options.storeWeights == StoreWeights::Object;
  std::string declare = linked ? "///   " + model.options.name + "::Model model;\n"
                               : "///   auto weights = " + model.options.name + "::Weights::map_file(\"" +
                                     model.options.name + ".weights\");\n///   " + model.options.name +
                                     "::Model model(weights);\n";
  return declare + text + "///   if (model.run(" + call + ") != layerc::Status::ok)\n" +
         "///     std::puts(layerc::message(model.status()));\n///\n" +
         "/// On four threads, of layerc/pool.h or the host's own: Model model(" + (linked ? "4" : "weights, 4") +
         "), and run(..., pool.executor()).\n" +
         (model.hasSizes() ? "///\n/// Compiled for the sizes " + model.sizeNames() +
                                 ": the types of the views say which of them run() computes, all in one\n/// arena and "
                                 "with one copy of the weights.\n"
                           : "");
}

/// Inputs and outputs in columns.
std::string tableText(const SizeText &size) {
  size_t nameWidth = 0, shapeWidth = 0;
  for (const TensorText &tensor : size.tensors) {
    nameWidth = std::max(nameWidth, tensor.argument.size());
    shapeWidth = std::max(shapeWidth, shapeText(tensor.shape, " x ").size());
  }
  auto pad = [](std::string text, size_t width) { return text + std::string(width - text.size(), ' '); };
  std::string text = size.name.empty() ? "" : "/// Size " + size.name + "\n";
  for (auto [index, tensor] : llvm::enumerate(size.tensors)) {
    int64_t position = static_cast<int64_t>(index);
    StringRef head = position == 0 ? "Inputs " : position == size.inputCount ? "Outputs" : "       ";
    text += "/// " + head.str() + "  " + pad(tensor.argument, nameWidth) + "  " +
            pad(shapeText(tensor.shape, " x "), shapeWidth) + "  " + tensor.dtype + "\n";
  }
  return text;
}

std::string tablesText(const ModelText &model) {
  std::string text;
  for (const SizeText &size : model.sizes)
    text += tableText(size);
  return text;
}

std::string certificateText(plan::EntryOp entry) {
  if (entry.getSearch().empty())
    return "";
  std::string search = entry.getSearch() == "proved" ? "proved the least" : entry.getSearch().str();
  return " (lower bound " + std::to_string(entry.getBound()) + ", layer by layer " +
         std::to_string(entry.getUnfused()) + "; " + search + ")";
}

/// What follows the size of the arena: the certificate of the only size, or a line for each.
std::string certificatesText(const ModelText &model) {
  if (!model.hasSizes())
    return certificateText(model.sizes.front().entry);
  std::string text;
  for (const SizeText &size : model.sizes) {
    plan::EntryOp entry = size.entry;
    text += "\n///          size " + size.name + " uses " + std::to_string(entry.getArena()) + certificateText(entry);
  }
  return text;
}

std::string certificateValue(plan::EntryOp entry) {
  return "{" + std::to_string(llvm::alignTo(entry.getArena(), 64)) + ", " + std::to_string(entry.getBound()) + ", " +
         std::to_string(entry.getUnfused()) + ", " + (entry.getSearch() == "proved" ? "true" : "false") + "}";
}

/// The certificates as constants; empty for a plan whose memory was not planned.
std::string certificateMember(const ModelText &model) {
  std::vector<std::string> values;
  for (const SizeText &size : model.sizes) {
    plan::EntryOp entry = size.entry;
    if (entry.getSearch().empty())
      return "";
    values.push_back(certificateValue(entry));
  }
  if (!model.hasSizes())
    return "  /// The memory certificate: arena, bound, layer by layer, proved.\n"
           "  static constexpr layerc::Certificate certificate = " +
           values.front() + ";\n\n";
  return "  /// The memory certificates of the sizes " + model.sizeNames() +
         ": arena, bound, layer by layer, proved.\n  static constexpr layerc::Certificate certificates[] = {\n      " +
         llvm::join(values, ",\n      ") + "};\n\n";
}

/// The declaration of run for each size.
std::string runDeclarations(const ModelText &model) {
  std::vector<std::string> runs;
  runs.reserve(model.sizes.size());
  for (const SizeText &size : model.sizes)
    runs.push_back(runSignature(size, "  LAYERC_HIDDEN layerc::Status run(", "const layerc::Executor &executor = {}",
                                ") noexcept;"));
  return llvm::join(runs, "\n");
}

std::string arenaExpression(const ModelText &model) {
  std::string one = std::to_string(model.arenaBytes);
  if (model.workerStride == 0)
    return "return workers > 0 ? " + one + " : 0;";
  return "return workers > 0 ? " + one + " + static_cast<std::size_t>(workers - 1) * " +
         std::to_string(model.workerStride) + " : 0;";
}

} // namespace

std::string layerc::printHeader(const ModelText &model) {
  const PrintOptions &options = model.options;
  bool linked = options.storeWeights == StoreWeights::Object;
  bool external = !model.externalSteps.empty();
  std::string text = fill(kTop, model.with({{"external include", external ? "#include \"layerc/external.h\"\n" : ""}}));
  text += viewsText(model);
  text += fill(kWeightsTop, model.holes);
  text += linked ? fill(kLinkedWeights, model.holes)
                 : "\n  /// A copy in 2 MB pages: faster when they are larger than the caches.\n";
  text += fill(kWeightsBottom, model.holes);
  std::string workers =
      model.workerStride == 0 ? "" : "; each further worker " + std::to_string(model.workerStride) + " bytes of arena";
  text += fill(kUsage, model.with({{"usage", usageText(model)},
                                   {"table", tablesText(model)},
                                   {"certificate", certificatesText(model)},
                                   {"workers", workers},
                                   {"target", options.target.name},
                                   {"precision", options.precision},
                                   {"certificate member", certificateMember(model)},
                                   {"promises", promisesText(model)},
                                   {"arena expression", arenaExpression(model)}}));
  text += linked ? kLinkedConstructor.str() : "";
  std::vector<Hole> holes = stateHoles(model);
  holes.push_back({"prepare", external ? "  LAYERC_HIDDEN layerc::Status prepare() noexcept;\n" : ""});
  holes.push_back(
      {"external steps",
       external ? "  layerc::ExternalStep external_[" + std::to_string(model.externalSteps.size()) + "];\n" : ""});
  holes.push_back({"run", runDeclarations(model)});
  return text + fill(kClass, model.with(std::move(holes)));
}
