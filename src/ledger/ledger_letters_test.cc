// SPDX-License-Identifier: Apache-2.0
//
// Dead letters: there from the seal of their package on, once each, until they are old or the package is given up.
#include "base/limits.h"
#include "ledger/ledger_testing.h"

namespace outfall::ledger {
namespace {

using testing::ElementsAre;

class LettersTest : public LedgerTest {
 protected:
  Letter letter(std::string text, std::string reason = "this is not JSON") {
    Letter made{.table = "events", .input = "/data/events.jsonl", .line = 7, .column = 3, .offset = 120};
    made.reason = std::move(reason);
    made.text_bytes = text.size();
    made.text = std::move(text);
    made.rejected_at = env_.now_us();
    return made;
  }

  void set_aside(Ledger& ledger, const Letter& one) {
    const Status kept = ledger.set_aside(one);
    ASSERT_TRUE(kept) << kept.error().message;
  }

  static std::vector<LetterRecord> letters(Ledger& ledger, const LetterFilter& filter = {}) {
    std::vector<LetterRecord> found;
    const Status visited = ledger.visit_letters(filter, [&](const LetterRecord& one) -> Result<bool> {
      found.push_back(one);
      return true;
    });
    EXPECT_TRUE(visited) << visited.error().message;
    return found;
  }

  static std::vector<std::string> texts(Ledger& ledger, const LetterFilter& filter = {}) {
    std::vector<std::string> found;
    for (const LetterRecord& one : letters(ledger, filter)) found.push_back(one.letter.text);
    return found;
  }
};

TEST_F(LettersTest, AreKeptByTheSealWithTheirPlace) {
  Ledger ledger = open();
  begin(ledger, "r1");
  const std::string bytes("{\"a\":\"x\xff\0y\"", 12);
  set_aside(ledger, letter(bytes));
  set_aside(ledger, letter("{"));
  EXPECT_THAT(texts(ledger), ElementsAre()) << "before the seal nothing is rejected";
  const std::string load_id = seal(ledger, "r1", input("/data/events.jsonl"));
  const std::vector<LetterRecord> kept = letters(ledger);
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].load_id, load_id);
  EXPECT_EQ(kept[0].ordinal, 1);
  EXPECT_EQ(kept[0].run_id, "r1");
  EXPECT_EQ(kept[0].status, "open");
  EXPECT_EQ(kept[0].letter.text, bytes) << "byte by byte, text or not";
  EXPECT_EQ(kept[0].letter.input, "/data/events.jsonl");
  EXPECT_EQ(kept[0].letter.line, 7U);
  EXPECT_EQ(kept[0].letter.offset, 120U);
  EXPECT_EQ(kept[1].ordinal, 2);

  begin(ledger, "r2");
  seal(ledger, "r2", input("/data/other.jsonl"));
  EXPECT_EQ(letters(ledger).size(), 2U) << "the next package has none of them";
}

TEST_F(LettersTest, OfWhatTheDestinationRefusesCountOnceItIsLoaded) {
  Ledger ledger = open();
  begin(ledger, "r1");
  set_aside(ledger, letter("{"));
  const std::string load_id = seal(ledger, "r1", input("/data/events.jsonl"));
  const auto propose = [&](const std::vector<std::string>& rows) {
    for (const std::string& row : rows) set_aside(ledger, letter(row));
    const Status proposed = ledger.propose_refused({.load_id = load_id, .run_id = "r2", .documents = rows.size()});
    ASSERT_TRUE(proposed) << proposed.error().message;
  };
  propose({"one", "two"});
  EXPECT_THAT(texts(ledger), ElementsAre("{")) << "its rows wait";
  EXPECT_EQ(ledger.count_letters({}).value_or(0), 1U);
  EXPECT_EQ(ledger.pending().value().at(0).refused, 2U);
  propose({"two"});  // another attempt
  EXPECT_EQ(ledger.pending().value().at(0).refused, 1U);

  const std::uint64_t documents = ledger.pending().value().at(0).documents;
  ASSERT_TRUE(ledger.mark_loaded(load_id, 0));
  EXPECT_THAT(texts(ledger), ElementsAre("{", "two"));
  EXPECT_EQ(letters(ledger).back().run_id, "r2");
  EXPECT_EQ(letters(ledger).back().ordinal, 2);
  const PackageRecord loaded = ledger.packages(1).value().at(0);
  EXPECT_EQ(loaded.documents, documents - 1);
  EXPECT_EQ(loaded.refused, 0U);
  EXPECT_EQ(ledger.rejected_with(load_id).value_or(0), loaded.rejected);
  EXPECT_EQ(loaded.rejected, 1U) << "the seal of this test counts none itself";
}

TEST_F(LettersTest, OfWhatIsTakenAfterAllAreForgotten) {
  Ledger ledger = open();
  begin(ledger, "r1");
  const std::string load_id = seal(ledger, "r1", input("/data/events.jsonl"));
  set_aside(ledger, letter("one"));
  ASSERT_TRUE(ledger.propose_refused({.load_id = load_id, .run_id = "r1", .documents = 1}));
  ASSERT_TRUE(ledger.propose_refused({.load_id = load_id, .run_id = "r2", .documents = 0}));
  ASSERT_TRUE(ledger.mark_loaded(load_id, 0));
  EXPECT_THAT(texts(ledger), ElementsAre());
  EXPECT_EQ(ledger.packages(1).value().at(0).rejected, 0U);
}

TEST_F(LettersTest, AreOvertakenByLaterRowsOfTheirKey) {
  Ledger ledger = open();
  begin(ledger, "r1");
  const auto keyed = [&](const std::string& key, std::int64_t row) {
    Letter one = letter(key + "@" + std::to_string(row));
    one.primary_key = key;
    one.table_row = row;
    set_aside(ledger, one);
  };
  const auto overtaken = [&] {
    std::vector<std::string> found;
    for (const LetterRecord& one : letters(ledger)) {
      if (!one.overtaken_by.empty()) found.push_back(one.letter.text + " " + one.overtaken_by);
    }
    return found;
  };
  keyed("a", 1);
  keyed("a", 5);
  keyed("b", 2);
  keyed("", 0);
  const std::string first = seal(ledger, "r1", input("/data/one.jsonl"));
  EXPECT_THAT(ledger.letter_keys("events").value(), testing::UnorderedElementsAre("a", "b"));
  EXPECT_THAT(ledger.letter_keys("users").value(), ElementsAre());
  EXPECT_EQ(ledger.first_keyed_letters(first).value(), (std::map<std::string, std::int64_t>{{"events", 1}}));
  const auto deliver = [&](const std::string& load, const std::string& table, const std::string& key,
                           std::int64_t row) {
    const std::vector<DeliveredKey> rows{{.table = table, .key = key, .row = row}};
    ASSERT_TRUE(ledger.overtake_letters(load, rows));
  };
  deliver(first, "events", "a", 1);
  deliver(first, "users", "a", 9);
  deliver(first, "events", "", 9);
  EXPECT_THAT(overtaken(), ElementsAre()) << "none is later, of the table, and of the key";
  deliver(first, "events", "a", 3);
  EXPECT_THAT(overtaken(), ElementsAre("a@1 " + first));

  // What it leaves out overtakes nothing.
  keyed("b", 7);
  const std::string second = seal(ledger, "r1", input("/data/two.jsonl"));
  keyed("b", 8);
  ASSERT_TRUE(ledger.propose_refused({.load_id = second, .run_id = "r1", .documents = 1}));
  EXPECT_THAT(ledger.letter_keys("events").value(), testing::UnorderedElementsAre("a", "b"));
  const std::vector<DeliveredKey> rows{{"events", "a", 0}, {"events", "b", 8}};
  ASSERT_TRUE(ledger.mark_loaded(second, 0, rows));
  EXPECT_THAT(overtaken(), ElementsAre("a@1 " + first, "a@5 " + second));
  EXPECT_THAT(ledger.letter_keys("events").value(), ElementsAre("b")) << "an overtaken one need not be watched";

  ASSERT_TRUE(ledger.drop_letters({.reason = "JSON"}));
  for (const LetterRecord& one : letters(ledger)) EXPECT_EQ(one.letter.primary_key, "") << "it is a part of the row";
}

TEST_F(LettersTest, BehindALaterLoadOnlyThoseThatItHasNotSeenAreOvertaken) {
  Ledger ledger = open();
  begin(ledger, "r1");
  const auto keyed = [&](const std::string& key) {
    Letter one = letter(key);
    one.primary_key = key;
    set_aside(ledger, one);
  };
  keyed("a");
  const std::string first = seal(ledger, "r1", input("/data/one.jsonl"));
  const std::string second = seal(ledger, "r1", input("/data/two.jsonl"));
  ASSERT_TRUE(ledger.mark_loaded(second, 0, std::vector<DeliveredKey>{{"events", "z", 0}}));
  keyed("b");
  ASSERT_TRUE(ledger.propose_refused({.load_id = first, .run_id = "r1", .documents = 1}));
  ASSERT_TRUE(ledger.mark_loaded(first, 0));
  std::vector<std::string> found;
  for (const LetterRecord& one : letters(ledger)) found.push_back(one.letter.text + " " + one.overtaken_by);
  EXPECT_THAT(found, ElementsAre("a ", "b " + second));
}

TEST_F(LettersTest, RowsOfAReplayStandWhereTheirLettersStood) {
  Ledger ledger = open();
  begin(ledger, "r1");
  for (const std::int64_t row : {1, 5, 9}) {
    Letter one = letter("row " + std::to_string(row));
    one.primary_key = "a";
    one.table_row = row;
    set_aside(ledger, one);
  }
  const std::string first = seal(ledger, "r1", input("/data/one.jsonl"));
  PackageRecord replay = package("r1", ledger.new_load_id().value());
  replay.is_replay = true;
  const std::vector<ReplayedLetter> replayed{{.load_id = first, .ordinal = 2, .row = 0}};
  ASSERT_TRUE(ledger.seal(replay, {}, {.naming = "snake_case", .document = ""}, replayed));
  const std::vector<DeliveredKey> rows{{"events", "a", 0}};
  ASSERT_TRUE(ledger.mark_loaded(replay.load_id, 0, rows));
  std::vector<std::string> found;
  for (const LetterRecord& one : letters(ledger)) found.push_back(one.status + " " + one.overtaken_by);
  EXPECT_THAT(found, ElementsAre("open " + replay.load_id, "replayed ", "open "));
}

TEST_F(LettersTest, BehindAReplayThoseOfItsLaterRowsAreOvertaken) {
  Ledger ledger = open();
  begin(ledger, "r1");
  const auto keyed = [&](const std::string& key) {
    Letter one = letter(key);
    one.primary_key = key;
    set_aside(ledger, one);
  };
  const std::string first = seal(ledger, "r1", input("/data/one.jsonl"));
  const std::vector<std::string> keys{"a", "b", "c", "d"};
  for (const std::string& key : keys) keyed(key);
  const std::string second = seal(ledger, "r1", input("/data/two.jsonl"));
  const auto replay = [&](std::vector<ReplayedLetter> brought) {
    PackageRecord record = package("r1", ledger.new_load_id().value());
    record.is_replay = true;
    EXPECT_TRUE(ledger.seal(record, {}, {.naming = "snake_case", .document = ""}, brought));
    return record.load_id;
  };
  // One replay is at its end; another one has settled the first of its two rows.
  const std::string ended = replay({{.load_id = second, .ordinal = 1, .row = 0}});
  ASSERT_TRUE(ledger.mark_loaded(ended, 0));
  const std::string begun =
      replay({{.load_id = second, .ordinal = 2, .row = 0}, {.load_id = second, .ordinal = 3, .row = 1}});
  const std::vector<LaneUpdate> settled{{.lane = {.position = 0, .settled = 1}}};
  ASSERT_TRUE(ledger.record_lanes(begun, "r1", settled));
  for (const std::string& key : keys) keyed(key);
  ASSERT_TRUE(ledger.propose_refused({.load_id = first, .run_id = "r1", .documents = keys.size()}));
  ASSERT_TRUE(ledger.mark_loaded(first, 0));
  std::vector<std::string> found;
  for (const LetterRecord& one : letters(ledger, {.load_id = first}))
    found.push_back(one.letter.text + " " + one.overtaken_by);
  EXPECT_THAT(found, ElementsAre("a " + ended, "b " + begun, "c ", "d "));
}

TEST_F(LettersTest, OfALongRowTheBeginningIsKept) {
  Ledger ledger = open();
  begin(ledger, "r1");
  set_aside(ledger, letter(std::string(limits::letter_text_bytes_max + 5, 'x')));
  seal(ledger, "r1", input("/data/events.jsonl"));
  const std::vector<LetterRecord> kept = letters(ledger);
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].letter.text.size(), limits::letter_text_bytes_max);
  EXPECT_EQ(kept[0].letter.text_bytes, limits::letter_text_bytes_max + 5);
}

TEST_F(LettersTest, ARunThatDiesBeforeTheSealLeavesNone) {
  for (const std::string fault : {"before_seal", "in_seal"}) {
    EXPECT_TRUE(dies_at(fault, [&](Ledger& ledger) {
      begin(ledger, "dies at " + fault);
      set_aside(ledger, letter("{"));
      seal(ledger, "dies at " + fault, input("/data/events.jsonl"));
    }));
    Ledger ledger = open();
    EXPECT_THAT(texts(ledger), ElementsAre()) << fault;
  }
  EXPECT_TRUE(dies_at("after_seal", [&](Ledger& ledger) {
    begin(ledger, "r1");
    set_aside(ledger, letter("{"));
    seal(ledger, "r1", input("/data/events.jsonl"));
  }));
  Ledger ledger = open();
  EXPECT_THAT(texts(ledger), ElementsAre("{"));
}

TEST_F(LettersTest, AreFoundByWhatTheyAreAbout) {
  Ledger ledger = open();
  begin(ledger, "r1");
  set_aside(ledger, letter("one"));
  Letter other = letter("two", "The bytes are not valid UTF-8");
  other.table = "users";
  set_aside(ledger, other);
  const std::string load_id = seal(ledger, "r1", input("/data/events.jsonl"));
  EXPECT_THAT(texts(ledger, {.table = "users"}), ElementsAre("two"));
  EXPECT_THAT(texts(ledger, {.reason = "utf-8"}), ElementsAre("two"));
  EXPECT_THAT(texts(ledger, {.load_id = load_id, .ordinal = 1}), ElementsAre("one"));
  EXPECT_THAT(texts(ledger, {.since = env_.now_us() + 1}), ElementsAre());
  EXPECT_THAT(texts(ledger, {.limit = 1}), ElementsAre("one"));
  EXPECT_EQ(ledger.count_letters({}).value(), 2U);
  EXPECT_EQ(ledger.count_letters({.table = "events"}).value(), 1U);

  begin(ledger, "r2");
  set_aside(ledger, letter("three"));
  seal(ledger, "r2", input("/data/events.jsonl", "h2"));
  EXPECT_THAT(texts(ledger, {.limit = 2}), ElementsAre("one", "two"));
  EXPECT_THAT(texts(ledger, {.limit = 2, .order = LetterOrder::newest_first}), ElementsAre("three", "one"));
}

TEST_F(LettersTest, GoWithAPackageThatIsGivenUp) {
  Ledger ledger = open();
  begin(ledger, "r1");
  set_aside(ledger, letter("{"));
  const std::string load_id = seal(ledger, "r1", input("/data/events.jsonl"));
  ASSERT_TRUE(ledger.drop(load_id));
  EXPECT_THAT(texts(ledger), ElementsAre()) << "its inputs count as not loaded: the next run rejects them anew";
}

TEST_F(LettersTest, AreKeptForTheRetention) {
  Ledger ledger = open();
  begin(ledger, "r1");
  set_aside(ledger, letter("{"));
  ASSERT_TRUE(ledger.mark_loaded(seal(ledger, "r1", input("/data/events.jsonl")), 0));
  end(ledger, "r1", 3);
  env_.advance(std::chrono::hours(24 * (limits::retention_days - 1)));
  begin(ledger, "r2");
  end(ledger, "r2");
  EXPECT_THAT(texts(ledger), ElementsAre("{"));
  env_.advance(std::chrono::hours(48));
  begin(ledger, "r3");
  end(ledger, "r3");
  EXPECT_THAT(texts(ledger), ElementsAre());
}

TEST_F(LettersTest, OfARunThatDiedAreUntoldUntilOneHasCounted) {
  Ledger ledger = open();
  const auto untold = [&] {
    std::vector<std::string> loads;
    const auto found = ledger.untold_loads();
    EXPECT_TRUE(found) << found.error().message;
    for (const UntoldLoad& load : found.value_or(std::vector<UntoldLoad>())) {
      for (const auto& [table, rows] : load.letters)
        loads.push_back(load.load_id + " " + table + " " + std::to_string(rows));
    }
    return loads;
  };
  begin(ledger, "died");
  set_aside(ledger, letter("{"));
  const std::string load_id = seal(ledger, "died", input("/data/events.jsonl"));
  EXPECT_THAT(untold(), ElementsAre());
  EXPECT_THAT(ledger.untold_letters(load_id).value(), testing::IsEmpty()) << "they count with what is pending";
  ASSERT_TRUE(ledger.mark_loaded(load_id, 0));
  begin(ledger, "refused", RunInput::none);
  end(ledger, "refused", 2, false);
  EXPECT_THAT(untold(), ElementsAre(load_id + " events 1"));
  begin(ledger, "resume", RunInput::none);
  EXPECT_THAT(untold(), ElementsAre(load_id + " events 1"));
  end(ledger, "resume", 3);
  EXPECT_THAT(untold(), ElementsAre());
  begin(ledger, "has told");
  set_aside(ledger, letter("["));
  ASSERT_TRUE(ledger.mark_loaded(seal(ledger, "has told", input("/data/more.jsonl")), 0));
  end(ledger, "has told", 3);
  EXPECT_THAT(untold(), ElementsAre());
}

TEST_F(LettersTest, AStoreFromBeforeThemGetsTheTable) {
  {
    Ledger ledger = open();
    begin(ledger, "r1");
    seal(ledger, "r1", input("/data/events.jsonl"));
  }
  {
    Database database = std::move(*Database::open(path_, Database::Access::read_write));
    ASSERT_TRUE(database.execute(
        "DROP VIEW dead_letter_list; DROP TABLE dead_letters; "
        "ALTER TABLE packages DROP COLUMN rejected; ALTER TABLE packages DROP COLUMN refused; DROP TABLE refused_rows; "
        "DROP TABLE altered_columns; DROP VIEW delivery_list; DROP TABLE lanes; DROP TABLE aborts; "
        "DROP VIEW package_list; CREATE VIEW package_list AS SELECT load_id FROM packages; "
        "ALTER TABLE packages DROP COLUMN is_replay; DROP TABLE destination_state; DROP VIEW silent_runs; "
        "ALTER TABLE runs DROP COLUMN told; PRAGMA user_version = 4"));
  }
  Ledger ledger = open();
  EXPECT_THAT(texts(ledger), ElementsAre());
  const auto pending = ledger.pending();
  ASSERT_TRUE(pending) << pending.error().message;
  ASSERT_EQ(pending->size(), 1U);
  EXPECT_EQ(pending->front().rejected, 0U);
}

}  // namespace
}  // namespace outfall::ledger
