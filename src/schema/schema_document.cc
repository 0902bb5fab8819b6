// SPDX-License-Identifier: Apache-2.0
//
// Schemas to and from their stored documents. A document comes from a database that anybody can write to, so all of it
// is checked.
#include <fmt/format.h>

#include "schema/document_fields.h"
#include "schema/schema.h"

namespace outfall::schema {
namespace {

std::unexpected<Error> refuse(std::string_view name, Error error) {
  return fail(std::move(error).in(name.empty() ? "schema document" : fmt::format("schema document \"{}\"", name)));
}

Status read_head(const Json& document, Schema& out) {
  if (!document.is_object()) return fail(fmt::format("{} where an object belongs", document.kind()));
  std::int64_t engine_version = 0;
  Status read = read_field(document, "name", out.name);
  if (read) read = read_field(document, "engine_version", engine_version);
  if (!read) return read;
  if (out.name.empty()) return fail("it has no \"name\"");
  if (engine_version != schema_engine_version) {
    return fail(fmt::format("engine version {} is not {}", engine_version, schema_engine_version),
                engine_version < schema_engine_version
                    ? "run the pipeline once with dlt 1.31, which brings the schema to version 11"
                    : "a newer dlt wrote it; use a newer outfall");
  }
  if (!document.find("version")) return fail("it has no \"version\"");
  read = read_field(document, "version", out.version);
  if (read) read = read_field(document, "version_hash", out.version_hash);
  if (read && out.version < 1) read = fail(fmt::format("\"version\" is {}, out of range", out.version));
  return read;
}

Status read_previous_hashes(const Json& document, std::vector<std::string>& out) {
  const Json* hashes = document.find("previous_hashes");
  if (!hashes || hashes->is_null()) return {};
  const Json::Array* elements = hashes->as_array();
  if (!elements) return fail(fmt::format("\"previous_hashes\" is {} where an array belongs", hashes->kind()));
  for (const Json& element : *elements) {
    if (!element.as_string()) return fail("\"previous_hashes\" holds something that is no string");
    out.push_back(*element.as_string());
  }
  return {};
}

Status read_object(const Json& document, std::string_view key, Json& out) {
  const Json* value = document.find(key);
  if (!value || !value->is_object()) return fail(fmt::format("it has no object \"{}\"", key));
  out = *value;
  return {};
}

Status read_tables(const Json& document, NamedList<Table>& out) {
  const Json* tables = document.find("tables");
  const Json::Object* members = tables ? tables->as_object() : nullptr;
  if (!members) return fail("it has no object \"tables\"");
  for (const Json::Member& member : *members) {
    Result<Table> table = Table::parse(member.key, member.value);
    if (!table) return fail(std::move(table).error());
    out.add(*std::move(table));
  }
  return {};
}

/// Every table ends at a root: no parent is missing, none is its own ancestor.
Status check_parents(const NamedList<Table>& tables) {
  for (const Table& table : tables) {
    const Table* at = &table;
    // A way up that is longer than there are tables meets one of them twice.
    for (std::size_t steps = 0; !at->parent.empty(); ++steps) {
      const Table* parent = tables.find(at->parent);
      if (!parent) return fail(fmt::format("table \"{}\": its parent \"{}\" is missing", at->name, at->parent));
      if (steps == tables.size()) return fail(fmt::format("table \"{}\" is its own ancestor", table.name));
      at = parent;
    }
  }
  return {};
}

}  // namespace

Result<Schema> Schema::parse(std::string_view text) {
  const Result<Json> document = parse_json(text);
  if (!document) return refuse("", document.error());
  return from_document(*document);
}

Result<Schema> Schema::from_document(const Json& document) {
  Schema schema;
  Status read = read_head(document, schema);
  if (read) read = read_previous_hashes(document, schema.previous_hashes);
  if (read) read = read_object(document, "settings", schema.settings);
  if (read) read = read_object(document, "normalizers", schema.normalizers);
  if (read) read = read_tables(document, schema.tables);
  if (read) read = check_parents(schema.tables);
  if (!read) return refuse(schema.name, std::move(read).error());
  schema.stored = document;
  for (const std::string_view key : {"settings", "normalizers", "tables"}) schema.stored.set(key, nullptr);
  return schema;
}

Json Schema::document() const {
  Json out = stored;
  out.set("version", version);
  write_field(out, "version_hash", version_hash);
  out.set("name", name);
  out.set("settings", settings);
  out.set("normalizers", normalizers);
  Json::Object members;
  members.reserve(tables.size());
  for (const Table& table : tables) members.push_back({table.name, table.to_json()});
  out.set("tables", Json(std::move(members)));
  const Json* old_hashes = out.find("previous_hashes");
  if (!previous_hashes.empty() || (old_hashes && !old_hashes->is_null())) {
    Json hashes = Json::array();
    for (const std::string& hash : previous_hashes) hashes.push_back(hash);
    out.set("previous_hashes", std::move(hashes));
  }
  return out;
}

}  // namespace outfall::schema
