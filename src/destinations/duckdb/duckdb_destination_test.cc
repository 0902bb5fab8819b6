// SPDX-License-Identifier: Apache-2.0
#include "destinations/duckdb/duckdb_destination.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/scratch_folder.h"
#include "sql/duckdb_connection.h"
#include "sql/duckdb_files.h"

namespace outfall::destinations::duckdb {
namespace {

using testing::HasSubstr;

/// A database that somebody else has open.
class TakenDatabase : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(sql::open_duckdb({.path = path_}));
    holder_.emplace(*File::open(path_, OpenMode::update));
    ASSERT_TRUE(sql::lock_database(*holder_));
  }
  std::unique_ptr<DuckDbDestination> destination(const Options& options) {
    return DuckDbDestination::make("duckdb:" + path_, options, Env::system()).value();
  }

  ScratchFolder folder_;
  std::string path_ = folder_ / "data.duckdb";
  std::optional<File> holder_;
};

TEST_F(TakenDatabase, IsNotWaitedForUnlessAsked) {
  const Status opened = destination({})->open();
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().hint, HasSubstr("--lock-wait"));
}

TEST_F(TakenDatabase, IsNoLongerWaitedForAfterAStop) {
  std::stop_source stop;
  int told = 0;
  const auto taken = destination(
      {.lock_wait = {
           .longest = std::chrono::hours(1), .stop = stop.get_token(), .begins = [&](const LockWaiting& waiting) {
             EXPECT_EQ(waiting.what, LockWaiting::For::database);
             ++told;
             stop.request_stop();
           }}});
  const Status opened = taken->open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().blame, Blame::interrupted);
  const auto columns = taken->columns("d", delivery::Inspection::only_look);
  ASSERT_FALSE(columns);
  EXPECT_EQ(columns.error().blame, Blame::interrupted);
  EXPECT_EQ(told, 2) << "each wait is told once";
}

}  // namespace
}  // namespace outfall::destinations::duckdb
