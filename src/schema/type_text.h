// SPDX-License-Identifier: Apache-2.0
//
// Column types as a person writes them: `text`, `decimal(38,9)`, `timestamp(3)`, `bigint(32)`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "outfall/error.h"
#include "outfall/types.h"

namespace outfall::schema {

struct WrittenType {
  DataType type = DataType::text;
  std::optional<int> precision = std::nullopt;
  std::optional<int> scale = std::nullopt;

  bool operator==(const WrittenType&) const = default;
};

/// Reads a type. Blanks and upper case do not matter.
///
/// Errors: usage, abandon: an unknown type, or numbers that it does not take; the hint names what there is.
Result<WrittenType> parse_type(std::string_view text);

/// The same type as parse_type reads it.
std::string type_text(const WrittenType& type);

}  // namespace outfall::schema
