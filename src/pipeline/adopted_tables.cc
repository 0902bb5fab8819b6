// SPDX-License-Identifier: Apache-2.0
#include "pipeline/adopted_tables.h"

#include <fmt/format.h>

#include <optional>
#include <set>
#include <utility>

#include "schema/stored_text.h"

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

}  // namespace

Result<schema::Naming> naming_of(const RunRequest& request, const schema::Schema& schema) {
  const Result<NamingConvention> convention = schema.naming();
  if (!convention) return fail(convention.error());
  const std::size_t length_max = request.destination.capabilities().identifier_length_max;
  return schema::Naming(*convention, length_max == 0 ? std::nullopt : std::optional(length_max));
}

Status adopt_tables(const RunRequest& request, const InputChoice& choice, schema::Schema& schema,
                    std::vector<std::string>& notes) {
  using delivery::Inspection;
  const Result<std::vector<std::string>> roots = given_roots(request, choice, schema);
  if (!roots) return fail(roots.error());
  const auto stored = request.destination.stored_schemas(
      request.dataset, request.options.dry_run ? Inspection::only_look : Inspection::before_a_load);
  if (!stored) return fail(stored.error());
  for (const std::string& text : *stored) {
    const std::optional<schema::Schema> owner = read_schema(text);
    if (!owner || owner->name == schema.name || !follows_same_naming(*owner, schema)) continue;
    for (const std::string& root : *roots) {
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

}  // namespace outfall::pipeline
