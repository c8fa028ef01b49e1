// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Text with holes: what a generated file says stands in one piece in the printer, with @names@ for what varies.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>
#include <utility>

namespace layerc {

/// One name and what replaces `@name@`.
using Hole = std::pair<llvm::StringRef, std::string>;

/// `text` with every `@name@` replaced. A name without value is an error of ours and asserts.
std::string fill(llvm::StringRef text, llvm::ArrayRef<Hole> holes);

/// `bytes` as a C string literal with its quotes: whatever they hold, the literal ends where it should.
std::string stringLiteral(llvm::StringRef bytes);

/// `before` followed by the items and `after`, broken at commas into lines of at most 120 columns; lines after the
/// first begin with `indent` spaces.
std::string wrapList(const std::string &before, llvm::ArrayRef<std::string> items, const std::string &after,
                     unsigned indent);

} // namespace layerc
