// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Names and text of the user's model in generated files. A model file is untrusted: every byte of it that reaches
// generated text goes through escapeText() or becomes an identifier here.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace layerc {

/// Longest result of escapeText() before "...".
inline constexpr size_t kTextLimit = 80;

/// `text` as it may stand in a comment or a string literal of C, C++ and CMake: printable ASCII; backslash, quotes,
/// `$`,
/// `?` and the slash of `*/` and `/*` as octal escapes, which end after three digits in every string literal; cut after
/// kTextLimit characters, never inside an escape.
std::string escapeText(llvm::StringRef text);

/// A C++ identifier made of `name`: other characters become `_`, runs of `_` one; never empty, reserved or a keyword.
std::string identifierFrom(llvm::StringRef name);

/// The C++ name of a tensor: of its view type and of the argument of `run`.
struct TensorName {
  std::string type;     ///< "EncoderImage"
  std::string argument; ///< "encoder_image"
};

/// Names of a model's inputs, then outputs, from their Keras names. Names that Keras makes up (`input_layer_3`,
/// `input_1`) become `input`, `input1`, ... by position; names that meet get a number; `rename` maps Keras names to
/// chosen ones.
std::vector<TensorName> nameTensors(llvm::ArrayRef<std::string> inputs, llvm::ArrayRef<std::string> outputs,
                                    const llvm::StringMap<std::string> &rename);

/// The name of a model from the stem of its file: an identifier, not yet checked.
std::string modelNameFrom(llvm::StringRef stem);

/// Why `name` cannot be a namespace, file stem and C prefix at once ("'string' is a standard header"); nullopt if it
/// can.
std::optional<std::string> refuseModelName(llvm::StringRef name);

/// The symbol of one phase of a kernel in the object file: hidden, and prefixed so that models link into one program.
std::string kernelSymbol(llvm::StringRef model, llvm::StringRef kernel, unsigned phase);

/// The symbol of the weight blob in the object file.
std::string weightsSymbol(llvm::StringRef model);

} // namespace layerc
