// SPDX-License-Identifier: Apache-2.0
//
// One open DuckDB file of this process, shared by its connections and closed by the last of them.
#pragma once

#include <memory>
#include <string>

#include "sql/duckdb_api.h"
#include "sql/duckdb_connection.h"

namespace outfall::sql {

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
  Access access() const { return access_; }

 private:
  DuckDbDatabase(const DuckDbApi& api, duckdb_database handle, std::string path, Access access)
      : api_(api), handle_(handle), path_(std::move(path)), access_(access) {}

  const DuckDbApi& api_;
  duckdb_database handle_;
  std::string path_;
  Access access_;
};

}  // namespace outfall::sql
