// SPDX-License-Identifier: Apache-2.0
//
// Who works on which lane, and when. Lanes do what they are told and write down that they did.
#include "delivery/lane_schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <utility>

namespace outfall::delivery {
namespace {

using testing::ElementsAre;

class LaneSchedules : public testing::Test {
 protected:
  class Told final : public Lane {
   public:
    Told(LaneSchedules& test, std::string table, std::string name, std::deque<Turn> turns)
        : test_(test), table_(std::move(table)), name_(std::move(name)), turns_(std::move(turns)) {}

    const std::string& table() const override { return table_; }
    std::string awaited() const override { return "to go on with " + name_; }
    Step standing() const override { return standing_at; }
    Result<Turn> advance(std::unique_ptr<Writer>&) override {
      const std::lock_guard lock(test_.mutex_);
      test_.said_.push_back(name_);
      if (breaks) return fail("the disk is full");
      const Turn turn = turns_.front();
      turns_.pop_front();
      return turn;
    }
    Status pause() override {
      const std::lock_guard lock(test_.mutex_);
      test_.said_.push_back(name_ + " pauses");
      return {};
    }

    Step standing_at = Step::ready;
    bool breaks = false;

   private:
    LaneSchedules& test_;
    const std::string table_;
    const std::string name_;
    std::deque<Turn> turns_;
  };

  Told& add(std::string table, std::string name, std::deque<Turn> turns) {
    return lanes_.emplace_back(*this, std::move(table), std::move(name), std::move(turns));
  }

  Status run(int workers, Parallelism parallelism) {
    std::vector<Lane*> lanes;
    lanes.reserve(lanes_.size());
    for (Told& lane : lanes_) lanes.push_back(&lane);
    LaneSchedule schedule(
        lanes,
        {.workers = workers,
         .parallelism = parallelism,
         .wait =
             [this](std::unique_lock<std::mutex>&, std::condition_variable&, std::chrono::nanoseconds time) {
               waits_.push_back(time);
               env_.advance(std::chrono::ceil<std::chrono::microseconds>(time));
             },
         .waiting = waiting_},
        stop_.get_token(), env_);
    std::unique_ptr<Writer> none;
    return schedule.run(none);
  }

  static constexpr Turn ready{.step = Step::ready};
  static constexpr Turn done{.step = Step::done};
  static constexpr Turn stopped{.step = Step::stopped};
  static constexpr Turn waits{.step = Step::waiting, .wait = std::chrono::seconds(5)};

  FixedEnv env_;
  std::stop_source stop_;
  std::mutex mutex_;
  std::deque<Told> lanes_;
  std::vector<std::string> said_;
  std::vector<std::chrono::nanoseconds> waits_;
  std::function<void(const std::string&)> waiting_;
};

TEST_F(LaneSchedules, ALaneGoesOnUntilItIsDone) {
  add("t", "a", {ready, ready, done});
  add("t", "b", {done});
  ASSERT_TRUE(run(1, Parallelism::parallel));
  EXPECT_THAT(said_, ElementsAre("a", "a", "a", "a pauses", "b", "b pauses"));
}

TEST_F(LaneSchedules, AWaitHoldsNoThread) {
  add("t", "a", {waits, done});
  add("t", "b", {done});
  ASSERT_TRUE(run(1, Parallelism::parallel));
  EXPECT_THAT(said_, ElementsAre("a", "a pauses", "b", "b pauses", "a", "a pauses"));
  EXPECT_THAT(waits_, ElementsAre(std::chrono::seconds(5)));
}

TEST_F(LaneSchedules, ALongWaitIsToldEachSecond) {
  std::vector<std::string> told;
  waiting_ = [&](const std::string& what) { told.push_back(what); };
  add("t", "a", {{.step = Step::waiting, .wait = std::chrono::milliseconds(2500)}, done});
  add("t", "b", {waits, done});
  add("t", "c", {{.step = Step::waiting, .wait = std::chrono::milliseconds(1999)}, done});
  ASSERT_TRUE(run(1, Parallelism::parallel));
  EXPECT_THAT(told, ElementsAre("0.5 s to go on with a", "2.5 s to go on with b", "1.5 s to go on with b",
                                "0.5 s to go on with b"));
}

TEST_F(LaneSchedules, WhoIsToldOfAWaitMayStopIt) {
  waiting_ = [this](const std::string&) { stop_.request_stop(); };
  add("t", "a", {waits});
  ASSERT_TRUE(run(1, Parallelism::parallel));
  EXPECT_THAT(waits_, ElementsAre());
}

TEST_F(LaneSchedules, FilesOfATableKeepTheirOrderInAWaitToo) {
  add("t", "a", {waits, done});
  add("t", "b", {done});
  add("u", "c", {done});
  ASSERT_TRUE(run(1, Parallelism::table_sequential));
  EXPECT_THAT(said_, ElementsAre("a", "a pauses", "c", "c pauses", "a", "a pauses", "b", "b pauses"));
}

TEST_F(LaneSchedules, BehindOneThatIsStoppedThoseOfItsTableStop) {
  add("t", "a", {stopped});
  add("t", "b", {done});
  add("u", "c", {done});
  ASSERT_TRUE(run(1, Parallelism::sequential));
  EXPECT_THAT(said_, ElementsAre("a", "a pauses", "c", "c pauses"));
}

TEST_F(LaneSchedules, WhatAnEarlierRunHasDoneIsNotDoneAgain) {
  add("t", "a", {}).standing_at = Step::done;
  add("t", "b", {done});
  ASSERT_TRUE(run(1, Parallelism::sequential));
  EXPECT_THAT(said_, ElementsAre("b", "b pauses"));
}

TEST_F(LaneSchedules, SequentialIsTheThreadOfTheCaller) {
  for (int i = 0; i < 8; ++i) add("t", std::to_string(i), {done});
  ASSERT_TRUE(run(20, Parallelism::sequential));
  std::vector<std::string> expected;
  for (int i = 0; i < 8; ++i) {
    expected.push_back(std::to_string(i));
    expected.push_back(std::to_string(i) + " pauses");
  }
  EXPECT_EQ(said_, expected);
}

TEST_F(LaneSchedules, NothingGoesOnOnceALaneCannotBeRecorded) {
  add("t", "a", {}).breaks = true;
  add("t", "b", {done});
  const Status broken = run(1, Parallelism::parallel);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().message, "the disk is full");
  EXPECT_THAT(said_, ElementsAre("a"));
}

TEST_F(LaneSchedules, AStopIsTakenBetweenTwoSteps) {
  add("t", "a", {done});
  stop_.request_stop();
  ASSERT_TRUE(run(2, Parallelism::parallel));
  EXPECT_TRUE(said_.empty());
}

}  // namespace
}  // namespace outfall::delivery
