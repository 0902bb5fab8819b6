// SPDX-License-Identifier: Apache-2.0
//
// Watches every statement of a transaction, so that a failed one cannot be committed.
#include "sql/transaction.h"

#include <utility>

#include "sql/dialect.h"

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
