// SPDX-License-Identifier: Apache-2.0
//
// One field at a time. A null field counts as absent: dlt writes both.
#include "schema/document_fields.h"

#include <fmt/format.h>

#include <limits>

namespace outfall::schema {
namespace {

const Json* find_value(const Json& document, std::string_view key) {
  const Json* value = document.find(key);
  return value && !value->is_null() ? value : nullptr;
}

std::unexpected<Error> wrong_kind(std::string_view key, const Json& value, std::string_view wanted) {
  return fail(fmt::format("\"{}\" is {} where {} belongs", key, value.kind(), wanted));
}

void write(Json& document, std::string_view key, std::optional<Json> value) {
  const Json* old = find_value(document, key);
  if (!value) {
    if (old) document.erase(key);
  } else if (!old || *old != *value) {
    document.set(key, *std::move(value));
  }
}

}  // namespace

Status read_field(const Json& document, std::string_view key, std::string& out) {
  const Json* value = find_value(document, key);
  if (!value) return {};
  const std::string* text = value->as_string();
  if (!text) return wrong_kind(key, *value, "a string");
  out = *text;
  return {};
}

Status read_field(const Json& document, std::string_view key, std::optional<bool>& out) {
  const Json* value = find_value(document, key);
  if (!value) return {};
  const bool* truth = value->as_bool();
  if (!truth) return wrong_kind(key, *value, "a bool");
  out = *truth;
  return {};
}

Status read_field(const Json& document, std::string_view key, bool& out) {
  std::optional<bool> value;
  const Status read = read_field(document, key, value);
  if (value) out = *value;
  return read;
}

Status read_field(const Json& document, std::string_view key, std::int64_t& out) {
  const Json* value = find_value(document, key);
  if (!value) return {};
  const std::int64_t* number = value->as_int();
  if (!number) return wrong_kind(key, *value, "an integer");
  out = *number;
  return {};
}

Status read_field(const Json& document, std::string_view key, std::optional<int>& out) {
  if (!find_value(document, key)) return {};
  std::int64_t number = 0;
  if (Status read = read_field(document, key, number); !read) return read;
  if (number < 0 || number > std::numeric_limits<int>::max()) {
    return fail(fmt::format("\"{}\" is {}, out of range", key, number));
  }
  out = static_cast<int>(number);
  return {};
}

void write_field(Json& document, std::string_view key, const std::string& value) {
  if (value.empty() && !find_value(document, key)) return;
  write(document, key, Json(value));
}

void write_field(Json& document, std::string_view key, bool value) {
  if (!value && !find_value(document, key)) return;
  write(document, key, Json(value));
}

void write_field(Json& document, std::string_view key, std::optional<bool> value) {
  write(document, key, value ? std::optional<Json>(*value) : std::nullopt);
}

void write_field(Json& document, std::string_view key, std::optional<int> value) {
  write(document, key, value ? std::optional<Json>(*value) : std::nullopt);
}

}  // namespace outfall::schema
