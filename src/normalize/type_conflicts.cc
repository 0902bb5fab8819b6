// SPDX-License-Identifier: Apache-2.0
#include "normalize/type_conflicts.h"

#include <algorithm>
#include <optional>

namespace outfall::normalize {
namespace {

using columnar::ColumnType;

constexpr int bigint_digits = 19;

std::optional<ColumnType> wider_decimal(schema::DecimalShape a, schema::DecimalShape b) {
  const int scale = std::max(a.scale, b.scale);
  const int integral = std::max(a.precision - a.scale, b.precision - b.scale);
  if (integral + scale > schema::decimal_precision_max) return std::nullopt;
  return ColumnType{.type = DataType::decimal, .precision = integral + scale, .scale = scale};
}

bool is_decimal(const ColumnType& type) {
  return type.type == DataType::decimal || type.type == DataType::wei;
}

schema::DecimalShape digits_of(const ColumnType& type) {
  return is_decimal(type) ? columnar::decimal_shape(type) : schema::DecimalShape{bigint_digits, 0};
}

/// Both are numbers, and one of them at least is a decimal: its digits are exact, and no double has them all.
std::optional<ColumnType> with_decimal(const ColumnType& a, const ColumnType& b) {
  const bool has_double = a.type == DataType::double_ || b.type == DataType::double_;
  return has_double ? std::nullopt : wider_decimal(digits_of(a), digits_of(b));
}

std::optional<int> larger(std::optional<int> a, std::optional<int> b) {
  return a && b ? std::optional(std::max(*a, *b)) : std::nullopt;
}

std::optional<ColumnType> of_numbers(const ColumnType& a, const ColumnType& b) {
  if (is_decimal(a) || is_decimal(b)) return with_decimal(a, b);
  if (a.type == DataType::double_ || b.type == DataType::double_) return ColumnType{.type = DataType::double_};
  return ColumnType{.type = DataType::bigint, .precision = larger(a.precision, b.precision)};
}

bool is_number(const ColumnType& type) {
  return type.type == DataType::bigint || type.type == DataType::double_ || is_decimal(type);
}

}  // namespace

ColumnType wider_type(const ColumnType& a, const ColumnType& b) {
  if (a == b) return a;
  std::optional<ColumnType> wider;
  if (is_number(a) && is_number(b)) wider = of_numbers(a, b);
  const bool has_date = a.type == DataType::date || b.type == DataType::date;
  const bool has_timestamp = a.type == DataType::timestamp || b.type == DataType::timestamp;
  if (has_date && has_timestamp) wider = a.type == DataType::timestamp ? a : b;
  return wider.value_or(ColumnType{});
}

ColumnType settled_type(TypeConflicts policy, const ColumnType& column, const ColumnType& value) {
  if (policy != TypeConflicts::widen) return {};
  const ColumnType wider = wider_type(column, value);
  return wider != column ? wider : ColumnType{};
}

}  // namespace outfall::normalize
