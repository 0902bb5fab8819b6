// SPDX-License-Identifier: Apache-2.0
//
// The rows of a SQLite statement: as texts, and as record batches.
#pragma once

#include <memory>
#include <vector>

#include "outfall/arrow.h"
#include "sql/connection.h"
#include "sql/sqlite_handle.h"

namespace outfall::sql {

/// What a statement's rows need to stay.
using SqliteKeeper = std::shared_ptr<void>;

/// The row that the statement stands on, as SQLite would print it; floating point numbers with all of their digits.
void read_text_row(sqlite3_stmt* statement, TextRow& row);

std::vector<ColumnHeader> headers_of(sqlite3_stmt* statement);

/// The rows of a prepared statement, one at a time.
std::unique_ptr<TextCursor> make_sqlite_cursor(SqliteStatement statement, sqlite3* handle, SqliteKeeper keeper);

/// Whether columns that are declared as JSON say so (sql/json_field.h), or are texts.
enum class JsonFields { plain, marked };

/// The rows of a prepared statement as a stream. A column has the type that is declared for it, where the first rows
/// keep to it, else what their values are together: integers, numbers, texts, bytes.
///
/// Errors: of the stream: a later value is of another type than its column.
Status export_sqlite(SqliteStatement statement, sqlite3* handle, SqliteKeeper keeper, JsonFields json,
                     ArrowArrayStream* out);

}  // namespace outfall::sql
