// SPDX-License-Identifier: Apache-2.0
//
// UTF-8 by code points, and the two Unicode classes that names depend on. The classes are Python's (str.strip, re's
// \d), since that is what wrote the names we must arrive at again.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace outfall {

/// What may stand before a text in UTF-8 and is no part of it.
inline constexpr std::string_view utf8_mark = "\xef\xbb\xbf";

/// Bytes as the text that they are.
inline std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// What next_code_point gives for a byte that begins no valid sequence. No code point has this value.
inline constexpr char32_t invalid_code_point = 0xffffffff;

/// The code point at `at`, which must be inside `text`; moves `at` behind it. Over an invalid byte it moves by one.
char32_t next_code_point(std::string_view text, std::size_t& at);

/// Appends a code point up to U+10FFFF.
void append_utf8(std::string& out, char32_t code_point);

/// Overlong forms, surrogates and values beyond U+10FFFF are not valid.
bool is_valid_utf8(std::string_view text);

/// The text with U+FFFD for each byte that is not UTF-8.
std::string valid_utf8(std::string_view text);

/// Characters, not bytes. Every stray byte counts as one.
std::size_t utf8_length(std::string_view text);

/// The first or last `count` characters; all of the text when it has fewer.
std::string_view utf8_prefix(std::string_view text, std::size_t count);
std::string_view utf8_suffix(std::string_view text, std::size_t count);

/// White space as str.strip() sees it: the Unicode spaces, line and paragraph ends, and U+001C to U+001F.
bool is_unicode_space(char32_t code_point);

/// A decimal digit of any script (general category Nd of Unicode 14).
bool is_unicode_digit(char32_t code_point);

/// What such a digit stands for, 0 to 9; -1 for anything else.
int unicode_digit_value(char32_t code_point);

/// `text` with its letters of ASCII in lower case, and all else as it is: what ignores case in names does it so.
std::string ascii_lower(std::string_view text);

/// `text` without white space on either side.
std::string_view strip(std::string_view text);

}  // namespace outfall
