// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The command line of layerc, by CLI11. Help of each verb fits a screen and ends with an example.
#include "tools/Options.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <iostream>
#include <sstream>
#include <tuple>

using namespace layerc;

namespace {

/// Positive numbers with `separator` between them, such as "1x8x8x1"; empty on anything else.
std::vector<int64_t> parseNumbers(const std::string &text, char separator) {
  std::vector<int64_t> shape;
  const char *at = text.data(), *end = at + text.size();
  while (at < end) {
    int64_t size = 0;
    auto [next, error] = std::from_chars(at, end, size);
    if (error != std::errc() || size <= 0 || (next < end && *next != separator) || next + 1 == end)
      return {};
    shape.push_back(size);
    at = next + 1;
  }
  return shape;
}

std::vector<int64_t> parseShape(const std::string &text) { return parseNumbers(text, 'x'); }

/// "1x32|1x128" -> shapes; empty on anything else.
std::vector<std::vector<int64_t>> parseShapes(const std::string &text) {
  std::vector<std::vector<int64_t>> shapes;
  for (size_t at = 0; at <= text.size(); at = std::min(text.find('|', at), text.size()) + 1)
    if (shapes.push_back(parseShape(text.substr(at, text.find('|', at) - at))); shapes.back().empty())
      return {};
  return shapes;
}

/// Splits "key=value" and hands both to `take`, which may refuse.
template <class Take> CLI::callback_t pairs(const char *flag, Take take) {
  return [flag, take](const CLI::results_t &values) {
    for (const std::string &value : values) {
      size_t equals = value.find('=');
      if (equals == std::string::npos || equals == 0 || !take(value.substr(0, equals), value.substr(equals + 1)))
        throw CLI::ValidationError(flag, "cannot read '" + value + "'");
    }
    return true;
  };
}

bool isIdentifier(const std::string &text) {
  return !text.empty() && !std::isdigit(static_cast<unsigned char>(text[0])) &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) || c == '_'; });
}

/// SYMBOL[,shape=4x10][,scratch=BYTES][,library=FILE]
bool parseCustom(const std::string &layer, const std::string &value, Options &o) {
  std::stringstream parts(value);
  CustomLayer &custom = o.custom[layer];
  if (!std::getline(parts, custom.symbol, ',') || !isIdentifier(custom.symbol))
    return false;
  for (std::string part; std::getline(parts, part, ',');) {
    size_t equals = part.find('=');
    std::string key = part.substr(0, equals), text = equals == std::string::npos ? "" : part.substr(equals + 1);
    if (key == "shape")
      custom.shape = parseShape(text);
    else if (key == "scratch")
      custom.scratch = parseShape(text).size() == 1 ? parseShape(text)[0] : 0;
    else if (key == "library")
      o.customLibraries[custom.symbol] = text;
    bool isRead = key == "shape" ? !custom.shape.empty() : key == "scratch" ? custom.scratch > 0 : key == "library";
    if (!isRead || text.empty())
      return false;
  }
  return true;
}

/// Flags that list one value per size, or one value for all of them.
struct SizeLists {
  std::vector<int64_t> batches, streams;
  std::map<std::string, std::vector<std::vector<int64_t>>> shapes; ///< by name of the input
};

/// Fills `list` from numbers of at most 2^20 with commas between them.
CLI::callback_t numbers(const char *flag, std::vector<int64_t> &list) {
  return [flag, &list](const CLI::results_t &values) {
    list = parseNumbers(values.back(), ',');
    constexpr int64_t most = int64_t(1) << 20;
    if (list.empty() || std::any_of(list.begin(), list.end(), [](int64_t number) { return number > most; }))
      throw CLI::ValidationError(flag, "cannot read '" + values.back() + "'");
    return true;
  };
}

/// The sizes that the lists give together. Throws where two of them disagree about how many there are, or about a
/// batch.
std::vector<SizeOptions> combine(const SizeLists &lists) {
  size_t count = 1;
  std::string longest;
  auto measure = [&](const std::string &flag, size_t length) {
    if (length > 1 && count > 1 && length != count)
      throw CLI::ValidationError(longest + " lists " + std::to_string(count) + " sizes, " + flag + " lists " +
                                 std::to_string(length));
    if (length > count)
      std::tie(count, longest) = std::tie(length, flag);
  };
  measure("--batch", lists.batches.size());
  for (const auto &[input, shapes] : lists.shapes)
    measure("--input-shape " + input, shapes.size());
  measure("--stream", lists.streams.size());
  auto at = [](const auto &list, size_t i) { return list[list.size() == 1 ? 0 : i]; };
  std::vector<SizeOptions> sizes(count);
  for (size_t i = 0; i < count; ++i) {
    if (!lists.batches.empty())
      sizes[i].batch = at(lists.batches, i);
    if (!lists.streams.empty())
      sizes[i].stream = at(lists.streams, i);
    for (const auto &[input, shapes] : lists.shapes)
      sizes[i].inputShapes[input] = at(shapes, i);
    for (const auto &[input, shape] : sizes[i].inputShapes)
      if (count > 1 && sizes[i].batch && *sizes[i].batch != shape[0])
        throw CLI::ValidationError("--batch " + std::to_string(*sizes[i].batch) + " disagrees with --input-shape " +
                                   input + " of a batch of " + std::to_string(shape[0]));
  }
  return sizes;
}

void addModelFlags(CLI::App &app, Options &o, SizeLists &sizes) {
  app.add_option("MODEL", o.model, "model file: .keras, .h5 or architecture .json")->required();
  app.add_option("--weights", o.weights, "weights file of an architecture .json")->type_name("FILE");
  app.add_option("--name", o.name, "namespace, file stem and C prefix; default: the file's stem");
  app.add_option("--batch", numbers("--batch", sizes.batches), "batch size (default 1); 1,8: both in one class")
      ->type_name("N");
  app.add_option("--input-shape",
                 pairs("--input-shape",
                       [&sizes](const std::string &name, const std::string &value) {
                         sizes.shapes[name] = parseShapes(value);
                         return !sizes.shapes[name].empty();
                       }),
                 "shape of an input, NAME=1x8x8x1; NAME=1x32|1x128: both in one class")
      ->take_all();
  app.add_option("--stream", numbers("--stream", sizes.streams),
                 "calls take the next N time steps and go on from the last; 1,8: both")
      ->type_name("N");
  app.add_option("--rename",
                 pairs("--rename",
                       [&o](const std::string &keras, const std::string &name) {
                         o.rename[keras] = name;
                         return !name.empty();
                       }),
                 "C++ name of an input or output, KERAS=NAME")
      ->take_all();
  app.add_option("--custom",
                 pairs("--custom", [&o](const std::string &layer,
                                        const std::string &value) { return parseCustom(layer, value, o); }),
                 "own code, CLASS=SYMBOL[,shape=4x10][,scratch=64][,library=FILE]")
      ->take_all();
}

void addTargetFlags(CLI::App &app, Options &o) {
  app.add_option("--target-cpu", o.targetCpu, "x86-64, x86-64-v3, x86-64-v4, native, armv8-a, ...");
  app.add_option("--target-triple", o.targetTriple, "such as aarch64-linux-gnu");
  app.add_option("--kernels", o.kernels, "who computes convolutions and matrix products")
      ->check(CLI::IsMember({"mlir", "onednn", "auto"}));
  app.add_option("--precision", o.precision, "how products are computed")->check(CLI::IsMember({"f32"}));
  app.add_option("--threads", o.threads, "workers of run, check and bench")->check(CLI::Range(1, 256));
}

void addReportFlags(CLI::App &app, Options &o) {
  app.add_flag("--explain", o.explain, "say why ops were fused or not, and which kernels were considered");
  app.add_option("--save-stages", o.saveStages, "write every stage of the compiler into this folder")->type_name("DIR");
  app.add_flag("--quiet", o.quiet, "print nothing on success");
  app.add_flag("--json", o.json, "print the report as JSON");
}

void addVerbs(CLI::App &app, Options &o, SizeLists &sizes) {
  auto *compile = app.add_subcommand("compile", "compile a Keras model to a C++ class");
  addModelFlags(*compile, o, sizes);
  addTargetFlags(*compile, o);
  compile->add_option("-o", o.outDir, "output folder (default .)")->type_name("DIR");
  compile->add_option("--store-weights", o.storeWeights, "where the weights live")
      ->check(CLI::IsMember({"object", "file", "caller"}));
  compile->add_flag("--shared", o.shared, "also link libNAME.so with the C interface");
  compile->add_option("--emit", o.emit, "print one form of the model instead of writing files")
      ->check(CLI::IsMember({"graph", "nn", "kernels", "plan", "cpp", "asm", "llvm", "obj"}));
  addReportFlags(*compile, o);
  compile->footer("Example: layerc compile digits.keras -o out");

  auto *run = app.add_subcommand("run", "compile in memory and run on arrays of an .npz file");
  auto *check = app.add_subcommand("check", "compile in memory, run and compare with recorded outputs");
  auto *bench = app.add_subcommand("bench", "compile in memory and time each step");
  auto *summary = app.add_subcommand("summary", "layers, shapes, parameters, FLOPs and the arena of a model");
  for (CLI::App *verb : {run, check, bench, summary}) {
    addModelFlags(*verb, o, sizes);
    addTargetFlags(*verb, o);
    addReportFlags(*verb, o);
  }
  run->add_option("--inputs", o.inputs, "input arrays by InputLayer name, else in order")->required()->type_name("NPZ");
  check->add_option("--inputs", o.inputs, "the same; default: those of the record")->type_name("NPZ");
  run->add_option("--outputs", o.outputs, "where to write the outputs")->required()->type_name("NPZ");
  run->add_option("--steps", o.steps, "call the model K times; arrays carry a leading axis K")->type_name("K");
  check->add_option("--expect", o.expect, "recorded outputs, see python -m layerc record")
      ->required()
      ->type_name("NPZ");
  bench->add_option("--seconds", o.seconds, "how long to measure (default 1)");
  run->footer("Example: layerc run digits.keras --inputs in.npz --outputs out.npz");
  check->footer("Example: layerc check digits.keras --inputs in.npz --expect keras.npz");
  bench->footer("Example: layerc bench digits.keras --threads 2");
  summary->footer("Example: layerc summary digits.keras");

  auto *layers = app.add_subcommand("layers", "every Keras class: supported, subset, why not");
  layers->add_flag("--json", o.json, "print the table as JSON");
  layers->footer("Example: layerc layers");
  app.require_subcommand(1);
}

} // namespace

ParsedCommand layerc::parseCommandLine(int argc, char **argv) {
  ParsedCommand command;
  CLI::App app("Compiles Keras models to C++ classes that need no library at run time.", "layerc");
  app.set_version_flag("--version", "layerc " LAYERC_VERSION);
  app.footer("Example: layerc compile digits.keras -o out");
  SizeLists sizes;
  addVerbs(app, command.options, sizes);
  try {
    app.parse(argc, argv);
    command.options.sizes = combine(sizes);
  } catch (const CLI::Success &success) {
    app.exit(success);
    command.exit = Exit::Done;
    return command;
  } catch (const CLI::ParseError &error) {
    std::cerr << "error: " << error.what() << "\n";
    command.exit = Exit::BadUsage;
    return command;
  }
  CLI::App *verb = app.get_subcommands().front();
  command.verb = verb->get_name();
  command.options.writesCode = command.verb == "compile";
  return command;
}
