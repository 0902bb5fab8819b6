// SPDX-License-Identifier: Apache-2.0
#include "delivery/database_destination.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "delivery/database_load.h"
#include "sql/catalog.h"
#include "sql/dialect.h"
#include "sql/load_marks.h"
#include "sql/sql_states.h"
#include "sql/system_tables.h"

namespace outfall::delivery {

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
  static Status open(std::unique_ptr<sql::Connection> session, const QueryRequest& request, ArrowArrayStream* out) {
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

/// With what all databases can do, and what follows from how they speak.
Capabilities with_strategies(Capabilities can) {
  using enum MergeStrategy;
  can.merge_strategies = {delete_insert, upsert, insert_only, scd2, cdc};
  can.replace_strategies = {ReplaceStrategy::truncate_and_insert, ReplaceStrategy::insert_from_staging};
  if (!can.dialect->clone_empty.empty()) can.replace_strategies.push_back(ReplaceStrategy::staging_optimized);
  return can;
}

}  // namespace

DatabaseDestination::DatabaseDestination(std::string address, Capabilities capabilities, Env& env)
    : address_(std::move(address)), capabilities_(with_strategies(std::move(capabilities))), env_(env) {}

Status DatabaseDestination::check_dataset(const std::string& dataset) const {
  return sql::check_dataset_name(dialect(), dataset);
}

Status DatabaseDestination::check_configuration(const std::stop_token& stop) {
  stop_ = stop;
  const Result<bool> there = exists();
  if (!there) return fail(there.error());
  return *there ? check_usable() : check_makable();
}

Result<std::optional<Intake>> DatabaseDestination::intake(const LoadRequest& request) {
  stop_ = request.stop;
  return std::nullopt;
}

// What it does not answer for other reasons the load tells of.
Status DatabaseDestination::check_condition(const std::string& condition) {
  const Result<bool> there = exists();
  if (!there || !*there) return {};
  const Result<sql::Connection*> session = session_to_look(Inspection::only_look);
  if (!session) return {};
  const auto described = (*session)->describe(fmt::format("SELECT 1 AS one WHERE ({})", condition));
  looking_.reset();
  if (described || !sql::is_syntax_error(described.error())) return {};
  Error error = described.error();
  error.blame = Blame::usage;
  error.remedy = Remedy::abandon;
  error.hint = "";
  return fail(std::move(error));
}

Status DatabaseDestination::open() {
  const Result<bool> there = exists();
  if (!there) return fail(there.error());
  if (!*there) return check_makable();
  const Result<sql::Connection*> session = session_for_loads();
  return session ? Status() : fail(session.error());
}

void DatabaseDestination::close() {
  looking_.reset();
  connection_.reset();
}

Result<sql::Connection*> DatabaseDestination::session_for_loads() {
  if (connection_) return connection_.get();
  looking_.reset();
  Result<std::unique_ptr<sql::Connection>> connection = connect(SessionUse::load);
  if (!connection) return fail(std::move(connection.error()));
  connection_ = std::move(*connection);
  return connection_.get();
}

Result<sql::Connection*> DatabaseDestination::session_to_look(Inspection inspection) {
  if (connection_) return connection_.get();
  if (looking_ && looking_as_ == inspection) return looking_.get();
  looking_.reset();
  auto connection = connect(inspection == Inspection::only_look ? SessionUse::only_look : SessionUse::look_before_load);
  if (!connection) return fail(std::move(connection.error()));
  looking_ = std::move(*connection);
  looking_as_ = inspection;
  return looking_.get();
}

Result<std::optional<sql::Dataset>> DatabaseDestination::look_into(const std::string& dataset, Inspection inspection) {
  const Result<bool> there = exists();
  if (!there) return fail(there.error());
  if (!*there) return std::nullopt;
  const Result<sql::Connection*> session = session_to_look(inspection);
  if (!session) return fail(session.error());
  if (Status opened = (*session)->open_dataset(dataset, sql::Connection::IfMissing::leave); !opened) {
    return fail(std::move(opened.error()));
  }
  return sql::Dataset{**session, dataset};
}

Result<std::optional<sql::StoredDataset>> DatabaseDestination::inspect(const DatasetKey& key) {
  stop_ = key.stop;
  const Result<std::optional<sql::Dataset>> dataset = look_into(key.dataset, key.inspection);
  if (!dataset) return fail(dataset.error());
  if (!*dataset) {
    // Asked before anything is extracted: better now than with a sealed package in hand.
    Status makable = expect_new(nullptr, key.dataset);
    if (makable) makable = check_makable();
    if (!makable) return fail(std::move(makable.error()));
    return std::nullopt;
  }
  const Result<bool> is_there = sql::has_dataset((*dataset)->connection, key.dataset);
  if (!is_there) return fail(is_there.error());
  if (!*is_there) {
    if (Status makable = expect_new(&(*dataset)->connection, key.dataset); !makable)
      return fail(std::move(makable.error()));
    return std::nullopt;
  }

  Result<std::optional<sql::StoredSchema>> schema = sql::newest_schema(**dataset, key.schema_name);
  if (!schema) return fail(std::move(schema.error()));
  Result<std::optional<sql::StoredState>> state = sql::newest_state(**dataset, key.pipeline);
  if (!state) return fail(std::move(state.error()));
  return sql::StoredDataset{.schema = std::move(*schema), .state = std::move(*state)};
}

Result<std::vector<std::string>> DatabaseDestination::stored_schemas(const std::string& dataset,
                                                                     Inspection inspection) {
  const Result<std::optional<sql::Dataset>> place = look_into(dataset, inspection);
  if (!place) return fail(place.error());
  if (!*place) return std::vector<std::string>();
  return sql::newest_schemas(**place);
}

Result<std::vector<schema::ColumnThere>> DatabaseDestination::columns(const std::string& dataset,
                                                                      Inspection inspection) {
  const Result<std::optional<sql::Dataset>> place = look_into(dataset, inspection);
  if (!place) return fail(place.error());
  if (!*place) return std::vector<schema::ColumnThere>();
  return sql::read_columns((*place)->connection, dataset);
}

Result<std::uint64_t> DatabaseDestination::count_rows(const std::string& dataset, const std::string& table) {
  const Result<std::optional<sql::Dataset>> place = look_into(dataset, Inspection::only_look);
  if (!place) return fail(place.error());
  if (!*place) return 0;
  sql::Connection& session = (*place)->connection;
  const auto there = sql::table_names(session, dataset);
  if (!there) return fail(there.error());
  if (!there->contains(sql::folded(session.dialect(), table))) return 0;
  const auto rows =
      session.rows(fmt::format("SELECT count(*) FROM {}", sql::quoted(session.dialect(), (*place)->table(table))), {});
  if (!rows) return fail(rows.error());
  return std::stoull(rows->at(0).at(0).value_or("0"));
}

Result<std::vector<std::string>> DatabaseDestination::recorded_loads(const std::string& dataset,
                                                                     std::string_view schema_name,
                                                                     Inspection inspection) {
  const Result<std::optional<sql::Dataset>> place = look_into(dataset, inspection);
  if (!place) return fail(place.error());
  if (!*place) return std::vector<std::string>();
  return sql::recorded_loads(**place, schema_name);
}

Result<bool> DatabaseDestination::has_load(const std::string& dataset, const std::string& load_id) {
  const Result<bool> there = exists();
  if (!there || !*there) return there;
  const Result<sql::Connection*> session = session_for_loads();
  if (!session) return fail(session.error());
  if (Status opened = (*session)->open_dataset(dataset, sql::Connection::IfMissing::leave); !opened) {
    return fail(std::move(opened.error()));
  }
  const Result<bool> found = sql::has_load_for_good({**session, dataset}, load_id);
  if (!found || !*found) return found;
  if (Status kept = keep({**session, dataset}, load_id); !kept) return fail(std::move(kept.error()));
  return true;
}

Result<std::uint64_t> DatabaseDestination::committed_parts(const std::string& dataset, const std::string& load_id) {
  const Result<std::optional<sql::Dataset>> place = look_into(dataset, Inspection::only_look);
  if (!place) return fail(place.error());
  if (!*place) return 0;
  const Result<std::set<std::string>> marks = sql::read_load_marks(**place, load_id);
  if (!marks) return fail(marks.error());
  return marks->size();
}

Result<LoadSummary> DatabaseDestination::load(const LoadRequest& request) {
  const Result<sql::Connection*> session = session_for_loads();
  if (!session) return fail(session.error());
  if (Status opened = (*session)->open_dataset(request.package.dataset, sql::Connection::IfMissing::make); !opened) {
    return fail(std::move(opened.error()));
  }
  Result<LoadSummary> summary = migrate(**session, request, env_);
  if (summary) summary = load_rows(**session, request, std::move(*summary), env_);
  // After a failed commit, or once cancelled, a session is of no more use.
  if (!summary) connection_.reset();
  return summary;
}

Result<std::unique_ptr<sql::Connection>> DatabaseDestination::open_session(const QueryRequest& request) {
  const Result<bool> there = exists();
  if (!there) return fail(there.error());
  if (*there || request.access == QueryAccess::read_write) return connect_to_query(request);
  return fail(Error{.message = address() + " is not there", .hint = "", .blame = Blame::usage});
}

std::vector<std::string> DatabaseDestination::take_notes() {
  return std::exchange(notes_, {});
}

Result<std::vector<std::string>> DatabaseDestination::datasets(const std::stop_token& stop) {
  const auto cursor = query({.sql = std::string(dialect().datasets), .dataset = "", .stop = stop});
  if (!cursor) return fail(cursor.error());
  std::vector<std::string> found;
  sql::TextRow row;
  while (true) {
    const Result<bool> more = (*cursor)->next(row);
    if (!more) return fail(more.error());
    if (!*more) return found;
    found.push_back(row.at(0).value_or(""));
  }
}

/// A session that looks names up in the dataset.
Result<std::unique_ptr<sql::Connection>> DatabaseDestination::session_for(const QueryRequest& request) {
  const bool read_only = request.access == QueryAccess::read_only;
  auto connection = connect_to_query(request);
  // A database that this process has open for writing stays writable for a session that only promised to read.
  if (connection && read_only) {
    if (Status begun = (*connection)->begin(); !begun) return fail(std::move(begun.error()));
  }
  return connection;
}

Result<std::unique_ptr<sql::TextCursor>> DatabaseDestination::query(const QueryRequest& request) {
  auto session = session_for(request);
  if (!session) return fail(std::move(session.error()));
  auto cursor = std::make_unique<StoppableCursor>(std::move(*session), request.stop);
  if (Status opened = cursor->open(request.sql); !opened) return fail(std::move(opened.error()).in("query"));
  return cursor;
}

Status DatabaseDestination::query_rows(const QueryRequest& request, ArrowArrayStream* out) {
  auto session = session_for(request);
  if (!session) return fail(std::move(session.error()));
  if (Status opened = StoppableRows::open(std::move(*session), request, out); !opened) {
    return fail(std::move(opened.error()).in("query"));
  }
  return {};
}

}  // namespace outfall::delivery
