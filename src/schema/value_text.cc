// SPDX-License-Identifier: Apache-2.0
//
// Doubles are laid out from their shortest digits, since no notation of std::to_chars puts the borders where Python's
// repr does.
#include "schema/value_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/base64.h"
#include "base/json.h"

namespace outfall::schema {
namespace {

/// Digits and where their point stands, of a finite double that is not negative.
struct ShortestDigits {
  std::array<char, 20> digits;
  std::size_t count = 0;
  int exponent = 0;  // of the first digit

  explicit ShortestDigits(double value) {
    std::array<char, number_text_max> text;
    const char* const end = std::to_chars(text.begin(), text.end(), value, std::chars_format::scientific).ptr;
    const char* at = text.data();
    for (; *at != 'e'; ++at) {
      if (*at != '.') digits[count++] = *at;
    }
    ++at;
    std::from_chars(*at == '+' ? at + 1 : at, end, exponent);
  }
};

char* put(char* out, std::string_view text) {
  return std::ranges::copy(text, out).out;
}

char* put_digits(char* out, const ShortestDigits& number, std::size_t first, std::size_t end) {
  return std::copy(number.digits.data() + first, number.digits.data() + end, out);
}

char* put_exponent_form(char* out, const ShortestDigits& number) {
  out = put_digits(out, number, 0, 1);
  if (number.count > 1) {
    *out++ = '.';
    out = put_digits(out, number, 1, number.count);
  }
  const int size = std::abs(number.exponent);
  out = put(out, number.exponent < 0 ? "e-" : "e+");
  if (size < 10) *out++ = '0';
  return std::to_chars(out, out + 3, size).ptr;
}

char* put_plain_form(char* out, const ShortestDigits& number) {
  if (number.exponent < 0) {
    out = put(out, "0.");
    out = std::fill_n(out, -number.exponent - 1, '0');
    return put_digits(out, number, 0, number.count);
  }
  const auto whole = static_cast<std::size_t>(number.exponent) + 1;
  out = put_digits(out, number, 0, std::min(whole, number.count));
  if (number.count <= whole) {
    out = std::fill_n(out, whole - number.count, '0');
    return put(out, ".0");
  }
  *out++ = '.';
  return put_digits(out, number, whole, number.count);
}

std::string_view view(std::span<char, number_text_max> buffer, const char* end) {
  return {buffer.data(), static_cast<std::size_t>(end - buffer.data())};
}

}  // namespace

std::string_view bigint_text(std::int64_t value, std::span<char, number_text_max> buffer) {
  return view(buffer, std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr);
}

std::string_view double_text(double value, std::span<char, number_text_max> buffer) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char* out = buffer.data();
  if (std::signbit(value)) *out++ = '-';
  const ShortestDigits number(std::fabs(value));
  const bool plain = number.exponent >= -4 && number.exponent < 16;
  return view(buffer, plain ? put_plain_form(out, number) : put_exponent_form(out, number));
}

void append_bigint_text(std::string& out, std::int64_t value) {
  std::array<char, number_text_max> buffer;
  out += bigint_text(value, buffer);
}

void append_double_text(std::string& out, double value) {
  std::array<char, number_text_max> buffer;
  out += double_text(value, buffer);
}

void append_text(std::string& out, const Value& value) {
  if (const std::string* text = value.as_string()) {
    out += value.type() == DataType::binary ? base64_encode(*text) : *text;
  } else if (const std::int64_t* integer = value.as_int64()) {
    append_bigint_text(out, *integer);
  } else if (const double* real = value.as_double()) {
    append_double_text(out, *real);
  } else if (const bool* truth = value.as_bool()) {
    append_bool_text(out, *truth);
  } else if (const Timestamp* timestamp = value.as_timestamp()) {
    append_iso(out, *timestamp);
  } else if (const Date* date = value.as_date()) {
    append_iso(out, *date);
  } else if (const Time* time = value.as_time()) {
    append_iso(out, *time);
  } else if (const Decimal* decimal = value.as_decimal()) {
    decimal->append_text(out);
  }
}

std::string describe(const Value& value) {
  if (value.is_null()) return "null";
  std::string text;
  append_text(text, value);
  if (text.size() > text_shown_max) {
    // Cut in front of a character, not inside of one.
    std::size_t end = text_shown_max;
    while ((static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text.resize(end);
    text += "...";
  }
  if (value.type() != DataType::text) return text;
  std::string quoted;
  append_json_string(quoted, text);
  return quoted;
}

}  // namespace outfall::schema
