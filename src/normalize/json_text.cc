// SPDX-License-Identifier: Apache-2.0
#include "normalize/json_text.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/json.h"
#include "base/utf8.h"
#include "normalize/shaper.h"

namespace outfall::normalize {

using simdjson::ondemand::json_type;

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The four hex digits of an escape that stand at `at`, or -1.
int hex_escape(std::string_view bytes, std::size_t at) {
  if (bytes.size() < at + 4) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const int digit = hex_digit(bytes[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/// Resolves the `\u` escape at `at` (of the backslash); moves `at` behind it. False for a lone surrogate or bad digits.
bool unescape_unicode(std::string_view bytes, std::size_t& at, std::string& out) {
  const int unit = hex_escape(bytes, at + 2);
  at += 6;
  if (unit < 0 || (unit >= 0xDC00 && unit < 0xE000)) return false;
  auto code_point = static_cast<char32_t>(unit);
  if (unit >= 0xD800 && unit < 0xDC00) {
    if (bytes.substr(at, 2) != "\\u") return false;
    const int low = hex_escape(bytes, at + 2);
    at += 6;
    if (low < 0xDC00 || low >= 0xE000) return false;
    code_point = 0x10000 + ((code_point - 0xD800) << 10) + (static_cast<char32_t>(low) - 0xDC00);
  }
  append_utf8(out, code_point);
  return true;
}

char unescape_simple(char escape) {
  switch (escape) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case '"':
    case '\\':
    case '/':
      return escape;
    default:
      return '\0';
  }
}

}  // namespace

bool is_json_number(std::string_view token) {
  std::size_t at = 0;
  if (at < token.size() && token[at] == '-') ++at;
  const std::size_t integer = at;
  at = skip_digits(token, at);
  if (at == integer || (token[integer] == '0' && at > integer + 1)) return false;
  if (at < token.size() && token[at] == '.') {
    const std::size_t fraction = ++at;
    at = skip_digits(token, at);
    if (at == fraction) return false;
  }
  if (at < token.size() && (token[at] == 'e' || token[at] == 'E')) {
    ++at;
    if (at < token.size() && (token[at] == '+' || token[at] == '-')) ++at;
    const std::size_t exponent = at;
    at = skip_digits(token, at);
    if (at == exponent) return false;
  }
  return at == token.size();
}

std::string_view trimmed_token(std::string_view token) {
  while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') token.remove_suffix(1);
  return token;
}

std::string_view string_bytes(std::string_view token) {
  const std::size_t end = token.rfind('"');
  return end == 0 || end == std::string_view::npos ? std::string_view() : token.substr(1, end - 1);
}

bool unescape(std::string_view bytes, std::string& out) {
  out.clear();
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::size_t escape = bytes.find('\\', at);
    if (escape == std::string_view::npos) {
      out.append(bytes.substr(at));
      return true;
    }
    out.append(bytes.substr(at, escape - at));
    if (escape + 1 >= bytes.size()) return false;
    at = escape;
    if (bytes[escape + 1] == 'u') {
      if (!unescape_unicode(bytes, at, out)) return false;
      continue;
    }
    const char simple = unescape_simple(bytes[escape + 1]);
    if (simple == '\0') return false;
    out.push_back(simple);
    at += 2;
  }
  return true;
}

simdjson::error_code JsonTextWriter::write(simdjson::ondemand::value value, std::string& out, DroppedKeys dropped) {
  out.clear();
  frames_.clear();
  keys_.clear();
  dropped_ = dropped;
  has_duplicate_keys_ = false;
  if (const auto code = write_value(value, out); code != simdjson::SUCCESS) return code;
  while (!frames_.empty()) {
    if (const auto code = write_next(out); code != simdjson::SUCCESS) return code;
  }
  return simdjson::SUCCESS;
}

simdjson::error_code JsonTextWriter::write_next(std::string& out) {
  Frame& frame = frames_.back();
  const bool first = !frame.entered;
  frame.entered = true;
  if (frame.is_object) {
    if (!first) ++frame.field;
    if (!at_end(frame.field)) return write_member(out);
    look_for_duplicates(frame.first_key);
    end_frame(out, '}');
    return simdjson::SUCCESS;
  }
  if (!first) ++frame.element;
  if (at_end(frame.element)) {
    end_frame(out, ']');
    return simdjson::SUCCESS;
  }
  auto read = *frame.element;
  if (read.error() != simdjson::SUCCESS) return read.error();
  if (!first) out.push_back(',');
  return write_value(read.value_unsafe(), out);
}

simdjson::error_code JsonTextWriter::write_member(std::string& out) {
  Frame& frame = frames_.back();
  auto read = *frame.field;
  if (read.error() != simdjson::SUCCESS) return read.error();
  simdjson::ondemand::field field = read.value_unsafe();
  const std::string_view raw = field.escaped_key();
  if (!unescape(raw, unescaped_)) return simdjson::STRING_ERROR;
  const bool is_dropped =
      dropped_.offsets != nullptr && dropped_.offsets->contains(static_cast<std::size_t>(raw.data() - dropped_.text));
  const std::size_t begin = out.size();
  if (!is_dropped) {
    keys_.push_back(std::hash<std::string_view>()(unescaped_));
    if (std::exchange(frame.has_members, true)) out.push_back(',');
    append_json_string(out, unescaped_);
    out.push_back(':');
  }
  const std::size_t frames = frames_.size();
  if (const auto code = write_value(field.value(), out); code != simdjson::SUCCESS) return code;
  if (!is_dropped) return simdjson::SUCCESS;
  // It is written all the same: that checks it.
  if (frames_.size() > frames) {
    frames_.back().cut = begin;
  } else {
    out.resize(begin);
  }
  return simdjson::SUCCESS;
}

void JsonTextWriter::end_frame(std::string& out, char bracket) {
  out.push_back(bracket);
  if (frames_.back().cut != std::string::npos) out.resize(frames_.back().cut);
  frames_.pop_back();
}

void JsonTextWriter::look_for_duplicates(std::size_t first_key) {
  const auto begin = keys_.begin() + static_cast<std::ptrdiff_t>(first_key);
  if (keys_.end() - begin > 1) {
    std::sort(begin, keys_.end());
    if (std::adjacent_find(begin, keys_.end()) != keys_.end()) has_duplicate_keys_ = true;
  }
  keys_.resize(first_key);
}

simdjson::error_code JsonTextWriter::write_value(simdjson::ondemand::value value, std::string& out) {
  json_type type;
  if (const auto code = value.type().get(type); code != simdjson::SUCCESS) return code;
  const std::string_view token = trimmed_token(value.raw_json_token());
  switch (type) {
    case json_type::object:
    case json_type::array: {
      if (frames_.size() >= levels_max_) return simdjson::DEPTH_ERROR;
      Frame frame;
      frame.is_object = type == json_type::object;
      frame.first_key = keys_.size();
      simdjson::error_code code;
      if (frame.is_object) {
        simdjson::ondemand::object object;
        code = value.get_object().get(object);
        if (code == simdjson::SUCCESS) code = object.begin().get(frame.field);
      } else {
        simdjson::ondemand::array array;
        code = value.get_array().get(array);
        if (code == simdjson::SUCCESS) code = array.begin().get(frame.element);
      }
      if (code != simdjson::SUCCESS) return code;
      out.push_back(frame.is_object ? '{' : '[');
      frames_.push_back(frame);
      return simdjson::SUCCESS;
    }
    case json_type::string:
      if (const auto code = value.get_raw_json_string().error(); code != simdjson::SUCCESS) return code;
      if (!unescape(string_bytes(token), unescaped_)) return simdjson::STRING_ERROR;
      append_json_string(out, unescaped_);
      return simdjson::SUCCESS;
    case json_type::number: {
      if (!is_json_number(token)) return simdjson::NUMBER_ERROR;
      out.append(token);
      return simdjson::SUCCESS;
    }
    case json_type::boolean: {
      bool truth = false;
      if (const auto code = value.get_bool().get(truth); code != simdjson::SUCCESS) return code;
      out.append(truth ? "true" : "false");
      return simdjson::SUCCESS;
    }
    case json_type::null: {
      bool is_null = false;
      if (const auto code = value.is_null().get(is_null); code != simdjson::SUCCESS) return code;
      if (!is_null) return simdjson::N_ATOM_ERROR;
      out.append("null");
      return simdjson::SUCCESS;
    }
    default:
      return simdjson::TAPE_ERROR;
  }
}

}  // namespace outfall::normalize
