// SPDX-License-Identifier: Apache-2.0
//
// Values as texts that databases read: appended, without allocating where there is room.
#pragma once

#include <cstdint>
#include <string>

#include "schema/decimal.h"
#include "sql/arrow_cells.h"

namespace outfall::sql {

/// `-12.50`: with `scale` digits behind the point, never an exponent.
void append_decimal(std::string& out, schema::Int128 unscaled, int scale);

/// `2024-04-14`
void append_date(std::string& out, std::int32_t days);

/// `08:32:00.000001`, always with six digits of the second.
void append_time(std::string& out, std::int64_t microseconds);

/// `2024-04-14 08:32:00.000001`, with six digits of the second or nine, in UTC.
void append_timestamp(std::string& out, std::int64_t units, bool is_nanoseconds);

/// The shortest that reads back as the same number: `0.1`, `2.0`, `1e+300`.
void append_double(std::string& out, double value);

/// The value of a row that is not null; bytes as hexadecimal digits behind \\x.
void append_cell(std::string& out, ArrowCells& cells, std::int64_t row);

}  // namespace outfall::sql
