// SPDX-License-Identifier: Apache-2.0
//
// Opens the file, and hands the work to delivery's way of loading a database.
#include "destinations/duckdb/duckdb_destination.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <stop_token>
#include <utility>

#include "base/file.h"
#include "base/limits.h"
#include "base/wait.h"
#include "delivery/database_load.h"
#include "destinations/duckdb/address.h"
#include "sql/catalog.h"
#include "sql/dialect.h"
#include "sql/system_tables.h"

namespace outfall::destinations::duckdb {

namespace {

struct CancelSession {
  sql::Connection* session;
  void operator()() const { session->cancel(); }
};

/// A cursor whose session is cancelled as soon as the caller asks for it.
class StoppableCursor final : public sql::TextCursor {
 public:
  StoppableCursor(std::unique_ptr<sql::Connection> session, const std::stop_token& stop)
      : session_(std::move(session)), cancel_(stop, CancelSession{session_.get()}) {}

  Status open(const std::string& query) {
    Result<std::unique_ptr<sql::TextCursor>> cursor = session_->cursor(query);
    if (!cursor) return fail(std::move(cursor.error()));
    cursor_ = std::move(*cursor);
    return {};
  }
  const std::vector<sql::ColumnHeader>& columns() const override { return cursor_->columns(); }
  Result<bool> next(sql::TextRow& row) override { return cursor_->next(row); }

 private:
  std::unique_ptr<sql::Connection> session_;
  std::unique_ptr<sql::TextCursor> cursor_;
  std::stop_callback<CancelSession> cancel_;  // last: it is gone before what it cancels
};

/// The same for record batches.
class StoppableRows {
 public:
  /// On success `out` owns all of it.
  static Status open(std::unique_ptr<sql::Connection> session, const delivery::QueryRequest& request,
                     ArrowArrayStream* out) {
    auto rows = std::unique_ptr<StoppableRows>(new StoppableRows(std::move(session), request.stop));
    if (Status opened = rows->session_->query(request.sql, &rows->stream_); !opened) return opened;
    out->get_schema = [](ArrowArrayStream* self, ArrowSchema* schema) {
      return inner(self).get_schema(&inner(self), schema);
    };
    out->get_next = [](ArrowArrayStream* self, ArrowArray* batch) { return inner(self).get_next(&inner(self), batch); };
    out->get_last_error = [](ArrowArrayStream* self) { return inner(self).get_last_error(&inner(self)); };
    out->release = [](ArrowArrayStream* self) {
      delete static_cast<StoppableRows*>(self->private_data);
      self->release = nullptr;
    };
    out->private_data = rows.release();
    return {};
  }

  ~StoppableRows() {
    if (stream_.release != nullptr) stream_.release(&stream_);
  }

 private:
  StoppableRows(std::unique_ptr<sql::Connection> session, const std::stop_token& stop)
      : session_(std::move(session)), cancel_(stop, CancelSession{session_.get()}) {}

  static ArrowArrayStream& inner(ArrowArrayStream* self) {
    return static_cast<StoppableRows*>(self->private_data)->stream_;
  }

  std::unique_ptr<sql::Connection> session_;
  ArrowArrayStream stream_{};
  std::stop_callback<CancelSession> cancel_;  // last: it is gone before what it cancels
};

}  // namespace

Result<std::unique_ptr<DuckDbDestination>> DuckDbDestination::make(std::string_view address, const Options& options,
                                                                   Env& env) {
  Result<std::string> path = path_of(address);
  if (!path) return fail(std::move(path.error()));
  return std::unique_ptr<DuckDbDestination>(new DuckDbDestination(std::move(*path), options, env));
}

DuckDbDestination::DuckDbDestination(std::string path, const Options& options, Env& env)
    : address_(options.called.empty() ? "duckdb:" + path : options.called),
      capabilities_{.identifier_length_max = sql::duckdb_dialect().identifier_length_max,
                    .case_sensitive_names = false,
                    .dialect = &sql::duckdb_dialect(),
                    .naming = options.naming.value_or(NamingConvention::snake_case),
                    .max_table_nesting = options.max_table_nesting},
      lock_wait_(options.lock_wait),
      lock_wait_left_(options.lock_wait.longest),
      env_(env) {
  options_.path = std::move(path);
  if (options.memory_limit) options_.memory_limit = *options.memory_limit;
  options_.threads = options.threads;
}

Status DuckDbDestination::check_dataset(const std::string& dataset) const {
  return sql::check_dataset_name(sql::duckdb_dialect(), dataset);
}

Result<bool> DuckDbDestination::exists() const {
  return file_exists(options_.path);
}

Result<std::unique_ptr<sql::Connection>> DuckDbDestination::connect_for_run() {
  sql::DuckDbOptions options = options_;
  options.mended = [this](const std::string& sentence) { notes_.push_back(sentence); };
  auto connection = connect(options);
  if (connection) options_.load_interrupted = false;  // what it left is made good
  return connection;
}

Result<std::unique_ptr<sql::Connection>> DuckDbDestination::connect_to_read() {
  sql::DuckDbOptions options = options_;
  options.access = sql::Access::read_only;
  return connect(options);
}

Result<std::unique_ptr<sql::Connection>> DuckDbDestination::connect(const sql::DuckDbOptions& options) {
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

Result<std::unique_ptr<sql::Connection>> DuckDbDestination::connect_to_inspect(delivery::Inspection inspection) {
  if (inspection == delivery::Inspection::only_look) return connect_to_read();
  auto connection = connect_for_run();
  if (!connection) return connection;
  // A question writes nothing, also where another program has left a log behind.
  auto set = (*connection)->execute("PRAGMA disable_checkpoint_on_shutdown");
  if (!set) return fail(std::move(set.error()));
  return connection;
}

Result<sql::Connection*> DuckDbDestination::session_if_there(delivery::Inspection inspection) {
  const Result<bool> there = exists();
  if (!there) return fail(there.error());
  if (!*there) return nullptr;
  if (connection_) return connection_.get();
  if (looking_ && looking_as_ == inspection) return looking_.get();
  looking_.reset();
  auto connection = connect_to_inspect(inspection);
  if (!connection) return fail(std::move(connection.error()));
  looking_ = std::move(*connection);
  looking_as_ = inspection;
  return looking_.get();
}

void DuckDbDestination::close() {
  looking_.reset();
  connection_.reset();
}

void DuckDbDestination::warm_up() {
  // An error is told where the library is needed.
  if (!warming_.joinable()) warming_ = std::jthread([] { (void)sql::find_duckdb(); });
}

Status DuckDbDestination::connect_for_loads() {
  if (connection_) return {};
  looking_.reset();
  Result<std::unique_ptr<sql::Connection>> connection = connect_for_run();
  if (!connection) return fail(std::move(connection.error()));
  connection_ = std::move(*connection);
  return {};
}

Status DuckDbDestination::check_configuration(const std::stop_token&) {
  const Result<bool> there = exists();
  if (!there) return fail(there.error());
  return *there ? Status{} : check_folder();
}

Status DuckDbDestination::open() {
  Result<bool> there = exists();
  if (!there) return fail(std::move(there.error()));
  if (*there) return connect_for_loads();
  return check_folder();
}

/// A file that is yet to be made needs its folder.
Status DuckDbDestination::check_folder() const {
  std::string folder(parent_path(options_.path));
  Result<bool> has_folder = file_exists(folder);
  if (!has_folder) return fail(std::move(has_folder.error()));
  if (*has_folder && ::access(folder.c_str(), W_OK) == 0) return {};
  if (*has_folder) return fail(system_error("make DuckDB database", options_.path, errno));
  return fail(
      Error{.message = fmt::format("open DuckDB database {}: the folder {} is not there", options_.path, folder),
            .hint = "make the folder first, or name another path",
            .blame = Blame::usage});
}

void DuckDbDestination::note_ambiguous(const std::string& dataset) {
  const std::string catalog = std::filesystem::path(options_.path).stem().string();
  if (!sql::is_same_name(sql::duckdb_dialect(), catalog, dataset)) return;
  notes_.push_back(
      fmt::format("the dataset {} is called like its database file: DuckDB cannot tell which of them {}.table means, "
                  "and dlt clients do not read such a dataset; another --dataset avoids that",
                  dataset, dataset));
}

Result<std::optional<sql::StoredDataset>> DuckDbDestination::inspect(const delivery::DatasetKey& key) {
  const Result<sql::Connection*> session = session_if_there(key.inspection);
  if (!session) return fail(session.error());
  if (*session == nullptr) {
    note_ambiguous(key.dataset);
    // Asked before anything is extracted: better now than with a sealed package in hand.
    if (Status folder = check_folder(); !folder) return fail(std::move(folder.error()));
    if (Status library = sql::find_duckdb(); !library) return fail(std::move(library.error()));
    return std::nullopt;
  }
  const Result<bool> is_there = sql::has_dataset(**session, key.dataset);
  if (!is_there) return fail(is_there.error());
  if (!*is_there) {
    note_ambiguous(key.dataset);
    return std::nullopt;
  }

  sql::Dataset dataset{**session, key.dataset};
  Result<std::optional<sql::StoredSchema>> schema = sql::newest_schema(dataset, key.schema_name);
  if (!schema) return fail(std::move(schema.error()));
  Result<std::optional<sql::StoredState>> state = sql::newest_state(dataset, key.pipeline);
  if (!state) return fail(std::move(state.error()));
  return sql::StoredDataset{.schema = std::move(*schema), .state = std::move(*state)};
}

Result<std::vector<std::string>> DuckDbDestination::stored_schemas(const std::string& dataset,
                                                                   delivery::Inspection inspection) {
  const Result<sql::Connection*> session = session_if_there(inspection);
  if (!session) return fail(session.error());
  if (*session == nullptr) return std::vector<std::string>();
  return sql::newest_schemas({**session, dataset});
}

Result<std::vector<schema::ColumnThere>> DuckDbDestination::columns(const std::string& dataset,
                                                                    delivery::Inspection inspection) {
  const Result<sql::Connection*> session = session_if_there(inspection);
  if (!session) return fail(session.error());
  if (*session == nullptr) return std::vector<schema::ColumnThere>();
  return sql::read_columns(**session, dataset);
}

Result<std::uint64_t> DuckDbDestination::count_rows(const std::string& dataset, const std::string& table) {
  const Result<sql::Connection*> looking = session_if_there(delivery::Inspection::only_look);
  if (!looking) return fail(looking.error());
  if (*looking == nullptr) return 0;
  sql::Connection& session = **looking;
  const auto there = sql::table_names(session, dataset);
  if (!there) return fail(there.error());
  if (!there->contains(sql::folded(session.dialect(), table))) return 0;
  const sql::Dataset place{session, dataset};
  const auto rows =
      session.rows(fmt::format("SELECT count(*) FROM {}", sql::quoted(session.dialect(), place.table(table))), {});
  if (!rows) return fail(rows.error());
  return std::stoull(rows->at(0).at(0).value_or("0"));
}

Result<std::vector<std::string>> DuckDbDestination::recorded_loads(const std::string& dataset,
                                                                   std::string_view schema_name,
                                                                   delivery::Inspection inspection) {
  const Result<sql::Connection*> session = session_if_there(inspection);
  if (!session) return fail(session.error());
  if (*session == nullptr) return std::vector<std::string>();
  return sql::recorded_loads({**session, dataset}, schema_name);
}

Result<bool> DuckDbDestination::has_load(const std::string& dataset, const std::string& load_id) {
  Result<bool> there = exists();
  if (!there || !*there) return there;
  if (Status connected = connect_for_loads(); !connected) return fail(std::move(connected.error()));
  Result<bool> found = sql::has_load({*connection_, dataset}, load_id);
  if (!found || !*found) return found;
  if (Status kept = keep_through_power_cut(load_id); !kept) return fail(std::move(kept.error()));
  return true;
}

// DuckDB syncs the bytes of its files when it commits, and never the folder that holds their names. And what an earlier
// process left in the log may be visible without being synced: it can have died between the two.
//
// A checkpoint empties the log, so that it never holds a load that counts as delivered: whatever becomes of a log, no
// such load is in it. Closing the file would do the same work a moment later.
Status DuckDbDestination::keep_through_power_cut(const std::string& load_id) {
  auto kept = connection_->execute("CHECKPOINT");
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
  if (Status connected = connect_for_loads(); !connected) return fail(std::move(connected.error()));
  Result<delivery::LoadSummary> summary = delivery::migrate(*connection_, request, env_);
  if (summary) summary = delivery::load_rows(*connection_, request, std::move(*summary), env_);
  // After a failed commit, or once cancelled, a session is of no more use.
  if (!summary) connection_.reset();
  if (summary) committed_ = request.package.load_id;
  return summary;
}

std::vector<std::string> DuckDbDestination::take_notes() {
  return std::exchange(notes_, {});
}

/// A session that looks names up in the dataset.
Result<std::unique_ptr<sql::Connection>> DuckDbDestination::session_for(const delivery::QueryRequest& request) const {
  const bool read_only = request.access == delivery::QueryAccess::read_only;
  sql::DuckDbOptions options = options_;
  options.access = read_only ? sql::Access::read_only : sql::Access::read_write;
  auto connection = sql::open_duckdb(options);
  if (!connection) return connection;
  sql::Connection& session = **connection;
  if (!request.dataset.empty()) {
    auto used = session.execute(fmt::format("USE {}.{}", sql::quoted(session.dialect(), session.catalog()),
                                            sql::quoted(session.dialect(), request.dataset)));
    if (!used)
      return fail(fmt::format("{} has no dataset {}", address_, request.dataset),
                  "the query \"show schemas\" says what is there");
  }
  // A database that this process has open for writing stays writable for a session that only promised to read.
  if (read_only) {
    if (Status begun = session.begin(); !begun) return fail(std::move(begun.error()));
  }
  return connection;
}

Result<std::unique_ptr<sql::TextCursor>> DuckDbDestination::query(const delivery::QueryRequest& request) {
  auto session = session_for(request);
  if (!session) return fail(std::move(session.error()));
  auto cursor = std::make_unique<StoppableCursor>(std::move(*session), request.stop);
  if (Status opened = cursor->open(request.sql); !opened) return fail(std::move(opened.error()).in("query"));
  return cursor;
}

Status DuckDbDestination::query_rows(const delivery::QueryRequest& request, ArrowArrayStream* out) {
  auto session = session_for(request);
  if (!session) return fail(std::move(session.error()));
  if (Status opened = StoppableRows::open(std::move(*session), request, out); !opened) {
    return fail(std::move(opened.error()).in("query"));
  }
  return {};
}

}  // namespace outfall::destinations::duckdb
