// SPDX-License-Identifier: Apache-2.0
//
// Report: everything a run did, as values. The command line prints it; an embedder reads it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outfall/error.h"
#include "outfall/metrics.h"
#include "outfall/types.h"

namespace outfall {

/// How a run ended. The numbers are the exit codes of the command line; several causes: failed, then pending, then
/// rejected.
enum class Ending {
  delivered = 0,      ///< every row of the run is at the destination
  failed = 1,         ///< nothing half-visible; Report::error says what
  misuse = 2,         ///< options or configuration wrong; nothing was touched
  rejected = 3,       ///< finished, but rows were rejected or bad files skipped
  pending = 4,        ///< stopped with sealed work pending: resume finishes it
  busy = 5,           ///< another process holds the pipeline
  interrupted = 130,  ///< stopped by the caller (SIGINT)
  terminated = 143,   ///< stopped by the caller (SIGTERM)
};

/// Every row that went in is in exactly one of the other three: in = delivered + rejected + pending. A dry run only
/// counts what would go in.
struct Balance {
  std::uint64_t in = 0;
  std::uint64_t delivered = 0;
  std::uint64_t rejected = 0;
  std::uint64_t pending = 0;
};

/// A column that took a value of another type than its own, so the value went to a column beside it.
struct VariantReport {
  std::string column;       ///< the variant column
  std::string base_column;  ///< the column whose type did not fit
  std::string first_value;  ///< at most 80 bytes of it
  std::string input;        ///< the file of the first value
  std::uint64_t line = 0;   ///< its line, counted from 1
  bool is_stated = false;   ///< the base column has its type from --column or the like, and no policy changes it
};

/// A column that got another type because of a value that did not fit (TypeConflicts).
struct WidenedReport {
  std::string column;
  std::string from;  ///< types as --column has them
  std::string to;
  std::string first_value;  ///< at most 80 bytes of the value that did not fit
  std::string input;        ///< its file
  std::uint64_t line = 0;   ///< its line, counted from 1
};

/// Values that a contract has left out (ContractMode::discard_value).
struct DiscardReport {
  std::string table;
  std::string column;  ///< whose values they are; empty: they would have been rows of the table
  std::string entity;  ///< what the contract is about: tables, columns, data_type
  std::uint64_t values = 0;
  std::string first_value;  ///< at most 80 bytes of it
  std::string input;        ///< the file of the first value
  std::uint64_t line = 0;   ///< its line, counted from 1
};

/// What a dry run says of the rows of a table.
struct RowPlan {
  std::uint64_t add = 0;
  std::uint64_t change = 0;
  std::optional<std::uint64_t> remove;  ///< none: unknown, because pending work comes before
};

/// Of a dry run: what a destination that takes rows in batches would be handed first.
struct FirstCall {
  std::string table;
  std::uint64_t rows = 0;         ///< of the batch
  std::vector<std::string> json;  ///< the first three of them at most, of 64 KiB together unless one alone has more
};

/// What became of the rows of a root table by their keys.
struct MergeReport {
  std::uint64_t duplicates = 0;  ///< rows of the load in whose place another one with the same primary key came
  std::uint64_t removed = 0;     ///< rows that the table had; as many of them as came again are among `inserted`
  std::uint64_t updated = 0;
  std::uint64_t ended = 0;  ///< versions of rows that hold no longer
  std::uint64_t inserted = 0;
};

struct TableReport {
  std::string name;
  std::string parent;      ///< empty for a root table
  std::uint64_t rows = 0;  ///< of this run, without the rejected ones
  /// Sealed, and not at the destination yet. Of a run those of its own package, which are in `rows`; of a resume,
  /// beside `rows`, those of packages that it began.
  std::uint64_t rows_pending = 0;
  std::uint64_t rows_rejected = 0;       ///< that the destination has rejected in this run
  std::uint64_t attempts = 0;            ///< batches that failed in this run, as often as they did
  std::uint64_t unknown = 0;             ///< of these, those of which nobody knows what became
  std::vector<std::string> new_columns;  ///< added to the destination by this run
  std::vector<VariantReport> variants;
  std::vector<WidenedReport> widened;
  bool created = false;                 ///< the table itself is new
  std::optional<MergeReport> merged{};  ///< of a root table whose rows were merged by their keys
  std::optional<RowPlan> plan;          ///< of a dry run only
};

/// One job file of a package.
struct JobReport {
  std::string table{};
  std::string file{};  ///< relative to the package's folder
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
};

/// What was done, when, and how long it took.
struct StepReport {
  std::string name;     ///< as name(Progress::Stage): extract (twice where types were settled), seal, load
  std::string load_id;  ///< empty for a dry run
  Time started_at{};
  std::chrono::nanoseconds elapsed{};
  std::uint64_t rows = 0;    ///< documents that were read, or rows of all tables that were loaded
  std::uint64_t bytes = 0;   ///< read from the inputs
  bool is_finished = false;  ///< it was done to its end
};

enum class InputFate {
  loaded,    ///< read and sealed by this run
  finished,  ///< sealed by an earlier run that did not end, and delivered by now; `run` names it
  pending,   ///< sealed by such a run or by this one, and its package is not at the destination yet
  changed,   ///< loaded before with other content, loaded again
  bad,       ///< it cannot be read to its end, and no row of it is loaded (on_bad_files)
  missing,   ///< it is not there (allow_missing)
  skipped,   ///< this content is already complete, and the caller asked to skip such (skip_loaded)
};

/// A row that was rejected: where its fault was seen, and why.
struct RejectReport {
  std::string input;
  std::string table;
  std::uint64_t line = 0;    ///< where the fault was seen, counted from 1
  std::uint64_t column = 0;  ///< in characters; 0: the destination refused it, and `line` counts what became rows
  std::string reason;
  std::string hint;
};

struct InputReport {
  std::string path;     ///< absolute; "-" for standard input
  std::string run_key;  ///< what standard input is recognized by; empty: a file, or by nothing
  InputFate fate = InputFate::loaded;
  std::string run;              ///< the earlier run, where fate is `finished`, `pending` or `skipped`
  bool aborted = false;         ///< skipped, and of the earlier load what was not delivered was given up
  std::uint64_t documents = 0;  ///< that became rows
  std::uint64_t rejected = 0;
  std::uint64_t bytes = 0;  ///< read from the file, before decompression
  std::string hash;         ///< xxh3-128 of these bytes in hex; empty: not read, or not to be recognized
  /// Facts worth a line: "grew while it was read", "already loaded at ... as load ...".
  std::vector<std::string> notes;
};

struct PackageReport {
  std::string load_id;
  bool resumed = false;         ///< sealed by an earlier run
  bool failed = false;          ///< pending, and job files wait for a person (outfall/package.h)
  bool held = false;            ///< pending, and its destination has rejected rows that no run has let go
  std::uint64_t rows = 0;       ///< of the tables that the inputs fill
  std::vector<JobReport> jobs;  ///< in the order in which they are loaded; those that describe the load as well
};

/// The state that a run has shared with other runners (PipelineOptions::state).
struct StateReport {
  std::string address{};            ///< without secrets
  std::uint64_t pushes = 0;         ///< by this run, when it was told
  std::optional<Time> pushed_at{};  ///< the newest of them
  bool is_complete = false;         ///< all that was done until then is pushed
  std::string guarantee{};          ///< of another runner that goes on with it; empty: none
};

struct Report {
  Ending ending = Ending::failed;
  std::optional<Error> error;
  DeliveryMode mode = DeliveryMode::none;
  std::string run_id;
  std::string pipeline;
  std::string called;  ///< what commands call the pipeline by, where its name alone may mean another one
  std::string dataset;
  std::string destination;  ///< address without secrets
  std::string data_dir;
  std::optional<StateReport> state;             ///< none: it is shared with nobody
  Balance balance;                              ///< counts documents (rows of root tables)
  std::vector<PackageReport> packages;          ///< delivered by this run
  std::vector<PackageReport> pending_packages;  ///< sealed, and not at the destination yet
  std::vector<TableReport> tables;
  std::vector<InputReport> inputs;
  std::vector<StepReport> steps;         ///< in their order
  std::vector<RejectReport> rejects;     ///< the first ten that this run read
  std::vector<DiscardReport> discarded;  ///< by contracts
  std::uint64_t dead_letters = 0;        ///< rejected rows that are kept (outfall/dead_letter.h)
  std::vector<std::string> notes;
  std::uint64_t duplicate_keys = 0;  ///< repeated keys inside one object: the last value won
  std::uint64_t bytes_read = 0;
  std::chrono::nanoseconds elapsed{};
  Metrics metrics;  ///< what the destination has counted
  bool dry_run = false;
  bool fails_on_reject = false;         ///< RunOptions::on_reject was OnReject::fail
  std::optional<FirstCall> first_call;  ///< of a dry run; none: there is no row, or packages are taken as a whole
};

/// What a resume did.
struct ResumeReport {
  Ending ending = Ending::delivered;  ///< the worst of all
  std::optional<Error> error;         ///< no pipeline could be looked at
  std::string data_dir;
  std::vector<Report> pipelines;   ///< one each that had something to finish, or was named; in the order of their names
  std::vector<std::string> notes;  ///< facts worth a line, such as what was left to other programs
};

std::string_view name(Ending ending);

/// How a call that failed with this error ended. Which signal interrupted it only the caller knows.
Ending ending_of(const Error& error);

std::string_view name(InputFate fate);

/// The report as one JSON document without line breaks: what `--json` prints and what the state store keeps of a run.
/// The fields are in docs/command-line.md.
std::string to_json(const Report& report);

/// A report from what to_json wrote, also by a program that knew fewer fields: they are as in an empty report.
///
/// Errors: abandon: it is no JSON object.
Result<Report> parse_report(std::string_view json);

}  // namespace outfall
