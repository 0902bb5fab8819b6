// SPDX-License-Identifier: Apache-2.0
//
// BoundStatement: a person's statement and the values of its placeholders, as a database takes them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "outfall/error.h"
#include "outfall/rows.h"
#include "sql/connection.h"

namespace outfall::sql {

struct Dialect;

struct BoundStatement {
  std::string text;           ///< its placeholders are $1, $2, ...; nulls are the word NULL
  std::vector<Value> values;  ///< without nulls
};

/// Placeholders are all `%s` or all `?`, in the order of the values, or `$1`, `$2`, ... of which each may stand in
/// several places. What stands between quotes, and in comments, is none. Beside `%s`, a percent sign is `%%`. Without
/// values the statement stays as it is written.
///
/// Errors: usage: there are more or fewer placeholders than values; a text cannot be sent.
Result<BoundStatement> bind_values(const Dialect& dialect, std::string_view statement,
                                   std::span<const outfall::Value> values);

}  // namespace outfall::sql
