// SPDX-License-Identifier: Apache-2.0
//
// DuckDB through our interface: files, transactions, names, queries.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>

#include "sql/arrow_rows_for_tests.h"
#include "sql/catalog.h"
#include "sql/dialect.h"
#include "sql/duckdb_connection.h"
#include "sql/duckdb_database.h"
#include "sql/transaction.h"

namespace outfall::sql {
namespace {

namespace fs = std::filesystem;
using for_tests::Batch;
using for_tests::Column;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Optional;

class DuckDb : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "outfall_duckdb_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string file(std::string_view name = "data.duckdb") const { return (folder_ / name).string(); }

  static std::unique_ptr<Connection> open(const std::string& path, Access access = Access::read_write) {
    auto connection = open_duckdb({.path = path, .access = access});
    EXPECT_TRUE(connection) << connection.error().message;
    return connection ? std::move(*connection) : nullptr;
  }
  static Error open_error(const std::string& path, Access access = Access::read_write) {
    auto connection = open_duckdb({.path = path, .access = access});
    EXPECT_FALSE(connection);
    return connection ? Error{} : connection.error();
  }
  static void run(Connection& connection, const std::string& statement) {
    auto done = connection.execute(statement);
    EXPECT_TRUE(done) << done.error().message;
  }
  static std::string cell(Connection& connection, const std::string& query) {
    auto rows = connection.rows(query);
    EXPECT_TRUE(rows) << rows.error().message;
    return rows && !rows->empty() ? rows->at(0).at(0).value_or("NULL") : "";
  }

  fs::path folder_;
};

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
  std::vector<std::optional<std::int64_t>> numbers;
  for (std::uint64_t i = 0; i < row_group_rows; ++i) numbers.emplace_back(i);
  Batch batch({Column::fixed<std::int64_t>("a", "l", numbers)});
  ArrowArrayStream stream = batch.stream(12);
  const std::string columns[] = {"a"};
  ASSERT_EQ(connection.insert_stream({"data", "main", "t"}, columns, &stream).value_or(0), 12 * row_group_rows);
  EXPECT_EQ(cell(connection, "SELECT current_setting('threads')"), "4");
  EXPECT_EQ(cell(connection, fmt::format("SELECT count(*) FROM t WHERE rowid % {} <> a", row_group_rows)), "0");
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

TEST_F(DuckDb, OnlyWideTablesRaiseTheLimitOfMemory) {
  const std::size_t given = std::size_t{64} << 20;
  EXPECT_EQ(memory_for_columns({.path = "", .memory_limit = given}, 50), given);
  EXPECT_GT(memory_for_columns({.path = "", .memory_limit = given}, 51), given);
  EXPECT_EQ(memory_for_columns({.path = ""}, 690), std::size_t{1} << 30);
  EXPECT_EQ(memory_for_columns({.path = ""}, 100'000'000), memory_for_columns({.path = ""}, 200'000'000));
}

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

TEST_F(DuckDb, RefusesANulInsteadOfCuttingTheStatement) {
  auto connection = open(file());
  run(*connection, "CREATE TABLE t (a BIGINT)");
  auto done = connection->execute(std::string_view("DELETE FROM t\0 WHERE false", 26));
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("NUL"));
}

TEST_F(DuckDb, FilesMayBeCalledLikeDuckDbsOwnCatalogs) {
  for (std::string name :
       {"system.duckdb", "temp.duckdb", "main.duckdb", "information_schema.duckdb", "select.db", "a b.c"}) {
    SCOPED_TRACE(name);
    auto connection = open(file(name));
    ASSERT_NE(connection, nullptr);
    TableName table{connection->catalog(), "main", "t"};
    run(*connection, fmt::format("CREATE TABLE {} (a BIGINT)", quoted(duckdb_dialect(), table)));
    Batch batch({Column::fixed<std::int64_t>("a", "l", {1})});
    ArrowArrayStream stream = batch.stream();
    const std::string columns[] = {"a"};
    auto taken = connection->insert_stream(table, columns, &stream);
    EXPECT_TRUE(taken) << taken.error().message;
    auto dataset = read_dataset(*connection, "main");
    ASSERT_TRUE(dataset) << dataset.error().message;
    ASSERT_TRUE(*dataset);
    EXPECT_NE((*dataset)->find(duckdb_dialect(), "t"), nullptr);
  }
}

TEST_F(DuckDb, AFileIsOpenOnceAProcessUnderWhateverName) {
  auto first = open(file());
  run(*first, "CREATE TABLE t AS SELECT 1 AS a");
  fs::create_symlink(file(), file("link.duckdb"));
  fs::create_hard_link(file(), file("hard.duckdb"));
  for (const char* name : {"data.duckdb", "link.duckdb", "hard.duckdb"}) {
    auto other = open(file(name));
    ASSERT_NE(other, nullptr);
    EXPECT_EQ(cell(*other, "SELECT a FROM t"), "1") << name;
  }
  auto reader = open(file(), Access::read_only);
  ASSERT_TRUE(reader->begin());
  EXPECT_FALSE(reader->execute("DELETE FROM t"));
  ASSERT_TRUE(reader->roll_back());
}

TEST_F(DuckDb, SaysWhatIsWrongWithAPath) {
  EXPECT_THAT(open_error(file("missing/data.duckdb")).hint, HasSubstr("mkdir -p"));
  EXPECT_THAT(open_error(folder_.string()).message, HasSubstr("folder"));
  EXPECT_THAT(open_error(file("none.duckdb"), Access::read_only).message, HasSubstr("not there"));
  EXPECT_FALSE(fs::exists(file("none.duckdb")));
  for (const char* name : {"data.csv", "data.json", "data.jsonl"}) {
    std::ofstream(file(name)) << "{\"a\":1}\n";
    EXPECT_THAT(open_error(file(name)).hint, HasSubstr("something else")) << name;
    EXPECT_THAT(open_error(file(name), Access::read_only).hint, HasSubstr("something else")) << name;
  }
  std::ofstream(file("text.duckdb")) << std::string(10'000, 'x');
  std::ofstream(file("empty.duckdb")).flush();
  for (const char* name : {"text.duckdb", "empty.duckdb"}) {
    EXPECT_THAT(open_error(file(name)).hint, HasSubstr("something else")) << name;
    EXPECT_THAT(open_error(file(name), Access::read_only).hint, HasSubstr("something else")) << name;
  }
  EXPECT_EQ(fs::file_size(file("empty.duckdb")), 0U) << "what is not ours is left alone";
}

TEST_F(DuckDb, SaysThatAFileIsOfANewerVersion) {
  open(file()).reset();
  // The version's low byte is behind the magic word, in the first eight bytes that the checksum covers. The checksum
  // combines such words, each times a constant, with exclusive or.
  std::fstream patched(file(), std::ios::in | std::ios::out | std::ios::binary);
  std::uint64_t header[2];
  patched.read(reinterpret_cast<char*>(header), sizeof header);
  std::uint64_t word = header[1] | (std::uint64_t{0x7f} << 32);
  constexpr std::uint64_t factor = 0xbf58476d1ce4e5b9;
  header[0] ^= (header[1] * factor) ^ (word * factor);
  header[1] = word;
  patched.seekp(0);
  patched.write(reinterpret_cast<const char*>(header), sizeof header);
  patched.close();
  Error error = open_error(file());
  EXPECT_THAT(error.message, HasSubstr("version number"));
  EXPECT_THAT(error.hint, HasSubstr("newer DuckDB"));
}

/// Runs `work` in another process, which then stays until this object goes.
class OtherProcess {
 public:
  template <class Work>
  explicit OtherProcess(Work work) {
    int ready[2];
    EXPECT_EQ(pipe(ready), 0);
    pid_ = fork();
    if (pid_ == 0) {
      work();
      (void)!write(ready[1], "x", 1);
      pause();
      _exit(0);
    }
    close(ready[1]);
    char byte = 0;
    ready_ = read(ready[0], &byte, 1) == 1;
    close(ready[0]);
  }
  ~OtherProcess() { end(); }
  void end() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  bool ready() const { return ready_; }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  bool ready_ = false;
};

TEST_F(DuckDb, SaysThatAnotherProcessHasTheFile) {
  OtherProcess holder([&] { (void)open_duckdb({.path = file()}).value().release(); });
  ASSERT_TRUE(holder.ready());
  Error error = open_error(file());
  EXPECT_THAT(error.message, HasSubstr(fmt::format("PID {}", holder.pid())));
  EXPECT_THAT(error.hint, HasSubstr("another process"));
  EXPECT_EQ(error.remedy, Remedy::retry);
  holder.end();
  EXPECT_NE(open(file()), nullptr);
}

TEST_F(DuckDb, WhatWasCommittedBeforeAKillIsThereAndTheViewIsNot) {
  OtherProcess writer([&] {
    auto connection = open_duckdb({.path = file()}).value();
    (void)connection->execute("CREATE TABLE t (a BIGINT)");
    auto transaction = Transaction::begin(*connection);
    for (int i = 0; i < 3; ++i) {
      Batch batch({Column::fixed<std::int64_t>("a", "l", {1, 2})});
      ArrowArrayStream stream = batch.stream();
      const std::string columns[] = {"a"};
      if (!transaction->insert_stream({"data", "main", "t"}, columns, &stream)) _exit(1);
    }
    if (!transaction->commit()) _exit(1);
    (void)connection.release();
  });
  ASSERT_TRUE(writer.ready());
  writer.end();
  EXPECT_TRUE(fs::exists(file("data.duckdb.wal")));
  auto connection = open(file());
  EXPECT_EQ(cell(*connection, "SELECT count(*) FROM t"), "6");
  EXPECT_EQ(cell(*connection, "SELECT count(*) FROM duckdb_views() WHERE NOT internal"), "0");
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
    EXPECT_FALSE(fs::exists(outside)) << statement;
  }
  for (const char* statement :
       {"SHOW TABLES", "DESCRIBE t", "FROM t", "EXPLAIN SELECT * FROM t", "PRAGMA table_info('t')",
        "-- x\nEXPLAIN ANALYZE SELECT * FROM t", "WITH x AS (SELECT 1) SELECT * FROM x", "VALUES (1)", "SUMMARIZE t",
        "SELECT 1 -- end\n;"}) {
    auto cursor = reader->cursor(statement);
    EXPECT_TRUE(cursor) << statement << ": " << cursor.error().message;
  }
}

TEST_F(DuckDb, AReadOnlyFileCannotBeWritten) {
  open(file()).reset();
  auto connection = open(file(), Access::read_only);
  EXPECT_FALSE(connection->execute("CREATE TABLE t (a BIGINT)"));
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

TEST_F(DuckDb, ANewFileTakesItsPlaceWhenItIsWhole) {
  std::ofstream(file() + ".outfall-new") << "left by a crash";
  auto connection = open(file());
  EXPECT_EQ(cell(*connection, "SELECT current_database()"), "data");
  EXPECT_FALSE(fs::exists(file() + ".outfall-new"));
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

class TornLog : public DuckDb {
 protected:
  /// A copy of a database whose log holds a commit and `inserts` more, with one bit of the second turned over.
  std::string torn(int inserts = 1) {
    auto connection = open(file());
    run(*connection, "CREATE TABLE t (a BIGINT)");
    const std::uintmax_t whole = fs::file_size(file() + ".wal");
    for (int i = 0; i < inserts; ++i) run(*connection, "INSERT INTO t VALUES (42)");
    const std::string copy = file("copy.duckdb");
    fs::copy_file(file(), copy);
    fs::copy_file(file() + ".wal", copy + ".wal");
    std::fstream log(copy + ".wal", std::ios::in | std::ios::out | std::ios::binary);
    // Behind the size and the checksum of the first entry: a torn size is no more than an early end to DuckDB.
    const auto place = static_cast<std::streamoff>(whole + 16);
    log.seekg(place);
    const int byte = log.get();
    log.seekp(place);
    log.put(static_cast<char>(byte ^ 1));
    return copy;
  }
  std::vector<std::string> kept() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      if (entry.path().string().contains(".wal.torn-")) names.push_back(entry.path().string());
    }
    return names;
  }
};

TEST_F(TornLog, IsRefusedWithAHint) {
  const Error error = open_error(torn());
  EXPECT_THAT(error.message, HasSubstr("Corrupt WAL file"));
  EXPECT_THAT(error.hint, HasSubstr("outfall run or resume"));
  EXPECT_THAT(kept(), ElementsAre());
}

TEST_F(TornLog, IsCutOffAtItsLastWholeCommit) {
  const std::string path = torn();
  const std::uintmax_t size = fs::file_size(path + ".wal");
  std::vector<std::string> told;
  auto connection = open_duckdb({.path = path, .mended = [&](const std::string& text) { told.push_back(text); }});
  ASSERT_TRUE(connection) << connection.error().message;
  EXPECT_EQ(cell(**connection, "SELECT count(*) FROM t"), "0");
  ASSERT_EQ(told.size(), 1u);
  ASSERT_EQ(kept().size(), 1u);
  EXPECT_THAT(told[0], HasSubstr(kept()[0]));
  EXPECT_EQ(fs::file_size(kept()[0]), size);
  run(**connection, "INSERT INTO t VALUES (43)");
  connection->reset();
  EXPECT_EQ(cell(*open(path), "SELECT a FROM t"), "43");
}

TEST_F(TornLog, BehindWhichCommitsWereSyncedIsNotCut) {
  const std::string path = torn(3);
  const std::uintmax_t size = fs::file_size(path + ".wal");
  const auto opened = open_duckdb({.path = path, .mended = [](const std::string&) { ADD_FAILURE(); }});
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("nothing was cut off"));
  EXPECT_EQ(fs::file_size(path + ".wal"), size);
  EXPECT_THAT(kept(), ElementsAre());
}

TEST_F(TornLog, WhereCommitsWereSyncedBehindItAReaderIsNotSentToResume) {
  const Error error = open_error(torn(3));
  EXPECT_THAT(error.message, HasSubstr("Corrupt WAL file"));
  EXPECT_THAT(error.hint, Not(HasSubstr("resume")));
  EXPECT_THAT(error.hint, HasSubstr("from a backup"));
}

TEST_F(TornLog, OfAnotherKindIsLeftAlone) {
  const std::string path = torn();
  std::ofstream(path, std::ios::binary | std::ios::trunc) << "not a database";
  const std::uintmax_t size = fs::file_size(path + ".wal");
  EXPECT_FALSE(open_duckdb({.path = path, .mended = [](const std::string&) { ADD_FAILURE(); }}));
  EXPECT_EQ(fs::file_size(path + ".wal"), size);
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
