// SPDX-License-Identifier: Apache-2.0
//
// Json: a small JSON document as a value, keys in the order they came. For configuration, schema and state documents;
// rows never pass through it.
//
// Numbers keep their kind: `1` is an integer, `1.0` a double. What fits neither 64 bits nor a double keeps its text, so
// reading and writing a document loses nothing but white space and the spelling of doubles.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "outfall/error.h"

namespace outfall {

/// Levels of nesting that a document may have. Reading, writing and destroying one recurses this deep, no deeper.
inline constexpr int json_depth_max = 512;

/// A key of an object with its value. A template, so that it is completed right after Json is: clang asks std::variant
/// for it by then.
template <typename Value>
struct JsonMember {
  std::string key;
  Value value;
  bool operator==(const JsonMember&) const = default;
};

class Json {
 public:
  using Member = JsonMember<Json>;
  using Array = std::vector<Json>;
  using Object = std::vector<Member>;

  /// A number as it was written: one that neither int64 nor double can hold, or any that was not to be read.
  struct Number {
    std::string text;
    bool operator==(const Number&) const = default;
  };

  Json() = default;
  Json(std::nullptr_t) {}
  Json(std::same_as<bool> auto value) : value_(value) {}
  Json(std::integral auto value)
    requires(!std::same_as<decltype(value), bool> && (std::signed_integral<decltype(value)> || sizeof(value) < 8))
      : value_(static_cast<std::int64_t>(value)) {}
  Json(double value) : value_(value) {}
  Json(Number value) : value_(std::move(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}

  static Json array() { return Json(Array{}); }
  static Json object() { return Json(Object{}); }

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }

  /// The value, or null when this is of another kind.
  const bool* as_bool() const { return std::get_if<bool>(&value_); }
  const std::int64_t* as_int() const { return std::get_if<std::int64_t>(&value_); }
  const double* as_double() const { return std::get_if<double>(&value_); }
  const Number* as_number() const { return std::get_if<Number>(&value_); }
  const std::string* as_string() const { return std::get_if<std::string>(&value_); }
  const Array* as_array() const { return std::get_if<Array>(&value_); }
  const Object* as_object() const { return std::get_if<Object>(&value_); }
  Array* as_array() { return std::get_if<Array>(&value_); }
  Object* as_object() { return std::get_if<Object>(&value_); }

  /// "null", "bool", "integer", "number", "string", "array" or "object": for messages.
  std::string_view kind() const;

  /// The value of a key; null when there is none, or this is no object. Costs a look at each key before it.
  const Json* find(std::string_view key) const;
  Json* find(std::string_view key);

  /// Puts a value under a key: in its old place, or at the end. Turns anything that is no object into one.
  Json& set(std::string_view key, Json value);

  /// Takes a key out. False when there was none.
  bool erase(std::string_view key);

  /// Appends an element. Turns anything that is no array into one.
  Json& push_back(Json value);

  /// Same kinds and values, keys in the same order.
  bool operator==(const Json& other) const;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, Number, std::string, Array, Object> value_;
};

/// Whether numbers with a point or an exponent are read as doubles, or kept as their texts.
enum class Fractions { as_doubles, as_written };

/// Reads one document. A repeated key keeps its first place and its last value.
///
/// Errors: abandon, with the offset in bytes at which the text stops being JSON; nesting beyond json_depth_max.
Result<Json> parse_json(std::string_view text, Fractions fractions = Fractions::as_doubles);

/// The document as compact text, keys in their order, byte for byte as orjson writes it.
std::string to_json(const Json& document);

/// The same with the keys sorted by code point at every level: what version hashes are taken over.
std::string to_canonical_json(const Json& document);

/// Appends `text` (valid UTF-8) as a JSON string: only `"`, `\` and characters below U+0020 are escaped.
void append_json_string(std::string& out, std::string_view text);

/// Appends the shortest text that reads back as `value`; NaN and infinities are `null`, as JSON has no other word for
/// them.
void append_json_double(std::string& out, double value);

}  // namespace outfall
