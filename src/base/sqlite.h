// SPDX-License-Identifier: Apache-2.0
//
// The linked SQLite, thin: a database, its prepared statements, a transaction that rolls back unless it is committed.
//
// A Database and what it gave out are used by one thread at a time; several Databases (also on one file) by several
// threads. Statements and transactions must be gone before their Database is.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outfall/error.h"

struct sqlite3_stmt;

namespace outfall {

namespace sqlite_detail {
struct Connection;
}

/// One prepared statement in use. It goes back to its Database's cache, unbound, when it is destroyed.
class Statement {
 public:
  Statement(Statement&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)),
        statement_(std::exchange(other.statement_, nullptr)),
        bind_result_(other.bind_result_) {}
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  /// Binds to parameter `index`, counted from 1. A failure is reported by the next step. Texts are copied.
  void bind(int index, std::int64_t value);
  void bind(int index, double value);
  void bind(int index, std::string_view value);
  void bind(int index, std::nullptr_t);
  void bind(int index, std::integral auto value) { bind(index, static_cast<std::int64_t>(value)); }
  void bind(int index, const char* value) { bind(index, std::string_view(value)); }
  void bind(int index, const std::string& value) { bind(index, std::string_view(value)); }
  template <class T>
  void bind(int index, const std::optional<T>& value) {
    value ? bind(index, *value) : bind(index, nullptr);
  }

  /// Binds all values in order, from parameter 1 on.
  template <class... Values>
  Statement& with(const Values&... values) {
    int index = 0;
    (bind(++index, values), ...);
    return *this;
  }

  /// True: there is a row to look at. False: done.
  Result<bool> step();

  /// Runs to the end and gets ready for the next `with`; rows are passed over.
  Status run();

  /// Columns of the current row, counted from 0. Texts live until the next step.
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;
  bool is_null(int column) const;

 private:
  friend class Database;
  Statement(sqlite_detail::Connection* connection, sqlite3_stmt* statement)
      : connection_(connection), statement_(statement) {}

  sqlite_detail::Connection* connection_;
  sqlite3_stmt* statement_;
  int bind_result_ = 0;
};

class Database {
 public:
  enum class Access {
    read_write,  ///< made if missing; write-ahead log, every commit synced
    read_only,   ///< works while another process writes, and in a folder that we may not write
  };

  /// Errors: abandon: not a database, damaged, not permitted; retry: busy for limits::sqlite_busy_max.
  static Result<Database> open(const std::string& path, Access access);

  /// A copy in memory as of now, which can be written to and goes with the object. It keeps the path, for messages.
  Result<Database> copy_in_memory() const;

  /// A copy in a file as of now. `path` must not be there; it is not synced.
  Status copy_to(const std::string& path) const;

  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  /// Runs statements that need no values and give no rows worth looking at, separated by semicolons.
  Status execute(const std::string& sql);

  /// The same for one statement that is run again and again, which is kept prepared.
  Status run_again(std::string_view sql);

  /// A statement from the cache, or newly prepared. `sql` is one statement.
  Result<Statement> prepare(std::string_view sql);

  /// The first column of the first row; an error if there is none.
  Result<std::int64_t> integer(std::string_view sql);

  /// Rows that the newest INSERT, UPDATE or DELETE changed.
  std::int64_t changes() const;

  const std::string& path() const;

 private:
  explicit Database(std::unique_ptr<sqlite_detail::Connection> connection);

  std::unique_ptr<sqlite_detail::Connection> connection_;
};

class Transaction {
 public:
  enum class Kind {
    write,  ///< holds the file's write lock from the start, so it cannot fail half-way for another writer
    read,   ///< all reads see the file as of the first one
  };

  static Result<Transaction> begin(Database& database, Kind kind = Kind::write);

  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;

  /// Rolls back unless it was committed.
  ~Transaction();

  /// After a failure nothing was committed, and the transaction is over.
  Status commit();

 private:
  explicit Transaction(Database* database) : database_(database) {}

  Database* database_;
};

/// Runs the statement to its end and makes one value of each row: `read(statement) -> Row`.
template <class Read>
auto collect(Statement& statement, Read read) -> Result<std::vector<decltype(read(statement))>> {
  std::vector<decltype(read(statement))> rows;
  while (true) {
    const Result<bool> row = statement.step();
    if (!row) {
      return std::unexpected(row.error());
    }
    if (!*row) {
      return rows;
    }
    rows.push_back(read(statement));
  }
}

}  // namespace outfall
