// SPDX-License-Identifier: Apache-2.0
//
// Runs documents through the shaper in memory and gives the rows back as values, for the cases about normalizing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "normalize/normalizer.h"
#include "schema/value.h"

namespace outfall::vectors {

struct ShapedCell {
  std::string column;
  bool variant = false;
  columnar::ColumnType type;
  schema::Value value;
};

struct ShapedRow {
  std::string table;
  std::string parent_table;
  std::vector<ShapedCell> cells;  ///< those that are not null, in the order of the table's columns
};

struct ShapedDocument {
  std::vector<ShapedRow> rows;  ///< table by table, each in its order
  std::optional<Error> error;
};

/// Shapes one document of table `tab` with a fresh shaper.
ShapedDocument shape_document(const std::string& document, const normalize::ShapeOptions& options);

/// A chunk of these documents, one a line.
normalize::Chunk make_chunk(const std::vector<std::string>& documents);

}  // namespace outfall::vectors
