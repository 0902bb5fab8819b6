// SPDX-License-Identifier: Apache-2.0
//
// Ledgers and job files on their way to the shared state and back.
#include "shared_state/push.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/file.h"
#include "base/sqlite.h"
#include "ledger/ledger_copy.h"
#include "ledger/ledger_testing.h"
#include "ledger/pipeline_lock.h"
#include "shared_state/claim.h"
#include "shared_state/local_state.h"
#include "shared_state/memory_store_for_tests.h"

namespace outfall::shared_state {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

/// Two machines with a disk each.
class PushTest : public ledger::LedgerTest {
 protected:
  PushTest() {
    for (const ledger::PipelinePaths* paths : {&here_, &there_}) EXPECT_TRUE(ledger::make_pipeline_folders(*paths));
    path_ = here_.database;
  }

  Head claim_it() {
    return claim({.store = store_,
                  .pipeline = "p",
                  .sleep =
                      [this](std::chrono::nanoseconds time, const std::stop_token&) {
                        env_.advance(std::chrono::duration_cast<std::chrono::microseconds>(time));
                        return true;
                      }},
                 env_)
        .value()
        .head;
  }

  /// A sealed package with its job files on this disk.
  std::string seal_here(ledger::Ledger& ledger, const std::string& run_id) {
    const std::string load_id = seal(ledger, run_id, input("/in/" + run_id, run_id));
    EXPECT_TRUE(make_directories(here_.package(load_id)));
    for (const char* file : {"events.1.arrow", "events__tags.1.arrow"})
      std::ofstream(here_.package(load_id) + "/" + file) << run_id << file;
    return load_id;
  }

  std::vector<std::string> names() { return store_.list("p").value(); }

  std::vector<std::string> pending_in(const ledger::PipelinePaths& paths) {
    std::vector<std::string> found;
    const auto pending = ledger::Ledger::open_read_only(paths.database).value().pending().value();
    for (const ledger::PackageRecord& package : pending) found.push_back(package.load_id);
    return found;
  }

  MemoryStore store_;
  ledger::PipelinePaths here_ = ledger::pipeline_paths(folder_ / "here", "p").value();
  ledger::PipelinePaths there_ = ledger::pipeline_paths(folder_ / "there", "p").value();
};

TEST_F(PushTest, AnEmptyDiskGetsLedgerAndJobFiles) {
  ledger::Ledger ledger = open();
  begin(ledger, "r1");
  Pusher pusher(store_, here_, claim_it());
  const std::string load_id = seal_here(ledger, "r1");
  EXPECT_TRUE(pusher.push(Pusher::Then::holds).value());

  const Head head = newest_head(store_, "p").value().value();
  EXPECT_EQ(local_state(there_, head).value(), LocalState::absent);
  EXPECT_TRUE(replace_ledger(store_, head, there_, copy_mark(head)));
  EXPECT_EQ(local_state(there_, head).value(), LocalState::copied);
  const auto pending = ledger::Ledger::open_read_only(there_.database).value().pending().value();
  ASSERT_THAT(pending, SizeIs(1));
  EXPECT_TRUE(fetch_jobs(store_, head, there_, pending));
  EXPECT_EQ(read_file(there_.package(load_id) + "/events.1.arrow").value(), "r1events.1.arrow");
  EXPECT_FALSE(file_exists(there_.folder + "/transfer-in").value());
  EXPECT_FALSE(file_exists(here_.folder + "/transfer-out").value());
}

TEST_F(PushTest, AFetchedLedgerNamesNothingOutsideOfItsFolders) {
  const std::string outside = "../../../escaped";
  int runs = 0;
  const auto is_refused = [&](const std::string& load_id, const std::string& file, bool is_loaded) {
    path_ = folder_ / ("ledger" + std::to_string(++runs));
    ledger::Ledger ledger = open();
    begin(ledger, "r1");
    ledger::PackageRecord bad = package("r1", load_id);
    bad.jobs[0].file = file;
    const std::vector<ledger::InputRecord> inputs{input("/in")};
    EXPECT_TRUE(ledger.seal(bad, inputs, {.naming = "snake_case", .document = "{}"}));
    if (is_loaded) {
      EXPECT_TRUE(ledger.mark_loaded(load_id, 0));
    }
    const std::string copy = path_ + ".copy";
    EXPECT_TRUE(ledger::copy_ledger(path_, copy));
    Head head{.pipeline = "p", .chain = "c"};
    head.ledger = describe_file(object_name("state", 1, static_cast<std::uint64_t>(runs)), copy).value();
    EXPECT_TRUE(store_.put_file_if_absent({"p", head.ledger->name}, copy).value());
    const Status replaced = replace_ledger(store_, head, there_, copy_mark(head));
    const std::vector<ledger::PackageRecord> packages{bad};
    const Status fetched = fetch_jobs(store_, head, there_, packages);
    EXPECT_FALSE(file_exists(there_.database).value());
    return !replaced && replaced.error().message.contains("which no runner writes") && !fetched &&
           fetched.error().message.contains("which no runner writes");
  };
  EXPECT_TRUE(is_refused("1.5", outside, false));
  EXPECT_TRUE(is_refused(outside, "events.1.arrow", false));
  EXPECT_TRUE(is_refused("..", "events.1.arrow", true)) << "what is removed behind a load";
  EXPECT_TRUE(is_refused("1.5", "", false));
}

TEST_F(PushTest, JobFilesGoOnceAndAreRemovedWhenTheyAreLoaded) {
  ledger::Ledger ledger = open();
  begin(ledger, "r1");
  Pusher pusher(store_, here_, claim_it());
  const std::string load_id = seal_here(ledger, "r1");
  int job_files = 0;
  store_.before_put = [&](const ObjectName& name) -> Status {
    job_files += name.name.starts_with("job.") ? 1 : 0;
    return {};
  };
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(pusher.push(Pusher::Then::holds).value());
  EXPECT_EQ(job_files, 2);
  EXPECT_TRUE(ledger.mark_loaded(load_id, 0));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(pusher.push(Pusher::Then::holds).value());
  EXPECT_THAT(names(), Not(Contains(StartsWith("job."))));
  EXPECT_THAT(names(), SizeIs(4)) << "the newest version and the one before, each with its ledger";
}

TEST_F(PushTest, AZombieFailsAndRemovesNothingOfItsSuccessor) {
  ledger::Ledger ledger = open();
  begin(ledger, "r1");
  Pusher zombie(store_, here_, claim_it());
  seal_here(ledger, "r1");
  EXPECT_TRUE(zombie.push(Pusher::Then::holds).value());
  const Head next = claim_it();
  EXPECT_TRUE(store_.put_if_absent({"p", object_name("state", next.generation, 1)}, "under way").value());
  EXPECT_FALSE(zombie.push(Pusher::Then::holds).value());
  EXPECT_FALSE(zombie.release().value());
  EXPECT_EQ(newest_head(store_, "p").value()->claim, next.claim);
  EXPECT_THAT(names(), Contains(object_name("state", next.generation, 1)));
  EXPECT_THAT(names(), Contains(next.ledger->name));
  EXPECT_FALSE(Beats(store_, zombie.head()).beat().value());
  EXPECT_TRUE(Beats(store_, next).beat().value());
}

TEST_F(PushTest, RemovesNothingOfALaterGeneration) {
  ledger::Ledger ledger = open();
  begin(ledger, "r1");
  Pusher pusher(store_, here_, claim_it());
  // Somebody may claim between our head and the removal of what is old, and begin to put.
  for (const char* name : {"state.2.1", "job.2.2", "beat.2.1", "notes.txt"})
    EXPECT_TRUE(store_.put_if_absent({"p", name}, "").value());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(pusher.push(Pusher::Then::holds).value());
  for (const char* name : {"state.2.1", "job.2.2", "beat.2.1", "notes.txt"}) EXPECT_THAT(names(), Contains(name));
}

TEST_F(PushTest, APushWhoseAnswerIsLostIsRepeated) {
  ledger::Ledger ledger = open();
  begin(ledger, "r1");
  Pusher pusher(store_, here_, claim_it());
  store_.before_put = [&](const ObjectName& name) -> Status {
    store_.loses_answer = name.name == head_name(2);
    return {};
  };
  EXPECT_FALSE(pusher.push(Pusher::Then::holds));
  EXPECT_TRUE(pusher.push(Pusher::Then::holds).value());
  EXPECT_EQ(newest_head(store_, "p").value()->number, 3U);
}

TEST_F(PushTest, WhatIsHereMayKnowMoreUntilSomebodyElseClaims) {
  ledger::Ledger ledger = open();
  begin(ledger, "r1");
  const Head ours = claim_it();
  EXPECT_TRUE(ledger::mark_ledger(here_.database, holder_mark(ours.chain, ours.claim)));
  Pusher pusher(store_, here_, ours);
  EXPECT_TRUE(pusher.push(Pusher::Then::holds).value());
  const std::string unpushed = seal_here(ledger, "r1");
  EXPECT_EQ(local_state(here_, pusher.head()).value(), LocalState::held);
  // Between two claims it bears both.
  EXPECT_TRUE(ledger::mark_ledger(here_.database, holder_mark(ours.chain, ours.claim, "next")));
  EXPECT_EQ(local_state(here_, pusher.head()).value(), LocalState::held);
  Head next = pusher.head();
  next.claim = "next";
  EXPECT_EQ(local_state(here_, next).value(), LocalState::held);

  const Head theirs = claim_it();
  EXPECT_EQ(local_state(here_, theirs).value(), LocalState::outdated);
  EXPECT_TRUE(replace_ledger(store_, theirs, here_, "holder x y"));
  EXPECT_THAT(pending_in(here_), Not(Contains(unpushed)));
  EXPECT_THAT(kept_aside(here_).value(), testing::ElementsAre(here_.folder + "/superseded/1"));
  EXPECT_TRUE(file_exists(here_.folder + "/superseded/1/packages/" + unpushed + "/events.1.arrow").value());
  const auto kept = ledger::Ledger::open_read_only(here_.folder + "/superseded/1/outfall.db").value().pending().value();
  EXPECT_EQ(kept.at(0).load_id, unpushed);
}

TEST_F(PushTest, AnotherHistoryIsNotReplaced) {
  ledger::Ledger ledger = open();
  begin(ledger, "r1");
  Pusher pusher(store_, here_, claim_it());
  EXPECT_TRUE(pusher.push(Pusher::Then::holds).value());
  EXPECT_EQ(local_state(here_, pusher.head()).value(), LocalState::absent) << "nothing was sealed in it";
  seal_here(ledger, "r1");
  EXPECT_EQ(local_state(here_, pusher.head()).value(), LocalState::foreign);
  EXPECT_EQ(local_state(here_, std::nullopt).value(), LocalState::first);
  const Status fresh = refresh(store_, "p", here_);
  ASSERT_FALSE(fresh);
  EXPECT_EQ(fresh.error().blame, Blame::usage);
}

TEST_F(PushTest, ALookFetchesWhatIsNewAndNeverWhatIsHeldHere) {
  ledger::Ledger ledger = open();
  begin(ledger, "r1");
  Pusher pusher(store_, here_, claim_it());
  EXPECT_TRUE(pusher.push(Pusher::Then::holds).value());
  EXPECT_TRUE(refresh(store_, "p", there_));
  EXPECT_TRUE(pending_in(there_).empty());
  const std::string load_id = seal_here(ledger, "r1");
  EXPECT_TRUE(pusher.push(Pusher::Then::holds).value());
  {
    const auto lock = ledger::PipelineLock::take(env_, {.path = there_.lock, .pipeline = "p"});
    EXPECT_TRUE(refresh(store_, "p", there_)) << "its holder fetches it itself";
    EXPECT_TRUE(pending_in(there_).empty());
  }
  EXPECT_TRUE(refresh(store_, "p", there_));
  EXPECT_THAT(pending_in(there_), Contains(load_id));
}

TEST_F(PushTest, ALookKeepsNoRunOutWhileItFetches) {
  ledger::Ledger ledger = open();
  begin(ledger, "r1");
  Pusher pusher(store_, here_, claim_it());
  const std::string load_id = seal_here(ledger, "r1");
  EXPECT_TRUE(pusher.push(Pusher::Then::holds).value());
  std::optional<ledger::PipelineLock> run;
  store_.before_read_file = [&] {
    auto lock = ledger::PipelineLock::take(env_, {.path = there_.lock, .pipeline = "p"});
    ASSERT_TRUE(lock) << lock.error().message;
    run = std::move(*lock);
  };
  EXPECT_TRUE(refresh(store_, "p", there_));
  EXPECT_FALSE(file_exists(there_.database).value()) << "whoever has the lock by now fetches it";
  store_.before_read_file = {};
  run.reset();
  EXPECT_TRUE(refresh(store_, "p", there_));
  EXPECT_THAT(pending_in(there_), Contains(load_id));
}

TEST_F(PushTest, ALedgerOfANewerProgramIsRefused) {
  {
    const ledger::Ledger ledger = open();
  }
  {
    Result<Database> newer = Database::open(here_.database, Database::Access::read_write);
    EXPECT_TRUE(newer->execute("PRAGMA user_version = 999"));
  }
  Head head = claim_it();
  head.ledger = describe_file("state.1.1", here_.database).value();
  EXPECT_TRUE(store_.put_file_if_absent({"p", "state.1.1"}, here_.database).value());
  ++head.number;
  EXPECT_TRUE(put_head(store_, head).value());
  const Status fresh = refresh(store_, "p", there_);
  ASSERT_FALSE(fresh);
  EXPECT_THAT(fresh.error().message, HasSubstr("it has version 999 of the state store"));
  EXPECT_THAT(fresh.error().hint, HasSubstr("a newer Outfall wrote it"));
  EXPECT_FALSE(file_exists(there_.database).value());
}

TEST_F(PushTest, WhatIsGoneOrDamagedIsNamed) {
  ledger::Ledger ledger = open();
  begin(ledger, "r1");
  Pusher pusher(store_, here_, claim_it());
  EXPECT_TRUE(pusher.push(Pusher::Then::holds).value());
  const std::string object = pusher.head().ledger->name;
  EXPECT_TRUE(store_.remove({"p", object}));
  EXPECT_THAT(refresh(store_, "p", there_).error().message, HasSubstr("names " + object + ", which is not there"));
  EXPECT_TRUE(store_.put_if_absent({"p", object}, "garbage").value());
  EXPECT_THAT(refresh(store_, "p", there_).error().message, HasSubstr("p/" + object + " is not what was pushed"));
  EXPECT_TRUE(store_.put_if_absent({"q", head_name(1)}, to_json(pusher.head())).value());
  const ledger::PipelinePaths other = ledger::pipeline_paths(folder_ / "there", "q").value();
  EXPECT_THAT(refresh(store_, "q", other).error().message, HasSubstr("it is of pipeline 'p'"));
}

}  // namespace
}  // namespace outfall::shared_state
