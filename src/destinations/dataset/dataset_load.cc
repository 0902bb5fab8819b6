// SPDX-License-Identifier: Apache-2.0
#include "destinations/dataset/dataset_load.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/fault.h"
#include "delivery/job_rows.h"
#include "delivery/package_tables.h"
#include "delivery/table_changes.h"
#include "destinations/dataset/file_job.h"
#include "destinations/dataset/guarded.h"
#include "schema/merge_settings.h"
#include "schema/stored_text.h"

namespace outfall::destinations::dataset {
namespace {

Time now(Env& env) {
  return Time(std::chrono::microseconds(env.now_us()));
}

/// The schema that the newest load before this one has left there. None: there is no such.
Result<std::optional<schema::Schema>> newest_stored(DatasetDestination& destination,
                                                    const ledger::PackageRecord& package, delivery::CallWatch* watch) {
  const auto stored = guarded(watch, "stored_schema",
                              [&] { return destination.stored_schema(package.dataset, package.schema_name, ""); });
  if (!stored) return fail(stored.error());
  if (!*stored) return std::nullopt;
  const Result<std::string> text = schema::unpack_text((*stored)->document);
  if (!text) return fail(text.error());
  Result<schema::Schema> parsed = schema::Schema::parse(*text);
  if (!parsed) return fail(std::move(parsed.error()).in("read the stored schema of " + package.dataset));
  return std::move(*parsed);
}

Result<std::optional<MergeStrategy>> merge_of(const schema::Schema& schema, const schema::Table& table) {
  const schema::Table* root = schema.tables.find(schema.root_of(table.name));
  if (root == nullptr || root->write_disposition != name(WriteDisposition::merge)) return std::nullopt;
  const Result<schema::MergeSettings> settings = schema::merge_settings(*root);
  if (!settings) return fail(Error(settings.error()).in("merge into table " + root->name));
  return settings->strategy;
}

/// The tables of the package that are data, as the schema has them: parents first.
Result<std::vector<TablePlan>> plan_tables(const delivery::LoadRequest& request, const schema::Schema* before,
                                           const std::set<std::string>& dropped) {
  const Result<std::vector<const schema::Table*>> touched = delivery::tables_to_make(request.package, request.schema);
  if (!touched) return fail(touched.error());
  const std::vector<const schema::Table*> emptied = delivery::tables_to_empty(request.package, request.schema);
  std::vector<TablePlan> plans;
  for (const schema::Table& table : request.schema.tables) {
    if (schema::is_system_name(table.name) || std::ranges::find(*touched, &table) == touched->end()) continue;
    const Result<std::optional<MergeStrategy>> merge = merge_of(request.schema, table);
    if (!merge) return fail(merge.error());
    plans.push_back({.schema = delivery::describe(table, delivery::SystemColumns::told),
                     .changes = delivery::changes_of(table, dropped.contains(table.name) ? nullptr : before,
                                                     delivery::SystemColumns::told),
                     .is_replaced = std::ranges::find(emptied, &table) != emptied.end(),
                     .merge = *merge});
  }
  return plans;
}

/// The row of the state table, which is told with the end of the load.
Result<DatasetState> read_state(const delivery::LoadRequest& request, const ledger::JobRecord& job) {
  const schema::Table table = schema::pipeline_state_table();
  auto rows = delivery::open_job_rows(request.folder, job, table, {.check = request.check, .skips_dlt = false});
  if (!rows) return fail(std::move(rows.error()));
  const Result<const Rows*> selected = (*rows)->reader.select(0, 1, (*rows)->texts);
  if (!selected) return fail(selected.error());
  const Row row = (**selected)[0];
  const auto text = [&row](std::string_view column) {
    return std::string(row.get<std::string_view>(column).value_or(""));
  };
  const auto number = [&row](std::string_view column) { return row.get<std::int64_t>(column).value_or(0); };
  const auto at = row.get<Timestamp>("created_at");
  return DatasetState{.pipeline = text("pipeline_name"),
                      .state = text("state"),
                      .version_hash = text("version_hash"),
                      .version = number("version"),
                      .engine_version = number("engine_version"),
                      .load_id = request.package.load_id,
                      .created_at = at ? at->at : Time()};
}

class Attempt {
 public:
  Attempt(DatasetDestination& destination, const delivery::LoadRequest& request, delivery::CallWatch* watch, Env& env)
      : destination_(destination), request_(request), watch_(watch), env_(env) {}

  Result<delivery::LoadSummary> run() {
    if (Status made = make_plan(); !made) return fail(std::move(made.error()));
    if (Status migrated = migrate(); !migrated) return fail(std::move(migrated.error()));
    Status loaded = load();
    if (loaded) return std::move(summary_);
    // Whatever it has answered: an error can stand behind a load that is complete, and that one is not abandoned.
    const Result<bool> there =
        guarded(watch_, "has_load", [&] { return destination_.has_load(plan_.dataset, plan_.load_id); });
    if (!there || *there) loaded.error().remedy = Remedy::resolve;
    // What it says of that changes nothing: the next attempt says again what the load is.
    if (there && !*there)
      (void)guarded(watch_, "abandon_load", [&] { return destination_.abandon_load(plan_.dataset, plan_.load_id); });
    return fail(std::move(loaded.error()));
  }

 private:
  Status make_plan() {
    const ledger::PackageRecord& package = request_.package;
    const Result<std::optional<schema::Schema>> before = newest_stored(destination_, package, watch_);
    if (!before) return fail(before.error());
    const std::set<std::string> dropped = delivery::tables_to_drop(package, request_.schema);
    Result<std::vector<TablePlan>> tables = plan_tables(request_, *before ? &**before : nullptr, dropped);
    if (!tables) return fail(std::move(tables.error()));
    plan_ = {.dataset = package.dataset,
             .load_id = package.load_id,
             .schema = {.name = package.schema_name,
                        .version_hash = package.schema_version_hash,
                        .version = request_.schema.version,
                        .engine_version = schema::schema_engine_version,
                        .document = package.schema,
                        .stored_at = now(env_)},
             .tables = std::move(*tables),
             .dropped_tables = {dropped.begin(), dropped.end()}};
    for (const TablePlan& table : plan_.tables) {
      summary_.tables.push_back({.table = table.schema.name,
                                 .rows = 0,
                                 .created = table.changes.is_new,
                                 .new_columns = table.changes.new_columns});
    }
    return {};
  }

  /// Also where the schema is stored: it may have tables that no load has made yet, or that are dropped.
  Status migrate() {
    fault_point(Fault::before_migration);
    Status migrated = guarded(watch_, "migrate", [&] { return destination_.migrate(plan_); });
    fault_point(Fault::after_migration);
    return migrated;
  }

  Status load() {
    fault_point(Fault::before_load_begin);
    if (Status begun = guarded(watch_, "begin_load", [&] { return destination_.begin_load(plan_); }); !begun)
      return begun;
    for (const ledger::JobRecord& job : request_.package.jobs) {
      if (Status loaded = load_job(job); !loaded) return loaded;
    }
    if (Status kept = keep_refusals(); !kept) return kept;
    fault_point(Fault::before_load_commit);
    return guarded(watch_, "complete_load", [&] { return destination_.complete_load(plan_, state_); });
  }

  Status load_job(const ledger::JobRecord& record) {
    if (request_.stop.stop_requested())
      return fail(Error{.message = "stopped", .hint = "", .blame = Blame::interrupted});
    if (record.table == schema::pipeline_state_table_name) {
      Result<DatasetState> state = read_state(request_, record);
      if (!state) return fail(std::move(state.error()));
      state_ = std::move(*state);
      return {};
    }
    const auto table = std::ranges::find(plan_.tables, record.table,
                                         [](const TablePlan& plan) -> const std::string& { return plan.schema.name; });
    const auto taken = [progress = request_.progress, before = summary_.rows](std::uint64_t rows) {
      if (progress) progress(before + rows);
    };
    const Result<std::unique_ptr<FileJob>> job =
        FileJob::open(record, *request_.schema.tables.find(record.table), *table,
                      {.load_id = plan_.load_id,
                       .folder = request_.folder,
                       .check = request_.check,
                       .stop = request_.stop,
                       .taken = taken});
    if (!job) return fail(job.error());
    Status loaded =
        guarded(watch_, fmt::format("load job {}", (*job)->id()), [&] { return destination_.load_job(plan_, **job); });
    if (loaded) loaded = (*job)->check_taken();
    if (!loaded) return loaded;
    std::ranges::find(summary_.tables, record.table, &delivery::TableLoad::table)->rows += record.rows;
    summary_.rows += record.rows;
    taken(0);
    fault_point(Fault::in_load);
    return {};
  }

  /// It leaves out no row.
  Status keep_refusals() {
    delivery::Refusals* refusals = request_.refusals;
    if (refusals == nullptr) return {};
    if (Status begun = refusals->begin(0, {}, ""); !begun) return begun;
    return refusals->keep();
  }

  DatasetDestination& destination_;
  const delivery::LoadRequest& request_;
  delivery::CallWatch* const watch_;  ///< null: nobody watches
  Env& env_;
  LoadPlan plan_{};
  std::optional<DatasetState> state_{};
  delivery::LoadSummary summary_{};
};

}  // namespace

Result<delivery::LoadSummary> load_package(DatasetDestination& destination, const delivery::LoadRequest& request,
                                           delivery::CallWatch* watch, Env& env) {
  return Attempt(destination, request, watch, env).run();
}

}  // namespace outfall::destinations::dataset
