// SPDX-License-Identifier: Apache-2.0
//
// DatasetDestination: a database of your own: it takes whole loads, keeps tables, schema and state, and says which
// loads it has. (What takes rows and remembers nothing is simpler: outfall/custom_destination.h.)
//
//   class Folder : public outfall::DatasetDestination { ... };
//   outfall::Pipeline pipeline({.name = "events", .custom_destination = std::make_shared<Folder>("out")});
//
// A load is one attempt or several, each of these calls in this order, the last one once all others were answered:
//
//   has_load ─▶ stored_schema ─▶ migrate ─▶ begin_load ─▶ load_job, for each job ─▶ complete_load ─▶ has_load
//               (the newest)
//
// What fails is tried again from has_load on, also by a later process, with the same load id and the same jobs in the
// same order under the same ids. abandon_load is told of an attempt that failed.
//
// What it may promise is its DatasetOptions::mode. The engine asks has_load before it sends anything and behind
// complete_load, whatever that has answered, and believes nothing else:
//
//   transactional    no row of a load can be seen before complete_load; there all rows, the record of the load and its
//                    state come about in one moment, or none of them does. Each row is there exactly once.
//   idempotency_key  rows of a job may be seen earlier, but a job that comes again under its id has no effect. Once
//                    the load is recorded, each row is there once: effectively once.
//   at_least_once    neither. A load that was interrupted before it was recorded may leave rows twice.
//
// The suite that tells whether it keeps that: outfall/conformance.h. All calls come from one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outfall/arrow.h"
#include "outfall/custom_destination.h"
#include "outfall/error.h"
#include "outfall/own_destination.h"
#include "outfall/types.h"

namespace outfall {

/// Its capabilities, which anybody may read before the run.
struct DatasetOptions {
  /// As CustomOptions::name.
  std::string name{};
  /// What it promises, of those above.
  DeliveryMode mode = DeliveryMode::at_least_once;
  /// What is not here is refused before anything is read; `skip` never comes.
  std::vector<WriteDisposition> write_dispositions{WriteDisposition::append};
  /// How it merges, where `merge` is among them.
  std::vector<MergeStrategy> merge_strategies{};
  NamingConvention naming_convention = NamingConvention::snake_case;
  /// Levels of nesting that become tables of their own, where the run says nothing. None: any number.
  std::optional<int> max_table_nesting{};
  /// Characters of a table's or column's name; 0: any number.
  std::size_t max_identifier_length = 0;
  /// False: names that differ only in case are one, and a load that has both is refused.
  bool case_sensitive_identifiers = true;
  /// Bytes of a job file from which on a table gets another one; 0: a table is one job.
  std::uint64_t recommended_file_size = 0;
  /// Values of its configuration that the program itself gives, by key: they win over all places.
  std::map<std::string, std::string> given{};
};

/// A schema as it is to be stored, and given back.
struct DatasetSchema {
  std::string name{};
  std::string version_hash{};  ///< of its content
  std::int64_t version = 0;
  std::int64_t engine_version = 0;
  std::string document{};  ///< JSON
  Time stored_at{};
};

/// What a pipeline remembers, as of a load; to be stored, and given back.
struct DatasetState {
  std::string pipeline{};
  std::string state{};  ///< a text without line ends
  std::string version_hash{};
  std::int64_t version = 0;
  std::int64_t engine_version = 0;
  std::string load_id{};
  Time created_at{};
};

/// A load that is complete.
struct DatasetLoad {
  std::string load_id{};
  std::string schema_name{};
  std::string schema_version_hash{};
  Time completed_at{};
};

/// A table of a load.
struct TablePlan {
  TableSchema schema{};    ///< with the columns that every table has, `_dlt_id` and its like
  TableChanges changes{};  ///< against the schema that is stored
  /// What it has goes before the rows of the load come; it may have no job.
  bool is_replaced = false;
  std::optional<MergeStrategy> merge{};  ///< of a table whose rows are merged, and of those nested in it
};

struct LoadPlan {
  std::string dataset{};
  std::string load_id{};
  DatasetSchema schema{};
  /// Those that have jobs or are replaced or merged; a parent stands before what is nested in it.
  std::vector<TablePlan> tables{};
  /// Of the dataset, and go with all of their rows and columns before the load comes: a run began afresh.
  std::vector<std::string> dropped_tables{};
};

/// Rows of one table, in the order of the input. Borrowed until load_job returns. They are taken in one of three ways.
class LoadJob {
 public:
  virtual ~LoadJob() = default;

  /// The same for each attempt, also by a later process, and no other job of any load has it. Letters, digits, and
  /// `_-.%`, so it can be the name of a file.
  virtual const std::string& id() const = 0;
  virtual const TablePlan& table() const = 0;
  virtual std::uint64_t row_count() const = 0;

  /// The next rows as JSON objects, each with a line feed behind it (docs/programs.md says how values are written);
  /// empty: there are no more. Borrowed until the next call.
  ///
  /// Errors: abandon: the job file is damaged.
  virtual Result<std::string_view> next_lines() = 0;

  /// All of them as record batches. The stream may outlive the call, and not the attempt: complete_load or
  /// abandon_load.
  virtual Status stream(ArrowArrayStream* out) = 0;

  /// The file that they are in, as Arrow IPC (docs/formats/package.md).
  virtual const std::string& path() const = 0;

  /// The run is asked to stop: an error may be answered.
  virtual bool is_stopped() const = 0;
};

/// Errors of all calls: the remedy says what follows. `retry`: nothing happened, the attempt is made again. `resolve`:
/// it may have happened, has_load knows. `abandon`: trying again cannot help. Of open also Blame::usage: the
/// configuration is wrong. What throws counts as `resolve`.
class DatasetDestination : public OwnDestination {
 public:
  /// What the configuration says of it, `[destination.NAME]`, by key. Errors: usage: no place has it (names all).
  using Settings = std::function<Result<std::string>(std::string_view key)>;
  using TakeLines = std::function<Status(std::string_view lines)>;

  explicit DatasetDestination(DatasetOptions options) : options_(std::move(options)) {}

  const DatasetOptions& options() const { return options_; }
  const std::string& own_name() const final { return options_.name; }
  DatasetDestination* in_loads() final { return this; }

  /// Before anything else, once. A dry run calls it too, then asks, and makes nothing.
  virtual Status open(const Settings&) { return {}; }

  /// Whether the load is complete. False where there is no such dataset.
  virtual Result<bool> has_load(const std::string& dataset, const std::string& load_id) = 0;

  /// All that are complete, in any order. None where there is no such dataset.
  virtual Result<std::vector<DatasetLoad>> loads(const std::string& dataset) = 0;

  /// The one of this hash, or, where that is empty, the one that was stored last; of this name, unless it is empty.
  virtual Result<std::optional<DatasetSchema>> stored_schema(const std::string& dataset, const std::string& name,
                                                             const std::string& version_hash) = 0;

  /// What the pipeline remembers as of the newest load that is complete; of load ids the greatest is the newest.
  virtual Result<std::optional<DatasetState>> stored_state(const std::string& dataset, const std::string& pipeline) = 0;

  /// The rows of a table that can be seen, as LoadJob::next_lines gives them. For dry runs of replacements and for the
  /// conformance suite. None where there is no such table.
  ///
  /// Errors: it does not read back, or those of `take`.
  virtual Status read(const std::string& dataset, const std::string& table, [[maybe_unused]] const TakeLines& take) {
    return fail("read " + dataset + "." + table + ": " + options_.name + " does not read rows back");
  }

  /// Makes dataset, tables and columns that are missing, and stores the schema. It only adds, so a crash behind it
  /// harms nothing.
  virtual Status migrate(const LoadPlan& plan) = 0;

  /// An attempt begins: what an earlier one left of this load may go.
  virtual Status begin_load(const LoadPlan&) { return {}; }

  virtual Status load_job(const LoadPlan& plan, LoadJob& job) = 0;

  /// Records the load, with the state of the pipeline if that has changed.
  virtual Status complete_load(const LoadPlan& plan, const std::optional<DatasetState>& state) = 0;

  /// An attempt at a load has failed, or the load is given up: what cannot be seen of it may go. May come for a load of
  /// which nothing is known.
  virtual Status abandon_load(const std::string& /*dataset*/, const std::string& /*load_id*/) { return {}; }

  /// Lets go of what questions or a load have opened. What is called next opens it again.
  virtual void close() {}

 private:
  DatasetOptions options_;
};

}  // namespace outfall
