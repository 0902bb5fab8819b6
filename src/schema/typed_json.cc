// SPDX-License-Identifier: Apache-2.0
//
// Marks are U+F026 to U+F02D: three bytes, of which the last counts up.
#include "schema/typed_json.h"

#include <cmath>
#include <optional>

#include "base/base64.h"
#include "base/utf8.h"
#include "schema/coercion.h"

namespace outfall::schema {
namespace {

constexpr char32_t first_mark = 0xf026;
constexpr char32_t last_mark = first_mark + static_cast<char32_t>(TypeMark::time);

Json json_of(const std::string& text) {
  const Result<Json> document = parse_json(text);
  return document ? *document : Json(text);
}

/// The values that JSON has a word for.
Json to_json_word(const Value& value) {
  if (const std::int64_t* integer = value.as_int64()) return *integer;
  if (const double* real = value.as_double()) return std::isfinite(*real) ? Json(*real) : Json();
  if (const bool* truth = value.as_bool()) return *truth;
  if (const Decimal* wide = value.as_decimal()) return Json::Number{wide->text()};
  if (value.type() == DataType::json) return json_of(*value.as_string());
  return *value.as_string();
}

bool is_uuid(std::string_view text) {
  constexpr std::string_view form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (text.size() != form.size()) return false;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] == '-' ? text[i] != '-' : std::string_view("0123456789abcdefABCDEF").find(text[i]) == text.npos) {
      return false;
    }
  }
  return true;
}

template <class T, class Make>
std::optional<Value> made(const std::optional<T>& content, Make make) {
  return content ? std::optional(make(*content)) : std::nullopt;
}

std::optional<Value> decode_timestamp(std::string_view text) {
  if (const std::optional<Timestamp> timestamp = parse_timestamp(text)) return Value::timestamp(*timestamp);
  if (const std::optional<Date> date = parse_date(text)) return Value::timestamp(date_to_timestamp(*date));
  return std::nullopt;
}

std::optional<Value> decode_hex(std::string_view text) {
  std::string bytes;
  if (!text_to_binary(text, BinaryText::hex, bytes)) return std::nullopt;
  return Value::binary(std::move(bytes));
}

std::optional<Value> decode(TypeMark mark, std::string_view text) {
  switch (mark) {
    case TypeMark::decimal:
      return made(Decimal::parse(text), Value::decimal);
    case TypeMark::timestamp:
      return decode_timestamp(text);
    case TypeMark::date:
      return made(parse_date(text), Value::date);
    case TypeMark::uuid:
      return is_uuid(text) ? std::optional(Value::text(std::string(text))) : std::nullopt;
    case TypeMark::hex_binary:
      return decode_hex(text);
    case TypeMark::binary:
      return made(base64_decode(text), Value::binary);
    case TypeMark::wei:
      return made(Decimal::parse(text), Value::wei);
    case TypeMark::time:
      return made(parse_time(text), Value::time);
  }
  return std::nullopt;
}

Value from_string(const std::string& text) {
  std::size_t at = 0;
  const char32_t mark = text.empty() ? 0 : next_code_point(text, at);
  if (mark < first_mark || mark > last_mark || at == text.size()) return Value::text(text);
  std::optional<Value> value = decode(static_cast<TypeMark>(mark - first_mark), std::string_view(text).substr(at));
  return value ? *std::move(value) : Value::text(text);
}

}  // namespace

std::optional<TypeMark> mark_of(DataType type) {
  switch (type) {
    case DataType::decimal:
      return TypeMark::decimal;
    case DataType::timestamp:
      return TypeMark::timestamp;
    case DataType::date:
      return TypeMark::date;
    case DataType::binary:
      return TypeMark::binary;
    case DataType::wei:
      return TypeMark::wei;
    case DataType::time:
      return TypeMark::time;
    default:
      return std::nullopt;
  }
}

std::string mark_text(TypeMark mark) {
  std::string text;
  append_utf8(text, first_mark + static_cast<char32_t>(mark));
  return text;
}

Json to_typed_json(const Value& value) {
  if (value.is_null()) return {};
  const std::optional<TypeMark> mark = mark_of(value.type());
  if (!mark) return to_json_word(value);
  std::string text = mark_text(*mark);
  append_text(text, value);
  return text;
}

Json to_plain_json(const Value& value) {
  if (value.is_null()) return {};
  if (!mark_of(value.type())) return to_json_word(value);
  std::string text;
  append_text(text, value);
  return text;
}

Value from_typed_json(const Json& document) {
  if (const std::string* text = document.as_string()) return from_string(*text);
  if (const std::int64_t* integer = document.as_int()) return Value::bigint(*integer);
  if (const double* real = document.as_double()) return Value::real(*real);
  if (const bool* truth = document.as_bool()) return Value::boolean(*truth);
  if (const Json::Number* number = document.as_number()) {
    const std::optional<Decimal> exact = Decimal::parse(number->text);
    return exact && exact->is_integral() ? Value::bigint(*exact) : Value::text(number->text);
  }
  if (document.is_null()) return {};
  return Value::json(to_json(document));
}

}  // namespace outfall::schema
