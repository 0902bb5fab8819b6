// SPDX-License-Identifier: Apache-2.0
#include "columnar/arrow_values.h"

#include <arrow/util/float16.h>

#include "schema/temporal.h"

namespace outfall::columnar {

using arrow::Type;

std::optional<std::int64_t> to_microseconds(std::int64_t value, arrow::TimeUnit::type unit, Fraction fraction) {
  std::int64_t microseconds = value;
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return __builtin_mul_overflow(value, 1'000'000, &microseconds) ? std::nullopt : std::optional(microseconds);
    case arrow::TimeUnit::MILLI:
      return __builtin_mul_overflow(value, 1'000, &microseconds) ? std::nullopt : std::optional(microseconds);
    case arrow::TimeUnit::MICRO:
      return value;
    case arrow::TimeUnit::NANO:
      if (fraction == Fraction::refuse && value % 1'000 != 0) return std::nullopt;
      return value / 1'000 - (value % 1'000 < 0 ? 1 : 0);
  }
  return std::nullopt;
}

bool is_on_a_day(std::int64_t moment, arrow::TimeUnit::type unit) {
  const std::int64_t day =
      unit == arrow::TimeUnit::NANO ? schema::microseconds_per_day * 1'000 : schema::microseconds_per_day;
  return moment >= INT64_MIN / day * day || moment == -INT64_MAX;
}

bool is_time_of_day(std::int64_t microseconds) {
  return microseconds >= 0 && microseconds < schema::microseconds_per_day;
}

std::int64_t integer_of(const arrow::Array& array, std::int64_t row) {
  switch (array.type_id()) {
    case Type::INT8:
      return static_cast<const arrow::Int8Array&>(array).Value(row);
    case Type::INT16:
      return static_cast<const arrow::Int16Array&>(array).Value(row);
    case Type::INT32:
      return static_cast<const arrow::Int32Array&>(array).Value(row);
    case Type::UINT8:
      return static_cast<const arrow::UInt8Array&>(array).Value(row);
    case Type::UINT16:
      return static_cast<const arrow::UInt16Array&>(array).Value(row);
    case Type::UINT32:
      return static_cast<const arrow::UInt32Array&>(array).Value(row);
    case Type::UINT64:
      return static_cast<std::int64_t>(static_cast<const arrow::UInt64Array&>(array).Value(row));
    case Type::TIME32:
      return static_cast<const arrow::Time32Array&>(array).Value(row);
    case Type::TIME64:
      return static_cast<const arrow::Time64Array&>(array).Value(row);
    case Type::TIMESTAMP:
      return static_cast<const arrow::TimestampArray&>(array).Value(row);
    default:
      return static_cast<const arrow::Int64Array&>(array).Value(row);
  }
}

std::int64_t days_of(const arrow::Array& array, std::int64_t row) {
  if (array.type_id() == Type::DATE32) return static_cast<const arrow::Date32Array&>(array).Value(row);
  constexpr std::int64_t milliseconds_per_day = 86'400'000;
  const std::int64_t milliseconds = static_cast<const arrow::Date64Array&>(array).Value(row);
  return milliseconds / milliseconds_per_day - (milliseconds % milliseconds_per_day < 0 ? 1 : 0);
}

std::optional<double> real_of(const arrow::Array& array, std::int64_t row) {
  switch (array.type_id()) {
    case Type::HALF_FLOAT:
      return arrow::util::Float16::FromBits(static_cast<const arrow::HalfFloatArray&>(array).Value(row)).ToDouble();
    case Type::FLOAT:
      return static_cast<const arrow::FloatArray&>(array).Value(row);
    case Type::DOUBLE:
      return static_cast<const arrow::DoubleArray&>(array).Value(row);
    default:
      return std::nullopt;
  }
}

void append_decimal_text(std::string& out, std::string_view unscaled, int scale) {
  if (unscaled.starts_with('-')) {
    out += '-';
    unscaled.remove_prefix(1);
  }
  if (scale <= 0) {
    out += unscaled;
    if (unscaled != "0") out.append(static_cast<std::size_t>(-scale), '0');
    return;
  }
  const auto behind = static_cast<std::size_t>(scale);
  const std::size_t in_front = unscaled.size() > behind ? unscaled.size() - behind : 0;
  if (in_front == 0) {
    out += "0.";
    out.append(behind - unscaled.size(), '0');
  } else {
    out += unscaled.substr(0, in_front);
    out += '.';
  }
  out += unscaled.substr(in_front);
}

std::string_view bytes_of(const arrow::Array& array, std::int64_t row) {
  switch (array.type_id()) {
    case Type::LARGE_STRING:
    case Type::LARGE_BINARY:
      return static_cast<const arrow::LargeBinaryArray&>(array).GetView(row);
    case Type::STRING_VIEW:
    case Type::BINARY_VIEW:
      return static_cast<const arrow::BinaryViewArray&>(array).GetView(row);
    case Type::FIXED_SIZE_BINARY:
      return static_cast<const arrow::FixedSizeBinaryArray&>(array).GetView(row);
    default:
      return static_cast<const arrow::BinaryArray&>(array).GetView(row);
  }
}

std::int64_t run_of(const arrow::RunEndEncodedArray& runs, std::int64_t row) {
  // The first run that ends behind the row.
  const arrow::Array& ends = *runs.run_ends();
  std::int64_t first = 0;
  std::int64_t count = ends.length();
  while (count > 0) {
    const std::int64_t half = count / 2;
    if (integer_of(ends, first + half) <= row + runs.offset()) {
      first += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return first;
}

}  // namespace outfall::columnar
