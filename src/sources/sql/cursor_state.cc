// SPDX-License-Identifier: Apache-2.0
#include "sources/sql/cursor_state.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace outfall::sources {
namespace {

constexpr std::string_view cursors_key = "outfall_cursors";
constexpr std::string_view value_key = "last_value";
constexpr std::string_view number_key = "is_number";
constexpr std::string_view rows_key = "rows";
constexpr std::string_view key_key = "key";
constexpr std::string_view database_key = "database";

std::string source_name(const schema::PipelineState& state) {
  const Json* name = state.document().find("default_schema_name");
  return name != nullptr && name->as_string() != nullptr ? *name->as_string() : state.pipeline_name();
}

/// The keys on the way to a cursor.
std::array<std::string, 7> path_of(const schema::PipelineState& state, const CursorPlace& place) {
  return {"sources",
          source_name(state),
          "resources",
          std::string(place.table),
          std::string(cursors_key),
          std::string(place.column),
          std::string(place.relation)};
}

Json json_of(const std::vector<std::string>& texts) {
  Json list = Json::array();
  for (const std::string& text : texts) list.push_back(text);
  return list;
}

/// False: it is no list of texts.
bool read_texts(const Json* list, std::vector<std::string>& texts) {
  if (list == nullptr || !list->is_array()) return false;
  for (const Json& text : *list->as_array()) {
    if (text.as_string() == nullptr) return false;
    texts.push_back(*text.as_string());
  }
  return true;
}

/// It stands in statements as it is.
bool is_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789.eE+-") == std::string_view::npos && text.front() >= '0' &&
         text.front() <= '9' && !text.contains("--");
}

}  // namespace

Result<std::optional<CursorState>> read_cursor(const schema::PipelineState& state, const CursorPlace& place) {
  const Json* at = &state.document();
  for (const std::string& key : path_of(state, place)) {
    at = at->find(key);
    if (at == nullptr) return std::nullopt;
  }
  const auto damaged = [&] {
    return fail(fmt::format("the pipeline's state of the cursor {} of {} cannot be read", place.column, place.table),
                "load into another table, or with --write-disposition replace and without --cursor");
  };
  const Json* value = at->find(value_key);
  const Json* number = at->find(number_key);
  if (value == nullptr || value->as_string() == nullptr) return damaged();
  CursorState cursor;
  cursor.last = {.text = *value->as_string(),
                 .is_number = number != nullptr && number->as_bool() && *number->as_bool()};
  if (cursor.last.is_number && !is_number(cursor.last.text)) return damaged();
  const Json* database = at->find(database_key);
  const bool has_database = database != nullptr && database->as_string() != nullptr;
  if (!has_database || !read_texts(at->find(rows_key), cursor.rows) || !read_texts(at->find(key_key), cursor.key))
    return damaged();
  cursor.database = *database->as_string();
  return cursor;
}

void write_cursor(schema::PipelineState& state, const CursorPlace& place, const CursorState& cursor) {
  Json* at = &state.document();
  for (const std::string& key : path_of(state, place)) {
    Json* next = at->find(key);
    at = next != nullptr && next->is_object() ? next : &at->set(key, Json::object());
  }
  at->set(value_key, cursor.last.text);
  if (cursor.last.is_number) at->set(number_key, true);
  if (!cursor.last.is_number) at->erase(number_key);
  at->set(rows_key, json_of(cursor.rows));
  at->set(key_key, json_of(cursor.key));
  at->set(database_key, cursor.database);
}

}  // namespace outfall::sources
