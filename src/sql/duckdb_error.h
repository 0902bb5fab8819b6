// SPDX-License-Identifier: Apache-2.0
//
// What DuckDB's errors mean to us. This is the edge where a native error gets its remedy.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "outfall/error.h"
#include "sql/connection.h"
#include "sql/duckdb_api.h"

namespace outfall::sql {

/// An error of a running statement. Its first line becomes the message, the remedy follows its class.
Error duckdb_error(duckdb_error_type type, std::string_view answer);

/// Whether a database was not opened because of a log that DuckDB can replay where the file is attached to another one.
bool is_replayable_attached(const Error& error);

/// Why a database file could not be opened; DuckDB gives only text there.
Error duckdb_open_error(const std::string& path, std::string_view answer);

/// Whether the answer is about a row, which DuckDB never names.
std::optional<RefusedRow> duckdb_refused_row(const Error& error);

}  // namespace outfall::sql
