// SPDX-License-Identifier: Apache-2.0
#include "normalize/cell.h"

#include <cmath>

#include "base/json.h"
#include "schema/coercion.h"

namespace outfall::normalize {
namespace {

using schema::Int128;

constexpr int integer_digits_max = 38;

/// Puts what a coercion gave into its place; false when it gave nothing.
template <class T, class U>
bool put(const std::optional<T>& converted, U& place) {
  if (converted) place = *converted;
  return converted.has_value();
}
bool put(const std::optional<schema::Timestamp>& converted, std::int64_t& place) {
  if (converted) place = converted->microseconds_utc;
  return converted.has_value();
}
bool put(const std::optional<schema::Date>& converted, std::int64_t& place) {
  if (converted) place = converted->days;
  return converted.has_value();
}

bool fits_bits(std::int64_t value, std::optional<int> bits) {
  if (!bits || *bits >= 64) return true;
  const int width = *bits <= 8 ? 8 : *bits <= 16 ? 16 : *bits <= 32 ? 32 : 64;
  if (width == 64) return true;
  const std::int64_t limit = std::int64_t{1} << (width - 1);
  return value >= -limit && value < limit;
}

template <class Number>
bool is_taken(const ColumnSlot& column, Number value) {
  return column.range == schema::ValueRange::whole || schema::in_range(column.range, value);
}

bool to_bigint(const ColumnSlot& column, const Scalar& value, Cell& cell) {
  switch (value.kind) {
    case DataType::bigint:
      cell.integer = value.integer;
      break;
    case DataType::double_:
      if (!put(schema::double_to_bigint(value.real), cell.integer)) return false;
      break;
    case DataType::text:
      if (!put(schema::text_to_bigint(value.text), cell.integer)) return false;
      break;
    default:
      return false;
  }
  return fits_bits(cell.integer, column.type.precision) && is_taken(column, Int128{cell.integer});
}

bool read_double(const Scalar& value, Cell& cell) {
  switch (value.kind) {
    case DataType::double_:
      cell.real = value.real;
      return true;
    case DataType::bigint:
      cell.real = schema::bigint_to_double(value.integer);
      return true;
    case DataType::decimal:
    case DataType::text:
      return put(schema::text_to_double(value.text), cell.real);
    default:
      return false;
  }
}

bool to_double(const ColumnSlot& column, const Scalar& value, Cell& cell) {
  if (!read_double(value, cell) || !is_taken(column, cell.real)) return false;
  const bool is_whole = value.is_exact && cell.real == std::trunc(cell.real);
  const bool is_narrow = column.range == schema::ValueRange::float_32;
  return !is_whole || !is_narrow || cell.real == static_cast<double>(static_cast<float>(cell.real));
}

bool to_text(const Scalar& value, std::string& scratch, Cell& cell) {
  cell.text = value.text;
  if (value.kind == DataType::text || value.kind == DataType::json || value.kind == DataType::decimal) return true;
  scratch.clear();
  if (value.kind == DataType::bigint) schema::append_bigint_text(scratch, value.integer);
  if (value.kind == DataType::double_) schema::append_double_text(scratch, value.real);
  if (value.kind == DataType::bool_) schema::append_bool_text(scratch, value.truth);
  cell.text = scratch;
  return true;
}

bool to_bool(const Scalar& value, Cell& cell) {
  if (value.kind == DataType::text) return put(schema::text_to_bool(value.text), cell.truth);
  cell.truth = value.truth;
  return value.kind == DataType::bool_;
}

bool text_to_microseconds(const ColumnSlot& column, const Scalar& value, Cell& cell) {
  const std::optional<schema::Timestamp> read = schema::text_to_timestamp(value.text);
  if (!read) return false;
  const bool is_local = column.clock != nullptr && !read->offset_seconds && !value.is_day;
  cell.integer = is_local ? column.clock->to_utc(read->microseconds_utc) : read->microseconds_utc;
  return cell.integer >= schema::microseconds_min && cell.integer <= schema::microseconds_max;
}

bool to_microseconds(const ColumnSlot& column, const Scalar& value, Cell& cell) {
  switch (value.kind) {
    case DataType::text:
      return text_to_microseconds(column, value, cell);
    case DataType::bigint:
      return put(schema::bigint_to_timestamp(value.integer), cell.integer);
    case DataType::double_:
      return put(schema::double_to_timestamp(value.real), cell.integer);
    default:
      return false;
  }
}

bool to_timestamp(const ColumnSlot& column, const Scalar& value, Cell& cell) {
  if (!to_microseconds(column, value, cell)) return false;
  std::int64_t rest = cell.integer % column.unit;
  if (rest < 0) rest += column.unit;
  if (rest != 0 && (!column.cuts_moments || value.is_exact)) return false;
  // A database rounds what its type does not keep. With a time zone it keeps microseconds, whatever the type says.
  if (!column.type.with_timezone) cell.integer -= rest;
  constexpr std::int64_t nanoseconds = 1'000;
  return !schema::stores_nanoseconds(column.type) || !__builtin_mul_overflow(cell.integer, nanoseconds, &cell.integer);
}

std::optional<schema::Timestamp> moment_of(const Scalar& value) {
  if (value.kind == DataType::text) return schema::text_to_timestamp(value.text);
  if (value.kind == DataType::bigint) return schema::bigint_to_timestamp(value.integer);
  return schema::double_to_timestamp(value.real);
}

bool to_days(const Scalar& value, Cell& cell) {
  switch (value.kind) {
    case DataType::text:
      return put(schema::text_to_date(value.text), cell.integer);
    case DataType::bigint:
      return put(schema::bigint_to_date(value.integer), cell.integer);
    case DataType::double_:
      return put(schema::double_to_date(value.real), cell.integer);
    default:
      return false;
  }
}

bool to_date(const ColumnSlot& column, const Scalar& value, Cell& cell) {
  if (!to_days(value, cell)) return false;
  if (column.cuts_moments) return true;
  const std::optional<schema::Timestamp> moment = moment_of(value);
  return !moment || moment->microseconds_utc % column.unit == 0;
}

bool to_time(const ColumnSlot& column, const Scalar& value, Cell& cell) {
  if (value.kind != DataType::text) return false;
  const std::optional<schema::Time> time = schema::text_to_time(value.text);
  if (time) cell.integer = time->microseconds;
  return time && ((column.cuts_moments && !value.is_exact) || time->microseconds % column.unit == 0);
}

/// Numbers are taken as they are written, never through a double.
bool read_decimal(const ColumnSlot& column, const Scalar& value, Cell& cell) {
  const schema::DecimalShape shape = schema::decimal_shape(column.type);
  switch (value.kind) {
    case DataType::bigint:
      return put(schema::bigint_to_decimal(value.integer, shape), cell.decimal);
    case DataType::double_:
    case DataType::decimal:
      return put(schema::decimal_from_number_text(value.text, shape), cell.decimal);
    case DataType::text:
      return put(schema::text_to_decimal(value.text, shape), cell.decimal);
    default:
      return false;
  }
}

bool to_decimal(const ColumnSlot& column, const Scalar& value, Cell& cell) {
  return read_decimal(column, value, cell) && is_taken(column, cell.decimal);
}

bool to_binary(const ColumnSlot& column, const Scalar& value, std::string& scratch, Cell& cell) {
  scratch.clear();
  bool done = false;
  if (value.kind == DataType::text) {
    const auto form = column.declared ? schema::BinaryText::hex_or_base64 : schema::BinaryText::hex;
    done = schema::text_to_binary(value.text, form, scratch);
  } else if (value.kind == DataType::bigint) {
    done = schema::bigint_to_binary(value.integer, scratch);
  }
  cell.text = scratch;
  return done;
}

bool to_json_column(const Scalar& value, std::string& scratch, Cell& cell) {
  cell.text = value.text;
  if (value.kind == DataType::json) return true;
  if (value.kind != DataType::text) return false;
  const Result<Json> document = parse_json(value.text, Fractions::as_written);
  if (!document) return false;
  scratch = to_json(*document);
  cell.text = scratch;
  return true;
}

}  // namespace

std::int64_t microseconds_kept(const schema::ColumnType& type) {
  constexpr std::int64_t of_a_day = 86'400'000'000;
  constexpr int digits_of_a_microsecond = 6;
  if (type.type == DataType::date) return of_a_day;
  if (type.type != DataType::timestamp && type.type != DataType::time) return 1;
  std::int64_t unit = 1;
  for (int digits = schema::second_digits(type); digits < digits_of_a_microsecond; ++digits) unit *= 10;
  return unit;
}

schema::ColumnType infer_type(const Scalar& value) {
  if (value.kind == DataType::decimal) return {.type = DataType::decimal, .precision = integer_digits_max, .scale = 0};
  if (value.kind == DataType::text && schema::parse_timestamp(value.text)) return {.type = DataType::timestamp};
  return {.type = value.kind};
}

bool convert(const ColumnSlot& column, const Scalar& value, std::string& scratch, Cell& cell) {
  if (value.is_text_only && column.type.type != DataType::text) return false;
  switch (column.type.type) {
    case DataType::text:
      return to_text(value, scratch, cell);
    case DataType::bigint:
      return to_bigint(column, value, cell);
    case DataType::double_:
      return to_double(column, value, cell);
    case DataType::bool_:
      return to_bool(value, cell);
    case DataType::timestamp:
      return to_timestamp(column, value, cell);
    case DataType::date:
      return to_date(column, value, cell);
    case DataType::time:
      return to_time(column, value, cell);
    case DataType::decimal:
    case DataType::wei:
      return to_decimal(column, value, cell);
    case DataType::binary:
      return to_binary(column, value, scratch, cell);
    case DataType::json:
      return to_json_column(value, scratch, cell);
  }
  return false;
}

void store(const Cell& cell, DataType type, std::uint32_t row, columnar::ColumnBuilder& cells) {
  switch (type) {
    case DataType::text:
    case DataType::binary:
    case DataType::json:
      return cells.set_text(row, cell.text);
    case DataType::bigint:
    case DataType::timestamp:
    case DataType::time:
      return cells.set_int64(row, cell.integer);
    case DataType::double_:
      return cells.set_double(row, cell.real);
    case DataType::bool_:
      return cells.set_bool(row, cell.truth);
    case DataType::date:
      return cells.set_date(row, static_cast<std::int32_t>(cell.integer));
    case DataType::decimal:
    case DataType::wei:
      return cells.set_decimal(row, cell.decimal);
  }
}

}  // namespace outfall::normalize
