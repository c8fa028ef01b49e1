// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Text with holes: see Text.h.
#include "codegen/Text.h"

#include "llvm/ADT/STLExtras.h"

#include <cassert>

using namespace layerc;
using llvm::StringRef;

std::string layerc::fill(StringRef text, llvm::ArrayRef<Hole> holes) {
  std::string result;
  while (!text.empty()) {
    auto [plain, rest] = text.split('@');
    result += plain;
    if (rest.empty())
      break;
    auto [name, after] = rest.split('@');
    const auto *hole = llvm::find_if(holes, [name = name](const Hole &h) { return h.first == name; });
    assert(hole != holes.end() && "a hole without a value");
    result += hole->second;
    text = after;
  }
  return result;
}

std::string layerc::wrapList(const std::string &before, llvm::ArrayRef<std::string> items, const std::string &after,
                             unsigned indent) {
  constexpr size_t columns = 120;
  std::string result = before;
  size_t used = before.size() - (before.rfind('\n') == std::string::npos ? 0 : before.rfind('\n') + 1);
  for (auto [i, item] : llvm::enumerate(items)) {
    bool last = i + 1 == items.size();
    const std::string &ending = last ? after : ",";
    size_t needed = item.size() + ending.size() + (i == 0 ? 0 : 1);
    if (i > 0 && used + needed > columns) {
      result += '\n' + std::string(indent, ' ');
      used = indent;
    } else if (i > 0) {
      result += ' ';
      ++used;
    }
    result += item + ending;
    used += item.size() + ending.size();
  }
  return items.empty() ? result + after : result;
}

std::string layerc::stringLiteral(llvm::StringRef bytes) {
  std::string text = "\"";
  for (char c : bytes) {
    auto byte = static_cast<unsigned char>(c);
    if (byte >= ' ' && byte <= '~' && !llvm::StringRef("\"\\?").contains(c)) // ?: trigraphs
      text += c;
    else
      for (int shift : {9, 6, 3, 0})
        text += shift == 9 ? '\\' : static_cast<char>('0' + (byte >> shift & 7));
  }
  return text + "\"";
}
