// SPDX-License-Identifier: Apache-2.0
//
// What the ledger remembers, as plain values. Layers above read and write these; only the ledger knows the SQL behind them.
//
// Times are microseconds since 1970 UTC. Paths of job files are relative to the package's folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outfall::ledger {

/// One job file of a package: rows of one table, in input order.
struct JobRecord {
  std::string table;
  std::string file;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
};

enum class PackageState { pending, loaded };

/// A sealed package. It exists from the seal on, and will be delivered to `destination`, nowhere else.
struct PackageRecord {
  std::string load_id;
  std::string run_id;
  PackageState state = PackageState::pending;
  std::string destination;            ///< address without secrets
  std::string dataset;
  std::string schema_name;
  std::string schema_version_hash;
  std::string schema;                 ///< the complete schema document as JSON
  std::vector<std::string> replaced;  ///< root tables whose chains are emptied before the rows go in
  std::uint64_t documents = 0;        ///< rows of root tables: what the balance counts
  std::int64_t sealed_at = 0;
  std::optional<std::int64_t> loaded_at;
  int attempts = 0;
  std::string last_error;             ///< of the newest failed attempt
  std::vector<JobRecord> jobs;        ///< in the order in which they are loaded
};

/// An input is its content: where it stood, how long and how old it was, and the xxh3-128 of the bytes that were read (before
/// decompression), in hex.
struct InputRecord {
  std::string path;  ///< absolute
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::string hash;
  std::uint64_t documents = 0;
};

/// An input that some run sealed.
struct SealedInput {
  InputRecord input;
  std::string run_id;
  std::string load_id;
  std::int64_t sealed_at = 0;
  bool settled = false;  ///< a run that covers it has a recorded end: the next run of the same command loads it anew
};

struct RunRecord {
  std::string run_id;
  std::string command;  ///< what was asked for, without secrets
  std::string host;
  std::string boot_id;
  std::int64_t pid = 0;
  std::int64_t started_at = 0;
  std::optional<std::int64_t> ended_at;
  std::optional<int> ending;  ///< the exit code
  std::string trace;          ///< JSON: inputs, steps, times, jobs, rows, schema changes, errors
};

/// Where a live run stands; written at most a few times a second, for `outfall status`.
struct ProgressRecord {
  std::string run_id;
  std::string stage;
  std::uint64_t rows = 0;
  std::uint64_t rows_total = 0;   ///< 0: unknown
  std::uint64_t bytes = 0;
  std::uint64_t bytes_total = 0;  ///< 0: unknown
  std::int64_t updated_at = 0;
};

}  // namespace outfall::ledger
