// SPDX-License-Identifier: Apache-2.0
//
// Decimal as a string of digits and an exponent. Filling columns is in decimal_scaled.cc.
#include "schema/decimal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "schema/decimal_digits.h"

namespace outfall::schema {
namespace {

/// The largest exponent of the leading digit, and the smallest of the last one, that Python's Decimal knows.
constexpr std::int64_t leading_exponent_max = 999'999'999'999'999'999;
constexpr std::int64_t last_exponent_min = -1'999'999'999'999'999'997;

/// Hexadecimal digits that are turned into decimal ones. The work grows with the square; Python's int() stops reading
/// decimal digits here too.
constexpr std::size_t hex_digits_max = 4300;

bool starts_ignoring_case(std::string_view text, std::string_view lower) {
  return equals_ignoring_case(text.substr(0, lower.size()), lower);
}

std::string_view take_digits(std::string_view& text) {
  const auto end = std::ranges::find_if_not(text, is_digit);
  const auto count = static_cast<std::size_t>(end - text.begin());
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

/// Takes a sign if there is one. True: it was a minus.
bool take_sign(std::string_view& text) {
  if (text.empty() || (text.front() != '-' && text.front() != '+')) return false;
  const bool minus = text.front() == '-';
  text.remove_prefix(1);
  return minus;
}

/// Drops zeros in front, all of them for a number that is zero.
std::string_view significant(std::string_view digits) {
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
}

std::string digits_of(UnsignedInt128 value) {
  std::string reversed;
  do {
    reversed += static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
  } while (value != 0);
  std::ranges::reverse(reversed);
  return reversed;
}

/// The exponent's value; values that are too large for any decimal are cut to one that is too large as well.
std::optional<std::int64_t> take_exponent(std::string_view& text) {
  if (text.empty() || (text.front() != 'e' && text.front() != 'E')) return 0;
  text.remove_prefix(1);
  const bool minus = take_sign(text);
  const std::string_view digits = take_digits(text);
  if (digits.empty()) return std::nullopt;
  const std::string_view value_digits = significant(digits);
  std::int64_t value = 2 * (leading_exponent_max + 1);
  if (value_digits.size() <= 19) std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return minus ? -value : value;
}

}  // namespace

Decimal::Decimal(std::int64_t value) : negative_(value < 0) {
  const auto wide = static_cast<Int128>(value);
  digits_ = digits_of(static_cast<UnsignedInt128>(value < 0 ? -wide : wide));
}

Decimal::Decimal(UnsignedInt128 value) : digits_(digits_of(value)) {}

Decimal Decimal::from_double(double value) {
  std::array<char, 32> buffer;
  const char* const end = std::to_chars(buffer.begin(), buffer.end(), value, std::chars_format::scientific).ptr;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  // The shortest digits, with the last place that Python's repr shows: 2.0 and not 2, but 1E+20 and not
  // 100000000000000000000.
  Decimal decimal = *parse(text);
  if (decimal.is_finite() && decimal.exponent_ >= 0) {
    const bool plain_notation = decimal.exponent_ + static_cast<std::int64_t>(decimal.digits_.size()) <= 16;
    if (plain_notation) {
      if (!decimal.is_zero()) decimal.digits_.append(static_cast<std::size_t>(decimal.exponent_) + 1, '0');
      decimal.exponent_ = -1;
    }
  }
  return decimal;
}

std::optional<Decimal> Decimal::parse(std::string_view text) {
  std::string storage;
  text = ascii_number(trim_number(text), storage);
  const std::optional<std::string_view> plain = without_underscores(text, UnderscoreRule::anywhere, storage);
  text = *plain;

  Decimal decimal;
  decimal.negative_ = take_sign(text);
  if (equals_ignoring_case(text, "inf") || equals_ignoring_case(text, "infinity")) {
    decimal.kind_ = Kind::infinite;
    return decimal;
  }
  const bool signaling = starts_ignoring_case(text, "snan");
  if (signaling || starts_ignoring_case(text, "nan")) {
    text.remove_prefix(signaling ? 4 : 3);
    decimal.kind_ = signaling ? Kind::signaling_nan : Kind::nan;
    decimal.digits_ = significant(take_digits(text));
    return text.empty() ? std::optional(decimal) : std::nullopt;
  }

  const std::string_view whole = take_digits(text);
  std::string_view fraction;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = take_digits(text);
  }
  if (whole.empty() && fraction.empty()) return std::nullopt;
  const std::optional<std::int64_t> exponent = take_exponent(text);
  if (!exponent || !text.empty()) return std::nullopt;

  decimal.exponent_ = *exponent - static_cast<std::int64_t>(fraction.size());
  decimal.digits_.assign(whole).append(fraction);
  decimal.digits_.erase(0, decimal.digits_.size() - significant(decimal.digits_).size());
  if (decimal.digits_.empty()) decimal.digits_ = "0";
  const std::int64_t leading = decimal.exponent_ + static_cast<std::int64_t>(decimal.digits_.size()) - 1;
  if (leading > leading_exponent_max || decimal.exponent_ < last_exponent_min) return std::nullopt;
  return decimal;
}

std::optional<Decimal> Decimal::parse_hex(std::string_view text) {
  std::string storage;
  text = ascii_number(trim_number(text), storage);
  Decimal decimal;
  decimal.negative_ = take_sign(text);
  if (text.starts_with("0x") || text.starts_with("0X")) {
    text.remove_prefix(2);
    if (text.starts_with('_')) text.remove_prefix(1);
  }
  const std::optional<std::string_view> digits = without_underscores(text, UnderscoreRule::between_hex_digits, storage);
  if (!digits || digits->empty() || digits->size() > hex_digits_max) return std::nullopt;

  std::string reversed = "0";  // decimal digits, the last one first
  for (const char c : *digits) {
    const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c;
    if (!is_digit(lower) && !(lower >= 'a' && lower <= 'f')) return std::nullopt;
    int carry = is_digit(lower) ? lower - '0' : lower - 'a' + 10;
    for (char& digit : reversed) {
      carry += (digit - '0') * 16;
      digit = static_cast<char>('0' + carry % 10);
      carry /= 10;
    }
    for (; carry > 0; carry /= 10) reversed += static_cast<char>('0' + carry % 10);
  }
  std::ranges::reverse(reversed);
  const std::string_view shown = significant(reversed);
  decimal.digits_ = shown.empty() ? std::string_view("0") : shown;
  if (shown.empty()) decimal.negative_ = false;
  return decimal;
}

bool Decimal::is_integral() const {
  if (!is_finite()) return false;
  if (exponent_ >= 0 || is_zero()) return true;
  const std::size_t closing_zeros = digits_.size() - 1 - digits_.find_last_not_of('0');
  return static_cast<std::int64_t>(closing_zeros) >= -exponent_;
}

std::int64_t Decimal::integer_digit_count() const {
  if (is_zero()) return 0;
  return std::max<std::int64_t>(0, static_cast<std::int64_t>(digits_.size()) + exponent_);
}

std::string Decimal::text() const {
  std::string out;
  append_text(out);
  return out;
}

void Decimal::append_text(std::string& out) const {
  if (negative_) out += '-';
  switch (kind_) {
    case Kind::finite:
      append_finite_text(out);
      return;
    case Kind::infinite:
      out += "Infinity";
      return;
    case Kind::nan:
      out.append("NaN").append(digits_);
      return;
    case Kind::signaling_nan:
      out.append("sNaN").append(digits_);
  }
}

void Decimal::append_finite_text(std::string& out) const {
  const auto count = static_cast<std::int64_t>(digits_.size());
  const std::int64_t point = count + exponent_;  // digits in front of the point
  if (exponent_ > 0 || point <= -6) {
    out += digits_[0];
    if (count > 1) out.append(".").append(digits_, 1);
    out.append(point > 0 ? "E+" : "E").append(std::to_string(point - 1));
  } else if (point <= 0) {
    out.append("0.").append(static_cast<std::size_t>(-point), '0').append(digits_);
  } else {
    out.append(digits_, 0, static_cast<std::size_t>(point));
    if (point < count) out.append(".").append(digits_, static_cast<std::size_t>(point));
  }
}

std::optional<std::int64_t> Decimal::to_int64() const {
  constexpr std::int64_t digits_max = std::numeric_limits<std::int64_t>::digits10 + 1;
  const std::optional<Decimal> integer = to_integer(digits_max);
  if (!integer) return std::nullopt;
  const std::string text = integer->text();
  std::int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{}) return std::nullopt;
  return value;
}

std::optional<Decimal> Decimal::to_integer(std::int64_t digits_max) const {
  if (!is_integral() || integer_digit_count() > digits_max) return std::nullopt;
  Decimal integer = *this;
  integer.exponent_ = 0;
  if (is_zero()) {
    integer.digits_ = "0";
    integer.negative_ = false;
  } else {
    integer.digits_.resize(static_cast<std::size_t>(integer_digit_count()), '0');
  }
  return integer;
}

double Decimal::to_double() const {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (is_nan()) return std::copysign(std::numeric_limits<double>::quiet_NaN(), negative_ ? -1.0 : 1.0);
  double value = infinity;
  if (is_finite()) {
    const std::string number = digits_ + "e" + std::to_string(exponent_);
    const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
    // Beyond the range of a double: nothing is nearer than infinity, or than zero.
    if (read.ec != std::errc{}) value = integer_digit_count() > 0 ? infinity : 0.0;
  }
  return negative_ ? -value : value;
}

}  // namespace outfall::schema
