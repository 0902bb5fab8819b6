// SPDX-License-Identifier: Apache-2.0
#include "delivery/row_keys.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "base/json.h"
#include "base/json_span.h"
#include "base/limits.h"
#include "schema/coercion.h"
#include "schema/value.h"
#include "schema/value_text.h"

namespace outfall::delivery {
namespace {

constexpr std::string_view hash_prefix = "xxh3:";

bool is_number(std::string_view json) {
  return json.starts_with('-') || json.find_first_of("0123456789") == 0;
}

/// Null: it is an object, a list, or broken.
schema::Value value_of(std::string_view json) {
  if (json == "true" || json == "false") return schema::Value::boolean(json == "true");
  if (is_number(json)) {
    const std::optional<schema::Decimal> number = schema::text_to_exact(json);
    if (!number) return {};
    const std::optional<std::int64_t> whole = schema::text_to_bigint(json);
    return whole ? schema::Value::bigint(*whole) : schema::Value::decimal(*number);
  }
  const Result<Json> text = json.starts_with('"') ? parse_json(json) : Result<Json>(Json());
  return text && text->as_string() != nullptr ? schema::Value::text(*text->as_string()) : schema::Value();
}

/// Whole numbers without a point, others without zeros behind their last digit.
void append_number(std::string& out, const schema::Value& value) {
  const std::size_t begin = out.size();
  schema::append_text(out, value);
  const std::string_view text = std::string_view(out).substr(begin);
  if (text.find('.') == std::string_view::npos || text.find_first_of("eE") != std::string_view::npos) return;
  out.erase(begin + text.find_last_not_of('0') + 1);
  if (out.ends_with('.')) out.pop_back();
}

/// The same text for what is the same value in a column of that type, however it was written.
void append_value(std::string& out, std::string_view json, std::optional<DataType> type) {
  schema::Value value = value_of(json);
  if (type && !value.is_null()) {
    if (auto coerced = schema::coerce(*type, value)) value = std::move(*coerced);
  }
  if (value.is_null()) {
    out += json;
  } else if (value.as_int64() != nullptr || value.as_double() != nullptr || value.as_decimal() != nullptr) {
    append_number(out, value);
  } else if (const bool* truth = value.as_bool()) {
    out += *truth ? "true" : "false";
  } else {
    std::string text;
    if (const schema::Timestamp* moment = value.as_timestamp())
      schema::append_iso(text, schema::Timestamp{moment->microseconds_utc, 0});
    else
      schema::append_text(text, value);
    append_json_string(out, text);
  }
}

std::string hash_of(std::string_view text) {
  return fmt::format("{}{:02x}", hash_prefix, fmt::join(xxh3_128(text), ""));
}

}  // namespace

std::vector<KeyColumn> key_columns(const schema::Table& table) {
  std::vector<KeyColumn> columns;
  for (const schema::Column& column : table.columns) {
    if (!column.primary_key) continue;
    if (!column.type) return {};
    columns.push_back({.name = column.name, .type = column.type});
  }
  return columns;
}

std::string key_text(const std::vector<KeyColumn>& columns, const std::vector<std::string_view>& values) {
  std::string text;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (values[i].empty() || values[i] == "null") return "";
    text += i == 0 ? '{' : ',';
    append_json_string(text, columns[i].name);
    text += ':';
    append_value(text, values[i], columns[i].type);
  }
  text += '}';
  return text.size() > limits::primary_key_bytes_max ? hash_of(text) : text;
}

std::optional<std::string> same_key_as(const std::vector<KeyColumn>& columns, const std::string& key) {
  if (key.starts_with(hash_prefix)) return key;
  std::vector<std::string_view> values(columns.size());
  std::size_t known = 0;
  JsonMembers members(key);
  while (const auto member = members.next()) {
    const auto column = std::ranges::find_if(
        columns, [&](const KeyColumn& one) { return columnar::is_written_as(one.name, member->key); });
    if (column == columns.end()) return std::nullopt;
    values[static_cast<std::size_t>(column - columns.begin())] = member->value;
    ++known;
  }
  if (known != columns.size()) return std::nullopt;
  return key_text(columns, values);
}

RowKeys::RowKeys(std::vector<KeyColumn> columns, columnar::RowTexts texts)
    : columns_(std::move(columns)), texts_(std::move(texts)) {
  for (std::size_t i = 0; i < columns_.size(); ++i) places_.add(columns_[i].name, i);
}

Result<RowKeys> RowKeys::open(const columnar::IpcFileReader& file, std::vector<KeyColumn> columns) {
  std::vector<columnar::RowTextColumn> wanted;
  wanted.reserve(columns.size());
  for (const KeyColumn& column : columns)
    wanted.push_back({.name = column.name, .type = column.type.value_or(DataType::text)});
  Result<columnar::RowTexts> texts = columnar::RowTexts::open(file, wanted, {});
  if (!texts) return fail(std::move(texts.error()));
  ArrowSchema all{};
  if (Status told = file.schema(&all); !told) return fail(std::move(told.error()));
  RowKeys keys(std::move(columns), std::move(*texts));
  for (std::int64_t i = 0; i < all.n_children; ++i) keys.places_.add(all.children[i]->name, keys.columns_.size());
  all.release(&all);
  return keys;
}

Result<std::string> RowKeys::of(std::uint64_t row) {
  cells_.clear();
  document_.clear();
  values_.assign(columns_.size(), {});
  if (Status told = texts_.append_cells(row, cells_); !told) return fail(std::move(told.error()));
  take_values(cells_);
  // What its column does not take is in the document.
  if (std::ranges::find(values_, std::string_view()) != values_.end()) {
    if (Status told = texts_.append_as_kept(row, document_); !told) return fail(std::move(told.error()));
    take_values(document_);
  }
  return key_text(columns_, values_);
}

/// Those that are not known yet.
void RowKeys::take_values(std::string_view row) {
  JsonMembers members(row);
  while (const auto member = members.next()) {
    const std::optional<std::size_t> place = places_.find(member->key);
    const bool is_wanted = place && *place < values_.size();
    if (is_wanted && values_[*place].empty()) values_[*place] = member->value;
  }
}

}  // namespace outfall::delivery
