// SPDX-License-Identifier: Apache-2.0
//
// Base64 with the standard alphabet (A-Z a-z 0-9 + /).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace outfall {

/// Whether `=` fills the last group of four.
enum class Base64Padding { none, required };

constexpr std::size_t base64_size(std::size_t bytes, Base64Padding padding) {
  return padding == Base64Padding::required ? (bytes + 2) / 3 * 4 : (bytes * 4 + 2) / 3;
}

/// Writes exactly base64_size(bytes.size(), padding) characters to `out`; no terminator, no allocation.
void base64_encode_into(std::span<const std::uint8_t> bytes, char* out, Base64Padding padding);

std::string base64_encode(std::span<const std::uint8_t> bytes, Base64Padding padding = Base64Padding::required);
std::string base64_encode(std::string_view bytes, Base64Padding padding = Base64Padding::required);

/// The bytes that `text` stands for; nothing when it holds any other character, white space included, or its length or
/// padding is wrong. Bits of the last character beyond the last byte are ignored, as most encoders' readers do.
std::optional<std::string> base64_decode(std::string_view text, Base64Padding padding = Base64Padding::required);

}  // namespace outfall
