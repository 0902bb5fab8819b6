// SPDX-License-Identifier: Apache-2.0
//
// What query promises: rows as text with nulls, reading only, the dataset that is meant, an end when it is asked for.
#include "outfall/query.h"

#include <gmock/gmock.h>

#include "base/scratch_folder.h"

namespace outfall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class QueryTest : public testing::Test {
 protected:
  std::string address() const { return "duckdb:" + (folder_ / "q.duckdb"); }

  Result<QueryReport> ask(const std::string& statement, QueryAccess access = QueryAccess::read_only) {
    rows_.clear();
    return query({.destination = address(), .statement = statement, .dataset = dataset_, .access = access},
                 {.row = [this](std::span<const QueryCell> cells) {
                   for (const QueryCell& cell : cells) rows_.emplace_back(cell.value_or("NULL"));
                   return true;
                 }});
  }
  void write(const std::string& statement) {
    const Result<QueryReport> done = ask(statement, QueryAccess::write);
    ASSERT_TRUE(done) << done.error().message;
  }
  // What tells a dataset from any other schema.
  void make_dataset(const std::string& name) {
    write("create schema q." + name);
    write("create table q." + name + "._dlt_loads (load_id varchar)");
    write("create table q." + name + ".t as select '" + name + "' as who");
  }

  ScratchFolder folder_;
  std::string dataset_;
  std::vector<std::string> rows_;
};

TEST_F(QueryTest, HandsOverColumnsAndCells) {
  write("create table t as select 1::bigint a, null::varchar b");
  std::vector<std::string> columns;
  const Result<QueryReport> report = query({.destination = address(), .statement = "select * from t"},
                                           {.columns = [&](std::span<const QueryColumn> found) {
                                             for (const QueryColumn& column : found)
                                               columns.push_back(column.name + " " + column.type);
                                           }});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(columns, ElementsAre("a BIGINT", "b VARCHAR"));
  ASSERT_TRUE(ask("select * from t"));
  EXPECT_THAT(rows_, ElementsAre("1", "NULL"));
}

TEST_F(QueryTest, RefusesToWriteUnlessAllowed) {
  write("create table t as select 1 a");
  const Result<QueryReport> refused = ask("delete from t");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().hint, HasSubstr("--write"));
  ASSERT_TRUE(ask("select count(*) from t"));
  EXPECT_THAT(rows_, ElementsAre("1"));
}

TEST_F(QueryTest, TheOnlyDatasetIsMeant) {
  make_dataset("one");
  const Result<QueryReport> report = ask("select who from t");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->dataset, "one");
  EXPECT_THAT(rows_, ElementsAre("one"));
}

TEST_F(QueryTest, OfSeveralDatasetsOneIsChosenByName) {
  make_dataset("one");
  dataset_ = "main";
  make_dataset("two");
  dataset_.clear();
  const Result<QueryReport> unclear = ask("select who from t");
  ASSERT_FALSE(unclear);
  EXPECT_THAT(unclear.error().hint, HasSubstr("one, two"));
  dataset_ = "two";
  ASSERT_TRUE(ask("select who from t"));
  EXPECT_THAT(rows_, ElementsAre("two"));
}

TEST_F(QueryTest, ADatasetMayBeCalledLikeItsFile) {
  make_dataset("q");
  ASSERT_TRUE(ask("select who from t"));
  EXPECT_THAT(rows_, ElementsAre("q"));
}

TEST_F(QueryTest, EndsWhenTheReaderHasEnough) {
  write("create table t as select range a from range(10000)");
  int seen = 0;
  const Result<QueryReport> report = query({.destination = address(), .statement = "select * from t"},
                                           {.row = [&](std::span<const QueryCell>) { return ++seen < 3; }});
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->complete);
  EXPECT_EQ(seen, 3);
}

TEST_F(QueryTest, EndsWhenItIsStopped) {
  write("create table t as select 1 a");
  std::stop_source stop;
  stop.request_stop();
  const Result<QueryReport> report =
      query({.destination = address(), .statement = "select * from t", .stop = stop.get_token()}, {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().blame, Blame::interrupted);
}

TEST_F(QueryTest, WhatIsNotThereIsNamed) {
  const auto none = query({.destination = "nobody", .statement = "select 1", .data_dir = folder_.path()}, {});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().blame, Blame::usage);
  EXPECT_THAT(none.error().message, HasSubstr("no pipeline 'nobody'"));
  EXPECT_FALSE(query({.destination = "oracle:x", .statement = "select 1"}, {}));
}

}  // namespace
}  // namespace outfall
