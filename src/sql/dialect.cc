// SPDX-License-Identifier: Apache-2.0
//
// Writes identifiers and types as a dialect wants them.
#include "sql/dialect.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <system_error>
#include <utility>

#include "base/utf8.h"

namespace outfall::sql {

namespace {

constexpr int integer_bits[] = {8, 16, 32, 64, 128};
constexpr int naive_digits[] = {0, 3, 6, 9};

Result<std::string> integer_name(const Dialect& dialect, const ColumnType& type) {
  int bits = type.precision.value_or(64);
  for (std::size_t i = 0; i < std::size(integer_bits); ++i) {
    if (bits <= integer_bits[i] && !dialect.types.integers[i].empty()) return std::string(dialect.types.integers[i]);
  }
  return fail(fmt::format("{} has no integer of {} bits", dialect.name, bits), "declare the column as decimal");
}

Result<std::string> timestamp_name(const Dialect& dialect, const ColumnType& type) {
  if (type.with_timezone) return std::string(dialect.types.timestamp);
  int digits = schema::second_digits(type);
  for (std::size_t i = 0; i < std::size(naive_digits); ++i) {
    if (digits <= naive_digits[i]) return std::string(dialect.types.timestamp_naive[i]);
  }
  return fail(fmt::format("{} has no timestamp with {} digits of a second", dialect.name, digits));
}

Result<std::string> decimal_name(const Dialect& dialect, const ColumnType& type) {
  const auto [precision, scale] = schema::decimal_shape(type);
  if (precision < 1 || precision > dialect.types.decimal_precision_max || scale < 0 || scale > precision) {
    return fail(fmt::format("{} has no decimal of {} digits with {} behind the point", dialect.name, precision, scale),
                fmt::format("at most {} digits, and no more behind the point than there are",
                            dialect.types.decimal_precision_max));
  }
  return fmt::format(fmt::runtime(dialect.types.decimal), precision, scale);
}

/// `DECIMAL(10,2)` where the dialect writes `DECIMAL({},{})`.
std::optional<ColumnType> named_decimal(const Dialect& dialect, std::string_view word) {
  const std::string_view before = dialect.types.decimal.substr(0, dialect.types.decimal.find('{'));
  if (!word.starts_with(before)) return std::nullopt;
  const char* const end = word.data() + word.size();
  ColumnType type{.type = DataType::decimal, .precision = 0, .scale = 0};
  const auto precision = std::from_chars(word.data() + before.size(), end, *type.precision);
  if (precision.ec != std::errc{} || precision.ptr == end) return std::nullopt;
  const auto scale = std::from_chars(precision.ptr + 1, end, *type.scale);
  const Result<std::string> same = decimal_name(dialect, type);
  return scale.ec == std::errc{} && same && *same == word ? std::optional(type) : std::nullopt;
}

}  // namespace

std::string quoted(const Dialect& dialect, std::string_view identifier) {
  std::string out;
  out.reserve(identifier.size() + 2);
  out += dialect.quote;
  for (char c : identifier) {
    if (c == dialect.quote) out += c;
    out += c;
  }
  out += dialect.quote;
  return out;
}

std::string text_literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "''" : std::string(1, c);
  return out + "'";
}

std::string quoted(const Dialect& dialect, const TableName& name) {
  std::string out;
  if (!name.catalog.empty()) out = quoted(dialect, name.catalog) + ".";
  return out + quoted(dialect, name.schema) + "." + quoted(dialect, name.table);
}

std::string placeholder(int n) {
  return fmt::format("${}", n);
}

Result<std::string> type_name(const Dialect& dialect, const ColumnType& type) {
  const TypeWords& words = dialect.types;
  switch (type.type) {
    case DataType::text:
      if (!type.precision) return std::string(words.text);
      return fmt::format(fmt::runtime(words.text_of_length), *type.precision);
    case DataType::bigint:
      return integer_name(dialect, type);
    case DataType::double_:
      return std::string(words.double_);
    case DataType::bool_:
      return std::string(words.bool_);
    case DataType::timestamp:
      return timestamp_name(dialect, type);
    case DataType::date:
      return std::string(words.date);
    case DataType::time:
      return std::string(words.time);
    case DataType::decimal:
    case DataType::wei:
      return decimal_name(dialect, type);
    case DataType::binary:
      return std::string(words.binary);
    case DataType::json:
      return std::string(words.json);
  }
  return fail(fmt::format("{} has no such type", dialect.name));
}

std::optional<ColumnType> named_type(const Dialect& dialect, std::string_view word) {
  if (word.empty()) return std::nullopt;
  const TypeWords& words = dialect.types;
  const auto other = std::ranges::find(words.others, word, &OtherWord::word);
  if (other != words.others.end()) return other->type;
  for (const auto& [known, type] : {std::pair{words.text, DataType::text},
                                    {words.double_, DataType::double_},
                                    {words.bool_, DataType::bool_},
                                    {words.timestamp, DataType::timestamp},
                                    {words.binary, DataType::binary},
                                    {words.json, DataType::json},
                                    {words.date, DataType::date},
                                    {words.time, DataType::time}}) {
    if (word == known) return ColumnType{.type = type};
  }
  for (std::size_t i = 0; i < std::size(naive_digits); ++i) {
    if (word != words.timestamp_naive[i]) continue;
    return schema::without_default({.type = DataType::timestamp, .precision = naive_digits[i], .with_timezone = false});
  }
  for (std::size_t i = 0; i < std::size(integer_bits); ++i) {
    if (word != words.integers[i]) continue;
    return schema::without_default({.type = DataType::bigint, .precision = integer_bits[i]});
  }
  if (const std::optional<ColumnType> decimal = named_decimal(dialect, word)) return decimal;
  return dialect.other_type == nullptr ? std::nullopt : dialect.other_type(word);
}

schema::ValueRange named_range(const Dialect& dialect, std::string_view word) {
  if (word.empty()) return schema::ValueRange::whole;
  const auto other = std::ranges::find(dialect.types.others, word, &OtherWord::word);
  return other == dialect.types.others.end() ? schema::ValueRange::whole : other->range;
}

bool keeps_or_refuses(const Dialect& dialect, const ColumnType& type, std::string_view word) {
  const std::optional<ColumnType> known = named_type(dialect, word);
  if (known) return !schema::is_cut(type, *known);
  const auto& words = dialect.types.of_texts;
  const auto found =
      std::ranges::find_if(words, [word](std::string_view begin) { return !begin.empty() && word.starts_with(begin); });
  if (found == words.end() || word.ends_with(']')) return false;  // UUID[] is a list
  return type.type == DataType::text || (type.type == DataType::binary && found == words.begin());
}

bool is_named(const Dialect& dialect, const ColumnType& type, std::string_view word) {
  const Result<std::string> own = type_name(dialect, type);
  return (own && *own == word) || named_type(dialect, word) == type;
}

std::string folded(const Dialect& dialect, std::string_view identifier) {
  return dialect.names == NameCase::sensitive ? std::string(identifier) : ascii_lower(identifier);
}

bool is_same_name(const Dialect& dialect, std::string_view a, std::string_view b) {
  return folded(dialect, a) == folded(dialect, b);
}

Status check_dataset_name(const Dialect& dialect, std::string_view dataset) {
  const auto refuse = [](std::string message) {
    return fail(Error{.message = std::move(message), .hint = "name another one with --dataset", .blame = Blame::usage});
  };
  if (dataset.empty()) return refuse("the name of the dataset is empty");
  if (dataset.contains('\0')) return refuse("the name of the dataset has a NUL character");
  if (!is_valid_utf8(dataset)) return refuse("the name of the dataset is not valid UTF-8");
  const bool in_bytes = dialect.identifier_unit == IdentifierUnit::bytes;
  if ((in_bytes ? dataset.size() : utf8_length(dataset)) > dialect.identifier_length_max) {
    return refuse(fmt::format("the name of the dataset has more than {} {}", dialect.identifier_length_max,
                              in_bytes ? "bytes" : "characters"));
  }
  const std::string name = folded(dialect, dataset);
  if (std::ranges::find(dialect.own_schemas, name) == dialect.own_schemas.end()) return {};
  return refuse(
      fmt::format("{} keeps the schema {} for itself, so no dataset can be called so", dialect.name, dataset));
}

}  // namespace outfall::sql
