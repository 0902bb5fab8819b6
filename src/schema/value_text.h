// SPDX-License-Identifier: Apache-2.0
//
// Values as text: what stands in a text column when something else came, and what messages show. Text columns get
// bigints, doubles and bools through the functions over buffers, which allocate nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "schema/value.h"

namespace outfall::schema {

/// Room for any bigint and any double: `-1.2345678901234567e-308` is the longest, with 24 characters.
inline constexpr std::size_t number_text_max = 32;

std::string_view bigint_text(std::int64_t value, std::span<char, number_text_max> buffer);
/// Python's repr: the shortest text that reads back, `1.0`, `1e+20`, `1e-07`, `nan`, `-inf`.
std::string_view double_text(double value, std::span<char, number_text_max> buffer);
/// `True` or `False`.
constexpr std::string_view bool_text(bool value) {
  return value ? "True" : "False";
}

void append_bigint_text(std::string& out, std::int64_t value);
void append_double_text(std::string& out, double value);
inline void append_bool_text(std::string& out, bool value) {
  out += bool_text(value);
}

/// The value as a text column holds it: binary as base64, timestamps as ISO 8601, JSON as it is. Nothing for null.
void append_text(std::string& out, const Value& value);

/// Bytes of a text that a message repeats; longer ones say nothing more.
inline constexpr std::size_t text_shown_max = 80;

/// The value for a message: texts in quotes and cut, null as `null`, anything else as a text column holds it.
std::string describe(const Value& value);

}  // namespace outfall::schema
