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

RowIds::Drawn RowIds::draw(DocumentAddress address) const {
  std::array<char, sizeof(RowIdSeed) + sizeof(DocumentAddress)> message;
  std::memcpy(message.data(), seed_.data(), seed_.size());
  std::memcpy(message.data() + seed_.size(), &address, sizeof address);
  return xxh3_128({message.data(), message.size()});
}

void RowIds::root(DocumentAddress address, std::string& out) {
  const Drawn drawn = draw(address);
  spell(std::span(drawn).first<row_id_bytes>(), out);
}

std::int64_t RowIds::origin(DocumentAddress address) const {
  const Drawn drawn = draw(address);
  std::int64_t number = 0;
  std::memcpy(&number, drawn.data(), sizeof number);
  return number;
}

void RowIds::nested(std::string_view parent_id, std::string_view table, std::uint64_t list_index, std::string& out) {
  message_.assign(parent_id);
  message_ += '_';
  message_ += table;
  message_ += '_';
  std::array<char, 20> digits;
  message_.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), list_index).ptr);
  of_content(message_, out);
}

void RowIds::of_content(std::string_view spelling, std::string& out) {
  std::array<std::uint8_t, row_id_bytes> hash;
  shake_.digest(spelling, hash);
  spell(hash, out);
}

}  // namespace outfall::normalize
