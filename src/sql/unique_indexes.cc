// SPDX-License-Identifier: Apache-2.0
#include "sql/unique_indexes.h"

#include <fmt/format.h>

#include <cstddef>
#include <utility>

#include "sql/dialect.h"

namespace outfall::sql {
namespace {

/// At most so many bytes, without a character that is cut.
std::string_view prefix(std::string_view name, std::size_t size) {
  while (size < name.size() && size > 0 && (static_cast<unsigned char>(name[size]) & 0xC0U) == 0x80U) --size;
  return name.substr(0, size);
}

}  // namespace

Result<std::vector<UniqueIndex>> read_unique_indexes(Connection& connection, const std::string& dataset) {
  std::vector<UniqueIndex> found;
  const std::string_view question = connection.dialect().unique_indexes;
  if (question.empty()) return found;
  const Value place[] = {connection.catalog(), dataset};
  const auto rows = connection.rows(question, place);
  if (!rows) return fail(Error(rows.error()).in(fmt::format("read the unique indexes of dataset {}", dataset)));
  for (const TextRow& row : *rows) {
    found.push_back({.table = row.at(0).value_or(""),
                     .column = row.at(1).value_or(""),
                     .name = row.at(2).value_or(""),
                     .is_constraint = row.at(3) == "true"});
  }
  return found;
}

// Of the two names the longer one is cut, byte by byte, until they fit.
std::string unique_index_name(const Dialect& dialect, std::string_view table, std::string_view column) {
  constexpr std::string_view end = "_key";
  std::size_t table_size = table.size();
  std::size_t column_size = column.size();
  while (table_size + 1 + column_size + end.size() > dialect.identifier_length_max) {
    --(table_size > column_size ? table_size : column_size);
  }
  return fmt::format("{}_{}{}", prefix(table, table_size), prefix(column, column_size), end);
}

std::string make_unique_index(const Dialect& dialect, const TableName& table, std::string_view column) {
  return fmt::format(fmt::runtime(dialect.make_unique_index),
                     fmt::arg("index", quoted(dialect, unique_index_name(dialect, table.table, column))),
                     fmt::arg("table", quoted(dialect, table)), fmt::arg("column", quoted(dialect, column)));
}

std::string make_unique_constraint(const Dialect& dialect, const TableName& table, std::string_view column) {
  return fmt::format(fmt::runtime(dialect.make_unique_constraint), fmt::arg("table", quoted(dialect, table)),
                     fmt::arg("index", quoted(dialect, unique_index_name(dialect, table.table, column))));
}

}  // namespace outfall::sql
