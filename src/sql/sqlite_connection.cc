// SPDX-License-Identifier: Apache-2.0
//
// Connection over the linked SQLite.
#include "sql/sqlite_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <set>
#include <utility>

#include "base/file.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "sql/cell_text.h"
#include "sql/dialect.h"
#include "sql/insert_text.h"
#include "sql/sqlite_handle.h"
#include "sql/sqlite_insert.h"
#include "sql/sqlite_rows.h"

namespace outfall::sql {
namespace {

using Access = SqliteOptions::Access;

/// The session, shared with the cursors and streams that it gave out.
struct Session {
  SqliteHandle handle;
  std::atomic<bool> cancelled = false;

  static int is_cancelled(void* self) { return static_cast<Session*>(self)->cancelled ? 1 : 0; }

  /// While another process writes: waits a little, and longer, unless the session is cancelled.
  static int wait_for_writer(void* self, int waited) {
    constexpr std::chrono::milliseconds step{20};
    if (is_cancelled(self) != 0 || waited * step >= outfall::limits::sqlite_busy_max) return 0;
    sqlite3_sleep(static_cast<int>(step.count()));
    return 1;
  }
};

/// Statements that SQLite itself calls harmless, and that a session which only reads is not to have: other files,
/// foreign code, settings.
int deny_more_than_reading(void*, int action, const char* first, const char* second, const char*, const char*) {
  switch (action) {
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
      return SQLITE_DENY;
    case SQLITE_FUNCTION:
      return second != nullptr && std::string_view(second) == "load_extension" ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_PRAGMA: {
      // About a table or an index: the value is its name. Without a value it only asks.
      const std::string_view name(first);
      const bool is_question = second == nullptr || name.starts_with("table_") || name.starts_with("index_") ||
                               name.starts_with("foreign_key_");
      return is_question ? SQLITE_OK : SQLITE_DENY;
    }
    default:
      return SQLITE_OK;
  }
}

/// Values as rows that are loaded have them.
struct BindSqlite {
  sqlite3_stmt* statement;
  int index;

  int operator()(std::monostate) const { return SQLITE_OK; }
  int operator()(std::int64_t value) const { return sqlite3_bind_int64(statement, index, value); }
  int operator()(const std::string& value) const {
    return sqlite3_bind_text64(statement, index, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  }
  int operator()(bool value) const { return sqlite3_bind_int(statement, index, value ? 1 : 0); }
  int operator()(double value) const { return sqlite3_bind_double(statement, index, value); }
  int operator()(const Decimal& value) const { return (*this)(value.text()); }
  int operator()(const BinaryValue& value) const {
    const char* bytes = value.bytes.empty() ? "" : value.bytes.data();  // null would be a null
    return sqlite3_bind_blob64(statement, index, bytes, value.bytes.size(), SQLITE_TRANSIENT);
  }
  int operator()(const JsonValue& value) const { return (*this)(value.text); }
  int operator()(Date value) const {
    std::string text;
    append_date(text, static_cast<std::int32_t>(value.time_since_epoch().count()));
    return (*this)(text);
  }
  int operator()(const TimeOfDay& value) const {
    std::string text;
    append_time(text, std::chrono::duration_cast<std::chrono::microseconds>(value.since_midnight).count());
    return (*this)(text);
  }
  int operator()(const Timestamp& value) const {
    std::string text;
    const std::int64_t microseconds = value.at.time_since_epoch().count();
    if (value.nanoseconds == 0) {
      append_timestamp(text, microseconds, false);
    } else {
      append_timestamp(text, microseconds * 1'000 + value.nanoseconds, true);
    }
    return (*this)(text);
  }
};

Status bind(sqlite3_stmt* statement, std::span<const Value> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    // `$2` is a name to SQLite, and a query need not have them all.
    const int index = sqlite3_bind_parameter_index(statement, placeholder(static_cast<int>(i) + 1).c_str());
    if (index == 0) continue;
    const int code = std::visit(BindSqlite{statement, index}, values[i]);
    if (code != SQLITE_OK) return fail(sqlite_error(sqlite3_db_handle(statement), code));
  }
  return {};
}

class SqliteConnection final : public Connection {
 public:
  SqliteConnection(std::shared_ptr<Session> session, SqliteOptions options)
      : session_(std::move(session)), options_(std::move(options)) {}

  const Dialect& dialect() const override { return sqlite_dialect(); }
  const std::string& catalog() const override { return catalog_; }
  Status open_dataset(const std::string& dataset, IfMissing if_missing) override;
  Result<std::uint64_t> execute(std::string_view statement, std::span<const Value> values) override;
  Result<std::vector<TextRow>> rows(std::string_view query, std::span<const Value> values) override;
  Result<std::unique_ptr<TextCursor>> cursor(std::string_view query) override;
  Result<std::vector<ColumnHeader>> describe(std::string_view query) override;
  Status query(std::string_view query, ArrowArrayStream* out) override;
  Result<std::optional<std::uint64_t>> answer(std::string_view statement, std::span<const Value> values,
                                              ArrowArrayStream* out) override;
  Result<std::uint64_t> insert_stream(const TableName& table, const InsertColumns& columns,
                                      ArrowArrayStream* stream) override;
  Result<std::uint64_t> insert_selected(const TableName& table, const InsertColumns& columns,
                                        std::string_view source) override;
  std::optional<RefusedRow> refused_row() const override { return refused_; }
  Status begin() override;
  Status commit() override { return run("COMMIT"); }
  Status roll_back() override;
  void cancel() override;

  /// From now on statements can do no more than read; datasets are opened all the same.
  void guard() {
    sqlite3_set_authorizer(handle(), &deny_more_than_reading, nullptr);
    is_guarded_ = true;
  }

 private:
  sqlite3* handle() const { return session_->handle.get(); }
  Status run(std::string_view statement);
  Result<SqliteStatement> prepare(std::string_view statement, std::span<const Value> values = {});
  Result<SqliteStatement> prepare_asked(std::string_view query, std::span<const Value> values = {});
  Result<std::uint64_t> run_to_end(const SqliteStatement& statement);
  Result<std::vector<std::string>> declared_types(const TableName& table, const InsertColumns& columns);

  std::shared_ptr<Session> session_;
  SqliteOptions options_;
  std::string catalog_;             ///< there are none
  std::set<std::string> attached_;  ///< datasets in files of their own
  bool is_guarded_ = false;
  std::optional<RefusedRow> refused_;
};

Result<SqliteStatement> SqliteConnection::prepare(std::string_view statement, std::span<const Value> values) {
  if (session_->cancelled) return fail(Error{.message = "cancelled", .hint = "", .blame = Blame::interrupted});
  Result<SqliteStatement> prepared = prepare_sqlite(handle(), statement);
  if (!prepared) return prepared;
  if (Status bound = bind(prepared->get(), values); !bound) return fail(std::move(bound.error()));
  return prepared;
}

Result<std::uint64_t> SqliteConnection::execute(std::string_view statement, std::span<const Value> values) {
  refused_.reset();
  Result<SqliteStatement> prepared = prepare(statement, values);
  if (!prepared) return fail(std::move(prepared.error()));
  return run_to_end(*prepared);
}

Result<std::uint64_t> SqliteConnection::run_to_end(const SqliteStatement& statement) {
  const sqlite3_int64 before = sqlite3_total_changes64(handle());
  int stepped = SQLITE_ROW;
  while (stepped == SQLITE_ROW) stepped = sqlite3_step(statement.get());
  if (stepped == SQLITE_DONE) return static_cast<std::uint64_t>(sqlite3_total_changes64(handle()) - before);
  Error error = sqlite_error(handle(), stepped);
  if (refuses_rows(stepped)) refused_ = {.reason = error.message};
  return fail(std::move(error));
}

Status SqliteConnection::run(std::string_view statement) {
  const Result<std::uint64_t> done = execute(statement, {});
  return done ? Status() : fail(done.error());
}

Result<std::vector<TextRow>> SqliteConnection::rows(std::string_view query, std::span<const Value> values) {
  Result<SqliteStatement> prepared = prepare(query, values);
  if (!prepared) return fail(std::move(prepared.error()));
  std::vector<TextRow> found;
  while (true) {
    const int stepped = sqlite3_step(prepared->get());
    if (stepped == SQLITE_DONE) return found;
    if (stepped != SQLITE_ROW) return fail(sqlite_error(handle(), stepped));
    if (found.size() == limits::catalog_rows_max) {
      return fail(fmt::format("a query that should be small gave more than {} rows", limits::catalog_rows_max));
    }
    read_text_row(prepared->get(), found.emplace_back());
  }
}

/// A person's statement.
Result<SqliteStatement> SqliteConnection::prepare_asked(std::string_view query, std::span<const Value> values) {
  const Error refusal{.message = "a statement that does more than read is refused in a session that only reads",
                      .hint = ""};
  Result<SqliteStatement> prepared = prepare(query, values);
  const bool only_reads = options_.access == Access::read_only;
  if (!prepared && only_reads && sqlite3_errcode(handle()) == SQLITE_AUTH) return fail(refusal);
  if (prepared && only_reads && sqlite3_stmt_readonly(prepared->get()) == 0) return fail(refusal);
  return prepared;
}

Result<std::unique_ptr<TextCursor>> SqliteConnection::cursor(std::string_view query) {
  Result<SqliteStatement> prepared = prepare_asked(query);
  if (!prepared) return fail(std::move(prepared.error()));
  return make_sqlite_cursor(std::move(*prepared), handle(), session_);
}

Result<std::vector<ColumnHeader>> SqliteConnection::describe(std::string_view query) {
  const Result<SqliteStatement> prepared = prepare_asked(query);
  if (!prepared) return fail(prepared.error());
  return headers_of(prepared->get());
}

Status SqliteConnection::query(std::string_view query, ArrowArrayStream* out) {
  Result<SqliteStatement> prepared = prepare_asked(query);
  if (!prepared) return fail(std::move(prepared.error()));
  if (sqlite3_column_count(prepared->get()) == 0) return fail("the statement gives no rows");
  return export_sqlite(std::move(*prepared), handle(), session_, JsonFields::plain, out);
}

Result<std::optional<std::uint64_t>> SqliteConnection::answer(std::string_view statement, std::span<const Value> values,
                                                              ArrowArrayStream* out) {
  Result<SqliteStatement> prepared = prepare_asked(statement, values);
  if (!prepared) return fail(std::move(prepared.error()));
  if (sqlite3_column_count(prepared->get()) == 0) return run_to_end(*prepared);
  if (Status given = export_sqlite(std::move(*prepared), handle(), session_, JsonFields::marked, out); !given)
    return fail(std::move(given.error()));
  return std::nullopt;
}

Result<std::vector<std::string>> SqliteConnection::declared_types(const TableName& table,
                                                                  const InsertColumns& columns) {
  const Value place[] = {table.table, table.schema};
  const auto there = rows("SELECT name, type FROM pragma_table_xinfo($1, $2)", place);
  if (!there) return fail(there.error());
  std::vector<std::string> types;
  for (const std::string& column : columns.names) {
    const auto found = std::ranges::find_if(
        *there, [&](const TextRow& row) { return is_same_name(dialect(), row.at(0).value_or(""), column); });
    if (found == there->end()) return fail(fmt::format("the table {} has no column {}", table.table, column));
    types.push_back(found->at(1).value_or(""));
  }
  return types;
}

Result<std::uint64_t> SqliteConnection::insert_stream(const TableName& table, const InsertColumns& columns,
                                                      ArrowArrayStream* stream) {
  refused_.reset();
  struct Owned {
    ArrowArrayStream* stream;
    ArrowSchema schema{};
    ~Owned() {
      if (schema.release != nullptr) schema.release(&schema);
      stream->release(stream);
    }
  } owned{.stream = stream};
  const auto stream_error = [stream] {
    const char* answer = stream->get_last_error(stream);
    return fail(answer != nullptr ? answer : "the rows cannot be read");
  };
  if (stream->get_schema(stream, &owned.schema) != 0) return stream_error();
  const Result<std::vector<std::string>> declared = declared_types(table, columns);
  if (!declared) return fail(declared.error());
  Result<SqliteInsert> insert = SqliteInsert::make(handle(), table, columns, *declared, owned.schema);
  if (!insert) return fail(std::move(insert.error()));
  std::uint64_t taken = 0;
  while (true) {
    ArrowArray batch{};
    if (stream->get_next(stream, &batch) != 0) return stream_error();
    if (batch.release == nullptr) return taken;
    const Status inserted = insert->insert(batch, taken, session_->cancelled);
    taken += static_cast<std::uint64_t>(batch.length);
    batch.release(&batch);
    if (inserted) continue;
    refused_ = insert->refused();
    return fail(inserted.error());
  }
}

Result<std::uint64_t> SqliteConnection::insert_selected(const TableName& table, const InsertColumns& columns,
                                                        std::string_view source) {
  return execute(insert_selected_text(dialect(), table, columns, source), {});
}

Status SqliteConnection::begin() {
  // A transaction that writes takes its lock now: one that asks for it later may never get it.
  return run(options_.access == Access::read_write ? "BEGIN IMMEDIATE" : "BEGIN");
}

Status SqliteConnection::roll_back() {
  // SQLite rolls back by itself on some errors. And a cancelled session must still be able to end its transaction.
  if (sqlite3_get_autocommit(handle()) != 0) return {};
  sqlite3_progress_handler(handle(), 0, nullptr, nullptr);
  const int code = sqlite3_exec(handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Status() : fail(sqlite_error(handle(), code));
}

void SqliteConnection::cancel() {
  session_->cancelled = true;
}

bool is_empty_or_missing(const std::string& path) {
  std::error_code unknown;
  const auto size = std::filesystem::file_size(path, unknown);
  return unknown || size == 0;
}

Status SqliteConnection::open_dataset(const std::string& dataset, IfMissing if_missing) {
  if (is_same_name(dialect(), dataset, sqlite_main_dataset) || attached_.contains(dataset)) return {};
  const std::string path = sqlite_dataset_path(options_.path, dataset);
  const bool is_new = is_empty_or_missing(path);
  if (is_new && if_missing == IfMissing::leave) return {};
  const Value file[] = {path};
  const std::string name = quoted(dialect(), dataset);
  // A person's statement attaches nothing to a session that only reads; we do.
  if (is_guarded_) sqlite3_set_authorizer(handle(), nullptr, nullptr);
  const auto attached = execute(fmt::format("ATTACH DATABASE $1 AS {}", name), file);
  if (is_guarded_) guard();
  if (!attached) return fail(Error(attached.error()).in(fmt::format("open SQLite database {}", path)));
  attached_.insert(dataset);
  if (!is_new || options_.access == Access::read_only) return {};
  Status logged = run(fmt::format("PRAGMA {}.journal_mode = wal", name));
  if (!logged) return fail(std::move(logged.error()).in(fmt::format("make SQLite database {}", path)));
  return {};
}

Result<SqliteHandle> open_file(const std::string& path, Access access) {
  // A session that may not write could not remove the log that it has to make where the database keeps one. The
  // authorizer sees to it that it only reads; and SQLite opens what may not be written to for reading.
  const int flags = SQLITE_OPEN_READWRITE | (access == Access::read_write ? SQLITE_OPEN_CREATE : 0);
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &opened, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  SqliteHandle handle(opened);
  if (code != SQLITE_OK) return fail(sqlite_error(opened, code));
  sqlite3_extended_result_codes(opened, 1);
  return handle;
}

}  // namespace

std::string sqlite_dataset_path(const std::string& path, std::string_view dataset) {
  if (is_same_name(sqlite_dialect(), dataset, sqlite_main_dataset)) return path;
  const std::filesystem::path file(path);
  return (file.parent_path() / fmt::format("{}__{}{}", file.stem().string(), dataset, file.extension().string()))
      .string();
}

Result<std::unique_ptr<Connection>> open_sqlite(const SqliteOptions& options) {
  const std::string doing = fmt::format("open SQLite database {}", options.path);
  const bool is_new = is_empty_or_missing(options.path);
  // Names without a dataset are looked up in the file that is opened, then in those that are attached.
  const bool is_other_first = !options.first_dataset.empty() && options.access == Access::read_only;
  const std::string first = is_other_first ? sqlite_dataset_path(options.path, options.first_dataset) : options.path;
  Result<SqliteHandle> handle = open_file(first, options.access);
  if (!handle) return fail(std::move(handle.error()).in(doing));
  auto session = std::make_shared<Session>();
  session->handle = std::move(*handle);
  sqlite3_busy_handler(session->handle.get(), &Session::wait_for_writer, session.get());
  // Interrupting reaches only the statement that runs; this reaches each one that comes.
  constexpr int instructions_between_looks = 10'000;
  sqlite3_progress_handler(session->handle.get(), instructions_between_looks, &Session::is_cancelled, session.get());
  auto connection = std::make_unique<SqliteConnection>(session, options);
  // Opening reads nothing yet; this does, and finds out whether it is a database.
  if (const auto read = connection->rows("SELECT count(*) FROM sqlite_schema", {}); !read) {
    return fail(Error(read.error()).in(doing));
  }
  if (options.access == Access::read_write) {
    if (sqlite3_db_readonly(session->handle.get(), "main") == 1) {
      return fail(sqlite_error(nullptr, SQLITE_READONLY).in(doing));
    }
    if (const auto set = connection->execute("PRAGMA synchronous = full", {}); !set)
      return fail(Error(set.error()).in(doing));
    if (is_new) {
      const auto set = connection->execute("PRAGMA journal_mode = wal", {});
      if (!set) return fail(Error(set.error()).in(fmt::format("make SQLite database {}", options.path)));
    }
  }
  if (!options.first_dataset.empty()) {
    if (Status opened = connection->open_dataset(options.first_dataset, Connection::IfMissing::leave); !opened) {
      return fail(std::move(opened.error()));
    }
  }
  if (options.access == Access::read_only) {
    if (const auto set = connection->execute("PRAGMA query_only = on", {}); !set)
      return fail(Error(set.error()).in(doing));
    connection->guard();
  }
  return connection;
}

}  // namespace outfall::sql
