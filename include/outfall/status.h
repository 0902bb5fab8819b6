// SPDX-License-Identifier: Apache-2.0
//
// Status: what the data directory knows of its pipelines. Read from the outside, also while another process runs them;
// nothing is written, no lock is taken, no row is touched. Where state is shared with other runners, what they have
// pushed is fetched first, unless this machine holds the pipeline; that keeps nobody from anything.
//
// Each call is a snapshot. The functions are safe for several threads at once.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outfall/error.h"
#include "outfall/report.h"

namespace outfall {

enum class PackageState {
  pending,   ///< sealed, and not at the destination as a whole
  failed,    ///< the same, and job files wait for a person, because the destination has given them up
  aborting,  ///< what is pending of it is to be given up, which the next run brings to its end
  loaded,    ///< at the destination, and that was verified; or rejected there
  aborted,   ///< what was pending of it was given up, and counts as rejected
};

/// "pending", "failed" and so on.
std::string_view name(PackageState state);

/// Whether something of it may still be delivered.
inline bool is_pending(PackageState state) {
  return state == PackageState::pending || state == PackageState::failed || state == PackageState::aborting;
}

/// What became of the rows of one table of a package: each is in one of the three.
struct TableStatus {
  std::string name{};
  std::uint64_t delivered = 0;
  std::uint64_t rejected = 0;
  std::uint64_t pending = 0;
  std::uint64_t attempts = 0;  ///< failed ones, in all runs; of a destination that takes rows in batches
  std::uint64_t unknown = 0;   ///< of these, those of which nobody knows what became: the same rows were sent again
};

struct PackageStatus {
  std::string load_id{};
  std::string run_id{};  ///< the run that sealed it
  PackageState state = PackageState::pending;
  std::string destination{};  ///< address without secrets
  std::string dataset{};
  bool is_replay = false;       ///< its rows are those of dead letters
  std::uint64_t documents = 0;  ///< rows of root tables, without the rejected ones: delivered + pending
  std::uint64_t delivered = 0;  ///< documents that are at the destination
  std::uint64_t rejected = 0;   ///< documents of the same inputs that are in no table
  std::uint64_t pending = 0;    ///< documents that are still to be delivered
  std::uint64_t rows = 0;       ///< of the tables that the inputs fill, without the rejected ones
  std::uint64_t bytes = 0;      ///< of all job files
  Time sealed_at{};
  std::optional<Time> loaded_at{};  ///< or aborted
  bool files_kept = false;          ///< loaded, and its job files are still there
  std::uint64_t attempts = 0;       ///< failed ones, of the package or of batches of it, in all runs
  std::uint64_t unknown = 0;        ///< of these, those of which nobody knows what became
  std::string last_error{};
  std::vector<JobReport> jobs{};      ///< in the order in which they are loaded
  std::vector<TableStatus> tables{};  ///< those that the inputs fill
};

/// The process that holds a pipeline.
struct HolderStatus {
  std::string host{};
  std::int64_t pid = 0;
  Time since{};
};

/// Where the live run stands.
struct ProgressStatus {
  std::string run_id{};
  std::string stage{};  ///< extract, seal, load
  std::uint64_t rows = 0;
  std::optional<std::uint64_t> rows_total{};
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> bytes_total{};
  Time updated_at{};
};

struct RunStatus {
  std::string run_id{};
  std::string pipeline{};
  std::string command{};  ///< what was asked for, without secrets
  std::string host{};
  std::int64_t pid = 0;
  Time started_at{};
  std::optional<Time> ended_at{};  ///< empty: it runs, or it died
  std::optional<int> ending{};     ///< the exit code
  std::string trace{};             ///< its report as JSON (parse_report); empty before the end
};

struct PipelineStatus {
  std::string name{};
  std::string problem{};      ///< why its state store cannot be read; then the rest is empty
  std::string destination{};  ///< address without secrets; empty before the first run got so far
  std::string dataset{};
  std::optional<HolderStatus> holder{};      ///< empty: no process runs it
  std::optional<ProgressStatus> progress{};  ///< of the holder's run
  std::vector<PackageStatus> packages{};     ///< newest first
  std::vector<RunStatus> runs{};             ///< newest first
  std::uint64_t pending_packages = 0;
  std::uint64_t pending_documents = 0;
  std::uint64_t dead_letters = 0;   ///< rows that were rejected and are kept
  std::uint64_t state_bytes = 0;    ///< the state store on disk
  std::uint64_t package_bytes = 0;  ///< job files on disk
};

struct StatusOptions {
  std::string data_dir{};  ///< as in PipelineOptions
  std::string state{};     ///< as in PipelineOptions
  std::string pipeline{};  ///< empty: all
  std::size_t packages_max = 20;
  std::size_t runs_max = 10;
};

struct DataDirStatus {
  std::string data_dir{};                   ///< absolute
  std::vector<PipelineStatus> pipelines{};  ///< by name
};

/// A data directory that does not exist has no pipelines, and that is no error.
///
/// Errors:   usage: `pipeline` is named and not there, or nothing says where the data directory is; abandon: a state
/// store cannot be
///           read.
Result<DataDirStatus> status(const StatusOptions& options);

/// The data directory that a folder `.outfall/` stands before: what ran there is not seen while nothing names it.
/// Empty: there is none, or no pipeline has run there. `asked`: as PipelineOptions::data_dir.
std::string passed_over_data_dir(const std::string& asked);

/// One run, of whatever pipeline. `run_id` may be shortened as long as one run begins so.
///
/// Errors:   usage: no such run, or several.
Result<RunStatus> run_status(const std::string& data_dir, const std::string& run_id, const std::string& state = {});

/// As one JSON document without line breaks; the fields are in docs/command-line.md.
std::string to_json(const DataDirStatus& status);
std::string to_json(const RunStatus& run);

}  // namespace outfall
