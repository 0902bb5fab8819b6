// SPDX-License-Identifier: Apache-2.0
//
// Rows that a program pushes call by call.
#include "outfall/loader.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <set>
#include <thread>

#include "arrow_rows.h"
#include "loading.h"
#include "outfall/custom_destination.h"
#include "outfall/fault.h"

namespace outfall::library {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class Loaders : public Loading {
 protected:
  Loader loader(RunOptions options = {}) const {
    if (options.table.empty()) options.table = "t";
    return Loader(to_database(), std::move(options));
  }
};

TEST_F(Loaders, DocumentsAreVisibleFromTheSealOn) {
  Loader pushed = loader({.chunk = 1000});
  for (int i = 0; i < 5000; ++i) ASSERT_TRUE(pushed.append(fmt::format(R"({{"id": {}}})", i)));
  const Report report = pushed.seal();
  ASSERT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_EQ(report.balance.delivered, 5000u);
  EXPECT_EQ(report.inputs.at(0).path, "memory:t");
  EXPECT_THAT(look("select count(distinct _dlt_id) || ' ' || sum(id) from t"), ElementsAre("5000 12497500"));
  EXPECT_EQ(pushed.seal().run_id, report.run_id);
  EXPECT_THAT(pushed.append("{}").error().message, HasSubstr("the rows are sealed"));
}

TEST_F(Loaders, RowsInColumns) {
  const NumbersSchema schema;
  Loader pushed = loader();
  for (std::int64_t i = 0; i < 20; ++i) {
    ArrowArray rows = numbers_array({i, i, i});
    ASSERT_TRUE(pushed.append(&rows, schema.get()));
    EXPECT_EQ(rows.release, nullptr);
  }
  const Report report = pushed.seal();
  ASSERT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_THAT(look("select count(*) || ' ' || sum(n) from t"), ElementsAre("60 570"));
}

TEST_F(Loaders, ProgressIsToldByThreadsOfTheRunOneCallAtATime) {
  std::atomic<int> inside = 0;
  std::atomic<bool> overlap = false;
  std::set<std::thread::id> threads;  // only one call at a time changes it
  std::string last;
  int long_calls = 4;
  const auto tell = [&](const Progress& progress) {
    overlap = overlap || inside.fetch_add(1) > 0;
    threads.insert(std::this_thread::get_id());
    last = name(progress.stage);
    // Long enough for another thread to have something to tell.
    if (last == "load" && long_calls-- > 0) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    --inside;
  };
  const auto sink =
      custom_destination({.name = "sink", .batches = {.batch_size = 1}}, [](const Rows&, const TableSchema&) {});
  Loader pushed({.name = "sink", .custom_destination = sink, .data_dir = folder_ / "state"},
                {.table = "t", .max_table_nesting = 1, .progress = tell});
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(pushed.append(fmt::format(R"({{"id": {}, "tags": [{{"n": 1}}]}})", i)));
  const Report report = pushed.seal();
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_EQ(last, "load");
  EXPECT_FALSE(overlap);
  EXPECT_FALSE(threads.contains(std::this_thread::get_id()));
}

TEST_F(Loaders, NothingIsAnEmptyLoad) {
  Loader pushed = loader();
  EXPECT_EQ(pushed.seal().ending, Ending::delivered);
}

TEST_F(Loaders, ABadDocumentEndsItAndEveryLaterCallSaysSo) {
  Loader pushed = loader({.chunk = 100});
  Status taken;
  for (int i = 1; taken && i < 1'000'000; ++i) taken = pushed.append(i == 300 ? R"({"a": x})" : R"({"id": 1})");
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().message, HasSubstr("memory:t, document 300, column 7"));
  EXPECT_EQ(pushed.append("{}").error().message, taken.error().message);
  const Report report = pushed.seal();
  EXPECT_EQ(report.ending, Ending::failed);
  EXPECT_EQ(message_of(report), taken.error().message);
}

TEST_F(Loaders, DocumentsAndColumnsDoNotMix) {
  const NumbersSchema schema;
  Loader pushed = loader();
  ASSERT_TRUE(pushed.append("{}"));
  ArrowArray rows = numbers_array({1});
  EXPECT_THAT(pushed.append(&rows, schema.get()).error().message, HasSubstr("documents and rows in columns"));
  EXPECT_EQ(rows.release, nullptr);
  EXPECT_FALSE(pushed.append("{}"));
  ArrowArray more = numbers_array({1});
  EXPECT_FALSE(pushed.append(&more, schema.get()));
  EXPECT_EQ(more.release, nullptr);
  EXPECT_EQ(pushed.seal().ending, Ending::misuse);
}

TEST_F(Loaders, WhatIsWrongWithTheRunTheFirstCallsSay) {
  EXPECT_THAT(Loader(to_database(), {}).append("{}").error().message, HasSubstr("no table was named"));
  EXPECT_EQ(Loader(to_database(), {.inputs = {"x"}, .table = "t"}).seal().ending, Ending::misuse);
  Loader nowhere({.destination = "elsewhere:x", .data_dir = folder_ / "state"}, {.table = "t", .chunk = 10});
  Status taken;
  for (int i = 0; taken && i < 1'000'000; ++i) taken = nowhere.append(R"({"id": 12345})");
  EXPECT_THAT(taken.error().message, HasSubstr("elsewhere"));
}

TEST_F(Loaders, ALoadThatIsDestroyedLeavesNothing) {
  {
    Loader pushed = loader({.chunk = 1000});
    for (int i = 0; i < 5000; ++i) ASSERT_TRUE(pushed.append(fmt::format(R"({{"id": {}}})", i)));
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "db.duckdb") &&
               !look("select table_name from information_schema.tables "
                     "where table_name = 't'")
                    .empty());
  Loader pushed = loader();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(pushed.append(fmt::format(R"({{"id": {}}})", i)));
  EXPECT_EQ(pushed.seal().ending, Ending::delivered);
  EXPECT_THAT(look("select id from t"), ElementsAre("0", "1", "2", "3", "4"));
  const std::filesystem::path packages = folder_ / "state/pipelines/p/packages";
  EXPECT_TRUE(std::filesystem::is_empty(packages));
}

TEST_F(Loaders, AProcessThatDiesInTheMiddleLosesWhatWasNotSealed) {
  const int status = run_forked([this] {
    Loader pushed = loader({.chunk = 1000});
    for (int i = 0; i < 50'000; ++i) {
      if (!pushed.append(fmt::format(R"({{"id": {}}})", i))) return 1;
    }
    ::_exit(7);  // as a crash: nothing is destroyed
  });
  ASSERT_EQ(WEXITSTATUS(status), 7);

  Loader pushed = loader();
  ASSERT_TRUE(pushed.append(R"({"id": 1})"));
  const Report report = pushed.seal();
  ASSERT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_THAT(report.notes, Contains(HasSubstr("what it was sent must be sent again")));
  EXPECT_THAT(look("select id from t"), ElementsAre("1"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "state/pipelines/p/packages"));
}

TEST_F(Loaders, WhoAppendsWaitsWhileTheRunIsBehind) {
  // The pipeline is held, so the run behind the loader cannot read; what it may hold is little.
  auto holder = std::make_unique<Loader>(loader());
  ASSERT_TRUE(holder->append("{}"));
  while (!std::filesystem::exists(folder_ / "state/pipelines/p/outfall.db")) std::this_thread::yield();
  PipelineOptions waiting = to_database();
  waiting.lock_wait = std::chrono::seconds(100);
  Loader pushed(waiting, {.table = "t", .memory = 4000, .chunk = 1000});
  std::atomic<int> taken = 0;
  std::jthread appender([&] {
    for (int i = 0; i < 10'000; ++i) {
      if (!pushed.append(R"({"id": 1, "text": "some more bytes"})")) return;
      ++taken;
    }
  });
  while (taken < 10) std::this_thread::yield();
  const int behind = taken;
  EXPECT_LE(behind, 4000 / 30);
  holder.reset();
  appender.join();
  EXPECT_EQ(taken, 10'000);
  EXPECT_EQ(pushed.seal().balance.delivered, 10'000u);
}

TEST_F(Loaders, AStopLetsWhoAppendsGo) {
  std::stop_source stop;
  Loader pushed = loader({.chunk = 1000, .stop = stop.get_token()});
  ASSERT_TRUE(pushed.append("{}"));
  stop.request_stop();
  Status taken;
  while (taken) taken = pushed.append(R"({"id": 1})");
  EXPECT_EQ(taken.error().blame, Blame::interrupted);
  EXPECT_EQ(pushed.seal().ending, Ending::interrupted);
}

#ifndef __SANITIZE_THREAD__  // which does not know threads that begin in a forked process
TEST_F(Loaders, ARunKeyRecognizesWhatADeadProcessSealed) {
  const auto push = [this](int rows) {
    Loader pushed = loader({.run_key = "monday"});
    for (int i = 0; i < rows; ++i) {
      if (!pushed.append(fmt::format(R"({{"id": {}}})", i))) break;
    }
    return pushed.seal();
  };
  const int status = run_forked([&] {
    ::setenv("OUTFALL_FAULT", "after_seal", 1);
    if (!arm_fault_from_environment()) return 1;
    (void)push(5);
    return 2;
  });
  ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
  const Report report = push(5);
  EXPECT_EQ(report.inputs.at(0).fate, InputFate::finished) << message_of(report);
  EXPECT_EQ(report.inputs.at(0).run_key, "monday");
  EXPECT_THAT(look("select count(*) from t"), ElementsAre("5"));
}
#endif

}  // namespace
}  // namespace outfall::library
