// SPDX-License-Identifier: Apache-2.0
//
// DuckDB through our interface: names, statements, answers.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <span>

#include "sql/arrow_rows_for_tests.h"
#include "sql/catalog.h"
#include "sql/dialect.h"
#include "sql/duckdb_for_tests.h"

namespace outfall::sql {
namespace {

using for_tests::Batch;
using for_tests::Column;
using for_tests::DuckDb;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Optional;

TEST_F(DuckDb, AnAnswerThatIsTooLongIsAnErrorAndNotCut) {
  auto connection = open(file());
  run(*connection, "CREATE TABLE t (a BIGINT)");
  auto cursor = connection->cursor(
      fmt::format("INSERT INTO t SELECT i FROM range({}) r(i) RETURNING a", limits::catalog_rows_max + 1));
  ASSERT_FALSE(cursor);
  EXPECT_THAT(cursor.error().message, HasSubstr("2000001 rows"));
}

TEST_F(DuckDb, AnyNameMayBeUsed) {
  auto connection = open(file());
  for (std::string name :
       {"select", "weird \"name\"", "x\"; DROP TABLE t; --", "naïve 🦚", "a.b", " ", "'", "data", "main"}) {
    SCOPED_TRACE(name);
    TableName table{"data", name, name};
    run(*connection, fmt::format("CREATE SCHEMA IF NOT EXISTS {}", quoted(duckdb_dialect(), name)));
    run(*connection,
        fmt::format("CREATE TABLE {} ({} BIGINT)", quoted(duckdb_dialect(), table), quoted(duckdb_dialect(), name)));
    Batch batch({Column::fixed<std::int64_t>(name, "l", {1, 2})});
    ArrowArrayStream stream = batch.stream();
    const std::string columns[] = {name};
    auto taken = connection->insert_stream(table, columns, &stream);
    ASSERT_TRUE(taken) << taken.error().message;
    auto dataset = read_dataset(*connection, name);
    ASSERT_TRUE(dataset && *dataset);
    ASSERT_NE((*dataset)->find(duckdb_dialect(), name), nullptr);
    EXPECT_TRUE((*dataset)->find(duckdb_dialect(), name)->columns.contains(folded(duckdb_dialect(), name)));
  }
}

TEST_F(DuckDb, ACheckpointIsRefusedWhileAnotherSessionWrites) {
  auto writer = open(file());
  auto other = open(file());
  run(*writer, "CREATE TABLE t AS SELECT 1 AS a");
  ASSERT_TRUE(writer->begin());
  run(*writer, "UPDATE t SET a = 2");
  auto done = other->execute("CHECKPOINT");
  ASSERT_FALSE(done);
  EXPECT_TRUE(is_other_writer(done.error())) << done.error().message;
  done = other->execute("CHECKPOINT nobody");
  ASSERT_FALSE(done);
  EXPECT_FALSE(is_other_writer(done.error())) << done.error().message;
}

TEST_F(DuckDb, RefusesANulInsteadOfCuttingTheStatement) {
  auto connection = open(file());
  run(*connection, "CREATE TABLE t (a BIGINT)");
  auto done = connection->execute(std::string_view("DELETE FROM t\0 WHERE false", 26));
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("NUL"));
}

TEST_F(DuckDb, QueriesGiveCellsAsText) {
  auto connection = open(file());
  auto cursor =
      connection->cursor("SELECT 1.50::DECIMAL(9,2) AS d, [1, NULL] AS l, NULL AS n, 'x' AS x, 2 AS x -- end\n;");
  ASSERT_TRUE(cursor) << cursor.error().message;
  TextRow row;
  ASSERT_TRUE((*cursor)->next(row).value());
  EXPECT_THAT(row, ElementsAre(Optional(std::string("1.50")), Optional(std::string("[1, NULL]")), std::nullopt,
                               Optional(std::string("x")), Optional(std::string("2"))));
  EXPECT_FALSE((*cursor)->next(row).value());
  EXPECT_EQ((*cursor)->columns().at(0).type, "DECIMAL(9,2)");
}

TEST_F(DuckDb, QueriesKeepTheirOrderAndOutliveTheConnection) {
  auto connection = open(file());
  auto cursor = connection->cursor("SELECT i FROM range(100000) AS r(i) ORDER BY i DESC");
  connection.reset();
  ASSERT_TRUE(cursor);
  TextRow row;
  for (int i = 99'999; i >= 0; --i) {
    ASSERT_TRUE((*cursor)->next(row).value());
    ASSERT_EQ(row.at(0), fmt::format("{}", i));
  }
}

TEST_F(DuckDb, StatementsOtherThanSelectAnswerToo) {
  auto connection = open(file());
  run(*connection, "CREATE TABLE t (a BIGINT)");
  for (const char* statement :
       {"SHOW TABLES", "DESCRIBE t", "FROM t", "EXPLAIN SELECT * FROM t", "PRAGMA table_info('t')",
        "WITH x AS (SELECT 1) SELECT * FROM x", "VALUES (1)", "SUMMARIZE t"}) {
    auto cursor = connection->cursor(statement);
    EXPECT_TRUE(cursor) << statement << ": " << cursor.error().message;
  }
  auto cursor = connection->cursor("INSERT INTO t VALUES (1), (2)");
  ASSERT_TRUE(cursor);
  TextRow row;
  ASSERT_TRUE((*cursor)->next(row).value());
  EXPECT_EQ(row.at(0), "2");
  auto wrong = connection->cursor("SELECT nothing FROM t");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, HasSubstr("nothing"));
}

TEST_F(DuckDb, ASessionThatReadsWritesNowhere) {
  auto writer = open(file());
  run(*writer, "CREATE TABLE t (a BIGINT)");
  auto reader = open(file(), Access::read_only);  // joins the database that is open for writing
  const std::string outside = file("outside");
  for (const std::string& statement :
       {fmt::format("COPY t TO '{}'", outside), fmt::format("COPY (SELECT 1) TO '{}' (FORMAT parquet)", outside),
        fmt::format("EXPORT DATABASE '{}'", outside), fmt::format("; EXPORT DATABASE '{}'", outside),
        fmt::format("\fEXPORT DATABASE '{}'", outside), fmt::format("\u00a0EXPORT DATABASE '{}'", outside),
        fmt::format("EXPLAIN ;\vEXPORT DATABASE '{}'", outside), fmt::format("ATTACH '{}' AS o", outside),
        std::string("LOAD parquet"), std::string("INSTALL httpfs"), std::string("SET threads = 1"),
        std::string("INSERT INTO t VALUES (1)"), std::string("CREATE TEMP TABLE u (a BIGINT)"),
        fmt::format("EXPLAIN ANALYZE COPY t TO '{}'", outside),
        fmt::format("/* x */ explain (analyze, format json) -- y\n COPY t TO '{}'", outside)}) {
    auto cursor = reader->cursor(statement);
    ASSERT_FALSE(cursor) << statement;
    EXPECT_THAT(cursor.error().message, HasSubstr("only reads")) << statement;
    EXPECT_FALSE(std::filesystem::exists(outside)) << statement;
  }
  for (const char* statement :
       {"SHOW TABLES", "DESCRIBE t", "FROM t", "EXPLAIN SELECT * FROM t", "PRAGMA table_info('t')",
        "-- x\nEXPLAIN ANALYZE SELECT * FROM t", "WITH x AS (SELECT 1) SELECT * FROM x", "VALUES (1)", "SUMMARIZE t",
        "SELECT 1 -- end\n;"}) {
    auto cursor = reader->cursor(statement);
    EXPECT_TRUE(cursor) << statement << ": " << cursor.error().message;
  }
}

TEST_F(DuckDb, ACancelledConnectionEndsItsStatementAndTakesNoOther) {
  auto connection = open(file());
  run(*connection, "CREATE TABLE t (a BIGINT)");
  Batch batch({Column::fixed<std::int64_t>("a", "l", {1})});
  ArrowArrayStream stream = batch.stream();
  const std::string columns[] = {"a"};
  connection->cancel();
  auto taken = connection->insert_stream({"data", "main", "t"}, columns, &stream);
  ASSERT_FALSE(taken);
  auto query = connection->rows("SELECT 1");
  ASSERT_FALSE(query);
  EXPECT_EQ(query.error().blame, Blame::interrupted);
}

TEST_F(DuckDb, QueriesGiveRecordBatches) {
  auto connection = open(file());
  ArrowArrayStream stream{};
  ASSERT_TRUE(connection->query("SELECT i, i::VARCHAR AS t FROM range(5000) AS r(i)", &stream));
  ArrowSchema schema{};
  ASSERT_EQ(stream.get_schema(&stream, &schema), 0);
  EXPECT_EQ(schema.n_children, 2);
  EXPECT_STREQ(schema.children[0]->format, "l");
  schema.release(&schema);
  std::int64_t rows = 0;
  while (true) {
    ArrowArray batch{};
    ASSERT_EQ(stream.get_next(&stream, &batch), 0) << stream.get_last_error(&stream);
    if (batch.release == nullptr) break;
    rows += batch.length;
    batch.release(&batch);
  }
  stream.release(&stream);
  EXPECT_EQ(rows, 5000);
}

}  // namespace
}  // namespace outfall::sql
