// SPDX-License-Identifier: Apache-2.0
#include "pipeline/adopted_tables.h"

#include <fmt/format.h>

#include <optional>
#include <set>
#include <utility>

#include "schema/stored_text.h"

namespace outfall::pipeline {
namespace {

/// Root tables of the inputs that are read and that the schema does not know.
Result<std::vector<std::string>> unknown_roots(const RunRequest& request, const InputChoice& choice,
                                               const schema::Schema& schema) {
  const Result<schema::Naming> naming = naming_of(request, schema);
  if (!naming) return fail(naming.error());
  std::set<std::string_view> given;
  std::vector<std::string> unknown;
  for (std::size_t i = 0; i < choice.reports.size(); ++i) {
    const std::string& table = request.source->inputs()[i].table;
    if (!is_read(choice.reports[i].fate) || !given.insert(table).second) continue;
    std::string root = naming->normalize_tables_path(table);
    if (schema.tables.find(root) == nullptr) unknown.push_back(std::move(root));
  }
  return unknown;
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

/// Whether `owner` has the table, with rows.
bool take_over(const schema::Schema& owner, const std::string& root, schema::Schema& schema) {
  const schema::Table* table = owner.tables.find(root);
  if (table == nullptr || !table->parent.empty() || !table->seen_data()) return false;
  for (const schema::Table& one : owner.tables) {
    if (owner.root_of(one.name) == root && schema.tables.find(one.name) == nullptr) schema.tables.add(one);
  }
  return true;
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
  const Result<std::vector<std::string>> roots = unknown_roots(request, choice, schema);
  if (!roots) return fail(roots.error());
  if (roots->empty()) return {};
  const auto stored = request.destination.stored_schemas(
      request.dataset, request.options.dry_run ? Inspection::only_look : Inspection::before_a_load);
  if (!stored) return fail(stored.error());
  std::set<std::string> adopted;
  for (const std::string& text : *stored) {
    const std::optional<schema::Schema> owner = read_schema(text);
    if (!owner || owner->name == schema.name || !follows_same_naming(*owner, schema)) continue;
    for (const std::string& root : *roots) {
      if (adopted.contains(root) || !take_over(*owner, root, schema)) continue;
      adopted.insert(root);
      notes.push_back(fmt::format("{} is continued as the schema {} has it", root, owner->name));
    }
  }
  return {};
}

}  // namespace outfall::pipeline
