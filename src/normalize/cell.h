// SPDX-License-Identifier: Apache-2.0
//
// From a scalar of a document to a cell of a column: the coercions of dlt, without allocating.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "columnar/column_builder.h"
#include "normalize/shape.h"

namespace outfall::normalize {

/// A value as the parser gives it. `kind` is the data type that dlt would see: text, bigint, double, bool, decimal (an
/// integer beyond 64 bits) or json (an object or list that stays whole).
struct Scalar {
  DataType kind = DataType::text;
  std::int64_t integer = 0;
  double real = 0;
  bool truth = false;
  bool is_number_as_text = false;  ///< an integer of more digits than a decimal has
  bool is_text_only = false;       ///< a text that says more than a column of another type would
  bool is_exact = false;           ///< a column that would keep less of it does not take it, whatever it cuts of others
  bool is_day = false;             ///< a day of a calendar that began at midnight in UTC, whatever the column's clock
  std::string_view text;           ///< text and json: the value; numbers: as written
};

/// A value in the form that its column stores.
struct Cell {
  std::int64_t integer = 0;  ///< bigint, timestamp, time; date (days)
  double real = 0;
  bool truth = false;
  schema::Int128 decimal = 0;
  std::string_view text;  ///< text, json, binary
};

/// The microseconds that the column counts in: those of a day in a column of dates; 1 where it holds no moments.
std::int64_t microseconds_kept(const schema::ColumnType& type);

/// The type of a column that has none yet, from its first value.
schema::ColumnType infer_type(const Scalar& value);

/// Fills `cell` with what `column` stores for the value. False: the value does not fit, and belongs into a variant
/// column. `scratch` holds text that had to be made; the cell may point into it.
bool convert(const ColumnSlot& column, const Scalar& value, std::string& scratch, Cell& cell);

/// Sets the cell of a row.
void store(const Cell& cell, DataType type, std::uint32_t row, columnar::ColumnBuilder& cells);

}  // namespace outfall::normalize
