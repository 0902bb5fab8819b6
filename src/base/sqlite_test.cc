// SPDX-License-Identifier: Apache-2.0
//
// The wrapper over SQLite: values, transactions, and what is said when a file cannot be used.
#include "base/sqlite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/scratch_folder.h"

namespace outfall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Access = Database::Access;

Database open_with_table(const std::string& path) {
  Result<Database> database = Database::open(path, Access::read_write);
  EXPECT_TRUE(database) << database.error().message;
  EXPECT_TRUE(database->execute("CREATE TABLE IF NOT EXISTS t (a INTEGER, b TEXT, c REAL)"));
  return std::move(*database);
}

std::int64_t count(Database& database) {
  return database.integer("SELECT count(*) FROM t").value_or(-1);
}

TEST(Sqlite, ValuesComeBackAsTheyWere) {
  const ScratchFolder folder;
  Database database = open_with_table(folder / "d.db");
  {
    Statement insert = database.prepare("INSERT INTO t VALUES (?, ?, ?)").value();
    EXPECT_TRUE(insert.with(INT64_MIN, std::string("a\0b", 3), 0.5).run());
    EXPECT_TRUE(insert.with(std::uint64_t{7}, std::string_view(), std::optional<double>()).run());
    EXPECT_EQ(database.changes(), 1);
  }
  Statement select = database.prepare("SELECT a, b, c FROM t ORDER BY rowid").value();
  ASSERT_TRUE(select.step().value());
  EXPECT_EQ(select.integer(0), INT64_MIN);
  EXPECT_EQ(select.text(1), std::string_view("a\0b", 3));
  EXPECT_EQ(select.real(2), 0.5);
  ASSERT_TRUE(select.step().value());
  EXPECT_EQ(select.text(1), "");
  EXPECT_FALSE(select.is_null(1)) << "an empty text is a text";
  EXPECT_TRUE(select.is_null(2));
  EXPECT_FALSE(select.step().value());
}

TEST(Sqlite, OneTextMayBeInUseTwice) {
  const ScratchFolder folder;
  Database database = open_with_table(folder / "d.db");
  ASSERT_TRUE(database.execute("INSERT INTO t (a) VALUES (1), (2)"));
  for (int round = 0; round < 3; ++round) {
    Statement outer = database.prepare("SELECT a FROM t ORDER BY a").value();
    std::vector<std::int64_t> seen;
    while (outer.step().value()) {
      Statement inner = database.prepare("SELECT a FROM t ORDER BY a").value();
      const auto rows = collect(inner, [](const Statement& row) { return row.integer(0); });
      EXPECT_THAT(rows.value(), ElementsAre(1, 2));
      seen.push_back(outer.integer(0));
    }
    EXPECT_THAT(seen, ElementsAre(1, 2));
  }
}

TEST(Sqlite, CachedStatementsForgetTheirValues) {
  const ScratchFolder folder;
  Database database = open_with_table(folder / "d.db");
  ASSERT_TRUE(database.prepare("INSERT INTO t (a) VALUES (?)")->with(5).run());
  ASSERT_TRUE(database.prepare("INSERT INTO t (a) VALUES (?)")->run());
  EXPECT_EQ(database.integer("SELECT count(*) FROM t WHERE a IS NULL").value(), 1);
}

TEST(Sqlite, TransactionRollsBackUnlessCommitted) {
  const ScratchFolder folder;
  Database database = open_with_table(folder / "d.db");
  {
    const Transaction forgotten = Transaction::begin(database).value();
    ASSERT_TRUE(database.execute("INSERT INTO t (a) VALUES (1)"));
    EXPECT_EQ(count(database), 1);
  }
  EXPECT_EQ(count(database), 0);
  Transaction kept = Transaction::begin(database).value();
  ASSERT_TRUE(database.execute("INSERT INTO t (a) VALUES (1)"));
  EXPECT_TRUE(kept.commit());
  EXPECT_EQ(count(database), 1);
}

TEST(Sqlite, ReaderWorksBesideAnOpenWriter) {
  const ScratchFolder folder;
  const std::string path = folder / "d.db";
  const auto hold_open_transaction = [&] {
    auto writer = std::make_unique<Database>(open_with_table(path));
    EXPECT_TRUE(writer->execute("INSERT INTO t (a) VALUES (1)"));
    EXPECT_TRUE(writer->execute("BEGIN IMMEDIATE; INSERT INTO t (a) VALUES (2)"));
    return writer;
  };
  EXPECT_EQ(run_beside(hold_open_transaction,
                       [&] {
                         Result<Database> reader = Database::open(path, Access::read_only);
                         return reader && count(*reader) == 1 && !reader->execute("DELETE FROM t") ? 0 : 1;
                       }),
            0);
}

TEST(Sqlite, EveryCommitIsSynced) {
  const ScratchFolder folder;
  Database database = open_with_table(folder / "d.db");
  EXPECT_EQ(database.integer("PRAGMA synchronous").value(), 2) << "2 is FULL";
  EXPECT_EQ(database.integer("PRAGMA foreign_keys").value(), 1);
}

TEST(Sqlite, FullDiskSaysSo) {
  const ScratchFolder folder;
  Database database = open_with_table(folder / "d.db");
  ASSERT_TRUE(database.integer("PRAGMA max_page_count = 4"));
  const Status written = database.execute("INSERT INTO t (b) VALUES (randomblob(100000))");
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, HasSubstr("cannot write " + folder / "d.db" + ": database or disk is full"));
  EXPECT_THAT(written.error().hint, HasSubstr("disk is full"));
  EXPECT_EQ(written.error().remedy, Remedy::abandon);
}

TEST(Sqlite, OtherFilesAreRefused) {
  const ScratchFolder folder;
  Result<File> file = File::open(folder / "text", OpenMode::create_new);
  ASSERT_TRUE(file->write(std::string(4096, 'x')));
  for (const Access access : {Access::read_write, Access::read_only}) {
    const Result<Database> database = Database::open(folder / "text", access);
    ASSERT_FALSE(database);
    EXPECT_THAT(database.error().message, HasSubstr(folder / "text" + ": file is not a database"));
    EXPECT_THAT(database.error().hint, HasSubstr("damaged"));
  }
}

TEST(Sqlite, MissingFileIsNamed) {
  const Result<Database> reader = Database::open("/no/such/folder/d.db", Access::read_only);
  ASSERT_FALSE(reader);
  EXPECT_THAT(reader.error().message, HasSubstr("/no/such/folder/d.db"));
  EXPECT_THAT(reader.error().hint, HasSubstr("check the path"));
}

class ReadOnlyFolder : public testing::Test {
 protected:
  ReadOnlyFolder() {
    Database database = open_with_table(path_);
    EXPECT_TRUE(database.execute("INSERT INTO t (a) VALUES (1)"));
  }
  void close_folder() { ASSERT_EQ(chmod(folder_.path().c_str(), 0555), 0); }

  ScratchFolder folder_;
  std::string path_ = folder_ / "with ? and % and #.db";
};

TEST_F(ReadOnlyFolder, CanBeRead) {
  close_folder();
  EXPECT_EQ(run_forked([&] {
              if (!become_unprivileged()) return 1;
              Result<Database> reader = Database::open(path_, Access::read_only);
              return reader && count(*reader) == 1 ? 0 : 2;
            }),
            0);
}

TEST_F(ReadOnlyFolder, CannotBeWrittenAndSaysWhy) {
  close_folder();
  EXPECT_EQ(run_forked([&] {
              if (!become_unprivileged()) return 1;
              const Result<Database> writer = Database::open(path_, Access::read_write);
              if (writer) return 2;
              return writer.error().hint.find("permissions") == std::string::npos ? 3 : 0;
            }),
            0);
}

}  // namespace
}  // namespace outfall
