// SPDX-License-Identifier: Apache-2.0
//
// CustomDestination: a destination that is a function, or a class, of the program itself.
//
//   auto sink = outfall::custom_destination({.name = "sink", .batches = {.batch_size = 100}},
//       [](const outfall::Rows& rows, const outfall::TableSchema& table) {
//         for (const outfall::Row row : rows) send(table.name, row.json());
//       });
//   outfall::Pipeline pipeline({.name = "events", .custom_destination = sink});
//   outfall::Report report = pipeline.run({.inputs = {"events.jsonl"}});
//
// A batch is sent again under the same key until it is delivered, rejected or given up, also by a later process: at
// least once. Whoever remembers keys has each row once.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "outfall/batches.h"
#include "outfall/configuration.h"
#include "outfall/destination_state.h"
#include "outfall/error.h"
#include "outfall/metrics.h"
#include "outfall/outcome.h"
#include "outfall/own_destination.h"
#include "outfall/rows.h"
#include "outfall/types.h"

namespace outfall {

struct ColumnSchema {
  std::string name{};
  std::optional<DataType> type{};  ///< none: known by its hints only, no value was seen yet
  bool nullable = true;
  std::optional<int> precision{};
  std::optional<int> scale{};
  bool with_timezone = true;  ///< of timestamps
  bool variant = false;       ///< for values that do not fit the column that it stands beside
  bool primary_key = false;
  bool unique = false;
};

/// What a table looks like when the package is sealed.
struct TableSchema {
  std::string name{};
  std::vector<ColumnSchema> columns{};  ///< without those that a load adds, unless they are asked for
  WriteDisposition write_disposition = WriteDisposition::append;
  std::string parent{};    ///< empty for a root table
  std::string resource{};  ///< empty for a nested table
  /// All of it with every hint, as the schema document has it: a JSON object.
  std::string document{};
};

/// A column that has another type than before. Types are as --column has them; timestamps say whether they have a zone.
struct RetypedColumn {
  std::string name{};
  std::string from{};
  std::string to{};
};

/// How a table differs from what the newest load before this one, of those that were delivered, has left. Of a load
/// that was given up nothing counts as known.
struct TableChanges {
  bool is_new = false;                     ///< none of them had rows of it: all of its columns are new
  std::vector<std::string> new_columns{};  ///< of a table that is not new
  std::vector<RetypedColumn> retyped_columns{};
};

/// What a call may look into and write to beside its rows.
struct CallDesk {
  DestinationState* state = nullptr;
  Metrics* metrics = nullptr;
  std::string_view pipeline_state{};
};

/// What a call is about. Borrowed until it returns.
struct CallContext {
  std::string_view load_id{};
  std::string_view job_id{};  ///< the job file that the rows are in
  /// `first_row` divided by the size of batches. It tells where the batch is; what tells it apart is the key.
  std::uint64_t batch_index = 0;
  std::uint64_t attempt = 0;    ///< from 1; of this run
  std::uint64_t first_row = 0;  ///< of the batch, counted in the job file from 0
  std::uint64_t row_count = 0;
  /// With a batch_size of 0 the rows are in this file, and `rows` has none (CustomOptions::takes_files). It may be read
  /// until the call returns.
  std::string_view path{};
  /// The same for each attempt, also by a later process, and different for all other rows.
  std::string_view key{};
  std::optional<std::chrono::steady_clock::time_point> deadline{};
  /// The run is asked to stop, or the deadline has passed: what is answered then counts no more.
  std::stop_token stop{};

  /// A line for whoever watches the run (RunOptions::log).
  std::function<void(std::string_view line)> log{};
  /// The key of one row of the batch, counted from 0: the same whatever batch it is in.
  std::function<std::string(std::size_t row)> row_key{};

  /// What the destination remembers in this pipeline, for reading and setting.
  DestinationState& state() const { return *desk->state; }
  /// What the pipeline remembers, its cursors among it, as of the newest seal: a JSON object, or empty. Read-only.
  std::string_view pipeline_state() const { return desk->pipeline_state; }
  /// Added to the report, whatever becomes of the batch.
  Metrics& metrics() const { return *desk->metrics; }

  /// Behind the three functions. Set by whoever makes the call.
  const CallDesk* desk = nullptr;
};

/// What a class is told beside batches. Each at least once a load, also again by a later process.
struct LoadEvent {
  std::string_view load_id{};
  const TableSchema* table = nullptr;     ///< of begin_table and end_table
  const TableChanges* changes = nullptr;  ///< of begin_table
  /// A line for whoever watches the run (RunOptions::log).
  std::function<void(std::string_view line)> log{};
  std::stop_token stop{};

  // As CallContext has them. The state is there to be read: it is set by those who take rows.
  const DestinationState& state() const { return *desk->state; }
  std::string_view pipeline_state() const { return desk->pipeline_state; }
  Metrics& metrics() const { return *desk->metrics; }

  const CallDesk* desk = nullptr;
};

/// How rows reach it. What is left of a package may be delivered with other options than it was begun with, but for the
/// names.
struct CustomOptions {
  /// What the destination is called: "custom:NAME" in reports and in the state store. What is pending goes to the
  /// destination of the same name.
  std::string name{};
  BatchOptions batches{};  ///< those of a run are not looked at
  /// Values of its configuration that the program itself gives, by key: they win over all places. Credentials too.
  std::map<std::string, std::string> given{};
  NamingConvention naming_convention = NamingConvention::direct;
  /// Levels of nesting that become tables of their own, where the run says nothing; deeper values stay JSON. None:
  /// 1000.
  std::optional<int> max_table_nesting = 0;
  /// Where naming is direct and nesting 0, job files have the documents of rows beside their columns (outfall/rows.h).
  /// False: rows are their columns alone, which takes about half the disk.
  bool keeps_documents = true;
  /// Leaves out the columns and tables that a load adds (`_dlt_id` and its like).
  bool skip_dlt_columns_and_tables = true;
  /// Who gets a key twice notices: what may have taken effect can be sent again and still counts once.
  bool deduplicates = false;
  /// It reads the file of CallContext::path. Without, a batch_size of 0 is refused before anything is read: its rows
  /// would be given to nobody.
  bool takes_files = false;
};

/// Derive from it, or make one from a callable (custom_destination). Calls come from as many threads at once as batches
/// are out (BatchOptions::load_jobs_max; with Parallelism::sequential from the thread that called `run`, unless a call
/// may time out). Whatever throws is as if it had answered `unknown`.
class CustomDestination : public OwnDestination {
 public:
  explicit CustomDestination(CustomOptions options) : options_(std::move(options)) {}

  const CustomOptions& options() const { return options_; }
  const std::string& own_name() const final { return options_.name; }
  CustomDestination* in_batches() final { return this; }

  virtual Outcome write(const Rows& rows, const TableSchema& table, const CallContext& context) = 0;

  /// What became of a batch that was sent and not answered for, perhaps by an earlier process: delivered, retry
  /// (nothing of it took effect), or unknown still. Asked where `resolves`; a batch is then not sent again before it is
  /// known.
  virtual bool resolves() const { return false; }
  virtual Outcome resolve(const TableSchema&, const CallContext&) { return Outcome::unknown("nobody can say"); }

  /// Before anything is read, and before what is pending is delivered: it takes what it needs of its section of the
  /// configuration, `[destination.NAME]`. An error fails the run; what Configuration says is missing, names all places.
  /// A dry run calls it too, and nothing else. One that has not returned in time (BatchOptions::timeout) is left alone,
  /// and is not called again by that run.
  virtual Status open(const Configuration&) { return {}; }
  virtual Outcome begin_load(const LoadEvent&) { return {}; }
  /// Before any of the table's rows; also where there are none, but what was there before is replaced. Says how rows go
  /// in (TableSchema::write_disposition), and what changed.
  virtual Outcome begin_table(const LoadEvent&) { return {}; }
  /// All its rows are delivered or rejected.
  virtual Outcome end_table(const LoadEvent&) { return {}; }
  /// The same of all tables.
  virtual Outcome complete_load(const LoadEvent&) { return {}; }
  /// What is not delivered yet is given up (`outfall package abort`, or abort_package). Told once, and not again where
  /// it fails; again where the run was stopped before it had answered.
  virtual Outcome abort_load(const LoadEvent&) { return {}; }

 private:
  CustomOptions options_;
};

namespace detail {

/// What a callable answers, as an Outcome: nothing, an Outcome, or the rows that it rejects.
template <class Call>
Outcome outcome_of(Call&& call) {
  if constexpr (std::is_void_v<std::invoke_result_t<Call>>) {
    call();
    return {};
  } else if constexpr (std::convertible_to<std::invoke_result_t<Call>, Outcome>) {
    return call();
  } else {
    static_assert(std::convertible_to<std::invoke_result_t<Call>, std::vector<RejectedRow>>,
                  "the function returns nothing, an Outcome, or the rows that it rejects");
    return Outcome::rejected(std::vector<RejectedRow>(call()));
  }
}

/// A member of the name of each hook.
struct HookNames {
  int open, begin_load, begin_table, end_table, complete_load, abort_load, resolve;
};

/// What has members of its own beside these: a name that both have means neither. What has none, or cannot be derived
/// from, leaves these alone.
template <class F, bool = std::is_class_v<F> && !std::is_final_v<F>>
struct BesideHookNames : F, HookNames {};
template <class F>
struct BesideHookNames<F, false> : HookNames {};

/// Hooks are those of the members that the callable has. One of that name that cannot be called as the hook would
/// silently be none: it does not compile.
template <class F>
class CallableDestination final : public CustomDestination {
 public:
  CallableDestination(CustomOptions options, F function)
      : CustomDestination(std::move(options)), function_(std::move(function)) {}

  Outcome write(const Rows& rows, const TableSchema& table, const CallContext& context) override {
    if constexpr (std::invocable<F&, const Rows&, const TableSchema&, const CallContext&>) {
      return outcome_of([&] { return function_(rows, table, context); });
    } else {
      return outcome_of([&] { return function_(rows, table); });
    }
  }
  bool resolves() const override { return can_resolve; }
  Outcome resolve(const TableSchema& table, const CallContext& context) override {
    if constexpr (can_resolve) return outcome_of([&] { return function_.resolve(table, context); });
    return CustomDestination::resolve(table, context);
  }
  Status open(const Configuration& configuration) override {
    if constexpr (can_open) {
      if constexpr (std::is_void_v<decltype(function_.open(configuration))>)
        function_.open(configuration);
      else
        return function_.open(configuration);
    }
    return {};
  }
  Outcome begin_load(const LoadEvent& event) override {
    if constexpr (can_begin_load) return outcome_of([&] { return function_.begin_load(event); });
    return {};
  }
  Outcome begin_table(const LoadEvent& event) override {
    if constexpr (can_begin_table) return outcome_of([&] { return function_.begin_table(event); });
    return {};
  }
  Outcome end_table(const LoadEvent& event) override {
    if constexpr (can_end_table) return outcome_of([&] { return function_.end_table(event); });
    return {};
  }
  Outcome complete_load(const LoadEvent& event) override {
    if constexpr (can_complete_load) return outcome_of([&] { return function_.complete_load(event); });
    return {};
  }
  Outcome abort_load(const LoadEvent& event) override {
    if constexpr (can_abort_load) return outcome_of([&] { return function_.abort_load(event); });
    return {};
  }

 private:
  static constexpr bool can_resolve =
      requires(F& f, const TableSchema& table, const CallContext& context) { f.resolve(table, context); };
  static constexpr bool can_open = requires(F& f, const Configuration& configuration) { f.open(configuration); };
  static constexpr bool can_begin_load = requires(F& f, const LoadEvent& event) { f.begin_load(event); };
  static constexpr bool can_begin_table = requires(F& f, const LoadEvent& event) { f.begin_table(event); };
  static constexpr bool can_end_table = requires(F& f, const LoadEvent& event) { f.end_table(event); };
  static constexpr bool can_complete_load = requires(F& f, const LoadEvent& event) { f.complete_load(event); };
  static constexpr bool can_abort_load = requires(F& f, const LoadEvent& event) { f.abort_load(event); };

  static_assert(
      can_resolve || requires { &BesideHookNames<F>::resolve; },
      "the hook resolve is a public member that takes (const TableSchema&, const CallContext&)");
  static_assert(
      can_open || requires { &BesideHookNames<F>::open; },
      "the hook open is a public member that takes (const Configuration&)");
  static_assert(
      can_begin_load || requires { &BesideHookNames<F>::begin_load; },
      "the hook begin_load is a public member that takes (const LoadEvent&)");
  static_assert(
      can_begin_table || requires { &BesideHookNames<F>::begin_table; },
      "the hook begin_table is a public member that takes (const LoadEvent&)");
  static_assert(
      can_end_table || requires { &BesideHookNames<F>::end_table; },
      "the hook end_table is a public member that takes (const LoadEvent&)");
  static_assert(
      can_complete_load || requires { &BesideHookNames<F>::complete_load; },
      "the hook complete_load is a public member that takes (const LoadEvent&)");
  static_assert(
      can_abort_load || requires { &BesideHookNames<F>::abort_load; },
      "the hook abort_load is a public member that takes (const LoadEvent&)");

  F function_;
};

}  // namespace detail

/// From anything that can be called with (rows, table) or (rows, table, context), lambdas and objects with state alike.
/// It returns nothing, an Outcome, or the rows that it rejects.
template <class F>
  requires std::invocable<F&, const Rows&, const TableSchema&> ||
           std::invocable<F&, const Rows&, const TableSchema&, const CallContext&>
std::shared_ptr<CustomDestination> custom_destination(CustomOptions options, F function) {
  return std::make_shared<detail::CallableDestination<F>>(std::move(options), std::move(function));
}

}  // namespace outfall
