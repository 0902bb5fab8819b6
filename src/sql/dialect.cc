// SPDX-License-Identifier: Apache-2.0
//
// Writes identifiers and types as a dialect wants them.
#include "sql/dialect.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"

namespace outfall::sql {

namespace {

constexpr int integer_bits[] = {8, 16, 32, 64, 128};
constexpr int second_digits[] = {0, 3, 6, 9};

Result<std::string> integer_name(const Dialect& dialect, const ColumnType& type) {
  int bits = type.precision.value_or(64);
  for (std::size_t i = 0; i < std::size(integer_bits); ++i) {
    if (bits <= integer_bits[i] && !dialect.types.integers[i].empty()) return std::string(dialect.types.integers[i]);
  }
  return fail(fmt::format("{} has no integer of {} bits", dialect.name, bits), "declare the column as decimal");
}

Result<std::string> timestamp_name(const Dialect& dialect, const ColumnType& type) {
  if (type.timezone) return std::string(dialect.types.timestamp);
  int digits = type.precision.value_or(6);
  for (std::size_t i = 0; i < std::size(second_digits); ++i) {
    if (digits <= second_digits[i]) return std::string(dialect.types.timestamp_naive[i]);
  }
  return fail(fmt::format("{} has no timestamp with {} digits of a second", dialect.name, digits));
}

Result<std::string> decimal_name(const Dialect& dialect, const ColumnType& type) {
  int precision = type.precision.value_or(dialect.types.decimal_precision_max);
  int scale_default = type.type == DataType::wei ? dialect.types.wei_scale : dialect.types.decimal_scale_default;
  int scale = type.scale.value_or(std::min(scale_default, precision));
  if (precision < 1 || precision > dialect.types.decimal_precision_max || scale < 0 || scale > precision) {
    return fail(fmt::format("{} has no decimal of {} digits with {} behind the point", dialect.name, precision, scale),
                fmt::format("at most {} digits, and no more behind the point than there are",
                            dialect.types.decimal_precision_max));
  }
  return fmt::format(fmt::runtime(dialect.types.decimal), precision, scale);
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

std::string folded(const Dialect& dialect, std::string_view identifier) {
  std::string out(identifier);
  if (dialect.names == NameCase::sensitive) return out;
  // ASCII only, as the databases that compare so do it.
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

Status check_dataset_name(const Dialect& dialect, std::string_view dataset) {
  const auto refuse = [](std::string message) {
    return fail(Error{.message = std::move(message), .hint = "name another one with --dataset", .blame = Blame::usage});
  };
  if (dataset.empty()) return refuse("the name of the dataset is empty");
  if (dataset.contains('\0')) return refuse("the name of the dataset has a NUL character");
  if (!is_valid_utf8(dataset)) return refuse("the name of the dataset is not valid UTF-8");
  if (utf8_length(dataset) > dialect.identifier_length_max) {
    return refuse(fmt::format("the name of the dataset has more than {} characters", dialect.identifier_length_max));
  }
  const std::string name = folded(dialect, dataset);
  if (std::ranges::find(dialect.own_schemas, name) == dialect.own_schemas.end()) return {};
  return refuse(
      fmt::format("{} keeps the schema {} for itself, so no dataset can be called so", dialect.name, dataset));
}

}  // namespace outfall::sql
