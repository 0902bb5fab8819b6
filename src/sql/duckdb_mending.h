// SPDX-License-Identifier: Apache-2.0
//
// Opens DuckDB files that DuckDB itself refuses: with a log that a power cut has torn or that it cannot replay, or with
// torn blocks of metadata.
#pragma once

#include <functional>
#include <string>

#include "outfall/error.h"
#include "sql/duckdb_api.h"
#include "sql/duckdb_connection.h"

namespace outfall::sql {

struct Opener {
  const DuckDbApi& api;
  std::function<Result<duckdb_database>(const std::string& path, const DuckDbOptions& options)> open;
};

/// Opens the file, if need be after its log, which DuckDB could not read, was made good: each kind of trouble once.
Result<duckdb_database> open_or_mend_log(const Opener& opener, const std::string& path, const DuckDbOptions& options);

/// Makes torn blocks good, also those that DuckDB would meet only later. All or none, but for what DuckDB has written
/// since.
Status mend_blocks(const Opener& opener, const std::string& path, const DuckDbOptions& options);

}  // namespace outfall::sql
