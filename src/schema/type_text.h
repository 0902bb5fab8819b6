// SPDX-License-Identifier: Apache-2.0
//
// Column types as a person writes them: `text`, `decimal(38,9)`, `timestamp(3)`, `bigint(32)`.
#pragma once

#include <string>
#include <string_view>

#include "outfall/error.h"
#include "schema/column_type.h"

namespace outfall::schema {

/// Reads a type. Blanks and upper case do not matter.
///
/// Errors: usage, abandon: an unknown type, or numbers that it does not take; the hint names what there is.
Result<ColumnType> parse_type(std::string_view text);

/// The same type as parse_type reads it. Whether a timestamp has a time zone is not part of it.
std::string type_text(const ColumnType& type);

/// For sentences: with what type_text leaves out.
std::string type_and_zone(const ColumnType& type);

}  // namespace outfall::schema
