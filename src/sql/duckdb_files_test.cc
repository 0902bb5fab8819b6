// SPDX-License-Identifier: Apache-2.0
//
// Files of DuckDB: who has them, what is wrong with them, and what a torn log leaves.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "sql/arrow_rows_for_tests.h"
#include "sql/catalog.h"
#include "sql/dialect.h"
#include "sql/duckdb_for_tests.h"
#include "sql/transaction.h"

namespace outfall::sql {
namespace {

namespace fs = std::filesystem;
using for_tests::Batch;
using for_tests::Column;
using for_tests::DuckDb;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

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
  EXPECT_THAT(open_error(file("missing/data.duckdb")).hint, HasSubstr("make the folder"));
  EXPECT_THAT(open_error(folder_.path()).message, HasSubstr("folder"));
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

TEST_F(DuckDb, AReadOnlyFileCannotBeWritten) {
  open(file()).reset();
  auto connection = open(file(), Access::read_only);
  EXPECT_FALSE(connection->execute("CREATE TABLE t (a BIGINT)"));
}

TEST_F(DuckDb, ANewFileTakesItsPlaceWhenItIsWhole) {
  std::ofstream(file() + ".outfall-new") << "left by a crash";
  auto connection = open(file());
  EXPECT_EQ(cell(*connection, "SELECT current_database()"), "data");
  EXPECT_FALSE(fs::exists(file() + ".outfall-new"));
}

class TornLog : public DuckDb {
 protected:
  /// A copy of a database whose log holds a commit for each statement and `inserts` more, with one bit of the first of
  /// these turned over.
  std::string torn(int inserts = 1, const std::vector<std::string>& statements = {"CREATE TABLE t (a BIGINT)"}) {
    auto connection = open(file());
    for (const std::string& statement : statements) run(*connection, statement);
    const std::uintmax_t whole = fs::file_size(file() + ".wal");
    for (int i = 0; i < inserts; ++i) run(*connection, "INSERT INTO t (a) VALUES (42)");
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
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
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

TEST_F(TornLog, ThatAltersATableWithAComputedDefaultIsCutOffAndReplayed) {
  const std::string path =
      torn(1, {"CREATE TABLE t (a BIGINT, b TIMESTAMPTZ DEFAULT now())", "ALTER TABLE t ADD COLUMN c BIGINT"});
  std::vector<std::string> told;
  auto connection = open_duckdb({.path = path, .mended = [&](const std::string& text) { told.push_back(text); }});
  ASSERT_TRUE(connection) << connection.error().message;
  EXPECT_EQ(cell(**connection, "SELECT count(c) FROM t"), "0");
  ASSERT_EQ(told.size(), 2u);
  EXPECT_THAT(told[0], HasSubstr("it was cut off there"));
  EXPECT_THAT(told[1], HasSubstr("attached to another database"));
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

}  // namespace
}  // namespace outfall::sql
