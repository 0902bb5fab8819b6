// SPDX-License-Identifier: Apache-2.0
#include "pipeline/adopted_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/counts.h"
#include "base/nfc.h"
#include "base/utf8.h"
#include "schema/stored_text.h"
#include "schema/type_text.h"
#include "sql/dialect.h"

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
    roots.push_back(root_table(*naming, table));
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

/// What the dataset has of other pipelines.
Result<std::vector<schema::Schema>> other_schemas(const RunRequest& request, const schema::Schema& own) {
  const auto stored = request.destination.stored_schemas(request.dataset, inspection_of(request));
  if (!stored) return fail(stored.error());
  std::vector<schema::Schema> others;
  for (const std::string& text : *stored) {
    std::optional<schema::Schema> other = read_schema(text);
    if (other && other->name != own.name) others.push_back(std::move(*other));
  }
  return others;
}

void adopt_from_schemas(const std::vector<schema::Schema>& others, const std::vector<std::string>& roots,
                        schema::Schema& schema, std::vector<std::string>& notes) {
  for (const schema::Schema& owner : others) {
    if (!follows_same_naming(owner, schema)) continue;
    for (const std::string& root : roots) {
      const bool is_new = schema.tables.find(root) == nullptr;
      const Taken taken = take_over(owner, root, schema);
      if (taken.tables + taken.columns == 0) continue;
      notes.push_back(is_new ? fmt::format("{} is continued as the schema {} has it", root, owner.name)
                             : fmt::format("{} is continued with {} and {} that the schema {} has", root,
                                           counted(taken.columns, "more column"), counted(taken.tables, "more table"),
                                           owner.name));
    }
  }
}

void adopt_types_of(schema::Table& table, const DatasetMemory& memory, std::vector<std::string>& notes) {
  for (schema::Column& column : table.columns) {
    const schema::ColumnThere* there = memory.there.find(table.name, column.name);
    // What we write into the load's own columns does not depend on their types.
    if (!column.type || schema::is_system_name(column.name) || there == nullptr || !there->type) continue;
    const schema::ColumnType type = schema::column_type(column);
    const ledger::TableColumn place{.table = table.name, .column = column.name};
    const bool is_altered_first = std::ranges::find(memory.to_alter, place) != memory.to_alter.end();
    if (is_altered_first || sql::is_named(*memory.dialect, type, there->word)) continue;
    notes.push_back(fmt::format("{} of {} is {} at the destination, and no longer {}: rows are shaped for it",
                                column.name, table.name, schema::type_and_zone(*there->type),
                                schema::type_and_zone(type)));
    schema::set_type(column, *there->type);
  }
}

/// Who made a table that our schema does not know.
std::string maker_of(const std::string& root, const std::vector<schema::Schema>& others,
                     const schema::ColumnsThere& there) {
  for (const schema::Schema& other : others) {
    for (const schema::Table& table : other.tables) {
      if (table.seen_data() && there.is_same(table.name, root)) {
        return fmt::format("by the schema {}", other.name);
      }
    }
  }
  return "by other means";
}

Status look_at_columns(const RunRequest& request, DatasetMemory& memory) {
  Result<std::vector<schema::ColumnThere>> columns =
      request.destination.columns(request.dataset, inspection_of(request));
  if (!columns) return fail(std::move(columns.error()));
  using Names = schema::ColumnsThere::Names;
  const delivery::Capabilities& can = request.destination.capabilities();
  if (can.dialect == nullptr) return {};
  memory.dialect = can.dialect;
  memory.there = schema::ColumnsThere(std::move(*columns),
                                      can.case_sensitive_names ? Names::case_matters : Names::case_is_ignored);
  return {};
}

}  // namespace

Result<schema::Naming> naming_of(const RunRequest& request, const schema::Schema& schema) {
  const Result<NamingConvention> convention = schema.naming();
  if (!convention) return fail(convention.error());
  return schema::Naming(*convention, request.destination.capabilities().name_length_max());
}

std::string root_table(const schema::Naming& naming, std::string_view given) {
  // Some systems hand out the names of files with letters and accents apart.
  return naming.normalize_tables_path(is_ascii(given) ? std::string(given) : to_nfc(given));
}

Status adopt_tables(const RunRequest& request, const InputChoice& choice, DatasetMemory& memory,
                    std::vector<std::string>& notes) {
  const Result<std::vector<std::string>> roots = given_roots(request, choice, memory.schema);
  if (!roots) return fail(roots.error());
  const Result<std::vector<schema::Schema>> others = other_schemas(request, memory.schema);
  if (!others) return fail(others.error());
  if (Status looked = look_at_columns(request, memory); !looked) return looked;
  adopt_from_schemas(*others, *roots, memory.schema, notes);

  for (schema::Table& table : memory.schema.tables) {
    const std::string root(memory.schema.root_of(table.name));
    if (std::ranges::find(*roots, root) != roots->end()) adopt_types_of(table, memory, notes);
  }
  for (const std::string& root : *roots) {
    const schema::ColumnThere* there = memory.there.first_of(root);
    if (there == nullptr || there->is_view || memory.schema.tables.find(root) != nullptr) continue;
    notes.push_back(fmt::format("{} is there and was made {}: its columns keep their types", root,
                                maker_of(root, *others, memory.there)));
  }
  return {};
}

}  // namespace outfall::pipeline
