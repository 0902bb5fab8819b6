// SPDX-License-Identifier: Apache-2.0
#include "sql/cell_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "schema/temporal.h"

namespace outfall::sql {
namespace {

void append_clock(std::string& out, std::int64_t seconds, std::int64_t fraction, int digits) {
  fmt::format_to(std::back_inserter(out), FMT_STRING("{:02}:{:02}:{:02}.{:0{}}"), seconds / 3600, seconds / 60 % 60,
                 seconds % 60, fraction, digits);
}

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
  const schema::CivilDate civil = schema::to_civil({days});
  fmt::format_to(std::back_inserter(out), FMT_STRING("{:04}-{:02}-{:02}"), civil.year, civil.month, civil.day);
}

void append_time(std::string& out, std::int64_t microseconds) {
  append_clock(out, microseconds / schema::microseconds_per_second, microseconds % schema::microseconds_per_second, 6);
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
  append_date(out, static_cast<std::int32_t>(days));
  out += ' ';
  append_clock(out, of_day, fraction, is_nanoseconds ? 9 : 6);
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
