// SPDX-License-Identifier: Apache-2.0
//
// Watches every statement of a transaction, so that a failed one cannot be committed.
#include "sql/transaction.h"

#include <fmt/format.h>

#include <thread>
#include <utility>

#include "sql/dialect.h"
#include "sql/sql_states.h"

namespace outfall::sql {

namespace {

std::unexpected<Error> closed() {
  return fail("use a transaction that has already ended");
}

}  // namespace

Result<Transaction> Transaction::begin(Connection& connection) {
  if (Status begun = connection.begin(); !begun) return fail(std::move(begun.error()).in("begin a transaction"));
  return Transaction(connection);
}

Transaction::Transaction(Transaction&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)), failure_(std::move(other.failure_)) {}

Transaction::~Transaction() {
  if (connection_ != nullptr) (void)connection_->roll_back();
}

template <class T>
Result<T> Transaction::watched(Result<T> result) {
  if (!result && !failure_) failure_ = result.error();
  return result;
}

Result<std::uint64_t> Transaction::execute(std::string_view statement, std::span<const Value> values) {
  if (connection_ == nullptr) return closed();
  return watched(connection_->execute(statement, values));
}

Result<std::vector<TextRow>> Transaction::rows(std::string_view query, std::span<const Value> values) {
  if (connection_ == nullptr) return closed();
  return watched(connection_->rows(query, values));
}

Result<std::uint64_t> Transaction::insert_stream(const TableName& table, const InsertColumns& columns,
                                                 ArrowArrayStream* stream) {
  if (connection_ == nullptr) {
    if (stream->release != nullptr) stream->release(stream);
    return closed();
  }
  return watched(connection_->insert_stream(table, columns, stream));
}

Result<std::uint64_t> Transaction::insert_selected(const TableName& table, const InsertColumns& columns,
                                                   std::string_view source) {
  if (connection_ == nullptr) return closed();
  return watched(connection_->insert_selected(table, columns, source));
}

Status Transaction::hold(const std::string& name) {
  if (connection_ == nullptr) return closed();
  const std::string_view lock = connection_->dialect().lock;
  if (lock.empty()) return {};
  const Value values[] = {name};
  const Result<std::uint64_t> held = watched(connection_->execute(lock, values));
  return held ? Status() : fail(Error(held.error()).in("wait for another load"));
}

Status Transaction::set_savepoint() {
  if (failure_) return fail(*failure_);
  const Result<std::uint64_t> set = execute("SAVEPOINT outfall");
  return set ? Status() : fail(set.error());
}

Status Transaction::return_to_savepoint() {
  failure_.reset();
  Result<std::uint64_t> back = execute("ROLLBACK TO SAVEPOINT outfall");
  if (!back) return fail(std::move(back.error()));
  return release_savepoint();
}

Status Transaction::release_savepoint() {
  const Result<std::uint64_t> released = execute("RELEASE SAVEPOINT outfall");
  return released ? Status() : fail(released.error());
}

Status Transaction::take_over(const std::string& name) {
  if (connection_ == nullptr) return closed();
  const std::string_view end_holders = connection_->dialect().end_holders;
  if (end_holders.empty()) return hold(name);
  const Value values[] = {name};
  const auto ended = watched(connection_->rows(end_holders, values));
  return ended ? hold(name) : fail(Error(ended.error()).in("end an earlier session of the same load"));
}

Status Transaction::bound_waits() {
  if (connection_ == nullptr) return closed();
  const std::string_view bound = connection_->dialect().bound_waits;
  if (bound.empty()) return {};
  const auto set = watched(connection_->rows(bound, {}));
  return set ? Status() : fail(Error(set.error()).in("limit how long locks are waited for"));
}

Result<bool> Transaction::lock_out(const std::vector<TableName>& tables, LockTries tries) {
  if (connection_ == nullptr) return closed();
  const Dialect& dialect = connection_->dialect();
  if (dialect.lock_table.empty() || tables.empty()) return true;
  std::string names;
  for (const TableName& table : tables) names += (names.empty() ? "" : ", ") + quoted(dialect, table);
  const std::string statement = fmt::format(fmt::runtime(dialect.lock_table), names);
  Result<bool> locked = try_to_lock(statement, tries.wait);
  for (int i = 1; locked && !*locked && i < tries.count; ++i) {
    std::this_thread::sleep_for(tries.between);
    locked = try_to_lock(statement, tries.wait);
  }
  return locked;
}

Status Transaction::lock_out(const std::vector<TableName>& tables) {
  const Result<bool> locked = lock_out(tables, LockTries());
  if (!locked) return fail(locked.error());
  if (*locked) return {};
  doom("other sessions kept the tables that the load changes");
  failure_->remedy = Remedy::retry;
  failure_->hint = meaning_of_state("55P03").hint;
  return fail(*failure_);
}

/// A lock that is not there in time leaves the transaction as it was.
Result<bool> Transaction::try_to_lock(const std::string& statement, std::chrono::milliseconds wait) {
  const std::string_view set_timeout = connection_->dialect().set_lock_timeout;
  const auto usual = rows(connection_->dialect().lock_timeout);
  if (!usual) return fail(usual.error());
  if (Status set = set_savepoint(); !set) return fail(std::move(set.error()));
  Result<std::uint64_t> done = execute(fmt::format(fmt::runtime(set_timeout), fmt::format("{}ms", wait.count())));
  if (done) done = execute(statement);
  if (done) done = execute(fmt::format(fmt::runtime(set_timeout), usual->at(0).at(0).value_or("0")));
  const bool is_late = !done && is_lock_timeout(done.error());
  if (!done && !is_late) return fail(std::move(done.error()));
  if (Status ended = is_late ? return_to_savepoint() : release_savepoint(); !ended)
    return fail(std::move(ended.error()));
  return !is_late;
}

void Transaction::doom(std::string reason) {
  if (!failure_) failure_ = Error{.message = std::move(reason), .hint = ""};
}

Status Transaction::commit() {
  if (connection_ == nullptr) return closed();
  if (failure_) {
    Error refused = *failure_;
    (void)roll_back();
    return fail(std::move(refused).in("commit refused, because an earlier statement of the transaction failed"));
  }
  Connection* connection = std::exchange(connection_, nullptr);
  Status committed = connection->commit();
  if (committed) return {};
  Error error = std::move(committed.error());
  error.remedy = Remedy::resolve;
  return fail(std::move(error).in("commit"));
}

Status Transaction::roll_back() {
  if (connection_ == nullptr) return closed();
  Connection* connection = std::exchange(connection_, nullptr);
  return connection->roll_back();
}

}  // namespace outfall::sql
