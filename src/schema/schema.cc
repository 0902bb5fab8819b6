// SPDX-License-Identifier: Apache-2.0
//
// Making, editing and hashing schemas. Reading and writing the document is in schema_document.cc.
#include "schema/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/base64.h"
#include "base/hash.h"
#include "schema/document_fields.h"
#include "schema/naming.h"

namespace outfall::schema {
namespace {

constexpr std::string_view relational_module = "dlt.common.normalizers.json.relational";
constexpr std::string_view naming_modules = "dlt.common.normalizers.naming.";

Json names(std::initializer_list<std::string_view> list) {
  Json array = Json::array();
  for (const std::string_view name : list) array.push_back(name);
  return array;
}

Json default_settings() {
  Json hints;
  hints.set("not_null", names({id_column_name, root_id_column_name, parent_id_column_name, list_idx_column_name,
                               load_id_column_name}));
  hints.set("parent_key", names({parent_id_column_name}));
  hints.set("root_key", names({root_id_column_name}));
  hints.set("unique", names({id_column_name}));
  hints.set("row_key", names({id_column_name}));
  Json settings;
  settings.set("detections", names({"iso_timestamp"}));
  settings.set("default_hints", std::move(hints));
  return settings;
}

/// Follows keys down; null when one is missing.
const Json* find_path(const Json& document, std::initializer_list<std::string_view> keys) {
  const Json* at = &document;
  for (const std::string_view key : keys) {
    at = at->find(key);
    if (!at) return nullptr;
  }
  return at;
}

/// Follows keys down, making objects where there are none.
Json& make_path(Json& document, std::initializer_list<std::string_view> keys) {
  Json* at = &document;
  for (const std::string_view key : keys) {
    Json* next = at->find(key);
    at = next ? next : &at->set(key, Json::object());
  }
  return *at;
}

std::vector<std::string> strings_of(const Json* array) {
  std::vector<std::string> out;
  const Json::Array* elements = array ? array->as_array() : nullptr;
  if (!elements) return out;
  for (const Json& element : *elements) {
    if (const std::string* text = element.as_string()) out.push_back(*text);
  }
  return out;
}

}  // namespace

Schema Schema::make(std::string_view name, NamingConvention naming) {
  Schema schema;
  schema.name = name;
  schema.tables.add(version_table());
  schema.tables.add(loads_table());
  schema.settings = default_settings();
  schema.normalizers.set("names", outfall::name(naming));
  schema.normalizers.set("json", Json::object()).set("module", relational_module);
  for (const std::string_view key :
       {"version", "version_hash", "engine_version", "name", "tables", "settings", "normalizers", "previous_hashes"}) {
    schema.stored.set(key, nullptr);
  }
  schema.stored.set("engine_version", schema_engine_version);
  schema.stored.set("previous_hashes", Json::array());
  schema.version_hash = schema.compute_version_hash();
  return schema;
}

std::string Schema::canonical_json() const {
  Json hashed = document();
  for (const std::string_view key : {"version", "version_hash", "imported_version_hash", "previous_hashes"}) {
    hashed.erase(key);
  }
  return to_canonical_json(hashed);
}

std::string Schema::compute_version_hash() const {
  Sha3 hash;
  hash.update(canonical_json());
  // The canonical text does not show the order of columns, so it is hashed behind it.
  std::vector<const Table*> sorted;
  for (const Table& table : tables) sorted.push_back(&table);
  std::ranges::sort(sorted, {}, [](const Table* table) -> std::string_view { return table->name; });
  for (const Table* table : sorted) {
    hash.update(table->name);
    for (const Column& column : table->columns) hash.update(column.name);
  }
  return base64_encode(hash.finish());
}

bool Schema::bump() {
  std::string now = compute_version_hash();
  if (now == version_hash) return false;
  if (!version_hash.empty()) {
    ++version;
    if (std::ranges::find(previous_hashes, version_hash) == previous_hashes.end()) {
      previous_hashes.insert(previous_hashes.begin(), version_hash);
      previous_hashes.resize(std::min(previous_hashes.size(), previous_hashes_max));
    }
  }
  version_hash = std::move(now);
  return true;
}

Result<NamingConvention> Schema::naming() const {
  const Json* names = normalizers.find("names");
  const std::string* text = names ? names->as_string() : nullptr;
  if (!text) return fail(fmt::format("schema \"{}\": it names no naming convention", name));
  std::string_view word = *text;
  if (word.starts_with(naming_modules)) word.remove_prefix(naming_modules.size());
  if (const auto convention = naming_convention(word)) return *convention;
  return fail(fmt::format("schema \"{}\": naming convention \"{}\" is not known", name, *text),
              "only snake_case, direct, duck_case, sql_ci_v1 and sql_cs_v1 can be continued; load into a new dataset");
}

void Schema::change_naming(NamingConvention convention) {
  normalizers.set("names", outfall::name(convention));
  tables.remove_if([](const Table& table) { return !is_system_name(table.name); });
}

bool Schema::breaks_paths() const {
  const Json* breaks = normalizers.find("use_break_path_on_normalize");
  return !breaks || !breaks->as_bool() || *breaks->as_bool();
}

std::vector<std::string> Schema::detections() const {
  return strings_of(settings.find("detections"));
}

bool Schema::is_not_null_by_default(std::string_view column) const {
  const std::vector<std::string> hinted = strings_of(find_path(settings, {"default_hints", "not_null"}));
  return std::ranges::find(hinted, column) != hinted.end();
}

std::optional<int> Schema::max_nesting() const {
  const Json* config = find_path(normalizers, {"json", "config"});
  std::optional<int> levels;
  if (config && !read_field(*config, "max_nesting", levels)) return std::nullopt;
  return levels;
}

void Schema::set_max_nesting(int levels) {
  make_path(normalizers, {"json", "config"}).set("max_nesting", levels);
}

bool Schema::propagates_root_id(std::string_view root_table) const {
  const Json* all = find_path(normalizers, {"json", "config", "root_key_propagation"});
  if (all && all->as_bool() && *all->as_bool()) return true;
  const Json* target = find_path(normalizers, {"json", "config", "propagation", "tables", root_table, id_column_name});
  if (target && target->as_string() && *target->as_string() == root_id_column_name) return true;
  return std::ranges::any_of(tables, [&](const Table& table) {
    return !table.parent.empty() && root_of(table.name) == root_table &&
           std::ranges::any_of(table.columns, &Column::root_key);
  });
}

void Schema::propagate_root_ids() {
  make_path(normalizers, {"json", "config"}).set("root_key_propagation", true);
}

void Schema::propagate_root_id(std::string_view root_table) {
  make_path(normalizers, {"json", "config", "propagation", "tables", root_table})
      .set(id_column_name, root_id_column_name);
}

std::string_view Schema::root_of(std::string_view table) const {
  // Parents form no cycle: parse refuses one, and a new table is added below one that exists.
  const Table* at = tables.find(table);
  if (!at) return table;
  while (const Table* parent = at->parent.empty() ? nullptr : tables.find(at->parent)) at = parent;
  return at->name;
}

std::string default_schema_name(std::string_view pipeline) {
  constexpr std::size_t name_length_max = 64;
  constexpr std::string_view suffix = "_pipeline";
  if (pipeline.ends_with(suffix)) pipeline.remove_suffix(suffix.size());
  return Naming(NamingConvention::snake_case, name_length_max).normalize_identifier(pipeline);
}

}  // namespace outfall::schema
