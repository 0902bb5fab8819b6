// SPDX-License-Identifier: Apache-2.0
//
// Json values and how they are written. Reading is in json_parse.cc.
#include "base/json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/utf8.h"

namespace outfall {

std::string_view Json::kind() const {
  static constexpr std::array<std::string_view, 8> names{"null",   "bool",   "integer", "number",
                                                         "number", "string", "array",   "object"};
  return names[value_.index()];
}

const Json* Json::find(std::string_view key) const {
  if (const Object* members = as_object()) {
    for (const Member& member : *members) {
      if (member.key == key) return &member.value;
    }
  }
  return nullptr;
}

Json* Json::find(std::string_view key) {
  return const_cast<Json*>(std::as_const(*this).find(key));
}

Json& Json::set(std::string_view key, Json value) {
  if (Json* found = find(key)) return *found = std::move(value);
  if (!is_object()) value_ = Object{};
  return std::get<Object>(value_).emplace_back(std::string(key), std::move(value)).value;
}

bool Json::erase(std::string_view key) {
  Object* members = as_object();
  return members && std::erase_if(*members, [&](const Member& member) { return member.key == key; }) > 0;
}

Json& Json::push_back(Json value) {
  if (!is_array()) value_ = Array{};
  return std::get<Array>(value_).emplace_back(std::move(value));
}

bool Json::operator==(const Json& other) const {
  return value_ == other.value_;
}

void append_json_string(std::string& out, std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  out += '"';
  std::size_t plain = 0;  // start of the run that needs no escape and is not appended yet
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        out += "\\u00";
        out += hex[c >> 4];
        out += hex[c & 15];
    }
  }
  out.append(text, plain);
  out += '"';
}

void append_json_double(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  // The longest shortest form is -d.dddddddddddddddde-ddd: 24 characters.
  std::array<char, 32> buffer;
  const char* const end = std::to_chars(buffer.begin(), buffer.end(), value, std::chars_format::scientific).ptr;
  std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  if (text.front() == '-') {
    out += '-';
    text.remove_prefix(1);
  }
  const std::size_t mark = text.find('e');
  int exponent = 0;
  std::from_chars(text.data() + mark + (text[mark + 1] == '+' ? 2 : 1), text.data() + text.size(), exponent);
  std::array<char, 32> digits;  // without the point
  std::size_t count = 0;
  for (const char c : text.substr(0, mark)) {
    if (c != '.') digits[count++] = c;
  }
  const std::string_view all(digits.data(), count);

  // Plain notation from 1e-5 to below 1e16, an exponent elsewhere: this is where the hashed documents put the border.
  if (exponent < -5 || exponent >= 16) {
    out += all[0];
    if (count > 1) (out += '.').append(all, 1);
    out += exponent < 0 ? "e-" : "e+";
    out += std::to_string(std::abs(exponent));
  } else if (exponent < 0) {
    out.append("0.").append(static_cast<std::size_t>(-exponent - 1), '0').append(all);
  } else {
    const auto whole = static_cast<std::size_t>(exponent) + 1;
    out.append(all, 0, whole);
    if (count <= whole) {
      out.append(whole - count, '0').append(".0");
    } else {
      (out += '.').append(all, whole);
    }
  }
}

namespace {

enum class KeyOrder { stored, sorted };

class Writer {
 public:
  explicit Writer(KeyOrder order) : order_(order) {}

  void write(const Json& value) {
    if (const Json::Object* members = value.as_object()) {
      write_object(*members);
    } else if (const Json::Array* elements = value.as_array()) {
      write_array(*elements);
    } else if (const std::string* text = value.as_string()) {
      write_text(*text);
    } else if (const std::int64_t* integer = value.as_int()) {
      out_ += std::to_string(*integer);
    } else if (const double* real = value.as_double()) {
      append_json_double(out_, *real);
    } else if (const Json::Number* number = value.as_number()) {
      out_ += number->text;
    } else if (const bool* truth = value.as_bool()) {
      out_ += *truth ? "true" : "false";
    } else {
      out_ += "null";
    }
  }

  std::string take() { return std::move(out_); }

 private:
  /// Names of files need not be text; a document is.
  void write_text(const std::string& text) {
    if (is_valid_utf8(text))
      append_json_string(out_, text);
    else
      append_json_string(out_, valid_utf8(text));
  }

  void write_array(const Json::Array& elements) {
    out_ += '[';
    for (const Json& element : elements) {
      if (&element != &elements.front()) out_ += ',';
      write(element);
    }
    out_ += ']';
  }

  void write_member(const Json::Member& member) {
    write_text(member.key);
    out_ += ':';
    write(member.value);
  }

  void write_object(const Json::Object& members) {
    out_ += '{';
    if (order_ == KeyOrder::stored) {
      for (const Json::Member& member : members) {
        if (&member != &members.front()) out_ += ',';
        write_member(member);
      }
    } else {
      // The order of UTF-8 bytes is the order of code points.
      std::vector<const Json::Member*> sorted;
      sorted.reserve(members.size());
      for (const Json::Member& member : members) sorted.push_back(&member);
      std::ranges::sort(sorted, {}, [](const Json::Member* member) -> std::string_view { return member->key; });
      for (const Json::Member* member : sorted) {
        if (member != sorted.front()) out_ += ',';
        write_member(*member);
      }
    }
    out_ += '}';
  }

  KeyOrder order_;
  std::string out_;
};

}  // namespace

std::string to_json(const Json& document) {
  Writer writer(KeyOrder::stored);
  writer.write(document);
  return writer.take();
}

std::string to_canonical_json(const Json& document) {
  Writer writer(KeyOrder::sorted);
  writer.write(document);
  return writer.take();
}

}  // namespace outfall
