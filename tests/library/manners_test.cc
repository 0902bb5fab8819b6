// SPDX-License-Identifier: Apache-2.0
//
// What a host may rely on: a run prints nothing, installs no signal handler, changes nothing of the process, and leaves
// no thread behind; pipelines run at once, tell where they stand, and stop when they are asked to.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <clocale>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <locale>
#include <mutex>
#include <thread>

#include "arrow_rows.h"
#include "loading.h"

namespace outfall::library {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Handlers = std::array<void*, 65>;

/// What is the whole process's, not the library's.
struct Process {
  Handlers handlers{};
  std::array<bool, 65> blocked{};
  std::string c_locale;
  std::string locale;
  std::string folder;
  mode_t mask = 0;

  bool operator==(const Process&) const = default;
};

Process look_at_process() {
  Process seen;
  sigset_t blocked;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  for (int signal = 1; signal < 65; ++signal) {
    struct sigaction action{};
    ::sigaction(signal, nullptr, &action);
    seen.handlers[static_cast<std::size_t>(signal)] = reinterpret_cast<void*>(action.sa_handler);
    seen.blocked[static_cast<std::size_t>(signal)] = ::sigismember(&blocked, signal) == 1;
  }
  seen.c_locale = std::setlocale(LC_ALL, nullptr);
  seen.locale = std::locale().name();
  seen.folder = std::filesystem::current_path();
  seen.mask = ::umask(0);
  ::umask(seen.mask);
  return seen;
}

std::size_t threads() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& task : std::filesystem::directory_iterator("/proc/self/task")) ++count;
  return count;
}

/// A thread that was joined may be listed for a moment more.
bool comes_to(std::size_t wanted) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (threads() != wanted) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

std::vector<std::string> many(int count) {
  std::vector<std::string> made;
  for (int i = 0; i < count; ++i) made.push_back(fmt::format(R"({{"id": {}, "list": [1, 2]}})", i));
  return made;
}

class Manners : public Loading {
 protected:
  void write_parquet(const std::string& path) const {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT, 0600);
    EXPECT_TRUE(query_into({.destination = address(), .statement = "select range as i from range(1000)"},
                           RowsFormat::parquet, file));
    ::close(file);
  }

  /// Every way in, a query, and a run that fails.
  void do_everything() {
    std::ofstream(folder_ / "a.jsonl") << "{\"id\": 1, \"at\": \"2020-01-01T00:00:00Z\"}\n";
    std::ofstream(folder_ / "b.csv") << "id,price\n1,1.5\n2,2.5\n";
    const auto run = [this](RunOptions options) {
      options.progress = [](const Progress&) {};
      return Pipeline(to_database()).run(options).ending;
    };
    EXPECT_EQ(run({.inputs = {folder_ / "a.jsonl", folder_ / "b.csv"}}), Ending::delivered);
    EXPECT_EQ(run({.from_memory = {{.table = "m", .documents = documents(many(100))}}}), Ending::delivered);
    ArrowArrayStream stream = numbers_stream({{1, 2, 3}});
    EXPECT_EQ(run({.from_memory = {{.table = "n", .rows = &stream}}}), Ending::delivered);
    EXPECT_EQ(run({.from_memory = {{.table = "m", .documents = documents(std::vector{"{"})}}}), Ending::failed);
    Loader loader(to_database(), {.table = "l"});
    EXPECT_TRUE(loader.append("{\"id\": 1}"));
    EXPECT_EQ(loader.seal().ending, Ending::delivered);
    {
      EXPECT_TRUE(Loader(to_database(), {.table = "l"}).append("{\"id\": 2}"));
    }
    EXPECT_THAT(look("select count(*) from l"), ElementsAre("1"));
    write_parquet(folder_ / "c.parquet");
    EXPECT_EQ(run({.inputs = {folder_ / "c.parquet"}}), Ending::delivered);
    EXPECT_EQ(Pipeline(to_database()).resume().ending, Ending::delivered);
  }
};

TEST_F(Manners, NothingIsPrinted) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  do_everything();
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(Manners, NothingOfTheProcessChanges) {
  const Process before = look_at_process();
  do_everything();
  EXPECT_TRUE(look_at_process() == before);
}

TEST_F(Manners, NothingOfTheProcessIsOtherDuringARun) {
  const Process before = look_at_process();
  int looks = 0;
  const auto look = [&](const Progress&) {
    ++looks;
    EXPECT_TRUE(look_at_process() == before);
  };
  EXPECT_EQ(Pipeline(to_database())
                .run({.from_memory = {{.table = "m", .documents = documents(many(1000))}}, .progress = look})
                .ending,
            Ending::delivered);
  EXPECT_GE(looks, 3);
}

TEST_F(Manners, NoThreadOutlivesARun) {
  const std::size_t before = threads();
  do_everything();
  EXPECT_TRUE(comes_to(before)) << before << " threads became " << threads();
}

TEST_F(Manners, PipelinesRunAtOnce) {
  constexpr int count = 6;
  std::array<Report, count> reports;
  {
    std::vector<std::jthread> running;
    for (int i = 0; i < count; ++i) {
      running.emplace_back([&, i] {
        const PipelineOptions options{.name = fmt::format("p{}", i),
                                      .destination = fmt::format("duckdb:{}", folder_ / fmt::format("{}.duckdb", i)),
                                      .dataset = "d",
                                      .data_dir = folder_ / "state"};
        if (i % 2 == 0) {
          reports[static_cast<std::size_t>(i)] =
              Pipeline(options).run({.from_memory = {{.table = "t", .documents = documents(many(1000 * i))}}});
        } else {
          Loader loader(options, {.table = "t"});
          for (const std::string& document : many(1000 * i)) EXPECT_TRUE(loader.append(document));
          reports[static_cast<std::size_t>(i)] = loader.seal();
        }
      });
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_EQ(reports[i].ending, Ending::delivered) << message_of(reports[i]);
    EXPECT_EQ(reports[i].balance.delivered, 1000 * i);
  }
}

TEST_F(Manners, ProgressIsToldOfEveryStage) {
  std::vector<std::string> stages;
  std::uint64_t rows = 0;
  const auto tell = [&](const Progress& progress) {
    const std::string stage(name(progress.stage));
    if (stages.empty() || stages.back() != stage) stages.push_back(stage);
    if (progress.stage == Progress::Stage::extract) rows = progress.rows;
  };
  Loader loader(to_database(), {.table = "t", .progress = tell});
  for (const std::string& document : many(500)) ASSERT_TRUE(loader.append(document));
  EXPECT_EQ(loader.seal().ending, Ending::delivered);
  EXPECT_THAT(stages, ElementsAre("extract", "seal", "load"));
  EXPECT_EQ(rows, 500u);
}

TEST_F(Manners, AStopBeforeTheSealLoadsNothing) {
  std::stop_source stop;
  int given = 0;
  const auto next = [&]() -> Result<std::optional<std::string_view>> {
    if (++given == 100) stop.request_stop();
    return R"({"id": 1})";  // without an end
  };
  const Report report =
      Pipeline(to_database()).run({.from_memory = {{.table = "t", .documents = next}}, .stop = stop.get_token()});
  EXPECT_EQ(report.ending, Ending::interrupted);
  EXPECT_EQ(report.balance.in, 0u);
  EXPECT_LE(given, 101);
}

/// A test of crashes that misspells the place does not pass because nothing died.
TEST_F(Manners, AMisspeltFaultPointRefusesEachRun) {
  std::ofstream(folder_ / "in.jsonl") << "{\"id\":1}\n";
  ::setenv("OUTFALL_FAULT", "in_sael", 1);
  Pipeline pipeline(to_database());
  const Report report = pipeline.run({.inputs = {folder_ / "in.jsonl"}});
  const Report again = pipeline.run({.inputs = {folder_ / "in.jsonl"}});
  ::unsetenv("OUTFALL_FAULT");
  EXPECT_EQ(report.ending, Ending::misuse);
  EXPECT_EQ(message_of(report), "OUTFALL_FAULT: there is no fault point 'in_sael'");
  EXPECT_EQ(again.ending, Ending::misuse);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "state"));
}

}  // namespace
}  // namespace outfall::library
