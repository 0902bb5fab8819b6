// SPDX-License-Identifier: Apache-2.0
//
// What the same command may load again: nothing that an unended run sealed, everything after a recorded end.
#include "ledger/ledger_testing.h"

namespace outfall::ledger {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::chrono::hours day{24};

SealedInput newest(Ledger& ledger, const std::string& path) {
  return ledger.sealed_inputs(path).value().at(0);
}

TEST_F(LedgerTest, RunIsKeptWithItsEnd) {
  Ledger ledger = open();
  const std::int64_t started = env_.now_us();
  begin(ledger, "r1");
  EXPECT_FALSE(ledger.run("r1").value()->ended_at);
  end(ledger, "r1", 4);
  const RunRecord run = ledger.run("r1").value().value();
  EXPECT_EQ(run.command, "outfall run r1");
  EXPECT_EQ(run.host, "here");
  EXPECT_EQ(run.boot_id, "boot");
  EXPECT_EQ(run.pid, 42);
  EXPECT_EQ(run.started_at, started);
  EXPECT_EQ(run.ended_at, started + 1'000'000);
  EXPECT_EQ(run.ending, 4);
  EXPECT_EQ(run.trace, "{\"run\":1}");
  begin(ledger, "r2");
  EXPECT_EQ(ledger.runs(1).value().at(0).run_id, "r2");
  EXPECT_FALSE(ledger.run("r3").value());
  const Status unknown = ledger.end_run({.run_id = "r3", .ending = 0, .trace = ""});
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("r3"));
}

TEST_F(LedgerTest, EndSettlesWhatTheRunLoaded) {
  Ledger ledger = open();
  begin(ledger, "r1");
  const std::string load_id = seal(ledger, "r1", input("/in/a"));
  EXPECT_FALSE(newest(ledger, "/in/a").loaded);
  ASSERT_TRUE(ledger.mark_loaded(load_id, 0));
  EXPECT_TRUE(newest(ledger, "/in/a").loaded);
  EXPECT_FALSE(newest(ledger, "/in/a").settled) << "the end is not recorded";
  end(ledger, "r1");
  const SealedInput settled = newest(ledger, "/in/a");
  EXPECT_TRUE(settled.settled);
  EXPECT_EQ(settled.run_id, "r1");
  EXPECT_EQ(settled.load_id, load_id);
  EXPECT_EQ(settled.input.size, 10u);
  EXPECT_EQ(settled.input.mtime_ns, 5);
  EXPECT_EQ(settled.input.hash, "h1");
  EXPECT_EQ(settled.input.documents, 3u);
}

TEST_F(LedgerTest, UnendedRunsInputsStaySealedUntilAcknowledged) {
  {
    Ledger crashed = open();
    begin(crashed, "r1");
    ASSERT_TRUE(crashed.mark_loaded(seal(crashed, "r1", input("/in/a")), 0));
  }
  Ledger ledger = open();
  begin(ledger, "other command");
  end(ledger, "other command");
  EXPECT_FALSE(newest(ledger, "/in/a").settled) << "another command says nothing about this input";

  begin(ledger, "r2");
  const std::vector<SealedInput> found = ledger.sealed_inputs("/in/a").value();
  ledger.acknowledge(found);
  EXPECT_FALSE(newest(ledger, "/in/a").settled) << "not before the end";
  end(ledger, "r2");
  EXPECT_TRUE(newest(ledger, "/in/a").settled) << "the same command is a new load now";
}

TEST_F(LedgerTest, CrashOfTheAcknowledgingRunChangesNothing) {
  {
    Ledger crashed = open();
    begin(crashed, "r1");
    ASSERT_TRUE(crashed.mark_loaded(seal(crashed, "r1", input("/in/a")), 0));
  }
  EXPECT_TRUE(dies_at("before_run_end", [&](Ledger& ledger) {
    begin(ledger, "r2");
    ledger.acknowledge(ledger.sealed_inputs("/in/a").value());
    end(ledger, "r2");
  }));
  Ledger ledger = open();
  EXPECT_FALSE(newest(ledger, "/in/a").settled);
  EXPECT_FALSE(ledger.run("r2").value()->ended_at);
  begin(ledger, "r3");
  end(ledger, "r3");
  EXPECT_FALSE(newest(ledger, "/in/a").settled) << "r3 acknowledged nothing, and what r2 said died with it";
}

TEST_F(LedgerTest, FailedOrStoppedRunSettlesNothing) {
  {
    Ledger crashed = open();
    begin(crashed, "crashed");
    ASSERT_TRUE(crashed.mark_loaded(seal(crashed, "crashed", input("/in/a")), 0));
  }
  Ledger ledger = open();
  for (const int ending : {1, 4, 130, 143}) {
    const std::string run_id = "r" + std::to_string(ending);
    begin(ledger, run_id);
    ledger.acknowledge(ledger.sealed_inputs("/in/a").value());
    end(ledger, run_id, ending);
    EXPECT_FALSE(newest(ledger, "/in/a").settled) << "typed again after " << ending << " it would load /in/a twice";
  }
  begin(ledger, "done");
  ledger.acknowledge(ledger.sealed_inputs("/in/a").value());
  end(ledger, "done", 3);
  EXPECT_TRUE(newest(ledger, "/in/a").settled);
}

TEST_F(LedgerTest, CrashAfterTheEndChangesNothing) {
  EXPECT_TRUE(dies_at("after_run_end", [&](Ledger& ledger) {
    begin(ledger, "r1");
    static_cast<void>(ledger.mark_loaded(seal(ledger, "r1", input("/in/a")), 0));
    end(ledger, "r1");
  }));
  Ledger ledger = open();
  EXPECT_TRUE(newest(ledger, "/in/a").settled);
  EXPECT_EQ(ledger.run("r1").value()->ending, 0);
}

TEST_F(LedgerTest, PendingInputIsNotSettledByAnEnd) {
  Ledger ledger = open();
  begin(ledger, "r1");
  const std::string load_id = seal(ledger, "r1", input("/in/a"));
  end(ledger, "r1", 4);
  EXPECT_FALSE(newest(ledger, "/in/a").settled) << "exit 4 promises that the same command finishes it";

  begin(ledger, "r2");
  ledger.acknowledge(ledger.sealed_inputs("/in/a").value());
  end(ledger, "r2", 4);
  EXPECT_FALSE(newest(ledger, "/in/a").settled) << "it failed again";

  begin(ledger, "r3");
  ASSERT_TRUE(ledger.mark_loaded(load_id, 0));
  EXPECT_FALSE(newest(ledger, "/in/a").settled) << "r3 may crash and must find it again";
  end(ledger, "r3");
  EXPECT_TRUE(newest(ledger, "/in/a").settled) << "delivered, and both runs have an end";
}

TEST_F(LedgerTest, InputsAreFoundByPathAndByContent) {
  Ledger ledger = open();
  begin(ledger, "r1");
  seal(ledger, "r1", input("/in/a", "h1"));
  seal(ledger, "r1", input("/in/a", "h2"));
  seal(ledger, "r1", input("/in/b", "h1"));
  const auto hashes = [](const Result<std::vector<SealedInput>>& found) {
    std::vector<std::string> texts;
    for (const SealedInput& each : found.value()) texts.push_back(each.input.path + " " + each.input.hash);
    return texts;
  };
  EXPECT_THAT(hashes(ledger.sealed_inputs("/in/a")), ElementsAre("/in/a h2", "/in/a h1")) << "newest first";
  EXPECT_THAT(hashes(ledger.sealed_inputs_by_content(10, "h1")), ElementsAre("/in/b h1", "/in/a h1"));
  EXPECT_TRUE(ledger.sealed_inputs_by_content(11, "h1").value().empty());
  EXPECT_TRUE(ledger.sealed_inputs("/in/c").value().empty());
}

TEST_F(LedgerTest, LargeFolderIsAnsweredFromIndexes) {
  {
    open();
  }
  Database database = std::move(*Database::open(path_, Database::Access::read_write));
  const auto plan = [&](const std::string& sql) {
    Statement statement = database.prepare("EXPLAIN QUERY PLAN " + sql).value();
    const auto lines = collect(statement, [](const Statement& row) { return std::string(row.text(3)); });
    std::string text;
    for (const std::string& line : *lines) {
      text += line + "\n";
    }
    return text;
  };
  EXPECT_THAT(plan("SELECT * FROM inputs WHERE path = 'x' ORDER BY input_id DESC"), HasSubstr("inputs_by_path"));
  EXPECT_THAT(plan("SELECT * FROM inputs WHERE size = 1 AND hash = 'x'"), HasSubstr("inputs_by_content"));
  EXPECT_THAT(plan("UPDATE inputs SET settled = 1 WHERE settled = 0 AND run_id IN ('a', 'b')"),
              HasSubstr("inputs_unsettled"));
}

TEST_F(LedgerTest, HundredThousandInputsAreSealedSettledAndFound) {
  Ledger ledger = open();
  begin(ledger, "r1");
  std::vector<InputRecord> inputs;
  inputs.reserve(100'000);
  for (int i = 0; i < 100'000; ++i) inputs.push_back(input("/in/" + std::to_string(i), std::to_string(i)));
  const std::string load_id = ledger.new_load_id().value();
  ASSERT_TRUE(ledger.seal(package("r1", load_id), inputs, {.naming = "snake_case", .document = ""}));
  ASSERT_TRUE(ledger.mark_loaded(load_id, 0));
  end(ledger, "r1");
  begin(ledger, "r2");
  for (const InputRecord& each : inputs) {
    const auto found = ledger.sealed_inputs(each.path);
    ASSERT_TRUE(found && found->size() == 1 && (*found)[0].settled) << each.path;
  }
}

TEST_F(LedgerTest, OldRecordsArePrunedAndMemoryOfInputsIsNot) {
  Ledger ledger = open();
  begin(ledger, "old loaded");
  const std::string loaded = seal(ledger, "old loaded", input("/in/a"));
  ASSERT_TRUE(ledger.mark_loaded(loaded, 0));
  end(ledger, "old loaded");
  begin(ledger, "old pending");
  const std::string pending = seal(ledger, "old pending", input("/in/b"));
  end(ledger, "old pending", 4);
  begin(ledger, "old unended");
  const std::string newest_loaded = seal(ledger, "old unended", input("/in/c"));
  ASSERT_TRUE(ledger.mark_loaded(newest_loaded, 0));

  env_.advance(89 * day);
  begin(ledger, "young");
  end(ledger, "young");
  EXPECT_TRUE(ledger.run("old loaded").value()) << "89 days are within the retention";

  env_.advance(2 * day);
  begin(ledger, "today");
  end(ledger, "today");
  EXPECT_FALSE(ledger.run("old loaded").value());
  EXPECT_TRUE(ledger.run("old pending").value()) << "it has work to do";
  EXPECT_TRUE(ledger.run("old unended").value()) << "its input still waits for the same command";
  EXPECT_TRUE(ledger.run("today").value());
  const std::vector<PackageRecord> left = ledger.packages(10).value();
  ASSERT_EQ(left.size(), 2u);
  EXPECT_EQ(left[0].load_id, newest_loaded) << "the next one is compared with its schema";
  EXPECT_EQ(left[1].load_id, pending);
  EXPECT_TRUE(newest(ledger, "/in/a").settled) << "--skip-loaded still knows the content";
  EXPECT_TRUE(newest(ledger, "/in/a").loaded);
  EXPECT_FALSE(newest(ledger, "/in/c").settled);
}

TEST_F(LedgerTest, ALoadWasInterruptedWhereARunDiedSinceTheSealOfWhatWaits) {
  Ledger ledger = open();
  const auto interrupted = [&] { return ledger.load_was_interrupted("now").value(); };
  begin(ledger, "died long ago");
  begin(ledger, "refused");
  seal(ledger, "refused", input("/in/a"));
  end(ledger, "refused", 4);
  begin(ledger, "now");
  EXPECT_FALSE(interrupted()) << "all runs since the seal have an end, but for the one that asks";
  begin(ledger, "died", RunInput::none);
  begin(ledger, "stopped", RunInput::none);
  end(ledger, "stopped", 130);
  EXPECT_TRUE(interrupted()) << "nobody has told what became of it";
  ASSERT_TRUE(ledger.mark_loaded(ledger.pending().value().at(0).load_id, 0));
  EXPECT_FALSE(interrupted());
  begin(ledger, "died behind its seal");
  seal(ledger, "died behind its seal", input("/in/b"));
  EXPECT_TRUE(interrupted()) << "it may have begun to load";
}

TEST_F(LedgerTest, UnendedRunsAreThoseBehindTheLastRecordedEnd) {
  Ledger ledger = open();
  const auto unended = [&] {
    std::vector<std::string> ids;
    const std::vector<UnendedRun> runs = ledger.unended_runs().value();
    ids.reserve(runs.size());
    for (const UnendedRun& run : runs) ids.push_back(run.run_id + " " + run.load_id);
    return ids;
  };
  begin(ledger, "old");
  begin(ledger, "ended");
  end(ledger, "ended", 1);
  EXPECT_THAT(unended(), testing::IsEmpty());
  begin(ledger, "sent", RunInput::stream);
  begin(ledger, "sealed");
  const std::string load_id = seal(ledger, "sealed", input("/in/a"));
  begin(ledger, "resume", RunInput::none);
  begin(ledger, "files");
  EXPECT_THAT(unended(), testing::ElementsAre("sent ", "sealed " + load_id, "files "));
  EXPECT_EQ(ledger.unended_runs().value()[0].input, RunInput::stream);
  begin(ledger, "refused", RunInput::none);
  end(ledger, "refused", 2, false);
  EXPECT_EQ(unended().size(), 3u) << "it has told nothing";
  begin(ledger, "told", RunInput::none);
  end(ledger, "told");
  EXPECT_THAT(unended(), testing::IsEmpty());
}

}  // namespace
}  // namespace outfall::ledger
