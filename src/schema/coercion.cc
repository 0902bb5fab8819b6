// SPDX-License-Identifier: Apache-2.0
//
// The matrix: one function a type of value, one case a type of column.
#include "schema/coercion.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/json.h"

namespace outfall::schema {
namespace {

using Coerced = std::expected<Value, CoercionFailure>;

/// Decimals with more digits in front of the point are no bigints: dlt computes the remainder with Python's 28 digits.
constexpr std::int64_t integral_digits_max = 28;

constexpr std::unexpected no_such_conversion(CoercionFailure::no_such_conversion);

/// The value, made by `make`, or the failure that its absence means.
template <class T, class Make>
Coerced made(std::optional<T> value, Make make, CoercionFailure failure) {
  if (!value) return std::unexpected(failure);
  return make(*std::move(value));
}

Value bigint_of(const Decimal& value) {
  return Value::bigint(value);
}

Coerced text_as_binary(std::string_view text, BinaryText form) {
  std::string bytes;
  if (!text_to_binary(text, form, bytes)) return std::unexpected(CoercionFailure::not_of_the_form);
  return Value::binary(std::move(bytes));
}

Coerced text_as_json(std::string_view text) {
  const Result<Json> document = parse_json(text, Fractions::as_written);
  if (!document) return std::unexpected(CoercionFailure::not_of_the_form);
  return Value::json(to_json(*document));
}

Coerced coerce_text(DataType to, std::string_view text, CoercionOptions options) {
  constexpr CoercionFailure failure = CoercionFailure::not_of_the_form;
  switch (to) {
    case DataType::text:
      return Value::text(std::string(text));
    case DataType::bigint:
      // Most integers have 64 bits; those beyond are digits.
      if (const std::optional<std::int64_t> narrow = text_to_bigint(text)) return Value::bigint(*narrow);
      return made(text_to_integer(text), bigint_of, failure);
    case DataType::double_:
      return made(text_to_double(text), Value::real, failure);
    case DataType::bool_:
      return made(text_to_bool(text), Value::boolean, failure);
    case DataType::timestamp:
      return made(text_to_timestamp(text), Value::timestamp, failure);
    case DataType::date:
      return made(text_to_date(text), Value::date, failure);
    case DataType::time:
      return made(text_to_time(text), Value::time, failure);
    case DataType::decimal:
      return made(text_to_exact(text), Value::decimal, failure);
    case DataType::wei:
      return made(text_to_exact(text), Value::wei, failure);
    case DataType::binary:
      return text_as_binary(text, options.binary_text);
    case DataType::json:
      return text_as_json(text);
  }
  return no_such_conversion;
}

Coerced coerce_bigint(DataType to, std::int64_t value) {
  constexpr CoercionFailure failure = CoercionFailure::out_of_range;
  switch (to) {
    case DataType::double_:
      return Value::real(bigint_to_double(value));
    case DataType::decimal:
      return Value::decimal(Decimal(value));
    case DataType::wei:
      return Value::wei(Decimal(value));
    case DataType::timestamp:
      return made(bigint_to_timestamp(value), Value::timestamp, failure);
    case DataType::date:
      return made(bigint_to_date(value), Value::date, failure);
    case DataType::binary: {
      std::string bytes;
      if (!bigint_to_binary(value, bytes)) return std::unexpected(failure);
      return Value::binary(std::move(bytes));
    }
    default:
      return no_such_conversion;
  }
}

/// The bytes of an integer beyond 64 bits, the lowest first.
std::string little_endian_bytes(const Decimal& integer) {
  std::string digits = integer.text();
  std::string bytes;
  while (!digits.empty()) {
    int rest = 0;
    for (char& digit : digits) {
      rest = rest * 10 + (digit - '0');
      digit = static_cast<char>('0' + rest / 256);
      rest %= 256;
    }
    bytes += static_cast<char>(rest);
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  }
  return bytes;
}

Coerced finite_double(const Decimal& value) {
  const double real = value.to_double();
  if (value.is_finite() && std::isinf(real)) return std::unexpected(CoercionFailure::out_of_range);
  return Value::real(real);
}

/// A bigint that does not fit 64 bits.
Coerced coerce_wide_bigint(DataType to, const Decimal& value) {
  switch (to) {
    case DataType::double_:
      return finite_double(value);
    case DataType::decimal:
      return Value::decimal(value);
    case DataType::wei:
      return Value::wei(value);
    case DataType::timestamp:
    case DataType::date:
      return std::unexpected(CoercionFailure::out_of_range);
    case DataType::binary:
      if (value.is_negative()) return std::unexpected(CoercionFailure::out_of_range);
      return Value::binary(little_endian_bytes(value));
    default:
      return no_such_conversion;
  }
}

Coerced coerce_double(DataType to, double value) {
  constexpr CoercionFailure failure = CoercionFailure::out_of_range;
  switch (to) {
    case DataType::bigint:
      if (const std::optional<std::int64_t> narrow = double_to_bigint(value)) return Value::bigint(*narrow);
      return made(double_to_integer(value), bigint_of, CoercionFailure::not_integral);
    case DataType::decimal:
      return Value::decimal(Decimal::from_double(value));
    case DataType::wei:
      return Value::wei(Decimal::from_double(value));
    case DataType::timestamp:
      return made(double_to_timestamp(value), Value::timestamp, failure);
    case DataType::date:
      return made(double_to_date(value), Value::date, failure);
    default:
      return no_such_conversion;
  }
}

/// Decimal and wei.
Coerced coerce_decimal(DataType to, const Decimal& value) {
  switch (to) {
    case DataType::bigint:
      return made(value.to_integer(integral_digits_max), bigint_of, CoercionFailure::not_integral);
    case DataType::double_:
      return finite_double(value);
    case DataType::decimal:
      return Value::decimal(value);
    case DataType::wei:
      return Value::wei(value);
    default:
      return no_such_conversion;
  }
}

}  // namespace

std::string_view reason(CoercionFailure failure) {
  switch (failure) {
    case CoercionFailure::no_such_conversion:
      return "the column's type takes no values of this type";
    case CoercionFailure::not_of_the_form:
      return "the text is not written as the column's type is";
    case CoercionFailure::out_of_range:
      return "the value is outside of the column's range";
    case CoercionFailure::not_integral:
      return "the number is not an integer";
  }
  return "";
}

std::expected<Value, CoercionFailure> coerce(DataType to, const Value& from, CoercionOptions options) {
  if (from.is_null() || from.type() == to) return from;
  if (to == DataType::text) {
    std::string text;
    append_text(text, from);
    return Value::text(std::move(text));
  }
  if (from.type() == DataType::text) return coerce_text(to, *from.as_string(), options);
  if (const std::int64_t* integer = from.as_int64()) return coerce_bigint(to, *integer);
  if (const double* real = from.as_double()) return coerce_double(to, *real);
  if (const Decimal* decimal = from.as_decimal()) {
    return from.type() == DataType::bigint ? coerce_wide_bigint(to, *decimal) : coerce_decimal(to, *decimal);
  }
  if (const Date* date = from.as_date(); date && to == DataType::timestamp) {
    return Value::timestamp(date_to_timestamp(*date));
  }
  if (const Timestamp* timestamp = from.as_timestamp(); timestamp && to == DataType::date) {
    return Value::date(day_of(*timestamp));
  }
  return no_such_conversion;
}

}  // namespace outfall::schema
