// SPDX-License-Identifier: Apache-2.0
//
// The linked SQLite for databases of users: handles that close themselves, and its answers as errors. What belongs to
// us alone goes through base/sqlite.h.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>
#include <string_view>

#include "outfall/error.h"

namespace outfall::sql {

struct CloseSqlite {
  void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};
using SqliteHandle = std::unique_ptr<sqlite3, CloseSqlite>;

struct FinalizeSqlite {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using SqliteStatement = std::unique_ptr<sqlite3_stmt, FinalizeSqlite>;

/// What SQLite answered, and whether trying again can help.
Error sqlite_error(sqlite3* handle, int code);

/// Whether a statement failed with this code for what a row is.
bool refuses_rows(int code);

/// Errors: also: several statements, or none.
Result<SqliteStatement> prepare_sqlite(sqlite3* handle, std::string_view statement);

}  // namespace outfall::sql
