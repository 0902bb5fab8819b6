// SPDX-License-Identifier: Apache-2.0
//
// The text of an INSERT: which columns, and what stands for each.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "sql/connection.h"

namespace outfall::sql {

struct InsertText {
  std::string names;   ///< quoted, as a list
  std::string values;  ///< in the same order
};

/// `value_of` says what stands for a column; where it is null, the column's default does. Null: its quoted name.
InsertText insert_text(const Dialect& dialect, const InsertColumns& columns,
                       const std::function<std::string(std::size_t column)>& value_of = nullptr);

/// INSERT INTO table (names) SELECT values FROM source
std::string insert_selected_text(const Dialect& dialect, const TableName& table, const InsertColumns& columns,
                                 std::string_view source);

}  // namespace outfall::sql
