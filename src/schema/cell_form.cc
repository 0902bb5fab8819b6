// SPDX-License-Identifier: Apache-2.0
#include "schema/cell_form.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstddef>

#include "schema/temporal.h"
#include "schema/value_text.h"

namespace outfall::schema {
namespace {

constexpr CellForms whole_form = 1U << 1;       ///< an integer that a double holds
constexpr CellForms wide_whole_form = 1U << 2;  ///< an integer of 64 bits that a double does not hold
constexpr CellForms fraction_form = 1U << 3;    ///< 2.5, 1e-07
constexpr CellForms point_zero_form = 1U << 4;  ///< 3.0
constexpr CellForms date_form = 1U << 8;
constexpr CellForms number_forms = whole_form | wide_whole_form | fraction_form | point_zero_form;

/// true, True, TRUE: a column has one spelling.
struct BoolSpelling {
  std::string_view yes;
  std::string_view no;
  CellForms form;
};
constexpr std::array<BoolSpelling, 3> bool_spellings{{
    {"true", "false", 1U << 5},
    {"True", "False", 1U << 6},
    {"TRUE", "FALSE", 1U << 7},
}};

/// Timestamps: a form for each separator, number of digits of the second's fraction, and way to write UTC.
constexpr int timestamp_form_first = 9;
constexpr int fraction_digits_max = 6;
constexpr std::array<std::string_view, 3> zones{"", "Z", "+00:00"};
constexpr std::size_t timestamp_form_count = std::size_t{2} * (fraction_digits_max + 1) * zones.size();
constexpr CellForms timestamp_forms = ((CellForms{1} << timestamp_form_count) - 1) << timestamp_form_first;

constexpr std::int64_t double_integer_max = std::int64_t{1} << 53;
/// Any decimal number of so many digits comes back from a double as it was.
constexpr std::size_t double_digits_exact = 15;
/// Below 1e-4 doubles are printed with an exponent.
constexpr std::size_t fraction_zeros_max = 3;

constexpr bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

std::size_t digits_from(std::string_view text, std::size_t at) {
  const std::size_t begin = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  return at - begin;
}

/// Two digits as a number; -1 for anything else.
int two_digits(std::string_view text, std::size_t at) {
  if (!is_digit(text[at]) || !is_digit(text[at + 1])) return -1;
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

/// Printed and compared: for the numbers that no rule of thumb decides.
CellForms printed_form(std::string_view cell) {
  double value = 0;
  const auto [end, code] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (code != std::errc() || end != cell.data() + cell.size()) return text_form;
  std::array<char, number_text_max> buffer{};
  if (double_text(value, buffer) != cell) return text_form;
  return cell.ends_with(".0") ? point_zero_form : fraction_form;
}

CellForms whole_number_form(std::string_view cell, std::size_t digits) {
  const bool is_negative = cell.front() == '-';
  if (is_negative && cell[1] == '0') return text_form;
  if (digits <= double_digits_exact) return whole_form;
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (code != std::errc()) return text_form;
  return value >= -double_integer_max && value <= double_integer_max ? whole_form : wide_whole_form;
}

CellForms number_form(std::string_view cell) {
  const std::size_t first = cell.front() == '-' ? 1 : 0;
  const std::size_t whole = digits_from(cell, first);
  if (whole == 0 || (whole > 1 && cell[first] == '0')) return text_form;
  const std::size_t point = first + whole;
  if (point == cell.size()) return whole_number_form(cell, whole);
  if (cell[point] != '.') return printed_form(cell);
  const std::size_t fraction = digits_from(cell, point + 1);
  const std::size_t end = point + 1 + fraction;
  if (fraction == 0 || end != cell.size() || whole + fraction > double_digits_exact) return printed_form(cell);
  if (fraction == 1 && cell.back() == '0') return point_zero_form;
  if (cell.back() == '0') return text_form;
  const std::size_t zeros = std::min(cell.find_first_not_of('0', point + 1), end) - point - 1;
  return cell[first] == '0' && zeros > fraction_zeros_max ? printed_form(cell) : fraction_form;
}

bool is_calendar_day(std::string_view text) {
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return false;
  const int century = two_digits(text, 0);
  const int year = two_digits(text, 2);
  if (century < 0 || year < 0) return false;
  return exists({.year = century * 100 + year, .month = two_digits(text, 5), .day = two_digits(text, 8)});
}

CellForms day_form(std::string_view cell) {
  if (!is_calendar_day(cell)) return text_form;
  if (cell.size() == 10) return date_form;
  constexpr std::size_t second_end = 19;
  if (cell.size() < second_end || (cell[10] != 'T' && cell[10] != ' ') || cell[13] != ':' || cell[16] != ':') {
    return text_form;
  }
  const int hour = two_digits(cell, 11);
  const int minute = two_digits(cell, 14);
  const int second = two_digits(cell, 17);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return text_form;
  std::size_t at = second_end;
  std::size_t fraction = 0;
  if (at < cell.size() && cell[at] == '.') {
    fraction = digits_from(cell, at + 1);
    if (fraction == 0 || fraction > fraction_digits_max) return text_form;
    at += 1 + fraction;
  }
  const auto* const zone = std::ranges::find(zones, cell.substr(at));
  if (zone == zones.end()) return text_form;
  const std::size_t separator = cell[10] == 'T' ? 0 : 1;
  const std::size_t form = (separator * (fraction_digits_max + 1) + fraction) * zones.size() +
                           static_cast<std::size_t>(zone - zones.begin());
  return CellForms{1} << (timestamp_form_first + form);
}

CellForms word_form(std::string_view cell) {
  for (const BoolSpelling& spelling : bool_spellings) {
    if (cell == spelling.yes || cell == spelling.no) return spelling.form;
  }
  return text_form;
}

bool is_one_form(CellForms forms) {
  return std::has_single_bit(forms);
}

DataType number_type(CellForms forms) {
  if ((forms & (fraction_form | point_zero_form)) == 0) return DataType::bigint;
  const bool two_spellings = (forms & whole_form) != 0 && (forms & point_zero_form) != 0;
  return two_spellings || (forms & wide_whole_form) != 0 ? DataType::text : DataType::double_;
}

/// A number as people write it: no plus, no zeros in front, no spaces.
struct WrittenNumber {
  std::size_t digits = 0;  ///< without zeros at either end
};

std::optional<WrittenNumber> written_number(std::string_view cell) {
  const std::size_t first = cell.starts_with('-') ? 1 : 0;
  const std::size_t whole = digits_from(cell, first);
  if (whole == 0 || (whole > 1 && cell[first] == '0')) return std::nullopt;
  std::size_t end = first + whole;
  if (end < cell.size() && cell[end] == '.') {
    const std::size_t fraction = digits_from(cell, end + 1);
    if (fraction == 0) return std::nullopt;
    end += 1 + fraction;
  }
  const std::string_view mantissa = cell.substr(first, end - first);
  if (end < cell.size() && (cell[end] == 'e' || cell[end] == 'E')) {
    const std::size_t sign = end + 1 < cell.size() && (cell[end + 1] == '+' || cell[end + 1] == '-') ? 1 : 0;
    const std::size_t exponent = digits_from(cell, end + 1 + sign);
    if (exponent == 0) return std::nullopt;
    end += 1 + sign + exponent;
  }
  if (end != cell.size()) return std::nullopt;
  const std::size_t begins = mantissa.find_first_of("123456789");
  if (begins == std::string_view::npos) return WrittenNumber{};
  const std::string_view significant = mantissa.substr(begins, mantissa.find_last_of("123456789") - begins + 1);
  return WrittenNumber{.digits = significant.size() - static_cast<std::size_t>(std::ranges::count(significant, '.'))};
}

/// A whole number that a double has, of 64 bits; longer ones by their digits.
bool is_exact_double(std::string_view whole) {
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(whole.data(), whole.data() + whole.size(), value);
  if (code != std::errc()) return written_number(whole)->digits <= double_digits_exact;
  constexpr double beyond = 9223372036854775808.0;
  const auto real = static_cast<double>(value);
  return real < beyond && static_cast<std::int64_t>(real) == value;
}

bool keeps_double(std::string_view cell) {
  constexpr std::size_t double_digits_max = 17;
  const std::optional<WrittenNumber> number = written_number(cell);
  if (number && cell.find_first_of(".eE") == std::string_view::npos) return is_exact_double(cell);
  if (number) return number->digits <= double_digits_max;
  return cell.find_first_of("0123456789") == std::string_view::npos;  // nan, inf
}

/// A day of the calendar, and not a year or a month.
bool is_day(std::string_view cell) {
  constexpr std::size_t digits = 8;
  const bool is_packed = cell.size() == digits && digits_from(cell, 0) == digits;
  const bool is_spaced = cell.size() == digits + 2 && (cell[4] == '-' || cell[4] == '/') && cell[7] == cell[4];
  return (is_packed || is_spaced) && parse_date(cell).has_value();
}

bool is_midnight(std::string_view cell) {
  const std::optional<Timestamp> moment = parse_timestamp(cell);
  return moment && moment->offset_seconds.value_or(0) == 0 && moment->microseconds_utc % microseconds_per_day == 0;
}

/// Nothing behind the microsecond.
bool is_moment(std::string_view cell) {
  if (!parse_timestamp(cell)) return false;
  const std::size_t point = cell.find_first_of(".,");
  if (point == std::string_view::npos) return true;
  const std::size_t digits = digits_from(cell, point + 1);
  if (digits <= fraction_digits_max) return true;
  const std::string_view rest = cell.substr(point + 1 + fraction_digits_max, digits - fraction_digits_max);
  return rest.find_first_not_of('0') == std::string_view::npos;
}

/// Without a zone, and nothing behind the microsecond.
bool is_clock_time(std::string_view cell) {
  if (cell.find_first_of("+-Zz") != std::string_view::npos) return false;
  const std::size_t point = cell.find_first_of(".,");
  return point == std::string_view::npos || cell.size() - point - 1 <= static_cast<std::size_t>(fraction_digits_max);
}

}  // namespace

bool keeps(DataType type, std::string_view cell) {
  switch (type) {
    case DataType::bigint:
    case DataType::decimal:
    case DataType::wei:
      return written_number(cell).has_value();
    case DataType::double_:
      return keeps_double(cell);
    case DataType::date:
      return is_day(cell) || (is_midnight(cell) && is_moment(cell));
    case DataType::timestamp:
      return is_day(cell) || is_moment(cell);
    case DataType::time:
      return is_clock_time(cell);
    default:
      return true;
  }
}

CellForms form_of(std::string_view cell) {
  if (is_digit(cell.front())) return cell.size() >= 10 && cell[4] == '-' ? day_form(cell) : number_form(cell);
  if (cell.front() == '-') return number_form(cell);
  return cell.size() == 4 || cell.size() == 5 ? word_form(cell) : text_form;
}

std::optional<DataType> type_of(CellForms forms) {
  if (forms == 0) return std::nullopt;
  if ((forms & ~number_forms) == 0) return number_type(forms);
  if (!is_one_form(forms) || forms == text_form) return DataType::text;
  if (forms == date_form) return DataType::date;
  return (forms & timestamp_forms) != 0 ? DataType::timestamp : DataType::bool_;
}

}  // namespace outfall::schema
