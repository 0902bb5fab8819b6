// SPDX-License-Identifier: Apache-2.0
//
// Opens the file, and waits for it where another process has it.
#include "destinations/duckdb/duckdb_destination.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/file.h"
#include "base/limits.h"
#include "base/wait.h"
#include "delivery/database_file.h"
#include "sql/dialect.h"

namespace outfall::destinations::duckdb {

namespace {

delivery::Capabilities capabilities_of(const Options& options) {
  const sql::Dialect& dialect = sql::duckdb_dialect();
  return {.identifier_length_max = dialect.identifier_length_max,
          .case_sensitive_names = false,
          .dialect = &dialect,
          .naming = options.naming.value_or(NamingConvention::snake_case),
          .max_table_nesting = options.max_table_nesting,
          .dlt_type = "dlt.destinations.duckdb"};
}

}  // namespace

Result<std::unique_ptr<DuckDbDestination>> DuckDbDestination::make(std::string_view address, const Options& options,
                                                                   Env& env) {
  Result<std::string> path = delivery::path_of(address, delivery::duckdb_file);
  if (!path) return fail(std::move(path.error()));
  return std::unique_ptr<DuckDbDestination>(new DuckDbDestination(std::move(*path), options, env));
}

DuckDbDestination::DuckDbDestination(std::string path, const Options& options, Env& env)
    : DatabaseDestination(options.called.empty() ? "duckdb:" + path : options.called, capabilities_of(options), env),
      lock_wait_(options.lock_wait),
      lock_wait_left_(options.lock_wait.longest) {
  options_.path = std::move(path);
  if (options.memory_limit) options_.memory_limit = *options.memory_limit;
  options_.threads = options.threads;
}

Result<bool> DuckDbDestination::exists() {
  return file_exists(options_.path);
}

Result<std::unique_ptr<sql::Connection>> DuckDbDestination::connect(delivery::SessionUse use) {
  switch (use) {
    case delivery::SessionUse::load:
      return connect_for_run();
    case delivery::SessionUse::look_before_load:
      return connect_to_inspect();
    case delivery::SessionUse::only_look:
      return open_waiting(reading());
  }
  return fail("a session for nothing that is known");
}

Result<std::unique_ptr<sql::Connection>> DuckDbDestination::connect_for_run() {
  sql::DuckDbOptions options = options_;
  options.mended = [this](const std::string& sentence) { note(sentence); };
  auto connection = open_waiting(options);
  if (connection) options_.load_interrupted = false;  // what it left is made good
  return connection;
}

sql::DuckDbOptions DuckDbDestination::reading() const {
  sql::DuckDbOptions options = options_;
  options.access = sql::Access::read_only;
  return options;
}

Result<std::unique_ptr<sql::Connection>> DuckDbDestination::open_waiting(const sql::DuckDbOptions& options) {
  bool waiting = false;
  while (true) {
    auto connection = sql::open_duckdb(options);
    if (connection || !sql::is_taken(connection.error())) return connection;
    if (lock_wait_left_ <= std::chrono::nanoseconds::zero()) {
      connection.error().hint =
          "another process has the file open; close it there, or wait for it with --lock-wait SECONDS";
      return connection;
    }
    if (!waiting && lock_wait_.begins) {
      lock_wait_.begins(
          {.what = LockWaiting::For::database, .sentence = fmt::format("another process has {} open", options_.path)});
    }
    waiting = true;
    const auto wait = std::min<std::chrono::nanoseconds>(lock_wait_left_, limits::lock_poll);
    if (!wait_unless_stopped(wait, lock_wait_.stop)) {
      return fail(Error{.message = fmt::format("stopped while another process had {} open", options_.path),
                        .hint = "",
                        .blame = Blame::interrupted});
    }
    lock_wait_left_ -= wait;
  }
}

Result<std::unique_ptr<sql::Connection>> DuckDbDestination::connect_to_inspect() {
  auto connection = connect_for_run();
  if (!connection) return connection;
  // A question writes nothing, also where another program has left a log behind.
  auto set = (*connection)->execute("PRAGMA disable_checkpoint_on_shutdown");
  if (!set) return fail(std::move(set.error()));
  return connection;
}

void DuckDbDestination::warm_up() {
  // An error is told where the library is needed.
  if (!warming_.joinable()) warming_ = std::jthread([] { (void)sql::find_duckdb(); });
}

Status DuckDbDestination::check_makable() {
  Status makable = delivery::check_makable(options_.path, delivery::duckdb_file);
  return makable ? sql::find_duckdb() : makable;
}

// DuckDB cannot tell whether the first word of a.b is a catalog or a schema.
Status DuckDbDestination::expect_new(sql::Connection*, const std::string& dataset) {
  const std::string catalog = std::filesystem::path(options_.path).stem().string();
  if (!sql::is_same_name(sql::duckdb_dialect(), catalog, dataset)) return {};
  note(
      fmt::format("the dataset {} is called like its database file: DuckDB cannot tell which of them {}.table means, "
                  "and dlt clients do not read such a dataset; another --dataset avoids that",
                  dataset, dataset));
  return {};
}

// DuckDB syncs the bytes of its files when it commits, and never the folder that holds their names. And what an earlier
// process left in the log may be visible without being synced: it can have died between the two.
//
// A checkpoint empties the log, so that it never holds a load that counts as delivered: whatever becomes of a log, no
// such load is in it. Closing the file would do the same work a moment later.
Status DuckDbDestination::keep(const sql::Dataset& dataset, const std::string& load_id) {
  auto kept = dataset.connection.execute("CHECKPOINT");
  // A session of the same process that writes is in its way; what this object has committed is synced all the same.
  const bool can_wait = !kept && sql::is_other_writer(kept.error()) && load_id == committed_;
  if (!kept && !can_wait) return fail(std::move(kept.error()).in("make load " + load_id + " durable"));
  // The names stand beside the file itself, also when the address is a link to it.
  std::error_code answer;
  const std::filesystem::path path = std::filesystem::weakly_canonical(options_.path, answer);
  if (answer) return fail(fmt::format("find the folder of {}: {}", options_.path, answer.message()));
  return sync_directory(path.parent_path().string());
}

Result<delivery::LoadSummary> DuckDbDestination::load(const delivery::LoadRequest& request) {
  Result<delivery::LoadSummary> summary = DatabaseDestination::load(request);
  if (summary) committed_ = request.package.load_id;
  return summary;
}

Result<std::unique_ptr<sql::Connection>> DuckDbDestination::connect_to_query(const delivery::QueryRequest& request) {
  auto connection = sql::open_duckdb(request.access == delivery::QueryAccess::read_only ? reading() : options_);
  if (!connection || request.dataset.empty()) return connection;
  sql::Connection& session = **connection;
  auto used = session.execute(fmt::format("USE {}.{}", sql::quoted(session.dialect(), session.catalog()),
                                          sql::quoted(session.dialect(), request.dataset)));
  if (used) return connection;
  return fail(fmt::format("{} has no dataset {}", address(), request.dataset),
              "the query \"show schemas\" says what is there");
}

}  // namespace outfall::destinations::duckdb
