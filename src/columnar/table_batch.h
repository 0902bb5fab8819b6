// SPDX-License-Identifier: Apache-2.0
//
// A batch of rows of one table as the Arrow C Data Interface wants it: a struct with one child a column.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "columnar/column_builder.h"
#include "outfall/arrow.h"

namespace outfall::columnar {

/// How the rows of a column stand in its array.
enum class Encoding : std::uint8_t {
  plain,
  constant,  ///< dictionary-encoded text, as make_constant_text_array makes it
  runs,      ///< run-end encoded: a column with few values among many rows
};

struct BatchColumn {
  std::string name;
  ColumnType type;
  bool nullable = true;
  Encoding encoding = Encoding::plain;

  bool operator==(const BatchColumn&) const = default;
};

/// Describes batches of these columns. The caller releases it.
void make_batch_schema(std::span<const BatchColumn> columns, ArrowSchema* out);

/// Joins columns of `rows` rows each to one batch, which owns them.
void make_batch(std::vector<ArrowArray> columns, std::int64_t rows, ArrowArray* out);

}  // namespace outfall::columnar
