// SPDX-License-Identifier: Apache-2.0
#include "sql/insert_text.h"

#include <fmt/format.h>

#include "sql/dialect.h"

namespace outfall::sql {

InsertText insert_text(const Dialect& dialect, const InsertColumns& columns,
                       const std::function<std::string(std::size_t)>& value_of) {
  InsertText text;
  for (std::size_t i = 0; i < columns.names.size(); ++i) {
    const std::string name = quoted(dialect, columns.names[i]);
    std::string value = value_of ? value_of(i) : name;
    if (columns.defaults != nullptr) {
      const auto found = columns.defaults->find(folded(dialect, columns.names[i]));
      if (found != columns.defaults->end()) value = fmt::format("coalesce({}, {})", value, found->second.expression);
    }
    const std::string_view comma = i == 0 ? "" : ", ";
    text.names += fmt::format("{}{}", comma, name);
    text.values += fmt::format("{}{}", comma, value);
  }
  return text;
}

std::string insert_selected_text(const Dialect& dialect, const TableName& table, const InsertColumns& columns,
                                 std::string_view source) {
  const InsertText text = insert_text(dialect, columns);
  return fmt::format("INSERT INTO {} ({}) SELECT {} FROM {}", quoted(dialect, table), text.names, text.values, source);
}

}  // namespace outfall::sql
