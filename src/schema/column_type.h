// SPDX-License-Identifier: Apache-2.0
//
// ColumnType: what a column holds, and which type takes what two others take.
#pragma once

#include <cstdint>
#include <optional>

#include "outfall/types.h"
#include "schema/decimal.h"

namespace outfall::schema {

/// dlt's data type with what qualifies it.
struct ColumnType {
  DataType type = DataType::text;
  std::optional<int> precision = std::nullopt;  ///< characters, bytes, bits, digits, or digits of the second
  std::optional<int> scale = std::nullopt;      ///< digits behind the point
  bool with_timezone = true;                    ///< timestamps only

  bool operator==(const ColumnType&) const = default;
};

/// Which of a type's values a column takes, where the database has a type that takes less than any of ours.
enum class ValueRange : std::uint8_t {
  whole,
  unsigned_8,
  unsigned_16,
  unsigned_32,
  unsigned_64,
  not_negative,
  float_32
};

bool in_range(ValueRange range, Int128 value);
/// Fractions that a float rounds are in its range, as are those of a double that it rounds.
bool in_range(ValueRange range, double value);

/// Exact decimal numbers: decimal and wei.
bool is_decimal(const ColumnType& type);

/// Precision and scale of a decimal or wei column. A decimal that states none is DECIMAL(38,9), as dlt has it; wei has
/// no fraction, nor has a decimal that states its precision only.
DecimalShape decimal_shape(const ColumnType& type);

/// The same type as one that states no precision where that means the same: of 64 bits, of microseconds.
ColumnType without_default(ColumnType type);

/// Digits of the second that a timestamp or time column keeps: microseconds where it states none.
int second_digits(const ColumnType& type);

/// Whether it is a timestamp that counts nanoseconds: one with more digits than microseconds have.
bool stores_nanoseconds(const ColumnType& type);

/// The narrowest type whose columns take what either takes, as it was: text where no other does. Integers of up to 64
/// bits and doubles are doubles together, as they are wherever a column of doubles gets integers.
ColumnType wider_type(const ColumnType& a, const ColumnType& b);

/// Whether a database that converts values of type `from` to type `to` keeps less of them without a word: it rounds
/// numbers, also those in texts, and cuts moments off. What it cannot convert it refuses, so that needs no care.
/// Doubles are no more exact than they are: integers and short decimals may become doubles.
bool is_cut(const ColumnType& from, const ColumnType& to);

}  // namespace outfall::schema
