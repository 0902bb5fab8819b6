// SPDX-License-Identifier: Apache-2.0
//
// Arrow's side of ArrowRows, for the files of this folder that read through Arrow C++.
#pragma once

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <optional>
#include <vector>

#include "columnar/arrow_rows.h"

namespace outfall::columnar {

struct ArrowRows::Batch {
  std::shared_ptr<const std::vector<ArrowField>> fields;
  std::shared_ptr<arrow::RecordBatch> records;
};

/// What the columns are to us. Errors: a type that no column of ours can hold (names the column).
Result<std::shared_ptr<const std::vector<ArrowField>>> describe_fields(const arrow::Schema& schema);

/// Bytes that rows [begin, begin + count) of a column take as cells, at least about.
std::size_t cell_bytes(const arrow::Array& column, std::int64_t begin, std::int64_t count);

/// A value, and where it really lies: dictionaries and runs are looked through.
struct ArrowPlace {
  const arrow::Array* array;
  std::int64_t row;
};
ArrowPlace place_of(const arrow::Array& array, std::int64_t row);

/// A column of a batch, looked into once for many rows.
struct ColumnValues {
  const arrow::Array* array = nullptr;  ///< null: no row has a value
  bool is_plain = true;                 ///< no dictionary, no runs

  static ColumnValues of(const arrow::Array& column);
  /// None where the row has no value.
  std::optional<ArrowPlace> at(std::int64_t row) const {
    if (array == nullptr) return std::nullopt;
    const ArrowPlace place = is_plain ? ArrowPlace{array, row} : place_of(*array, row);
    return place.array->IsNull(place.row) ? std::nullopt : std::optional(place);
  }
};

/// Dictionaries and runs, whose values are looked up.
bool is_encoded(const arrow::Array& array);

/// Of the values, if they are looked up.
std::shared_ptr<arrow::DataType> plain_type(const arrow::DataType& type);
std::shared_ptr<arrow::Schema> plain_schema(const arrow::Schema& schema);

/// The same values, one for each row: who reads it need not know of runs and dictionaries.
arrow::Result<std::shared_ptr<arrow::Array>> plain_array(const std::shared_ptr<arrow::Array>& array);

/// Appends a value as JSON: what a nested value looks like in a column of ours. Null is `null`. False: a text in it is
/// not UTF-8.
bool append_arrow_json(std::string& out, const arrow::Array& array, std::int64_t row);

/// Appends a value that is not nested as text: texts as they are, bytes in base64, points in time as ISO 8601.
void append_arrow_text(std::string& out, const arrow::Array& array, std::int64_t row);

}  // namespace outfall::columnar
