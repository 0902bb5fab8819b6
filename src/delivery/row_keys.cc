// SPDX-License-Identifier: Apache-2.0
#include "delivery/row_keys.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <utility>

#include "base/hash.h"
#include "base/json.h"
#include "base/json_span.h"
#include "base/limits.h"

namespace outfall::delivery {
namespace {

constexpr const char* digits = "0123456789";

/// Whole numbers that doubles have without a gap are told from none by a point or an exponent.
void append_number(std::string& out, std::string_view value) {
  const Result<Json> number = parse_json(value);
  const double* real = number ? number->as_double() : nullptr;
  constexpr double whole_max = 9'007'199'254'740'992;  // 2^53
  if (value == "-0")
    out += '0';
  else if (real == nullptr)
    out += value;
  else if (std::trunc(*real) == *real && std::abs(*real) <= whole_max)
    out += fmt::format("{}", static_cast<std::int64_t>(*real));
  else
    append_json_double(out, *real);
}

/// The same value in the same text, however it was written.
void append_value(std::string& out, std::string_view value) {
  if (value.starts_with('-') || value.find_first_of(digits) == 0) return append_number(out, value);
  if (!value.starts_with('"') || value.find('\\') == std::string_view::npos) {
    out += value;
    return;
  }
  const Result<Json> text = parse_json(value);
  out += text ? to_json(*text) : std::string(value);
}

std::string hash_of(std::string_view text) {
  return fmt::format("xxh3:{:02x}", fmt::join(xxh3_128(text), ""));
}

}  // namespace

std::vector<columnar::RowTextColumn> key_columns(const schema::Table& table) {
  std::vector<columnar::RowTextColumn> columns;
  for (const schema::Column& column : table.columns) {
    if (!column.primary_key) continue;
    if (!column.type) return {};
    columns.push_back({.name = column.name, .type = *column.type});
  }
  return columns;
}

std::string key_text(const std::vector<columnar::RowTextColumn>& columns, const std::vector<std::string_view>& values) {
  std::string text;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (values[i].empty() || values[i] == "null") return "";
    text += i == 0 ? '{' : ',';
    append_json_string(text, columns[i].name);
    text += ':';
    append_value(text, values[i]);
  }
  text += '}';
  return text.size() > limits::primary_key_bytes_max ? hash_of(text) : text;
}

RowKeys::RowKeys(std::vector<columnar::RowTextColumn> columns, columnar::RowTexts texts)
    : columns_(std::move(columns)), texts_(std::move(texts)) {
  for (std::size_t i = 0; i < columns_.size(); ++i) places_.add(columns_[i].name, i);
}

Result<RowKeys> RowKeys::open(const columnar::IpcFileReader& file, std::vector<columnar::RowTextColumn> columns) {
  Result<columnar::RowTexts> texts = columnar::RowTexts::open(file, columns, {});
  if (!texts) return fail(std::move(texts.error()));
  return RowKeys(std::move(columns), std::move(*texts));
}

Result<std::string> RowKeys::of(std::uint64_t row) {
  row_.clear();
  if (Status told = texts_.append_as_kept(row, row_); !told) return fail(std::move(told.error()));
  values_.assign(columns_.size(), {});
  JsonMembers members(row_);
  while (const auto member = members.next()) {
    if (const auto place = places_.find(member->key)) values_[*place] = member->value;
  }
  return key_text(columns_, values_);
}

}  // namespace outfall::delivery
