// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Identifiers and escapes: see Names.h.
#include "codegen/Names.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Regex.h"

using namespace layerc;
using llvm::StringRef;

namespace {

/// Keywords of C++20 and C11, and the macros that compilers and C headers define in lower case.
constexpr StringRef kReserved[] = {"alignas",
                                   "alignof",
                                   "and",
                                   "and_eq",
                                   "asm",
                                   "auto",
                                   "bitand",
                                   "bitor",
                                   "bool",
                                   "break",
                                   "case",
                                   "catch",
                                   "char",
                                   "char8_t",
                                   "char16_t",
                                   "char32_t",
                                   "class",
                                   "compl",
                                   "concept",
                                   "const",
                                   "consteval",
                                   "constexpr",
                                   "constinit",
                                   "const_cast",
                                   "continue",
                                   "co_await",
                                   "co_return",
                                   "co_yield",
                                   "decltype",
                                   "default",
                                   "delete",
                                   "do",
                                   "double",
                                   "dynamic_cast",
                                   "else",
                                   "enum",
                                   "explicit",
                                   "export",
                                   "extern",
                                   "false",
                                   "float",
                                   "for",
                                   "friend",
                                   "goto",
                                   "if",
                                   "inline",
                                   "int",
                                   "long",
                                   "mutable",
                                   "namespace",
                                   "new",
                                   "noexcept",
                                   "not",
                                   "not_eq",
                                   "nullptr",
                                   "operator",
                                   "or",
                                   "or_eq",
                                   "private",
                                   "protected",
                                   "public",
                                   "register",
                                   "reinterpret_cast",
                                   "requires",
                                   "restrict",
                                   "return",
                                   "short",
                                   "signed",
                                   "sizeof",
                                   "static",
                                   "static_assert",
                                   "static_cast",
                                   "struct",
                                   "switch",
                                   "template",
                                   "this",
                                   "thread_local",
                                   "throw",
                                   "true",
                                   "try",
                                   "typedef",
                                   "typeid",
                                   "typename",
                                   "typeof",
                                   "union",
                                   "unsigned",
                                   "using",
                                   "virtual",
                                   "void",
                                   "volatile",
                                   "wchar_t",
                                   "while",
                                   "xor",
                                   "xor_eq",
                                   "linux",
                                   "unix",
                                   "i386",
                                   "errno",
                                   "stdin",
                                   "stdout",
                                   "stderr",
                                   "assert",
                                   "signals",
                                   "slots",
                                   "emit",
                                   "near",
                                   "far",
                                   "major",
                                   "minor",
                                   "main"};

/// What `run` and the class use themselves.
constexpr StringRef kReservedArguments[] = {
    "arguments", "arena_bytes", "before",  "executor",  "layerc", "load_state",  "mode",        "reset",
    "run",       "save_state",  "scratch", "signature", "std",    "stack_bytes", "state_bytes", "status",
    "step",      "step1",       "step2",   "trial",     "warm",   "workers"};
constexpr StringRef kReservedTypes[] = {"Model", "Weights", "View", "Element"};

/// Namespaces, and headers `name.h` that a file of the same name on the include path would hide.
constexpr StringRef kReservedModels[] = {
    "std",     "layerc", "posix",     "assert", "complex",     "ctype",  "errno",    "fenv",    "float",     "inttypes",
    "iso646",  "limits", "locale",    "math",   "setjmp",      "signal", "stdalign", "stdarg",  "stdatomic", "stdbool",
    "stddef",  "stdint", "stdio",     "stdlib", "stdnoreturn", "string", "tgmath",   "threads", "time",      "uchar",
    "wchar",   "wctype", "unistd",    "fcntl",  "pthread",     "sched",  "features", "endian",  "memory",    "malloc",
    "strings", "poll",   "semaphore", "search", "regex",       "glob",   "elf",      "link",    "values",    "main"};

/// Words that ISO C or POSIX headers declare at global scope, so that no namespace can have the name.
constexpr StringRef kLibraryWords =
    " abort abs accept access acct acos acosh alarm asin asinh atan atanh basename bind brk bsearch calloc cbrt ceil "
    "chdir "
    "chmod chown chroot clock clone close connect copysign cos cosh creat crypt ctime daemon daylight difftime div "
    "drand48 "
    "drem dup environ erf erfc exit exp exp2 expm1 fabs fclose fdim ffs floor fma fmax fmin fmod fopen fork free "
    "frexp gamma getopt getpass gmtime hypot ilogb index itimerval j0 j1 jn kill labs ldexp ldiv lgamma link listen "
    "lldiv "
    "log log10 log1p log2 logb lround malloc memcpy memset mkdir mktime mmap modf nan nanosleep nice open option "
    "optarg "
    "pathconf pause perror pipe popen pow printf profil putc puts qsort raise rand random read realloc realpath recv "
    "remainder remove rename revoke rewind rindex rint rmdir round scalb scanf seed48 select send setenv shutdown "
    "sigaction "
    "significand signgam sin sincos sinh sleep socket splice sprintf sqrt srand stat strlen strtod swab symlink sync "
    "syscall sysconf system tan tanh tee tgamma timegm timespec timeval timezone tm tmpfile trunc truncate tzname "
    "umask "
    "uname ungetc unlink unshare usleep valloc wait write y0 y1 yn ";

bool isWordCharacter(char c) { return llvm::isAlnum(c) || c == '_'; }

/// Characters that mean nothing special in any literal or comment. `/` and `*` need a look at their neighbour.
bool isPlain(char c) { return llvm::isPrint(c) && !StringRef("\\\"'$?`").contains(c); }

bool isAutomaticInput(StringRef name) {
  static const llvm::Regex pattern("^input(_layer)?(_[0-9]+)?$");
  return pattern.match(name);
}

/// "encoder_image" -> "EncoderImage", "RGB" -> "Rgb": names in capitals belong to macros.
std::string camelCase(StringRef identifier) {
  std::string result;
  for (StringRef word : llvm::split(identifier, '_')) {
    bool capitals = word == word.upper();
    if (!word.empty())
      result += llvm::toUpper(word.front()) + (capitals ? word.drop_front().lower() : word.drop_front().str());
  }
  return result;
}

/// Gives out each name once.
class UniqueNames {
public:
  template <size_t N> explicit UniqueNames(const StringRef (&reserved)[N]) {
    for (StringRef name : reserved)
      taken_.insert(name);
  }
  bool isFree(StringRef name) const { return !taken_.contains(name); }
  void take(StringRef name) { taken_.insert(name); }

private:
  llvm::StringSet<> taken_;
};

} // namespace

std::string layerc::escapeText(StringRef text) {
  std::string result;
  char before = 0;
  for (char c : text) {
    bool commentMark = (c == '/' && before == '*') || (c == '*' && before == '/') || (c == '/' && before == '/');
    std::string piece(1, c);
    if (!isPlain(c) || commentMark) {
      auto byte = static_cast<unsigned char>(c);
      piece = {'\\', char('0' + (byte >> 6)), char('0' + (byte >> 3 & 7)), char('0' + (byte & 7))};
    }
    if (result.size() + piece.size() > kTextLimit)
      return result + "...";
    result += piece;
    before = c;
  }
  return result;
}

std::string layerc::identifierFrom(StringRef name) {
  std::string result;
  for (char c : name) {
    char mapped = isWordCharacter(c) ? c : '_';
    if (mapped != '_' || (!result.empty() && result.back() != '_'))
      result += mapped;
  }
  while (!result.empty() && result.back() == '_')
    result.pop_back();
  if (result.size() > kTextLimit)
    result.resize(kTextLimit);
  if (result.empty() || llvm::isDigit(result.front()))
    result = "tensor" + (result.empty() ? "" : "_" + result);
  return llvm::is_contained(kReserved, result) ? result + "_" : result;
}

std::vector<TensorName> layerc::nameTensors(llvm::ArrayRef<std::string> inputs, llvm::ArrayRef<std::string> outputs,
                                            const llvm::StringMap<std::string> &rename) {
  UniqueNames types(kReservedTypes), arguments(kReservedArguments);
  std::vector<TensorName> names;
  auto add = [&](StringRef base) {
    for (unsigned number = 0;; ++number) {
      std::string argument = identifierFrom(number == 0 ? base.str() : base.str() + std::to_string(number));
      std::string type = camelCase(argument);
      if (type == argument)
        argument = StringRef(argument).lower();
      if (llvm::is_contained(kReserved, argument))
        argument += '_';
      if (!types.isFree(type) || !arguments.isFree(argument))
        continue;
      types.take(type);
      arguments.take(argument);
      names.push_back({type, argument});
      return;
    }
  };
  for (auto [position, input] : llvm::enumerate(inputs)) {
    if (auto chosen = rename.find(input); chosen != rename.end())
      add(chosen->second);
    else if (isAutomaticInput(input))
      add(position == 0 ? "input" : "input" + std::to_string(position));
    else
      add(input);
  }
  for (const std::string &output : outputs) {
    auto chosen = rename.find(output);
    add(chosen == rename.end() ? output : chosen->second);
  }
  return names;
}

std::string layerc::modelNameFrom(StringRef stem) {
  bool hasWord = llvm::any_of(stem, [](char c) { return llvm::isAlnum(c); });
  if (!hasWord)
    return "model";
  std::string name = identifierFrom(stem);
  return StringRef(name).starts_with("tensor_") && !stem.starts_with("tensor_") ? "model" + name.substr(6) : name;
}

std::optional<std::string> layerc::refuseModelName(StringRef name) {
  bool isWord = !name.empty() && !llvm::isDigit(name.front()) && llvm::all_of(name, isWordCharacter);
  std::string quoted = "'" + escapeText(name) + "'";
  if (!isWord)
    return quoted + " is not a C++ identifier";
  if (name.front() == '_' || name.contains("__") || name.size() > kTextLimit)
    return quoted + " is reserved or too long";
  StringRef word = name;
  word.consume_back("_");
  if (llvm::is_contained(kReserved, word))
    return quoted + " is a keyword or macro";
  if (llvm::is_contained(kReservedModels, name))
    return quoted + " is a standard header or namespace";
  if (kLibraryWords.contains((" " + name + " ").str()))
    return quoted + " is a name of the C library";
  return std::nullopt;
}

std::string layerc::kernelSymbol(StringRef model, StringRef kernel, unsigned phase) {
  std::string symbol = (model + "_kernel_" + kernel).str();
  return phase == 0 ? symbol : symbol + "_phase" + std::to_string(phase);
}

std::string layerc::weightsSymbol(StringRef model) { return (model + "_weights").str(); }
