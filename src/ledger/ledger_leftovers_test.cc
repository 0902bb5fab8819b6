// SPDX-License-Identifier: Apache-2.0
//
// What is done about rows that were not delivered: jobs are tried again, packages aborted, letters replayed or dropped.
#include "ledger/ledger_testing.h"

namespace outfall::ledger {
namespace {

using testing::ElementsAre;
using testing::Pair;

class LeftoversTest : public LedgerTest {
 protected:
  /// A package of three events and nine tags, of which one event is delivered and one rejected, and nothing else goes
  /// on.
  std::string seal_half_delivered(Ledger& ledger) {
    begin(ledger, "r1");
    const std::string load_id = seal(ledger, "r1", input("/data/events.jsonl"));
    record(ledger, load_id, {.lane = {.position = 0, .settled = 1, .attempts = 2, .unknown = 1}});
    record(ledger, load_id,
           {.lane = {.position = 0,
                     .state = LaneState::failed,
                     .settled = 2,
                     .rejected = 1,
                     .attempts = 3,
                     .unknown = 1,
                     .last_error = "no such account"},
            .rejected = 1,
            .documents = 1,
            .letters = {letter("{\"id\":2}", 1)}});
    return load_id;
  }

  static void record(Ledger& ledger, const std::string& load_id, const LaneUpdate& update) {
    const Status recorded = ledger.record_lanes(load_id, "r1", std::vector{update});
    ASSERT_TRUE(recorded) << recorded.error().message;
  }

  Letter letter(const std::string& text, std::uint64_t row) {
    return {.table = "events",
            .input = "package",
            .line = row + 1,
            .reason = "unlucky",
            .text = text,
            .text_bytes = text.size(),
            .rejected_at = env_.now_us(),
            .job_file = "events.1.arrow",
            .row = row,
            .key = "key " + std::to_string(row),
            .attempt = 1};
  }

  /// Three letters that a package brings once more, as its three events, and one that is no row this time either.
  std::string seal_replay(Ledger& ledger) {
    begin(ledger, "r1");
    for (std::uint64_t row = 0; row < 4; ++row) EXPECT_TRUE(ledger.set_aside(letter("{}", row)));
    first_ = seal(ledger, "r1", input("/data/events.jsonl"));
    EXPECT_TRUE(ledger.mark_loaded(first_, 0));
    PackageRecord replay = package("r1", ledger.new_load_id().value());
    replay.is_replay = true;
    const std::vector<ReplayedLetter> letters{
        {.load_id = first_, .ordinal = 1, .row = 0},
        {.load_id = first_, .ordinal = 2, .row = 1, .keeps_key = false},
        {.load_id = first_, .ordinal = 3, .is_in_no_row = true, .reason = "still no JSON"},
        {.load_id = first_, .ordinal = 4, .row = 2}};
    const Status sealed = ledger.seal(replay, {}, {.naming = "snake_case", .document = ""}, letters);
    EXPECT_TRUE(sealed) << sealed.error().message;
    return replay.load_id;
  }

  std::vector<std::pair<std::string, std::string>> letters(Ledger& ledger) const {
    std::vector<std::pair<std::string, std::string>> found;
    for (std::int64_t ordinal = 1; ordinal <= 4; ++ordinal) {
      const LetterRecord one = ledger.letter(first_, ordinal).value().value();
      found.emplace_back(one.status, one.letter.reason);
    }
    return found;
  }

  std::string first_;  ///< the load that left the letters
};

TEST_F(LeftoversTest, AFailedJobIsOpenAgainWithItsAttempts) {
  Ledger ledger = open();
  const std::string load_id = seal_half_delivered(ledger);
  ASSERT_TRUE(ledger.reopen_lanes(load_id, std::vector<std::int64_t>{0}));
  const LaneRecord lane = ledger.pending().value().at(0).lanes.at(0);
  EXPECT_EQ(lane.state, LaneState::open);
  EXPECT_EQ(lane.settled, 2U);
  EXPECT_EQ(lane.attempts, 3U);
  EXPECT_EQ(lane.unknown, 1U);
}

TEST_F(LeftoversTest, OnlyRowsOfRootTablesAreRefusedDocuments) {
  Ledger ledger = open();
  const std::string load_id = seal_half_delivered(ledger);
  record(ledger, load_id, {.lane = {.position = 1, .settled = 4, .rejected = 4}, .rejected = 4});
  const PackageRecord package = ledger.pending().value().at(0);
  EXPECT_EQ(package.refused, 1U);
  EXPECT_THAT(package.refused_rows, ElementsAre(Pair("events", 1U), Pair("events__tags", 4U)));
}

TEST_F(LeftoversTest, AnAbortRejectsWhatIsPending) {
  Ledger ledger = open();
  const std::string load_id = seal_half_delivered(ledger);
  ASSERT_TRUE(ledger.ask_abort(load_id, "r2"));
  ASSERT_TRUE(ledger.pending().value().at(0).abort_asked_at);
  ASSERT_TRUE(ledger.end_abort(load_id, 1));
  EXPECT_TRUE(ledger.pending().value().empty());
  const PackageRecord package = ledger.packages(1).value().at(0);
  EXPECT_EQ(package.state, PackageState::loaded);
  EXPECT_TRUE(package.abort_asked_at);
  EXPECT_EQ(package.documents, 1U);
  EXPECT_EQ(package.rejected, 2U);
  EXPECT_THAT(package.refused_rows, ElementsAre(Pair("events", 2U), Pair("events__tags", 9U)));
  EXPECT_TRUE(ledger.sealed_inputs("/data/events.jsonl").value().at(0).aborted);
  EXPECT_TRUE(ledger.packages_with_files().value().empty());
  EXPECT_EQ(ledger.letters_left_by(load_id).value(), 1U) << "the letter of before stays";
}

TEST_F(LeftoversTest, AnAbortHasToBeAskedFor) {
  Ledger ledger = open();
  const std::string load_id = seal_half_delivered(ledger);
  EXPECT_FALSE(ledger.end_abort(load_id, 1));
  EXPECT_EQ(ledger.pending().value().size(), 1U) << "and nothing was done";
  EXPECT_FALSE(ledger.ask_abort("none", "r2"));
}

TEST_F(LeftoversTest, AnAbortThatDiesIsToBeFinished) {
  std::string load_id;
  {
    Ledger ledger = open();
    load_id = seal_half_delivered(ledger);
  }
  const auto abort = [&](Ledger& ledger) {
    static_cast<void>(ledger.ask_abort(load_id, "r2"));
    static_cast<void>(ledger.end_abort(load_id, 1));
  };
  ASSERT_TRUE(dies_at("abort_asked", abort));
  EXPECT_TRUE(open().pending().value().at(0).abort_asked_at);
  const auto end = [&](Ledger& ledger) { static_cast<void>(ledger.end_abort(load_id, 1)); };
  ASSERT_TRUE(dies_at("in_abort", end));
  EXPECT_TRUE(open().pending().value().at(0).abort_asked_at);
  ASSERT_TRUE(dies_at("after_abort", end));
  EXPECT_TRUE(open().pending().value().empty());
}

TEST_F(LeftoversTest, LettersAreReplayingFromTheSealOn) {
  Ledger ledger = open();
  const std::string load_id = seal_replay(ledger);
  EXPECT_THAT(letters(ledger), ElementsAre(Pair("replaying", "unlucky"), Pair("replaying", "unlucky"),
                                           Pair("open", "still no JSON"), Pair("replaying", "unlucky")));
  EXPECT_THAT(ledger.replayed_keys(load_id).value(), ElementsAre(Pair("events", ElementsAre("key 0", "", "key 3"))));
  EXPECT_EQ(ledger.letters_left_by(load_id).value(), 1U);
  EXPECT_EQ(ledger.drop_letters({.load_id = first_}).value(), 1U) << "what is on its way is not dropped";
}

TEST_F(LeftoversTest, ALetterIsReplayedByOnePackage) {
  Ledger ledger = open();
  seal_replay(ledger);
  PackageRecord again = package("r1", ledger.new_load_id().value());
  again.is_replay = true;
  const std::vector<ReplayedLetter> one{{.load_id = first_, .ordinal = 1}};
  const Status sealed = ledger.seal(again, {}, {.naming = "snake_case", .document = ""}, one);
  ASSERT_FALSE(sealed);
  EXPECT_THAT(sealed.error().message, testing::HasSubstr(".1 is not open"));
  EXPECT_EQ(ledger.pending().value().size(), 1U);
}

TEST_F(LeftoversTest, ABatchThatIsRejectedAgainGivesItsLetterTheReason) {
  Ledger ledger = open();
  const std::string load_id = seal_replay(ledger);
  Letter again = letter("{}", 1);
  again.reason = "still unlucky";
  again.key = "another key";
  record(ledger, load_id,
         {.lane = {.position = 0, .state = LaneState::done, .settled = 3, .rejected = 1},
          .rejected = 1,
          .documents = 1,
          .letters = {again}});
  ASSERT_TRUE(ledger.mark_loaded(load_id, 0));
  EXPECT_THAT(letters(ledger), ElementsAre(Pair("replayed", "unlucky"), Pair("open", "still unlucky"),
                                           Pair("open", "still no JSON"), Pair("replayed", "unlucky")));
  const LetterRecord record = ledger.letter(first_, 2).value().value();
  EXPECT_EQ(record.letter.attempt, 2U);
  EXPECT_EQ(record.letter.key, "another key") << "it had none any more";
  EXPECT_EQ(ledger.count_letters({}).value(), 4U) << "no second letter";
}

TEST_F(LeftoversTest, ADocumentThatIsRefusedAgainGivesItsLetterTheReason) {
  Ledger ledger = open();
  const std::string load_id = seal_replay(ledger);
  Letter again = letter("{}", 2);
  again.job_file.clear();
  again.reason = "still refused";
  ASSERT_TRUE(ledger.set_aside(again));
  ASSERT_TRUE(ledger.propose_refused({.load_id = load_id, .run_id = "r1", .documents = 1, .rows = {{"events", 1}}}));
  EXPECT_EQ(letters(ledger)[3].first, "replaying") << "until it is loaded";
  ASSERT_TRUE(ledger.mark_loaded(load_id, 0));
  EXPECT_THAT(letters(ledger), ElementsAre(Pair("replayed", "unlucky"), Pair("replayed", "unlucky"),
                                           Pair("open", "still no JSON"), Pair("open", "still refused")));
  EXPECT_EQ(ledger.count_letters({}).value(), 4U) << "no second letter";
}

TEST_F(LeftoversTest, AReplayThatIsDroppedGivesBackWhatItDidNotDeliver) {
  Ledger ledger = open();
  const std::string load_id = seal_replay(ledger);
  record(ledger, load_id, {.lane = {.position = 0, .settled = 1}});
  ASSERT_TRUE(ledger.drop(load_id));
  EXPECT_THAT(letters(ledger), ElementsAre(Pair("replayed", "unlucky"), Pair("open", "unlucky"),
                                           Pair("open", "still no JSON"), Pair("open", "unlucky")));
}

TEST_F(LeftoversTest, ALetterThatIsReplayingOutlivesItsPackage) {
  Ledger ledger = open();
  first_ = seal_half_delivered(ledger);
  PackageRecord replay = package("r1", ledger.new_load_id().value());
  replay.is_replay = true;
  const std::vector<ReplayedLetter> one{{.load_id = first_, .ordinal = 1}};
  ASSERT_TRUE(ledger.seal(replay, {}, {.naming = "snake_case", .document = ""}, one));
  ASSERT_TRUE(ledger.drop(first_));
  EXPECT_EQ(ledger.letter(first_, 1).value().value().status, "replaying");
  ASSERT_TRUE(ledger.mark_loaded(replay.load_id, 0));
  EXPECT_EQ(ledger.letter(first_, 1).value().value().status, "replayed");
}

TEST_F(LeftoversTest, DroppedLettersHaveNoText) {
  Ledger ledger = open();
  seal_half_delivered(ledger);
  EXPECT_EQ(ledger.drop_letters({.reason = "nothing"}).value(), 0U);
  EXPECT_EQ(ledger.drop_letters({.reason = "unlucky"}).value(), 1U);
  EXPECT_EQ(ledger.drop_letters({}).value(), 0U) << "once";
  LetterRecord dropped;
  const Status visited = ledger.visit_letters({.status = "dropped"}, [&](const LetterRecord& one) -> Result<bool> {
    dropped = one;
    return true;
  });
  ASSERT_TRUE(visited);
  EXPECT_EQ(dropped.letter.text, "");
  EXPECT_EQ(dropped.letter.text_bytes, 8U);
  EXPECT_EQ(dropped.letter.reason, "unlucky");
}

}  // namespace
}  // namespace outfall::ledger
