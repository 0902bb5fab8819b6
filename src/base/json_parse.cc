// SPDX-License-Identifier: Apache-2.0
//
// Reading Json, on simdjson's on-demand front end: unlike its DOM it hands out the text of numbers of any size and the
// place of an error. Every value is visited, so everything that is not JSON is found.
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <unordered_map>

#include "base/json.h"

namespace outfall {
namespace {

namespace ondemand = simdjson::ondemand;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

/// A JSON number as a value; nothing when the text is not one.
std::optional<Json> read_number(std::string_view text, Fractions fractions) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const std::size_t whole = at;
  at = skip_digits(text, at);
  if (at == whole || (text[whole] == '0' && at > whole + 1)) return std::nullopt;
  bool integer = true;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = ++at;
    integer = false;
    at = skip_digits(text, at);
    if (at == fraction) return std::nullopt;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    integer = false;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const std::size_t exponent = at;
    at = skip_digits(text, at);
    if (at == exponent) return std::nullopt;
  }
  if (at != text.size()) return std::nullopt;

  const char* const begin = text.data();
  const char* const end = begin + text.size();
  if (integer) {
    std::int64_t value = 0;
    if (std::from_chars(begin, end, value).ec == std::errc{}) return Json(value);
  } else if (fractions == Fractions::as_doubles) {
    double value = 0;
    if (std::from_chars(begin, end, value).ec == std::errc{}) return Json(value);
  }
  return Json(Json::Number{std::string(text)});
}

/// Leaves each key once: at its first place, with its last value.
void drop_repeated_keys(Json::Object& members) {
  std::vector<std::string_view> keys;
  keys.reserve(members.size());
  for (const Json::Member& member : members) keys.push_back(member.key);
  std::ranges::sort(keys);
  if (std::ranges::adjacent_find(keys) == keys.end()) return;

  Json::Object kept;
  std::unordered_map<std::string, std::size_t> places;
  for (Json::Member& member : members) {
    const auto [place, added] = places.emplace(member.key, kept.size());
    if (added) {
      kept.push_back(std::move(member));
    } else {
      kept[place->second].value = std::move(member.value);
    }
  }
  members = std::move(kept);
}

class Reader {
 public:
  /// The text is read as the one element of an array: simdjson treats lone scalars as a case of its own.
  Reader(std::string_view text, Fractions fractions) : fractions_(fractions) {
    buffer_.reserve(text.size() + 2 + simdjson::SIMDJSON_PADDING);
    buffer_.append("[").append(text).append("]");
  }

  Result<Json> read() {
    ondemand::parser parser;
    if (const auto error = parser.iterate(simdjson::padded_string_view(buffer_, buffer_.capacity())).get(document_)) {
      return fail(fmt::format("not JSON: {}", simdjson::error_message(error)));
    }
    Json::Array documents;
    if (!read_document(documents)) {
      return fail(fmt::format("not JSON at byte {}: {}", offset(), why_));
    }
    if (documents.empty()) return fail("not JSON: the text is empty");
    if (documents.size() > 1) return fail("not JSON: more than one document");
    return std::move(documents.front());
  }

 private:
  bool read_document(Json::Array& documents) {
    ondemand::array array;
    if (!check(document_.get_array().get(array)) || !read_array(array, documents, 0)) return false;
    return document_.at_end() || refuse("something follows the document");
  }

  // Recursion is bounded by json_depth_max.
  bool read_value(ondemand::value source, Json& out, int depth) {
    ondemand::json_type type;
    if (!check(source.type().get(type))) return false;
    switch (type) {
      case ondemand::json_type::object: {
        ondemand::object object;
        return check(source.get_object().get(object)) && read_object(object, out, depth + 1);
      }
      case ondemand::json_type::array: {
        ondemand::array array;
        return check(source.get_array().get(array)) && read_array(array, *out_array(out), depth + 1);
      }
      case ondemand::json_type::string: {
        std::string_view text;
        if (!check(source.get_string().get(text))) return false;
        out = Json(text);
        return true;
      }
      case ondemand::json_type::number:
        return read_number_token(source, out);
      case ondemand::json_type::boolean: {
        bool truth = false;
        if (!check(source.get_bool().get(truth))) return false;
        out = Json(truth);
        return true;
      }
      case ondemand::json_type::null: {
        bool null = false;
        return check(source.is_null().get(null)) && (null || refuse("a value was expected"));
      }
    }
    return refuse("a value was expected");
  }

  static Json::Array* out_array(Json& out) {
    out = Json::array();
    return out.as_array();
  }

  bool read_number_token(ondemand::value source, Json& out) {
    std::string_view token = source.raw_json_token();
    while (!token.empty() &&
           (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' || token.back() == '\t')) {
      token.remove_suffix(1);
    }
    std::optional<Json> number = read_number(token, fractions_);
    if (!number) return refuse("a number is malformed");
    out = *std::move(number);
    return true;
  }

  bool read_array(ondemand::array& array, Json::Array& out, int depth) {
    if (depth > json_depth_max) return refuse(fmt::format("nested deeper than {} levels", json_depth_max));
    for (auto element : array) {
      ondemand::value source;
      if (!check(std::move(element).get(source)) || !read_value(source, out.emplace_back(), depth)) return false;
    }
    return true;
  }

  bool read_object(ondemand::object& object, Json& out, int depth) {
    if (depth > json_depth_max) return refuse(fmt::format("nested deeper than {} levels", json_depth_max));
    Json::Object members;
    for (auto member : object) {
      ondemand::field field;
      std::string_view key;
      if (!check(std::move(member).get(field)) || !check(field.unescaped_key().get(key))) return false;
      Json::Member& added = members.emplace_back(std::string(key), Json());
      if (!read_value(field.value(), added.value, depth)) return false;
    }
    drop_repeated_keys(members);
    out = Json(std::move(members));
    return true;
  }

  bool check(simdjson::error_code error) {
    return error == simdjson::SUCCESS || refuse(simdjson::error_message(error));
  }

  bool refuse(std::string_view why) {
    if (why_.empty()) why_ = why;
    return false;
  }

  /// Where the reader stands, in the caller's text. Beyond the end counts as the end.
  std::size_t offset() {
    const char* place = nullptr;
    const std::size_t end = buffer_.size() - 2;
    if (document_.current_location().get(place) != simdjson::SUCCESS || place <= buffer_.data()) return end;
    return std::min(end, static_cast<std::size_t>(place - buffer_.data() - 1));
  }

  Fractions fractions_;
  std::string buffer_;
  ondemand::document document_;
  std::string why_;
};

}  // namespace

Result<Json> parse_json(std::string_view text, Fractions fractions) {
  return Reader(text, fractions).read();
}

}  // namespace outfall
