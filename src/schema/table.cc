// SPDX-License-Identifier: Apache-2.0
//
// Tables to and from their documents.
#include "schema/table.h"

#include <fmt/format.h>

#include "schema/document_fields.h"

namespace outfall::schema {
namespace {

constexpr std::string_view normalizer_key = "x-normalizer";

/// Calls `visit(key, field)` for the plain fields.
template <class AnyTable, class Visit>
void for_each_field(AnyTable& table, Visit visit) {
  visit("name", table.name);
  visit("parent", table.parent);
  visit("write_disposition", table.write_disposition);
  visit("resource", table.resource);
  visit("description", table.description);
}

Status read_columns(const Json& document, NamedList<Column>& out) {
  const Json* columns = document.find("columns");
  const Json::Object* members = columns ? columns->as_object() : nullptr;
  if (!members) return fail("it has no object \"columns\"");
  for (const Json::Member& member : *members) {
    Result<Column> column = Column::parse(member.key, member.value);
    if (!column) return fail(std::move(column).error());
    out.add(*std::move(column));
  }
  return {};
}

}  // namespace

Table Table::root(std::string_view name, std::string_view write_disposition, std::string_view resource) {
  Table table;
  table.name = name;
  table.write_disposition = write_disposition;
  table.resource = resource;
  table.stored.set("columns", nullptr);
  table.stored.set("write_disposition", write_disposition);
  table.stored.set("name", name);
  table.stored.set("resource", resource);
  return table;
}

Table Table::nested(std::string_view name, std::string_view parent) {
  Table table;
  table.name = name;
  table.parent = parent;
  table.stored.set("name", name);
  table.stored.set("columns", nullptr);
  table.stored.set("parent", parent);
  return table;
}

Result<Table> Table::parse(std::string_view name, const Json& document) {
  const auto in_table = [&](Error error) { return fail(std::move(error).in(fmt::format("table \"{}\"", name))); };
  if (!document.is_object()) return in_table({fmt::format("{} where an object belongs", document.kind()), ""});
  Table table;
  Status read;
  for_each_field(table, [&](std::string_view key, std::string& field) {
    if (read) read = read_field(document, key, field);
  });
  if (read) read = read_columns(document, table.columns);
  if (!read) return in_table(std::move(read).error());
  if (table.name != name) return in_table({"its \"name\" is not the key it is stored under", ""});
  table.stored = document;
  table.stored.set("columns", nullptr);
  return table;
}

Json Table::to_json() const {
  Json document = stored;
  for_each_field(*this, [&](std::string_view key, const std::string& field) { write_field(document, key, field); });
  Json::Object members;
  members.reserve(columns.size());
  for (const Column& column : columns) members.push_back({column.name, column.to_json()});
  document.set("columns", Json(std::move(members)));
  return document;
}

bool Table::seen_data() const {
  const Json* hints = stored.find(normalizer_key);
  const Json* seen = hints ? hints->find("seen-data") : nullptr;
  return seen && seen->as_bool() && *seen->as_bool();
}

void Table::mark_seen_data() {
  if (seen_data()) return;
  Json* hints = stored.find(normalizer_key);
  if (!hints) hints = &stored.set(normalizer_key, Json::object());
  hints->erase("evolve-columns-once");
  hints->set("seen-data", true);
}

std::optional<int> Table::max_nesting() const {
  const Json* hints = stored.find(normalizer_key);
  std::optional<int> levels;
  if (hints && !read_field(*hints, "max_nesting", levels)) return std::nullopt;
  return levels;
}

}  // namespace outfall::schema
