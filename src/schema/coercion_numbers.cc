// SPDX-License-Identifier: Apache-2.0
//
// Text and doubles to numbers, by the rules of Python's int(), float() and Decimal(). The usual spelling takes the
// first lines of each function; underscores and other scripts are respelled and read again.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "schema/coercion.h"
#include "schema/decimal_digits.h"

namespace outfall::schema {
namespace {

constexpr std::string_view hex_prefix = "0x";

/// Digits beyond which Python's int() refuses text: reading them takes time that grows with the square.
constexpr std::size_t integer_digits_max = 4300;

bool starts_number(std::string_view text) {
  return !text.empty() && (is_digit(text[0]) || text[0] == '-' || text[0] == '+' || text[0] == '.');
}

/// Takes a plus that no other sign follows: std::from_chars knows none.
std::string_view without_plus(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  return text;
}

/// Reads all of `text`, or nothing.
template <class T>
std::errc read_all(std::string_view text, T& value) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec == std::errc{} && read.ptr != text.data() + text.size()) return std::errc::invalid_argument;
  return read.ec;
}

/// The text in ASCII and without underscores between digits, if that differs from `text`.
std::optional<std::string> respelled(std::string_view text) {
  std::string storage;
  const std::string_view ascii = ascii_number(text, storage);
  const std::optional<std::string_view> plain = without_underscores(ascii, UnderscoreRule::between_digits, storage);
  if (!plain || *plain == text) return std::nullopt;
  return std::string(*plain);
}

/// `nan`, `inf`, `infinity`, with a sign or without.
std::optional<double> read_special(std::string_view text) {
  const bool minus = text.starts_with('-');
  if (minus || text.starts_with('+')) text.remove_prefix(1);
  if (equals_ignoring_case(text, "nan")) return std::numeric_limits<double>::quiet_NaN();
  if (!equals_ignoring_case(text, "inf") && !equals_ignoring_case(text, "infinity")) return std::nullopt;
  return minus ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
}

/// Finite numbers as they are usually written. `recognized` false: the text is not of that spelling.
std::optional<double> read_usual_double(std::string_view text, bool& recognized) {
  const std::string_view digits = without_plus(text);
  const std::size_t first = digits.starts_with('-') ? 1 : 0;
  recognized = false;
  // std::from_chars reads `inf` and `nan(x)` too, which are not to be read here.
  if (first == digits.size() || (!is_digit(digits[first]) && digits[first] != '.')) return std::nullopt;
  double value = 0;
  const std::errc error = read_all(digits, value);
  if (error == std::errc::result_out_of_range) {
    const std::optional<Decimal> exact = Decimal::parse(text);
    recognized = exact.has_value();
    value = recognized ? exact->to_double() : 0;
  } else {
    recognized = error == std::errc{};
  }
  return recognized && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

}  // namespace

std::optional<Decimal> text_to_integer(std::string_view text) {
  text = trim_number(text);
  if (text.starts_with(hex_prefix)) return Decimal::parse_hex(text.substr(hex_prefix.size()));
  std::string storage;
  const std::optional<std::string_view> plain =
      without_underscores(ascii_number(text, storage), UnderscoreRule::between_digits, storage);
  if (!plain) return std::nullopt;
  const std::string_view digits = plain->substr(plain->starts_with('-') || plain->starts_with('+') ? 1 : 0);
  if (digits.empty() || digits.size() > integer_digits_max || !std::ranges::all_of(digits, is_digit)) {
    return std::nullopt;
  }
  return Decimal::parse(*plain)->to_integer(static_cast<std::int64_t>(integer_digits_max));
}

std::optional<Decimal> double_to_integer(double value) {
  if (!std::isfinite(value) || std::trunc(value) != value) return std::nullopt;
  std::array<char, 320> text;  // the largest double has 309 digits
  const auto written = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, 0);
  const std::string_view digits(text.data(), static_cast<std::size_t>(written.ptr - text.data()));
  return Decimal::parse(digits)->to_integer(static_cast<std::int64_t>(text.size()));
}

std::optional<Decimal> text_to_exact(std::string_view text) {
  text = trim_number(text);
  if (text.starts_with(hex_prefix)) return Decimal::parse_hex(text.substr(hex_prefix.size()));
  return Decimal::parse(text);
}

std::optional<std::int64_t> text_to_bigint(std::string_view text) {
  text = trim_number(text);
  std::int64_t value = 0;
  const std::errc error = read_all(without_plus(text), value);
  if (error == std::errc{}) return value;
  // The reader stops at the first letter: of text that cannot begin a number in any script nothing else needs asking.
  const bool other_script = !text.empty() && static_cast<unsigned char>(text.front()) >= 0x80;
  if (error == std::errc::result_out_of_range || (!starts_number(text) && !other_script)) return std::nullopt;
  const std::optional<Decimal> integer = text_to_integer(text);
  return integer ? integer->to_int64() : std::nullopt;
}

std::optional<std::int64_t> double_to_bigint(double value) {
  constexpr double limit = 9'223'372'036'854'775'808.0;  // 2 to the 63rd: the first that does not fit
  if (!(value >= -limit && value < limit) || std::trunc(value) != value) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

std::optional<double> text_to_float(std::string_view text) {
  text = trim_number(text);
  bool recognized = false;
  const std::optional<double> usual = read_usual_double(text, recognized);
  if (recognized) return usual;
  if (const std::optional<double> special = read_special(text)) return special;
  const std::optional<std::string> plain = respelled(text);
  return plain ? read_usual_double(*plain, recognized) : std::nullopt;
}

std::optional<double> text_to_double(std::string_view text) {
  const std::string_view trimmed = trim_number(text);
  if (!trimmed.starts_with(hex_prefix)) return text_to_float(trimmed);
  const std::optional<Decimal> integer = text_to_integer(trimmed);
  if (!integer) return std::nullopt;
  const double value = integer->to_double();
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::optional<bool> text_to_bool(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, bool>, 10> words{{{"yes", true},
                                                                            {"true", true},
                                                                            {"t", true},
                                                                            {"y", true},
                                                                            {"1", true},
                                                                            {"no", false},
                                                                            {"false", false},
                                                                            {"f", false},
                                                                            {"n", false},
                                                                            {"0", false}}};
  for (const auto& [word, truth] : words) {
    if (equals_ignoring_case(text, word)) return truth;
  }
  return std::nullopt;
}

std::optional<Int128> text_to_decimal(std::string_view text, DecimalShape shape) {
  text = trim_number(text);
  if (const std::optional<Int128> usual = decimal_from_number_text(text, shape)) return usual;
  const std::optional<Decimal> exact = text_to_exact(text);
  return exact ? exact->scaled(shape) : std::nullopt;
}

std::optional<Int128> bigint_to_decimal(std::int64_t value, DecimalShape shape) {
  return decimal_from_int64(value, shape);
}

std::optional<Int128> double_to_decimal(double value, DecimalShape shape) {
  std::array<char, number_text_max> buffer;
  return decimal_from_number_text(double_text(value, buffer), shape);
}

}  // namespace outfall::schema
