// SPDX-License-Identifier: Apache-2.0
//
// UTF-8 decoding by hand: names are short, and we need the place of each character, which bulk converters do not give.
#include "base/utf8.h"

#include <simdjson.h>

#include <algorithm>
#include <array>

namespace outfall {
namespace {

/// The zero of each run of ten decimal digits, in order. U+1D7CE begins five runs.
constexpr std::array<char32_t, 66> digit_zeros{
    0x0030,  0x0660,  0x06f0,  0x07c0,  0x0966,  0x09e6,  0x0a66,  0x0ae6,  0x0b66,  0x0be6,  0x0c66,
    0x0ce6,  0x0d66,  0x0de6,  0x0e50,  0x0ed0,  0x0f20,  0x1040,  0x1090,  0x17e0,  0x1810,  0x1946,
    0x19d0,  0x1a80,  0x1a90,  0x1b50,  0x1bb0,  0x1c40,  0x1c50,  0xa620,  0xa8d0,  0xa900,  0xa9d0,
    0xa9f0,  0xaa50,  0xabf0,  0xff10,  0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0,
    0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60,
    0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
};
static_assert(std::ranges::is_sorted(digit_zeros));

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

}  // namespace

std::string valid_utf8(std::string_view text) {
  constexpr char32_t replacement = 0xfffd;
  std::string valid;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t code_point = next_code_point(text, at);
    append_utf8(valid, code_point == invalid_code_point ? replacement : code_point);
  }
  return valid;
}

char32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80) {
    ++at;
    return lead;
  }
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  static constexpr std::array<char32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
  const auto invalid = [&at] {
    ++at;
    return invalid_code_point;
  };
  if (lead < 0xc2 || lead > 0xf4 || text.size() - at < size) return invalid();
  char32_t value = lead & (0x7fU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if (!is_continuation(text[at + i])) return invalid();
    value = value << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3fU);
  }
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < smallest[size] || value > 0x10ffff || surrogate) return invalid();
  at += size;
  return value;
}

void append_utf8(std::string& out, char32_t code_point) {
  const auto put = [&out](char32_t bits) { out += static_cast<char>(bits); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xc0 | code_point >> 6);
    put(0x80 | (code_point & 0x3f));
  } else if (code_point < 0x10000) {
    put(0xe0 | code_point >> 12);
    put(0x80 | (code_point >> 6 & 0x3f));
    put(0x80 | (code_point & 0x3f));
  } else {
    put(0xf0 | code_point >> 18);
    put(0x80 | (code_point >> 12 & 0x3f));
    put(0x80 | (code_point >> 6 & 0x3f));
    put(0x80 | (code_point & 0x3f));
  }
}

bool is_valid_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

std::size_t utf8_length(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) next_code_point(text, at);
  return count;
}

std::string_view utf8_prefix(std::string_view text, std::size_t count) {
  std::size_t at = 0;
  while (count > 0 && at < text.size()) {
    next_code_point(text, at);
    --count;
  }
  return text.substr(0, at);
}

std::string_view utf8_suffix(std::string_view text, std::size_t count) {
  const std::size_t length = utf8_length(text);
  return length <= count ? text : text.substr(utf8_prefix(text, length - count).size());
}

bool is_unicode_space(char32_t c) {
  if (c <= 0x20) return c == 0x20 || (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x1f);
  if (c < 0x1680) return c == 0x85 || c == 0xa0;
  return c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
         c == 0x3000;
}

int unicode_digit_value(char32_t c) {
  if (c < '0') return -1;
  const char32_t distance = c - *std::prev(std::ranges::upper_bound(digit_zeros, c));
  return distance < 10 ? static_cast<int>(distance) : -1;
}

bool is_unicode_digit(char32_t c) {
  if (c < 0x80) return c >= '0' && c <= '9';
  return unicode_digit_value(c) >= 0;
}

std::string ascii_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string_view strip(std::string_view text) {
  std::size_t begin = text.size();
  std::size_t end = text.size();
  bool blank = true;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    if (is_unicode_space(next_code_point(text, at))) continue;
    if (blank) begin = start;
    blank = false;
    end = at;
  }
  return text.substr(begin, end - begin);
}

}  // namespace outfall
