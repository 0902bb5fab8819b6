// SPDX-License-Identifier: Apache-2.0
//
// Letters whose key a later row has that is delivered: whatever the order of files and runs, and whenever the process
// dies.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/fault.h"
#include "base/scratch_folder.h"
#include "delivery/job_lanes.h"
#include "delivery/letter_keys.h"
#include "delivery/package_testing.h"
#include "delivery/writer.h"

namespace outfall::delivery {
namespace {

using sql::for_tests::Column;
using testing::ElementsAre;
using testing::IsEmpty;

using Ids = std::vector<std::optional<std::int64_t>>;
using Answer = std::function<Outcome(const delivery::Batch&)>;

class Answering final : public Writer {
 public:
  explicit Answering(Answer answer) : answer_(std::move(answer)) {}
  Outcome write(const delivery::Batch& batch) override { return answer_(batch); }
  Outcome tell(const Event&) override { return {}; }

 private:
  Answer answer_;
};

class Overtaken : public testing::Test {
 protected:
  /// A table whose key is id, with these ids in its job files.
  void seal(const std::string& load_id, const std::vector<Ids>& files) {
    std::vector<TableRows> rows;
    for (const Ids& ids : files) {
      rows.push_back({.table = "t",
                      .columns = {Column::fixed<std::int64_t>("id", "l", ids),
                                  Column::fixed<std::int64_t>(rows.size() % 2 == 0 ? "one" : "other", "l", ids)}});
    }
    seal_rows(load_id, std::move(rows));
  }

  void seal_rows(const std::string& load_id, std::vector<TableRows> files) {
    schema_ = schema::Schema::make("s", NamingConvention::direct);
    schema::Table table = schema::Table::root("t", "append", "t");
    schema::Column id;
    id.name = "id";
    id.type = DataType::bigint;
    id.primary_key = true;
    table.columns.add(id);
    schema_.tables.add(std::move(table));
    schema_.bump();
    const std::size_t file_count = files.size();
    package_ = write_package(folder_.path(), load_id, schema_, std::move(files));
    ASSERT_EQ(package_.jobs.size(), file_count);
    ledger::Ledger opened = ledger();
    seal_package(opened, package_);
  }

  ledger::Ledger ledger() { return std::move(*ledger::Ledger::open(folder_ / "outfall.db", env_)); }

  LoadSummary deliver(const Answer& answer, const LaneOptions& options) {
    ledger::Ledger opened = ledger();
    const LaneContext context{.ledger = opened, .pipeline = "p", .run_id = "r"};
    auto summary = deliver_in_batches(
        {.package = package_,
         .schema = schema_,
         .folder = folder_ / package_.load_id,
         .progress = {},
         .lanes = &context},
        {.options = options,
         .make_writer = [&answer]() -> Result<std::unique_ptr<Writer>> { return std::make_unique<Answering>(answer); }},
        Env::system());
    EXPECT_TRUE(summary) << summary.error().message;
    return summary.value_or(LoadSummary());
  }

  /// Rejects rows by their place in a job file.
  Answer rejecting(std::set<std::uint64_t> rows, std::size_t job = 0) const {
    return [this, rows = std::move(rows), job](const delivery::Batch& batch) -> Outcome {
      Outcome outcome;
      if (!is_of(batch, job)) return outcome;
      for (std::uint64_t row = batch.first; row < batch.last; ++row) {
        if (rows.contains(row)) outcome.rows.push_back({.row = row - batch.first, .reason = "no"});
      }
      if (!outcome.rows.empty()) outcome.kind = Outcome::Kind::rejected;
      return outcome;
    };
  }

  bool is_of(const delivery::Batch& batch, std::size_t job) const {
    return batch.job_file == package_.jobs.at(job).file;
  }

  /// `load.row key overtaken_by` of each letter.
  std::vector<std::string> letters() {
    std::vector<std::string> found;
    EXPECT_TRUE(ledger().visit_letters({}, [&](const ledger::LetterRecord& one) -> Result<bool> {
      found.push_back(fmt::format("{}.{} {} {}", one.load_id, one.letter.table_row, one.letter.primary_key,
                                  one.overtaken_by.empty() ? "-" : one.overtaken_by));
      return true;
    }));
    return found;
  }

  ScratchFolder folder_;
  FixedEnv env_;
  ledger::PackageRecord package_;
  schema::Schema schema_ = schema::Schema::make("s", NamingConvention::direct);
};

/// One attempt, no wait, files side by side.
LaneOptions batches_of(std::uint64_t rows) {
  return {.batch_size = rows,
          .workers = 2,
          .retry = {
              .attempts_max = 1, .wait_first = std::chrono::milliseconds(0), .wait_max = std::chrono::milliseconds(0)}};
}

TEST_F(Overtaken, ByRowsOfTheSameBatchAndOfLaterBatchesAndLoads) {
  seal("1.1", {{1, 1, 2, 3, 3, std::nullopt, 2, 4}});
  deliver(rejecting({0, 1, 2, 4, 5, 7}), batches_of(3));
  EXPECT_THAT(letters(), ElementsAre("1.1.0 {\"id\":1} -", "1.1.1 {\"id\":1} -", "1.1.2 {\"id\":2} 1.1",
                                     "1.1.4 {\"id\":3} -", "1.1.5  -", "1.1.7 {\"id\":4} -"));
  seal("1.2", {{1, 5}});
  deliver(rejecting({}), batches_of(3));
  EXPECT_THAT(letters(), ElementsAre("1.1.0 {\"id\":1} 1.2", "1.1.1 {\"id\":1} 1.2", "1.1.2 {\"id\":2} 1.1",
                                     "1.1.4 {\"id\":3} -", "1.1.5  -", "1.1.7 {\"id\":4} -"));
}

TEST_F(Overtaken, ByALaterFileThatWasDeliveredBefore) {
  seal("1.1", {{1, 2, 3, 4}, {9, 2, 3, 4}, {3}});
  // The first file does not get through, the others do.
  const LoadSummary first = deliver(
      [this](const delivery::Batch& batch) {
        return is_of(batch, 0) ? Outcome::retry("not now") : rejecting({2, 3}, 1)(batch);
      },
      batches_of(10));
  ASSERT_EQ(first.lanes->now.open, 4U);
  EXPECT_THAT(letters(), ElementsAre("1.1.6 {\"id\":3} 1.1", "1.1.7 {\"id\":4} -"));
  deliver(rejecting({0, 1, 2, 3}), batches_of(10));
  EXPECT_THAT(letters(), ElementsAre("1.1.6 {\"id\":3} 1.1", "1.1.7 {\"id\":4} -", "1.1.0 {\"id\":1} -",
                                     "1.1.1 {\"id\":2} 1.1", "1.1.2 {\"id\":3} 1.1", "1.1.3 {\"id\":4} -"))
      << "a row that was rejected itself has overtaken nothing";
}

#ifndef __SANITIZE_THREAD__
TEST_F(Overtaken, IsDurableWithTheRowThatDidIt) {
  seal("1.1", {{1}});
  deliver(rejecting({0}), batches_of(1));
  seal("1.2", {{7, 8, 1, 9, 10}});
  LaneOptions options = batches_of(1);
  options.marks = MarkPolicy::grouped;
  const int status = run_forked([&] {
    deliver(
        [](const delivery::Batch& batch) -> Outcome {
          if (batch.first == 3) std::_Exit(9);
          return {};
        },
        options);
    return 0;
  });
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 9);
  EXPECT_THAT(letters(), ElementsAre("1.1.0 {\"id\":1} 1.2"));
  EXPECT_GE(ledger().lanes("1.2").value().at(0).settled, 3U);
}
#endif

TEST(RowKeys, AreTheSameHoweverAValueIsWritten) {
  const std::vector<KeyColumn> columns{{.name = "a"}, {.name = "b"}};
  const auto text = [&](std::string_view a, std::string_view b) { return key_text(columns, {a, b}); };
  EXPECT_EQ(text("1", "\"x\""), R"({"a":1,"b":"x"})");
  EXPECT_EQ(text("1.0", R"("\u0078")"), R"({"a":1,"b":"x"})");
  EXPECT_EQ(text("1e0", R"("a\/b")"), R"({"a":1,"b":"a/b"})");
  EXPECT_EQ(text("-0", "0.10"), R"({"a":0,"b":0.1})");
  EXPECT_EQ(text("123456789012345678901234567890", "true"), R"({"a":123456789012345678901234567890,"b":true})");
  EXPECT_EQ(text("null", "1"), "");
  EXPECT_EQ(text("1", ""), "");
  const std::string long_text = '"' + std::string(2000, 'x') + '"';
  EXPECT_EQ(text("1", long_text).size(), std::string_view("xxh3:").size() + 32);
  EXPECT_NE(text("1", long_text), text("2", long_text));
}

TEST(RowKeys, AreTheValuesOfTheirColumns) {
  const auto text = [](DataType type, std::string_view value) { return key_text({{"k", type}}, {value}); };
  EXPECT_EQ(text(DataType::timestamp, R"("2024-01-02T12:00:00.000+02:00")"),
            text(DataType::timestamp, R"("2024-01-02T10:00:00Z")"));
  EXPECT_EQ(text(DataType::bigint, R"("7")"), R"({"k":7})");
  EXPECT_EQ(text(DataType::bigint, "7.0"), R"({"k":7})");
  EXPECT_EQ(text(DataType::text, "7"), R"({"k":"7"})");
  EXPECT_EQ(text(DataType::decimal, R"("1.50")"), text(DataType::decimal, "1.5"));
  EXPECT_NE(text(DataType::decimal, "12345678901234567.01"), text(DataType::decimal, "12345678901234567.02"));
  EXPECT_EQ(text(DataType::double_, "0.10"), text(DataType::double_, "1e-1"));
  EXPECT_EQ(text(DataType::date, R"("2024-01-02")"), R"({"k":"2024-01-02"})");
  EXPECT_EQ(text(DataType::bigint, R"("misfit")"), R"({"k":"misfit"})");
  EXPECT_EQ(same_key_as({{"k", DataType::timestamp}}, R"({"k":"2024-01-02T12:00:00+02:00"})"),
            text(DataType::timestamp, R"("2024-01-02T10:00:00Z")"));
  EXPECT_EQ(same_key_as({{"k", DataType::bigint}}, "xxh3:00"), "xxh3:00");
}

TEST_F(Overtaken, KeysOfRowsAreFoundInTheFilesOfAPackage) {
  seal("1.1", {{1, 2}, {3, std::nullopt}});
  PackageKeys keys(package_, schema_, folder_ / "1.1");
  EXPECT_EQ(keys.of("t", 1).value(), R"({"id":2})");
  EXPECT_EQ(keys.of("t", 2).value(), R"({"id":3})");
  EXPECT_EQ(keys.of("t", 3).value(), "");
  EXPECT_EQ(keys.of("other", 0).value(), "");
  schema_.tables.find("t")->columns.find("id")->primary_key = false;
  EXPECT_EQ(PackageKeys(package_, schema_, folder_ / "1.1").of("t", 1).value(), "");
  EXPECT_TRUE(PackageKeys(package_, schema_, folder_ / "none").of("t", 1)) << "nothing is read without a key";
}

TEST_F(Overtaken, DocumentsHaveTheKeysThatTheirColumnsWouldHave) {
  const std::vector<std::optional<std::string>> documents{R"({"id":1,"v":"x"})", R"({"v":{"id":3},"\u0069d":2.0})",
                                                          R"({"id":null})", R"({"v":1})"};
  seal_rows("1.1", {{.table = "t", .columns = {Column::text(std::string(schema::document_column_name), documents)}}});
  PackageKeys keys(package_, schema_, folder_ / "1.1");
  std::vector<std::string> found;
  for (std::uint64_t row = 0; row < documents.size(); ++row) found.push_back(keys.of("t", row).value());
  EXPECT_THAT(found, ElementsAre(R"({"id":1})", R"({"id":2})", "", ""));
}

}  // namespace
}  // namespace outfall::delivery
