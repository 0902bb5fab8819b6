// SPDX-License-Identifier: Apache-2.0
#include "sql/cell_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include "schema/temporal.h"

namespace outfall::sql {
namespace {

/// Writes a number with leading zeros, and returns where it ends. Rows have a moment each: this is what they cost.
char* put_digits(char* out, std::uint64_t value, int digits) {
  for (int i = digits; i-- > 0;) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  return out + digits;
}

char* put_clock(char* out, std::uint64_t seconds, std::uint64_t fraction, int digits) {
  out = put_digits(out, seconds / 3600, 2);
  *out++ = ':';
  out = put_digits(out, seconds / 60 % 60, 2);
  *out++ = ':';
  out = put_digits(out, seconds % 60, 2);
  *out++ = '.';
  return put_digits(out, fraction, digits);
}

/// Of the years that columns hold: 1 to 9999.
char* put_date(char* out, std::int32_t days) {
  const schema::CivilDate civil = schema::to_civil({days});
  out = put_digits(out, static_cast<std::uint64_t>(civil.year), 4);
  *out++ = '-';
  out = put_digits(out, static_cast<std::uint64_t>(civil.month), 2);
  *out++ = '-';
  return put_digits(out, static_cast<std::uint64_t>(civil.day), 2);
}

constexpr std::size_t moment_bytes_max = std::string_view("9999-12-31 23:59:59.999999999").size();

}  // namespace

void append_decimal(std::string& out, schema::Int128 unscaled, int scale) {
  const bool is_negative = unscaled < 0;
  auto rest =
      is_negative ? -static_cast<schema::UnsignedInt128>(unscaled) : static_cast<schema::UnsignedInt128>(unscaled);
  std::array<char, 48> digits;
  std::size_t begin = digits.size();
  const auto behind = static_cast<std::size_t>(std::max(scale, 0));
  std::size_t count = 0;
  while (rest != 0 || count <= behind) {
    if (count == behind && behind != 0) digits[--begin] = '.';
    digits[--begin] = static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
    ++count;
  }
  if (is_negative) digits[--begin] = '-';
  out.append(digits.data() + begin, digits.size() - begin);
}

void append_date(std::string& out, std::int32_t days) {
  std::array<char, moment_bytes_max> text;
  out.append(text.data(), put_date(text.data(), days));
}

void append_time(std::string& out, std::int64_t microseconds) {
  constexpr std::uint64_t per_second = schema::microseconds_per_second;
  const auto units = static_cast<std::uint64_t>(microseconds);
  std::array<char, moment_bytes_max> text;
  out.append(text.data(), put_clock(text.data(), units / per_second, units % per_second, 6));
}

void append_timestamp(std::string& out, std::int64_t units, bool is_nanoseconds) {
  const std::int64_t per_second = is_nanoseconds ? 1'000'000'000 : schema::microseconds_per_second;
  std::int64_t seconds = units / per_second;
  std::int64_t fraction = units % per_second;
  if (fraction < 0) {
    fraction += per_second;
    --seconds;
  }
  constexpr std::int64_t day = 86'400;
  std::int64_t days = seconds / day;
  std::int64_t of_day = seconds % day;
  if (of_day < 0) {
    of_day += day;
    --days;
  }
  std::array<char, moment_bytes_max> text;
  char* end = put_date(text.data(), static_cast<std::int32_t>(days));
  *end++ = ' ';
  end =
      put_clock(end, static_cast<std::uint64_t>(of_day), static_cast<std::uint64_t>(fraction), is_nanoseconds ? 9 : 6);
  out.append(text.data(), end);
}

void append_double(std::string& out, double value) {
  const std::size_t begin = out.size();
  fmt::format_to(std::back_inserter(out), "{}", value);
  if (out.find_first_of(".en", begin) == std::string::npos) out += ".0";  // neither a fraction nor inf or nan
}

void append_cell(std::string& out, ArrowCells& cells, std::int64_t row) {
  const CellFormat& format = cells.format();
  switch (format.kind) {
    case CellKind::text:
      out += cells.bytes(row);
      break;
    case CellKind::binary:
      out += "\\x";
      for (const char byte : cells.bytes(row)) {
        fmt::format_to(std::back_inserter(out), "{:02x}", static_cast<unsigned char>(byte));
      }
      break;
    case CellKind::int64:
      fmt::format_to(std::back_inserter(out), "{}", cells.int64(row));
      break;
    case CellKind::double_:
      append_double(out, cells.real(row));
      break;
    case CellKind::bool_:
      out += cells.truth(row) ? "true" : "false";
      break;
    case CellKind::decimal:
      append_decimal(out, cells.decimal(row), format.scale);
      break;
    case CellKind::date:
      append_date(out, cells.days(row));
      break;
    case CellKind::time:
      append_time(out, cells.int64(row));
      break;
    case CellKind::timestamp:
      append_timestamp(out, cells.int64(row), format.is_nanoseconds);
      break;
  }
}

}  // namespace outfall::sql
