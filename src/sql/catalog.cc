// SPDX-License-Identifier: Apache-2.0
//
// Reads what a database says of its tables.
#include "sql/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "sql/ddl.h"
#include "sql/dialect.h"

namespace outfall::sql {

namespace {

struct Tables {
  std::string schema;                   ///< as the dataset is called there
  std::map<std::string, bool> is_view;  ///< by name
};

Result<Tables> list_tables(Connection& connection, const std::string& dataset) {
  const Dialect& dialect = connection.dialect();
  const Value place[] = {connection.catalog(), dataset};
  const auto rows = connection.rows(dialect.tables, place);
  if (!rows) return fail(Error(rows.error()).in(fmt::format("read the tables of dataset {}", dataset)));
  Tables tables;
  for (const TextRow& row : *rows) {
    // Databases that ignore case do so with ASCII letters at least; with which others, the question leaves open.
    if (!is_same_name(dialect, row.at(2).value_or(""), dataset)) continue;
    tables.is_view.emplace(row.at(0).value_or(""), row.at(1) == "VIEW");
    tables.schema = row.at(2).value_or("");
  }
  return tables;
}

/// The rows that the database gives of the columns of a schema, which is called as it is there.
Result<std::vector<TextRow>> column_rows(Connection& connection, const std::string& schema) {
  const Value place[] = {connection.catalog(), schema};
  auto rows = connection.rows(connection.dialect().columns, place);
  if (!rows) return fail(std::move(rows.error()).in(fmt::format("read the columns of dataset {}", schema)));
  return rows;
}

struct Columns {
  std::string schema;  ///< as the dataset is called there
  std::vector<schema::ColumnThere> columns;
};

/// Without what stands on the columns. Asks for tables and columns apart: to join the two views takes DuckDB 30 ms.
Result<Columns> read_types(Connection& connection, const std::string& dataset) {
  const Dialect& dialect = connection.dialect();
  const Result<Tables> tables = list_tables(connection, dataset);
  if (!tables) return fail(tables.error());
  Columns read{.schema = tables->schema, .columns = {}};
  if (tables->is_view.empty()) return read;
  const Result<std::vector<TextRow>> rows = column_rows(connection, tables->schema);
  if (!rows) return fail(rows.error());
  read.columns.reserve(rows->size());
  for (const TextRow& row : *rows) {
    const std::string table = row.at(0).value_or("");
    const auto found = tables->is_view.find(table);
    std::string word = row.at(2).value_or("");
    const bool may_be_null = row.at(3) != "NO";
    const std::string default_value = row.at(4).value_or("NULL");
    const bool is_required = !may_be_null && default_value == "NULL";
    const std::string name = row.at(1).value_or("");
    const TableName place{.catalog = "", .schema = tables->schema, .table = table};
    read.columns.push_back({.table = table,
                            .name = name,
                            .word = word,
                            .type = named_type(dialect, word),
                            .range = named_range(dialect, word),
                            .is_view = found != tables->is_view.end() && found->second,
                            .is_required = is_required,
                            .lets_be_null = is_required ? unrequire_statements(dialect, place, name, word) : "",
                            .default_value = may_be_null || default_value == "NULL" ? "" : default_value});
  }
  return read;
}

Status mark_fixed(Connection& connection, Columns& read) {
  const Dialect& dialect = connection.dialect();
  if (dialect.fixed_columns.empty() || read.columns.empty()) return {};
  const Value place[] = {connection.catalog(), read.schema};
  const LookIn looking(connection, read.schema);
  if (!looking.status()) return fail(looking.status().error());
  const auto rows = connection.rows(std::string(dialect.fixed_columns), place);
  if (!rows && rows.error().remedy == Remedy::abandon && rows.error().blame != Blame::interrupted) {
    // A check of another schema may call a macro that is not found from here. What nobody can tell is left as it is.
    for (schema::ColumnThere& column : read.columns) column.is_fixed = true;
    return {};
  }
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

Result<ColumnsWithDefaults> read_columns_with_defaults(Connection& connection, const std::string& dataset) {
  const Dialect& dialect = connection.dialect();
  const Result<Tables> tables = list_tables(connection, dataset);
  if (!tables) return fail(tables.error());
  const Result<std::vector<TextRow>> rows = column_rows(connection, tables->schema);
  if (!rows) return fail(rows.error());
  ColumnsWithDefaults found;
  for (const TextRow& row : *rows) {
    if (row.at(4).value_or("NULL") == "NULL") continue;
    found.emplace(folded(dialect, row.at(0).value_or("")), folded(dialect, row.at(1).value_or("")));
  }
  return found;
}

Result<bool> has_dataset(Connection& connection, const std::string& dataset) {
  const Dialect& dialect = connection.dialect();
  const Value place[] = {connection.catalog(), dataset};
  const auto schemas = connection.rows(dialect.schemas, place);
  if (!schemas) return fail(Error(schemas.error()).in(fmt::format("look for dataset {}", dataset)));
  return std::ranges::any_of(
      *schemas, [&](const TextRow& row) { return is_same_name(dialect, row.at(0).value_or(""), dataset); });
}

Result<std::set<std::string>> table_names(Connection& connection, const std::string& dataset) {
  const Result<Tables> there = list_tables(connection, dataset);
  if (!there) return fail(there.error());
  std::set<std::string> names;
  for (const auto& [name, is_view] : there->is_view) names.insert(folded(connection.dialect(), name));
  return names;
}

Result<std::optional<ExistingDataset>> read_dataset(Connection& connection, const std::string& dataset) {
  const Dialect& dialect = connection.dialect();
  Result<Columns> read = read_types(connection, dataset);
  if (!read) return fail(std::move(read.error()));
  if (read->columns.empty()) {
    const Result<bool> is_there = has_dataset(connection, dataset);
    if (!is_there) return fail(is_there.error());
    if (!*is_there) return std::nullopt;
  }
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
