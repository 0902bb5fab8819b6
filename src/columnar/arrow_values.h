// SPDX-License-Identifier: Apache-2.0
//
// Values of Arrow arrays of many types, by what they are: integers, reals, bytes, points in time.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace outfall::columnar {

/// What becomes of digits behind the microsecond.
enum class Fraction : std::uint8_t { cut, refuse };

/// Nothing where the value is too large for it, or has digits that are refused.
std::optional<std::int64_t> to_microseconds(std::int64_t value, arrow::TimeUnit::type unit, Fraction fraction);

bool is_time_of_day(std::int64_t microseconds);

/// Whether the day of a moment begins within what counts microseconds or nanoseconds: before that, databases take a
/// moment and cannot show it. The negative infinity of databases is one.
bool is_on_a_day(std::int64_t moment, arrow::TimeUnit::type unit);

/// Integers of any width but UINT64 beyond 63 bits, and what dates, times and timestamps count.
std::int64_t integer_of(const arrow::Array& array, std::int64_t row);

/// Days of a DATE32 or DATE64.
std::int64_t days_of(const arrow::Array& array, std::int64_t row);

/// Floats of any width; nothing for other types.
std::optional<double> real_of(const arrow::Array& array, std::int64_t row);

/// All digits of an unscaled integer, `scale` of them behind the point; never an exponent.
void append_decimal_text(std::string& out, std::string_view unscaled, int scale);

/// Texts and binaries of any kind.
std::string_view bytes_of(const arrow::Array& array, std::int64_t row);

/// Which of the runs' values a row has.
std::int64_t run_of(const arrow::RunEndEncodedArray& runs, std::int64_t row);

}  // namespace outfall::columnar
