// SPDX-License-Identifier: Apache-2.0
//
// Text and integers to bytes.
#include "base/base64.h"
#include "schema/coercion.h"

namespace outfall::schema {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_ascii_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// Two digits a byte; white space may stand between bytes.
bool append_hex(std::string_view digits, std::string& out) {
  for (std::size_t i = 0; i < digits.size();) {
    if (is_ascii_space(digits[i])) {
      ++i;
      continue;
    }
    const int high = hex_value(digits[i]);
    const int low = i + 1 < digits.size() ? hex_value(digits[i + 1]) : -1;
    if (high < 0 || low < 0) return false;
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return true;
}

}  // namespace

bool text_to_binary(std::string_view text, BinaryText form, std::string& out) {
  const std::size_t before = out.size();
  if (text.starts_with("0x")) {
    if (append_hex(text.substr(2), out)) return true;
    out.resize(before);
    return false;
  }
  if (form == BinaryText::hex) return false;
  const std::optional<std::string> bytes = base64_decode(text);
  if (!bytes) return false;
  out += *bytes;
  return true;
}

bool bigint_to_binary(std::int64_t value, std::string& out) {
  if (value < 0) return false;
  for (auto rest = static_cast<std::uint64_t>(value); rest != 0; rest >>= 8) out += static_cast<char>(rest & 0xff);
  return true;
}

}  // namespace outfall::schema
