// SPDX-License-Identifier: Apache-2.0
//
// Connections to SQLite files of users, with the SQLite that is linked: a second one in the process would drop the
// locks of this one.
#pragma once

#include <memory>
#include <string>

#include "sql/connection.h"

namespace outfall::sql {

/// The dataset that is the file itself.
inline constexpr std::string_view sqlite_main_dataset = "main";

struct SqliteOptions {
  enum class Access {
    read_write,  ///< made if missing
    read_only,   ///< statements that do more than read are refused
  };

  std::string path;
  Access access = Access::read_write;
  /// A dataset whose tables are found without its name before all others. Empty: main.
  std::string first_dataset{};
};

/// Where a dataset of the database stands: `main` is the file itself, another one is a file beside it, named as dlt
/// names it: dataset d of data.db is data__d.db.
std::string sqlite_dataset_path(const std::string& path, std::string_view dataset);

/// Opens the file. One that is made keeps a write-ahead log, so that readers never wait for a load; others stay as they
/// are. Every commit is synced.
///
/// Errors: the folder is missing or may not be written to, the file is something else: abandon; somebody writes to it
///         for longer than limits::sqlite_busy_max: retry.
/// Threads: safe.
Result<std::unique_ptr<Connection>> open_sqlite(const SqliteOptions& options);

}  // namespace outfall::sql
