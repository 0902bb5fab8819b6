// SPDX-License-Identifier: Apache-2.0
//
// What a run's options become on their way to the database, and what its report says of each input.
#include "outfall/pipeline.h"

#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <utility>

#include "base/scratch_folder.h"
#include "destinations/null/null_destination.h"
#include "outfall/query.h"
#include "pipeline/run.h"
#include "sources/files/file_source.h"

namespace outfall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

void append(const std::string& path, int documents) {
  std::ofstream file(path, std::ios::app);
  for (int i = 0; i < documents; ++i) file << "{\"id\":" << i << "}\n";
}

/// DuckDB's settings while the first table of a run is loaded: this process then looks at the same database.
std::map<std::string, std::string> settings_while_loading(const ScratchFolder& folder, RunOptions options) {
  std::map<std::string, std::string> settings;
  const std::string address = "duckdb:" + (folder / "t.duckdb");
  options.inputs = {folder / "t.jsonl"};
  options.progress = [&](const Progress& progress) {
    if (progress.stage != Progress::Stage::load || progress.rows == 0) return;
    const auto asked = query({.destination = address,
                              .statement = "select name, value from duckdb_settings() where name in "
                                           "('memory_limit', 'threads')"},
                             {.row = [&](std::span<const QueryCell> cells) {
                               settings.try_emplace(std::string(cells[0].value()), cells[1].value());
                               return true;
                             }});
    EXPECT_TRUE(asked) << asked.error().message;
  };
  const Report report = Pipeline({.destination = address, .data_dir = folder / "state"}).run(options);
  EXPECT_EQ(report.ending, Ending::delivered) << report.error.value_or(Error{}).message;
  return settings;
}

TEST(Run, GivesTheDatabaseItsMemoryAndThreads) {
  const ScratchFolder folder;
  append(folder / "t.jsonl", 122'880);  // fewer rows than DuckDB stores together go in with one thread
  auto settings = settings_while_loading(folder, {.workers = 4, .memory = std::size_t{40} << 20});
  EXPECT_EQ(settings["memory_limit"], "320.0 MiB");
  EXPECT_EQ(settings["threads"], "4");
}

/// A file that somebody goes on writing to once it is being read.
class GrowingFile final : public normalize::DocumentSource {
 public:
  GrowingFile(normalize::DocumentSource& file, std::string path) : file_(file), path_(std::move(path)) {}

  const std::vector<normalize::SourceInput>& inputs() const override { return file_.inputs(); }
  Result<normalize::InputContent> survey(std::size_t input) override { return file_.survey(input); }
  void skip(std::size_t input) override { file_.skip(input); }
  Result<std::optional<normalize::Chunk>> next() override {
    auto chunk = file_.next();
    if (!std::exchange(grown_, true)) append(path_, 1);
    return chunk;
  }
  void recycle(normalize::Chunk chunk) override { file_.recycle(std::move(chunk)); }
  Status rewind() override { return file_.rewind(); }
  void cancel() override { file_.cancel(); }
  std::uint64_t bytes_read() const override { return file_.bytes_read(); }
  normalize::InputContent content(std::size_t input) const override { return file_.content(input); }

 private:
  normalize::DocumentSource& file_;
  std::string path_;
  bool grown_ = false;
};

TEST(Run, TellsThatAFileGrewWhileItWasRead) {
  constexpr int documents = 100'000;  // far more than is read ahead of the first chunk
  const ScratchFolder folder;
  const std::string path = folder / "t.jsonl";
  append(path, documents);
  const RunOptions options{.chunk = 1000};
  const auto file = sources::FileSource::make({.named = {path}, .chunk_bytes = options.chunk}).value();
  GrowingFile growing(*file, path);
  destinations::null::NullDestination nowhere;
  const Report report = pipeline::run({.name = "p",
                                       .key = "p",
                                       .dataset = "p",
                                       .data_dir = folder / "state",
                                       .command = "run",
                                       .options = options,
                                       .destination = nowhere,
                                       .source = &growing,
                                       .env = Env::system()});
  ASSERT_EQ(report.inputs.size(), 1U) << report.error.value_or(Error{}).message;
  EXPECT_EQ(report.inputs[0].documents, documents);
  EXPECT_THAT(report.inputs[0].notes, ElementsAre(HasSubstr("it grew while it was read")));
}

}  // namespace
}  // namespace outfall
