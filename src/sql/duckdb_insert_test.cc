// SPDX-License-Identifier: Apache-2.0
//
// Rows go into DuckDB: streams, transactions, threads, memory.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sql/arrow_rows_for_tests.h"
#include "sql/dialect.h"
#include "sql/duckdb_for_tests.h"
#include "sql/transaction.h"

namespace outfall::sql {
namespace {

using for_tests::Batch;
using for_tests::Column;
using for_tests::DuckDb;
using testing::HasSubstr;
using testing::Not;

TEST_F(DuckDb, InsertsAStreamAndCountsIt) {
  auto connection = open(file());
  run(*connection, "CREATE TABLE main.t (b VARCHAR, a BIGINT, c BIGINT)");
  Batch batch(
      {Column::fixed<std::int64_t>("a", "l", {1, std::nullopt, 3}), Column::text("b", {"x", "y", std::nullopt})});
  ArrowArrayStream stream = batch.stream(2);
  const std::string columns[] = {"a", "b"};
  auto transaction = Transaction::begin(*connection);
  auto taken = transaction->insert_stream({"data", "main", "t"}, columns, &stream);
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(*taken, 6u);
  EXPECT_EQ(stream.release, nullptr);
  ASSERT_TRUE(transaction->commit());
  EXPECT_EQ(cell(*connection, "SELECT string_agg(coalesce(a::VARCHAR, '-') || coalesce(b, '-'), ' ') FROM t"),
            "1x -y 3- 1x -y 3-");
  EXPECT_EQ(cell(*connection, "SELECT count(*) FROM duckdb_views() WHERE NOT internal"), "0");
}

// Real documents have hundreds of columns; what DuckDB holds for each of them does not fit into what it was given.
TEST_F(DuckDb, WritesWideTablesWhateverMemoryItWasGiven) {
  constexpr std::size_t width = 400;
  auto connection = open_duckdb({.path = file(), .memory_limit = std::size_t{96} << 20, .threads = 2});
  ASSERT_TRUE(connection) << connection.error().message;
  std::vector<Column> cells;
  std::vector<std::string> columns;
  std::string definition;
  for (std::size_t i = 0; i < width; ++i) {
    columns.push_back(fmt::format("c{}", i));
    cells.push_back(
        Column::text(columns.back(), std::vector<std::optional<std::string>>(1'000, "some twenty letters.")));
    definition += fmt::format("{}c{} VARCHAR", i == 0 ? "" : ", ", i);
  }
  run(**connection, fmt::format("CREATE TABLE t ({})", definition));
  Batch batch(std::move(cells));
  ArrowArrayStream stream = batch.stream(4);
  auto transaction = Transaction::begin(**connection);
  auto taken = transaction->insert_stream({"data", "main", "t"}, columns, &stream);
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(*taken, 4'000u);
  EXPECT_TRUE(transaction->commit());
}

TEST_F(DuckDb, AFailedInsertLeavesNothingAndCannotBeCommitted) {
  auto connection = open(file());
  run(*connection, "CREATE TABLE t (a BIGINT NOT NULL)");
  Batch batch({Column::fixed<std::int64_t>("a", "l", {1, std::nullopt})});
  const std::string columns[] = {"a"};
  {
    auto transaction = Transaction::begin(*connection);
    ASSERT_TRUE(transaction->execute("INSERT INTO t VALUES (7)"));
    ArrowArrayStream stream = batch.stream();
    auto taken = transaction->insert_stream({"data", "main", "t"}, columns, &stream);
    ASSERT_FALSE(taken);
    EXPECT_THAT(taken.error().message, HasSubstr("NOT NULL"));
    EXPECT_EQ(taken.error().remedy, Remedy::abandon);
    EXPECT_FALSE(transaction->commit());
  }
  EXPECT_EQ(cell(*connection, "SELECT count(*) FROM t"), "0");
  EXPECT_EQ(cell(*connection, "SELECT count(*) FROM duckdb_views() WHERE NOT internal"), "0");
  run(*connection, "INSERT INTO t VALUES (8)");
}

// The reason for sql::Transaction: DuckDB itself sees nothing wrong here. Should this ever fail, it has improved.
TEST_F(DuckDb, AnswersOkToTheCommitOfAFailedTransaction) {
  auto connection = open(file());
  run(*connection, "CREATE TABLE t (a BIGINT NOT NULL)");
  ASSERT_TRUE(connection->begin());
  ASSERT_TRUE(connection->execute("INSERT INTO t VALUES (1)"));
  EXPECT_FALSE(connection->execute("INSERT INTO t VALUES (NULL)"));
  EXPECT_TRUE(connection->commit());
  EXPECT_EQ(cell(*connection, "SELECT count(*) FROM t"), "0");
}

TEST_F(DuckDb, AnErrorOfTheStreamIsTheErrorOfTheInsert) {
  auto connection = open(file());
  run(*connection, "CREATE TABLE t (a BIGINT)");
  Batch batch({Column::fixed<std::int64_t>("a", "l", {1})});
  ArrowArrayStream stream = batch.stream(1, "the file is torn");
  const std::string columns[] = {"a"};
  auto taken = connection->insert_stream({"data", "main", "t"}, columns, &stream);
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().message, HasSubstr("the file is torn"));
}

TEST_F(DuckDb, ColumnsAreMatchedByNameAndMustExist) {
  auto connection = open(file());
  run(*connection, "CREATE TABLE t (a BIGINT)");
  Batch batch({Column::fixed<std::int64_t>("z", "l", {1})});
  ArrowArrayStream stream = batch.stream();
  const std::string columns[] = {"z"};
  EXPECT_FALSE(connection->insert_stream({"data", "main", "t"}, columns, &stream));
}

TEST_F(DuckDb, KeepsTheOrderOfRowsOverManyBatches) {
  auto connection = open(file());
  run(*connection, "CREATE TABLE t (a BIGINT)");
  std::vector<std::optional<std::int64_t>> numbers;
  for (std::int64_t i = 0; i < 5000; ++i) numbers.emplace_back(i);
  Batch batch({Column::fixed<std::int64_t>("a", "l", numbers)});
  ArrowArrayStream stream = batch.stream(100);
  const std::string columns[] = {"a"};
  ASSERT_EQ(connection->insert_stream({"data", "main", "t"}, columns, &stream).value_or(0), 500'000u);
  EXPECT_EQ(cell(*connection, "SELECT count(*) FROM t WHERE rowid % 5000 <> a"), "0");
}

TEST_F(DuckDb, SeveralThreadsKeepTheOrderOfRows) {
  auto opened = open_duckdb({.path = file(), .threads = 4});
  ASSERT_TRUE(opened);
  Connection& connection = **opened;
  run(connection, "CREATE TABLE t (a BIGINT)");
  std::vector<Batch> batches;
  for (std::uint64_t begin = 0; begin < 12 * row_group_rows; begin += row_group_rows) {
    std::vector<std::optional<std::int64_t>> numbers;
    for (std::uint64_t i = 0; i < row_group_rows; ++i) numbers.emplace_back(begin + i);
    batches.emplace_back(std::vector{Column::fixed<std::int64_t>("a", "l", numbers)});
  }
  std::vector<const Batch*> in_order;
  for (const Batch& batch : batches) in_order.push_back(&batch);
  ArrowArrayStream stream = Batch::stream(in_order);
  const std::string columns[] = {"a"};
  ASSERT_EQ(connection.insert_stream({"data", "main", "t"}, columns, &stream).value_or(0), 12 * row_group_rows);
  EXPECT_EQ(cell(connection, "SELECT current_setting('threads')"), "4");
  EXPECT_EQ(cell(connection, "SELECT count(*) FROM t WHERE rowid <> a"), "0");
}

// With several threads each batch of so many columns takes 100 MB, and the second one would be too much.
TEST_F(DuckDb, BatchesOfAWideTableFitIntoLittleMemory) {
  auto opened = open_duckdb({.path = file(), .memory_limit = std::size_t{256} << 20, .threads = 4});
  ASSERT_TRUE(opened);
  Connection& connection = **opened;
  std::vector<Column> wide;
  std::vector<std::string> names;
  std::string definition;
  for (int i = 0; i < 200; ++i) {
    names.push_back(fmt::format("c{}", i));
    wide.push_back(Column::text(names.back(), std::vector<std::optional<std::string>>(500, "some text")));
    definition += fmt::format("{}{} VARCHAR", i == 0 ? "" : ", ", names.back());
  }
  run(connection, fmt::format("CREATE TABLE wide ({})", definition));
  run(connection, "CREATE TABLE narrow (c0 VARCHAR)");
  Batch batch(std::move(wide));
  ArrowArrayStream stream = batch.stream(20);
  auto taken = connection.insert_stream({"data", "main", "wide"}, names, &stream);
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(*taken, 10'000u);
  EXPECT_EQ(cell(connection, "SELECT current_setting('threads')"), "1");

  Batch narrow({Column::text("c0", std::vector<std::optional<std::string>>(row_group_rows, "x"))});
  stream = narrow.stream();
  ASSERT_TRUE(connection.insert_stream({"data", "main", "narrow"}, std::span(names).first(1), &stream));
  EXPECT_EQ(cell(connection, "SELECT current_setting('threads')"), "4");
}

TEST_F(DuckDb, WantsBatchesOfRowGroupsForSeveralThreads) {
  auto opened = open_duckdb({.path = file(), .threads = 2});
  ASSERT_TRUE(opened);
  EXPECT_EQ((*opened)->batch_rows(50, 100), 2 * row_group_rows);
  EXPECT_EQ((*opened)->batch_rows(50, 500), row_group_rows);
  EXPECT_EQ((*opened)->batch_rows(50, 1'000), 0u) << "such a batch would be too large";
  EXPECT_EQ((*opened)->batch_rows(51, 100), 0u);
}

TEST_F(DuckDb, FindsSymbolsInTextOnlyWhereColumnsAreLarge) {
  auto opened = open_duckdb({.path = file()});
  ASSERT_TRUE(opened);
  Connection& connection = **opened;
  const auto methods = [&](std::uint64_t bytes) {
    EXPECT_TRUE(connection.prepare_load(bytes, 10));
    run(connection, "CREATE OR REPLACE TABLE t AS SELECT 'https://example.com/' || i AS a FROM range(20000) AS r(i)");
    run(connection, "CHECKPOINT");
    return cell(connection,
                "SELECT string_agg(DISTINCT compression) FROM pragma_storage_info('t') WHERE segment_type = 'VARCHAR'");
  };
  constexpr std::uint64_t large = std::uint64_t{10} << 19;
  EXPECT_THAT(methods(large), HasSubstr("FSST"));
  EXPECT_THAT(methods(large - 1), Not(HasSubstr("FSST")));
  EXPECT_THAT(methods(large), HasSubstr("FSST"));
}

TEST_F(DuckDb, OnlyWideTablesRaiseTheLimitOfMemory) {
  const std::size_t given = std::size_t{64} << 20;
  EXPECT_EQ(memory_for_columns({.path = "", .memory_limit = given}, 50), given);
  EXPECT_GT(memory_for_columns({.path = "", .memory_limit = given}, 51), given);
  EXPECT_EQ(memory_for_columns({.path = ""}, 690), std::size_t{1} << 30);
  EXPECT_EQ(memory_for_columns({.path = ""}, 100'000'000), memory_for_columns({.path = ""}, 200'000'000));
}

TEST_F(DuckDb, WhatDoesNotFitIntoItsMemoryIsNotWorthAnotherTry) {
  auto connection = open_duckdb({.path = file(), .memory_limit = std::size_t{32} << 20, .threads = 1});
  ASSERT_TRUE(connection);
  auto made = (*connection)->execute("CREATE TABLE t AS SELECT list(i) AS l FROM range(20000000) AS r(i)");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().remedy, Remedy::abandon);
  EXPECT_THAT(made.error().message, Not(HasSubstr("Possible solutions")));
  EXPECT_THAT(made.error().hint, HasSubstr("--memory"));
}

}  // namespace
}  // namespace outfall::sql
