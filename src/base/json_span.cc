// SPDX-License-Identifier: Apache-2.0
#include "base/json_span.h"

namespace outfall {

constexpr std::size_t npos = std::string_view::npos;

std::size_t json_string_end(std::string_view text, std::size_t begin) {
  std::size_t at = begin;
  while (true) {
    at = text.find('"', at + 1);
    if (at == npos) return npos;
    std::size_t escapes = at;
    while (text[escapes - 1] == '\\') --escapes;
    if ((at - escapes) % 2 == 0) return at + 1;
  }
}

std::size_t json_value_end(std::string_view text, std::size_t begin) {
  std::size_t depth = 0;
  std::size_t at = begin;
  while (at < text.size()) {
    switch (text[at]) {
      case '"':
        at = json_string_end(text, at);
        if (depth == 0 || at == npos) return at;
        continue;
      case '{':
      case '[':
        ++depth;
        break;
      case '}':
      case ']':
        if (depth == 0) return at;  // behind a number or a word
        if (--depth == 0) return at + 1;
        break;
      case ',':
      case ' ':
      case '\t':
      case '\r':
      case '\n':
        if (depth == 0) return at;
        break;
      default:
        break;
    }
    ++at;
  }
  return npos;
}

std::optional<JsonSpan> JsonMembers::next() {
  const bool is_first = at_ == 0;
  if (is_whole_ || !text_.substr(at_).starts_with(is_first ? '{' : ',')) {
    is_whole_ = !is_first && text_.substr(at_) == "}";
    return std::nullopt;
  }
  if (is_first && text_ == "{}") {
    is_whole_ = true;
    return std::nullopt;
  }
  const std::size_t key = at_ + 1;
  if (!text_.substr(key).starts_with('"')) return std::nullopt;
  const std::size_t key_end = json_string_end(text_, key);
  if (key_end == npos || !text_.substr(key_end).starts_with(':')) return std::nullopt;
  const std::size_t value = key_end + 1;
  const std::size_t value_end = json_value_end(text_, value);
  if (value_end == npos || value_end == value) return std::nullopt;
  at_ = value_end;
  return JsonSpan{.key = text_.substr(key + 1, key_end - key - 2), .value = text_.substr(value, value_end - value)};
}

}  // namespace outfall
