// SPDX-License-Identifier: Apache-2.0
//
// ShapedChunk: the rows of one chunk as columns, with everything the worker assumed or found on the way.
#pragma once

#include <algorithm>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/column_builder.h"
#include "normalize/schema_log.h"
#include "normalize/table_contract.h"
#include "normalize/type_conflicts.h"
#include "outfall/error.h"
#include "schema/table.h"

namespace outfall::normalize {

/// Some of schema::system_column_names, by their places there.
using SystemColumnSet = std::bitset<schema::system_column_names.size()>;

inline void add(SystemColumnSet& columns, std::string_view name) {
  const auto found = std::ranges::find(schema::system_column_names, name);
  columns.set(static_cast<std::size_t>(found - schema::system_column_names.begin()));
}

struct ShapedColumn {
  std::string name;
  schema::ColumnType type;
  bool nullable = true;
  bool declared = false;
  bool variant = false;
  bool constant = false;                         ///< no cells: the committer fills in the text
  std::optional<columnar::ColumnBuilder> cells;  ///< as many rows as the table; none for a column only relied on
};

/// The first value of the chunk that went into a variant column.
struct ShapedVariant {
  std::uint32_t column = 0;  ///< in ShapedTable::columns
  std::string base_column;
  std::string value;
  std::uint64_t line = 0;
};

struct ShapedTable {
  std::string name;
  std::string parent;  ///< empty for a root table
  std::uint32_t rows = 0;
  std::optional<columnar::ColumnBuilder> documents{};  ///< the rows as JSON, beside their cells
  std::vector<ShapedColumn> columns;                   ///< those with cells or assumptions
  std::vector<std::uint32_t> discovered;  ///< columns that the committed schema may lack, in the order they would get
  std::vector<std::uint32_t> assumed;     ///< columns that must have the stated type there
  std::vector<std::string> flattened;     ///< columns that must not be JSON there
  std::vector<ShapedVariant> variants;
  std::vector<ConflictSighting> conflicts;  ///< with places in `columns`
};

/// A document of the chunk that was left out, and why.
struct LeftOut {
  std::size_t document = 0;  ///< in Chunk::documents or Chunk::rows
  std::uint64_t line = 0;    ///< where it was seen
  std::uint64_t column = 0;  ///< 0: rows are all that is counted
  std::string message;
  std::string hint;
  std::string text{};        ///< of a row that came as columns, as JSON
  bool by_contract = false;  ///< it is asked for, whatever becomes of bad documents
};

struct ShapedChunk {
  std::vector<ShapedTable> tables;  ///< those with rows
  std::vector<LeftOut> left_out;
  std::uint64_t documents = 0;  ///< that are in the tables
  std::uint64_t duplicate_keys = 0;
  std::uint64_t numbers_as_text = 0;  ///< integers that no decimal has the digits for
  SystemColumnSet system_columns_left_out;
  std::vector<Discard> discards;  ///< what contracts have left out, each column once
  std::vector<NameClaim> claims;  ///< of its keys, each once, in the order in which they were met
  std::uint32_t input = 0;
  std::optional<Error> error;  ///< of the first document that ends the run; the chunk is not to be committed then
};

}  // namespace outfall::normalize
