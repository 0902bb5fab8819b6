// SPDX-License-Identifier: Apache-2.0
#include "typed_value.h"

#include <fmt/format.h>

#include <stdexcept>

#include "schema/coercion.h"
#include "schema/temporal.h"
#include "schema/value_text.h"

namespace outfall::vectors {
namespace {

using schema::Value;

/// Columns of these types read the files' forms back exactly; binary, bool and json have forms of their own.
Value read_form(DataType type, const Json& form) {
  if (type == DataType::json) return Value::json(to_json(form));
  if (const bool* truth = form.as_bool(); truth && type == DataType::bool_) return Value::boolean(*truth);
  const std::string* const text = form.as_string();
  if (text == nullptr) throw std::runtime_error(fmt::format("{} has no such form", name(type)));
  const std::string prefixed = (type == DataType::binary ? "0x" : "") + *text;
  auto value = schema::coerce(type, Value::text(prefixed));
  if (!value) throw std::runtime_error(fmt::format("{} is no {}", *text, name(type)));
  return *std::move(value);
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return out;
}

Json form_of(const Value& value) {
  if (value.type() == DataType::bool_) return *value.as_bool();
  if (value.type() == DataType::binary) return hex(*value.as_string());
  if (value.type() == DataType::json) return *parse_json(*value.as_string());
  std::string text;
  schema::append_text(text, value);
  return text;
}

}  // namespace

schema::Value read_typed(const Json& document) {
  if (document.is_null()) return {};
  const Json::Object* const members = document.as_object();
  if (members == nullptr || members->size() != 1) throw std::runtime_error("no typed value");
  const std::optional<DataType> type = data_type(members->front().key);
  if (!type) throw std::runtime_error(fmt::format("{} is no type", members->front().key));
  return read_form(*type, members->front().value);
}

std::string typed_text(const schema::Value& value) {
  if (value.is_null()) return "null";
  Json typed = Json::object();
  typed.set(name(value.type()), form_of(value));
  return to_json(typed);
}

}  // namespace outfall::vectors
