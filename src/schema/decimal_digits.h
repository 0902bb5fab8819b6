// SPDX-License-Identifier: Apache-2.0
//
// How Python reads numbers out of text: white space around them is no matter, digits may be of any script, and single
// underscores may stand between digits.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace outfall::schema {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// `lower` is in small ASCII letters.
bool equals_ignoring_case(std::string_view text, std::string_view lower);

/// `text` without white space on either side; costs two comparisons when there is none.
std::string_view trim_number(std::string_view text);

/// A number's text in ASCII. Gives `text` itself where it is ASCII already; otherwise `storage`, filled with it: digits
/// of every script become '0' to '9', white space becomes ' ', anything else '?', which is in no number.
std::string_view ascii_number(std::string_view text, std::string& storage);

/// Where underscores may stand.
enum class UnderscoreRule {
  between_digits,      ///< int() and float()
  between_hex_digits,  ///< int(text, 16)
  anywhere,            ///< Decimal()
};

/// `text` without its underscores: `text` itself where there are none, otherwise `storage`. Nothing when one stands
/// where it must not.
std::optional<std::string_view> without_underscores(std::string_view text, UnderscoreRule rule, std::string& storage);

}  // namespace outfall::schema
