// SPDX-License-Identifier: Apache-2.0
#include "sources/sql/sql_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/scratch_folder.h"
#include "sql/sqlite_connection.h"

namespace outfall::sources {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A SQLite file, and what comes out of it.
class SqlSourceTest : public testing::Test {
 protected:
  void SetUp() override { write("CREATE TABLE t (id INTEGER, at INTEGER, name TEXT)"); }

  void write(const std::string& statement) {
    auto connection = sql::open_sqlite({.path = path_});
    ASSERT_TRUE(connection) << connection.error().message;
    const auto done = (*connection)->execute(statement);
    ASSERT_TRUE(done) << done.error().message;
  }

  SqlSourceOptions options() {
    return {
        .called = "sqlite:shop.db",
        .place = "here",
        .open = [this] { return sql::open_sqlite({.path = path_, .access = sql::SqliteOptions::Access::read_only}); },
        .tables = {"t"},
        .cursor = "at"};
  }

  /// The ids that a run gives, whose state is kept; a failure in words.
  std::vector<std::string> run(SqlSourceOptions options) {
    auto source = SqlSource::make(std::move(options));
    if (!source) return {source.error().message};
    if (const Status told = (*source)->go_on_from(state_); !told) return {told.error().message};
    std::vector<std::string> ids = read(**source);
    if (const Status kept = (*source)->keep_progress(state_); !kept) return {kept.error().message};
    return ids;
  }
  std::vector<std::string> run() { return run(options()); }

  static std::vector<std::string> read(SqlSource& source) {
    std::vector<std::string> ids;
    std::string scratch;
    std::map<std::uint32_t, std::uint64_t> rows;  // of each input
    while (true) {
      const auto chunk = source.next();
      if (!chunk) return {chunk.error().message};
      if (!*chunk) return ids;
      EXPECT_EQ((*chunk)->first_row, rows[(*chunk)->input]) << "counted through";
      rows[(*chunk)->input] += (*chunk)->rows->rows();
      for (std::uint32_t row = 0; row < (*chunk)->rows->rows(); ++row)
        ids.emplace_back((*chunk)->rows->value(0, row, scratch).text);
    }
  }

  ScratchFolder folder_;
  std::string path_ = folder_ / "shop.db";
  schema::PipelineState state_ = schema::PipelineState::make({.pipeline_name = "shop",
                                                              .dataset_name = "d",
                                                              .default_schema_name = "shop",
                                                              .destination_type = "dlt.destinations.duckdb"});
};

TEST_F(SqlSourceTest, GivesRowsOnceEachAlsoThoseAtTheLastValue) {
  write("INSERT INTO t VALUES (1, 5, 'a'), (2, 7, 'b'), (3, 7, 'c')");
  EXPECT_THAT(run(), ElementsAre("1", "2", "3"));
  EXPECT_THAT(run(), IsEmpty());
  write("INSERT INTO t VALUES (4, 7, 'd'), (5, 6, 'late')");
  EXPECT_THAT(run(), ElementsAre("4")) << "beside the newest; what is older is not looked at";
  write("INSERT INTO t VALUES (6, 7, 'e'), (7, 8, 'f'), (8, 9, 'g'), (9, 9, 'h')");
  EXPECT_THAT(run(), ElementsAre("6", "7", "8", "9"));
  write("DELETE FROM t WHERE at = 9");
  EXPECT_THAT(run(), IsEmpty()) << "nothing is there any more";
  write("INSERT INTO t VALUES (10, 9, 'i')");
  EXPECT_THAT(run(), ElementsAre("10"));
}

TEST_F(SqlSourceTest, EqualRowsCountAsOftenAsTheyAreThere) {
  write("INSERT INTO t VALUES (1, 5, 'a'), (1, 5, 'a')");
  EXPECT_THAT(run(), ElementsAre("1", "1"));
  write("INSERT INTO t VALUES (1, 5, 'a'), (2, 5, null)");
  EXPECT_THAT(run(), ElementsAre("1", "2"));
  EXPECT_THAT(run(), IsEmpty());
}

TEST_F(SqlSourceTest, AChangedRowIsNewUnlessAKeySaysWhichItIs) {
  write("INSERT INTO t VALUES (1, 5, 'a')");
  SqlSourceOptions keyed = options();
  keyed.key = {"id"};
  EXPECT_THAT(run(keyed), ElementsAre("1"));
  write("UPDATE t SET name = 'b'");
  EXPECT_THAT(run(keyed), IsEmpty());
  EXPECT_THAT(run(), IsEmpty()) << "what was told apart by the key still is";
  write("UPDATE t SET name = 'x'");
  EXPECT_THAT(run(keyed), ElementsAre("1")) << "and what was not, was not";
  keyed.key = {"ID"};  // as the table at the destination calls it
  write("INSERT INTO t VALUES (2, 5, 'y')");
  EXPECT_THAT(run(keyed), ElementsAre("2"));
  write("INSERT INTO t VALUES (3, 5, 'z')");
  EXPECT_THAT(run(keyed), ElementsAre("3")) << "no column is called so: all of them count";
  write("DELETE FROM t WHERE id > 1");
  state_.document().erase("sources");
  EXPECT_THAT(run(), ElementsAre("1"));
  write("UPDATE t SET name = 'c'");
  EXPECT_THAT(run(), ElementsAre("1"));
}

TEST_F(SqlSourceTest, ACursorIsOfOneRelationOfOneDatabase) {
  write("INSERT INTO t VALUES (1, 5, 'a')");
  write("CREATE TABLE u AS SELECT 2 AS id, 3 AS at");
  SqlSourceOptions both = options();
  both.tables = {"t", "u"};
  both.table = "one";
  EXPECT_THAT(run(both), ElementsAre("1", "2"));
  write("INSERT INTO u VALUES (3, 4)");
  EXPECT_THAT(run(both), ElementsAre("3")) << "4 is new there, though the other table has 5";
  both.place = "elsewhere";
  EXPECT_THAT(run(both), ElementsAre(HasSubstr("the cursor at of one has come to 5 in here, and now")));
  both.is_new_address = true;
  EXPECT_THAT(run(both), IsEmpty());
}

TEST_F(SqlSourceTest, WhatWasNotKeptIsReadAgain) {
  write("INSERT INTO t VALUES (1, 5, 'a')");
  const schema::PipelineState before = state_;
  EXPECT_THAT(run(), ElementsAre("1"));
  state_ = before;
  EXPECT_THAT(run(), ElementsAre("1"));
}

TEST_F(SqlSourceTest, ARunSeesOneMomentAlsoWhenItBeginsAgain) {
  write("PRAGMA journal_mode = wal");
  write("INSERT INTO t VALUES (1, 5, 'a')");
  auto source = SqlSource::make(options());
  ASSERT_TRUE(source) << source.error().message;
  ASSERT_TRUE((*source)->go_on_from(state_));
  EXPECT_THAT(read(**source), ElementsAre("1"));
  write("INSERT INTO t VALUES (2, 6, 'b')");
  ASSERT_TRUE((*source)->rewind());
  EXPECT_THAT(read(**source), ElementsAre("1"));
  ASSERT_TRUE((*source)->keep_progress(state_));
  EXPECT_THAT(run(), ElementsAre("2"));
}

TEST_F(SqlSourceTest, ALagBringsRowsAgainAndNeverGoesBack) {
  write("INSERT INTO t VALUES (1, 5, 'a'), (2, 20, 'b')");
  EXPECT_THAT(run(), ElementsAre("1", "2"));
  write("INSERT INTO t VALUES (3, 12, 'late')");
  SqlSourceOptions lagging = options();
  lagging.lag = 10;
  EXPECT_THAT(run(lagging), ElementsAre("3", "2"));
  write("DELETE FROM t WHERE at = 20");
  EXPECT_THAT(run(lagging), ElementsAre("3"));
  EXPECT_THAT(run(), IsEmpty()) << "20 was the last value, and stays it";
}

TEST_F(SqlSourceTest, MomentsThatAreTextsHaveALag) {
  write("DROP TABLE t");
  write("CREATE TABLE t (id INTEGER, at DATETIME)");
  write("INSERT INTO t VALUES (1, '2024-01-01 00:00:00'), (2, '2024-01-02 00:00:00'), (3, '2024-01-02 12:00:00.5')");
  EXPECT_THAT(run(), ElementsAre("1", "2", "3"));
  SqlSourceOptions lagging = options();
  lagging.lag = std::chrono::hours(12);
  EXPECT_THAT(run(lagging), ElementsAre("2", "3"));
  write("INSERT INTO t VALUES (4, 'tomorrow')");
  EXPECT_THAT(run(), ElementsAre("4"));
  EXPECT_THAT(run(lagging), ElementsAre(HasSubstr("--cursor-lag cannot be taken from that")));
}

TEST_F(SqlSourceTest, TextsThatLookLikeStatementsAreTexts) {
  write("DROP TABLE t");
  write("CREATE TABLE t (id INTEGER, at TEXT)");
  write("INSERT INTO t VALUES (1, 'x'' OR 1 --'), (2, 'x''; DROP TABLE t; --')");
  EXPECT_THAT(run(), ElementsAre("1", "2"));
  EXPECT_THAT(run(), IsEmpty());
  write("INSERT INTO t VALUES (3, 'y')");
  EXPECT_THAT(run(), ElementsAre("3"));
}

TEST_F(SqlSourceTest, SaysWhatACursorCannotDo) {
  write("INSERT INTO t VALUES (1, 5, 'a'), (2, null, 'b')");
  EXPECT_THAT(run(), ElementsAre(HasSubstr("main.t has rows whose at is null")));
  SqlSourceOptions other = options();
  other.cursor = "ad";
  const auto made = SqlSource::make(other);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, "main.t has no column ad for --cursor");
  EXPECT_THAT(made.error().hint, HasSubstr("did you mean"));
  write("UPDATE t SET at = x'00'");
  EXPECT_THAT(run(), ElementsAre(HasSubstr("has bytes, and they are no cursor")));
}

TEST_F(SqlSourceTest, StopsWhenItIsCancelled) {
  write("INSERT INTO t VALUES (1, 5, 'a')");
  auto source = SqlSource::make(options());
  ASSERT_TRUE(source);
  (*source)->cancel();
  const auto stopped = (*source)->next();
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().blame, Blame::interrupted);
}

}  // namespace
}  // namespace outfall::sources
