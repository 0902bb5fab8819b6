// SPDX-License-Identifier: Apache-2.0
//
// Who becomes the holder, when, and what becomes of whoever was it before.
#include "shared_state/claim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <limits>
#include <memory>
#include <string>

#include "base/process.h"
#include "shared_state/memory_store_for_tests.h"

namespace outfall::shared_state {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class ClaimTest : public testing::Test {
 protected:
  /// Time goes on where somebody waits for it; `meanwhile` happens at each look.
  ClaimRequest request(std::function<void()> meanwhile = nullptr, std::chrono::milliseconds wait = 0ms) {
    return {.store = store_,
            .pipeline = "p",
            .wait = {.longest = wait},
            .lease = 10s,
            .sleep = [this, meanwhile](std::chrono::nanoseconds time, const std::stop_token&) {
              env_.advance(std::chrono::duration_cast<std::chrono::microseconds>(time));
              if (meanwhile) meanwhile();
              return true;
            }};
  }

  /// Somebody on another machine has it.
  Head held_elsewhere() {
    Head head = claim(request(), env_).value().head;
    head.holder = Holder{.host = "elsewhere", .boot_id = "b", .pid_namespace = "n", .pid = 7, .since = 0};
    EXPECT_TRUE(store_.remove({"p", head_name(head.number)}));
    EXPECT_TRUE(put_head(store_, head).value());
    return head;
  }

  MemoryStore store_;
  FixedEnv env_;
};

TEST_F(ClaimTest, TheFirstOneBeginsAHistory) {
  const Claimed first = claim(request(), env_).value();
  EXPECT_FALSE(first.found);
  EXPECT_EQ(first.head.number, 1U);
  EXPECT_EQ(first.head.generation, 1U);
  EXPECT_EQ(first.head.holder->pid, getpid());
  EXPECT_EQ(newest_head(store_, "p").value()->claim, first.head.claim);
}

TEST_F(ClaimTest, WhatWasReleasedIsTakenAtOnce) {
  Head head = held_elsewhere();
  head.holder.reset();
  ++head.number;
  EXPECT_TRUE(put_head(store_, head).value());
  const auto no_sleep = [](std::chrono::nanoseconds, const std::stop_token&) {
    ADD_FAILURE() << "nobody has to be watched";
    return false;
  };
  ClaimRequest at_once = request();
  at_once.sleep = no_sleep;
  const Claimed next = claim(at_once, env_).value();
  EXPECT_EQ(next.head.generation, 2U);
  EXPECT_EQ(next.head.chain, head.chain);
}

TEST_F(ClaimTest, AHolderThatBeatsIsBusy) {
  const Head head = held_elsewhere();
  int beats = 0;
  const auto busy =
      claim(request([&] {
              EXPECT_TRUE(store_.put_if_absent({"p", object_name("beat", head.generation, ++beats)}, "").value());
            }),
            env_);
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().blame, Blame::busy);
  EXPECT_THAT(busy.error().message, HasSubstr("held by process 7 on elsewhere, since 1970-01-01 00:00:00 UTC"));
  EXPECT_EQ(beats, 1) << "one beat is enough to know it";
}

TEST_F(ClaimTest, ASilentHolderIsTakenOverBehindItsLease) {
  const Head head = held_elsewhere();
  const std::chrono::nanoseconds begun = env_.monotonic();
  const Claimed next = claim(request(), env_).value();
  EXPECT_GE(env_.monotonic() - begun, 10s);
  EXPECT_EQ(next.head.generation, head.generation + 1);
  EXPECT_EQ(next.found->claim, head.claim);
}

TEST_F(ClaimTest, TheLeaseIsTheHolders) {
  Head head = held_elsewhere();
  head.lease = 1s;
  ++head.number;
  EXPECT_TRUE(put_head(store_, head).value());
  const std::chrono::nanoseconds begun = env_.monotonic();
  EXPECT_TRUE(claim(request(), env_));
  EXPECT_LT(env_.monotonic() - begun, 2s);
}

TEST_F(ClaimTest, WaitsAsLongAsItIsTold) {
  Head head = held_elsewhere();
  int beats = 0;
  const auto beat = [&] {
    if (++beats == 100) {
      head.holder.reset();
      ++head.number;
      EXPECT_TRUE(put_head(store_, head).value());
    } else if (beats < 100) {
      EXPECT_TRUE(store_.put_if_absent({"p", object_name("beat", head.generation, beats)}, "").value());
    }
  };
  int told = 0;
  ClaimRequest waits = request(beat, 60s);
  waits.wait.begins = [&](const LockWaiting& waiting) {
    ++told;
    EXPECT_THAT(waiting.sentence, HasSubstr("elsewhere"));
  };
  const Claimed next = claim(waits, env_).value();
  EXPECT_EQ(told, 1);
  EXPECT_EQ(next.head.generation, 2U);
  EXPECT_EQ(next.found->number, head.number) << "it goes on from what was pushed last";
}

TEST_F(ClaimTest, AProcessOfThisMachineThatIsGoneIsNotWatched) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  Head head = claim(request(), env_).value().head;
  head.holder = this_holder(env_);
  head.holder->pid = child;
  waitpid(child, nullptr, 0);
  ++head.number;
  EXPECT_TRUE(put_head(store_, head).value());
  EXPECT_TRUE(is_known_dead(*head.holder));
  head.holder->pid_namespace = "pid:[of another container]";
  EXPECT_FALSE(is_known_dead(*head.holder)) << "its pid means nothing here";
  EXPECT_FALSE(is_known_dead(this_holder(env_)));
  Holder reused = this_holder(env_);
  ++reused.pid_started;
  EXPECT_TRUE(is_known_dead(reused)) << "this process has its number now";
}

TEST_F(ClaimTest, AProcessThatCannotBeLookedAtIsNotKnownToBeDead) {
  Holder holder = this_holder(env_);
  for (const std::int64_t pid : {std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::max()}) {
    holder.pid = pid;
    EXPECT_FALSE(is_known_dead(holder)) << pid;
  }
  holder.pid = getpid();
  const std::string stat = "/proc/" + std::to_string(getpid()) + "/stat";
  constexpr int cannot = 77;
  const pid_t child = fork();
  if (child == 0) {
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) _exit(cannot);
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) _exit(cannot);
    if (mount("/dev/null", stat.c_str(), nullptr, MS_BIND, nullptr) != 0) _exit(cannot);
    _exit(is_known_dead(holder) ? 1 : 0);
  }
  int ended = 0;
  waitpid(child, &ended, 0);
  if (WEXITSTATUS(ended) == cannot) GTEST_SKIP() << "nothing may be mounted here";
  EXPECT_EQ(ended, 0);
}

TEST_F(ClaimTest, AProcessThatWasNotWaitedForIsGone) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  siginfo_t seen{};
  waitid(P_PID, static_cast<id_t>(child), &seen, WEXITED | WNOWAIT);
  Holder holder = this_holder(env_);
  holder.pid = child;
  holder.pid_started = 0;
  EXPECT_TRUE(is_known_dead(holder));
  waitpid(child, nullptr, 0);
}

TEST_F(ClaimTest, NumbersThatNobodyPutAreNotFollowed) {
  for (const char* name : {"head.18446744073709551615", "head.9", "head.1000000000000", "head.0000000000001"})
    EXPECT_TRUE(store_.put_if_absent({"p", name}, "{}").value());
  EXPECT_EQ(claim(request(), env_).value().head.number, 1U);
}

TEST_F(ClaimTest, TheLastNumberEndsIt) {
  Head last = claim(request(), env_).value().head;
  last.holder.reset();
  last.number = 999'999'999'999;
  EXPECT_TRUE(put_head(store_, last).value());
  const auto next = claim(request(), env_);
  ASSERT_FALSE(next);
  EXPECT_THAT(next.error().message, HasSubstr("head.999999999999"));
}

TEST_F(ClaimTest, OfTwoThatComeAtOnceOneWins) {
  held_elsewhere();
  std::optional<Claimed> other;
  ClaimRequest late = request();
  late.before = [&](const std::optional<Head>&, const std::string&) -> Status {
    if (!other) other = claim(request(), env_).value();
    return {};
  };
  // Whoever was faster is of this very process, which lives, and silent, so that it is taken over in its turn.
  const Claimed mine = claim(late, env_).value();
  EXPECT_EQ(other->head.generation, 2U);
  EXPECT_EQ(mine.head.generation, 3U);
  EXPECT_EQ(mine.found->claim, other->head.claim);
}

TEST_F(ClaimTest, AnAnswerThatIsLostIsNoLoss) {
  store_.loses_answer = true;
  const Claimed claimed = claim(request(), env_).value();
  EXPECT_EQ(claimed.head.number, 1U);
  EXPECT_EQ(newest_head(store_, "p").value()->number, 1U);
}

TEST_F(ClaimTest, ALatePutUnderAnOldNumberIsNotRead) {
  Head zombie = held_elsewhere();
  Head newest = claim(request(), env_).value().head;
  for (int i = 0; i < 3; ++i) {
    ++newest.number;
    EXPECT_TRUE(put_head(store_, newest).value());
    EXPECT_TRUE(store_.remove({"p", head_name(newest.number - 1)}));
  }
  ++zombie.number;  // which is free again
  EXPECT_FALSE(put_head(store_, zombie).value());
  EXPECT_EQ(newest_head(store_, "p").value()->claim, newest.claim);
}

TEST(Head, ComesBackAsItWas) {
  const Head head{.pipeline = "p",
                  .chain = "c",
                  .generation = 3,
                  .claim = "d",
                  .holder = Holder{"host", "boot", "ns", 12, 34, 56},
                  .lease = 10s,
                  .ledger = StoredObject{"state.3.1", 100, "5e"},
                  .jobs = {{"1.5", "a.1.arrow", {"job.3.2", 7, "6f"}}}};
  const Head back = parse_head(to_json(head)).value();
  EXPECT_EQ(to_json(back), to_json(head));
  EXPECT_EQ(back.jobs.at(0).object.bytes, 7U);
  EXPECT_EQ(back.holder->pid_started, 34U);
}

TEST(Head, SaysWhatIsWrong) {
  EXPECT_THAT(parse_head("garbage").error().message, HasSubstr("damaged"));
  EXPECT_THAT(parse_head("{}").error().message, HasSubstr("damaged"));
  EXPECT_THAT(parse_head(R"({"format":"outfall shared state","version":1})").error().message, HasSubstr("damaged"));
  const Error newer = parse_head(R"({"format":"outfall shared state","version":2})").error();
  EXPECT_THAT(newer.message, HasSubstr("version 2"));
  EXPECT_THAT(newer.hint, HasSubstr("newer Outfall"));
}

TEST(Head, NamesNothingOutsideOfItsFolders) {
  const Head good{.pipeline = "p",
                  .chain = "c",
                  .claim = "d",
                  .lease = 10s,
                  .ledger = StoredObject{"state.3.1", 100, "5e"},
                  .jobs = {{"1.5", "a.1.arrow", {"job.3.2", 7, "6f"}}}};
  ASSERT_TRUE(parse_head(to_json(good)));
  const auto refused = [](const Head& head) {
    const Result<Head> parsed = parse_head(to_json(head));
    return !parsed && parsed.error().message.contains("which no runner writes");
  };
  for (const char* object :
       {"../q/state.1.1", "/etc/passwd", "job.3.2", "state.03.1", "state.3", "head.000000000001", ""}) {
    Head bad = good;
    bad.ledger->name = object;
    EXPECT_TRUE(refused(bad)) << object;
  }
  for (const char* object : {"../q/job.1.1", "state.3.1", "job.3.2/..", ""}) {
    Head bad = good;
    bad.jobs[0].object.name = object;
    EXPECT_TRUE(refused(bad)) << object;
  }
  for (const std::string& part : {std::string(), std::string("."), std::string(".."), std::string("../x"),
                                  std::string("a/b"), std::string("/a"), std::string("a\0b", 3)}) {
    Head bad = good;
    bad.jobs[0].load_id = part;
    EXPECT_TRUE(refused(bad)) << part;
    bad = good;
    bad.jobs[0].file = part;
    EXPECT_TRUE(refused(bad)) << part;
  }
}

TEST(Head, HasALeaseThatEnds) {
  Head head{.pipeline = "p", .chain = "c", .claim = "d"};
  for (const std::chrono::milliseconds lease : {std::chrono::milliseconds(300), std::chrono::milliseconds(10s)}) {
    head.lease = lease;
    EXPECT_TRUE(parse_head(to_json(head))) << lease.count();
  }
  for (const std::int64_t lease : {std::int64_t{0}, std::int64_t{1}, std::int64_t{3'600'001}, INT64_MAX}) {
    head.lease = std::chrono::milliseconds(lease);
    const Result<Head> parsed = parse_head(to_json(head));
    ASSERT_FALSE(parsed) << lease;
    EXPECT_THAT(parsed.error().message, HasSubstr(std::to_string(lease) + " ms, which no runner writes"));
  }
}

TEST(Head, KnowsItsOwnNames) {
  EXPECT_EQ(parse_name(head_name(12))->number, 12U);
  EXPECT_EQ(parse_name("job.3.14")->generation, 3U);
  for (const char* name : {"head", "head.", "head.x", "head.1.2", "job.1", "job.1.", "notes.txt", "state.1.2.3",
                           "head.9", "head.18446744073709551615", "head.1000000000000", "head.0000000000001",
                           "job.01.2", "job.1.18446744073709551615", "beat.1.+2", "state.1.2/"})
    EXPECT_FALSE(parse_name(name)) << name;
}

}  // namespace
}  // namespace outfall::shared_state
