// SPDX-License-Identifier: Apache-2.0
//
// SqliteInsert: rows of record batches through one prepared INSERT.
//
// SQLite stores any value in any column, and turns texts that look like numbers into numbers of 15 digits where the
// declared type says so. So each value is held against the column first: it is kept as it is, or its row is refused.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outfall/arrow.h"
#include "sql/arrow_cells.h"
#include "sql/connection.h"
#include "sql/sqlite_handle.h"

namespace outfall::sql {

/// What SQLite does to values by the declared type of their column.
enum class Affinity : std::uint8_t { text, numeric, integer, real, none };
Affinity affinity_of(std::string_view declared);

/// Whether a text is stored as the same text, or as a number with all of its digits.
bool survives(std::string_view text, Affinity affinity);

class SqliteInsert {
 public:
  /// `declared`: the types of the columns, in the same order. All outlive the object.
  static Result<SqliteInsert> make(sqlite3* handle, const TableName& table, const InsertColumns& columns,
                                   const std::vector<std::string>& declared, const ArrowSchema& schema);

  /// Inserts the rows of a batch. `first`: the number of the first among all rows, for messages.
  ///
  /// Errors: one says which row it is, and why; those before it are in.
  Status insert(const ArrowArray& batch, std::uint64_t first, const std::atomic<bool>& cancelled);

  /// The row that it failed for. None: it failed for something else.
  const std::optional<RefusedRow>& refused() const { return refused_; }

 private:
  struct Column {
    std::string name;
    std::string declared;
    Affinity affinity = Affinity::none;
    bool is_suited = true;  ///< it takes such values at all
    ArrowCells cells;
    std::int64_t child = 0;  ///< of the batch
    std::string scratch{};   ///< what is bound, until the row is in
  };

  SqliteInsert(sqlite3* handle, SqliteStatement statement, std::vector<Column> columns)
      : handle_(handle), statement_(std::move(statement)), columns_(std::move(columns)) {}

  /// An empty reason: it is bound.
  std::string bind(Column& column, int index, std::int64_t row);
  std::string bind_text(Column& column, int index, std::string_view text);
  Status refuse(std::uint64_t row, std::string reason);

  sqlite3* handle_;
  SqliteStatement statement_;
  std::vector<Column> columns_;
  std::optional<RefusedRow> refused_{};
};

}  // namespace outfall::sql
