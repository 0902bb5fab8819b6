// SPDX-License-Identifier: Apache-2.0
#include "schema/columns_there.h"

#include "base/utf8.h"

namespace outfall::schema {

ColumnsThere::ColumnsThere(std::vector<ColumnThere> columns, Names names) : names_(names) {
  for (ColumnThere& column : columns) {
    std::pair key{compared(column.table), compared(column.name)};
    columns_.insert_or_assign(std::move(key), std::move(column));
  }
}

const ColumnThere* ColumnsThere::find(std::string_view table, std::string_view column) const {
  const auto found = columns_.find({compared(table), compared(column)});
  return found == columns_.end() ? nullptr : &found->second;
}

const ColumnThere* ColumnsThere::first_of(std::string_view table) const {
  const std::string name = compared(table);
  const auto first = columns_.lower_bound({name, ""});
  return first != columns_.end() && first->first.first == name ? &first->second : nullptr;
}

std::vector<std::string_view> ColumnsThere::required_of(std::string_view table) const {
  const std::string name = compared(table);
  std::vector<std::string_view> required;
  for (auto column = columns_.lower_bound({name, ""}); column != columns_.end() && column->first.first == name;
       ++column) {
    if (column->second.is_required) required.push_back(column->second.name);
  }
  return required;
}

void ColumnsThere::forget(std::string_view table) {
  const std::string name = compared(table);
  std::erase_if(columns_, [&](const auto& column) { return column.first.first == name; });
}

std::string ColumnsThere::compared(std::string_view name) const {
  return names_ == Names::case_matters ? std::string(name) : ascii_lower(name);
}

}  // namespace outfall::schema
