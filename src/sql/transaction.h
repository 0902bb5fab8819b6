// SPDX-License-Identifier: Apache-2.0
//
// Transaction: all of it or nothing, by our own bookkeeping.
//
// Databases were seen to answer OK to the COMMIT of a transaction in which a statement had failed, and to keep nothing.
// So once anything in a Transaction failed, it can only be rolled back: `commit` refuses without asking the database.
//
// Destroying an open transaction rolls it back.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sql/connection.h"

namespace outfall::sql {

class Transaction {
 public:
  static Result<Transaction> begin(Connection& connection);

  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  Result<std::uint64_t> execute(std::string_view statement, std::span<const Value> values = {});
  Result<std::vector<TextRow>> rows(std::string_view query, std::span<const Value> values = {});
  Result<std::uint64_t> insert_stream(const TableName& table, const InsertColumns& columns, ArrowArrayStream* stream);

  Result<std::uint64_t> insert_selected(const TableName& table, const InsertColumns& columns, std::string_view source);

  /// Waits until no other transaction of ours holds the name, and holds it to the end of this one; where the database
  /// does not keep writers apart by itself.
  Status hold(const std::string& name);

  /// Marks where the transaction is, for `return_to_savepoint`; where the database has them (Dialect::has_savepoints).
  Status set_savepoint();

  /// Takes back all that was done since, and forgets what failed then. The mark is gone.
  ///
  /// Errors: there is none any more; only rolling back is left.
  Status return_to_savepoint();

  /// Keeps all that was done since. The mark is gone.
  Status release_savepoint();

  /// The same for a name that only one of us may work under: a session that still holds it has been given up by its
  /// client, and the database may not know that yet. It is ended.
  Status take_over(const std::string& name);

  struct LockTries {
    int count = 20;
    std::chrono::milliseconds wait{100};
    std::chrono::milliseconds between{400};
  };
  /// Keeps everybody else out of tables, to the end of the transaction; out of all or none. Whoever comes while that is
  /// waited for waits behind it, so each of the tries is short, and there is time for others between them.
  ///
  /// False: others kept them for as long as the tries take.
  Result<bool> lock_out(const std::vector<TableName>& tables, LockTries tries);

  /// The same. Errors: retry: others kept them.
  Status lock_out(const std::vector<TableName>& tables);

  /// Has later statements of this transaction fail, with retry, that would wait long for a lock.
  Status bound_waits();

  /// Records a failure that the database does not know of, such as a wrong count: from now on commit refuses.
  void doom(std::string reason);

  /// Errors: refused (remedy of the failure) when anything failed before; resolve when the database's answer is an
  /// error, because
  ///         then only the database knows what happened.
  Status commit();
  Status roll_back();

  Connection& connection() { return *connection_; }

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}

  Result<bool> try_to_lock(const std::string& statement, std::chrono::milliseconds wait);

  template <class T>
  Result<T> watched(Result<T> result);

  Connection* connection_;  ///< null once moved from, committed or rolled back
  std::optional<Error> failure_;
};

}  // namespace outfall::sql
