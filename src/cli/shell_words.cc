// SPDX-License-Identifier: Apache-2.0
#include "cli/shell_words.h"

#include <algorithm>
#include <string_view>

#include "cli/terminal.h"

namespace outfall::cli {

std::string quoted_word(const std::string& text) {
  std::string escaped;
  for (const char c : text) escaped += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  // Only $'...' knows escapes, and everything but control characters can do without.
  if (const std::string line = one_line(escaped); line != escaped) return "$'" + line + "'";
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string shell_word(const std::string& text) {
  const bool plain = std::ranges::all_of(text, [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c >= 0x80 ||
           std::string_view("-_./:=,+@").find(static_cast<char>(c)) != std::string_view::npos;
  });
  return plain && !text.empty() ? text : quoted_word(text);
}

std::string place_words(const TypedPlace& typed) {
  std::string words;
  if (!typed.data_dir.empty()) words += " --data-dir " + shell_word(typed.data_dir);
  if (!typed.state.empty()) words += " --state " + shell_word(typed.state);
  return words;
}

}  // namespace outfall::cli
