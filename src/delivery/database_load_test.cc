// SPDX-License-Identifier: Apache-2.0
//
// Loading a database that miscounts, and one that was left between migration and load.
#include "delivery/database_load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "delivery/package_testing.h"
#include "sql/duckdb_connection.h"
#include "sql/passed_on_for_tests.h"
#include "sql/system_tables.h"

namespace outfall::delivery {
namespace {

using sql::for_tests::Column;
using testing::HasSubstr;

/// Passes everything on, and says that one row less went in.
class Miscounting final : public sql::for_tests::PassedOn {
 public:
  using PassedOn::PassedOn;
  Result<std::uint64_t> insert_stream(const sql::TableName& table, const sql::InsertColumns& columns,
                                      ArrowArrayStream* stream) override {
    Result<std::uint64_t> taken = PassedOn::insert_stream(table, columns, stream);
    if (taken) --*taken;
    return taken;
  }
};

class DatabaseLoad : public testing::Test {
 protected:
  void SetUp() override {
    reopen();
    schema::Table table = schema::Table::root("t", "append", "t");
    schema::Column column;
    column.name = "v";
    column.type = DataType::bigint;
    table.columns.add(column);
    schema_.tables.add(std::move(table));
    schema_.bump();
    package_ = write_package(folder_.path(), "1.5", schema_,
                             {{.table = "t", .columns = {Column::fixed<std::int64_t>("v", "l", {1, 2, 3})}}});
  }
  void reopen() {
    connection_.reset();
    auto connection = sql::open_duckdb({.path = folder_ / "data.duckdb"});
    ASSERT_TRUE(connection) << connection.error().message;
    connection_ = std::move(*connection);
  }
  LoadRequest request() const {
    return {.package = package_, .schema = schema_, .folder = folder_ / "1.5", .progress = {}, .stop = {}};
  }
  std::string count() { return connection_->rows("SELECT count(*) FROM data.data.t").value().at(0).at(0).value(); }

  ScratchFolder folder_;
  std::unique_ptr<sql::Connection> connection_;
  schema::Schema schema_ = schema::Schema::make("s", NamingConvention::snake_case);
  ledger::PackageRecord package_;
  FixedEnv env_;
};

TEST_F(DatabaseLoad, RowsThatTheDatabaseLostAreRolledBack) {
  Miscounting miscounting(*connection_);
  auto summary = migrate(miscounting, request(), env_);
  ASSERT_TRUE(summary) << summary.error().message;
  auto loaded = load_rows(miscounting, request(), *summary, env_);
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("3 rows were sealed"));
  EXPECT_THAT(loaded.error().message, HasSubstr("took 2"));
  EXPECT_EQ(count(), "0");
  EXPECT_FALSE(sql::has_load({*connection_, "data"}, "1.5").value());
}

TEST_F(DatabaseLoad, WhatDiesBehindTheMigrationIsFinishedByTheNextAttempt) {
  ASSERT_TRUE(migrate(*connection_, request(), env_));
  reopen();
  EXPECT_EQ(count(), "0");
  EXPECT_FALSE(sql::has_load({*connection_, "data"}, "1.5").value());
  auto summary = migrate(*connection_, request(), env_);
  ASSERT_TRUE(summary);
  EXPECT_FALSE(summary->tables.at(0).created);
  auto loaded = load_rows(*connection_, request(), *summary, env_);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->rows, 3u);
  EXPECT_EQ(count(), "3");
  EXPECT_TRUE(sql::has_load({*connection_, "data"}, "1.5").value());
}

TEST_F(DatabaseLoad, WhatAnotherRunCommitsMeanwhileDoesNotComeTwice) {
  schema::Table second = *schema_.tables.find("t");
  second.name = "u";
  schema_.tables.add(std::move(second));
  schema_.bump();
  package_ = write_package(folder_.path(), "1.6", schema_,
                           {{.table = "t", .columns = {Column::fixed<std::int64_t>("v", "l", {1, 2, 3})}},
                            {.table = "u", .columns = {Column::fixed<std::int64_t>("v", "l", {4, 5})}}});
  LoadRequest in_parts = request();
  in_parts.folder = folder_ / "1.6";
  in_parts.commit = CommitUnit::table;
  int told = 0;
  // Behind the first part somebody else commits the second.
  in_parts.part_committed = [&] {
    if (++told > 1) return;
    ASSERT_TRUE(connection_->execute("INSERT INTO data.data.u VALUES (4), (5)"));
    ASSERT_TRUE(connection_->execute("INSERT INTO data.data._outfall_commits VALUES ('1.6', '" +
                                     package_.jobs.at(1).file + "')"));
  };
  auto summary = migrate(*connection_, in_parts, env_);
  ASSERT_TRUE(summary) << summary.error().message;
  const auto first = load_rows(*connection_, in_parts, *summary, env_);
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().remedy, Remedy::retry);
  EXPECT_THAT(first.error().message, HasSubstr("another run has committed a part of the load meanwhile"));
  const auto again = load_rows(*connection_, in_parts, *summary, env_);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(count(), "3");
  EXPECT_EQ(connection_->rows("SELECT count(*) FROM data.data.u").value().at(0).at(0).value(), "2");
  EXPECT_EQ(connection_->rows("SELECT count(*) FROM data.data._outfall_commits").value().at(0).at(0).value(), "0");
}

TEST_F(DatabaseLoad, AMarkIsThereOnce) {
  LoadRequest in_parts = request();
  in_parts.commit = CommitUnit::job;
  ASSERT_TRUE(migrate(*connection_, in_parts, env_));
  const std::string mark = "INSERT INTO data.data._outfall_commits VALUES ('1.5', 'a')";
  EXPECT_TRUE(connection_->execute(mark));
  EXPECT_FALSE(connection_->execute(mark));
}

TEST_F(DatabaseLoad, TellsTheDatabaseHowLargeTheLoadIs) {
  const auto disabled = [&] {
    return connection_->rows("SELECT current_setting('disabled_compression_methods')").value().at(0).at(0).value();
  };
  EXPECT_EQ(disabled(), "");
  auto summary = migrate(*connection_, request(), env_);
  ASSERT_TRUE(summary);
  ASSERT_TRUE(load_rows(*connection_, request(), *summary, env_));
  EXPECT_EQ(disabled(), "FSST") << "three rows are a small load";
}

TEST_F(DatabaseLoad, AStopTakesBackWhatWasSent) {
  std::stop_source stop;
  LoadRequest stopped = request();
  stopped.stop = stop.get_token();
  stopped.progress = [&stop](std::uint64_t) { stop.request_stop(); };
  auto summary = migrate(*connection_, stopped, env_);
  ASSERT_TRUE(summary);
  EXPECT_FALSE(load_rows(*connection_, stopped, *summary, env_));
  reopen();
  EXPECT_EQ(count(), "0");
}

TEST_F(DatabaseLoad, ReadsTheSchemaOfTheHighestVersionThoughAClockWentBack) {
  ASSERT_TRUE(migrate(*connection_, request(), env_));
  ASSERT_TRUE(connection_->execute("DELETE FROM data.data._dlt_version"));
  ASSERT_TRUE(connection_->execute(
      "INSERT INTO data.data._dlt_version (version, engine_version, inserted_at, schema_name, version_hash, schema) "
      "VALUES (2, 11, '2026-01-02', 's', 'h2', 'two'), (3, 11, '2025-12-31', 's', 'h3b', 'three before'), "
      "(3, 11, '2026-01-01', 's', 'h3', 'three'), (9, 11, '2026-01-03', 'other', 'h9', 'nine')"));
  const auto schema = sql::newest_schema({*connection_, "data"}, "s");
  ASSERT_TRUE(schema) << schema.error().message;
  ASSERT_TRUE(*schema);
  EXPECT_EQ((*schema)->document, "three");
}

TEST_F(DatabaseLoad, ReadsTheStateOfTheNewestCompletedLoad) {
  ASSERT_TRUE(migrate(*connection_, request(), env_));
  ASSERT_TRUE(
      connection_->execute("CREATE TABLE data.data._dlt_pipeline_state (version BIGINT, engine_version BIGINT, "
                           "pipeline_name VARCHAR, state VARCHAR, created_at TIMESTAMPTZ, version_hash VARCHAR, "
                           "_dlt_load_id VARCHAR, _dlt_id VARCHAR)"));
  ASSERT_TRUE(
      connection_->execute("INSERT INTO data.data._dlt_pipeline_state SELECT i, 4, 'p', 'state ' || i, now(), 'h', "
                           "'1.' || i, i FROM range(1, 4) AS r(i)"));
  ASSERT_TRUE(connection_->execute(
      "INSERT INTO data.data._dlt_loads SELECT '1.' || i, 's', 0, now(), 'h' FROM range(1, 3) AS r(i)"));
  auto state = sql::newest_state({*connection_, "data"}, "p");
  ASSERT_TRUE(state) << state.error().message;
  ASSERT_TRUE(*state);
  EXPECT_EQ((*state)->state, "state 2") << "load 1.3 never ended";
  EXPECT_EQ((*state)->load_id, "1.2");
  EXPECT_FALSE(sql::newest_state({*connection_, "data"}, "other").value());
}

}  // namespace
}  // namespace outfall::delivery
