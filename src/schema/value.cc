// SPDX-License-Identifier: Apache-2.0
//
// What of Value is more than holding.
#include "schema/value.h"

#include <optional>

namespace outfall::schema {

Value Value::bigint(const Decimal& value) {
  if (const std::optional<std::int64_t> narrow = value.to_int64()) return bigint(*narrow);
  return {DataType::bigint, value.to_integer(value.integer_digit_count()).value_or(value)};
}

}  // namespace outfall::schema
