// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// layerc compile: writes the output folder, or prints one form of the model. Files appear under their names only when
// all of them are complete.
#include "tools/Compilation.h"
#include "tools/Verbs.h"

#include "codegen/EmitObject.h"
#include "codegen/Names.h"
#include "codegen/Print.h"
#include "codegen/WriteObject.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

#include <chrono>
#include <iostream>

using namespace mlir;
using namespace layerc;

namespace {

/// Files written beside their final names and moved there together.
class OutputFolder {
public:
  explicit OutputFolder(std::string path) : path_(std::move(path)) {}
  ~OutputFolder() {
    for (const std::string &name : pending_)
      (void)llvm::sys::fs::remove(partial(name));
  }

  bool write(const std::string &name, llvm::function_ref<void(llvm::raw_ostream &)> fill) {
    std::string file = partial(name);
    if (std::error_code error = llvm::sys::fs::create_directories(llvm::sys::path::parent_path(file)))
      return failed(file, error);
    std::error_code error;
    llvm::raw_fd_ostream stream(file, error);
    if (error)
      return failed(file, error);
    pending_.push_back(name);
    fill(stream);
    stream.close();
    if (stream.has_error()) {
      error = stream.error();
      stream.clear_error();
      return failed(file, error);
    }
    return true;
  }

  bool commit() {
    for (const std::string &name : pending_)
      if (std::error_code error = llvm::sys::fs::rename(partial(name), path_ + "/" + name))
        return failed(path_ + "/" + name, error);
    written_ = pending_.size();
    pending_.clear();
    return true;
  }
  std::string partial(const std::string &name) const { return path_ + "/" + name + ".partial"; }
  void addPending(const std::string &name) { pending_.push_back(name); }
  size_t written() const { return written_; }

private:
  static bool failed(const std::string &file, std::error_code error) {
    printError(file + ": " + error.message());
    return false;
  }
  std::string path_;
  std::vector<std::string> pending_;
  size_t written_ = 0;
};

PrintOptions printOptions(const Compilation &compilation) {
  PrintOptions print;
  print.name = compilation.name();
  print.modelFile = llvm::sys::path::filename(compilation.options.model).str();
  print.target = compilation.target;
  print.precision = compilation.options.precision;
  if (compilation.options.storeWeights == "file")
    print.storeWeights = StoreWeights::File;
  else if (compilation.options.storeWeights == "caller")
    print.storeWeights = StoreWeights::Caller;
  for (const auto &[keras, name] : compilation.options.rename)
    print.rename[keras] = name;
  return print;
}

/// Links libNAME.so, from the files not yet under their final names, with the system's C++ compiler.
bool linkShared(Compilation &compilation, OutputFolder &folder) {
  const char *chosen = std::getenv("CXX");
  auto compiler = llvm::sys::findProgramByName(chosen && *chosen ? chosen : "c++");
  if (!compiler) {
    printError("--shared needs a C++ compiler: set CXX or install c++");
    return false;
  }
  const std::string &name = compilation.name(), &out = compilation.options.outDir;
  std::string library = "lib" + name + ".so";
  std::vector<std::string> command{*compiler,
                                   "-std=c++17",
                                   "-O2",
                                   "-fPIC",
                                   "-shared",
                                   "-fno-exceptions",
                                   "-fno-rtti",
                                   "-fvisibility=hidden",
                                   "-I" + out,
                                   "-D" + StringRef(name).upper() + "_API=__attribute__((visibility(\"default\")))",
                                   "-o",
                                   folder.partial(library),
                                   out + "/" + name + ".cpp",
                                   out + "/" + name + ".kernels.o"};
  if (compilation.options.storeWeights == "object")
    command.push_back(out + "/" + name + ".weights.o");
  // As needed: the C++ compiler would link its library, of which the code uses nothing.
  command.insert(command.end(), {"-Wl,-soname," + library, "-Wl,--as-needed", "-pthread", "-lm"});
  for (const std::string &external : externalLibraries(compilation.program()))
    command.push_back("-l" + external);
  std::vector<StringRef> arguments(command.begin(), command.end());
  std::string error;
  folder.addPending(library);
  if (llvm::sys::ExecuteAndWait(*compiler, arguments, std::nullopt, {}, 0, 0, &error) == 0)
    return folder.commit();
  printError("the C++ compiler could not link " + library + (error.empty() ? "" : ": " + error));
  return false;
}

/// The text files around `kernels`, an object; what is wrong is printed.
mlir::FailureOr<std::vector<GeneratedFile>> printFiles(Compilation &compilation, const NativeCode &kernels) {
  auto stack = stackBytes(kernels.bytes);
  if (!stack) {
    printError(llvm::toString(stack.takeError()));
    return mlir::failure();
  }
  PrintOptions options = printOptions(compilation);
  options.kernelStackBytes = *stack;
  options.denormalsShow = kernels.denormalsShow;
  return printProgram(compilation.program(), options);
}

Exit printForm(Compilation &compilation) {
  const std::string &form = compilation.options.emit;
  NativeForm native = form == "asm"    ? NativeForm::Assembly
                      : form == "llvm" ? NativeForm::LlvmIr
                                       : NativeForm::Object; // what cpp is printed around
  auto code = emitNativeCode(compilation.program(), compilation.target, native);
  if (!code) {
    printError(llvm::toString(code.takeError()));
    return Exit::Internal;
  }
  if (form != "cpp") {
    llvm::outs() << code->bytes;
    return Exit::Done;
  }
  auto files = printFiles(compilation, *code);
  if (failed(files))
    return Exit::Internal;
  for (const GeneratedFile &file : *files)
    if (file.name == compilation.name() + ".cpp")
      llvm::outs() << file.contents;
  return Exit::Done;
}

bool writeWeights(Compilation &compilation, OutputFolder &folder) {
  llvm::ArrayRef<char> data = compilation.weights();
  WeightBlob blob{weightsSignature(compilation.program()), data};
  if (compilation.options.storeWeights != "object")
    return folder.write(compilation.name() + ".weights", [&](llvm::raw_ostream &os) { writeWeightsFile(os, blob); });
  std::string error;
  bool written = folder.write(compilation.name() + ".weights.o", [&](llvm::raw_ostream &os) {
    error = llvm::toString(
        writeWeightsObject(os, blob, weightsSymbol(compilation.name()), llvm::Triple(compilation.target.triple)));
  });
  if (!error.empty())
    printError(error);
  return written && error.empty();
}

void report(Compilation &compilation, size_t files, double seconds) {
  std::cout << "wrote   " << files << " files to " << compilation.options.outDir << "\n";
  for (plan::EntryOp entry : compilation.entries())
    std::cout << "arena   " << entry.getArena() << " bytes (bound " << entry.getBound() << ", "
              << entry.getSearch().str() << "; layers one by one " << entry.getUnfused() << ")"
              << (entry.getSize().empty() ? "" : ", size " + entry.getSize().str()) << "\n";
  std::cout << "weights " << compilation.program().getWeights() << " bytes, " << compilation.options.storeWeights
            << "\n"
            << "target  " << compilation.target.name << ", " << compilation.options.precision << "\n"
            << "seconds " << static_cast<int64_t>(seconds * 100) / 100.0 << "\n";
}

Exit writeFolder(Compilation &compilation, std::chrono::steady_clock::time_point start) {
  auto kernels = emitNativeCode(compilation.program(), compilation.target, NativeForm::Object);
  if (!kernels) {
    printError(llvm::toString(kernels.takeError()));
    return Exit::Internal;
  }
  auto files = printFiles(compilation, *kernels);
  if (failed(files))
    return Exit::Internal;
  if (Exit exit = compilation.makeWeights(); exit != Exit::Done)
    return exit;
  OutputFolder folder(compilation.options.outDir);
  for (const GeneratedFile &file : *files)
    if (!folder.write(file.name, [&](llvm::raw_ostream &os) { os << file.contents; }))
      return Exit::BadUsage;
  if (!folder.write(compilation.name() + ".kernels.o", [&](llvm::raw_ostream &os) { os << kernels->bytes; }) ||
      !writeWeights(compilation, folder) || !folder.commit())
    return Exit::BadUsage;
  size_t count = folder.written();
  if (compilation.options.shared && !linkShared(compilation, folder))
    return Exit::BadUsage;
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!compilation.options.quiet)
    report(compilation, count + compilation.options.shared, seconds);
  return Exit::Done;
}

} // namespace

Exit layerc::compileVerb(const Options &options) {
  auto start = std::chrono::steady_clock::now();
  Compilation compilation(options);
  Exit exit = compilation.load();
  if (exit != Exit::Done)
    return exit;
  if (options.emit == "graph") {
    std::cout << print(compilation.graph);
    return Exit::Done;
  }
  if (exit = compilation.import(); exit != Exit::Done)
    return exit;
  if (options.emit == "nn") {
    compilation.module->print(llvm::outs());
    return Exit::Done;
  }
  if (exit = compilation.chooseKernels(""); exit != Exit::Done)
    return exit;
  if (options.emit == "kernels") {
    compilation.module->print(llvm::outs());
    return Exit::Done;
  }
  if (exit = compilation.plan(); exit != Exit::Done)
    return exit;
  if (options.emit == "plan") {
    compilation.module->print(llvm::outs());
    return Exit::Done;
  }
  return options.emit.empty() ? writeFolder(compilation, start) : printForm(compilation);
}
