// SPDX-License-Identifier: Apache-2.0
//
// What dlt's tests ask of the loader around a custom destination, asked of ours: how many files are out at once, how
// often one is tried, and what stands in whose way.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "custom_loading.h"

namespace outfall::library {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class DltLoader : public CustomLoading {};

// --- How many at once (the three strategies) ---

/// Who is at work, and whether files of a table came in their order.
class Watching {
 public:
  explicit Watching(std::size_t together) : together_(together) {}

  void take(const Rows& rows, const TableSchema& table) {
    std::unique_lock lock(mutex_);
    threads_.insert(std::this_thread::get_id());
    EXPECT_TRUE(parallelism_ == Parallelism::parallel || busy_.insert(table.name).second) << table.name;
    most_ = std::max(most_, ++at_work_);
    changed_.notify_all();
    // Whoever comes first waits until as many are at work as may be.
    changed_.wait(lock, [this] { return most_ >= together_; });
    const std::vector<std::int64_t> batch = ids(rows);
    taken_[table.name].insert(taken_[table.name].end(), batch.begin(), batch.end());
    busy_.erase(table.name);
    --at_work_;
  }

  Parallelism parallelism_ = Parallelism::parallel;
  std::size_t most_ = 0;
  std::set<std::thread::id> threads_{};
  std::map<std::string, std::vector<std::int64_t>> taken_{};

 private:
  const std::size_t together_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t at_work_ = 0;
  std::set<std::string> busy_{};
};

class DltParallelism : public DltLoader {
 protected:
  /// Thirty rows of a hundred kilobytes, which several files share.
  static std::vector<std::string> large() {
    std::vector<std::string> rows;
    for (int i = 0; i < 30; ++i) rows.push_back(fmt::format(R"({{"id":{},"pad":"{:x>100000}"}})", i, i));
    return rows;
  }

  void play(Watching& watching, Parallelism parallelism, std::optional<int> load_jobs_max) {
    watching.parallelism_ = parallelism;
    const Report report = run_tables({.batches = {.batch_size = 10,
                                                  .load_jobs_max = load_jobs_max,
                                                  .recommended_file_size = 1,
                                                  .parallelism = parallelism}},
                                     [&](const Rows& rows, const TableSchema& table) { watching.take(rows, table); },
                                     {{"a", large()}, {"b", large()}}, {.chunk = 200'000});
    EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
    EXPECT_GT(report.packages.at(0).jobs.size(), 4U) << "a table has several files";
    for (auto& [table, taken] : watching.taken_) {
      if (parallelism == Parallelism::parallel) std::ranges::sort(taken);
      EXPECT_EQ(taken, counted_from(0, 30)) << table;
    }
  }
};

TEST_F(DltParallelism, AsManyFilesAtOnceAsMayBe) {
  Watching watching(3);
  play(watching, Parallelism::parallel, 3);
  EXPECT_EQ(watching.most_, 3U);
}

TEST_F(DltParallelism, OneFileOfEachTableAtOnceAndInOrder) {
  Watching watching(2);
  play(watching, Parallelism::table_sequential, 20);
  EXPECT_EQ(watching.most_, 2U);
}

// On purpose another answer: dlt takes files as the folder lists them. One after the other, in their order, on the
// thread that called.
TEST_F(DltParallelism, OneFileAfterTheOther) {
  Watching watching(1);
  play(watching, Parallelism::sequential, 20);
  EXPECT_EQ(watching.most_, 1U);
  EXPECT_THAT(watching.threads_, ElementsAre(std::this_thread::get_id()));
}

// --- Retries (the worked example C7), and no rows ---

TEST_F(DltLoader, AFunctionThatAlwaysFailsIsCalledFiveTimesARun) {
  std::map<std::string, int> calls;
  std::vector<std::uint64_t> attempts;
  std::mutex mutex;
  const auto sink = [&](const Rows&, const TableSchema& table, const CallContext& context) {
    const std::lock_guard lock(mutex);
    ++calls[table.name];
    if (table.name == "good") return Outcome::delivered();
    attempts.push_back(context.attempt);
    return Outcome::retry("never");
  };
  const Report report = run_tables({.batches = {.batch_size = 2}}, sink, {{"bad", numbered(5)}, {"good", numbered(5)}});
  EXPECT_EQ(report.ending, Ending::pending);
  EXPECT_THAT(message_of(report), HasSubstr("failed 5 times: never"));
  EXPECT_THAT(calls, ElementsAre(Pair("bad", 5), Pair("good", 3)));
  EXPECT_THAT(attempts, ElementsAre(1, 2, 3, 4, 5));
  for (const TableStatus& table : table_statuses()) EXPECT_EQ(table.attempts, table.name == "bad" ? 5U : 0U);
  EXPECT_EQ(pipeline(custom_destination({.name = "sink", .batches = {.attempts_max = 2}}, sink)).resume().ending,
            Ending::pending);
  EXPECT_EQ(calls["bad"], 7) << "the next run has attempts of its own";
  for (const TableStatus& table : table_statuses()) EXPECT_EQ(table.attempts, table.name == "bad" ? 7U : 0U);
}

// On purpose another answer: dlt starts no more files behind one that failed for good, and with one slot never comes to
// the others.
TEST_F(DltLoader, AFileThatIsGivenUpIsInNoOthersWay) {
  std::map<std::string, std::size_t> taken;
  const Report report =
      run_tables({.batches = {.load_jobs_max = 1}},
                 [&](const Rows& rows, const TableSchema& table) {
                   if (table.name == "bad") return Outcome::fatal("no such account");
                   taken[table.name] += rows.size();
                   return Outcome::delivered();
                 },
                 {{"bad", numbered(5)}, {"g1", numbered(5)}, {"g2", numbered(5)}, {"g3", numbered(5)}});
  EXPECT_EQ(report.ending, Ending::pending);
  EXPECT_THAT(message_of(report), HasSubstr("no such account"));
  EXPECT_THAT(taken, ElementsAre(Pair("g1", 5U), Pair("g2", 5U), Pair("g3", 5U)));
  EXPECT_EQ(report.balance.delivered, 15U);
  EXPECT_EQ(report.balance.pending, 5U);
}

TEST_F(DltLoader, NoRowsAreNoCall) {
  const auto sink = [](const Rows&, const TableSchema&) { ADD_FAILURE() << "there is nothing to take"; };
  EXPECT_EQ(run({}, sink, {}).ending, Ending::delivered);
  EXPECT_EQ(run({}, sink, {}, {.write_disposition = WriteDisposition::replace, .allow_empty = true}).ending,
            Ending::delivered);
}

}  // namespace
}  // namespace outfall::library
