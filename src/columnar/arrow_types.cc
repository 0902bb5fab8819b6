// SPDX-License-Identifier: Apache-2.0
//
// Arrow's types in our words.
#include <arrow/extension_type.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <optional>
#include <utility>

#include "columnar/arrow_batch.h"

namespace outfall::columnar {
namespace {

using arrow::Type;

/// What a type is, if it is anything to us.
std::optional<ColumnType> column_type(const arrow::DataType& type);

ColumnType integer_type(int bits, bool is_signed) {
  // An unsigned integer needs the next wider one.
  const int width = is_signed ? bits : bits * 2;
  return {.type = DataType::bigint, .precision = width >= 64 ? std::nullopt : std::optional(width)};
}

/// Microseconds are what a column has that says nothing.
std::optional<int> second_digits(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return 0;
    case arrow::TimeUnit::MILLI:
      return 3;
    case arrow::TimeUnit::MICRO:
      return std::nullopt;
    case arrow::TimeUnit::NANO:
      return 9;
  }
  return std::nullopt;
}

ColumnType decimal_type(const arrow::DecimalType& type) {
  const bool has_shape =
      type.precision() <= schema::decimal_precision_max && type.scale() >= 0 && type.scale() <= type.precision();
  if (!has_shape) return {.type = DataType::text};
  return {.type = DataType::decimal, .precision = type.precision(), .scale = type.scale()};
}

std::optional<ColumnType> extension_type(const arrow::ExtensionType& type) {
  if (type.extension_name() == "arrow.json") return ColumnType{.type = DataType::json};
  if (type.extension_name() == "arrow.uuid") return ColumnType{.type = DataType::text};
  return column_type(*type.storage_type());
}

std::optional<ColumnType> column_type(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::BOOL:
      return ColumnType{.type = DataType::bool_};
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
    case Type::INT64:
      return integer_type(type.bit_width(), true);
    case Type::UINT8:
    case Type::UINT16:
    case Type::UINT32:
    case Type::UINT64:
      return integer_type(type.bit_width(), false);
    case Type::HALF_FLOAT:
    case Type::FLOAT:
    case Type::DOUBLE:
      return ColumnType{.type = DataType::double_};
    case Type::NA:  // the field says that it has none
    case Type::STRING:
    case Type::LARGE_STRING:
    case Type::STRING_VIEW:
      return ColumnType{.type = DataType::text};
    case Type::BINARY:
    case Type::LARGE_BINARY:
    case Type::BINARY_VIEW:
      return ColumnType{.type = DataType::binary};
    case Type::FIXED_SIZE_BINARY:
      return ColumnType{.type = DataType::binary,
                        .precision = static_cast<const arrow::FixedSizeBinaryType&>(type).byte_width()};
    case Type::DATE32:
    case Type::DATE64:
      return ColumnType{.type = DataType::date};
    case Type::TIMESTAMP: {
      const auto& timestamp = static_cast<const arrow::TimestampType&>(type);
      return ColumnType{.type = DataType::timestamp,
                        .precision = second_digits(timestamp.unit()),
                        .with_timezone = !timestamp.timezone().empty()};
    }
    case Type::TIME32:
    case Type::TIME64:
      return ColumnType{.type = DataType::time,
                        .precision = second_digits(static_cast<const arrow::TimeType&>(type).unit())};
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL128:
    case Type::DECIMAL256:
      return decimal_type(static_cast<const arrow::DecimalType&>(type));
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::FIXED_SIZE_LIST:
    case Type::LIST_VIEW:
    case Type::LARGE_LIST_VIEW:
    case Type::MAP:
    case Type::STRUCT:
      return ColumnType{.type = DataType::json};
    case Type::DICTIONARY:
      return column_type(*static_cast<const arrow::DictionaryType&>(type).value_type());
    case Type::RUN_END_ENCODED:
      return column_type(*static_cast<const arrow::RunEndEncodedType&>(type).value_type());
    case Type::EXTENSION:
      return extension_type(static_cast<const arrow::ExtensionType&>(type));
    default:
      return std::nullopt;
  }
}

bool is_known(const arrow::DataType& type, int levels_left);

/// The same for the values of dictionaries and runs, which nobody encodes twice.
bool is_plain(const arrow::DataType& type, int levels_left) {
  const bool is_encoded =
      type.id() == Type::DICTIONARY || type.id() == Type::RUN_END_ENCODED || type.id() == Type::EXTENSION;
  return !is_encoded && is_known(type, levels_left);
}

/// Whether all types inside are known, and not too deep.
bool is_known(const arrow::DataType& type, int levels_left) {
  if (levels_left == 0 || !column_type(type)) return false;
  if (type.id() == Type::DICTIONARY) {
    return is_plain(*static_cast<const arrow::DictionaryType&>(type).value_type(), levels_left - 1);
  }
  if (type.id() == Type::RUN_END_ENCODED) {
    return is_plain(*static_cast<const arrow::RunEndEncodedType&>(type).value_type(), levels_left - 1);
  }
  if (type.id() == Type::EXTENSION) {
    return is_known(*static_cast<const arrow::ExtensionType&>(type).storage_type(), levels_left - 1);
  }
  for (const std::shared_ptr<arrow::Field>& field : type.fields()) {
    if (!is_known(*field->type(), levels_left - 1)) return false;
  }
  return true;
}

}  // namespace

Result<std::shared_ptr<const std::vector<ArrowField>>> describe_fields(const arrow::Schema& schema) {
  auto fields = std::make_shared<std::vector<ArrowField>>();
  fields->reserve(static_cast<std::size_t>(schema.num_fields()));
  for (const std::shared_ptr<arrow::Field>& field : schema.fields()) {
    if (!is_known(*field->type(), limits::arrow_type_depth_max)) {
      return fail(fmt::format("the column \"{}\" has the type {}, which no column of a table can hold", field->name(),
                              field->type()->ToString()),
                  "cast it in what writes the file: to a number, a timestamp or a text");
    }
    fields->push_back({.name = field->name(),
                       .type = *column_type(*field->type()),
                       .nullable = field->nullable(),
                       .has_type = field->type()->id() != Type::NA});
  }
  return fields;
}

bool stores_like(const ColumnType& column, const ColumnType& field) {
  if (column.type != field.type) return false;
  switch (column.type) {
    case DataType::bigint:
      return column.precision.value_or(64) >= field.precision.value_or(64);
    case DataType::decimal:
    case DataType::wei:
      return schema::decimal_shape(column) == schema::decimal_shape(field);
    case DataType::timestamp:
      return schema::stores_nanoseconds(column) == schema::stores_nanoseconds(field);
    case DataType::text:
      return !column.precision;
    default:
      return true;
  }
}

}  // namespace outfall::columnar
