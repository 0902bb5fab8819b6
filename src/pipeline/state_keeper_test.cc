// SPDX-License-Identifier: Apache-2.0
//
// What a run pushes, when, and how it learns that it is not the holder any more.
#include "pipeline/state_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "ledger/ledger_testing.h"
#include "shared_state/memory_store_for_tests.h"

namespace outfall::pipeline {
namespace {

using namespace std::chrono_literals;
using shared_state::Head;
using testing::HasSubstr;

class StateKeeperTest : public ledger::LedgerTest {
 protected:
  StateKeeperTest() {
    EXPECT_TRUE(ledger::make_pipeline_folders(paths_));
    path_ = paths_.database;
  }

  std::unique_ptr<StateKeeper> take() {
    return StateKeeper::take(
               {.shared = shared_, .paths = paths_, .pipeline = "p", .retry = {.attempts_max = 2, .wait_first = 1ms}},
               env_)
        .value();
  }

  /// Let go in the reverse order.
  struct Started {
    std::unique_ptr<StateKeeper> keeper;
    std::unique_ptr<ledger::Ledger> ledger;
  };

  Started start() {
    Started started{.keeper = take(), .ledger = std::make_unique<ledger::Ledger>(open())};
    EXPECT_TRUE(started.keeper->begin(*started.ledger));
    return started;
  }

  /// The load id of a package of a run.
  std::string seal_one(ledger::Ledger& ledger) {
    begin(ledger, "r1");
    return seal(ledger, "r1", input("/in"));
  }

  /// Another runner finds nothing new for as long as the lease is.
  Head take_over() {
    FixedEnv env(0, 2);  // other ids than ours
    return shared_state::claim({.store = *store_,
                                .pipeline = "p",
                                .sleep =
                                    [&env](std::chrono::nanoseconds time, const std::stop_token&) {
                                      env.advance(std::chrono::duration_cast<std::chrono::microseconds>(time));
                                      return true;
                                    }},
                               env)
        .value()
        .head;
  }

  Status mark(ledger::Ledger& ledger, const std::string& load_id, std::uint64_t settled) {
    const ledger::LaneUpdate update{.lane = {.settled = settled}};
    return ledger.record_lanes(load_id, "r1", {&update, 1});
  }

  Head newest() { return shared_state::newest_head(*store_, "p").value().value(); }

  std::shared_ptr<shared_state::MemoryStore> store_ = std::make_shared<shared_state::MemoryStore>();
  SharedState shared_{.store = store_, .interval = 1h};
  ledger::PipelinePaths paths_ = ledger::pipeline_paths(folder_ / "state", "p").value();
};

TEST_F(StateKeeperTest, LetsGoWhenItIsDoneAndWhenItIsNot) {
  const auto [keeper, ledger] = start();
  EXPECT_TRUE(newest().holder);
  EXPECT_TRUE(keeper->finish());
  EXPECT_FALSE(newest().holder);
  {
    const auto again = take();
  }
  EXPECT_FALSE(newest().holder);
  EXPECT_EQ(newest().generation, 2U);
}

TEST_F(StateKeeperTest, MarksDoNotWaitForPushesUntilTheNewestIsOld) {
  const auto [keeper, ledger] = start();
  const std::string load_id = seal_one(*ledger);
  ASSERT_TRUE(keeper->push());
  const std::uint64_t pushes = keeper->report().pushes;
  EXPECT_TRUE(keeper->report().is_complete);
  EXPECT_TRUE(mark(*ledger, load_id, 1));
  EXPECT_EQ(keeper->report().pushes, pushes);
  EXPECT_FALSE(keeper->report().is_complete);
  env_.advance(1h + shared_state::usual_lease);
  EXPECT_TRUE(mark(*ledger, load_id, 2));
  EXPECT_GT(keeper->report().pushes, pushes) << "by the lane, unless the thread of the marks was there before";
}

TEST_F(StateKeeperTest, WhereNoBeatComesThroughMarksWaitForPushesHoweverLongTheIntervalIs) {
  store_->before_put = [](const shared_state::ObjectName& name) -> Status {
    if (name.name.starts_with("beat.")) return fail("the folder is away");
    return {};
  };
  const auto [keeper, ledger] = start();
  const std::string load_id = seal_one(*ledger);
  ASSERT_TRUE(keeper->push());
  const std::uint64_t pushes = keeper->report().pushes;
  env_.advance(shared_state::usual_lease / 2 - 1s);
  EXPECT_TRUE(mark(*ledger, load_id, 1));
  EXPECT_EQ(keeper->report().pushes, pushes);
  env_.advance(2s);
  EXPECT_TRUE(mark(*ledger, load_id, 2));
  EXPECT_EQ(keeper->report().pushes, pushes + 1);
  EXPECT_TRUE(mark(*ledger, load_id, 3));
  EXPECT_EQ(keeper->report().pushes, pushes + 1) << "a push is seen as well as a beat";

  take_over();
  env_.advance(shared_state::usual_lease);
  EXPECT_FALSE(mark(*ledger, load_id, 3));
  EXPECT_TRUE(keeper->is_fenced());
}

TEST_F(StateKeeperTest, WithoutAnIntervalEachMarkIsPushed) {
  shared_.interval = 0ms;
  const auto [keeper, ledger] = start();
  const std::string load_id = seal_one(*ledger);
  const std::uint64_t pushes = keeper->report().pushes;
  for (std::uint64_t row = 1; row <= 3; ++row) EXPECT_TRUE(mark(*ledger, load_id, row));
  EXPECT_EQ(keeper->report().pushes, pushes + 3);
}

TEST_F(StateKeeperTest, WhatIsRefusedIsPushedBeforeItIsLost) {
  const auto [keeper, ledger] = start();
  const std::string load_id = seal_one(*ledger);
  const std::uint64_t pushes = keeper->report().pushes;
  EXPECT_TRUE(ledger->propose_refused({.load_id = load_id, .run_id = "r1", .documents = 1}));
  EXPECT_EQ(keeper->report().pushes, pushes + 1);
}

TEST_F(StateKeeperTest, OneThatWasTakenOverStopsAtItsNextMark) {
  const auto [keeper, ledger] = start();
  const std::string load_id = seal_one(*ledger);
  ASSERT_TRUE(keeper->push());
  const Head theirs = take_over();
  env_.advance(1h + shared_state::usual_lease);  // as long as it stood still
  const Status marked = mark(*ledger, load_id, 1);
  ASSERT_FALSE(marked);
  EXPECT_THAT(marked.error().message, HasSubstr("took over pipeline 'p' in the shared state memory:"));
  EXPECT_TRUE(keeper->is_fenced());
  EXPECT_FALSE(keeper->push());
  EXPECT_FALSE(keeper->finish());
  EXPECT_EQ(newest().claim, theirs.claim);
}

TEST_F(StateKeeperTest, APushIsTriedAgainAndThenGivenUp) {
  const auto [keeper, ledger] = start();
  std::atomic<int> failures = 1;
  store_->before_put = [&](const shared_state::ObjectName& name) -> Status {
    if (name.name.starts_with("state.") && failures-- > 0) return fail("the disk is full");
    return {};
  };
  EXPECT_TRUE(keeper->push()) << "the second try comes through";
  failures = 2;
  const Status pushed = keeper->push();
  ASSERT_FALSE(pushed);
  EXPECT_THAT(pushed.error().message,
              HasSubstr("push the state of pipeline 'p' to memory: (2 tries): the disk is full"));
  EXPECT_FALSE(keeper->push()) << "it is over";
  EXPECT_FALSE(keeper->report().is_complete);
  EXPECT_TRUE(keeper->finish()) << "but for a last try";
}

}  // namespace
}  // namespace outfall::pipeline
