// SPDX-License-Identifier: Apache-2.0
//
// The statements that read one table or query, all of it or what is new behind a cursor.
//
// What the database calls the newest value is asked of the database, and so is which rows lie where: it alone knows how
// its values are ordered.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "columnar/arrow_reader.h"
#include "outfall/database_input.h"
#include "outfall/error.h"
#include "sources/sql/cursor_state.h"
#include "sql/connection.h"

namespace outfall::sources {

/// What rows are read from.
struct Relation {
  std::string called;   ///< in messages
  std::string query{};  ///< a person's; empty: it is a table
  std::string from{};   ///< what stands behind FROM
  std::vector<sql::ColumnHeader> columns{};

  const sql::ColumnHeader* find(const std::string& column) const;
};

/// A table, by its quoted name. Errors: it cannot be read.
Result<Relation> describe_table(sql::Connection& connection, std::string called, std::string quoted_name);

/// Errors: usage: it is no single query, does not parse, or two of its columns are called the same.
Result<Relation> describe_query(sql::Connection& connection, std::string called, const std::string& query);

/// What a SELECT of the relation gives, and what its texts stand for.
struct Reading {
  std::string statement;
  columnar::WrittenTypes written{};
};

/// Reads all of it, as it is ordered by itself.
Reading read_all(const sql::Dialect& dialect, const Relation& relation);

/// Errors: usage: there is no such column, or nothing can be taken from its values.
Status check_cursor(const sql::Dialect& dialect, const Relation& relation, const std::string& column,
                    const std::optional<CursorLag>& lag);

struct CursorQuestion {
  std::string column;
  std::optional<CursorLag> lag{};
  std::optional<CursorValue> last{};  ///< none: nothing was read so far
};

/// Rows that are read together.
struct CursorPart {
  enum class Rows : std::uint8_t {
    between,  ///< none has the last value, or the newest
    at_last,
    at_newest,
    at_both,  ///< the newest value is still the last one
  };
  Rows rows = Rows::between;
  Reading reading;
};

struct CursorPlan {
  std::vector<CursorPart> parts{};  ///< from the oldest to the newest; none: nothing is new
  std::optional<CursorValue> newest{};
  /// The last value is newer than all that there is, and stays.
  bool is_behind = false;
};

/// Asks the database what there is. Errors: a row has no value there; the values have no order.
Result<CursorPlan> plan_cursor(sql::Connection& connection, const Relation& relation, const CursorQuestion& question);

}  // namespace outfall::sources
