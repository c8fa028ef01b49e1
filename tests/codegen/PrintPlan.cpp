// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// print-plan PLAN.mlir NAME FOLDER [object|file|caller] [TRIPLE]: prints a plan as `layerc compile` does, with the
// weights 0, 1, ..., 6, 0, 1, ... as floats, so that generated code can be tested without the rest of the compiler.
#include "codegen/Names.h"
#include "codegen/Print.h"
#include "codegen/WriteObject.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace layerc;

static std::string folder;

static void writeFile(llvm::StringRef name, llvm::function_ref<void(llvm::raw_ostream &)> write) {
  llvm::SmallString<128> path(folder);
  llvm::sys::path::append(path, name);
  if (llvm::sys::fs::create_directories(llvm::sys::path::parent_path(path)))
    llvm::report_fatal_error("cannot create a folder");
  std::error_code error;
  llvm::raw_fd_ostream os(path, error);
  if (error)
    llvm::report_fatal_error("cannot write a file");
  write(os);
}

static void writeWeights(plan::ProgramOp program, const PrintOptions &options) {
  std::vector<float> values(program.getWeights() / sizeof(float));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(i % 7);
  llvm::ArrayRef<char> bytes(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float));
  // In two pieces, as a compiler that produces them one by one.
  llvm::ArrayRef<char> pieces[] = {bytes.take_front(8), bytes.drop_front(8)};
  WeightBlob blob = {weightsSignature(program), pieces};
  if (options.storeWeights == StoreWeights::Object)
    writeFile(options.name + ".weights.o", [&](llvm::raw_ostream &os) {
      llvm::cantFail(writeWeightsObject(os, blob, weightsSymbol(options.name), llvm::Triple(options.target.triple)));
    });
  else
    writeFile(options.name + ".weights", [&](llvm::raw_ostream &os) { writeWeightsFile(os, blob); });
}

int main(int argc, char **argv) {
  if (argc < 4)
    return 2;
  mlir::DialectRegistry registry;
  registry.insert<nn::NnDialect, plan::PlanDialect>();
  mlir::MLIRContext context(registry);
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(argv[1], &context);
  if (!module)
    return 1;
  plan::ProgramOp program = *module->getOps<plan::ProgramOp>().begin();
  folder = argv[3];
  PrintOptions options;
  options.name = argv[2];
  options.modelFile = options.name + ".keras";
  options.denormalsShow = true; // in the kernels that stand in for native ones
  llvm::StringRef store = argc > 4 ? argv[4] : "object";
  options.storeWeights = store == "object" ? StoreWeights::Object
                         : store == "file" ? StoreWeights::File
                                           : StoreWeights::Caller;
  plan::EntryOp entry = *program.getOps<plan::EntryOp>().begin();
  auto target = makeTarget(entry.getTarget(), argc > 5 ? argv[5] : "");
  options.target = llvm::cantFail(std::move(target));
  auto files = printProgram(program, options);
  if (mlir::failed(files))
    return 1;
  for (const GeneratedFile &file : *files)
    writeFile(file.name, [&](llvm::raw_ostream &os) { os << file.contents; });
  writeWeights(program, options);
  return 0;
}
