// SPDX-License-Identifier: Apache-2.0
//
// Lanes under failures of every kind: writers that refuse, hang up, lose answers and lie, and processes that are killed
// between any two steps.
//
// OUTFALL_SEED=N plays one case of the property test, OUTFALL_CASES=N so many in each share.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <set>

#include "base/fault.h"
#include "base/hash.h"
#include "delivery/lanes_testing.h"

namespace outfall::delivery {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

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
