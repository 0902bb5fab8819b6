// SPDX-License-Identifier: Apache-2.0
//
// Functions that break: they throw what they like, fill the disk, and lose answers. What the run says of it is true,
// and what comes again is no more than was out.
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <future>
#include <map>
#include <new>
#include <set>

#include "custom_loading.h"

namespace outfall::library {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class BrokenDestinations : public CustomLoading {};

/// Throws where it is told to, once.
struct Throwing {
  std::shared_ptr<std::set<std::string>> todo;
  std::shared_ptr<std::vector<std::string>> threw = std::make_shared<std::vector<std::string>>();

  void maybe(const std::string& where) {
    if (todo->erase(where) == 0) return;
    threw->push_back(where);
    if (where.ends_with("load")) throw std::bad_alloc();
    if (where.ends_with("table")) throw 7;
    throw std::runtime_error(where);
  }
  void operator()(const Rows&, const TableSchema&) { maybe("write"); }
  void begin_load(const LoadEvent&) { maybe("begin_load"); }
  void begin_table(const LoadEvent&) { maybe("begin_table"); }
  void end_table(const LoadEvent&) { maybe("end_table"); }
  void complete_load(const LoadEvent&) { maybe("complete_load"); }
};

TEST_F(BrokenDestinations, WhateverIsThrownIsAnAnswer) {
  const auto todo = std::make_shared<std::set<std::string>>(
      std::set<std::string>{"begin_load", "begin_table", "write", "end_table", "complete_load"});
  const Throwing throwing{todo};
  const Report report = run({}, throwing, numbered(3));
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_THAT(*throwing.threw, ElementsAre("begin_load", "begin_table", "write", "end_table", "complete_load"));
  EXPECT_EQ(table_statuses().at(0).unknown, 1U) << "no row was out when the hooks threw";
}

/// Lets no table begin until it is let go.
struct HangingBeginning {
  std::shared_future<void> let_go;
  std::shared_ptr<std::atomic<int>> begun = std::make_shared<std::atomic<int>>(0);

  void operator()(const Rows&, const TableSchema&) {}
  void begin_table(const LoadEvent&) const {
    ++*begun;
    let_go.wait();
  }
};

TEST_F(BrokenDestinations, NoTableBeginsBesideOneWhoseBeginningHangs) {
  std::promise<void> gate;
  const HangingBeginning hanging{gate.get_future().share()};
  const Report report = run_tables({.name = "sink", .batches = {.timeout = std::chrono::milliseconds(50)}}, hanging,
                                   {{"first", numbered(5)}, {"second", numbered(5)}, {"third", numbered(5)}});
  EXPECT_LE(*hanging.begun, 1);
  EXPECT_EQ(report.ending, Ending::pending);
  EXPECT_EQ(report.balance.pending, 15U);
  EXPECT_THAT(message_of(report), HasSubstr("has not returned within 50 ms"));
  gate.set_value();
  const ResumeReport rest = pipeline(custom_destination({.name = "sink"}, hanging)).resume();
  EXPECT_EQ(rest.ending, Ending::delivered);
}

/// The files of this process may not grow while it lives: as if the disk were full.
class FullDisk {
 public:
  FullDisk() {
    EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before_), 0);
    rlimit none = before_;
    none.rlim_cur = 1;
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &none), 0);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() {
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &before_), 0);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = SIG_DFL;
};

TEST_F(BrokenDestinations, ADiskThatFillsInTheMiddleLosesNoRow) {
  std::optional<FullDisk> full;
  std::vector<std::int64_t> taken;
  std::vector<std::string> keys;
  const auto sink = [&](const Rows& rows, const TableSchema&, const CallContext& context) {
    const std::vector<std::int64_t> batch = ids(rows);
    keys.emplace_back(context.key);
    taken.insert(taken.end(), batch.begin(), batch.end());
    if (batch.front() == 5 && keys.size() == 2) full.emplace();
  };
  const Report report = run({.batches = {.batch_size = 5}}, sink, numbered(25));
  full.reset();
  EXPECT_EQ(report.ending, Ending::pending) << message_of(report);
  EXPECT_THAT(message_of(report), HasSubstr("record what was delivered"));
  EXPECT_EQ(report.balance.delivered, 5U) << "what is known to be so";
  EXPECT_EQ(report.balance.pending, 20U);
  EXPECT_EQ(report.balance.in, 25U);
  const ResumeReport rest = pipeline(custom_destination({.name = "sink", .batches = {.batch_size = 5}}, sink)).resume();
  EXPECT_EQ(rest.ending, Ending::delivered);
  std::ranges::sort(taken);
  const auto again = std::ranges::unique(taken);
  EXPECT_LE(again.size(), 5U) << "one batch may come again";
  EXPECT_EQ(std::ranges::distance(taken.begin(), again.begin()), 25);
}

/// Keeps what it has by key, and says so when it is asked. Rejects the row 3.
struct Resolving {
  std::shared_ptr<std::map<std::string, std::vector<std::int64_t>>> has =
      std::make_shared<std::map<std::string, std::vector<std::int64_t>>>();

  std::vector<RejectedRow> operator()(const Rows& rows, const TableSchema&, const CallContext& context) {
    std::vector<RejectedRow> rejected;
    std::vector<std::int64_t> good;
    for (const Row row : rows) {
      const std::int64_t id = *row.get<std::int64_t>("id");
      if (id == 3)
        rejected.push_back({.row = row.index(), .reason = "three"});
      else
        good.push_back(id);
    }
    EXPECT_TRUE(has->emplace(std::string(context.key), good).second) << "it has it";
    return rejected;
  }
  Outcome resolve(const TableSchema&, const CallContext& context) {
    return has->contains(std::string(context.key)) ? Outcome::delivered() : Outcome::retry("it never came");
  }
};

/// Why a run does not let the row go.
class VerdictsThatStop : public BrokenDestinations, public testing::WithParamInterface<OnReject> {};

TEST_P(VerdictsThatStop, AreNotForgotten) {
  const Resolving resolving;
  RunOptions strict;
  strict.on_reject = GetParam();
  strict.bad_rows_max = 0;
  const Report stopped = run({}, resolving, numbered(10), strict);
  EXPECT_EQ(stopped.ending, Ending::pending);
  EXPECT_THAT(message_of(stopped),
              HasSubstr(GetParam() == OnReject::fail ? "--on-reject fail" : "--max-bad-rows allows 0"));
  EXPECT_EQ(stopped.balance.delivered, 9U) << "the destination has them";
  EXPECT_EQ(stopped.balance.pending, 1U);
  EXPECT_EQ(pipeline(custom_destination({.name = "sink"}, resolving)).resume(strict).ending, Ending::pending)
      << "it is still so";
  const ResumeReport rest = pipeline(custom_destination({.name = "sink"}, resolving)).resume({.bad_rows_max = 5});
  ASSERT_EQ(rest.pipelines.size(), 1U);
  EXPECT_EQ(rest.pipelines[0].balance.delivered, 0U);
  EXPECT_EQ(rest.pipelines[0].balance.rejected, 1U);
  ASSERT_EQ(letters().size(), 1U);
  EXPECT_EQ(letters()[0].text, R"({"id":3,"name":"n3"})");
}

INSTANTIATE_TEST_SUITE_P(ForTwoReasons, VerdictsThatStop, testing::Values(OnReject::fail, OnReject::dead_letter));

}  // namespace
}  // namespace outfall::library
