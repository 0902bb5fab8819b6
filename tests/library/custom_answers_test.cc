// SPDX-License-Identifier: Apache-2.0
//
// What functions answer, and what becomes of the rows when they throw, reject, hang or give up.
#include <gmock/gmock.h>

#include <condition_variable>
#include <mutex>
#include <set>
#include <stdexcept>

#include "custom_loading.h"

namespace outfall::library {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class CustomAnswers : public CustomLoading {};

TEST_F(CustomAnswers, WhatThrowsIsSentAgainUnderTheSameKey) {
  std::vector<std::string> keys;
  const Report report = run(
      {},
      [&](const Rows&, const TableSchema&, const CallContext& context) {
        keys.emplace_back(context.key);
        EXPECT_EQ(context.attempt, keys.size());
        if (keys.size() < 3) throw std::runtime_error("busy");
      },
      numbered(5));
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  ASSERT_EQ(keys.size(), 3U);
  EXPECT_EQ(keys[0], keys[2]);
  EXPECT_THAT(report.notes, testing::Contains(HasSubstr("2 attempts")));
}

TEST_F(CustomAnswers, RejectedRowsBecomeLettersAndTheOthersAreDelivered) {
  std::vector<std::int64_t> taken;
  const Report report = run(
      {},
      [&](const Rows& rows, const TableSchema&) {
        std::vector<RejectedRow> rejected;
        for (const Row row : rows) {
          const std::int64_t id = *row.get<std::int64_t>("id");
          if (id % 5 == 3)
            rejected.push_back({.row = row.index(), .reason = "three"});
          else
            taken.push_back(id);
        }
        return rejected;
      },
      numbered(12));
  EXPECT_EQ(report.ending, Ending::rejected) << message_of(report);
  EXPECT_THAT(taken, ElementsAre(0, 1, 2, 4, 5, 6, 7, 9, 10, 11));
  EXPECT_EQ(report.balance.rejected, 2U);
  ASSERT_EQ(letters().size(), 2U);
  EXPECT_EQ(letters()[0].reason, "three");
}

TEST_F(CustomAnswers, ABatchThatIsRejectedAsAWholeIsDivided) {
  std::set<std::int64_t> taken;
  const Report report = run(
      {},
      [&](const Rows& rows, const TableSchema&) {
        const std::vector<std::int64_t> batch = ids(rows);
        if (std::ranges::find(batch, 7) != batch.end()) return Outcome::rejected("seven is in it");
        taken.insert(batch.begin(), batch.end());
        return Outcome::delivered();
      },
      numbered(10));
  EXPECT_EQ(report.ending, Ending::rejected) << message_of(report);
  EXPECT_EQ(taken.size(), 9U);
  ASSERT_EQ(letters().size(), 1U);
  EXPECT_EQ(letters()[0].text, R"({"id":7,"name":"n7"})");
}

TEST_F(CustomAnswers, RejectingARowThatIsNotThereIsNoAnswer) {
  const Report report = run(
      {.batches = {.attempts_max = 1}},
      [](const Rows&, const TableSchema&) { return std::vector<RejectedRow>{{.row = 5, .reason = "?"}}; }, numbered(5));
  EXPECT_EQ(report.ending, Ending::pending);
  EXPECT_THAT(message_of(report), HasSubstr("rejects row 5 of a batch of 5 rows"));
}

TEST_F(CustomAnswers, WhatIsFatalWaitsForAPersonAndIsInNobodysWay) {
  const Report report = run({}, [](const Rows&, const TableSchema&) { return Outcome::fatal("closed"); }, numbered(5));
  EXPECT_EQ(report.ending, Ending::pending);
  EXPECT_THAT(message_of(report), HasSubstr("closed"));
  EXPECT_EQ(report.balance.pending, 5U);
}

TEST_F(CustomAnswers, WhatIsFatalIsTheRunsErrorOrANote) {
  const Report report = run(
      {.batches = {.raise_on_failed_jobs = false}},
      [](const Rows&, const TableSchema&) { return Outcome::fatal("closed"); }, numbered(5));
  EXPECT_EQ(report.ending, Ending::pending) << "rows wait";
  EXPECT_FALSE(report.error);
  ASSERT_EQ(report.notes.size(), 1U);
  EXPECT_THAT(report.notes[0], HasSubstr("deliver 5 rows of users: closed; outfall package retry"));
  ASSERT_EQ(report.pending_packages.size(), 1U);
  EXPECT_TRUE(report.pending_packages[0].failed);
}

TEST_F(CustomAnswers, WhatIsLeftIsDeliveredFirstWithAnotherBatchSize) {
  std::vector<std::vector<std::int64_t>> batches;
  const auto failing = [&](const Rows& rows, const TableSchema&) {
    if (batches.size() == 2) return Outcome::retry("busy");
    batches.push_back(ids(rows));
    return Outcome::delivered();
  };
  const Report first = run({.batches = {.batch_size = 7, .attempts_max = 1}}, failing, numbered(30));
  EXPECT_EQ(first.ending, Ending::pending);
  EXPECT_EQ(first.balance.pending, 16U);
  const auto taking = [&](const Rows& rows, const TableSchema&) { batches.push_back(ids(rows)); };
  const ResumeReport rest =
      pipeline(custom_destination({.name = "sink", .batches = {.batch_size = 4}}, taking)).resume();
  EXPECT_EQ(rest.ending, Ending::delivered);
  ASSERT_EQ(batches.size(), 6U);
  // The batch that was out comes again as it was, and what is behind it in the new size.
  EXPECT_THAT(batches[2], ElementsAre(14, 15, 16, 17, 18, 19, 20));
  EXPECT_THAT(batches[3], ElementsAre(21, 22, 23, 24));
  EXPECT_THAT(batches[5], ElementsAre(29));
}

/// Hangs until it is let go; then says so.
struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool is_open = false;
  int passed = 0;

  void wait() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return is_open; });
    ++passed;
    changed.notify_all();
  }
  void open() {
    const std::lock_guard lock(mutex);
    is_open = true;
    changed.notify_all();
  }
  void wait_for_passed(int count) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return passed == count; });
  }
};

TEST_F(CustomAnswers, ACallThatHangsIsLeftAloneAndCannotConfirmLate) {
  Gate gate;
  std::vector<std::vector<std::int64_t>> taken;
  std::mutex mutex;
  const auto hangs_once = [&](const Rows& rows, const TableSchema&, const CallContext& context) {
    if (context.first_row == 5 && !gate.is_open) {
      gate.wait();
      EXPECT_TRUE(context.stop.stop_requested());
      EXPECT_THAT(ids(rows), ElementsAre(5, 6, 7, 8, 9));  // still there
      return;
    }
    const std::lock_guard lock(mutex);
    taken.push_back(ids(rows));
  };
  const CustomOptions options{.name = "sink", .batches = {.batch_size = 5, .timeout = milliseconds(200)}};
  const Report report = run(options, hangs_once, numbered(15));
  EXPECT_EQ(report.ending, Ending::pending);
  EXPECT_EQ(report.balance.delivered, 5U);
  EXPECT_EQ(report.balance.pending, 10U);
  EXPECT_THAT(message_of(report), HasSubstr("has not returned within 200 ms"));
  gate.open();
  gate.wait_for_passed(1);
  const ResumeReport rest = pipeline(custom_destination(options, hangs_once)).resume();
  EXPECT_EQ(rest.ending, Ending::delivered);
  EXPECT_THAT(taken,
              ElementsAre(ElementsAre(0, 1, 2, 3, 4), ElementsAre(5, 6, 7, 8, 9), ElementsAre(10, 11, 12, 13, 14)));
}

TEST_F(CustomAnswers, ABatchThatMayHaveArrivedComesAgainWithTheColumnsThatItHad) {
  for (const bool first_skips : {false, true}) {
    std::vector<std::pair<std::size_t, std::size_t>> taken;  // rows, and their columns
    const auto take = [&](const Rows& rows, const TableSchema& table) {
      if (table.name != "users") return Outcome::delivered();
      taken.emplace_back(rows.size(), rows.columns().size());
      return taken.size() == 2 ? Outcome::unknown("hung up") : Outcome::delivered();
    };
    const auto with = [&](bool skips) {
      const BatchOptions batches{.batch_size = 5, .load_jobs_max = 1, .attempts_max = 1};
      auto sink = custom_destination({.name = "sink", .batches = batches, .skip_dlt_columns_and_tables = skips}, take);
      return Pipeline({.name = first_skips ? "skipping" : "keeping",
                       .custom_destination = std::move(sink),
                       .data_dir = folder_ / "state"});
    };
    const Report report =
        with(first_skips).run({.from_memory = {{.table = "users", .documents = documents(numbered(15))}}});
    EXPECT_EQ(report.ending, Ending::pending) << message_of(report);
    (void)with(!first_skips).resume();
    const std::size_t then = first_skips ? 2 : 4;
    const std::size_t now = first_skips ? 4 : 2;
    EXPECT_THAT(taken, ElementsAre(Pair(5, then), Pair(5, then), Pair(5, then), Pair(5, now)));
  }
}

TEST_F(CustomAnswers, NestedRowsThatAreGivenUpAreNotForgotten) {
  const std::vector<std::string> rows = {R"({"id":1,"list":[{"a":1},{"a":2}]})"};
  struct Refusing {
    Outcome operator()(const Rows&, const TableSchema& table) {
      return table.parent.empty() ? Outcome::delivered() : Outcome::fatal("no lists");
    }
    void complete_load(const LoadEvent&) { *is_complete = true; }
    bool* is_complete;
  };
  bool is_complete = false;
  const Report report = run({.max_table_nesting = 1}, Refusing{&is_complete}, rows);
  EXPECT_EQ(report.ending, Ending::pending);
  EXPECT_THAT(message_of(report), HasSubstr("no lists"));
  EXPECT_FALSE(is_complete);
  EXPECT_EQ(pipeline(custom_destination({.name = "sink"}, Refusing{&is_complete})).resume().ending, Ending::pending);
}

TEST_F(CustomAnswers, ItsLettersAreReplayedToIt) {
  bool is_well = false;
  std::size_t taken = 0;
  const auto take = [&](const Rows& rows, const TableSchema&) {
    taken += rows.size();
    return is_well ? std::vector<RejectedRow>() : std::vector<RejectedRow>{{.row = 1, .reason = "not yet"}};
  };
  EXPECT_EQ(run({}, take, numbered(3)).dead_letters, 1U);
  const auto replay = [&](std::shared_ptr<CustomDestination> to) {
    return replay_dead_letters({.letters = {.data_dir = folder_ / "state"}, .custom_destination = std::move(to)});
  };
  is_well = true;
  EXPECT_TRUE(replay(custom_destination({.name = "another"}, take)).pipelines.empty()) << "they are for the first one";
  const ResumeReport done = replay(custom_destination({.name = "sink"}, take));
  ASSERT_EQ(done.pipelines.size(), 1U);
  EXPECT_EQ(done.pipelines.front().balance.delivered, 1U) << message_of(done.pipelines.front());
  EXPECT_EQ(taken, 4U);
  EXPECT_TRUE(letters().empty());
}

TEST_F(CustomAnswers, NestedRowsThatAreRejectedAreTold) {
  const std::vector<std::string> rows = {R"({"id":1,"list":[{"a":1},{"a":2}]})"};
  const auto reject_second = [](const Rows&, const TableSchema& table) {
    return table.parent.empty() ? std::vector<RejectedRow>() : std::vector<RejectedRow>{{.row = 1, .reason = "two"}};
  };
  const Report report = run({.max_table_nesting = 1}, reject_second, rows);
  EXPECT_EQ(report.ending, Ending::rejected) << message_of(report);
  EXPECT_EQ(report.dead_letters, 1U);
  ASSERT_EQ(letters().size(), 1U);
  EXPECT_EQ(letters()[0].text, R"({"a":2})");
  const Report failing =
      run({.name = "sink", .max_table_nesting = 1}, reject_second, rows, {.on_reject = OnReject::fail});
  EXPECT_EQ(failing.ending, Ending::pending);
  EXPECT_THAT(message_of(failing), HasSubstr("--on-reject fail"));
}

}  // namespace
}  // namespace outfall::library
