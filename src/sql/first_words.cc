// SPDX-License-Identifier: Apache-2.0
#include "sql/first_words.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"
#include "sql/dialect.h"

namespace outfall::sql {
namespace {

/// Without the comment that it begins with. In SQLite comments do not lie in each other.
std::string_view behind_comment(std::string_view text, bool nests) {
  if (text.starts_with("--")) return text.substr(std::min(text.find('\n'), text.size()));
  std::size_t at = 2;
  for (std::size_t depth = 1; depth > 0 && at < text.size();) {
    const std::string_view rest = text.substr(at);
    const bool begins = nests && rest.starts_with("/*");
    const bool ends = rest.starts_with("*/");
    if (begins) ++depth;
    if (ends) --depth;
    at += begins || ends ? 2 : 1;
  }
  return text.substr(std::min(at, text.size()));
}

}  // namespace

std::vector<std::string> first_words(const Dialect& dialect, std::string_view statement, std::size_t count) {
  const bool nests = !dialect.has_bracket_names;
  std::vector<std::string> words;
  while (words.size() < count) {
    statement.remove_prefix(std::min(statement.find_first_not_of(" \t\r\n\f\v(;"), statement.size()));
    if (statement.starts_with("--") || statement.starts_with("/*")) {
      statement = behind_comment(statement, nests);
      continue;
    }
    const std::size_t length = std::min(statement.find_first_of(" \t\r\n\f\v(*;-/"), statement.size());
    if (length == 0) break;
    words.push_back(ascii_lower(statement.substr(0, length)));
    statement.remove_prefix(length);
  }
  return words;
}

bool bounds_transaction(const Dialect& dialect, std::string_view statement) {
  constexpr std::array<std::string_view, 6> bounds{"begin", "start", "commit", "end", "abort", "rollback"};
  std::vector<std::string> words = first_words(dialect, statement, 3);
  if (words.empty()) return false;
  if (words[0] == "prepare") return words.size() > 1 && words[1] == "transaction";
  std::erase_if(words, [](const std::string& word) { return word == "work" || word == "transaction"; });
  if (words.size() > 1 && words[0] == "rollback" && words[1] == "to") return false;
  return !words.empty() && std::ranges::find(bounds, words[0]) != bounds.end();
}

}  // namespace outfall::sql
