// SPDX-License-Identifier: Apache-2.0
//
// Pipeline: loads a source into a destination, so that a crash at any moment loses nothing and doubles nothing.
//
//   outfall::Pipeline pipeline({.name = "github", .destination = "duckdb:github.duckdb"});
//   outfall::Report report = pipeline.run({.inputs = {"github_events.jsonl"}});
//
// State lives in the data directory (one SQLite file a pipeline); the rows of unfinished packages stand beside it. One
// process at a time may run a pipeline; others are refused, or wait for lock_wait.
//
// A Pipeline prints nothing, installs no signal handler and starts no thread that outlives `run`. One object is used
// from one thread; different pipelines may run at once.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "outfall/batches.h"
#include "outfall/capabilities.h"
#include "outfall/contract.h"
#include "outfall/custom_destination.h"
#include "outfall/database_input.h"
#include "outfall/error.h"
#include "outfall/memory_input.h"
#include "outfall/report.h"
#include "outfall/types.h"

namespace outfall {

/// Where a run stands. Counts only grow within a stage.
struct Progress {
  enum class Stage {
    extract,
    seal,
    load,
    open,  ///< told only where it lasts: the destination is opened, told of an abort, or ends
  };
  Stage stage = Stage::open;
  std::uint64_t rows = 0;                      ///< documents read, or rows written (all tables) while loading
  std::optional<std::uint64_t> rows_total{};   ///< known while loading
  std::uint64_t bytes = 0;                     ///< of the inputs, before decompression
  std::optional<std::uint64_t> bytes_total{};  ///< unknown for stdin
  std::string load_id{};
  /// What nothing goes on without, where that lasts: "3.2 s to send batch 4 of users again: HTTP 429", "for the answer
  /// to begin_load, 65 s so far". Empty: rows go on.
  std::string waiting{};
};

/// "open", "extract", "seal", "load"
std::string_view name(Progress::Stage stage);

struct PipelineOptions {
  /// Empty: the pipeline is keyed by its target (table, destination, dataset), so unrelated runs share nothing.
  std::string name{};
  /// `duckdb:PATH`, `duckdb:///PATH`, `exec:COMMAND`, `cmd:COMMAND`, `plugin:PATH#NAME`, `null:`; without a colon the
  /// name of a destination of the configuration (docs/configuration.md); where there is none of this name, `duckdb` is
  /// a file named after the pipeline, in the working directory. Empty: where a named pipeline went before, else
  /// `duckdb`.
  std::string destination{};
  /// In its place, a destination of the program itself: a CustomDestination, which takes batches of rows, or a
  /// DatasetDestination, which takes whole loads. Its own options say how rows reach it.
  std::shared_ptr<OwnDestination> custom_destination{};
  /// What the destination is to make no use of. Goes before what the configuration says of it.
  CapabilityOverrides capabilities{};
  /// Empty: what a named pipeline used before, else its name with `_dataset` behind it.
  std::string dataset{};
  /// Each run has a dataset of its own, whose name ends in the moment (`_20261201083200`, UTC), and a pipeline of its
  /// own that is called so here: nothing that was loaded before is touched or known.
  bool dev_mode = false;
  /// Empty: $OUTFALL_DATA_DIR, the nearest .outfall/ upwards, $XDG_STATE_HOME/outfall, in this order.
  std::string data_dir{};
  /// Where several runners share the state of pipelines, so that one with an empty disk goes on where another one ended
  /// or died: `dir:PATH`, a folder that all of them have (docs/state-store.md). `none`: with nobody. Empty:
  /// $OUTFALL_STATE, else `state` of the configuration, else with nobody.
  std::string state{};
  /// What was delivered in batches is shared at most this much later; 0: before the next batch is sent. Shorter costs
  /// copies of the state store, longer repeats more where another runner goes on.
  std::chrono::milliseconds state_interval{1000};
  /// How long to wait for another process that holds the pipeline, here or where the state is shared, and as long again
  /// for one that has the database open.
  std::chrono::seconds lock_wait{0};
  /// Called from the calling thread where one of these waits begins. Where nobody has RunOptions::progress also about
  /// every five seconds while a program or function is waited for, from another thread.
  std::function<void(const LockWaiting&)> waiting{};
};

/// `path` is the column as it is called in the table, or a dotted path of keys; `type` a data type with optional
/// precision and scale.
struct ColumnHint {
  std::string path{};
  std::string type{};
};

/// How separated text is written. What is left open is detected.
struct CsvInput {
  std::optional<char> delimiter{};
  std::optional<char> quote{};
  /// False: the first record is data, and the columns are column0, column1 and so on.
  bool header = true;
  /// As iconv calls it. Empty: UTF-8, or UTF-16 where a byte order mark says so.
  std::string encoding{};
  /// Texts that stand for no value. An unquoted field with nothing in it always does.
  std::vector<std::string> nulls{};
  /// False: every column is text. True: a column whose cells all come back as they were written from a bigint, double,
  /// bool, date or timestamp has that type, over all inputs of the table.
  bool types = true;
};

/// How versions of rows are kept apart (MergeStrategy::scd2). Columns are called so at the destination.
struct VersionOptions {
  std::string valid_from{};  ///< empty: `_dlt_valid_from`, or what the table has
  std::string valid_to{};    ///< empty: `_dlt_valid_to`, or what the table has
  /// A key of the documents whose value says which version a row is. Empty: all of the row does, as its `_dlt_id`.
  std::string row_version{};
  /// When versions end and begin, of this run alone. None: when its package is sealed.
  std::optional<Time> boundary{};
  /// Until when a version holds that has not ended. None: it has no such time.
  std::optional<Time> active_until{};
};

/// Kept in the schema of each table which the inputs fill; what is not said stays as the schema has it.
struct MergeOptions {
  std::optional<MergeStrategy> strategy{};  ///< none so far: delete-insert
  /// Columns that are a key beside the primary key, or in its place: rows with the same values go, and several rows of
  /// a load may have them. Nulls are equal here. For delete-insert; for scd2 and cdc, only rows with one of the keys
  /// that the load brings end or go where it does not bring them.
  std::vector<std::string> key{};
  /// A column that says which rows are to be deleted by their key: true, or, if it is no boolean, any value.
  std::string hard_delete{};
  /// Which of the rows of a load with one primary key counts: the first when they are sorted by this column. Empty: the
  /// last one in the input.
  std::string dedup_sort{};
  bool dedup_descending = false;
  /// Conditions in the destination's SQL. Only rows of the load for which the first is true take part. Rows of the
  /// table for which the second is true go in place of those with a key that the load brings (delete-insert), or no
  /// others end or go (scd2, cdc); `{table}` and `{staging_table}` stand for the two. An empty one takes away what was
  /// said before.
  std::optional<std::string> source_filter{};
  std::optional<std::string> destination_scope{};
  /// Rows of upsert and cdc that are as they were are not written again. With `versions.row_version`: that have the
  /// version that they had.
  std::optional<bool> skip_unchanged{};
  std::optional<MissingColumns> missing_columns{};  ///< none so far: null
  VersionOptions versions{};

  /// Whether anything of it says that rows are merged.
  bool is_said() const {
    return strategy || !key.empty() || !hard_delete.empty() || !dedup_sort.empty() || source_filter ||
           destination_scope || skip_unchanged || missing_columns || !versions.valid_from.empty() ||
           !versions.valid_to.empty() || !versions.row_version.empty() || versions.boundary || versions.active_until;
  }
};

/// How many rows of a table a run may delete or end: their number, or else how many of a hundred that it has.
struct RowLimit {
  std::optional<std::uint64_t> rows{};
  std::optional<double> percent{};
};

struct RunOptions {
  /// Files, globs, folders, or "-" for standard input. JSON documents, one a line or in one array, separated text,
  /// Parquet, Arrow IPC; all but Parquet plain, gzip or zstd.
  std::vector<std::string> inputs{};
  /// Where it asks for tables or a query, `inputs` is one database: an address as a destination has it, or the name of
  /// one that is configured. Its rows are read as they were at one moment, and have the types of their columns.
  DatabaseInput database{};
  /// In place of inputs, what the program itself gives.
  std::vector<MemoryInput> from_memory{};
  /// Empty: the stem of each named file, the folder's name for a glob or a folder.
  std::string table{};
  /// Files of a glob or a folder go to the tables of their stems.
  bool table_per_file = false;
  /// None: by the name of each input (.csv .tsv; .parquet .pq; .arrow .arrows .feather .ipc; everything else is JSON).
  std::optional<InputFormat> input_format{};
  CsvInput csv{};
  /// In place of PipelineOptions::destination, unless empty. For `resume`: a package goes where it was sealed for, and
  /// another destination is refused.
  std::string destination{};
  /// None: merge for a table that was merged before, else append.
  std::optional<WriteDisposition> write_disposition{};
  /// For merge: how, by which columns (keys of documents, dots for nested), and which row of several with one key
  /// counts.
  MergeOptions merge{};
  /// Takes away what earlier loads have brought, with the load that brings the run's rows. None: nothing goes.
  std::optional<Refresh> refresh{};
  /// None: what the destination is configured with, else truncate-and-insert.
  std::optional<ReplaceStrategy> replace_strategy{};
  /// For databases. Smaller units keep the transactions of a huge load short. What is committed before a crash stays,
  /// and is not loaded again. Of `resume`, it concerns what is not committed yet.
  CommitUnit commit = CommitUnit::package;
  /// A load that would delete or end more rows of a root table fails, and changes nothing. None: there is no limit.
  std::optional<RowLimit> max_deleted{};
  /// None: what the dataset has, snake_case for a new one. It cannot change on a dataset with tables.
  std::optional<NamingConvention> naming{};
  OnCollision on_collision = OnCollision::error;
  /// To widen, or to make text, the inputs are read a second time where a value does not fit; standard input is kept in
  /// a file until then. Rows that a program gives cannot be read again: there it is an error that names the column.
  TypeConflicts type_conflicts = TypeConflicts::variant;
  /// What rows may change in the tables that the inputs fill, and in those below them. Kept in the schema of each.
  /// None: what their schema says, else everything.
  std::optional<Contract> contract{};
  /// A run that would change tables of the destination fails before anything is sent, and says what it would change.
  bool fail_on_schema_change = false;
  /// Levels of nesting that become tables and columns; deeper values stay JSON.
  std::optional<int> max_table_nesting{};
  std::vector<ColumnHint> columns{};
  /// The columns that are the key of each table which the inputs fill: keys of their documents, dots for nested. A row
  /// without a value for one of them is a bad row. Kept in the table's schema, which destinations are shown; `merge`
  /// goes by it. Empty: the key that the schema has.
  std::vector<std::string> primary_key{};
  /// The clock that timestamps without an offset in texts were read from: `Europe/Oslo`, `+02:00`. Empty: UTC.
  std::string timezone{};
  /// Copies the root row's id into every nested row (`_dlt_root_id`).
  bool root_key = false;
  /// Rows of Parquet and Arrow get `_dlt_id` and `_dlt_load_id`, as documents do. Without it they get them only in a
  /// table that has them already.
  bool add_row_ids = false;
  /// Takes columns that are called like those that a load adds (`_dlt_id` and its like): the row's id is the given one,
  /// and what links rows of an exported table is data. Without, they are left out.
  bool keep_dlt_columns = false;

  /// None: fail; for rows that the destination refuses dead_letter. Of `resume` it concerns these alone.
  std::optional<OnReject> on_reject{};
  /// More bad rows than this fail the run all the same, and nothing of it is visible: their number, or else how many of
  /// a hundred. Neither: one of a hundred, and a hundred where there are fewer than 10,000 rows.
  std::optional<std::uint64_t> bad_rows_max{};
  std::optional<double> bad_percent_max{};
  /// To skip, each file is read once more before the others are loaded. Standard input cannot be skipped.
  OnBadFiles on_bad_files = OnBadFiles::fail;
  /// An input that is not there is reported. Without, the run is refused.
  bool allow_missing = false;
  /// A run whose rows were rejected, or whose files were skipped because they are bad, ends as `delivered`.
  bool rejected_ok = false;
  /// Replaces a table although some rows of its inputs are bad, or although none are there at all. Without, such a run
  /// fails and changes nothing.
  bool allow_partial = false;
  bool allow_empty = false;
  /// A run that reads no row at all fails. Without, it succeeds and loads nothing.
  bool fail_if_empty = false;

  /// Threads of the run, the calling one among them; 0: one a core.
  int workers = 0;
  /// Bytes that a run may hold for rows in flight. A database of this process (DuckDB) may hold eight times as much
  /// beside them, but 256 MiB at least and half of the machine's memory at most; beyond that it writes to disk.
  std::size_t memory = std::size_t{128} << 20;
  /// Bytes of input that a worker shapes at once.
  std::size_t chunk = std::size_t{4} << 20;

  BatchOptions batches{};
  /// A destination that promises less is refused, before anything is read.
  std::optional<Guarantee> require{};

  /// Reads the inputs in full and says what a run would do; changes nothing in the data directory and at the
  /// destination.
  bool dry_run = false;
  /// Reads, shapes and seals, and leaves all packages to a later `run` or `resume`, also those that waited before. Asks
  /// the destination what it has, and changes nothing there. Ends as `pending`.
  bool seal_only = false;
  /// Leaves out content that this pipeline has loaded already.
  bool skip_loaded = false;
  /// What standard input is recognized by in a later run, which else needs a path: under a key that a run without a
  /// recorded end has sealed, the same bytes are not loaded again, and other bytes are refused.
  std::optional<std::string> run_key{};
  /// Packages whose job files are kept after they were loaded.
  int keep_packages = 0;
  /// New data is sealed behind packages that cannot be delivered, until so many wait; then it is refused.
  std::size_t max_pending_packages = 100;
  /// The destination's name means the same destination under another address: what is pending goes there. Else a run is
  /// refused while packages wait for what the name meant when they were sealed. The same of a database that is read
  /// behind a cursor: it has moved, and has the rows whose values are known.
  bool new_address = false;

  /// Asks the run to stop: before the seal nothing is kept, after it the package stays pending.
  std::stop_token stop{};
  /// Called from one thread at a time, at most every 50 ms, and once at the end of each stage. It must be quick.
  std::function<void(const Progress&)> progress{};
  /// Gets each line that the destination's programs and functions write about their work, without its end. Called from
  /// any thread of the run, one call at a time.
  std::function<void(std::string_view line)> log{};
  /// Called once with the report when all is done but one thing: that the run has ended is recorded behind it. Killed
  /// before, the same command goes on with this run, afterwards it is a new one: who tells people here how a run ended
  /// leaves nobody without the report who must not repeat the command. The pipeline is held until it
  /// returns. It may say which signal interrupted the run (Ending::terminated), and should change nothing else. Not
  /// called for dry runs, and where another process holds the pipeline or the request is wrong.
  std::function<void(Report&)> ending{};

  /// Whether the tables that the inputs fill lose the rows that they have.
  bool empties_tables() const { return write_disposition == WriteDisposition::replace || refresh; }
};

class Pipeline {
 public:
  explicit Pipeline(PipelineOptions options);

  /// Delivers what an earlier run left, then loads the inputs. Never throws; Report::ending and Report::error say how
  /// it went.
  Report run(const RunOptions& options);

  /// Finishes what earlier runs left, packages and debris; needs no source. Without a name: of every pipeline in the
  /// data directory that has any. `done` is called behind each pipeline.
  ResumeReport resume(const RunOptions& options = {}, const std::function<void(const Report&)>& done = {});

 private:
  PipelineOptions options_;
};

}  // namespace outfall
