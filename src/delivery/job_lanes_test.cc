// SPDX-License-Identifier: Apache-2.0
//
// Lanes: what is sent, in which cut, under which key, and what becomes of it.
#include "delivery/job_lanes.h"

#include <fmt/format.h>

#include <numeric>
#include <set>

#include "base/file.h"
#include "delivery/batch_key.h"
#include "delivery/lanes_testing.h"

namespace outfall::delivery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(Lanes, BatchesAreExactAndInOrder) {
  seal({{"t", {12}}});
  auto summary = deliver(quick(5), answering([&](const auto& batch, const auto& ids) {
                           write_down(log(), batch, ids);
                           return Outcome{};
                         }));
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->lanes->now.delivered, 12U);
  EXPECT_EQ(summary->lanes->now.open, 0U);
  const std::vector<Written> batches = written();
  ASSERT_EQ(batches.size(), 3U);
  EXPECT_THAT(batches[0].ids, ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(batches[1].ids, ElementsAre(5, 6, 7, 8, 9));
  EXPECT_THAT(batches[2].ids, ElementsAre(10, 11));
  EXPECT_EQ(batches[2].key, batch_key("p", load_id, batches[2].job_file, 10, 12));
  EXPECT_EQ(records().at(0).state, ledger::LaneState::done);
}

TEST_F(Lanes, ABatchIsDividedUntilThePoisonedRowsStandAlone) {
  seal({{"t", {64}}});
  const std::set<std::uint64_t> poison{0, 9, 10, 63};
  int calls = 0;
  LaneOptions options = quick(64);
  options.workers = 1;
  auto summary = deliver(options, answering([&](const auto& batch, const auto& ids) {
                           ++calls;
                           if (std::ranges::any_of(ids, [&](std::uint64_t id) { return poison.contains(id); })) {
                             return Outcome{.kind = Outcome::Kind::rejected, .reason = "poison"};
                           }
                           write_down(log(), batch, ids);
                           return Outcome{};
                         }));
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->lanes->now.delivered, 60U);
  EXPECT_EQ(summary->lanes->now.rejected, 4U);
  EXPECT_LE(calls, 1 + 2 * 4 * 6);
  std::vector<std::uint64_t> rows;
  for (const ledger::LetterRecord& letter : letters()) {
    rows.push_back(letter.letter.row);
    EXPECT_EQ(letter.letter.reason, "poison");
    EXPECT_THAT(letter.letter.text, HasSubstr(fmt::format("\"id\":{}", letter.letter.row)));
  }
  EXPECT_THAT(rows, ElementsAre(0, 9, 10, 63));
}

TEST_F(Lanes, ReplayedRowsGoOutAloneUnderTheirKeys) {
  seal({{"t", {2, 3}}});
  replayed_key_ = [](const std::string& table, std::uint64_t row) {
    return row == 4 ? std::string() : fmt::format("{}-{}", table, row);
  };
  place_letter_ = [](ledger::Letter& letter) -> Status {
    letter.input = "placed";
    return {};
  };
  auto summary = deliver(quick(10), answering([&](const auto& batch, const auto& ids) {
                           if (ids.front() == 3) return Outcome{.kind = Outcome::Kind::rejected, .reason = "poison"};
                           write_down(log(), batch, ids);
                           return Outcome{};
                         }));
  ASSERT_TRUE(summary) << summary.error().message;
  std::map<std::uint64_t, std::string> keys;
  for (const Written& one : written()) {
    ASSERT_EQ(one.ids.size(), 1U);
    keys.emplace(one.ids.front(), one.key);
  }
  ASSERT_EQ(keys.size(), 4U);
  EXPECT_EQ(keys.at(0), "t-0");
  EXPECT_EQ(keys.at(2), "t-2") << "rows of the second file go on counting";
  EXPECT_EQ(keys.at(4), batch_key("p", load_id, package_.jobs.at(1).file, 2, 3)) << "one without a key has its own";
  ASSERT_EQ(letters().size(), 1U);
  EXPECT_EQ(letters().front().letter.key, "t-3");
  EXPECT_EQ(letters().front().letter.input, "placed");
}

/// Rows of each batch, in the order in which they were written.
std::vector<std::uint64_t> sizes(const std::vector<Written>& batches) {
  std::vector<std::uint64_t> sizes;
  sizes.reserve(batches.size());
  for (const Written& batch : batches) sizes.push_back(batch.ids.size());
  return sizes;
}

TEST_F(Lanes, WhatComesBehindADividedBatchIsCutAsEver) {
  seal({{"t", {48}}});
  LaneOptions options = quick(8);
  options.marks = MarkPolicy::grouped;
  bool was_refused = false;
  const auto answer = answering([&](const auto& batch, const auto& ids) {
    if (std::ranges::find(ids, 9) != ids.end()) return Outcome{.kind = Outcome::Kind::rejected, .reason = "poison"};
    if (ids.front() == 10 && !std::exchange(was_refused, true)) return Outcome::retry("not now");
    write_down(log(), batch, ids);
    return Outcome{};
  });
  ASSERT_TRUE(deliver(options, answer));
  EXPECT_THAT(sizes(written()), ElementsAre(8, 1, 2, 4, 8, 8, 8, 8));
}

TEST_F(Lanes, ARunThatGoesOnInADividedBatchCutsWhereThatOneEnds) {
  seal({{"t", {32}}});
  LaneOptions options = quick(8);
  options.marks = MarkPolicy::grouped;
  bool is_well = false;
  const auto answer = answering([&](const auto& batch, const auto& ids) {
    if (std::ranges::find(ids, 9) != ids.end()) return Outcome{.kind = Outcome::Kind::rejected, .reason = "poison"};
    if (ids.front() == 10 && !is_well) return Outcome::retry("not now");
    write_down(log(), batch, ids);
    return Outcome{};
  });
  ASSERT_TRUE(deliver(options, answer));
  is_well = true;
  ASSERT_TRUE(deliver(options, answer));
  EXPECT_THAT(sizes(written()), ElementsAre(8, 1, 2, 4, 8, 8));
}

TEST_F(Lanes, WhatMayHaveArrivedComesAgainInItsOldForm) {
  seal({{"t", {12}}});
  LaneOptions options = quick(5);
  options.format = LoaderFileFormat::csv;
  options.rows.nulls = RowNulls::send;
  ASSERT_TRUE(deliver(options, answering([](const auto&, const auto&) { return Outcome::unknown("hung up"); })));
  EXPECT_EQ(records().front().sent_as, "csv send no_dlt");

  std::vector<std::string> forms;
  const auto answer = answering([&](const delivery::Batch& batch, const auto& ids) {
    forms.push_back(fmt::format("{} rows {}{}", ids.size(), name(batch.format), batch.is_file ? " in a file" : ""));
    return Outcome{};
  });
  options = quick(0);
  options.format = LoaderFileFormat::typed_jsonl;
  ASSERT_TRUE(deliver(options, answer));
  EXPECT_THAT(forms, ElementsAre("5 rows csv", "7 rows typed-jsonl in a file"));
}

TEST_F(Lanes, WhatWasRecordedCountsWhereNoMoreCanBe) {
  seal({{"t", {20}}});
  place_letter_ = [](ledger::Letter&) -> Status { return fail("the disk is full"); };
  auto summary = deliver(quick(5), answering([&](const auto&, const auto& ids) {
                           if (ids.front() == 10) return Outcome::rejected({{.row = 0, .reason = "poison"}});
                           return Outcome{};
                         }));
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->lanes->now.delivered, 10U);
  EXPECT_EQ(summary->lanes->now.rejected, 0U);
  EXPECT_EQ(summary->lanes->now.open, 10U);
  EXPECT_FALSE(summary->lanes->is_told);
  EXPECT_FALSE(summary->lanes->is_given_up);
  ASSERT_TRUE(summary->lanes->error);
  EXPECT_THAT(summary->lanes->error->message, HasSubstr("the disk is full"));
}

TEST_F(Lanes, WhatIsGivenUpIsNotTriedAgainAndOthersGoOn) {
  seal({{"bad", {10}}, {"good", {10}}});
  const auto answer = answering([&](const auto& batch, const auto& ids) {
    if (batch.table.name == "bad" && batch.first == 5)
      return Outcome{.kind = Outcome::Kind::fatal, .reason = "no such account"};
    write_down(log(), batch, ids);
    return Outcome{};
  });
  auto summary = deliver(quick(5), answer);
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->lanes->now.delivered, 15U);
  EXPECT_EQ(summary->lanes->now.open, 5U);
  EXPECT_TRUE(summary->lanes->is_given_up);
  EXPECT_THAT(summary->lanes->error->message, HasSubstr("no such account"));
  auto again = deliver(quick(5), answering([](const auto&, const auto&) {
                         ADD_FAILURE() << "it was given up";
                         return Outcome{};
                       }));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->lanes->before.delivered, 15U);
  EXPECT_EQ(again->lanes->now.open, 5U);
  EXPECT_THAT(again->lanes->error->message, HasSubstr("no such account"));
}

TEST_F(Lanes, NoRowOfADamagedRecordBatchIsSentAndThoseBeforeItAre) {
  record_batch_rows_ = 10;
  seal({{"bad", {30}}, {"good", {30}}});
  const ledger::JobRecord job = package_.jobs.front();
  const std::uint64_t of_row_25 = [&] {
    const std::int64_t id = 25;
    const std::string bytes = read_file(folder_ / load_id + "/" + job.file).value();
    return bytes.find(std::string_view(reinterpret_cast<const char*>(&id), sizeof id));
  }();
  const auto answer = answering([&](const auto& batch, const auto& ids) {
    write_down(log(), batch, ids);
    return Outcome{};
  });
  turn_bit(job, of_row_25);
  for (const std::uint64_t size : {4, 7}) {
    auto summary = deliver(quick(size), answer);
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(summary->lanes->now.delivered, 50U);
    EXPECT_TRUE(summary->lanes->is_given_up) << "a person decides, and nothing waits behind it";
    EXPECT_THAT(summary->lanes->error->message, HasSubstr(job.file));
    EXPECT_THAT(summary->lanes->error->hint, HasSubstr("outfall package retry"));
    EXPECT_EQ(records().at(0).settled, 20U);
    EXPECT_EQ(records().at(0).state, ledger::LaneState::failed);
  }
  turn_bit(job, of_row_25);
  ASSERT_TRUE(ledger::Ledger::open(folder_ / "outfall.db", env_)->reopen_lanes(load_id, std::vector<std::int64_t>{0}));
  auto summary = deliver(quick(4), answer);
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->lanes->now.open, 0U);
  std::map<std::string, std::vector<std::uint64_t>> rows;
  for (const Written& batch : written()) {
    rows[batch.job_file].insert(rows[batch.job_file].end(), batch.ids.begin(), batch.ids.end());
  }
  std::vector<std::uint64_t> all(30);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(rows[job.file], all);
  EXPECT_EQ(rows[package_.jobs.back().file], all);
}

TEST_F(Lanes, AttemptsOfOneRunAreLimitedAndAllAreCounted) {
  seal({{"t", {3}}});
  int calls = 0;
  LaneOptions options = quick(3);
  options.retry.attempts_max = 3;
  const auto answer = answering([&](const auto& batch, const auto&) {
    EXPECT_EQ(batch.attempt, static_cast<std::uint64_t>(calls % 3 + 1));
    ++calls;
    return Outcome{.kind = Outcome::Kind::retry, .reason = "not now"};
  });
  for (int run = 1; run <= 2; ++run) {
    auto summary = deliver(options, answer);
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(summary->lanes->now.open, 3U);
    EXPECT_FALSE(summary->lanes->is_given_up);
    EXPECT_THAT(summary->lanes->error->message, HasSubstr("failed 3 times: not now"));
    EXPECT_EQ(records().at(0).attempts, static_cast<std::uint64_t>(3 * run));
  }
  EXPECT_EQ(calls, 6);
}

TEST_F(Lanes, ACutThatMayHaveArrivedIsSentAgainAsItWas) {
  seal({{"t", {20}}});
  std::vector<std::string> keys;
  auto first = deliver(quick(8), answering([&](const auto& batch, const auto&) {
                         keys.emplace_back(batch.key);
                         return Outcome{.kind = Outcome::Kind::unknown, .reason = "no answer"};
                       }));
  ASSERT_TRUE(first);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> cuts;
  auto second = deliver(quick(5), answering([&](const auto& batch, const auto&) {
                          if (cuts.empty()) {
                            EXPECT_EQ(batch.key, keys.front());
                          }
                          cuts.emplace_back(batch.first, batch.last);
                          return Outcome{};
                        }));
  ASSERT_TRUE(second);
  EXPECT_THAT(cuts, ElementsAre(std::pair(0, 8), std::pair(8, 13), std::pair(13, 18), std::pair(18, 20)));
  EXPECT_EQ(first->lanes->unknown.count, keys.size());
  EXPECT_EQ(second->lanes->unknown.count, 0U);
}

TEST_F(Lanes, AStopLeavesTheRestOpen) {
  seal({{"t", {30}}});
  std::stop_source stop;
  auto summary = deliver(quick(10), answering([&](const auto&, const auto&) {
                           stop.request_stop();
                           return Outcome{};
                         }),
                         OnReject::dead_letter, stop.get_token());
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->lanes->now.delivered, 10U);
  EXPECT_EQ(summary->lanes->now.open, 20U);
  EXPECT_EQ(summary->lanes->error->blame, Blame::interrupted);
}

TEST_F(Lanes, ABatchHasNoMoreBytesThanItMay) {
  seal({{"t", {6}}});
  LaneOptions options = quick(5);
  options.batch_bytes = 3 * std::string_view("{\"id\":0,\"other\":0}\n").size();
  std::vector<std::uint64_t> sizes;
  ASSERT_TRUE(deliver(options, answering([&](const auto& batch, const auto&) {
                        sizes.push_back(batch.size());
                        return Outcome{};
                      })));
  EXPECT_THAT(sizes, ElementsAre(3, 3));
}

TEST_F(Lanes, ARowThatIsLargerThanABatchMayBeStandsAlone) {
  seal({{"t", {6}}});
  LaneOptions options = quick(5);
  options.batch_bytes = 1;
  std::vector<std::uint64_t> sizes;
  ASSERT_TRUE(deliver(options, answering([&](const auto& batch, const auto&) {
                        sizes.push_back(batch.size());
                        return Outcome{};
                      })));
  EXPECT_THAT(sizes, ElementsAre(1, 1, 1, 1, 1, 1));
}

TEST_F(Lanes, WhatIsUnknownIsAskedForBeforeItIsSentAgain) {
  seal({{"t", {10}}});
  std::vector<std::string> did;
  const auto summary =
      deliver(quick(5), answering(
                            [&](const auto& batch, const auto&) {
                              did.push_back(fmt::format("write {}", batch.first));
                              return Outcome::unknown("no answer");
                            },
                            [&](const auto& batch) {
                              did.push_back(fmt::format("ask {}", batch.first));
                              if (batch.first == 5) return Outcome::delivered();
                              return did.size() < 4 ? Outcome::unknown("nobody knows yet") : Outcome::delivered();
                            }));
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->lanes->now.delivered, 10U);
  EXPECT_THAT(did, ElementsAre("write 0", "ask 0", "ask 0", "ask 0", "write 5", "ask 5"));
}

TEST_F(Lanes, WhereMarksAreGroupedWhatStoppedKnowsHowFarItWas) {
  seal({{"t", {30}}});
  LaneOptions options = quick(3);
  options.marks = MarkPolicy::grouped;
  options.retry.attempts_max = 1;
  std::uint64_t durable = 0;
  auto summary = deliver(options, answering([&](const auto& batch, const auto&) {
                           if (batch.first == 12) {
                             durable = records().at(0).sent_to;
                             return Outcome::retry("not now");
                           }
                           return Outcome{};
                         }));
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(durable, 30U) << "all that may come before the next mark";
  EXPECT_EQ(summary->lanes->now.delivered, 12U);
  EXPECT_EQ(records().at(0).settled, 12U);
  EXPECT_EQ(records().at(0).sent_to, 15U) << "only the batch in hand was sent";
}

TEST(RateLimits, TimesAreAnIntervalApart) {
  RateLimit limit(std::chrono::milliseconds(10));
  const RateLimit::Clock::time_point now{std::chrono::seconds(5)};
  EXPECT_EQ(limit.reserve(now), now);
  EXPECT_EQ(limit.reserve(now), now + std::chrono::milliseconds(10));
  EXPECT_EQ(limit.reserve(now + std::chrono::milliseconds(1)), now + std::chrono::milliseconds(20));
  EXPECT_EQ(limit.reserve(now + std::chrono::seconds(1)), now + std::chrono::seconds(1));
}

}  // namespace
}  // namespace outfall::delivery
