// SPDX-License-Identifier: Apache-2.0
//
// Destination: where packages go. One class a kind; delivery drives it and makes the promises that are printed.
//
// A destination is used from one thread. It takes a package as a whole: where it is transactional, all rows and the
// record of the load become visible in one moment, or nothing does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "delivery/call_watch.h"
#include "delivery/intake.h"
#include "delivery/load_board.h"
#include "ledger/ledger.h"
#include "ledger/records.h"
#include "outfall/error.h"
#include "outfall/types.h"
#include "package/package_reader.h"
#include "schema/schema.h"
#include "sql/catalog.h"
#include "sql/connection.h"
#include "sql/stored_dataset.h"

namespace outfall::delivery {

struct Capabilities {
  std::size_t identifier_length_max = 0;  ///< of a table's or column's name; 0: no limit
  schema::LengthUnit identifier_unit = schema::LengthUnit::characters;
  bool case_sensitive_names = true;
  const sql::Dialect* dialect = nullptr;                   ///< of a database; null: it has no types of its own
  NamingConvention naming = NamingConvention::snake_case;  ///< of a new dataset
  std::optional<int> max_table_nesting{};                  ///< where nothing else was asked for
  /// Where tables mirror the documents, rows are spooled with these beside their columns.
  bool takes_documents = false;
  /// Bytes of a job file from which on a table gets another one; 0: a table is one file.
  std::uint64_t recommended_file_size = 0;
  bool raises_on_failed_jobs = true;  ///< what it gives up is the run's error
  /// What it can do with rows that are there, and how. Empty: what it is given decides that.
  std::vector<WriteDisposition> write_dispositions{};
  std::vector<MergeStrategy> merge_strategies{};
  std::vector<ReplaceStrategy> replace_strategies{};
  std::string usual_dataset{};  ///< where none is asked for; empty: it is named after the pipeline
  std::string dlt_type{};       ///< what dlt calls such a destination, in the state; empty: it has none

  std::optional<schema::NameLimit> name_length_max() const {
    if (identifier_length_max == 0) return std::nullopt;
    return schema::NameLimit(identifier_length_max, identifier_unit);
  }
};

enum class Inspection {
  before_a_load,  ///< also finds out that the destination cannot be written to
  only_look,      ///< the destination is opened for reading, and is not made
};

/// Whose traces to look for in a dataset.
struct DatasetKey {
  std::string dataset;
  std::string schema_name;
  std::string pipeline;
  Inspection inspection = Inspection::before_a_load;
  std::stop_token stop{};  ///< ends a wait for the other side
};

/// One load of a dataset.
struct LoadKey {
  std::string dataset;
  std::string load_id;
};

/// A document of a package that the destination refuses, with all that is nested in it.
struct RefusedDocument {
  std::string table;      ///< the root table
  std::uint64_t row = 0;  ///< its place among the rows of the table in this package, from 0
  std::string reason;
  /// JSON, under the names that the columns and tables have, without nulls; empty where nobody wants it.
  std::string text;
};

/// What becomes of documents that a destination refuses while it takes the others. Called from the thread of the load.
class Refusals {
 public:
  virtual ~Refusals() = default;

  /// Whether any may be left out at all. If not, one refused row fails the load.
  virtual bool are_allowed() const = 0;
  /// Whether `take` wants the text of the documents.
  virtual bool wants_texts() const = 0;

  /// An attempt is about to leave out so many documents, or none, and with them so many rows of each table.
  ///
  /// Errors: more than may be left out: the attempt is to fail.
  virtual Status begin(std::uint64_t documents, const std::map<std::string, std::uint64_t>& rows,
                       const std::string& first_reason) = 0;
  /// Each of these documents once, table by table, in the order of their rows.
  virtual Status take(const RefusedDocument& document) = 0;
  /// All were handed over; the attempt commits next. What was said of an earlier attempt counts no more.
  ///
  /// Errors: they cannot be kept: the attempt is to fail.
  virtual Status keep() = 0;
};

/// What a destination that takes rows in batches needs to know of its run.
struct LaneContext {
  ledger::Ledger& ledger;  ///< where it stands how far the package is
  std::string pipeline;
  std::string run_id;
  OnReject on_reject = OnReject::dead_letter;
  /// Whether so many rejected documents of the package are too many, and what is said then.
  std::function<Status(std::uint64_t rejected)> check_rejected{};
  /// Says in a letter where its row stood in the input, as far as that is known. Called while nobody uses the ledger.
  std::function<Status(ledger::Letter& letter)> place_letter{};
  /// What all calls of the load share. Null: nothing.
  std::shared_ptr<LoadBoard> board{};
  /// The schema of the newest load before this one that was delivered. None: there is none. Called before the first
  /// lane begins.
  std::function<Result<std::optional<schema::Schema>>()> schema_before{};
  /// Of a replay: each row goes out alone, under what this says of its place in the table; empty: under its own key.
  std::function<std::string(const std::string& table, std::uint64_t row)> replayed_key{};
};

struct LoadRequest {
  const ledger::PackageRecord& package;
  const schema::Schema& schema;  ///< what package.schema says
  std::string folder;            ///< where the job files are
  package::JobCheck check = package::JobCheck::bytes;
  /// Rows of all tables handed over so far in this attempt. From any thread, one call at a time; must be quick.
  std::function<void(std::uint64_t rows)> progress;
  /// Told about once a second what a long wait is for (Progress::waiting). From any thread. Null: nobody wants to know.
  std::function<void(const std::string& what)> waiting{};
  /// Told of every attempt, also of those that leave nothing out. Null: one refused row fails the load.
  Refusals* refusals = nullptr;
  ReplaceStrategy replace_strategy = ReplaceStrategy::truncate_and_insert;
  CommitUnit commit = CommitUnit::package;
  /// Told as soon as a part of the load is known to be committed by itself: it cannot be given up without a trace any
  /// more. Null: nobody wants to know.
  std::function<void()> part_committed{};
  /// Null: the destination must take the package as a whole.
  const LaneContext* lanes = nullptr;
  /// Ends the attempt at the next safe point; what was sent is taken back.
  std::stop_token stop;
};

/// What the request says of it. None: there is none, or nobody asked the ledger.
inline Result<std::optional<schema::Schema>> schema_before(const LoadRequest& request) {
  if (request.lanes == nullptr || !request.lanes->schema_before) return std::nullopt;
  return request.lanes->schema_before();
}

/// What became of the rows of a root table that were merged by their keys.
struct MergeCounts {
  std::uint64_t duplicates = 0;  ///< rows of the load in whose place another one with the same key came
  std::uint64_t removed = 0;     ///< rows that the table had
  std::uint64_t updated = 0;
  std::uint64_t ended = 0;  ///< versions
  std::uint64_t inserted = 0;
};

struct TableLoad {
  std::string table;
  std::uint64_t rows = 0;
  bool created = false;
  std::vector<std::string> new_columns{};  ///< added to a table that was there before
  sql::DefaultValues defaults{};           ///< of its columns that may not be null
  std::optional<MergeCounts> merged{};
};

/// What lanes have come to, as documents.
struct LaneCounts {
  std::uint64_t delivered = 0;
  std::uint64_t rejected = 0;
  std::uint64_t open = 0;  ///< that are still to be delivered
};

/// Attempts at batches that failed and were made again.
struct FailedAttempts {
  std::uint64_t count = 0;
  std::string last{};  ///< of one lane: which batch, and why; empty: it is not known
};

struct LanesSummary {
  LaneCounts before{};  ///< this attempt
  LaneCounts now{};
  bool is_told = false;           ///< no row of any table is open, and the destination was told so
  bool is_given_up = false;       ///< all that is open the destination has given up
  FailedAttempts unknown{};       ///< of this attempt at the load, those of which nobody knew what became
  FailedAttempts repeated{};      ///< the same, those that had no effect
  std::uint64_t not_numbers = 0;  ///< values taken in this attempt that JSON has no number for: they were sent as null
  /// The first of the rows that this attempt rejected, of whatever table, without their text.
  std::vector<RefusedDocument> refused{};
  std::optional<Error> error{};  ///< why documents are open
};

struct LoadSummary {
  std::vector<TableLoad> tables{};      ///< in the order of the jobs, then those that were only emptied or made
  std::uint64_t rows = 0;               ///< of all tables
  bool found_loaded = false;            ///< an earlier attempt had committed; nothing was sent now
  std::optional<LanesSummary> lanes{};  ///< where rows were taken in batches
};

enum class QueryAccess { read_only, read_write };

struct QueryRequest {
  std::string sql;
  std::string dataset;  ///< unqualified names are looked up here; empty: the database's default
  QueryAccess access = QueryAccess::read_only;
  std::stop_token stop{};  ///< ends the statement, whatever it is doing
};

class Destination {
 public:
  virtual ~Destination() = default;

  /// The address without secrets, or the name of one that has one; it identifies the destination in the ledger and in
  /// messages.
  virtual const std::string& address() const = 0;

  /// What the name means, to tell whether it still means the same: ledger::Binding. Empty: it goes by its address.
  const std::string& meaning() const { return meaning_; }
  void set_meaning(std::string meaning) { meaning_ = std::move(meaning); }

  /// How often it is tried, where it takes packages as a whole.
  const RetryPolicy& retry() const { return retry_; }
  void set_retry(const RetryPolicy& retry) { retry_ = retry; }

  /// Who says of calls that last what is waited for. To be set while none is out; null: nobody. Returns who did before.
  std::shared_ptr<CallWatch> set_watch(std::shared_ptr<CallWatch> watch) {
    return std::exchange(watch_, std::move(watch));
  }

  /// How rows are replaced, where a run says nothing of it.
  ReplaceStrategy replace_strategy() const { return replace_strategy_; }
  void set_replace_strategy(ReplaceStrategy strategy) { replace_strategy_ = strategy; }

  /// The dataset beside this one in which dlt keeps rows that are not merged yet. Ours are in temporary tables.
  std::string staging_dataset(std::string_view dataset) const;
  /// `%s` stands for the dataset.
  void set_staging_layout(std::string layout) { staging_layout_ = std::move(layout); }

  virtual DeliveryMode mode() const = 0;
  /// Whether nothing that it says can change the mode any more.
  virtual bool is_mode_known() const { return true; }
  /// The same, and asks where only the other side can say.
  ///
  /// Errors: it cannot be asked; interrupted: the stop was requested.
  virtual Result<DeliveryMode> find_mode([[maybe_unused]] const std::stop_token& stop) { return mode(); }
  /// Whether it can be asked which loads it has; else the ledger alone knows.
  virtual bool records_loads() const { return mode() == DeliveryMode::transactional; }
  /// Its own, or what is said in their place.
  const Capabilities& capabilities() const { return overridden_ ? *overridden_ : own_capabilities(); }
  void override_capabilities(Capabilities capabilities) { overridden_ = std::move(capabilities); }

  /// How it takes rows in batches. Null: it takes packages as a whole.
  virtual const LaneOptions* lane_options() const { return nullptr; }

  /// Whether it can hold a dataset of this name, as far as the name tells.
  ///
  /// Errors: usage: it never could.
  virtual Status check_dataset(const std::string& dataset) const = 0;

  /// Finds out whether it can be used as it is configured, as far as that shows while nothing is made and no row is
  /// sent: a program can be started, and is one; a function is opened.
  ///
  /// Errors: usage: it cannot; interrupted: the stop was requested.
  virtual Status check_configuration([[maybe_unused]] const std::stop_token& stop) { return {}; }

  /// Whether rows can go into it as they are asked for, as far as only the destination itself can say.
  ///
  /// Errors: usage: they cannot; interrupted: the stop was requested.
  virtual Status check_asked([[maybe_unused]] WriteDisposition disposition,
                             [[maybe_unused]] const std::stop_token& stop) {
    return {};
  }

  /// Whether it can read a condition on rows that somebody wrote, as far as it is there to be asked: what the condition
  /// is about need not be there yet.
  ///
  /// Errors: usage: it cannot.
  virtual Status check_condition([[maybe_unused]] const std::string& condition) { return {}; }

  /// Makes sure that it can be reached and written to. Called again after a failure it starts afresh.
  virtual Status open() = 0;

  /// Lets go of what a question or a load has opened, so that others may use it. What is called next opens it again.
  virtual void close() {}

  /// Does beforehand and beside the caller what will be needed and concerns nobody else, such as loading a library.
  virtual void warm_up() {}

  /// Told before it is first used that a load into it may have been interrupted, perhaps by a power cut. What that can
  /// have left behind is then made good when it is opened.
  virtual void expect_interrupted_load() {}

  /// What an existing dataset remembers. None: the dataset is not there, or the destination keeps nothing.
  virtual Result<std::optional<sql::StoredDataset>> inspect(const DatasetKey& key) = 0;

  /// The newest document of each schema that is stored in the dataset, as it is stored; the one stored last first. None
  /// as above.
  virtual Result<std::vector<std::string>> stored_schemas(const std::string& dataset, Inspection inspection) = 0;

  /// All columns of the dataset as they are there. None as above.
  virtual Result<std::vector<schema::ColumnThere>> columns(const std::string& dataset, Inspection inspection) = 0;

  /// Rows of a table, for reading only; 0 where there is no such table.
  virtual Result<std::uint64_t> count_rows(const std::string& dataset, const std::string& table) = 0;

  /// Whether the load is recorded as complete. Always false where nothing is recorded.
  virtual Result<bool> has_load(const std::string& dataset, const std::string& load_id) = 0;

  /// How many parts of a load that is not recorded as complete are committed by themselves (LoadRequest::commit).
  virtual Result<std::uint64_t> committed_parts([[maybe_unused]] const std::string& dataset,
                                                [[maybe_unused]] const std::string& load_id) {
    return 0;
  }

  /// The ids of all loads that the dataset records as complete. None where there is no dataset, or nothing is recorded.
  /// Of one schema, unless it is empty.
  virtual Result<std::vector<std::string>> recorded_loads(const std::string& dataset, std::string_view schema_name,
                                                          Inspection inspection) = 0;

  /// How it takes the rows of the package in batches. None: it takes packages as a whole. While the intake is used, the
  /// destination stays.
  ///
  /// Errors: it cannot take any.
  virtual Result<std::optional<Intake>> intake([[maybe_unused]] const LoadRequest& request) { return std::nullopt; }

  /// One attempt to load the package as a whole, with the migration before it.
  ///
  /// Errors: resolve: the commit was answered with an error, only has_load knows; retry and abandon: nothing is
  /// visible.
  virtual Result<LoadSummary> load([[maybe_unused]] const LoadRequest& request) {
    return fail(address() + " takes rows in batches, and no package as a whole");
  }

  /// Tells it, where it can be told, that what it has not got of a load is given up: no more of it comes. May be called
  /// again for the same load.
  ///
  /// Errors: it could not be told.
  virtual Status abort_load([[maybe_unused]] const LoadKey& key, [[maybe_unused]] const std::stop_token& stop) {
    return {};
  }

  /// The datasets that have loads, in the order of their names.
  ///
  /// Errors: abandon: the destination cannot be queried.
  virtual Result<std::vector<std::string>> datasets(const std::stop_token& stop) {
    const auto cursor = query({.sql = "", .dataset = "", .stop = stop});
    return fail(cursor ? Error{.message = address() + " has no datasets", .hint = ""} : cursor.error());
  }

  /// Errors: abandon: the destination cannot be queried.
  virtual Result<std::unique_ptr<sql::TextCursor>> query(const QueryRequest& request) = 0;

  /// The same as record batches, for statements that only read.
  virtual Status query_rows(const QueryRequest& request, ArrowArrayStream* out) = 0;

  /// A session of its own for whatever statements somebody has; the one of the request is not looked at. The
  /// destination may go before it.
  ///
  /// Errors: usage: it is no database, or one that is not there and is only to be read; those of the database.
  virtual Result<std::unique_ptr<sql::Connection>> open_session([[maybe_unused]] const QueryRequest& request) {
    return fail(Error{.message = address() + " is no database, and no rows are read from it",
                      .hint = "name one: postgres://USER@HOST/DATABASE, sqlite:PATH or duckdb:PATH",
                      .blame = Blame::usage});
  }

  /// Sentences that a person should read, such as what was mended at the destination; each is given once.
  virtual std::vector<std::string> take_notes() { return {}; }

 protected:
  const std::shared_ptr<CallWatch>& watch() const { return watch_; }

 private:
  virtual const Capabilities& own_capabilities() const = 0;

  std::string meaning_;
  RetryPolicy retry_{};
  std::shared_ptr<CallWatch> watch_;
  std::optional<Capabilities> overridden_;
  ReplaceStrategy replace_strategy_ = ReplaceStrategy::truncate_and_insert;
  std::string staging_layout_ = "%s_staging";
};

inline std::string Destination::staging_dataset(std::string_view dataset) const {
  std::string name = staging_layout_;
  return name.replace(name.find("%s"), 2, dataset);
}

}  // namespace outfall::delivery
