// SPDX-License-Identifier: Apache-2.0
//
// Compares a table of the schema with the table at the database and writes the statements that are missing.
#include "sql/ddl.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "base/utf8.h"
#include "sql/dialect.h"

namespace outfall::sql {

namespace {

enum class Purpose { create, add };

Result<std::string> type_word(const Dialect& dialect, const schema::Column& column) {
  Result<std::string> word = type_name(dialect, {.type = *column.type,
                                                 .precision = column.precision,
                                                 .scale = column.scale,
                                                 .timezone = column.timezone.value_or(true)});
  if (!word) return fail(std::move(word.error()).in(fmt::format("column {}", column.name)));
  return word;
}

Result<std::string> column_definition(const Dialect& dialect, const schema::Column& column, Purpose purpose) {
  Result<std::string> word = type_word(dialect, column);
  if (!word) return word;
  bool says_not_null = !column.nullable && (purpose == Purpose::create || dialect.add_not_null == AddNotNull::accepted);
  const bool is_row_id = column.row_key && *column.type == DataType::text && purpose == Purpose::create;
  return fmt::format("{} {}{}{}", quoted(dialect, column.name), *word, is_row_id ? dialect.row_id_storage : "",
                     says_not_null ? " NOT NULL" : "");
}

Status check_name(const Dialect& dialect, std::string_view name) {
  if (name.empty()) return fail("a name is empty");
  // Bytes bound characters from above, so that counting them is rarely needed.
  if (name.size() <= dialect.identifier_length_max) return {};
  std::size_t characters = utf8_length(name);
  if (characters <= dialect.identifier_length_max) return {};
  return fail(fmt::format("the name {}... has {} characters, {} takes at most {}", name.substr(0, 40), characters,
                          dialect.name, dialect.identifier_length_max));
}

Status check_columns(const Dialect& dialect, const schema::Table& table) {
  std::unordered_map<std::string, std::string_view> seen;
  for (const schema::Column& column : table.columns) {
    if (!column.type) continue;
    if (Status name = check_name(dialect, column.name); !name) return name;
    auto [other, added] = seen.emplace(folded(dialect, column.name), column.name);
    if (added) continue;
    return fail(
        fmt::format("{} takes the columns {} and {} for the same one", dialect.name, other->second, column.name),
        "use a naming convention that ignores case, such as snake_case");
  }
  return {};
}

Status plan_create(const Dialect& dialect, const TableName& target, const schema::Table& table, TableChange& change) {
  std::string columns;
  for (const schema::Column& column : table.columns) {
    if (!column.type) continue;
    Result<std::string> definition = column_definition(dialect, column, Purpose::create);
    if (!definition) return fail(std::move(definition.error()));
    columns += (columns.empty() ? "" : ", ") + *definition;
  }
  if (columns.empty()) return {};
  change.created = true;
  change.statements.push_back(fmt::format("CREATE TABLE {} ({})", quoted(dialect, target), columns));
  return {};
}

Status plan_add(const Dialect& dialect, const TableName& target, const schema::Table& table,
                const ExistingTable& existing, TableChange& change) {
  std::string additions;
  for (const schema::Column& column : table.columns) {
    if (!column.type || existing.columns.contains(folded(dialect, column.name))) continue;
    Result<std::string> definition = column_definition(dialect, column, Purpose::add);
    if (!definition) return fail(std::move(definition.error()));
    change.new_columns.push_back(column.name);
    if (dialect.add_column == AddColumn::one_a_statement) {
      change.statements.push_back(fmt::format("ALTER TABLE {} ADD COLUMN {}", quoted(dialect, target), *definition));
    } else {
      additions += fmt::format("{}ADD COLUMN {}", additions.empty() ? "" : ", ", *definition);
    }
  }
  if (!additions.empty())
    change.statements.push_back(fmt::format("ALTER TABLE {} {}", quoted(dialect, target), additions));
  return {};
}

bool is_integer(const Dialect& dialect, std::string_view word) {
  return std::ranges::find(dialect.types.integers, word) != std::end(dialect.types.integers);
}

/// The type that a column of type `there` gets so that it takes values of type `wanted` and loses none that it has;
/// empty: it takes them as it is. Another pipeline may have widened it already, and further.
std::string_view widened_word(const Dialect& dialect, std::string_view there, DataType wanted, std::string_view word) {
  if (there == word || there == dialect.types.text) return "";
  const auto is_decimal = [](std::string_view type) { return type.starts_with("DECIMAL"); };
  switch (wanted) {
    case DataType::bigint:
      return is_integer(dialect, there) ? word : std::string_view();
    case DataType::double_:
    case DataType::decimal:
      if (is_integer(dialect, there) || (is_decimal(there) && wanted == DataType::decimal)) return word;
      return there == dialect.types.double_ ? std::string_view() : dialect.types.text;
    case DataType::timestamp:
      if (there == dialect.types.date) return word;
      return there.starts_with("TIMESTAMP") ? std::string_view() : dialect.types.text;
    default:
      return dialect.types.text;
  }
}

Status plan_alter(const Dialect& dialect, const TableName& target, const schema::Table& table,
                  const ExistingTable& existing, const std::vector<std::string>& altered, TableChange& change) {
  for (const std::string& name : altered) {
    const schema::Column* column = table.columns.find(name);
    const auto there = existing.columns.find(folded(dialect, name));
    if (column == nullptr || !column->type || there == existing.columns.end()) continue;
    const Result<std::string> word = type_word(dialect, *column);
    if (!word) return fail(word.error());
    const std::string_view wider = widened_word(dialect, there->second, *column->type, *word);
    if (wider.empty()) continue;
    change.alters = true;
    change.statements.push_back(fmt::format("ALTER TABLE {} ALTER COLUMN {} SET DATA TYPE {}", quoted(dialect, target),
                                            quoted(dialect, name), wider));
  }
  return {};
}

}  // namespace

std::string create_schema(const Dialect& dialect, const std::string& catalog, const std::string& dataset) {
  std::string name = catalog.empty() ? "" : quoted(dialect, catalog) + ".";
  return fmt::format("CREATE SCHEMA IF NOT EXISTS {}{}", name, quoted(dialect, dataset));
}

Result<TableChange> plan_table(const Dialect& dialect, const TableName& target, const schema::Table& table,
                               const ExistingTable* existing, const std::vector<std::string>& altered) {
  TableChange change{.table = table.name};
  Status done = check_name(dialect, table.name);
  if (done) done = check_columns(dialect, table);
  if (done) {
    done = existing == nullptr ? plan_create(dialect, target, table, change)
                               : plan_add(dialect, target, table, *existing, change);
  }
  if (done && existing != nullptr) done = plan_alter(dialect, target, table, *existing, altered, change);
  if (!done) return fail(std::move(done.error()).in(fmt::format("table {}", table.name)));
  return change;
}

}  // namespace outfall::sql
