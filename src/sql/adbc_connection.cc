// SPDX-License-Identifier: Apache-2.0
//
// Connection over ADBC's driver of PostgreSQL.
#include "sql/adbc_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/utf8.h"
#include "sql/adbc_driver.h"
#include "sql/adbc_statement.h"
#include "sql/arrow_cells.h"
#include "sql/cell_text.h"
#include "sql/copy_input.h"
#include "sql/dialect.h"
#include "sql/fetched_rows.h"
#include "sql/first_words.h"
#include "sql/insert_text.h"
#include "sql/marked_sockets.h"
#include "sql/postgres_connect_error.h"
#include "sql/sql_states.h"

namespace outfall::sql {
namespace {

using Access = PostgresOptions::Access;

/// The session, shared with the cursors and streams that it gave out.
class Session {
 public:
  explicit Session(const AdbcDriver& driver) : driver_(driver) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() {
    AdbcAnswer ignored;
    if (connection_) driver_.ConnectionRelease(&*connection_, ignored.out());
    if (database_) driver_.DatabaseRelease(&*database_, ignored.out());
  }

  Status open(const std::string& uri) {
    AdbcAnswer answer;
    database_.emplace();
    AdbcStatusCode code = driver_.DatabaseNew(&*database_, answer.out());
    if (code == ADBC_STATUS_OK) code = driver_.DatabaseSetOption(&*database_, "uri", uri.c_str(), answer.out());
    if (code == ADBC_STATUS_OK) code = driver_.DatabaseInit(&*database_, answer.out());
    if (code == ADBC_STATUS_OK) {
      connection_.emplace();
      code = driver_.ConnectionNew(&*connection_, answer.out());
    }
    if (code == ADBC_STATUS_OK) code = driver_.ConnectionInit(&*connection_, &*database_, answer.out());
    if (code == ADBC_STATUS_OK) return {};
    return fail(postgres_connect_error(adbc_error(driver_, answer.get(), code).message));
  }

  const AdbcDriver& driver() const { return driver_; }
  AdbcConnection& connection() { return *connection_; }

  std::atomic<bool> cancelled = false;

 private:
  const AdbcDriver& driver_;
  std::optional<AdbcDatabase> database_;
  std::optional<AdbcConnection> connection_;
};

using SessionPtr = std::shared_ptr<Session>;

Error interrupted() {
  return {.message = "cancelled", .hint = "", .blame = Blame::interrupted};
}

/// libpq waits for the server inside one call, in a thread of its own. When nobody wants the session any more, the call
/// ends with its sockets; while a name is looked up, or on a socket of this machine, when that ends by itself.
Status open_until_stopped(const SessionPtr& session, const std::string& uri, const std::stop_token& stop) {
  if (!stop.stop_possible()) return session->open(uri);
  constexpr std::chrono::milliseconds between_looks{10};
  const MarkedSockets sockets(uri);
  std::mutex mutex;
  std::condition_variable_any answered;
  std::optional<Status> answer;
  const auto is_answered = [&answer] { return answer.has_value(); };
  const std::jthread opening([&] {
    Status opened = session->open(sockets.uri());
    const std::lock_guard lock(mutex);
    answer = std::move(opened);
    answered.notify_all();
  });
  std::unique_lock lock(mutex);
  if (answered.wait(lock, stop, is_answered)) return *answer;
  while (!answered.wait_for(lock, between_looks, is_answered)) sockets.shut_down();
  return fail(interrupted());
}

/// A stream and its columns, released when it goes out of scope.
struct Answer {
  ArrowArrayStream stream{};
  ArrowSchema schema{};

  Answer() = default;
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  ~Answer() {
    if (schema.release != nullptr) schema.release(&schema);
    if (stream.release != nullptr) stream.release(&stream);
  }
};

/// Why a stream of the driver did not go on.
Error stream_error(Session& session, ArrowArrayStream& stream) {
  if (session.cancelled) return interrupted();
  AdbcStatusCode code = ADBC_STATUS_UNKNOWN;
  const AdbcDriver& driver = session.driver();
  const AdbcError* error =
      driver.ErrorFromArrayStream == nullptr ? nullptr : driver.ErrorFromArrayStream(&stream, &code);
  if (error != nullptr) return adbc_error(driver, *error, code);
  const char* said = stream.get_last_error(&stream);
  return {.message = said != nullptr ? said : "the rows cannot be read", .hint = ""};
}

/// Reads an answer as texts.
class AnswerReader {
 public:
  AnswerReader(SessionPtr session, DriverStatement statement)
      : session_(std::move(session)), statement_(std::move(statement)) {}
  AnswerReader(const AnswerReader&) = delete;
  AnswerReader& operator=(const AnswerReader&) = delete;
  ~AnswerReader() { let_go(); }

  Status run() {
    const Result<std::int64_t> done = statement_.execute(&answer_.stream);
    if (!done) return fail(done.error());
    if (answer_.stream.get_schema(&answer_.stream, &answer_.schema) != 0) return fail(stream_error());
    for (std::int64_t i = 0; i < answer_.schema.n_children; ++i) {
      Result<ArrowCells> cells = ArrowCells::make(*answer_.schema.children[i]);
      if (!cells) return fail(std::move(cells.error()));
      cells_.push_back(*cells);
    }
    return {};
  }

  std::vector<std::string> names() const {
    std::vector<std::string> found;
    found.reserve(static_cast<std::size_t>(answer_.schema.n_children));
    for (std::int64_t i = 0; i < answer_.schema.n_children; ++i) found.emplace_back(answer_.schema.children[i]->name);
    return found;
  }

  Result<bool> next(TextRow& row) {
    while (row_ == batch_.length) {
      let_go();
      if (answer_.stream.get_next(&answer_.stream, &batch_) != 0) {
        batch_ = {};
        return fail(stream_error());
      }
      if (batch_.release == nullptr) return false;
      for (std::size_t i = 0; i < cells_.size(); ++i) cells_[i].look_at(*batch_.children[i]);
    }
    row.resize(cells_.size());
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      row[i].reset();
      if (cells_[i].is_null(row_)) continue;
      append_cell(row[i].emplace(), cells_[i], row_);
    }
    ++row_;
    return true;
  }

 private:
  void let_go() {
    if (batch_.release != nullptr) batch_.release(&batch_);
    batch_ = {};
    row_ = 0;
  }

  Error stream_error() { return sql::stream_error(*session_, answer_.stream); }

  SessionPtr session_;
  DriverStatement statement_;
  Answer answer_;
  std::vector<ArrowCells> cells_;
  ArrowArray batch_{};
  std::int64_t row_ = 0;
};

class AdbcCursor final : public TextCursor {
 public:
  AdbcCursor(std::unique_ptr<AnswerReader> reader, std::vector<ColumnHeader> columns)
      : reader_(std::move(reader)), columns_(std::move(columns)) {}
  const std::vector<ColumnHeader>& columns() const override { return columns_; }
  Result<bool> next(TextRow& row) override { return reader_->next(row); }

 private:
  std::unique_ptr<AnswerReader> reader_;
  std::vector<ColumnHeader> columns_;
};

/// The name of the type that the driver puts into a field's metadata; empty: it says none.
std::string type_in(const ArrowSchema& field) {
  const char* at = field.metadata;
  if (at == nullptr) return "";
  const auto number = [&at] {
    std::int32_t value = 0;
    std::memcpy(&value, at, sizeof value);
    at += sizeof value;
    return value;
  };
  const auto text = [&] {
    const std::int32_t length = number();
    const std::string_view value(at, static_cast<std::size_t>(length));
    at += length;
    return value;
  };
  for (std::int32_t left = number(); left > 0; --left) {
    const std::string_view key = text();
    const std::string_view value = text();
    if (key == "ADBC:postgresql:typname") return std::string(value);
  }
  return "";
}

class PostgresConnection final : public Connection {
 public:
  PostgresConnection(SessionPtr session, PostgresOptions options)
      : session_(std::move(session)), options_(std::move(options)) {}

  Status prepare_session();

  const Dialect& dialect() const override { return postgres_dialect(); }
  const std::string& catalog() const override { return catalog_; }
  bool takes_encodings() const override { return false; }
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
  /// Loads that wait for each other must see what the other has committed, whatever a user's sessions begin with.
  Status begin() override {
    Status begun =
        run(options_.access == Access::read_only ? "BEGIN READ ONLY" : "BEGIN ISOLATION LEVEL READ COMMITTED");
    in_transaction_ = begun.has_value();
    return begun;
  }
  Status commit() override {
    in_transaction_ = false;
    return run("COMMIT");
  }
  Status roll_back() override;
  void cancel() override;

 private:
  Status run(std::string_view statement);
  Status ask(std::string_view query);
  Error told(Error error) const;
  Result<DriverStatement> prepare(std::string_view statement, std::span<const Value> values = {});
  Result<std::vector<ColumnHeader>> described_by_driver(std::string_view query, std::span<const Value> values = {});
  Status give(DriverStatement statement, ArrowArrayStream* out);
  Result<std::unique_ptr<AnswerReader>> read(std::string_view query, std::span<const Value> values = {});
  Result<std::vector<std::string>> column_words(const TableName& table, const InsertColumns& columns);
  Result<std::uint64_t> copy(const TableName& table, CopyInput& input);
  Result<std::uint64_t> copy_through(const TableName& table, const InsertColumns& columns,
                                     const std::vector<std::string>& words, CopyInput& input);

  SessionPtr session_;
  PostgresOptions options_;
  std::string catalog_;  ///< names are not qualified with it: a session has one database
  bool in_transaction_ = false;
  int staged_ = 0;
  std::optional<RefusedRow> refused_;
};

Error PostgresConnection::told(Error error) const {
  return session_->cancelled ? interrupted() : std::move(error);
}

Status PostgresConnection::run(std::string_view statement) {
  const Result<std::uint64_t> done = execute(statement, {});
  return done ? Status() : fail(done.error());
}

Status PostgresConnection::prepare_session() {
  // A backslash in a literal of ours is a backslash.
  Status done =
      ask("SELECT set_config('TimeZone', 'UTC', false), set_config('client_encoding', 'UTF8', false), "
          "set_config('DateStyle', 'ISO', false), set_config('standard_conforming_strings', 'on', false)");
  if (done && options_.access == Access::read_write) {
    // A client that is gone must not hold its locks for hours; servers before 14 and some systems lack the second.
    done = ask(
        "SELECT set_config('tcp_keepalives_idle', '30', false), set_config('tcp_keepalives_interval', '10', false), "
        "set_config('tcp_keepalives_count', '3', false)");
    (void)run("SET client_connection_check_interval = '10s'");
  }
  if (!done || options_.first_dataset.empty()) return done;
  return run(fmt::format("SET search_path = {}, public", quoted(dialect(), options_.first_dataset)));
}

Status PostgresConnection::ask(std::string_view query) {
  const auto answered = rows(query, {});
  return answered ? Status() : fail(answered.error());
}

Result<DriverStatement> PostgresConnection::prepare(std::string_view statement, std::span<const Value> values) {
  if (session_->cancelled) return fail(interrupted());
  Result<DriverStatement> made = DriverStatement::make(session_->driver(), session_->connection());
  if (!made) return made;
  // The driver writes behind it; a comment at its end ends with the line.
  Status done = made->set_query(fmt::format("{}\n", statement));
  if (done) done = made->bind(values);
  if (!done) return fail(std::move(done.error()));
  return made;
}

Result<std::uint64_t> PostgresConnection::execute(std::string_view statement, std::span<const Value> values) {
  refused_.reset();
  Result<DriverStatement> prepared = prepare(statement, values);
  if (!prepared) return fail(std::move(prepared.error()));
  const Result<std::int64_t> changed = prepared->execute(nullptr);
  if (!changed) {
    refused_ = adbc_refused_row(changed.error(), "");
    return fail(told(changed.error()));
  }
  return static_cast<std::uint64_t>(std::max<std::int64_t>(*changed, 0));
}

Result<std::unique_ptr<AnswerReader>> PostgresConnection::read(std::string_view query, std::span<const Value> values) {
  Result<DriverStatement> prepared = prepare(query, values);
  if (!prepared) return fail(std::move(prepared.error()));
  // COPY, in which the driver fetches rows otherwise, takes only queries that stand alone, and no values.
  if (Status set = prepared->set_option("adbc.postgresql.use_copy", ADBC_OPTION_VALUE_DISABLED); !set) {
    return fail(std::move(set.error()));
  }
  auto reader = std::make_unique<AnswerReader>(session_, std::move(*prepared));
  if (Status done = reader->run(); !done) return fail(told(std::move(done.error())));
  return reader;
}

Result<std::vector<TextRow>> PostgresConnection::rows(std::string_view query, std::span<const Value> values) {
  Result<std::unique_ptr<AnswerReader>> reader = read(query, values);
  if (!reader) return fail(std::move(reader.error()));
  std::vector<TextRow> found;
  TextRow row;
  while (true) {
    const Result<bool> more = (*reader)->next(row);
    if (!more) return fail(more.error());
    if (!*more) return found;
    if (found.size() == limits::catalog_rows_max) {
      return fail(fmt::format("a query that should be small gave more than {} rows", limits::catalog_rows_max));
    }
    found.push_back(row);
  }
}

bool first_word_is(std::string_view query, std::initializer_list<std::string_view> words) {
  const std::vector<std::string> first = first_words(postgres_dialect(), query, 1);
  return !first.empty() && std::ranges::find(words, first[0]) != words.end();
}

/// Whether a WITH may change rows, for which there are no cursors: one of the words is in it, wherever.
bool may_change_rows(std::string_view query) {
  const std::string text = ascii_lower(query);
  const auto has = [&text](std::string_view word) { return text.contains(word); };
  return first_word_is(query, {"with"}) && (has("insert") || has("update") || has("delete") || has("merge"));
}

/// Whether a statement can stand inside another query, by its first word. What changes rows in a WITH cannot.
bool can_be_wrapped(std::string_view query, Access access) {
  return first_word_is(query, {"select", "values", "table"}) ||
         (access == Access::read_only && first_word_is(query, {"with"}));
}

Result<std::vector<ColumnHeader>> PostgresConnection::described_by_driver(std::string_view query,
                                                                          std::span<const Value> values) {
  Result<DriverStatement> prepared = prepare(query, values);
  if (!prepared) return fail(std::move(prepared.error()));
  Answer described;
  if (Status known = prepared->schema(&described.schema); !known) return fail(told(std::move(known.error())));
  std::vector<ColumnHeader> columns;
  for (std::int64_t i = 0; i < described.schema.n_children; ++i) {
    const ArrowSchema& field = *described.schema.children[i];
    columns.push_back({.name = field.name, .type = type_in(field)});
  }
  return columns;
}

/// A temporary view, which nobody else sees and which is taken back, has the columns in the catalog, with what their
/// types say in full and what domains are made of. Where none can be made, on a standby or without the right to, the
/// driver knows the names of the types.
Result<std::vector<ColumnHeader>> PostgresConnection::describe(std::string_view query) {
  constexpr std::string_view asked =
      "SELECT a.attname::text, pg_catalog.format_type(CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE a.atttypid END, "
      "CASE t.typtype WHEN 'd' THEN t.typtypmod ELSE a.atttypmod END) FROM pg_catalog.pg_attribute AS a "
      "JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid "
      "WHERE a.attrelid = 'pg_temp._outfall_query'::regclass AND a.attnum > 0 ORDER BY a.attnum";
  // One that is not even a query is refused before a statement is made of it.
  Result<std::vector<ColumnHeader>> by_driver = described_by_driver(query);
  if (!by_driver) return by_driver;
  if (Status begun = run("BEGIN"); !begun) return fail(std::move(begun.error()));
  Result<std::vector<TextRow>> found;
  Status made = run(fmt::format("CREATE TEMPORARY VIEW _outfall_query AS {}", query));
  if (made) found = rows(asked, {});
  if (Status back = roll_back(); !back) return fail(std::move(back.error()));
  if (!made) return by_driver;
  if (!found) return fail(std::move(found.error()));
  std::vector<ColumnHeader> columns;
  for (TextRow& row : *found) columns.push_back({row.at(0).value_or(""), row.at(1).value_or("")});
  return columns;
}

// Every column as the server prints it. What cannot stand inside another query is answered as it is.
Result<std::unique_ptr<TextCursor>> PostgresConnection::cursor(std::string_view query) {
  Result<std::vector<ColumnHeader>> columns = described_by_driver(query);
  if (!columns) return fail(std::move(columns.error()));
  std::string names;
  std::string texts;
  for (std::size_t i = 0; i < columns->size(); ++i) {
    names += fmt::format("{}c{}", i == 0 ? "" : ", ", i);
    texts += fmt::format("{}c{}::text", i == 0 ? "" : ", ", i);
  }
  std::string asked(query);
  if (!columns->empty() && can_be_wrapped(query, options_.access)) {
    asked.erase(asked.find_last_not_of("; \t\r\n") + 1);
    // A comment at the end of the query ends with its line.
    asked = fmt::format("SELECT {} FROM ({}\n) AS q ({})", texts, asked, names);
  }
  Result<std::unique_ptr<AnswerReader>> reader = read(asked);
  if (!reader) return fail(std::move(reader.error()));
  return std::make_unique<AdbcCursor>(std::move(*reader), std::move(*columns));
}

/// Owns what its rows need.
struct Export {
  SessionPtr session;
  DriverStatement statement;
  ArrowArrayStream inner{};
  std::string error{};

  ~Export() {
    if (inner.release != nullptr) inner.release(&inner);
  }
  static Export& of(ArrowArrayStream* stream) { return *static_cast<Export*>(stream->private_data); }
  int next(ArrowArray* batch) {
    const int code = inner.get_next(&inner, batch);
    if (code != 0) error = stream_error(*session, inner).message;
    return code;
  }
  /// On success `out` owns `owned`.
  static void give_away(std::unique_ptr<Export> owned, ArrowArrayStream* out) {
    out->get_schema = [](ArrowArrayStream* self, ArrowSchema* schema) {
      return of(self).inner.get_schema(&of(self).inner, schema);
    };
    out->get_next = [](ArrowArrayStream* self, ArrowArray* batch) { return of(self).next(batch); };
    out->get_last_error = [](ArrowArrayStream* self) -> const char* {
      return of(self).error.empty() ? of(self).inner.get_last_error(&of(self).inner) : of(self).error.c_str();
    };
    out->release = [](ArrowArrayStream* self) {
      delete static_cast<Export*>(self->private_data);
      self->release = nullptr;
    };
    out->private_data = owned.release();
  }
};

Status PostgresConnection::query(std::string_view query, ArrowArrayStream* out) {
  Result<DriverStatement> prepared = prepare(query);
  if (!prepared) return fail(std::move(prepared.error()));
  return give(std::move(*prepared), out);
}

Status PostgresConnection::give(DriverStatement statement, ArrowArrayStream* out) {
  auto owned = std::unique_ptr<Export>(new Export{.session = session_, .statement = std::move(statement)});
  if (const Result<std::int64_t> done = owned->statement.execute(&owned->inner); !done) return fail(told(done.error()));
  Export::give_away(std::move(owned), out);
  return {};
}

Result<std::optional<std::uint64_t>> PostgresConnection::answer(std::string_view statement,
                                                                std::span<const Value> values, ArrowArrayStream* out) {
  const Result<std::vector<ColumnHeader>> columns = described_by_driver(statement, values);
  if (!columns) return fail(columns.error());
  if (columns->empty()) return execute(statement, values);
  const bool is_query = first_word_is(statement, {"select", "values", "table", "with"});
  // COPY, in which the driver fetches rows, takes no values: without it a whole result would come at once.
  if (is_query && !values.empty() && !may_change_rows(statement)) {
    const EndOfRows end = in_transaction_ ? EndOfRows::leaves_transaction : EndOfRows::ends_transaction;
    if (Status given = fetch_rows(*this, {.query = statement, .values = values, .end = end}, out); given)
      return std::nullopt;
    else
      return fail(std::move(given.error()));
  }
  Result<DriverStatement> prepared = prepare(statement, values);
  if (!prepared) return fail(std::move(prepared.error()));
  const bool is_copied = is_query && values.empty();
  Status done = is_copied ? Status() : prepared->set_option("adbc.postgresql.use_copy", ADBC_OPTION_VALUE_DISABLED);
  if (done) done = give(std::move(*prepared), out);
  if (!done) return fail(std::move(done.error()));
  return std::nullopt;
}

Result<std::vector<std::string>> PostgresConnection::column_words(const TableName& table,
                                                                  const InsertColumns& columns) {
  // By its name in full, which also finds a temporary table.
  const Value name[] = {quoted(dialect(), table)};
  const auto there = rows(
      "SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_attribute AS a "
      "WHERE a.attrelid = pg_catalog.to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped",
      name);
  if (!there) return fail(there.error());
  std::vector<std::string> words;
  for (const std::string& column : columns.names) {
    const auto found = std::ranges::find_if(*there, [&](const TextRow& row) { return row.at(0) == column; });
    if (found == there->end()) {
      // It was there a moment ago: the next attempt makes it.
      return fail(Error{.message = fmt::format("the table {} has no column {}", table.table, column),
                        .hint = std::string(meaning_of_state("42P01").hint),
                        .remedy = Remedy::retry});
    }
    words.push_back(found->at(1).value_or(""));
  }
  return words;
}

Result<std::uint64_t> PostgresConnection::copy(const TableName& table, CopyInput& input) {
  Result<DriverStatement> statement = DriverStatement::make(session_->driver(), session_->connection());
  if (!statement) return fail(std::move(statement.error()));
  Status done = statement->set_option(ADBC_INGEST_OPTION_TARGET_TABLE, table.table);
  if (done) done = statement->set_option(ADBC_INGEST_OPTION_MODE, ADBC_INGEST_OPTION_MODE_APPEND);
  const bool is_temporary = table.schema == dialect().temporary[1];
  if (done && !is_temporary) done = statement->set_option(ADBC_INGEST_OPTION_TARGET_DB_SCHEMA, table.schema);
  if (done && is_temporary) done = statement->set_option(ADBC_INGEST_OPTION_TEMPORARY, ADBC_OPTION_VALUE_ENABLED);
  if (!done) return fail(std::move(done.error()));
  ArrowArrayStream lent = input.lent();
  if (Status bound = statement->bind_stream(&lent); !bound) return fail(std::move(bound.error()));
  const Result<std::int64_t> taken = statement->execute(nullptr);
  if (!input.failure()) {
    refused_ = input.refused();
    return fail(input.failure().error());
  }
  if (!taken) {
    refused_ = adbc_refused_row(taken.error(), table.table);
    return fail(told(taken.error()));
  }
  return input.rows();
}

/// By way of a temporary table whose columns are what the stream has, and the server's own conversions from there. Only
/// texts are cast: other conversions that would lose something the server refuses when it assigns.
Result<std::uint64_t> PostgresConnection::copy_through(const TableName& table, const InsertColumns& columns,
                                                       const std::vector<std::string>& words, CopyInput& input) {
  const TableName staging{.catalog = "",
                          .schema = std::string(dialect().temporary[1]),
                          .table = fmt::format("_outfall_rows_{}", ++staged_)};
  const std::string name = quoted(dialect(), staging);
  std::string definitions;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view own = words[i] == "jsonb" ? "jsonb" : copied_type(input.schema().children[i]->format);
    definitions += fmt::format("{}{} {}", i == 0 ? "" : ", ", quoted(dialect(), columns.names[i]), own);
  }
  const InsertText text = insert_text(dialect(), columns, [&](std::size_t i) {
    const std::string column = quoted(dialect(), columns.names[i]);
    const bool is_text = copied_type(input.schema().children[i]->format) == "text" && words[i] != "jsonb";
    // Cast to a length, a text would be cut.
    const bool is_cast = is_text && !words[i].starts_with("character");
    return is_cast ? fmt::format("CAST({} AS {})", column, words[i]) : column;
  });
  if (Status made = run(fmt::format("CREATE TEMPORARY TABLE {} ({}) ON COMMIT DROP", name, definitions)); !made) {
    return fail(std::move(made.error()));
  }
  const Result<std::uint64_t> copied = copy(staging, input);
  if (!copied) return copied;
  Result<std::uint64_t> moved = execute(
      fmt::format("INSERT INTO {} ({}) SELECT {} FROM {}", quoted(dialect(), table), text.names, text.values, name),
      {});
  if (!moved) return moved;
  if (Status dropped = run("DROP TABLE " + name); !dropped) return fail(std::move(dropped.error()));
  return moved;
}

Result<std::uint64_t> PostgresConnection::insert_stream(const TableName& table, const InsertColumns& columns,
                                                        ArrowArrayStream* stream) {
  refused_.reset();
  CopyInput input(stream, session_->cancelled);
  if (Status opened = input.open(); !opened) return fail(std::move(opened.error()));
  const Result<std::vector<std::string>> words = column_words(table, columns);
  if (!words) return fail(words.error());
  bool goes_straight = columns.defaults == nullptr || columns.defaults->empty();
  std::vector<bool> is_json;
  for (std::size_t i = 0; i < words->size(); ++i) {
    const std::string_view format = input.schema().children[i]->format;
    if (copied_type(format).empty()) {
      return fail(
          fmt::format("the column {} has the Arrow format {}, which COPY does not carry", columns.names[i], format));
    }
    goes_straight &= goes_into(format, (*words)[i]);
    is_json.push_back((*words)[i] == "jsonb" && format == "u");
  }
  input.mark_json(is_json);
  return goes_straight ? copy(table, input) : copy_through(table, columns, *words, input);
}

Result<std::uint64_t> PostgresConnection::insert_selected(const TableName& table, const InsertColumns& columns,
                                                          std::string_view source) {
  return execute(insert_selected_text(dialect(), table, columns, source), {});
}

Status PostgresConnection::roll_back() {
  in_transaction_ = false;
  // A cancelled session must still be able to end its transaction.
  Result<DriverStatement> made = DriverStatement::make(session_->driver(), session_->connection());
  if (!made) return fail(std::move(made.error()));
  if (Status set = made->set_query("ROLLBACK"); !set) return set;
  const Result<std::int64_t> done = made->execute(nullptr);
  return done ? Status() : fail(done.error());
}

void PostgresConnection::cancel() {
  session_->cancelled = true;
  AdbcAnswer ignored;
  session_->driver().ConnectionCancel(&session_->connection(), ignored.out());
}

}  // namespace

Status find_postgres_driver() {
  const Result<const AdbcDriver*> driver = postgresql_driver();
  return driver ? Status() : fail(driver.error());
}

Result<std::unique_ptr<Connection>> open_postgres(const PostgresOptions& options) {
  const Result<const AdbcDriver*> driver = postgresql_driver();
  if (!driver) return fail(driver.error());
  auto session = std::make_shared<Session>(**driver);
  if (Status opened = open_until_stopped(session, options.uri, options.stop); !opened) {
    return fail(std::move(opened.error()).in("connect"));
  }
  auto connection = std::make_unique<PostgresConnection>(std::move(session), options);
  if (Status prepared = connection->prepare_session(); !prepared)
    return fail(std::move(prepared.error()).in("connect"));
  return connection;
}

}  // namespace outfall::sql
