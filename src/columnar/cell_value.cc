// SPDX-License-Identifier: Apache-2.0
#include "columnar/cell_value.h"

#include <arrow/type.h>

#include <algorithm>
#include <cstring>

#include "columnar/arrow_values.h"

namespace outfall::columnar {
namespace {

Decimal decimal_of(const arrow::Array& array, std::int64_t row) {
  const auto& type = static_cast<const arrow::DecimalType&>(*array.type());
  const auto* bytes = static_cast<const arrow::FixedSizeBinaryArray&>(array).GetValue(row);
  const auto words = static_cast<std::size_t>(type.byte_width()) / sizeof(std::uint64_t);
  Decimal decimal{.unscaled = {}, .scale = type.scale()};
  std::memcpy(decimal.unscaled.data(), bytes, words * sizeof(std::uint64_t));
  const bool is_negative = static_cast<std::int64_t>(decimal.unscaled[words - 1]) < 0;
  std::fill(decimal.unscaled.begin() + static_cast<std::ptrdiff_t>(words), decimal.unscaled.end(),
            is_negative ? ~std::uint64_t{0} : 0);
  return decimal;
}

Timestamp timestamp_of(const arrow::Array& array, std::int64_t row) {
  const auto& type = static_cast<const arrow::TimestampType&>(*array.type());
  const std::int64_t value = integer_of(array, row);
  const std::int64_t at = to_microseconds(value, type.unit(), Fraction::cut).value_or(0);
  const bool is_fine = type.unit() == arrow::TimeUnit::NANO;
  return {.at = std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(at)),
          .nanoseconds = is_fine ? static_cast<int>(value - at * 1'000) : 0,
          .has_zone = !type.timezone().empty()};
}

TimeOfDay time_of(const arrow::Array& array, std::int64_t row) {
  const auto unit = static_cast<const arrow::TimeType&>(*array.type()).unit();
  const std::int64_t value = integer_of(array, row);
  if (unit == arrow::TimeUnit::NANO) return {std::chrono::nanoseconds(value)};
  return {std::chrono::microseconds(to_microseconds(value, unit, Fraction::cut).value_or(0))};
}

}  // namespace

Value value_of(DataType type, const arrow::Array& array, std::int64_t row) {
  switch (type) {
    case DataType::text:
      return bytes_of(array, row);
    case DataType::json:
      return JsonText{bytes_of(array, row)};
    case DataType::binary:
      return Binary{bytes_of(array, row)};
    case DataType::bigint:
      return integer_of(array, row);
    case DataType::double_:
      return *real_of(array, row);
    case DataType::bool_:
      return static_cast<const arrow::BooleanArray&>(array).Value(row);
    case DataType::timestamp:
      return timestamp_of(array, row);
    case DataType::date:
      return Date(std::chrono::days(days_of(array, row)));
    case DataType::time:
      return time_of(array, row);
    case DataType::decimal:
    case DataType::wei:
      return decimal_of(array, row);
  }
  return Null{};
}

}  // namespace outfall::columnar
