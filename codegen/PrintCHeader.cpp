// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NAME_c.h and the functions behind it: the same model for C and for everything that calls C.
#include "codegen/ModelText.h"
#include "runtime/include/layerc/status.h"

#include "llvm/ADT/STLExtras.h"

using namespace layerc;
using llvm::StringRef;

namespace {

constexpr StringRef kHeader = R"(/* @generated@ */
#ifndef LAYERC_GENERATED_@NAME@_C_H
#define LAYERC_GENERATED_@NAME@_C_H

#include <stddef.h>
#include <stdint.h>

/* Set by the source file that defines these functions. */
#ifndef @NAME@_API
#define @NAME@_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The model @model@ for C; @name@.h is the same for C++.
 *
 *   @name@_model *model = @name@_create(1);
 *   const void *inputs[] = {@input names@};
 *   void *outputs[] = {@output names@};
 *   if (model == NULL || @name@_run@first suffix@(model, inputs, outputs) != 0) ...
 *   @name@_destroy(model);
 *
@about sizes@ * Tensors are dense and row-major, in the order of the tables below. A status is 0 or:
@codes@ */

/* An input or output. */
typedef struct @name@_tensor {
  const char *name;           /* as Keras calls it; NULL behind the last one */
  const char *element_type;   /* "float32", as Keras calls it */
  size_t bytes;               /* of the whole tensor */
  int rank;                   /* how many sizes follow */
  int64_t shape[@rank limit@];           /* batch first */
} @name@_tensor;

#define @NAME@_INPUT_COUNT @input count@
#define @NAME@_OUTPUT_COUNT @output count@
@tables@
/* A model with its arena. One run at a time per model. */
typedef struct @name@_model @name@_model;
@size table@
/* How to construct a model. Begin with `@name@_options options = {sizeof options};`: zeros mean the default. */
typedef struct @name@_options {
  size_t size;                /* sizeof(@name@_options) */
  void *arena;                /* memory to compute in, at a multiple of 64; NULL: allocated once */
  size_t arena_bytes;         /* its size */
  const void *weights;        /* a weight blob at a multiple of 64, used in place; NULL: see weights_file */
  size_t weights_bytes;       /* its size */
  const char *weights_file;   /* a file with a weight blob; NULL: @default weights@ */
  /* The host's threads: computes each of `units` units once by calls of part(context, begin, end, worker), at most one
   * at a time per worker, 0 <= worker < executor_workers; returns when all have returned. NULL: see threads. */
  void (*executor)(void *host, int units, void (*part)(void *context, int begin, int end, int worker), void *context);
  void *executor_host;        /* passed to executor */
  int executor_workers;
  int threads;                /* without an executor: above 1, the size of a pool that the model owns */
} @name@_options;

/* A model with a pool of `threads` threads (1 or less: none). NULL when it cannot be made. */
@NAME@_API @name@_model *@name@_create(int threads);

/* As @name@_create, with every choice. `options` may be NULL; so may `status`, which tells why there is no model. */
@NAME@_API @name@_model *@name@_create_with(const @name@_options *options, int *status);

/* Computes the outputs from the inputs: arrays of pointers to dense data, in the model's order, that do not overlap.
 * Returns 0, or a status; the outputs are then as they were. */
@runs@
/* Forgets the state that earlier runs left. */
@NAME@_API void @name@_reset(@name@_model *model);

/* Frees the model; NULL is allowed. */
@NAME@_API void @name@_destroy(@name@_model *model);

#ifdef __cplusplus
}
#endif

#endif /* LAYERC_GENERATED_@NAME@_C_H */
)";

constexpr StringRef kFunctions = R"(
// The C interface: see @name@_c.h.

struct LAYERC_HIDDEN @name@_model {
  explicit @name@_model(const @name@_options &options) noexcept
      : pool(options.executor == nullptr ? options.threads : 1),
        executor(options.executor == nullptr
                     ? pool.executor()
                     : layerc::Executor{options.executor, options.executor_host, options.executor_workers}),
        weights(choose_weights(options)), arena(choose_arena(options, executor.workers)),
        model(weights, arena.data(), arena.size(), executor.workers) {}

  layerc::Status status() const noexcept {
    for (layerc::Status part : {pool.status(), weights.status(), arena.status()})
      if (part != layerc::Status::ok)
        return part;
    return model.status();
  }

  static @name@::Weights choose_weights(const @name@_options &options) noexcept {
    if (options.weights != nullptr)
      return @name@::Weights::from_memory(options.weights, options.weights_bytes);
@other weights@
  }

  static layerc::Arena choose_arena(const @name@_options &options, int workers) noexcept {
    const std::size_t needed = @name@::Model::arena_bytes(workers);
    if (options.arena == nullptr)
      return layerc::Arena(needed);
    return layerc::Arena(options.arena, options.arena_bytes, needed);
  }

  layerc::Pool pool;
  layerc::Executor executor;
  @name@::Weights weights;
  layerc::Arena arena;
  @name@::Model model;
};

extern "C" {

@tables@@name@_model *@name@_create(int threads) {
  @name@_options options = {};
  options.size = sizeof(options);
  options.threads = threads;
  return @name@_create_with(&options, nullptr);
}

@name@_model *@name@_create_with(const @name@_options *options, int *status) {
  layerc::Status result = layerc::Status::bad_argument;
  @name@_options known = {};
  @name@_model *model = nullptr;
  // A caller built with an older header knows fewer options; one with a newer header asks for what is not here.
  if (options == nullptr || (options->size >= sizeof(options->size) && options->size <= sizeof(known))) {
    if (options != nullptr)
      std::memcpy(&known, options, options->size);
    void *memory = layerc::allocate_memory(sizeof(@name@_model));
    result = layerc::Status::out_of_memory;
    if (memory != nullptr) {
      model = new (memory) @name@_model(known);
      result = model->status();
    }
  }
  if (result != layerc::Status::ok) {
    @name@_destroy(model);
    model = nullptr;
  }
  if (status != nullptr)
    *status = static_cast<int>(result);
  return model;
}

@runs@@size table@void @name@_reset(@name@_model *model) {
  if (model != nullptr)
    model->model.reset();
}

void @name@_destroy(@name@_model *model) {
  if (model == nullptr)
    return;
  model->~@name@_model();
  layerc::free_memory(model);
}

} // extern "C"
)";

// For each size.

constexpr StringRef kTableDeclarations =
    R"(extern @NAME@_API const @name@_tensor @name@_inputs@suffix@[@NAME@_INPUT_COUNT + 1];
extern @NAME@_API const @name@_tensor @name@_outputs@suffix@[@NAME@_OUTPUT_COUNT + 1];
)";

constexpr StringRef kRunDeclaration =
    R"(@NAME@_API int @name@_run@suffix@(@name@_model *model, const void *const *inputs, void *const *outputs);
)";

constexpr StringRef kTables = R"(const @name@_tensor @name@_inputs@suffix@[] = {
@input table@    {nullptr, nullptr, 0, 0, {}},
};

const @name@_tensor @name@_outputs@suffix@[] = {
@output table@    {nullptr, nullptr, 0, 0, {}},
};

)";

constexpr StringRef kRun =
    R"(int @name@_run@suffix@(@name@_model *model, const void *const *inputs, void *const *outputs) {
  if (model == nullptr || inputs == nullptr || outputs == nullptr)
    return static_cast<int>(layerc::Status::bad_argument);
  return static_cast<int>(model->model.run(@views@));
}

)";

// Of a model with several sizes.

constexpr StringRef kAboutSizes =
    R"( * The model was compiled for the sizes @sizes@: each has its @name@_run_... and its tables, which
 * @name@_sizes lists.
 *
)";

constexpr StringRef kSizeTableDeclaration = R"(
/* One of the sizes that the model was compiled for. */
typedef struct @name@_size {
  const char *name;             /* "@first size@"; NULL behind the last one */
  const @name@_tensor *inputs;  /* @name@_inputs@first suffix@ */
  const @name@_tensor *outputs; /* @name@_outputs@first suffix@ */
  int (*run)(@name@_model *model, const void *const *inputs, void *const *outputs); /* @name@_run@first suffix@ */
} @name@_size;

#define @NAME@_SIZE_COUNT @size count@
extern @NAME@_API const @name@_size @name@_sizes[@NAME@_SIZE_COUNT + 1];
)";

constexpr StringRef kSizeTable = R"(const @name@_size @name@_sizes[] = {
@rows@    {nullptr, nullptr, nullptr, nullptr},
};

)";

/// Weights above this are copied into 2 MB pages: below it they stay in the caches anyway.
constexpr int64_t kHugePagesFrom = 4 << 20;

std::string statusCodes() {
  std::string text;
  for (int code = 1; code < status_count; ++code)
    text += " * " + std::string(code < 10 ? "  " : " ") + std::to_string(code) + "  " +
            message(static_cast<Status>(code)) + "\n";
  return text;
}

size_t rankLimit(const ModelText &model) {
  size_t limit = 1;
  for (const SizeText &size : model.sizes)
    for (const TensorText &tensor : size.tensors)
      limit = std::max(limit, tensor.shape.size());
  return limit;
}

std::string names(llvm::ArrayRef<TensorText> tensors) {
  std::string text;
  for (const TensorText &tensor : tensors)
    text += (text.empty() ? "" : ", ") + tensor.argument;
  return text;
}

std::string table(llvm::ArrayRef<TensorText> tensors) {
  std::string text;
  for (const TensorText &tensor : tensors)
    text += "    {\"" + tensor.kerasName + "\", \"" + tensor.dtype + "\", " + std::to_string(tensor.bytes) + ", " +
            std::to_string(tensor.shape.size()) + ", {" + (tensor.shape.empty() ? "" : shapeText(tensor.shape, ", ")) +
            "}},\n";
  return text;
}

std::string otherWeights(const ModelText &model) {
  bool large = model.weightBytes > kHugePagesFrom;
  std::string name = model.options.name, type = name + "::Weights::";
  std::string file = "options.weights_file";
  std::string map = type + "map_file(" + file + ")";
  map = large ? type + "in_huge_pages(" + map + ")" : map;
  if (model.options.storeWeights == StoreWeights::Object)
    return "    if (options.weights_file != nullptr)\n      return " + map + ";\n    return " + type +
           (large ? "in_huge_pages();" : "linked();");
  if (model.options.storeWeights == StoreWeights::Caller)
    return "    return " + map + ";";
  std::string path =
      "    const char *file = options.weights_file == nullptr ? \"" + name + ".weights\" : options.weights_file;\n";
  map = type + "map_file(file)";
  return path + "    return " + (large ? type + "in_huge_pages(" + map + ")" : map) + ";";
}

std::string defaultWeights(const ModelText &model) {
  switch (model.options.storeWeights) {
  case StoreWeights::Object:
    return "those that are linked in";
  case StoreWeights::File:
    return "\"" + model.options.name + ".weights\"";
  case StoreWeights::Caller:
    return "none";
  }
  llvm_unreachable("unknown place of weights");
}

std::string views(const ModelText &model, const SizeText &size) {
  std::string text;
  for (auto [index, tensor] : llvm::enumerate(size.tensors)) {
    int64_t position = static_cast<int64_t>(index) - (tensor.isInput ? 0 : size.inputCount);
    std::string pointer = (tensor.isInput ? "static_cast<const " + tensor.element + " *>(inputs["
                                          : "static_cast<" + tensor.element + " *>(outputs[") +
                          std::to_string(position) + "])";
    text += model.options.name + "::" + tensor.type + "(" + pointer + "),\n                                          ";
  }
  return text + "model->executor";
}

/// `pattern` once for every size.
std::string forEachSize(const ModelText &model, StringRef pattern) {
  std::string text;
  for (const SizeText &size : model.sizes)
    text += fill(pattern, model.with({{"suffix", size.suffix},
                                      {"input table", table(size.inputs())},
                                      {"output table", table(size.outputs())},
                                      {"views", views(model, size)}}));
  return text;
}

std::string aboutSizes(const ModelText &model) {
  return model.hasSizes() ? fill(kAboutSizes, model.with({{"sizes", model.sizeNames()}})) : "";
}

std::string sizeTableDeclaration(const ModelText &model) {
  return model.hasSizes()
             ? fill(kSizeTableDeclaration, model.with({{"first size", model.sizes.front().name},
                                                       {"first suffix", model.sizes.front().suffix},
                                                       {"size count", std::to_string(model.sizes.size())}}))
             : "";
}

std::string sizeTable(const ModelText &model) {
  if (!model.hasSizes())
    return "";
  std::string rows;
  for (const SizeText &size : model.sizes)
    rows += fill("    {\"@size@\", @name@_inputs@suffix@, @name@_outputs@suffix@, @name@_run@suffix@},\n",
                 model.with({{"size", size.name}, {"suffix", size.suffix}}));
  return fill(kSizeTable, model.with({{"rows", rows}}));
}

} // namespace

std::string layerc::printCHeader(const ModelText &model) {
  const SizeText &first = model.sizes.front();
  return fill(kHeader, model.with({{"codes", statusCodes()},
                                   {"first suffix", first.suffix},
                                   {"about sizes", aboutSizes(model)},
                                   {"input names", names(first.inputs())},
                                   {"output names", names(first.outputs())},
                                   {"input count", std::to_string(first.inputs().size())},
                                   {"output count", std::to_string(first.outputs().size())},
                                   {"tables", forEachSize(model, kTableDeclarations)},
                                   {"size table", sizeTableDeclaration(model)},
                                   {"runs", forEachSize(model, kRunDeclaration)},
                                   {"rank limit", std::to_string(rankLimit(model))},
                                   {"default weights", defaultWeights(model)}}));
}

std::string layerc::printCFunctions(const ModelText &model) {
  return fill(kFunctions, model.with({{"other weights", otherWeights(model)},
                                      {"tables", forEachSize(model, kTables)},
                                      {"runs", forEachSize(model, kRun)},
                                      {"size table", sizeTable(model)}}));
}
