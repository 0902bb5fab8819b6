// SPDX-License-Identifier: Apache-2.0
#include "columnar/csv_record.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

namespace outfall::columnar {
namespace {

std::size_t find_byte(std::string_view text, std::size_t from, char byte) {
  const void* found = std::memchr(text.data() + from, byte, text.size() - from);
  return found == nullptr ? text.size() : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

/// The same for a byte that is near: a call would take longer than looking at eight bytes at once.
std::size_t find_near(std::string_view text, std::size_t from, char byte) {
  static_assert(std::endian::native == std::endian::little);
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t high_bits = ones << 7;
  const std::uint64_t wanted = ones * static_cast<unsigned char>(byte);
  std::size_t at = from;
  for (; at + sizeof(std::uint64_t) <= text.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t eight;
    std::memcpy(&eight, text.data() + at, sizeof eight);
    const std::uint64_t differs = eight ^ wanted;
    // The lowest bit that is set is that of the first zero byte.
    const std::uint64_t zeros = (differs - ones) & ~differs & high_bits;
    if (zeros != 0) return at + static_cast<std::size_t>(std::countr_zero(zeros)) / 8;
  }
  while (at < text.size() && text[at] != byte) ++at;
  return at;
}

/// Behind the quoted field that begins at `at`: its closing quote's neighbour, or npos if it does not close.
std::size_t behind_quoted(std::string_view text, std::size_t at, char quote) {
  ++at;
  while (true) {
    at = find_byte(text, at, quote);
    if (at == text.size()) return std::string_view::npos;
    if (at + 1 == text.size() || text[at + 1] != quote) return at + 1;
    at += 2;
  }
}

}  // namespace

CsvFault CsvRecord::split(std::string_view record, const CsvDialect& dialect) {
  fields_.clear();
  unquoted_.clear();
  std::size_t at = 0;
  while (true) {
    if (at < record.size() && record[at] == dialect.quote) {
      if (const CsvFault fault = split_quoted(record, dialect, at); fault != CsvFault::none) return fault;
    } else {
      const std::size_t end = find_near(record, at, dialect.delimiter);
      fields_.push_back({.text = record.substr(at, end - at), .offset = at});
      at = end;
    }
    if (at == record.size()) return CsvFault::none;
    ++at;
  }
}

CsvFault CsvRecord::split_quoted(std::string_view record, const CsvDialect& dialect, std::size_t& at) {
  const std::size_t begin = at;
  const std::size_t end = behind_quoted(record, begin, dialect.quote);
  fault_offset_ = begin;
  if (end == std::string_view::npos) return CsvFault::open_quote;
  if (end < record.size() && record[end] != dialect.delimiter) return CsvFault::text_behind_quote;
  std::string_view inside = record.substr(begin + 1, end - begin - 2);
  if (find_byte(inside, 0, dialect.quote) != inside.size()) {
    // One buffer for the record: views into it must not move.
    if (unquoted_.empty()) unquoted_.reserve(record.size());
    const std::size_t first = unquoted_.size();
    for (std::size_t i = 0; i < inside.size(); ++i) {
      unquoted_.push_back(inside[i]);
      if (inside[i] == dialect.quote) ++i;
    }
    inside = std::string_view(unquoted_).substr(first);
  }
  fields_.push_back({.text = inside, .offset = begin, .quoted = true});
  at = end;
  return CsvFault::none;
}

std::size_t csv_record_end(std::string_view text, std::size_t begin, const CsvDialect& dialect) {
  std::size_t line_end = find_byte(text, begin, dialect.line_end);
  const std::size_t first_quote = find_byte(text.substr(0, line_end), begin, dialect.quote);
  if (first_quote == line_end) return line_end == text.size() ? std::string_view::npos : line_end;

  std::size_t at = begin;
  while (true) {
    if (at < text.size() && text[at] == dialect.quote) {
      at = behind_quoted(text, at, dialect.quote);
      if (at == std::string_view::npos) return at;
      if (at > line_end) line_end = find_byte(text, at, dialect.line_end);
    }
    at = find_byte(text.substr(0, line_end), at, dialect.delimiter);
    if (at == line_end) return at == text.size() ? std::string_view::npos : at;
    ++at;
  }
}

}  // namespace outfall::columnar
