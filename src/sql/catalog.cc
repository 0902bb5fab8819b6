// SPDX-License-Identifier: Apache-2.0
//
// Reads the standard's catalog views.
#include "sql/catalog.h"

#include <fmt/format.h>

#include <utility>

#include "sql/dialect.h"

namespace outfall::sql {

namespace {

std::string same_name(const Dialect& dialect, std::string_view column, int n) {
  if (dialect.names == NameCase::sensitive) return fmt::format("{} = {}", column, placeholder(n));
  return fmt::format("lower({}) = lower({})", column, placeholder(n));
}

}  // namespace

const ExistingTable* ExistingDataset::find(const Dialect& dialect, std::string_view table) const {
  auto found = tables.find(folded(dialect, table));
  return found == tables.end() ? nullptr : &found->second;
}

Result<std::vector<schema::ColumnThere>> read_columns(Connection& connection, const std::string& dataset) {
  const Dialect& dialect = connection.dialect();
  const Value place[] = {connection.catalog(), dataset};
  auto rows = connection.rows(
      fmt::format("SELECT table_name, column_name, data_type, table_type FROM {0}.columns JOIN {0}.tables "
                  "USING (table_catalog, table_schema, table_name) WHERE table_catalog = {1} AND {2}",
                  dialect.information_schema, placeholder(1), same_name(dialect, "table_schema", 2)),
      place);
  if (!rows) return fail(std::move(rows.error()).in(fmt::format("read the tables of dataset {}", dataset)));
  std::vector<schema::ColumnThere> columns;
  columns.reserve(rows->size());
  for (const TextRow& row : *rows) {
    std::string word = row.at(2).value_or("");
    columns.push_back({.table = row.at(0).value_or(""),
                       .name = row.at(1).value_or(""),
                       .word = word,
                       .type = named_type(dialect, word),
                       .range = named_range(dialect, word),
                       .is_view = row.at(3) == "VIEW"});
  }
  return columns;
}

Result<std::optional<ExistingDataset>> read_dataset(Connection& connection, const std::string& dataset) {
  const Dialect& dialect = connection.dialect();
  const Value place[] = {connection.catalog(), dataset};
  auto schemas =
      connection.rows(fmt::format("SELECT schema_name FROM {}.schemata WHERE catalog_name = {} AND {}",
                                  dialect.information_schema, placeholder(1), same_name(dialect, "schema_name", 2)),
                      place);
  if (!schemas) return fail(std::move(schemas.error()).in(fmt::format("look for dataset {}", dataset)));
  if (schemas->empty()) return std::nullopt;

  auto columns = read_columns(connection, dataset);
  if (!columns) return fail(std::move(columns.error()));
  ExistingDataset out;
  for (schema::ColumnThere& column : *columns) {
    out.tables[folded(dialect, column.table)].columns.emplace(folded(dialect, column.name), std::move(column.word));
  }
  return out;
}

}  // namespace outfall::sql
