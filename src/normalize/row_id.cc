// SPDX-License-Identifier: Apache-2.0
#include "normalize/row_id.h"

#include <charconv>
#include <cstring>
#include <span>

#include "base/base64.h"

namespace outfall::normalize {
namespace {

constexpr std::size_t row_id_bytes = 10;

void spell(std::span<const std::uint8_t> bytes, std::string& out) {
  out.resize(row_id_size);
  base64_encode_into(bytes, out.data(), Base64Padding::none);
}

}  // namespace

void RowIds::root(DocumentAddress address, std::string& out) {
  std::array<char, sizeof(RowIdSeed) + sizeof(DocumentAddress)> message;
  std::memcpy(message.data(), seed_.data(), seed_.size());
  std::memcpy(message.data() + seed_.size(), &address, sizeof address);
  const std::array<std::uint8_t, 16> hash = xxh3_128({message.data(), message.size()});
  spell(std::span(hash).first<row_id_bytes>(), out);
}

void RowIds::nested(std::string_view parent_id, std::string_view table, std::uint64_t list_index, std::string& out) {
  message_.assign(parent_id);
  message_ += '_';
  message_ += table;
  message_ += '_';
  std::array<char, 20> digits;
  message_.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), list_index).ptr);
  std::array<std::uint8_t, row_id_bytes> hash;
  shake_.digest(message_, hash);
  spell(hash, out);
}

}  // namespace outfall::normalize
