// SPDX-License-Identifier: Apache-2.0
//
// SqlClient: statements to a database that is a destination, with values in their places, and what they answer as rows
// of values or as Arrow.
//
//   auto client = outfall::SqlClient::open({.destination = "duckdb:shop.duckdb"});
//   auto cursor = client->execute_query("select name, price from items where price > %s", {10.0});
//   cursor->iter_fetch(1000, [](const outfall::SqlRows& rows) {
//     for (std::size_t i = 0; i < rows.size(); ++i) print(rows[i].get<std::string_view>("name"));
//     return true;
//   });
//
// Rows are fetched as they are asked for: but for `fetchall`, and `arrow` without a number, no more of a result is held
// than was asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "outfall/arrow.h"
#include "outfall/error.h"
#include "outfall/query.h"
#include "outfall/rows.h"

namespace outfall {

/// What a caller can make of an error.
enum class SqlErrorKind {
  undefined_relation,  ///< a table, a view or a schema is not there: perhaps nothing was loaded yet
  terminal,            ///< the statement, its values, or what they touch is at fault: again, it fails again
  transient,           ///< the same statement may succeed later: a lost connection, a lock, another transaction
  unknown,             ///< of a commit: its answer was lost, and it may have been kept; again, it may happen twice
};

struct [[nodiscard]] SqlError : Error {
  SqlErrorKind kind = SqlErrorKind::terminal;
};

template <class T>
using SqlResult = std::expected<T, SqlError>;
using SqlStatus = std::expected<void, SqlError>;

struct SqlClientOptions {
  /// As in QueryOptions.
  std::string destination{};
  std::string dataset{};
  std::string data_dir{};
  std::string state{};
  QueryAccess access = QueryAccess::read_only;
  std::size_t memory = std::size_t{1} << 30;
  /// Ends the running statement, and every later one, with an error whose blame is `interrupted`.
  std::stop_token stop{};
};

/// A row of SqlRows, and an owner of them: what its values borrow stays as long as it does.
class SqlRow {
 public:
  struct Block;
  SqlRow(std::shared_ptr<const Block> block, std::size_t index) : block_(std::move(block)), index_(index) {}

  std::size_t size() const;
  Value value(std::size_t column) const;
  /// Null for a column that the rows do not have.
  Value value(std::string_view column) const;
  /// Nothing: it is null, or of another type.
  template <class T, class Column>
  std::optional<T> get(const Column& column) const {
    const Value there = value(column);
    const T* found = std::get_if<T>(&there);
    return found == nullptr ? std::nullopt : std::optional<T>(*found);
  }

 private:
  std::shared_ptr<const Block> block_;
  std::size_t index_;
};

/// Rows that were fetched, which it owns. Cheap to copy.
class SqlRows {
 public:
  explicit SqlRows(std::shared_ptr<const SqlRow::Block> block) : block_(std::move(block)) {}

  std::size_t size() const;
  bool empty() const { return size() == 0; }
  SqlRow operator[](std::size_t row) const { return {block_, row}; }
  /// None: the statement gives no rows.
  std::span<const RowsColumn> columns() const;
  /// Of a statement that gives no rows: how many it changed.
  std::uint64_t changed() const;

 private:
  std::shared_ptr<const SqlRow::Block> block_;
};

/// The result of one statement. While it lives, its client runs no other. Used from one thread at a time.
class SqlCursor {
 public:
  static constexpr std::size_t all = std::numeric_limits<std::size_t>::max();

  SqlCursor(SqlCursor&&) noexcept = default;
  SqlCursor& operator=(SqlCursor&&) noexcept = default;

  /// None: the statement gives no rows.
  std::span<const RowsColumn> columns() const;
  std::uint64_t changed() const;  ///< as SqlRows::changed

  /// Nothing: there are no more rows. All functions go on where the one before has ended.
  SqlResult<std::optional<SqlRow>> fetchone();
  /// Fewer than `rows`: there are no more.
  SqlResult<SqlRows> fetchmany(std::size_t rows);
  SqlResult<SqlRows> fetchall();
  /// Hands over `rows` at a time, until there are no more or the function answers false.
  ///
  /// Errors:   usage: `rows` is 0.
  SqlStatus iter_fetch(std::size_t rows, const std::function<bool(const SqlRows& some)>& take);

  /// The next rows as one record batch, whose owner the caller becomes. False: there are no more, and nothing was
  /// written.
  SqlResult<bool> arrow(ArrowArray* rows, ArrowSchema* schema, std::size_t rows_max = all);
  /// The same `rows` at a time. The function becomes the owner of each batch.
  SqlStatus iter_arrow(std::size_t rows, const std::function<bool(ArrowArray* some, ArrowSchema* schema)>& take);
  /// What is left as a stream. The cursor is to outlive it, and gives no more rows itself.
  SqlStatus arrow_stream(ArrowArrayStream* out);

 private:
  friend class SqlClient;
  struct State;
  explicit SqlCursor(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

/// Statements of its client until it ends are visible to others all at once, or not at all. Rolled back when it is
/// destroyed without a commit.
class SqlTransaction {
 public:
  SqlTransaction(SqlTransaction&&) noexcept = default;
  SqlTransaction& operator=(SqlTransaction&&) noexcept = default;

  /// Errors:   a statement in it has failed: then nothing of it is kept, and the kind is that of its error; unknown: the
  ///           connection was lost, or the stop came, before the answer; a cursor is open.
  SqlStatus commit();
  SqlStatus roll_back();

 private:
  friend class SqlClient;
  struct State;
  explicit SqlTransaction(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

/// A session with the database, whose time zone is UTC. Used from one thread at a time, with its cursors and
/// transactions, each of which keeps the session open.
class SqlClient {
 public:
  /// Errors:   as query() (outfall/query.h).
  static SqlResult<SqlClient> open(const SqlClientOptions& options);

  SqlClient(SqlClient&&) noexcept = default;
  SqlClient& operator=(SqlClient&&) noexcept = default;

  /// Runs one statement. Its values go in the places of `%s`, of `?`, or of `$1`, `$2`, ... and never become a part of
  /// its text. A placeholder does not stand between quotes; beside `%s` a percent sign is `%%`; without values the
  /// statement stays as it is written. Texts, binaries and JSON are borrowed until this returns. To PostgreSQL a text is
  /// of the type text: where another is meant it is cast, as in `day = CAST(%s AS date)`.
  ///
  /// What a query changes outside of a transaction is kept once its last row was fetched, which tells if it was not.
  ///
  /// Errors:   terminal, usage: more or fewer placeholders than values; it begins or ends a transaction, which
  ///           begin_transaction is for; terminal: what the database refuses; a session that only reads (QueryAccess)
  ///           refuses to write; a cursor is open.
  SqlResult<SqlCursor> execute_query(std::string_view statement, std::span<const Value> values = {});
  SqlResult<SqlCursor> execute_query(std::string_view statement, std::initializer_list<Value> values) {
    return execute_query(statement, std::span<const Value>(values.begin(), values.size()));
  }

  /// The same, with all of its rows.
  SqlResult<SqlRows> execute_sql(std::string_view statement, std::span<const Value> values = {});
  SqlResult<SqlRows> execute_sql(std::string_view statement, std::initializer_list<Value> values) {
    return execute_sql(statement, std::span<const Value>(values.begin(), values.size()));
  }

  /// Errors:   one is open.
  SqlResult<SqlTransaction> begin_transaction();

  /// A table of the dataset as statements name it, in full and between quotes.
  std::string make_qualified_table_name(std::string_view table) const;

  std::string destination() const;  ///< address without secrets
  std::string dataset() const;      ///< where names without a schema are looked up; empty: the database's own

 private:
  struct State;
  friend class Dataset;
  friend class SqlCursor;
  friend class SqlTransaction;
  explicit SqlClient(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace outfall
