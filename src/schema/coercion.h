// SPDX-License-Identifier: Apache-2.0
//
// Coercion: putting a value of one data type into a column of another, by dlt's matrix. What does not go goes into a
// variant column.
//
// `coerce` is the matrix over Values. It is made of the functions below it, which the shaper calls directly: one a pair
// of types, named source_to_target, without allocation (but for numbers in other scripts or with underscores).
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "outfall/types.h"
#include "schema/decimal.h"
#include "schema/temporal.h"
#include "schema/value.h"
#include "schema/value_text.h"

namespace outfall::schema {

/// What text in a binary column may be.
enum class BinaryText {
  hex,            ///< `0x` and hexadecimal digits: a column that was inferred; other text would be mangled
  hex_or_base64,  ///< a column that the user declared to be binary
};

struct CoercionOptions {
  BinaryText binary_text = BinaryText::hex;
};

/// Why a value does not go into a column.
enum class CoercionFailure {
  no_such_conversion,  ///< nothing of this type ever goes into a column of that type
  not_of_the_form,     ///< the text is not written as the column's type is
  out_of_range,        ///< no timestamp, date or double is that large, no integer that is negative has bytes
  not_integral,        ///< a number with a fraction, or none at all
};

std::string_view reason(CoercionFailure failure);

/// `from` as a value of type `to`. A null stays null. Bigints are of any size, decimals of any length: whether a column
/// of 64 bits, or of a precision, holds them is the next question.
std::expected<Value, CoercionFailure> coerce(DataType to, const Value& from, CoercionOptions options = {});

// Numbers of any size, as texts and doubles hold them. These allocate.

/// Python's int(): decimal digits, or `0x` and hexadecimal ones; at most 4,300.
std::optional<Decimal> text_to_integer(std::string_view text);
std::optional<Decimal> double_to_integer(double value);
/// Python's Decimal(): the same and fractions, exponents, `nan`, `inf`.
std::optional<Decimal> text_to_exact(std::string_view text);

// Into bigint columns, of 64 bits.

/// Decimal digits, or `0x` and hexadecimal ones. Nothing beyond 64 bits either.
std::optional<std::int64_t> text_to_bigint(std::string_view text);
std::optional<std::int64_t> double_to_bigint(double value);

// Into double columns.

/// Decimal or `0x` hexadecimal, `nan`, `inf`. Finite text that is too large for a double is none.
std::optional<double> text_to_double(std::string_view text);
/// The same without hexadecimal, which is what Python's float() reads.
std::optional<double> text_to_float(std::string_view text);
/// The nearest double.
constexpr double bigint_to_double(std::int64_t value) {
  return static_cast<double>(value);
}

// Into bool columns. Numbers do not go there: their value would be lost.

/// yes, true, t, y, 1 and no, false, f, n, 0, in any case.
std::optional<bool> text_to_bool(std::string_view text);

// Into timestamp, date and time columns. Numbers are seconds since 1970; nothing before year 1 or after 9999.

/// ISO 8601, a date alone (midnight), or a number as text.
std::optional<Timestamp> text_to_timestamp(std::string_view text);
std::optional<Timestamp> bigint_to_timestamp(std::int64_t seconds);
/// Rounded to the nearest microsecond, halves to even.
std::optional<Timestamp> double_to_timestamp(double seconds);
constexpr Timestamp date_to_timestamp(Date date) {
  return {date.days * microseconds_per_day, std::nullopt};
}

/// The day in UTC.
std::optional<Date> text_to_date(std::string_view text);
std::optional<Date> bigint_to_date(std::int64_t seconds);
std::optional<Date> double_to_date(double seconds);

/// ISO 8601 times; those with an offset become UTC.
std::optional<Time> text_to_time(std::string_view text);

// Into decimal and wei columns: the unscaled integer, exact or nothing.

std::optional<Int128> text_to_decimal(std::string_view text, DecimalShape shape);
std::optional<Int128> bigint_to_decimal(std::int64_t value, DecimalShape shape);
/// The shortest decimal that reads back as the double.
std::optional<Int128> double_to_decimal(double value, DecimalShape shape);

// Into binary columns: appends the bytes to `out`, or leaves it as it was and is false.

bool text_to_binary(std::string_view text, BinaryText form, std::string& out);
/// The bytes of a number that is not negative, the lowest first, none for zero.
bool bigint_to_binary(std::int64_t value, std::string& out);

}  // namespace outfall::schema
