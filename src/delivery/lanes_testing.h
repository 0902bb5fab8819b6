// SPDX-License-Identifier: Apache-2.0
//
// What the tests of lanes share: a package of numbered rows, and writers that answer what a test says. What was written
// is a file of lines, which outlives the process that wrote it.
#pragma once

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "base/scratch_folder.h"
#include "delivery/job_lanes.h"
#include "delivery/package_testing.h"
#include "delivery/writer.h"
#include "ledger/ledger.h"

namespace outfall::delivery {

inline constexpr const char* load_id = "1.5";

/// A batch as some writer wrote it.
struct Written {
  std::string key;
  std::string job_file;
  std::vector<std::uint64_t> ids;
};

class Lanes : public testing::Test {
 protected:
  /// Rows of a table are numbered on over its files; `files` has how many each holds.
  void seal(const std::map<std::string, std::vector<std::uint64_t>>& tables) {
    schema_ = schema::Schema::make("s", NamingConvention::direct);
    std::vector<TableRows> rows;
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
        const char* other_name = i % 2 == 0 ? "other" : "another";
        for (std::uint64_t left = files[i]; left > 0; left -= std::min(left, record_batch_rows_)) {
          rows.push_back({.table = name, .columns = numbered(other_name, next, std::min(left, record_batch_rows_))});
        }
      }
    }
    schema_.bump();
    package_ = write_package(folder_.path(), load_id, schema_, std::move(rows));
    auto ledger = ledger::Ledger::open(folder_ / "outfall.db", env_);
    ASSERT_TRUE(ledger) << ledger.error().message;
    seal_package(*ledger, package_);
  }

  static std::vector<sql::for_tests::Column> numbered(const char* other_name, std::int64_t& next, std::uint64_t count) {
    std::vector<std::optional<std::int64_t>> ids;
    ids.reserve(count);
    for (std::uint64_t row = 0; row < count; ++row) ids.emplace_back(next++);
    using sql::for_tests::Column;
    return {Column::fixed<std::int64_t>("id", "l", ids), Column::fixed<std::int64_t>(other_name, "l", ids)};
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

inline std::vector<std::uint64_t> ids_of(const delivery::Batch& batch) {
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

inline MakeWriter answering(Answering::Answer answer, Answering::Resolve resolve = nullptr) {
  return [answer = std::move(answer), resolve = std::move(resolve)]() -> Result<std::unique_ptr<Writer>> {
    return std::make_unique<Answering>(answer, resolve);
  };
}

/// One line, in one piece, whoever else writes.
inline void write_down(const std::string& path, const delivery::Batch& batch, const std::vector<std::uint64_t>& ids) {
  std::ostringstream text;
  text << batch.key << ' ' << batch.job_file;
  for (const std::uint64_t id : ids) text << ' ' << id;
  text << '\n';
  const std::string line = std::move(text).str();
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  EXPECT_EQ(::write(file, line.data(), line.size()), static_cast<ssize_t>(line.size()));
  ::close(file);
}

inline LaneOptions quick(std::uint64_t batch_size) {
  return {.batch_size = batch_size,
          .workers = 4,
          .retry = {
              .attempts_max = 5, .wait_first = std::chrono::milliseconds(0), .wait_max = std::chrono::milliseconds(0)}};
}

}  // namespace outfall::delivery
