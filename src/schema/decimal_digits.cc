// SPDX-License-Identifier: Apache-2.0
//
// Numbers are nearly always plain ASCII without underscores, so each step first asks whether there is anything to do.
#include "schema/decimal_digits.h"

#include <algorithm>

#include "base/utf8.h"

namespace outfall::schema {
namespace {

bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

bool is_visible_ascii(char c) {
  return c > ' ' && c < 0x7f;
}

bool is_digit_of(char c, UnderscoreRule rule) {
  if (is_digit(c)) return true;
  if (rule != UnderscoreRule::between_hex_digits) return false;
  return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

std::string_view trim_number(std::string_view text) {
  if (text.empty() || (is_visible_ascii(text.front()) && is_visible_ascii(text.back()))) return text;
  return strip(text);
}

std::string_view ascii_number(std::string_view text, std::string& storage) {
  if (std::ranges::all_of(text, is_ascii)) return text;
  storage.clear();
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next_code_point(text, at);
    if (c < 0x80) {
      storage += static_cast<char>(c);
    } else if (const int digit = c == invalid_code_point ? -1 : unicode_digit_value(c); digit >= 0) {
      storage += static_cast<char>('0' + digit);
    } else {
      storage += '?';
    }
  }
  return storage;
}

std::optional<std::string_view> without_underscores(std::string_view text, UnderscoreRule rule, std::string& storage) {
  if (!text.contains('_')) return text;
  std::string kept;  // `text` may be a view of `storage`
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      kept += text[i];
    } else if (rule != UnderscoreRule::anywhere) {
      const bool between =
          i > 0 && i + 1 < text.size() && is_digit_of(text[i - 1], rule) && is_digit_of(text[i + 1], rule);
      if (!between) return std::nullopt;
    }
  }
  storage = std::move(kept);
  return storage;
}

}  // namespace outfall::schema
