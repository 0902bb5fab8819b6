// SPDX-License-Identifier: Apache-2.0
#include "schema/column_type.h"

#include <algorithm>
#include <cmath>

namespace outfall::schema {
namespace {

constexpr int decimal_scale_default = 9;
constexpr int bits_default = 64;
constexpr int second_digits_default = 6;
constexpr int double_digits = 15;  // any decimal of so many digits comes out of a double as it went in

bool has_seconds(const ColumnType& type) {
  return type.type == DataType::timestamp || type.type == DataType::time;
}

bool is_number(const ColumnType& type) {
  return type.type == DataType::bigint || type.type == DataType::double_ || is_decimal(type);
}

bool is_exact(const ColumnType& type) {
  return is_decimal(type) || (type.type == DataType::bigint && type.precision.value_or(bits_default) > bits_default);
}

/// Of a number that is no double.
DecimalShape digits_of(const ColumnType& type) {
  constexpr int digits_of_64_bits = 19;
  constexpr int digits_of_128_bits = 39;
  if (is_decimal(type)) return decimal_shape(type);
  return {is_exact(type) ? digits_of_128_bits : digits_of_64_bits, 0};
}

std::optional<ColumnType> wider_decimal(DecimalShape a, DecimalShape b) {
  const int scale = std::max(a.scale, b.scale);
  const int integral = std::max(a.precision - a.scale, b.precision - b.scale);
  if (integral + scale > decimal_precision_max) return std::nullopt;
  return ColumnType{.type = DataType::decimal, .precision = integral + scale, .scale = scale};
}

std::optional<ColumnType> wider_number(const ColumnType& a, const ColumnType& b) {
  if (a.type == DataType::bigint && b.type == DataType::bigint) {
    const int bits = std::max(a.precision.value_or(bits_default), b.precision.value_or(bits_default));
    return without_default({.type = DataType::bigint, .precision = bits});
  }
  const bool has_double = a.type == DataType::double_ || b.type == DataType::double_;
  if (!has_double) return wider_decimal(digits_of(a), digits_of(b));
  // No double has all digits of what is exact.
  if (is_exact(a) || is_exact(b)) return std::nullopt;
  return ColumnType{.type = DataType::double_};
}

std::optional<ColumnType> wider_of_one_kind(const ColumnType& a, const ColumnType& b) {
  if (!has_seconds(a)) return ColumnType{.type = a.type};
  if (a.with_timezone != b.with_timezone) return std::nullopt;
  return without_default(
      {.type = a.type, .precision = std::max(second_digits(a), second_digits(b)), .with_timezone = a.with_timezone});
}

/// No database has nanoseconds beside a time zone.
ColumnType of_days_and_moments(ColumnType moments) {
  if (moments.with_timezone && stores_nanoseconds(moments)) moments.precision.reset();
  return moments;
}

}  // namespace

bool in_range(ValueRange range, Int128 value) {
  const auto is_unsigned = [value](int bits) { return value >= 0 && value < (Int128{1} << bits); };
  switch (range) {
    case ValueRange::unsigned_8:
      return is_unsigned(8);
    case ValueRange::unsigned_16:
      return is_unsigned(16);
    case ValueRange::unsigned_32:
      return is_unsigned(32);
    case ValueRange::unsigned_64:
      return is_unsigned(64);
    case ValueRange::not_negative:
      return value >= 0;
    case ValueRange::whole:
    case ValueRange::float_32:
      return true;
  }
  return true;
}

bool in_range(ValueRange range, double value) {
  constexpr double rounded_to_infinity = 0x1.ffffffp127;
  return range != ValueRange::float_32 || !std::isfinite(value) || std::abs(value) < rounded_to_infinity;
}

bool is_decimal(const ColumnType& type) {
  return type.type == DataType::decimal || type.type == DataType::wei;
}

DecimalShape decimal_shape(const ColumnType& type) {
  const bool has_scale = type.type == DataType::decimal && !type.precision;
  return {type.precision.value_or(decimal_precision_max), type.scale.value_or(has_scale ? decimal_scale_default : 0)};
}

ColumnType without_default(ColumnType type) {
  if (type.type == DataType::bigint && type.precision == bits_default) type.precision.reset();
  if (has_seconds(type) && type.precision == second_digits_default) type.precision.reset();
  return type;
}

int second_digits(const ColumnType& type) {
  return type.precision.value_or(second_digits_default);
}

bool stores_nanoseconds(const ColumnType& type) {
  return type.type == DataType::timestamp && second_digits(type) > second_digits_default;
}

ColumnType wider_type(const ColumnType& a, const ColumnType& b) {
  if (a == b) return a;
  std::optional<ColumnType> wider;
  if (is_number(a) && is_number(b)) {
    wider = wider_number(a, b);
  } else if (a.type == b.type) {
    wider = wider_of_one_kind(a, b);
  } else if (a.type == DataType::date && b.type == DataType::timestamp) {
    wider = of_days_and_moments(b);
  } else if (a.type == DataType::timestamp && b.type == DataType::date) {
    wider = of_days_and_moments(a);
  }
  return wider.value_or(ColumnType{});
}

bool is_cut(const ColumnType& from, const ColumnType& to) {
  const bool is_text = from.type == DataType::text || from.type == DataType::json;
  const bool to_moment = has_seconds(to) || to.type == DataType::date;
  if (is_text) return is_number(to) || to_moment || to.type == DataType::bool_ || to.type == DataType::binary;
  if (is_number(from) && to.type == DataType::bool_) return true;
  // Databases write both in ways of their own, as text and as numbers.
  if (from.type == DataType::bool_ || from.type == DataType::binary) return to.type != from.type;
  if (from.type == DataType::timestamp && (to.type == DataType::date || to.type == DataType::time)) return true;
  if (from.type == to.type && to_moment) return second_digits(from) > second_digits(to);
  if (!is_number(from) || !is_number(to) || from.type == DataType::bigint) return false;
  if (from.type == DataType::double_) return to.type != DataType::double_;
  if (to.type == DataType::double_) return decimal_shape(from).precision > double_digits;
  return decimal_shape(from).scale > (is_decimal(to) ? decimal_shape(to).scale : 0);
}

}  // namespace outfall::schema
