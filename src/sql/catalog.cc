// SPDX-License-Identifier: Apache-2.0
//
// Reads the standard's catalog views.
#include "sql/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "sql/dialect.h"

namespace outfall::sql {

namespace {

std::string same_name(const Dialect& dialect, std::string_view column, int n) {
  if (dialect.names == NameCase::sensitive) return fmt::format("{} = {}", column, placeholder(n));
  return fmt::format("lower({}) = lower({})", column, placeholder(n));
}

struct Columns {
  std::string schema;  ///< as the dataset is called there
  std::vector<schema::ColumnThere> columns;
};

/// Without what stands on the columns.
Result<Columns> read_types(Connection& connection, const std::string& dataset) {
  const Dialect& dialect = connection.dialect();
  const Value place[] = {connection.catalog(), dataset};
  auto rows = connection.rows(
      fmt::format("SELECT table_name, column_name, data_type, table_type, is_nullable, column_default, table_schema "
                  "FROM {0}.columns JOIN {0}.tables "
                  "USING (table_catalog, table_schema, table_name) WHERE table_catalog = {1} AND {2}",
                  dialect.information_schema, placeholder(1), same_name(dialect, "table_schema", 2)),
      place);
  if (!rows) return fail(std::move(rows.error()).in(fmt::format("read the tables of dataset {}", dataset)));
  Columns read;
  read.columns.reserve(rows->size());
  for (const TextRow& row : *rows) {
    // Databases that ignore case do so with ASCII letters at least; with which others, the question leaves open.
    if (!is_same_name(dialect, row.at(6).value_or(""), dataset)) continue;
    std::string word = row.at(2).value_or("");
    const bool may_be_null = row.at(4) != "NO";
    const std::string default_value = row.at(5).value_or("NULL");
    read.columns.push_back({.table = row.at(0).value_or(""),
                            .name = row.at(1).value_or(""),
                            .word = word,
                            .type = named_type(dialect, word),
                            .range = named_range(dialect, word),
                            .is_view = row.at(3) == "VIEW",
                            .is_required = !may_be_null && default_value == "NULL",
                            .default_value = may_be_null || default_value == "NULL" ? "" : default_value});
    read.schema = *row.at(6);
  }
  return read;
}

Status mark_fixed(Connection& connection, Columns& read) {
  const Dialect& dialect = connection.dialect();
  if (dialect.fixed_columns.empty() || read.columns.empty()) return {};
  const Value place[] = {connection.catalog(), read.schema};
  const auto rows = connection.rows(std::string(dialect.fixed_columns), place);
  if (!rows) return fail(Error(rows.error()).in(fmt::format("read the constraints of dataset {}", read.schema)));
  std::map<std::pair<std::string, std::optional<std::string>>, bool> fixed;
  for (const TextRow& row : *rows) fixed[{row.at(0).value_or(""), row.at(1)}] |= row.at(2) == "true";
  for (schema::ColumnThere& column : read.columns) {
    const auto found = fixed.find({column.table, column.name});
    column.is_fixed = found != fixed.end() || fixed.contains({column.table, std::nullopt});
    column.is_computed = found != fixed.end() && found->second;
  }
  return {};
}

}  // namespace

const ExistingTable* ExistingDataset::find(const Dialect& dialect, std::string_view table) const {
  auto found = tables.find(folded(dialect, table));
  return found == tables.end() ? nullptr : &found->second;
}

Result<std::vector<schema::ColumnThere>> read_columns(Connection& connection, const std::string& dataset) {
  Result<Columns> read = read_types(connection, dataset);
  if (!read) return fail(std::move(read.error()));
  if (Status marked = mark_fixed(connection, *read); !marked) return fail(std::move(marked.error()));
  return std::move(read->columns);
}

Result<std::optional<ExistingDataset>> read_dataset(Connection& connection, const std::string& dataset) {
  const Dialect& dialect = connection.dialect();
  const Value place[] = {connection.catalog(), dataset};
  auto schemas =
      connection.rows(fmt::format("SELECT schema_name FROM {}.schemata WHERE catalog_name = {} AND {}",
                                  dialect.information_schema, placeholder(1), same_name(dialect, "schema_name", 2)),
                      place);
  if (!schemas) return fail(std::move(schemas.error()).in(fmt::format("look for dataset {}", dataset)));
  const bool is_there = std::ranges::any_of(
      *schemas, [&](const TextRow& row) { return is_same_name(dialect, row.at(0).value_or(""), dataset); });
  if (!is_there) return std::nullopt;

  Result<Columns> read = read_types(connection, dataset);
  if (!read) return fail(std::move(read.error()));
  ExistingDataset out;
  for (schema::ColumnThere& column : read->columns) {
    ExistingTable& table = out.tables[folded(dialect, column.table)];
    if (!column.default_value.empty()) {
      table.defaults.insert_or_assign(folded(dialect, column.name),
                                      DefaultValue{.expression = column.default_value, .word = column.word});
    }
    table.columns.emplace(folded(dialect, column.name), std::move(column.word));
  }
  return out;
}

}  // namespace outfall::sql
