// SPDX-License-Identifier: Apache-2.0
//
// Lanes under failures of every kind: writers that refuse, hang up and lose answers, and processes that are killed
// between any two steps. What was written is a file of lines, which outlives the process that wrote it.
//
// OUTFALL_SEED=N plays one case of the property test, OUTFALL_CASES=N so many in each share.
#include "delivery/job_lanes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <sstream>

#include "base/fault.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/scratch_folder.h"
#include "delivery/batch_form.h"
#include "delivery/batch_key.h"
#include "delivery/writer.h"
#include "package/package_writer.h"
#include "sql/arrow_rows_for_tests.h"

namespace outfall::delivery {
namespace {

using sql::for_tests::Batch;
using sql::for_tests::Column;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* load_id = "1.5";

/// A batch as some writer wrote it.
struct Written {
  std::string key;
  std::string job_file;
  std::vector<std::uint64_t> ids;
};

/// ThreadSanitizer takes no threads in a process that was forked off one with threads: it plays the cases without
/// crashes, in this process.
#ifdef __SANITIZE_THREAD__
constexpr bool has_processes = false;
#else
constexpr bool has_processes = true;
#endif

template <class Work>
int run_process(Work work) {
  return has_processes ? run_forked(std::move(work)) : W_EXITCODE(work(), 0);
}

class Lanes : public testing::Test {
 protected:
  /// Rows of a table are numbered on over its files; `files` has how many each holds.
  void seal(const std::map<std::string, std::vector<std::uint64_t>>& tables) {
    package_ = {};
    schema_ = schema::Schema::make("s", NamingConvention::direct);
    auto writer = package::PackageWriter::create(folder_.path(), load_id);
    ASSERT_TRUE(writer) << writer.error().message;
    for (const auto& [name, files] : tables) {
      schema::Table table = schema::Table::root(name, "append", name);
      schema::Column id;
      id.name = "id";
      id.type = DataType::bigint;
      schema::Column other = id;
      other.name = "other";
      table.columns.add(id);
      table.columns.add(other);
      schema_.tables.add(std::move(table));
      std::int64_t next = 0;
      for (std::size_t i = 0; i < files.size(); ++i) {
        // Another column begins another file.
        const char* other_name = i % 2 == 0 ? "other" : "another";
        for (std::uint64_t left = files[i]; left > 0; left -= std::min(left, record_batch_rows_)) {
          append(*writer, name, other_name, next, std::min(left, record_batch_rows_));
        }
        package_.documents += files[i];
      }
    }
    schema_.bump();
    package_.load_id = load_id;
    package_.run_id = "sealing";
    package_.destination = "test:";
    package_.dataset = "data";
    package_.schema_name = schema_.name;
    package_.schema_version_hash = schema_.version_hash;
    package_.schema = schema_.to_json();
    package_.jobs = writer->finish().value();
    auto ledger = ledger::Ledger::open(folder_ / "outfall.db", env_);
    ASSERT_TRUE(ledger) << ledger.error().message;
    ASSERT_TRUE(ledger->seal(package_, {}, {.naming = "direct", .document = ""}));
  }

  void append(package::PackageWriter& writer, const std::string& table, const char* other_name, std::int64_t& next,
              std::uint64_t count) {
    std::vector<std::optional<std::int64_t>> ids;
    for (std::uint64_t row = 0; row < count; ++row) ids.emplace_back(next++);
    Batch batch(
        {Column::fixed<std::int64_t>("id", "l", ids), Column::fixed<std::int64_t>(other_name, "l", std::move(ids))});
    ArrowSchema schema{};
    ArrowArray array{};
    batch.fill(&schema);
    batch.fill(&array);
    ASSERT_TRUE(writer.append(table, schema, &array));
    schema.release(&schema);
  }

  /// Another bit in a byte of a job file, and the same bit again.
  void turn_bit(const ledger::JobRecord& job, std::uint64_t place) {
    std::fstream file(folder_ / load_id + "/" + job.file, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(place));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(place));
    file.put(static_cast<char>(byte ^ 4));
  }

  Result<LoadSummary> deliver(const LaneOptions& options, const MakeWriter& make_writer,
                              OnReject on_reject = OnReject::dead_letter, std::stop_token stop = {}) {
    auto ledger = ledger::Ledger::open(folder_ / "outfall.db", env_);
    if (!ledger) return fail(ledger.error());
    LaneContext context{.ledger = *ledger, .pipeline = "p", .run_id = "r", .on_reject = on_reject};
    context.replayed_key = replayed_key_;
    context.place_letter = place_letter_;
    return deliver_in_batches({.package = package_,
                               .schema = schema_,
                               .folder = folder_ / load_id,
                               .progress = {},
                               .lanes = &context,
                               .stop = std::move(stop)},
                              {.options = options, .make_writer = make_writer}, Env::system());
  }

  std::vector<ledger::LaneRecord> records() {
    return ledger::Ledger::open_read_only(folder_ / "outfall.db")->lanes(load_id).value();
  }

  std::vector<ledger::LetterRecord> letters() {
    auto ledger = ledger::Ledger::open(folder_ / "outfall.db", env_);
    std::vector<ledger::LetterRecord> found;
    EXPECT_TRUE(ledger->visit_letters({}, [&](const ledger::LetterRecord& letter) -> Result<bool> {
      found.push_back(letter);
      return true;
    }));
    return found;
  }

  std::string log() const { return folder_ / "written"; }

  std::vector<Written> written() const {
    std::vector<Written> found;
    std::ifstream file(log());
    for (std::string line; std::getline(file, line);) {
      std::istringstream words(line);
      Written one;
      words >> one.key >> one.job_file;
      for (std::uint64_t id = 0; words >> id;) one.ids.push_back(id);
      found.push_back(std::move(one));
    }
    return found;
  }

  ScratchFolder folder_;
  std::uint64_t record_batch_rows_ = 1'000'000;
  FixedEnv env_;
  std::function<std::string(const std::string&, std::uint64_t)> replayed_key_;
  std::function<Status(ledger::Letter&)> place_letter_;
  ledger::PackageRecord package_;
  schema::Schema schema_ = schema::Schema::make("s", NamingConvention::direct);
};

std::vector<std::uint64_t> ids_of(const delivery::Batch& batch) {
  std::string text;
  EXPECT_TRUE(batch.rows.append(batch.first, batch.last, text));
  std::vector<std::uint64_t> ids;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    ids.push_back(std::stoull(line.substr(std::string_view(R"({"id":)").size())));
  }
  return ids;
}

/// Answers what a function says, which may write the batch down first.
class Answering final : public Writer {
 public:
  using Answer = std::function<Outcome(const delivery::Batch&, const std::vector<std::uint64_t>& ids)>;
  using Resolve = std::function<Outcome(const delivery::Batch&)>;
  explicit Answering(Answer answer, Resolve resolve) : answer_(std::move(answer)), resolve_(std::move(resolve)) {}
  Outcome write(const delivery::Batch& batch) override { return answer_(batch, ids_of(batch)); }
  std::optional<Outcome> resolve(const delivery::Batch& batch) override {
    return resolve_ ? std::optional(resolve_(batch)) : std::nullopt;
  }
  Outcome tell(const Event&) override { return {}; }

 private:
  Answer answer_;
  Resolve resolve_;
};

MakeWriter answering(Answering::Answer answer, Answering::Resolve resolve = nullptr) {
  return [answer = std::move(answer), resolve = std::move(resolve)]() -> Result<std::unique_ptr<Writer>> {
    return std::make_unique<Answering>(answer, resolve);
  };
}

/// One line, in one piece, whoever else writes.
void write_down(const std::string& path, const delivery::Batch& batch, const std::vector<std::uint64_t>& ids) {
  const std::string line = fmt::format("{} {} {}\n", batch.key, batch.job_file, fmt::join(ids, " "));
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  EXPECT_EQ(::write(file, line.data(), line.size()), static_cast<ssize_t>(line.size()));
  ::close(file);
}

LaneOptions quick(std::uint64_t batch_size) {
  return {.batch_size = batch_size,
          .workers = 4,
          .retry = {
              .attempts_max = 5, .wait_first = std::chrono::milliseconds(0), .wait_max = std::chrono::milliseconds(0)}};
}

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

TEST(BatchForms, AreReadAsTheyWereWritten) {
  const BatchForm own{.format = LoaderFileFormat::arrow};
  for (const LoaderFileFormat format : {LoaderFileFormat::jsonl, LoaderFileFormat::csv}) {
    for (const RowNulls nulls : {RowNulls::omit, RowNulls::send, RowNulls::as_is}) {
      for (const bool yes : {false, true}) {
        for (const bool skips_dlt : {false, true}) {
          const BatchForm form{.format = format,
                               .rows = {.nulls = nulls, .ints_as_strings = yes},
                               .is_file = !yes,
                               .skips_dlt = skips_dlt};
          EXPECT_EQ(batch_form(text_of(form), own), form) << text_of(form);
        }
      }
    }
  }
  for (const char* unknown : {"", "avro", "jsonl backwards"}) EXPECT_EQ(batch_form(unknown, own), own) << unknown;
}

TEST(BatchForms, OfBeforeTheySaidWhetherTheColumnsOfALoadAreThereAreAsIsAskedForNow) {
  for (const bool skips_dlt : {false, true}) {
    const BatchForm now{.format = LoaderFileFormat::jsonl, .skips_dlt = skips_dlt};
    const BatchForm then{.format = LoaderFileFormat::csv, .is_file = true, .skips_dlt = skips_dlt};
    EXPECT_EQ(batch_form("csv file", now), then);
    EXPECT_EQ(batch_form("", now), now);
  }
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
  EXPECT_EQ(first->lanes->unknown, keys.size());
  EXPECT_EQ(second->lanes->unknown, 0U);
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

// --- Any failure, any crash ---

/// Numbers that follow from a seed and what they are for.
std::uint64_t dice(std::uint64_t seed, std::string_view what) {
  const auto hash = xxh3_128(fmt::format("{}/{}", seed, what));
  return std::uint64_t{hash[0]} | std::uint64_t{hash[1]} << 8 | std::uint64_t{hash[2]} << 16 |
         std::uint64_t{hash[3]} << 24;
}

bool is_poisoned(std::uint64_t seed, const std::string& table, std::uint64_t id) {
  return dice(seed, fmt::format("poison {} {}", table, id)) % 20 == 0;
}

class LanesUnderFailures : public Lanes {
 protected:
  /// Seals a package, and delivers it with a new process each time one is killed or gives in.
  void play(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::map<std::string, std::vector<std::uint64_t>> tables;
    const std::size_t table_count = random() % 3 + 1;
    for (std::size_t i = 0; i < table_count; ++i) {
      for (std::size_t file = random() % 4 + 1; file > 0; --file)
        tables[fmt::format("t{}", i)].push_back(random() % 40 + 1);
    }
    seal(tables);
    const bool rejects_rows = random() % 2 == 0;
    const bool resolves = random() % 3 == 0;
    const auto parallelism = static_cast<Parallelism>(random() % 3);
    bool is_done = false;
    for (std::uint64_t run = 0; run < 200 && !is_done; ++run) {
      LaneOptions options = quick(random() % 25 + 1);
      options.workers = static_cast<int>(random() % 6 + 1);
      options.parallelism = parallelism;
      options.marks = random() % 2 == 0 ? MarkPolicy::grouped : MarkPolicy::strict;
      if (random() % 4 == 0) options.batch_bytes = random() % 400;
      const std::string fault =
          random() % 3 == 0 || !has_processes
              ? ""
              : fmt::format("{}:{}", random() % 2 == 0 ? "batch_intended" : "batch_answered", random() % 12 + 1);
      const int status = run_process([&] {
        if (!arm_fault(fault)) return 3;
        const auto summary = deliver(options, failing(seed, run, rejects_rows, resolves));
        if (!summary) return 2;
        return summary->lanes->now.open == 0 ? 0 : 1;
      });
      ASSERT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) <= 1) << WEXITSTATUS(status);
      crashes_ += WIFSIGNALED(status);
      is_done = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    ASSERT_TRUE(is_done);
    if (resolves) {
      std::set<std::string> keys;
      for (const Written& one : written()) EXPECT_TRUE(keys.insert(one.key).second) << "it knew that it has it";
    }
    EXPECT_THAT(violations(seed, tables, parallelism), IsEmpty());
  }

  MakeWriter failing(std::uint64_t seed, std::uint64_t run, bool rejects_rows, bool resolves) {
    const auto resolve = [this, seed](const auto& batch) {
      const std::vector<Written> all = written();
      if (std::ranges::find(all, batch.key, &Written::key) == all.end()) return Outcome::retry("it never arrived");
      std::vector<RejectedRow> bad;
      const std::vector<std::uint64_t> ids = ids_of(batch);
      for (std::uint64_t i = 0; i < ids.size(); ++i) {
        if (is_poisoned(seed, batch.table.name, ids[i])) bad.push_back({.row = i, .reason = "poison"});
      }
      return Outcome::rejected(std::move(bad));
    };
    return answering(
        [this, seed, run, rejects_rows](const auto& batch, const auto& ids) -> Outcome {
          const std::uint64_t luck = dice(seed, fmt::format("{} {} {}", batch.key, batch.attempt, run)) % 100;
          if (luck < 8) return {.kind = Outcome::Kind::retry, .reason = "not now"};
          if (luck < 16) return {.kind = Outcome::Kind::unknown, .reason = "never arrived"};
          std::vector<std::uint64_t> good;
          std::vector<RejectedRow> bad;
          for (std::uint64_t i = 0; i < ids.size(); ++i) {
            if (is_poisoned(seed, batch.table.name, ids[i]))
              bad.push_back({.row = i, .reason = "poison"});
            else
              good.push_back(ids[i]);
          }
          if (!bad.empty() && !rejects_rows) return {.kind = Outcome::Kind::rejected, .reason = "poison"};
          write_down(log(), batch, good);
          if (luck < 24) return {.kind = Outcome::Kind::unknown, .reason = "the answer is lost"};
          if (!bad.empty()) return {.kind = Outcome::Kind::rejected, .rows = std::move(bad)};
          return {};
        },
        resolves ? Answering::Resolve(resolve) : nullptr);
  }

  /// Each row is delivered once, by whoever counts a key once, or is a letter; and all are in their order. What is not
  /// so, in words.
  std::vector<std::string> violations(std::uint64_t seed,
                                      const std::map<std::string, std::vector<std::uint64_t>>& tables,
                                      Parallelism parallelism) {
    std::vector<std::string> wrong;
    std::map<std::string, std::string> table_of;
    for (const ledger::JobRecord& job : package_.jobs) table_of[job.file] = job.table;
    std::map<std::string, std::vector<std::uint64_t>> delivered;
    std::map<std::string, std::vector<std::uint64_t>> by_file;
    std::set<std::string> keys;
    for (const Written& one : written()) {
      if (!keys.insert(one.key).second) continue;
      auto& table = delivered[table_of.at(one.job_file)];
      table.insert(table.end(), one.ids.begin(), one.ids.end());
      auto& file = by_file[one.job_file];
      file.insert(file.end(), one.ids.begin(), one.ids.end());
    }
    for (const auto& [file, ids] : by_file) {
      if (!std::ranges::is_sorted(ids)) wrong.push_back("rows of " + file + " are not in their order");
    }
    std::map<std::string, std::vector<std::uint64_t>> rejected;
    for (const ledger::LetterRecord& letter : letters())
      rejected[letter.letter.table].push_back(id_of(letter.letter.text));
    for (const auto& [table, files] : tables) {
      if (parallelism != Parallelism::parallel && !std::ranges::is_sorted(delivered[table])) {
        wrong.push_back("files of " + table + " are not in their order");
      }
      std::uint64_t rows = 0;
      for (const std::uint64_t count : files) rows += count;
      std::vector<std::uint64_t> good;
      std::vector<std::uint64_t> bad;
      for (std::uint64_t id = 0; id < rows; ++id) (is_poisoned(seed, table, id) ? bad : good).push_back(id);
      std::ranges::sort(delivered[table]);
      std::ranges::sort(rejected[table]);
      if (delivered[table] != good) {
        wrong.push_back(fmt::format("{} has the rows {} instead of {}", table, fmt::join(delivered[table], " "),
                                    fmt::join(good, " ")));
      }
      if (rejected[table] != bad) {
        wrong.push_back(fmt::format("of {} these are letters: {}; and not: {}", table, fmt::join(rejected[table], " "),
                                    fmt::join(bad, " ")));
      }
    }
    return wrong;
  }

  static std::uint64_t id_of(const std::string& text) {
    std::uint64_t id = 0;
    EXPECT_EQ(std::sscanf(text.c_str(), "{\"id\":%lu", &id), 1) << text;
    return id;
  }

  int crashes_ = 0;
};

/// Shares of the cases, which are played side by side.
class ShareOfCases : public LanesUnderFailures, public testing::WithParamInterface<std::uint64_t> {};

TEST_P(ShareOfCases, EveryRowIsConfirmedOnceOrALetter) {
  constexpr std::uint64_t between_shares = 1'000'000'000;
  const char* one = std::getenv("OUTFALL_SEED");
  const char* many = std::getenv("OUTFALL_CASES");
  const std::uint64_t first = one == nullptr ? 1 + GetParam() * between_shares : std::stoull(one);
  const std::uint64_t cases = one != nullptr ? 1 : many == nullptr ? 125 : std::stoull(many);
  for (std::uint64_t seed = first; seed < first + cases; ++seed) {
    SCOPED_TRACE(fmt::format("OUTFALL_SEED={}", seed));
    ASSERT_EQ(::system(fmt::format("rm -rf {0}/1.5 {0}/written {0}/outfall.db*", folder_.path()).c_str()), 0);
    play(seed);
    if (HasFailure()) return;
  }
  if (one == nullptr) {
    EXPECT_TRUE(crashes_ > 0 || !has_processes);
  }
}

INSTANTIATE_TEST_SUITE_P(Eight, ShareOfCases, testing::Range<std::uint64_t>(0, 8));

// --- Writers that lie ---

using Lie = std::function<Outcome(const delivery::Batch&, std::vector<std::uint64_t> ids, std::uint64_t call)>;

class LyingWriters : public LanesUnderFailures {
 protected:
  /// Delivers 40 rows in batches of 4; no run is killed. What is wrong with what was written then.
  std::vector<std::string> found_with(const Lie& lie) {
    seal({{"t", {40}}});
    LaneOptions options = quick(4);
    options.workers = 1;
    std::uint64_t calls = 0;
    for (int run = 0; run < 20; ++run) {
      const auto summary =
          deliver(options, answering([&](const auto& batch, const auto& ids) { return lie(batch, ids, ++calls); }));
      if (!summary) return {summary.error().message};
      if (summary->lanes->now.open == 0) return violations(seed_, {{"t", {40}}}, Parallelism::sequential);
    }
    return {"it never ends"};
  }

  void SetUp() override {
    const auto has_poison = [this] {
      for (std::uint64_t id = 0; id < 40; ++id) {
        if (is_poisoned(seed_, "t", id)) return true;
      }
      return false;
    };
    while (has_poison()) ++seed_;
  }

  std::uint64_t seed_ = 1;  ///< of a table without poison
};

TEST_F(LyingWriters, AnHonestOneIsNotAccused) {
  EXPECT_THAT(found_with([this](const auto& batch, const auto& ids, std::uint64_t call) {
                if (call % 3 == 0) return Outcome::retry("not now");
                write_down(log(), batch, ids);
                return call % 5 == 0 ? Outcome::unknown("the answer is lost") : Outcome::delivered();
              }),
              IsEmpty());
}

TEST_F(LyingWriters, OneThatAcknowledgesBeforeItWritesLosesRows) {
  // It writes a batch when the next one comes, and dies with the last.
  std::function<void()> late;
  EXPECT_THAT(found_with([&](const auto& batch, const auto& ids, std::uint64_t) {
                if (late) late();
                late = [this, key = std::string(batch.key), file = batch.job_file, ids] {
                  std::ofstream(log(), std::ios::app) << fmt::format("{} {} {}\n", key, file, fmt::join(ids, " "));
                };
                return Outcome::delivered();
              }),
              testing::Contains(HasSubstr("t has the rows")));
}

TEST_F(LyingWriters, OneThatLosesOnRetryLosesRows) {
  EXPECT_THAT(found_with([this](const auto& batch, const auto& ids, std::uint64_t) {
                if (batch.first == 8 && batch.attempt == 1) return Outcome::retry("not now");
                if (batch.attempt == 1) write_down(log(), batch, ids);
                return Outcome::delivered();
              }),
              testing::Contains(HasSubstr("t has the rows")));
}

TEST_F(LyingWriters, OneThatReordersIsNotInOrder) {
  EXPECT_THAT(found_with([this](const auto& batch, auto ids, std::uint64_t) {
                std::ranges::reverse(ids);
                write_down(log(), batch, ids);
                return Outcome::delivered();
              }),
              testing::Contains(HasSubstr("not in their order")));
}

TEST_F(LyingWriters, OneThatWritesHalfLosesRows) {
  EXPECT_THAT(found_with([this](const auto& batch, auto ids, std::uint64_t) {
                ids.resize(ids.size() / 2);
                write_down(log(), batch, ids);
                return Outcome::delivered();
              }),
              testing::Contains(HasSubstr("t has the rows")));
}

TEST_F(LyingWriters, OneThatNeverAnswersForCertainNeverEnds) {
  EXPECT_THAT(found_with([this](const auto& batch, const auto& ids, std::uint64_t) {
                write_down(log(), batch, ids);
                return Outcome::unknown("it hung up");
              }),
              testing::Contains("it never ends"));
}

}  // namespace
}  // namespace outfall::delivery
