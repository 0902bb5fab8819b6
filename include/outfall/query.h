// SPDX-License-Identifier: Apache-2.0
//
// query: looks at what is in a destination, without another program.
//
//   auto looked = outfall::query({.destination = "duckdb:github.duckdb", .statement = "select * from events limit 3"},
//                                {.row = [](std::span<const outfall::QueryCell> cells) { return print(cells); }});
//
// Rows are handed over one at a time as they arrive; memory does not grow with the result.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "outfall/error.h"
#include "outfall/types.h"

namespace outfall {

struct QueryColumn {
  std::string name{};
  std::string type{};  ///< the database's own word: BIGINT, VARCHAR, TIMESTAMP WITH TIME ZONE, ...
};

/// A value as the database prints it; empty for NULL. Borrowed: it lives until the callback returns.
using QueryCell = std::optional<std::string_view>;

enum class QueryAccess {
  read_only,  ///< the destination refuses whatever would change it
  write,      ///< statements may change the destination; it is made if it is missing
};

struct QueryOptions {
  /// With a `:` an address (`duckdb:PATH`, `duckdb:///PATH`), else the name of a destination of the configuration, or
  /// of a pipeline: then its destination and dataset.
  std::string destination{};
  /// One statement.
  std::string statement{};
  /// Where names without a schema are looked up. Empty: the pipeline's dataset; for an address the one that it holds,
  /// if it holds exactly one.
  std::string dataset{};
  /// As in PipelineOptions; only for the name of a pipeline.
  std::string data_dir{};
  std::string state{};
  QueryAccess access = QueryAccess::read_only;
  /// Bytes that the database may hold before it writes to disk.
  std::size_t memory = std::size_t{1} << 30;
  /// Ends the statement with an error whose blame is `interrupted`.
  std::stop_token stop{};
};

/// Who takes the result. Both are called from the thread that called `query`; either may be empty.
struct QueryReader {
  /// Once, before the first row, also when there is none.
  std::function<void(std::span<const QueryColumn>)> columns{};
  /// Once a row, in the order of the result; as many cells as columns. False ends the query: enough was seen.
  std::function<bool(std::span<const QueryCell>)> row{};
};

struct QueryReport {
  std::uint64_t rows = 0;     ///< handed to the reader; one row with the count for a statement that changes rows
  bool complete = true;       ///< false: the reader had enough
  std::string destination{};  ///< address without secrets
  std::string dataset{};      ///< what the search path was set to; empty: the database's own default
  std::vector<std::string> others{};  ///< further datasets of the destination
};

/// Runs one statement in a session whose time zone is UTC.
///
/// Errors:   usage: no such destination or pipeline, or both; an address of an unknown kind; abandon: the statement is
/// wrong, or would write
///           without QueryAccess::write; retry: another process has the database open; interrupted: `stop`.
/// Threads:  safe; each call has a session of its own.
Result<QueryReport> query(const QueryOptions& options, const QueryReader& reader);

/// The same, and writes the rows with their types to a file descriptor: a file or a pipe, which stays open. A pipe that
/// nobody reads any more ends the query; then the report is not complete.
///
/// Errors:   also: what the system answers to a write; a column whose type or values the format does not hold
///           exactly.
Result<QueryReport> query_into(const QueryOptions& options, RowsFormat format, int descriptor);

}  // namespace outfall
