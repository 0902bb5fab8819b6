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

Result<std::optional<ExistingDataset>> read_dataset(Connection& connection, const std::string& dataset) {
  const Dialect& dialect = connection.dialect();
  const Value place[] = {connection.catalog(), dataset};
  auto schemas =
      connection.rows(fmt::format("SELECT schema_name FROM {}.schemata WHERE catalog_name = {} AND {}",
                                  dialect.information_schema, placeholder(1), same_name(dialect, "schema_name", 2)),
                      place);
  if (!schemas) return fail(std::move(schemas.error()).in(fmt::format("look for dataset {}", dataset)));
  if (schemas->empty()) return std::nullopt;

  auto columns = connection.rows(
      fmt::format("SELECT table_name, column_name, data_type FROM {}.columns WHERE table_catalog = {} AND {}",
                  dialect.information_schema, placeholder(1), same_name(dialect, "table_schema", 2)),
      place);
  if (!columns) return fail(std::move(columns.error()).in(fmt::format("read the tables of dataset {}", dataset)));
  ExistingDataset out;
  for (const TextRow& row : *columns) {
    out.tables[folded(dialect, row.at(0).value_or(""))].columns.emplace(folded(dialect, row.at(1).value_or("")),
                                                                        row.at(2).value_or(""));
  }
  return out;
}

}  // namespace outfall::sql
