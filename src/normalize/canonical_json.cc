// SPDX-License-Identifier: Apache-2.0
#include "normalize/canonical_json.h"

#include <algorithm>

#include "base/json.h"
#include "normalize/json_text.h"
#include "schema/table.h"

namespace outfall::normalize {

using simdjson::ondemand::json_type;

namespace {

/// Integers as they are written, all other numbers as the double that they are read as.
bool append_number(std::string& out, simdjson::ondemand::value& value) {
  const std::string_view token = trimmed_token(value.raw_json_token());
  if (!is_json_number(token)) return false;
  if (token.find_first_of(".eE") == std::string_view::npos) {
    out += token == "-0" ? "0" : token;
    return true;
  }
  double real = 0;
  if (value.get_double().get(real)) return false;
  append_json_double(out, real);
  return true;
}

}  // namespace

bool CanonicalJson::write_document(std::string_view text, std::string& out) {
  frames_.clear();
  members_.clear();
  keys_.clear();
  out_.clear();
  simdjson::ondemand::document document;
  simdjson::ondemand::value value;
  if (parser_.iterate(text.data(), text.size(), text.size() + simdjson::SIMDJSON_PADDING).get(document)) return false;
  if (document.get_value().get(value)) return false;
  if (!write_value(value) || frames_.empty()) return false;
  while (!frames_.empty()) {
    if (!write_next()) return false;
  }
  out.swap(out_);
  return true;
}

/// Of an object or list the beginning.
bool CanonicalJson::write_value(simdjson::ondemand::value value) {
  json_type type;
  if (value.type().get(type)) return false;
  switch (type) {
    case json_type::object:
    case json_type::array: {
      Frame& frame = frames_.emplace_back();
      frame.is_object = type == json_type::object;
      frame.begin = out_.size();
      frame.first_member = members_.size();
      frame.first_key = keys_.size();
      out_ += frame.is_object ? '{' : '[';
      if (frame.is_object) {
        simdjson::ondemand::object object;
        return !value.get_object().get(object) && !object.begin().get(frame.field);
      }
      simdjson::ondemand::array array;
      return !value.get_array().get(array) && !array.begin().get(frame.element);
    }
    case json_type::string: {
      if (!unescape(string_bytes(trimmed_token(value.raw_json_token())), key_)) return false;
      append_json_string(out_, key_);
      return true;
    }
    case json_type::number:
      return append_number(out_, value);
    default:
      out_ += trimmed_token(value.raw_json_token());
      return true;
  }
}

bool CanonicalJson::write_next() {
  Frame& frame = frames_.back();
  if (frame.is_object) return write_member();
  if (frame.entered) ++frame.element;
  if (at_end(frame.element)) {
    out_ += ']';
    frames_.pop_back();
    return true;
  }
  if (std::exchange(frame.entered, true)) out_ += ',';
  simdjson::ondemand::value value;
  return !(*frame.element).get(value) && write_value(value);
}

bool CanonicalJson::write_member() {
  Frame& frame = frames_.back();
  if (frame.entered) {
    end_member();
    ++frame.field;
  }
  frame.entered = true;
  if (at_end(frame.field)) {
    end_object();
    return true;
  }
  simdjson::ondemand::field field;
  if ((*frame.field).get(field)) return false;
  if (!unescape(field.escaped_key(), key_)) return false;
  members_.push_back({.key = keys_.size(), .key_size = key_.size(), .begin = out_.size(), .end = out_.size()});
  keys_ += key_;
  append_json_string(out_, key_);
  out_ += ':';
  return write_value(field.value());
}

void CanonicalJson::end_member() {
  members_.back().end = out_.size();
}

/// Puts the members into their order.
void CanonicalJson::end_object() {
  const Frame frame = frames_.back();
  frames_.pop_back();
  const auto first = members_.begin() + static_cast<std::ptrdiff_t>(frame.first_member);
  std::stable_sort(first, members_.end(), [this](const Member& a, const Member& b) { return key_of(a) < key_of(b); });
  sorted_ = '{';
  for (auto member = first; member != members_.end(); ++member) {
    const bool is_replaced = member + 1 != members_.end() && key_of(*member) == key_of(*(member + 1));
    if (is_replaced || (frames_.empty() && schema::is_system_name(key_of(*member)))) continue;
    if (sorted_.size() > 1) sorted_ += ',';
    sorted_.append(out_, member->begin, member->end - member->begin);
  }
  sorted_ += '}';
  members_.resize(frame.first_member);
  keys_.resize(frame.first_key);
  out_.resize(frame.begin);
  out_ += sorted_;
}

void CanonicalJson::write_object(std::span<std::pair<std::string_view, std::string_view>> members, std::string& out) {
  std::ranges::sort(members, {}, [](const auto& member) { return member.first; });
  out = '{';
  for (const auto& [key, value] : members) {
    if (out.size() > 1) out += ',';
    append_json_string(out, key);
    out += ':';
    out += value;
  }
  out += '}';
}

void CanonicalJson::append(std::string& out, const Scalar& value) {
  switch (value.kind) {
    case DataType::bigint:
      out += std::to_string(value.integer);
      break;
    case DataType::double_:
      append_json_double(out, value.real);
      break;
    case DataType::bool_:
      out += value.truth ? "true" : "false";
      break;
    case DataType::decimal:
    case DataType::json:
      out += value.text;
      break;
    default:
      append_json_string(out, value.text);
      break;
  }
}

}  // namespace outfall::normalize
