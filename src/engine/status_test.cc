// SPDX-License-Identifier: Apache-2.0
//
// What status tells of ledgers and locks that others hold.
#include "outfall/status.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "base/scratch_folder.h"
#include "ledger/data_dir.h"
#include "ledger/ledger.h"
#include "ledger/pipeline_lock.h"

namespace outfall {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class StatusTest : public testing::Test {
 protected:
  ledger::Ledger make_pipeline(const std::string& name) {
    paths_ = ledger::pipeline_paths(folder_.path(), name).value();
    EXPECT_TRUE(ledger::make_pipeline_folders(paths_));
    ledger::Ledger ledger = ledger::Ledger::open(paths_.database, env_).value();
    EXPECT_TRUE(ledger.bind({.name = name, .destination = "duckdb:/x.duckdb", .dataset = "d"}));
    EXPECT_TRUE(ledger.begin_run(
        {.run_id = "run1", .command = "run a", .host = "h", .boot_id = "b", .pid = 7, .started_at = env_.now_us()}));
    return ledger;
  }
  void seal(ledger::Ledger& ledger) {
    ledger::PackageRecord package;
    package.load_id = ledger.new_load_id().value();
    package.run_id = "run1";
    package.destination = "duckdb:/x.duckdb";
    package.dataset = "d";
    package.schema_name = "s";
    package.schema = "{}";
    package.documents = 3;
    package.jobs = {{.table = "t", .file = "t.arrow", .rows = 3, .bytes = 100},
                    {.table = "t__n", .file = "n.arrow", .rows = 5, .bytes = 50}};
    ASSERT_TRUE(ledger.seal(package, {}, {.naming = "snake_case", .document = "{}"}));
    load_id_ = package.load_id;
  }
  PipelineStatus look(const std::string& name) {
    const Result<DataDirStatus> found = status({.data_dir = folder_.path(), .pipeline = name});
    EXPECT_TRUE(found) << found.error().message;
    return found && !found->pipelines.empty() ? found->pipelines.front() : PipelineStatus{};
  }

  FixedEnv env_;
  ScratchFolder folder_;
  ledger::PipelinePaths paths_;
  std::string load_id_;
};

TEST_F(StatusTest, ADataDirectoryThatIsNotThereHasNoPipelines) {
  const Result<DataDirStatus> found = status({.data_dir = folder_ / "nowhere"});
  ASSERT_TRUE(found);
  EXPECT_THAT(found->pipelines, SizeIs(0));
}

TEST_F(StatusTest, PendingPackagesAreSummedUpWithTheirFailures) {
  ledger::Ledger ledger = make_pipeline("shop");
  seal(ledger);
  ASSERT_TRUE(ledger.record_attempt(load_id_, "disk on fire"));
  const PipelineStatus shop = look("shop");
  EXPECT_EQ(shop.destination, "duckdb:/x.duckdb");
  EXPECT_EQ(shop.pending_packages, 1U);
  EXPECT_EQ(shop.pending_documents, 3U);
  ASSERT_THAT(shop.packages, SizeIs(1));
  EXPECT_EQ(shop.packages[0].rows, 8U);
  EXPECT_EQ(shop.packages[0].bytes, 150U);
  EXPECT_EQ(shop.packages[0].attempts, 1U);
  EXPECT_EQ(shop.packages[0].last_error, "disk on fire");
  EXPECT_GT(shop.state_bytes, 0U);
}

TEST_F(StatusTest, PendingPackagesAreShownHoweverOldTheyAre) {
  ledger::Ledger ledger = make_pipeline("shop");
  seal(ledger);
  const std::string pending = load_id_;
  seal(ledger);
  ASSERT_TRUE(ledger.mark_loaded(load_id_, 0));
  const auto found = status({.data_dir = folder_.path(), .packages_max = 1});
  ASSERT_TRUE(found);
  ASSERT_THAT(found->pipelines[0].packages, SizeIs(2));
  EXPECT_EQ(found->pipelines[0].packages[1].load_id, pending);
}

TEST_F(StatusTest, ProgressIsToldWhileSomebodyHoldsThePipeline) {
  ledger::Ledger ledger = make_pipeline("shop");
  ASSERT_TRUE(
      ledger.write_progress({.run_id = "run1", .stage = "extract", .rows = 10, .bytes = 20, .bytes_total = 40}));
  EXPECT_FALSE(look("shop").progress) << "nobody runs it";
  auto lock = ledger::PipelineLock::take(env_, {.path = paths_.lock, .pipeline = "shop"});
  ASSERT_TRUE(lock);
  const PipelineStatus live = look("shop");
  ASSERT_TRUE(live.holder);
  EXPECT_EQ(live.holder->pid, ::getpid());
  ASSERT_TRUE(live.progress);
  EXPECT_EQ(live.progress->rows, 10U);
  EXPECT_EQ(live.progress->bytes_total, 40U);
  EXPECT_EQ(live.progress->rows_total, std::nullopt);
}

TEST_F(StatusTest, APipelineThatWasNotNamedIsFoundByItsTable) {
  make_pipeline("users-0123abcd");
  EXPECT_EQ(look("users").name, "users-0123abcd");
  const auto wrong = status({.data_dir = folder_.path(), .pipeline = "user"});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().blame, Blame::usage);
  EXPECT_THAT(wrong.error().hint, HasSubstr("users-0123abcd"));
}

TEST_F(StatusTest, AStoreThatCannotBeReadHidesNoOther) {
  make_pipeline("good");
  make_pipeline("bad");
  File file = File::open(paths_.database, OpenMode::append).value();
  ASSERT_TRUE(remove_file(paths_.database + "-wal"));
  ASSERT_TRUE(remove_file(paths_.database));
  ASSERT_TRUE(
      File::open(paths_.database, OpenMode::create_new).value().write("this is no database, however long it is"));
  const auto found = status({.data_dir = folder_.path()});
  ASSERT_TRUE(found);
  ASSERT_THAT(found->pipelines, SizeIs(2));
  EXPECT_FALSE(found->pipelines[0].problem.empty());
  EXPECT_TRUE(found->pipelines[1].problem.empty());
  EXPECT_TRUE(parse_json(to_json(*found)));
}

TEST_F(StatusTest, ARunIsFoundByTheBeginningOfItsId) {
  ledger::Ledger ledger = make_pipeline("shop");
  ASSERT_TRUE(ledger.end_run({.run_id = "run1", .ending = 4, .trace = R"({"a":1})"}));
  const auto run = run_status(folder_.path(), "ru");
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->ending, 4);
  EXPECT_THAT(to_json(*run), HasSubstr(R"("trace":{"a":1})"));
  EXPECT_FALSE(run_status(folder_.path(), "nothing"));
}

}  // namespace
}  // namespace outfall
