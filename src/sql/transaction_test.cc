// SPDX-License-Identifier: Apache-2.0
//
// A transaction in which anything failed cannot be committed, whatever the database would answer.
#include "sql/transaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/dialect.h"

namespace outfall::sql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Answers OK to everything but the statement "bad", and writes down what it was asked.
class FakeConnection final : public Connection {
 public:
  const Dialect& dialect() const override { return duckdb_dialect(); }
  const std::string& catalog() const override { return catalog_; }
  Result<std::uint64_t> execute(std::string_view statement, std::span<const Value>) override {
    asked.emplace_back(statement);
    if (statement == "bad") return fail(Error{.message = "no", .hint = "", .remedy = Remedy::retry});
    return 1;
  }
  Result<std::vector<TextRow>> rows(std::string_view, std::span<const Value>) override {
    return std::vector<TextRow>{};
  }
  Result<std::unique_ptr<TextCursor>> cursor(std::string_view) override { return fail("not here"); }
  Result<std::vector<ColumnHeader>> describe(std::string_view) override { return fail("not here"); }
  Status query(std::string_view, ArrowArrayStream*) override { return fail("not here"); }
  Result<std::optional<std::uint64_t>> answer(std::string_view, std::span<const Value>, ArrowArrayStream*) override {
    return fail("not here");
  }
  Result<std::uint64_t> insert_stream(const TableName&, const InsertColumns&, ArrowArrayStream*) override { return 0; }
  Result<std::uint64_t> insert_selected(const TableName&, const InsertColumns&, std::string_view) override { return 0; }
  Status begin() override { return note("BEGIN"); }
  Status commit() override {
    (void)note("COMMIT");
    if (commit_fails) return fail("connection lost");
    return {};
  }
  Status roll_back() override { return note("ROLLBACK"); }
  void cancel() override {}

  std::vector<std::string> asked;
  bool commit_fails = false;

 private:
  Status note(std::string what) {
    asked.push_back(std::move(what));
    return {};
  }
  std::string catalog_ = "c";
};

TEST(Transaction, Commits) {
  FakeConnection connection;
  auto transaction = Transaction::begin(connection);
  ASSERT_TRUE(transaction->execute("good"));
  EXPECT_TRUE(transaction->commit());
  EXPECT_THAT(connection.asked, ElementsAre("BEGIN", "good", "COMMIT"));
}

TEST(Transaction, RefusesToCommitAfterAFailedStatement) {
  FakeConnection connection;
  auto transaction = Transaction::begin(connection);
  EXPECT_FALSE(transaction->execute("bad"));
  EXPECT_TRUE(transaction->execute("good"));
  Status committed = transaction->commit();
  ASSERT_FALSE(committed);
  EXPECT_THAT(committed.error().message, HasSubstr("no"));
  EXPECT_EQ(committed.error().remedy, Remedy::retry);
  EXPECT_THAT(connection.asked, ElementsAre("BEGIN", "bad", "good", "ROLLBACK"));
}

TEST(Transaction, ForgetsWhatFailedSinceItsSavepoint) {
  FakeConnection connection;
  auto transaction = Transaction::begin(connection);
  ASSERT_TRUE(transaction->set_savepoint());
  EXPECT_FALSE(transaction->execute("bad"));
  EXPECT_TRUE(transaction->return_to_savepoint());
  ASSERT_TRUE(transaction->set_savepoint());
  EXPECT_TRUE(transaction->release_savepoint());
  EXPECT_TRUE(transaction->commit());
  EXPECT_THAT(connection.asked,
              ElementsAre("BEGIN", "SAVEPOINT outfall", "bad", "ROLLBACK TO SAVEPOINT outfall",
                          "RELEASE SAVEPOINT outfall", "SAVEPOINT outfall", "RELEASE SAVEPOINT outfall", "COMMIT"));
}

TEST(Transaction, SetsNoSavepointBehindAFailure) {
  FakeConnection connection;
  auto transaction = Transaction::begin(connection);
  EXPECT_FALSE(transaction->execute("bad"));
  EXPECT_FALSE(transaction->set_savepoint());
  EXPECT_THAT(connection.asked, ElementsAre("BEGIN", "bad"));
}

TEST(Transaction, RefusesToCommitWhenDoomed) {
  FakeConnection connection;
  auto transaction = Transaction::begin(connection);
  transaction->doom("5 rows were sealed, 4 taken");
  EXPECT_FALSE(transaction->commit());
  EXPECT_THAT(connection.asked, ElementsAre("BEGIN", "ROLLBACK"));
}

TEST(Transaction, RollsBackWhenItIsLeft) {
  FakeConnection connection;
  {
    auto transaction = Transaction::begin(connection);
  }
  EXPECT_THAT(connection.asked, ElementsAre("BEGIN", "ROLLBACK"));
}

TEST(Transaction, AnErrorOfCommitMustBeResolved) {
  FakeConnection connection;
  connection.commit_fails = true;
  auto transaction = Transaction::begin(connection);
  Status committed = transaction->commit();
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().remedy, Remedy::resolve);
  EXPECT_FALSE(transaction->commit()) << "it has ended";
}

}  // namespace
}  // namespace outfall::sql
