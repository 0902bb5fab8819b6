// SPDX-License-Identifier: Apache-2.0
//
// One open DuckDB file of this process, shared by its connections and closed by the last of them.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "sql/duckdb_api.h"
#include "sql/duckdb_connection.h"

namespace outfall::sql {

/// A table of more columns is written by one thread, and may need more memory than was given.
inline constexpr std::size_t wide_columns = 50;
/// What DuckDB stores together.
inline constexpr std::uint64_t row_group_rows = 122'880;

/// Bytes that DuckDB may hold while it writes a table of so many columns.
std::size_t memory_for_columns(const DuckDbOptions& options, std::size_t columns);

class DuckDbDatabase {
 public:
  /// The database of the file; the one that is open already, if there is one. The file is known by device and inode, so
  /// that links to it lead to the same object.
  static Result<std::shared_ptr<DuckDbDatabase>> open(const DuckDbOptions& options);

  DuckDbDatabase(const DuckDbDatabase&) = delete;
  DuckDbDatabase& operator=(const DuckDbDatabase&) = delete;
  ~DuckDbDatabase();

  const DuckDbApi& api() const { return api_; }
  duckdb_database handle() const { return handle_; }
  const std::string& path() const { return path_; }
  Access access() const { return options_.access; }
  /// Those of the first connection, which decided memory and threads.
  const DuckDbOptions& options() const { return options_; }

 private:
  DuckDbDatabase(const DuckDbApi& api, duckdb_database handle, std::string path, DuckDbOptions options)
      : api_(api), handle_(handle), path_(std::move(path)), options_(std::move(options)) {}

  const DuckDbApi& api_;
  duckdb_database handle_;
  std::string path_;
  DuckDbOptions options_;
};

}  // namespace outfall::sql
