// SPDX-License-Identifier: Apache-2.0
#include "shaped_document.h"

#include <cstring>
#include <utility>

#include "normalize/shaper.h"
#include "schema/table.h"

namespace outfall::vectors {
namespace {

using schema::Value;

constexpr normalize::RowIdSeed seed{1, 2, 3};

template <class T>
T fixed(const ArrowArray& array, std::int64_t row) {
  T value;
  std::memcpy(&value, static_cast<const char*>(array.buffers[1]) + static_cast<std::size_t>(row) * sizeof(T),
              sizeof(T));
  return value;
}

std::string text(const ArrowArray& array, std::int64_t row) {
  const auto begin = fixed<std::int32_t>(array, row);
  const auto end = fixed<std::int32_t>(array, row + 1);
  return {static_cast<const char*>(array.buffers[2]) + begin, static_cast<std::size_t>(end - begin)};
}

bool bit(const void* bits, std::int64_t row) {
  return (static_cast<const std::uint8_t*>(bits)[row / 8] >> (row % 8) & 1) != 0;
}

std::string digits_of(schema::Int128 value) {
  const bool negative = value < 0;
  std::string digits;
  for (auto rest = static_cast<schema::UnsignedInt128>(negative ? -value : value); rest != 0; rest /= 10) {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
  }
  return (negative ? "-" : "") + (digits.empty() ? "0" : digits);
}

Value value_at(const ArrowArray& array, const columnar::ColumnType& type, std::int64_t row) {
  if (array.buffers[0] != nullptr && !bit(array.buffers[0], row)) return {};
  switch (type.type) {
    case DataType::text:
      return Value::text(text(array, row));
    case DataType::json:
      return Value::json(text(array, row));
    case DataType::binary:
      return Value::binary(text(array, row));
    case DataType::bigint:
      return Value::bigint(fixed<std::int64_t>(array, row));
    case DataType::double_:
      return Value::real(fixed<double>(array, row));
    case DataType::bool_:
      return Value::boolean(bit(array.buffers[1], row));
    case DataType::timestamp:
      return Value::timestamp({fixed<std::int64_t>(array, row), 0});
    case DataType::date:
      return Value::date({fixed<std::int32_t>(array, row)});
    case DataType::time:
      return Value::time({fixed<std::int64_t>(array, row)});
    case DataType::decimal:
    case DataType::wei: {
      const std::string unscaled = digits_of(fixed<schema::Int128>(array, row));
      return Value::decimal(
          *schema::Decimal::parse(unscaled + "E-" + std::to_string(schema::decimal_shape(type).scale)));
    }
  }
  return {};
}

/// The table's columns in the order that the schema would give them.
std::vector<std::size_t> schema_order(const normalize::ShapedTable& table) {
  return {table.discovered.begin(), table.discovered.end()};
}

void add_rows(normalize::ShapedTable& table, std::vector<ShapedRow>& rows) {
  const std::size_t first = rows.size();
  for (std::uint32_t row = 0; row < table.rows; ++row)
    rows.push_back({.table = table.name, .parent_table = table.parent});
  for (const std::size_t place : schema_order(table)) {
    normalize::ShapedColumn& column = table.columns[place];
    if (!column.cells) continue;
    ArrowArray array;
    column.cells->release_into(&array);
    for (std::uint32_t row = 0; row < table.rows; ++row) {
      Value value = value_at(array, column.type, row);
      if (value.is_null()) continue;
      rows[first + row].cells.push_back(
          {.column = column.name, .variant = column.variant, .type = column.type, .value = std::move(value)});
    }
    array.release(&array);
  }
}

}  // namespace

normalize::Chunk make_chunk(const std::vector<std::string>& documents) {
  std::string bytes;
  normalize::Chunk chunk;
  std::uint64_t line = 1;
  for (const std::string& document : documents) {
    chunk.documents.push_back({.offset = static_cast<std::uint32_t>(bytes.size()),
                               .length = static_cast<std::uint32_t>(document.size()),
                               .line = line++});
    bytes += document + "\n";
  }
  chunk.capacity = bytes.size() + normalize::Chunk::padding;
  chunk.bytes = std::make_unique<std::byte[]>(chunk.capacity);
  std::memcpy(chunk.bytes.get(), bytes.data(), bytes.size());
  return chunk;
}

ShapedDocument shape_document(const std::string& document, const normalize::ShapeOptions& options) {
  const normalize::SchemaLog log;
  const std::vector<normalize::InputFacts> inputs{{.name = "case", .table = "tab"}};
  normalize::Shaper shaper(options, seed, inputs, log);
  normalize::ShapedChunk chunk = shaper.shape(make_chunk({document}));
  ShapedDocument shaped{.rows = {}, .error = std::move(chunk.error)};
  for (normalize::ShapedTable& table : chunk.tables) add_rows(table, shaped.rows);
  return shaped;
}

}  // namespace outfall::vectors
