// SPDX-License-Identifier: Apache-2.0
#include "pipeline/adopted_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/utf8.h"
#include "schema/stored_text.h"
#include "schema/type_text.h"

namespace outfall::pipeline {
namespace {

/// Root tables of the inputs that are read.
Result<std::vector<std::string>> given_roots(const RunRequest& request, const InputChoice& choice,
                                             const schema::Schema& schema) {
  const Result<schema::Naming> naming = naming_of(request, schema);
  if (!naming) return fail(naming.error());
  std::set<std::string_view> given;
  std::vector<std::string> roots;
  for (std::size_t i = 0; i < choice.reports.size(); ++i) {
    const std::string& table = request.source->inputs()[i].table;
    if (!is_read(choice.reports[i].fate) || !given.insert(table).second) continue;
    roots.push_back(naming->normalize_tables_path(table));
  }
  return roots;
}

/// Another pipeline's schema that we cannot read is not our trouble.
std::optional<schema::Schema> read_schema(const std::string& stored) {
  const Result<std::string> document = schema::unpack_text(stored);
  if (!document) return std::nullopt;
  Result<schema::Schema> schema = schema::Schema::parse(*document);
  return schema ? std::optional(std::move(*schema)) : std::nullopt;
}

bool follows_same_naming(const schema::Schema& a, const schema::Schema& b) {
  const Result<NamingConvention> one = a.naming();
  const Result<NamingConvention> other = b.naming();
  return one && other && *one == *other;
}

/// What a schema takes over from another one.
struct Taken {
  std::size_t tables = 0;
  std::size_t columns = 0;  ///< of tables that it knows
};

std::size_t take_columns(const schema::Table& owned, schema::Table& table) {
  std::size_t taken = 0;
  for (const schema::Column& column : owned.columns) {
    if (!column.type || table.columns.find(column.name) != nullptr) continue;
    table.columns.add(column);
    ++taken;
  }
  return taken;
}

/// The root table and those below it, where `owner` has rows in it.
Taken take_over(const schema::Schema& owner, const std::string& root, schema::Schema& schema) {
  Taken taken;
  const schema::Table* table = owner.tables.find(root);
  if (table == nullptr || !table->parent.empty() || !table->seen_data()) return taken;
  for (const schema::Table& owned : owner.tables) {
    if (owner.root_of(owned.name) != root) continue;
    if (schema::Table* known = schema.tables.find(owned.name)) {
      taken.columns += take_columns(owned, *known);
    } else {
      schema.tables.add(owned);
      ++taken.tables;
    }
  }
  return taken;
}

std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

Status adopt_from_schemas(const RunRequest& request, const std::vector<std::string>& roots, schema::Schema& schema,
                          std::vector<std::string>& notes) {
  const auto stored = request.destination.stored_schemas(request.dataset, inspection_of(request));
  if (!stored) return fail(stored.error());
  for (const std::string& text : *stored) {
    const std::optional<schema::Schema> owner = read_schema(text);
    if (!owner || owner->name == schema.name || !follows_same_naming(*owner, schema)) continue;
    for (const std::string& root : roots) {
      const bool is_new = schema.tables.find(root) == nullptr;
      const Taken taken = take_over(*owner, root, schema);
      if (taken.tables + taken.columns == 0) continue;
      notes.push_back(is_new ? fmt::format("{} is continued as the schema {} has it", root, owner->name)
                             : fmt::format("{} is continued with {} and {} that the schema {} has", root,
                                           counted(taken.columns, "more column"), counted(taken.tables, "more table"),
                                           owner->name));
    }
  }
  return {};
}

/// Names as the database compares them, by those that it has.
class NamesThere {
 public:
  NamesThere(const delivery::Destination& destination, std::vector<sql::CatalogColumn> columns)
      : is_case_sensitive_(destination.capabilities().case_sensitive_names) {
    for (sql::CatalogColumn& column : columns) {
      std::string key = compared(column.table, column.name);
      columns_.insert_or_assign(std::move(key), std::move(column));
    }
  }

  const sql::CatalogColumn* find(const std::string& table, const std::string& column) const {
    const auto found = columns_.find(compared(table, column));
    return found == columns_.end() ? nullptr : &found->second;
  }

  /// Those that `schema` knows under no name.
  std::vector<const sql::CatalogColumn*> unknown_to(const schema::Schema& schema) const {
    std::set<std::string> known;
    for (const schema::Table& table : schema.tables) {
      for (const schema::Column& column : table.columns) known.insert(compared(table.name, column.name));
    }
    std::vector<const sql::CatalogColumn*> unknown;
    for (const auto& [key, column] : columns_) {
      if (!known.contains(key)) unknown.push_back(&column);
    }
    return unknown;
  }

  /// The spellings under which the shaper may look for a column.
  std::set<std::pair<std::string, std::string>> spellings(const sql::CatalogColumn& column) const {
    std::set<std::pair<std::string, std::string>> all{{column.table, column.name}};
    if (!is_case_sensitive_) all.emplace(ascii_lower(column.table), ascii_lower(column.name));
    return all;
  }

 private:
  std::string compared(const std::string& table, const std::string& column) const {
    const std::string key = table + '\0' + column;
    return is_case_sensitive_ ? key : ascii_lower(key);
  }

  bool is_case_sensitive_;
  std::map<std::string, sql::CatalogColumn> columns_;
};

/// Whether a column of type `there` takes other values than one of type `type` does. Digits of moments in a time zone
/// do not matter: databases have microseconds there.
bool is_other_type(const schema::ColumnType& type, const schema::ColumnType& there) {
  const bool are_moments = type.type == DataType::timestamp && there.type == DataType::timestamp;
  if (are_moments && type.with_timezone && there.with_timezone) return false;
  return schema::wider_type(type, there) != there;
}

void adopt_types_of(schema::Table& table, const NamesThere& there, std::vector<std::string>& notes) {
  for (schema::Column& column : table.columns) {
    const sql::CatalogColumn* found = there.find(table.name, column.name);
    if (!column.type || found == nullptr || !found->type) continue;
    const schema::ColumnType type = schema::column_type(column);
    if (!is_other_type(type, *found->type)) continue;
    notes.push_back(fmt::format("{} of {} is {} at the destination, and no longer {}: rows are shaped for it",
                                column.name, table.name, found->word, schema::type_text(type)));
    schema::set_type(column, *found->type);
  }
}

Status adopt_types(const RunRequest& request, const std::vector<std::string>& roots, DatasetMemory& memory,
                   std::vector<std::string>& notes) {
  Result<std::vector<sql::CatalogColumn>> columns =
      request.destination.columns(request.dataset, inspection_of(request));
  if (!columns) return fail(std::move(columns.error()));
  const NamesThere there(request.destination, std::move(*columns));
  for (schema::Table& table : memory.schema.tables) {
    const std::string root(memory.schema.root_of(table.name));
    if (std::ranges::find(roots, root) != roots.end()) adopt_types_of(table, there, notes);
  }
  std::set<std::string_view> made_elsewhere;
  for (const sql::CatalogColumn* column : there.unknown_to(memory.schema)) {
    if (!column->type || column->name.starts_with("_dlt")) continue;
    for (const auto& spelling : there.spellings(*column)) {
      memory.types_there.insert_or_assign(spelling, *column->type);
      const auto root = std::ranges::find(roots, spelling.first);
      if (root != roots.end() && memory.schema.tables.find(*root) == nullptr) made_elsewhere.insert(*root);
    }
  }
  for (const std::string_view root : made_elsewhere) {
    notes.push_back(fmt::format("{} is there and was made by other means: its columns keep their types", root));
  }
  return {};
}

}  // namespace

Result<schema::Naming> naming_of(const RunRequest& request, const schema::Schema& schema) {
  const Result<NamingConvention> convention = schema.naming();
  if (!convention) return fail(convention.error());
  const std::size_t length_max = request.destination.capabilities().identifier_length_max;
  return schema::Naming(*convention, length_max == 0 ? std::nullopt : std::optional(length_max));
}

Status adopt_tables(const RunRequest& request, const InputChoice& choice, DatasetMemory& memory,
                    std::vector<std::string>& notes) {
  const Result<std::vector<std::string>> roots = given_roots(request, choice, memory.schema);
  if (!roots) return fail(roots.error());
  const Status adopted = adopt_from_schemas(request, *roots, memory.schema, notes);
  return adopted ? adopt_types(request, *roots, memory, notes) : adopted;
}

}  // namespace outfall::pipeline
