// SPDX-License-Identifier: Apache-2.0
//
// Connections to DuckDB files.
//
// A process holds one database object a file, shared by all its connections: two would not see each other and would
// drop the file's lock. For the same reason nothing else of ours opens such a file, not even to look at it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "sql/connection.h"

namespace outfall::sql {

enum class Access { read_write, read_only };

struct DuckDbOptions {
  std::string path;
  Access access = Access::read_write;

  /// What DuckDB may hold; beyond it, it writes to disk. A transaction needs far less than it holds rows: 1.7 GB went
  /// through with a quarter of this. Rows of a table of more than 50 columns may raise it to 256 MiB and 1 MiB for each
  /// column, but not over half of the machine's memory.
  std::size_t memory_limit = std::size_t{1} << 30;

  /// 0: one a core. Rows of a table with more than 50 columns are inserted by one.
  int threads = 0;

  /// Told what was done when something that a power cut had torn was made good, so that the file could be opened: a log
  /// was cut off at its last whole commit, the checksum of a block was made to fit. Empty: such a file is refused.
  std::function<void(const std::string& sentence)> mended{};

  /// A load of ours into this file may have been interrupted: only then are torn blocks looked for and made good.
  bool load_interrupted = false;
};

/// Opens the file (read_write: creates it) and connects. Sessions run in UTC, and rows keep the order they came in.
///
/// The first connection of a process to a file decides memory and threads. A read-only one joins a database that is
/// open for writing in this process and still cannot write.
///
/// Errors: the folder is missing or not writable, the file is something else or of a newer version: abandon;
///         another process has it: retry.
/// Threads: safe.
Result<std::unique_ptr<Connection>> open_duckdb(const DuckDbOptions& options);

/// Whether open_duckdb failed because another process has the file.
bool is_taken(const Error& error);

/// Whether a checkpoint could not be made because another session is just writing.
bool is_other_writer(const Error& error);

/// Loads the library, which open_duckdb would do, and opens nothing.
///
/// Errors: usage: it is not there, or is not DuckDB.
Status find_duckdb();

}  // namespace outfall::sql
