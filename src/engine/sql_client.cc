// SPDX-License-Identifier: Apache-2.0
//
// A session of a database destination, shared by the client, its cursors and its transactions.
#include "outfall/sql_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "columnar/result_reader.h"
#include "engine/sql_client_state.h"
#include "sql/bound_statement.h"
#include "sql/dialect.h"
#include "sql/first_words.h"
#include "sql/sql_states.h"

namespace outfall {
namespace {

SqlErrorKind public_kind(sql::Failure failure) {
  switch (failure) {
    case sql::Failure::undefined_relation:
      return SqlErrorKind::undefined_relation;
    case sql::Failure::transient:
      return SqlErrorKind::transient;
    case sql::Failure::terminal:
      break;
  }
  return SqlErrorKind::terminal;
}

std::unexpected<SqlError> failed(Error error, SqlErrorKind kind = SqlErrorKind::terminal) {
  return std::unexpected(SqlError{std::move(error), kind});
}

Error no_rows_at_a_time() {
  return engine::usage_error("0 rows at a time never come to an end", "ask for 1 at least");
}

}  // namespace

std::unexpected<SqlError> SqlClient::State::failed(Error error) {
  const SqlErrorKind kind = public_kind(sql::failure_of(session->dialect(), error));
  if (stop_token.stop_requested()) error.blame = Blame::interrupted;
  if (in_transaction && !transaction_failure) transaction_failure = error;
  return outfall::failed(engine::with_query_hint(std::move(error).in("query"), report), kind);
}

SqlStatus SqlClient::State::check_free() const {
  if (!has_cursor) return {};
  return outfall::failed(engine::usage_error("the cursor of an earlier statement is open",
                                             "destroy it first, or open a second client for statements beside it"));
}

Status SqlClient::State::begin_reading() {
  const bool begins = access == delivery::QueryAccess::read_only && !in_transaction;
  return begins ? session->begin() : Status();
}

void SqlClient::State::end_reading() {
  if (access == delivery::QueryAccess::read_only && !in_transaction) (void)session->roll_back();
}

struct SqlRow::Block {
  std::vector<RowsColumn> columns{};
  columnar::ResultValues rows{};
  std::uint64_t changed = 0;
};

struct SqlCursor::State {
  explicit State(std::shared_ptr<SqlClient::State> owner) : client(std::move(owner)) { client->has_cursor = true; }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    reader.reset();
    client->has_cursor = false;
    client->end_reading();
  }

  SqlResult<SqlRows> fetch(std::size_t rows) {
    auto block = std::make_shared<SqlRow::Block>();
    block->changed = changed;
    if (reader) {
      block->columns.assign(reader->columns().begin(), reader->columns().end());
      Result<columnar::ResultValues> values = reader->values(rows);
      if (!values) return client->failed(std::move(values.error()));
      block->rows = std::move(*values);
    }
    return SqlRows(std::move(block));
  }

  std::shared_ptr<SqlClient::State> client;
  std::optional<columnar::ResultReader> reader{};  ///< none: the statement gives no rows
  std::uint64_t changed = 0;
};

struct SqlTransaction::State {
  std::shared_ptr<SqlClient::State> client;
  bool is_open = true;

  explicit State(std::shared_ptr<SqlClient::State> owner) : client(std::move(owner)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { (void)roll_back(); }

  Status roll_back() {
    if (!std::exchange(is_open, false)) return {};
    client->in_transaction = false;
    client->transaction_failure.reset();
    return client->session->roll_back();
  }
};

std::size_t SqlRow::size() const {
  return block_->columns.size();
}

Value SqlRow::value(std::size_t column) const {
  return block_->rows.values[index_ * size() + column];
}

Value SqlRow::value(std::string_view column) const {
  const auto found = std::ranges::find(block_->columns, column, &RowsColumn::name);
  return found == block_->columns.end() ? Null{} : value(static_cast<std::size_t>(found - block_->columns.begin()));
}

std::size_t SqlRows::size() const {
  return block_->rows.rows;
}

std::span<const RowsColumn> SqlRows::columns() const {
  return block_->columns;
}

std::uint64_t SqlRows::changed() const {
  return block_->changed;
}

std::span<const RowsColumn> SqlCursor::columns() const {
  return state_->reader ? state_->reader->columns() : std::span<const RowsColumn>();
}

std::uint64_t SqlCursor::changed() const {
  return state_->changed;
}

SqlResult<std::optional<SqlRow>> SqlCursor::fetchone() {
  const SqlResult<SqlRows> rows = state_->fetch(1);
  if (!rows) return std::unexpected(rows.error());
  return rows->empty() ? std::nullopt : std::optional((*rows)[0]);
}

SqlResult<SqlRows> SqlCursor::fetchmany(std::size_t rows) {
  return state_->fetch(rows);
}

SqlResult<SqlRows> SqlCursor::fetchall() {
  return state_->fetch(all);
}

SqlStatus SqlCursor::iter_fetch(std::size_t rows, const std::function<bool(const SqlRows& some)>& take) {
  if (rows == 0) return failed(no_rows_at_a_time());
  while (true) {
    const SqlResult<SqlRows> some = state_->fetch(rows);
    if (!some) return std::unexpected(some.error());
    if (some->empty() || !take(*some)) return {};
  }
}

SqlResult<bool> SqlCursor::arrow(ArrowArray* rows, ArrowSchema* schema, std::size_t rows_max) {
  if (!state_->reader) return false;
  Result<bool> taken = state_->reader->batch(rows_max, rows, schema);
  if (!taken) return state_->client->failed(std::move(taken.error()));
  return *taken;
}

SqlStatus SqlCursor::iter_arrow(std::size_t rows,
                                const std::function<bool(ArrowArray* some, ArrowSchema* schema)>& take) {
  if (rows == 0) return failed(no_rows_at_a_time());
  while (true) {
    ArrowArray some{};
    ArrowSchema schema{};
    const SqlResult<bool> taken = arrow(&some, &schema, rows);
    if (!taken) return std::unexpected(taken.error());
    if (!*taken || !take(&some, &schema)) return {};
  }
}

SqlStatus SqlCursor::arrow_stream(ArrowArrayStream* out) {
  if (!state_->reader) return failed(engine::usage_error("the statement gives no rows", ""));
  if (Status given = state_->reader->give_away(out); !given) return state_->client->failed(std::move(given.error()));
  return {};
}

SqlStatus SqlTransaction::commit() {
  SqlClient::State& client = *state_->client;
  if (SqlStatus is_free = client.check_free(); !is_free) return is_free;
  if (!state_->is_open) return failed(engine::usage_error("the transaction has ended", ""));
  if (client.transaction_failure) {
    // Some databases answer that such a commit went well.
    const SqlErrorKind kind = public_kind(sql::failure_of(client.session->dialect(), *client.transaction_failure));
    Error error = std::move(*client.transaction_failure).in("nothing of the transaction was kept");
    (void)state_->roll_back();
    return failed(std::move(error), kind);
  }
  Status committed = client.session->commit();
  state_->is_open = false;
  client.in_transaction = false;
  if (committed) return {};
  const bool is_lost = sql::is_lost_answer(client.session->dialect(), committed.error());
  (void)client.session->roll_back();
  auto refused = client.failed(std::move(committed.error()).in("commit"));
  if (!is_lost) return refused;
  SqlError lost = std::move(refused.error());
  lost.kind = SqlErrorKind::unknown;
  lost.remedy = Remedy::resolve;
  lost.hint = "the answer was lost: look whether the rows are there before you do it again";
  return std::unexpected(std::move(lost));
}

SqlStatus SqlTransaction::roll_back() {
  if (SqlStatus is_free = state_->client->check_free(); !is_free) return is_free;
  Status done = state_->roll_back();
  if (!done) return state_->client->failed(std::move(done.error()));
  return {};
}

SqlResult<SqlClient> SqlClient::open(const SqlClientOptions& options) {
  Result<engine::Question> question = engine::prepare_question({.destination = options.destination,
                                                                .dataset = options.dataset,
                                                                .data_dir = options.data_dir,
                                                                .state = options.state,
                                                                .access = options.access,
                                                                .memory = options.memory,
                                                                .stop = options.stop});
  const auto refused = [](Error error) {
    const SqlErrorKind kind = error.remedy == Remedy::retry ? SqlErrorKind::transient : SqlErrorKind::terminal;
    return failed(std::move(error), kind);
  };
  if (!question) return refused(std::move(question.error()));
  auto session = question->destination->open_session(question->request);
  if (!session) return refused(engine::with_query_hint(std::move(session.error()), question->report));
  return SqlClient(std::make_shared<State>(std::move(*question), std::move(*session), options.stop));
}

SqlResult<SqlCursor> SqlClient::execute_query(std::string_view statement, std::span<const Value> values) {
  if (SqlStatus is_free = state_->check_free(); !is_free) return std::unexpected(is_free.error());
  if (sql::bounds_transaction(state_->session->dialect(), statement)) {
    return failed(engine::usage_error("a statement does not begin or end a transaction",
                                      "use begin_transaction, and commit or roll_back of what it gives"));
  }
  Result<sql::BoundStatement> bound = sql::bind_values(state_->session->dialect(), statement, values);
  if (!bound) return failed(std::move(bound.error()).in("query"));
  if (Status begun = state_->begin_reading(); !begun) return state_->failed(std::move(begun.error()));
  auto cursor = std::make_shared<SqlCursor::State>(state_);
  ArrowArrayStream rows{};
  const auto answered = state_->session->answer(bound->text, bound->values, &rows);
  if (!answered) return state_->failed(answered.error());
  if (*answered) {
    cursor->changed = **answered;
  } else {
    Result<columnar::ResultReader> reader = columnar::ResultReader::open(&rows);
    if (!reader) return state_->failed(std::move(reader.error()));
    cursor->reader = std::move(*reader);
  }
  return SqlCursor(std::move(cursor));
}

SqlResult<SqlRows> SqlClient::execute_sql(std::string_view statement, std::span<const Value> values) {
  SqlResult<SqlCursor> cursor = execute_query(statement, values);
  if (!cursor) return std::unexpected(std::move(cursor.error()));
  return cursor->fetchall();
}

SqlResult<SqlTransaction> SqlClient::begin_transaction() {
  if (SqlStatus is_free = state_->check_free(); !is_free) return std::unexpected(is_free.error());
  if (state_->in_transaction)
    return failed(engine::usage_error("a transaction is open already", "commit it, or roll it back"));
  if (Status begun = state_->session->begin(); !begun) return state_->failed(std::move(begun.error()));
  if (state_->access == delivery::QueryAccess::read_only) {
    // Behind its first query no statement can make it one that writes.
    if (const auto looked = state_->session->rows("SELECT 1", {}); !looked) {
      (void)state_->session->roll_back();
      return state_->failed(looked.error());
    }
  }
  state_->in_transaction = true;
  return SqlTransaction(std::make_shared<SqlTransaction::State>(state_));
}

std::string SqlClient::make_qualified_table_name(std::string_view table) const {
  const sql::Connection& session = *state_->session;
  if (state_->report.dataset.empty()) return sql::quoted(session.dialect(), table);
  return sql::quoted(
      session.dialect(),
      sql::TableName{.catalog = session.catalog(), .schema = state_->report.dataset, .table = std::string(table)});
}

std::string SqlClient::destination() const {
  return state_->report.destination;
}

std::string SqlClient::dataset() const {
  return state_->report.dataset;
}

}  // namespace outfall
