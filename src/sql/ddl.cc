// SPDX-License-Identifier: Apache-2.0
//
// Compares a table of the schema with the table at the database and writes the statements that are missing.
#include "sql/ddl.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/utf8.h"
#include "schema/type_text.h"
#include "sql/dialect.h"

namespace outfall::sql {

namespace {

enum class Purpose { create, add };

Result<std::string> type_word(const Dialect& dialect, const schema::Column& column) {
  const ColumnType type = schema::column_type(column);
  if (column.unique && type == ColumnType{.type = DataType::text} && !dialect.types.text_unique.empty()) {
    return std::string(dialect.types.text_unique);
  }
  Result<std::string> word = type_name(dialect, type);
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
  const bool in_bytes = dialect.identifier_unit == IdentifierUnit::bytes;
  const std::size_t length = in_bytes ? name.size() : utf8_length(name);
  if (length <= dialect.identifier_length_max) return {};
  return fail(fmt::format("the name {}... has {} {}, {} takes at most {}", utf8_prefix(name, 40), length,
                          in_bytes ? "bytes" : "characters", dialect.name, dialect.identifier_length_max));
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

/// Makes texts of the column's values where the database writes them in another way than the rows that follow.
std::string conversion(const Dialect& dialect, const std::optional<ColumnType>& there, const ColumnType& wider,
                       const std::string& column) {
  if (!there || wider.type != DataType::text) return "";
  std::string_view words;
  if (there->type == DataType::binary) words = dialect.types.binary_as_text;
  if (there->type == DataType::bool_) words = dialect.types.bool_as_text;
  return words.empty() ? "" : " USING " + fmt::format(fmt::runtime(words), fmt::arg("column", column));
}

std::string alter(const Dialect& dialect, const TableName& target, std::string_view column, std::string_view type) {
  return fmt::format("ALTER TABLE {} ALTER COLUMN {} SET DATA TYPE {}", quoted(dialect, target),
                     quoted(dialect, column), type);
}

/// Where columns cannot be altered, one without conditions takes the place of another.
std::string replace_column(const Dialect& dialect, const TableName& target, std::string_view column,
                           std::string_view type) {
  const std::string table = quoted(dialect, target);
  const std::string old = quoted(dialect, column);
  const std::string made = quoted(dialect, std::string(column) + "_new");
  return fmt::format(
      "ALTER TABLE {0} ADD COLUMN {2} {3}; UPDATE {0} SET {2} = {1}; ALTER TABLE {0} DROP COLUMN {1}; ALTER TABLE {0} "
      "RENAME COLUMN {2} TO {1}",
      table, old, made, type);
}

/// Nanoseconds reach from 1677 to 2262 only, and what is there may lie outside.
bool may_misfit(const ColumnType& there, const ColumnType& wider) {
  return schema::stores_nanoseconds(wider) && !schema::stores_nanoseconds(there);
}

/// The column gets the type that takes what it has and what comes. Another pipeline may have widened it already, and
/// further. None: it takes all as it is.
Result<std::optional<Alteration>> plan_alteration(const Dialect& dialect, const TableName& target,
                                                  const schema::Column& column, const std::string& there) {
  const std::optional<ColumnType> known = named_type(dialect, there);
  const ColumnType wider = known ? schema::wider_type(*known, schema::column_type(column)) : ColumnType{};
  if (known == wider && named_range(dialect, there) == schema::ValueRange::whole) return std::nullopt;
  const Result<std::string> word = type_name(dialect, wider);
  if (!word) return fail(word.error());
  if (*word == there) return std::nullopt;
  const std::string name = quoted(dialect, column.name);
  Alteration alteration{
      .column = column.name,
      .statement = alter(dialect, target, column.name, *word) + conversion(dialect, known, wider, name)};
  if (known && may_misfit(*known, wider)) {
    alteration.misfits = fmt::format(fmt::runtime(dialect.beyond_nanoseconds), fmt::arg("column", name),
                                     fmt::arg("table", quoted(dialect, target)));
    alteration.as_text = alter(dialect, target, column.name, dialect.types.text);
  }
  return alteration;
}

/// A column keeps its type, but should cut no value in silence.
std::optional<CutColumn> find_cut(const Dialect& dialect, const TableName& target, const schema::Column& column,
                                  const std::string& there) {
  const ColumnType type = schema::column_type(column);
  if (keeps_or_refuses(dialect, type, there)) return std::nullopt;
  const ColumnType known = named_type(dialect, there).value_or(ColumnType{});
  const std::string word =
      type_name(dialect, schema::wider_type(known, type)).value_or(std::string(dialect.types.text));
  return CutColumn{.column = column.name,
                   .type = schema::type_text(type),
                   .there = there,
                   .advised = retype_statements(dialect, target, column.name, word)};
}

/// The database's word for the type of a column that it has with another type than the schema; null otherwise.
Result<const std::string*> other_word(const Dialect& dialect, const schema::Column& column,
                                      const ExistingTable& existing) {
  const auto there = existing.columns.find(folded(dialect, column.name));
  if (!column.type || there == existing.columns.end()) return nullptr;
  const Result<std::string> word = type_word(dialect, column);
  if (!word) return fail(word.error());
  return *word == there->second ? nullptr : &there->second;
}

Status plan_types(const Dialect& dialect, const TableName& target, const schema::Table& table,
                  const ExistingTable& existing, const std::vector<std::string>& altered, TableChange& change) {
  Result<std::vector<Alteration>> alterations = plan_alterations(dialect, target, table, existing, altered);
  if (!alterations) return fail(std::move(alterations.error()));
  change.alterations = std::move(*alterations);
  for (const schema::Column& column : table.columns) {
    if (std::ranges::find(altered, column.name) != altered.end()) continue;
    const Result<const std::string*> there = other_word(dialect, column, existing);
    if (!there) return fail(there.error());
    if (*there == nullptr) continue;
    if (std::optional<CutColumn> cut = find_cut(dialect, target, column, **there))
      change.cut.push_back(std::move(*cut));
  }
  return {};
}

}  // namespace

std::string create_schema(const Dialect& dialect, const std::string& catalog, const std::string& dataset) {
  if (dialect.create_schema.empty()) return "";
  const std::string name = catalog.empty() ? "" : quoted(dialect, catalog) + ".";
  return fmt::format(fmt::runtime(dialect.create_schema), name + quoted(dialect, dataset));
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
  if (done && existing != nullptr) done = plan_types(dialect, target, table, *existing, altered, change);
  if (!done) return fail(std::move(done.error()).in(fmt::format("table {}", table.name)));
  return change;
}

Result<std::vector<Alteration>> plan_alterations(const Dialect& dialect, const TableName& target,
                                                 const schema::Table& table, const ExistingTable& existing,
                                                 const std::vector<std::string>& altered) {
  std::vector<Alteration> alterations;
  for (const std::string& name : altered) {
    const schema::Column* column = table.columns.find(name);
    if (column == nullptr) continue;
    const Result<const std::string*> there = other_word(dialect, *column, existing);
    if (!there) return fail(there.error());
    if (*there == nullptr) continue;
    Result<std::optional<Alteration>> one = plan_alteration(dialect, target, *column, **there);
    if (!one) return fail(std::move(one.error()));
    if (*one) alterations.push_back(std::move(**one));
  }
  return alterations;
}

std::string retype_statements(const Dialect& dialect, const TableName& target, std::string_view column,
                              std::string_view word) {
  const TableName without_catalog{.catalog = "", .schema = target.schema, .table = target.table};
  return dialect.alters_columns ? alter(dialect, without_catalog, column, word)
                                : replace_column(dialect, without_catalog, column, word);
}

std::string unrequire_statements(const Dialect& dialect, const TableName& target, std::string_view column,
                                 std::string_view word) {
  const TableName without_catalog{.catalog = "", .schema = target.schema, .table = target.table};
  if (!dialect.alters_columns) return replace_column(dialect, without_catalog, column, word);
  return fmt::format("ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL", quoted(dialect, without_catalog),
                     quoted(dialect, column));
}

}  // namespace outfall::sql
