// SPDX-License-Identifier: Apache-2.0
//
// Connection over DuckDB's C API.
#include "sql/duckdb_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "sql/dialect.h"
#include "sql/duckdb_arrow.h"
#include "sql/duckdb_database.h"
#include "sql/duckdb_error.h"
#include "sql/duckdb_statement.h"

namespace outfall::sql {

namespace {

/// The session, shared with the cursors and streams that it gave out.
class Session {
 public:
  Session(std::shared_ptr<DuckDbDatabase> database, duckdb_connection handle)
      : database_(std::move(database)), handle_(handle) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { api().duckdb_disconnect(&handle_); }

  const DuckDbApi& api() const { return database_->api(); }
  duckdb_connection handle() const { return handle_; }
  const DuckDbDatabase& database() const { return *database_; }

  std::atomic<bool> cancelled = false;

 private:
  std::shared_ptr<DuckDbDatabase> database_;
  duckdb_connection handle_;
};

class ReaderCursor final : public TextCursor {
 public:
  ReaderCursor(std::shared_ptr<Session> session, std::vector<ColumnHeader> columns, TextReader reader)
      : session_(std::move(session)), columns_(std::move(columns)), reader_(std::move(reader)) {}
  const std::vector<ColumnHeader>& columns() const override { return columns_; }
  Result<bool> next(TextRow& row) override { return reader_.next(row); }

 private:
  std::shared_ptr<Session> session_;
  std::vector<ColumnHeader> columns_;
  TextReader reader_;
};

/// The answer of a statement that cannot stand inside another one (EXPLAIN, SHOW, PRAGMA), or that changed rows.
class AnswerCursor final : public TextCursor {
 public:
  AnswerCursor(std::vector<ColumnHeader> columns, std::vector<TextRow> rows)
      : columns_(std::move(columns)), rows_(std::move(rows)) {}
  const std::vector<ColumnHeader>& columns() const override { return columns_; }
  Result<bool> next(TextRow& row) override {
    if (next_ == rows_.size()) return false;
    row = std::move(rows_[next_++]);
    return true;
  }

 private:
  std::vector<ColumnHeader> columns_;
  std::vector<TextRow> rows_;
  std::size_t next_ = 0;
};

class DuckDbConnection final : public Connection {
 public:
  DuckDbConnection(std::shared_ptr<Session> session, Access access)
      : session_(std::move(session)), access_(access), memory_(memory_for_columns(session_->database().options(), 0)) {}

  /// Session settings, and the name that DuckDB gave the file's catalog.
  Status prepare_session();

  const Dialect& dialect() const override { return duckdb_dialect(); }
  const std::string& catalog() const override { return catalog_; }
  Result<std::uint64_t> execute(std::string_view statement, std::span<const Value> values) override;
  Result<std::vector<TextRow>> rows(std::string_view query, std::span<const Value> values) override;
  Result<std::unique_ptr<TextCursor>> cursor(std::string_view query) override;
  Result<std::vector<ColumnHeader>> describe(std::string_view query) override;
  Status query(std::string_view query, ArrowArrayStream* out) override;
  Result<std::optional<std::uint64_t>> answer(std::string_view statement, std::span<const Value> values,
                                              ArrowArrayStream* out) override;
  std::uint64_t batch_rows(std::size_t columns, std::uint64_t row_bytes) const override;
  Status prepare_load(std::uint64_t bytes, std::size_t columns) override;
  Result<std::uint64_t> insert_stream(const TableName& table, const InsertColumns& columns,
                                      ArrowArrayStream* stream) override;
  Result<std::uint64_t> insert_selected(const TableName& table, const InsertColumns& columns,
                                        std::string_view source) override;
  std::optional<RefusedRow> refused_row() const override { return refused_; }
  Status look_in(const std::string& dataset) override;
  Status look_back() override;
  Status begin() override;
  Status commit() override { return no_value(execute("COMMIT", {})); }
  Status roll_back() override;
  void cancel() override;

 private:
  static Status no_value(Result<std::uint64_t> result) {
    if (!result) return fail(std::move(result.error()));
    return {};
  }
  Result<DuckDbResult> run(std::string_view statement, std::span<const Value> values, Fetch fetch);
  Result<std::unique_ptr<TextCursor>> answer_as_text(DuckDbStatement& statement);
  Status check_only_reads(std::string_view query) const;
  bool may_insert_in_parallel(std::size_t columns) const;
  Status make_room(std::size_t columns, std::uint64_t batch_rows);

  std::shared_ptr<Session> session_;
  Access access_;
  std::string catalog_;
  bool looks_elsewhere_ = false;  ///< for names without a schema
  bool without_fsst_ = false;
  bool one_thread_ = false;  ///< since a wide table, until the next narrow one
  std::size_t memory_;       ///< the limit that DuckDB was given
  std::optional<RefusedRow> refused_;
};

// DuckDB scans a stream through a view, which it makes in the file's own main schema; `temp` is refused. The view is
// dropped in the transaction that made it, so nobody else ever sees it. Names differ, or two writers of one file would
// be in conflict.
std::string next_view_name() {
  static std::atomic<std::uint64_t> counter = 0;
  return fmt::format("_outfall_rows_{}", ++counter);
}

/// A column of the stream, or its default where it is null: both as what the column is, or they would be made one type
/// that may keep less.
std::string selected(const Dialect& dialect, const std::string& column, const DefaultValues* defaults) {
  std::string name = quoted(dialect, column);
  if (defaults == nullptr) return name;
  const auto found = defaults->find(folded(dialect, column));
  if (found == defaults->end()) return name;
  return fmt::format("coalesce(CAST({0} AS {2}), CAST({1} AS {2})) AS {0}", name, found->second.expression,
                     found->second.word);
}

Status DuckDbConnection::prepare_session() {
  Status done = no_value(execute("SET TimeZone = 'UTC'", {}));
  if (!done) return done;
  Result<std::vector<TextRow>> name = rows("SELECT current_database()", {});
  if (!name) return fail(std::move(name.error()));
  catalog_ = name->at(0).at(0).value_or("");
  return {};
}

Result<DuckDbResult> DuckDbConnection::run(std::string_view statement, std::span<const Value> values, Fetch fetch) {
  if (session_->cancelled) return fail(Error{.message = "cancelled", .hint = "", .blame = Blame::interrupted});
  Result<DuckDbStatement> prepared = DuckDbStatement::prepare(session_->api(), session_->handle(), statement);
  if (!prepared) return fail(std::move(prepared.error()));
  if (Status bound = prepared->bind(values); !bound) return fail(std::move(bound.error()));
  return prepared->run(fetch);
}

Result<std::uint64_t> DuckDbConnection::execute(std::string_view statement, std::span<const Value> values) {
  Result<DuckDbResult> result = run(statement, values, Fetch::all_at_once);
  if (!result) {
    refused_ = duckdb_refused_row(result.error());
    return fail(std::move(result.error()));
  }
  return session_->api().duckdb_rows_changed(result->get());
}

Result<std::vector<TextRow>> DuckDbConnection::rows(std::string_view query, std::span<const Value> values) {
  Result<DuckDbResult> result = run(as_text(query), values, Fetch::as_asked_for);
  if (!result) return fail(std::move(result.error()));
  TextReader reader(session_->api(), std::move(*result));
  std::vector<TextRow> out;
  TextRow row;
  while (true) {
    Result<bool> more = reader.next(row);
    if (!more) return fail(std::move(more.error()));
    if (!*more) return out;
    if (out.size() == limits::catalog_rows_max) {
      return fail(fmt::format("a query that should be small gave more than {} rows", limits::catalog_rows_max));
    }
    out.push_back(row);
  }
}

// A database that is open for reading only does not keep a statement from writing elsewhere: COPY writes files, ATTACH
// opens other databases, LOAD runs foreign code.
Status DuckDbConnection::check_only_reads(std::string_view query) const {
  const std::string_view asked = without_explain(query);  // EXPLAIN ANALYZE does what it explains
  const Error refusal{.message = "a statement that does more than read is refused in a session that only reads",
                      .hint = ""};
  if (is_export(asked)) return fail(refusal);  // it makes its folder when it is prepared
  const Result<DuckDbStatement> prepared = DuckDbStatement::prepare(session_->api(), session_->handle(), asked);
  if (!prepared) return fail(prepared.error());
  return only_reads(prepared->type()) ? Status{} : fail(refusal);
}

Result<std::unique_ptr<TextCursor>> DuckDbConnection::cursor(std::string_view query) {
  if (access_ == Access::read_only) {
    if (Status allowed = check_only_reads(query); !allowed) return fail(std::move(allowed.error()));
  }
  Result<DuckDbStatement> prepared = DuckDbStatement::prepare(session_->api(), session_->handle(), query);
  if (!prepared) return fail(std::move(prepared.error()));
  Result<DuckDbStatement> textual = DuckDbStatement::prepare(session_->api(), session_->handle(), as_text(query));
  if (prepared->type() != DUCKDB_STATEMENT_TYPE_SELECT || !textual) return answer_as_text(*prepared);
  // SHOW and its like pass for a SELECT, but cannot be described.
  Result<std::vector<ColumnHeader>> columns = describe(query);
  if (!columns) return answer_as_text(*prepared);
  if (session_->cancelled) return fail(Error{.message = "cancelled", .hint = "", .blame = Blame::interrupted});
  Result<DuckDbResult> result = textual->run(Fetch::as_asked_for);
  if (!result) return fail(std::move(result.error()));
  return std::make_unique<ReaderCursor>(session_, std::move(*columns), TextReader(session_->api(), std::move(*result)));
}

Result<std::vector<ColumnHeader>> DuckDbConnection::describe(std::string_view query) {
  Result<std::vector<TextRow>> described = rows(fmt::format("DESCRIBE {}", query), {});
  if (!described) return fail(std::move(described.error()));
  std::vector<ColumnHeader> columns;
  for (TextRow& column : *described) columns.push_back({column.at(0).value_or(""), column.at(1).value_or("")});
  return columns;
}

Result<std::unique_ptr<TextCursor>> DuckDbConnection::answer_as_text(DuckDbStatement& statement) {
  if (session_->cancelled) return fail(Error{.message = "cancelled", .hint = "", .blame = Blame::interrupted});
  Result<DuckDbResult> result = statement.run(Fetch::all_at_once);
  if (!result) return fail(std::move(result.error()));
  const DuckDbApi& api = session_->api();
  const idx_t column_count = api.duckdb_column_count(result->get());
  std::vector<ColumnHeader> columns;
  columns.reserve(column_count);
  for (idx_t i = 0; i < column_count; ++i) {
    columns.push_back({.name = api.duckdb_column_name(result->get(), i), .type = "VARCHAR"});
  }
  const idx_t size = api.duckdb_row_count(result->get());
  if (size > limits::catalog_rows_max) {
    return fail(fmt::format("a statement that is answered as a whole gave {} rows, and {} are the most", size,
                            limits::catalog_rows_max),
                "ask for fewer rows; only SELECT is answered row by row");
  }
  std::vector<TextRow> rows(size, TextRow(columns.size()));
  for (idx_t row = 0; row < size; ++row) {
    for (idx_t column = 0; column < columns.size(); ++column) {
      if (api.duckdb_value_is_null(result->get(), column, row)) continue;
      char* text = api.duckdb_value_varchar(result->get(), column, row);
      if (text != nullptr) rows[row][column] = text;
      api.duckdb_free(text);
    }
  }
  return std::make_unique<AnswerCursor>(std::move(columns), std::move(rows));
}

Status DuckDbConnection::query(std::string_view query, ArrowArrayStream* out) {
  if (access_ == Access::read_only) {
    if (Status allowed = check_only_reads(query); !allowed) return allowed;
  }
  Result<DuckDbResult> result = run(query, {}, Fetch::as_asked_for);
  if (!result) return fail(std::move(result.error()));
  return export_result(session_->api(), std::move(*result), session_, out);
}

Result<std::optional<std::uint64_t>> DuckDbConnection::answer(std::string_view statement, std::span<const Value> values,
                                                              ArrowArrayStream* out) {
  if (access_ == Access::read_only) {
    if (Status allowed = check_only_reads(statement); !allowed) return fail(std::move(allowed.error()));
  }
  Result<DuckDbResult> result = run(statement, values, Fetch::as_asked_for);
  if (!result) return fail(std::move(result.error()));
  if (session_->api().duckdb_result_return_type(*result->get()) != DUCKDB_RESULT_TYPE_QUERY_RESULT)
    return session_->api().duckdb_rows_changed(result->get());
  if (Status given = export_result(session_->api(), std::move(*result), session_, out); !given)
    return fail(std::move(given.error()));
  return std::nullopt;
}

// With several threads DuckDB gathers every batch of rows in buffers of its own until a row group is full: blocks of
// 256 KiB for each column and batch, which it cannot put aside, so that memory grows with the input; and it copies the
// rows once more. Whole row groups it takes as they are: 1.7 M rows of 9 columns in batches of 10,000 rows take two
// threads 2.6 core-seconds and 1.45 s, in batches of two row groups 1.6 core-seconds and 0.9 s; one thread takes 1.6 s.
// Otherwise, and with more than a few dozen columns, one thread fills one row group after the other.
bool DuckDbConnection::may_insert_in_parallel(std::size_t columns) const {
  const int threads = session_->database().options().threads;
  return columns <= wide_columns && (threads > 0 ? threads : std::thread::hardware_concurrency()) > 1;
}

std::uint64_t DuckDbConnection::batch_rows(std::size_t columns, std::uint64_t row_bytes) const {
  if (!may_insert_in_parallel(columns)) return 0;
  constexpr std::uint64_t batch_bytes_max = std::uint64_t{64} << 20;
  return std::min<std::uint64_t>(2, batch_bytes_max / (row_group_rows * std::max<std::uint64_t>(row_bytes, 1))) *
         row_group_rows;
}

// FSST finds a table of symbols for each column of text in each row group, which takes about 0.7 ms however few rows
// there are: 120 of 340 ms for 100 GitHub events in 522 rows, whose file gets no smaller by it, and 300 of 880 ms for
// 16,213 of them (0.4 MB a column), whose file gets 2 % smaller. Dictionaries stay in use, and row groups that are
// full are so large that it pays.
Status DuckDbConnection::prepare_load(std::uint64_t bytes, std::size_t columns) {
  constexpr std::uint64_t symbols_pay_bytes = std::uint64_t{512} << 10;
  const bool without_fsst = bytes < columns * symbols_pay_bytes;
  if (without_fsst == without_fsst_) return {};
  Status done = no_value(
      execute(without_fsst ? "SET disabled_compression_methods = 'fsst'" : "RESET disabled_compression_methods", {}));
  if (done) without_fsst_ = without_fsst;
  return done;
}

Status DuckDbConnection::make_room(std::size_t columns, std::uint64_t batch_rows) {
  const int threads = session_->database().options().threads;
  const bool one_thread = !may_insert_in_parallel(columns) || batch_rows == 0 || batch_rows % row_group_rows != 0;
  if (one_thread != one_thread_) {
    std::string back = threads > 0 ? fmt::format("SET threads = {}", threads) : "RESET threads";
    if (Status done = no_value(execute(one_thread ? "SET threads = 1" : back, {})); !done) return done;
    one_thread_ = one_thread;
  }
  const std::size_t memory = memory_for_columns(session_->database().options(), columns);
  if (memory <= memory_) return {};
  if (Status done = no_value(execute(fmt::format("SET memory_limit = '{}B'", memory), {})); !done) return done;
  memory_ = memory;
  return {};
}

Status DuckDbConnection::look_in(const std::string& dataset) {
  const std::string path = fmt::format("{0}.{1},{0}.main", quoted(dialect(), catalog_), quoted(dialect(), dataset));
  looks_elsewhere_ = true;
  return no_value(execute(fmt::format("SET search_path = {}", text_literal(path)), {}));
}

Status DuckDbConnection::look_back() {
  if (!looks_elsewhere_) return {};
  Status done = no_value(execute("RESET search_path", {}));
  if (done) looks_elsewhere_ = false;
  return done;
}

Result<std::uint64_t> DuckDbConnection::insert_stream(const TableName& table, const InsertColumns& columns,
                                                      ArrowArrayStream* stream) {
  refused_.reset();
  ArrowInput input(stream, session_->cancelled);
  if (Status opened = input.open(); !opened) return fail(std::move(opened.error()));
  if (Status room = make_room(columns.names.size(), input.first_batch_rows()); !room)
    return fail(std::move(room.error()));
  std::string view = next_view_name();
  if (session_->api().duckdb_arrow_scan(session_->handle(), view.c_str(), input.handle()) != DuckDBSuccess) {
    return fail(
        fmt::format("make rows for {} readable to DuckDB: a column has a type that it does not know", table.table));
  }
  const std::string scan = fmt::format("{}.main.{}", quoted(dialect(), catalog_), view);
  Result<std::uint64_t> inserted = insert_selected(table, columns, scan);
  if (!inserted) return inserted;  // rolling back takes the view away
  // The view holds the address of `input`, which ends here.
  if (Result<std::uint64_t> dropped = execute(fmt::format("DROP VIEW {}", scan), {}); !dropped) return dropped;
  return inserted;
}

Result<std::uint64_t> DuckDbConnection::insert_selected(const TableName& table, const InsertColumns& columns,
                                                        std::string_view source) {
  if (columns.defaults != nullptr && !columns.defaults->empty()) {
    // A default may name a sequence or a macro without its schema, and means that of its table.
    if (Status looking = look_in(table.schema); !looking) return fail(std::move(looking.error()));
  }
  std::string list;
  for (const std::string& column : columns.names) {
    list += (list.empty() ? "" : ", ") + selected(dialect(), column, columns.defaults);
  }
  Result<std::uint64_t> inserted =
      execute(fmt::format("INSERT INTO {} BY NAME SELECT {} FROM {}", quoted(dialect(), table), list, source), {});
  if (!inserted) return inserted;
  if (Status back = look_back(); !back) return fail(std::move(back.error()));
  return inserted;
}

Status DuckDbConnection::begin() {
  return no_value(execute(access_ == Access::read_only ? "BEGIN TRANSACTION READ ONLY" : "BEGIN TRANSACTION", {}));
}

Status DuckDbConnection::roll_back() {
  // A cancelled connection must still be able to end its transaction.
  Result<DuckDbStatement> prepared = DuckDbStatement::prepare(session_->api(), session_->handle(), "ROLLBACK");
  if (!prepared) return fail(std::move(prepared.error()));
  Result<DuckDbResult> result = prepared->run(Fetch::all_at_once);
  if (!result) return fail(std::move(result.error()));
  return session_->cancelled ? Status() : look_back();
}

void DuckDbConnection::cancel() {
  session_->cancelled = true;
  session_->api().duckdb_interrupt(session_->handle());
}

}  // namespace

Status find_duckdb() {
  const Result<const DuckDbApi*> api = duckdb_api();
  return api ? Status() : fail(api.error());
}

Result<std::unique_ptr<Connection>> open_duckdb(const DuckDbOptions& options) {
  Result<std::shared_ptr<DuckDbDatabase>> database = DuckDbDatabase::open(options);
  if (!database) return fail(std::move(database.error()));
  duckdb_connection handle = nullptr;
  if ((*database)->api().duckdb_connect((*database)->handle(), &handle) != DuckDBSuccess) {
    return fail(fmt::format("connect to DuckDB database {}: it was refused", (*database)->path()));
  }
  auto connection = std::make_unique<DuckDbConnection>(std::make_shared<Session>(*database, handle), options.access);
  if (Status prepared = connection->prepare_session(); !prepared) {
    return fail(std::move(prepared.error()).in(fmt::format("open DuckDB database {}", (*database)->path())));
  }
  return connection;
}

}  // namespace outfall::sql
