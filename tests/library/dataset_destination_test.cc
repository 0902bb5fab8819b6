// SPDX-License-Identifier: Apache-2.0
//
// Destinations of a program's own that take whole loads: what they are told, what they may promise, and that the
// conformance suite finds what they do not keep.
#include <gmock/gmock.h>

#include <fstream>

#include "loading.h"
#include "shelf_dataset.h"

namespace outfall::library {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

DatasetOptions merging() {
  using enum WriteDisposition;
  return {.name = "shelf",
          .mode = DeliveryMode::transactional,
          .write_dispositions = {append, replace, merge},
          .merge_strategies = {MergeStrategy::upsert, MergeStrategy::delete_insert, MergeStrategy::insert_only}};
}

DatasetOptions in_mode(DeliveryMode mode) {
  return {.name = "shelf",
          .mode = mode,
          .write_dispositions = {WriteDisposition::append, WriteDisposition::replace},
          .merge_strategies = {}};
}

ConformanceReport suite_of(const DatasetOptions& options, ShelfFault fault = ShelfFault::none) {
  const auto store = std::make_shared<ShelfStore>();
  const Result<ConformanceReport> report =
      test_conformance({.make = [&] { return std::make_shared<Shelf>(store, options, fault); }});
  EXPECT_TRUE(report) << report.error().message;
  return report.value_or(ConformanceReport());
}

std::vector<std::string> failures(const ConformanceReport& report) {
  std::vector<std::string> failed;
  for (const ConformanceCase& one : report.cases) {
    if (!one.failure.empty()) failed.push_back(one.name + ": " + one.failure);
  }
  return failed;
}

std::vector<std::string> skipped(const ConformanceReport& report) {
  std::vector<std::string> found;
  for (const ConformanceCase& one : report.cases) {
    if (!one.skipped.empty()) found.push_back(one.name);
  }
  return found;
}

TEST(Conformance, OneThatKeepsWhatItPromisesPasses) {
  const ConformanceReport merges = suite_of(merging());
  EXPECT_THAT(failures(merges), IsEmpty());
  EXPECT_THAT(skipped(merges), IsEmpty());
  for (const DeliveryMode mode : {DeliveryMode::idempotency_key, DeliveryMode::at_least_once}) {
    const ConformanceReport report = suite_of(in_mode(mode));
    EXPECT_THAT(failures(report), IsEmpty()) << name(mode);
    EXPECT_THAT(skipped(report), SizeIs(3)) << "merges";
  }
}

struct Found {
  ShelfFault fault;
  DeliveryMode mode;
  std::string failure;
};

TEST(Conformance, WhatIsNotKeptIsFound) {
  using enum ShelfFault;
  using DeliveryMode::at_least_once;
  using DeliveryMode::idempotency_key;
  using DeliveryMode::transactional;
  const std::vector<Found> all = {
      {forgets_loads, transactional, "rows are appended: run: "},
      {forgets_state, transactional, "state is kept with the load: the state of the pipeline is not found"},
      {keeps_one_schema, transactional, "schemas are kept: the schema of load "},
      {shows_rows_early, transactional,
       "append goes on when it was broken off behind load_job: once it was broken off"},
      {shows_rows_early, transactional, "replace goes on when it was broken off behind begin_load: once it was broken"},
      {takes_jobs_twice, idempotency_key, "append goes on when it was broken off behind load_job: users should have"},
      {keeps_nested_rows, transactional, "replaced rows go, with what is nested in them: users__tags should have"},
      {loses_the_last_row, at_least_once, "append goes on when it was broken off before begin_load: users should have"},
      {throws, transactional, "rows are appended: run: "},
  };
  for (const Found& one : all) {
    const ConformanceReport report = suite_of(in_mode(one.mode), one.fault);
    EXPECT_FALSE(report.has_passed());
    EXPECT_THAT(failures(report), testing::Contains(HasSubstr(one.failure)));
  }
}

TEST(Conformance, NoObjectIsNoSuite) {
  const auto report = test_conformance(ConformanceQuirks());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().blame, Blame::usage);
  const auto of_database = test_conformance("duckdb:some.duckdb");
  ASSERT_FALSE(of_database);
  EXPECT_THAT(of_database.error().message, HasSubstr("plugins that take whole loads"));
}

class DatasetLoading : public Loading {
 protected:
  Pipeline pipeline(std::shared_ptr<DatasetDestination> to) {
    return Pipeline({.name = "p", .custom_destination = std::move(to), .dataset = "d", .data_dir = folder_ / "state"});
  }
  std::shared_ptr<Shelf> shelf(DatasetOptions options, ShelfFault fault = ShelfFault::none) {
    return std::make_shared<Shelf>(store_, std::move(options), fault);
  }
  static RunOptions users(const std::vector<std::string>& rows) {
    return {.from_memory = {{.table = "users", .documents = documents(std::vector(rows))}},
            .batches = {.attempts_max = 1}};
  }
  ShelfData& data() { return store_->datasets["d"]; }

  const std::shared_ptr<ShelfStore> store_ = std::make_shared<ShelfStore>();
  const std::vector<std::string> rows_ = {R"({"id":1})", R"({"id":2})"};
};

TEST_F(DatasetLoading, ThePromiseIsItsOwn) {
  for (const DeliveryMode mode :
       {DeliveryMode::transactional, DeliveryMode::idempotency_key, DeliveryMode::at_least_once}) {
    const Report report = pipeline(shelf(in_mode(mode))).run(users(rows_));
    EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
    EXPECT_EQ(report.mode, mode);
    EXPECT_EQ(report.destination, "custom:shelf");
    EXPECT_EQ(report.balance.delivered, 2U);
  }
  EXPECT_THAT(data().tables["users"], SizeIs(6));
  const Report report = pipeline(shelf(in_mode(DeliveryMode::none))).run(users(rows_));
  EXPECT_EQ(report.ending, Ending::misuse);
}

TEST_F(DatasetLoading, ADispositionThatItDoesNotHaveIsRefusedBeforeAnythingIsRead) {
  bool was_read = false;
  RunOptions options{.from_memory = {{.table = "users",
                                      .documents = [&]() -> Result<std::optional<std::string_view>> {
                                        was_read = true;
                                        return std::nullopt;
                                      }}},
                     .write_disposition = WriteDisposition::merge};
  options.primary_key = {"id"};
  const Report report = pipeline(shelf(in_mode(DeliveryMode::transactional))).run(options);
  EXPECT_EQ(report.ending, Ending::misuse);
  EXPECT_THAT(message_of(report), HasSubstr("custom:shelf has no --write-disposition merge"));
  EXPECT_THAT(report.error->hint, HasSubstr("append, replace"));
  options.merge.strategy = MergeStrategy::scd2;
  const Report strategy = pipeline(shelf(merging())).run(options);
  EXPECT_EQ(strategy.ending, Ending::misuse);
  EXPECT_THAT(message_of(strategy), HasSubstr("has no --merge-strategy scd2"));
  RunOptions limited = users(rows_);
  limited.max_deleted = RowLimit{.rows = 1};
  EXPECT_THAT(message_of(pipeline(shelf(merging())).run(limited)), HasSubstr("does not heed --max-deleted"));
  EXPECT_FALSE(was_read);
  EXPECT_EQ(store_->calls, 0);
}

TEST_F(DatasetLoading, ADryRunAsksAndChangesNothing) {
  ASSERT_EQ(pipeline(shelf(merging())).run(users(rows_)).ending, Ending::delivered);
  store_->calls = 0;
  RunOptions options = users({R"({"id":3})"});
  options.dry_run = true;
  options.write_disposition = WriteDisposition::replace;
  const Report report = pipeline(shelf(merging())).run(options);
  ASSERT_EQ(report.ending, Ending::delivered) << message_of(report);
  ASSERT_EQ(report.tables.size(), 1U);
  EXPECT_EQ(report.tables[0].plan->remove, 2U);
  EXPECT_EQ(report.tables[0].plan->add, 1U);
  EXPECT_EQ(store_->calls, 0);
}

TEST_F(DatasetLoading, WhatItThrowsIsAskedForAndTriedAgain) {
  RunOptions options = users(rows_);
  const Report report = pipeline(shelf(merging(), ShelfFault::throws)).run(options);
  EXPECT_EQ(report.ending, Ending::pending);
  EXPECT_THAT(message_of(report), HasSubstr("complete_load threw: the shelf broke"));
  EXPECT_THAT(data().tables["users"], IsEmpty());
  const ResumeReport resumed = pipeline(shelf(merging())).resume();
  EXPECT_EQ(resumed.ending, Ending::delivered);
  EXPECT_THAT(data().tables["users"], SizeIs(2));
}

/// Takes the first row of each job, and says that it has all.
class Hasty final : public DatasetDestination {
 public:
  explicit Hasty(int lines_at_most) : DatasetDestination({.name = "hasty"}), lines_at_most_(lines_at_most) {}
  Result<bool> has_load(const std::string&, const std::string&) override { return false; }
  Result<std::vector<DatasetLoad>> loads(const std::string&) override { return std::vector<DatasetLoad>(); }
  Result<std::optional<DatasetSchema>> stored_schema(const std::string&, const std::string&,
                                                     const std::string&) override {
    return std::nullopt;
  }
  Result<std::optional<DatasetState>> stored_state(const std::string&, const std::string&) override {
    return std::nullopt;
  }
  Status migrate(const LoadPlan&) override { return {}; }
  Status load_job(const LoadPlan&, LoadJob& job) override {
    for (int i = 0; i < lines_at_most_; ++i) {
      if (const auto lines = job.next_lines(); !lines) return fail(lines.error());
    }
    return {};
  }
  Status complete_load(const LoadPlan&, const std::optional<DatasetState>&) override { return {}; }

 private:
  const int lines_at_most_;
};

TEST_F(DatasetLoading, WhoeverLeavesRowsOfAJobHasNotTakenIt) {
  std::vector<std::string> rows;
  for (int i = 0; i < 30; ++i) rows.push_back(R"({"text":")" + std::string(100'000, 'x') + R"("})");
  const Report report = pipeline(std::make_shared<Hasty>(1)).run(users(rows));
  EXPECT_THAT(message_of(report), HasSubstr("it answered success and took"));
}

TEST_F(DatasetLoading, SuccessIsBelievedOnlyWhereTheLoadIsThere) {
  const Report report = pipeline(std::make_shared<Hasty>(100)).run(users(rows_));
  EXPECT_EQ(report.ending, Ending::pending);
  EXPECT_THAT(message_of(report), HasSubstr("the destination does not have it"));
}

TEST_F(DatasetLoading, AnAbortIsTold) {
  const Report report = pipeline(shelf(merging(), ShelfFault::throws)).run(users(rows_));
  ASSERT_EQ(report.pending_packages.size(), 1U);
  store_->abandoned.clear();
  const std::string load_id = report.pending_packages[0].load_id;
  const auto aborted = abort_package(
      {.package = {.data_dir = folder_ / "state", .load_id = load_id}, .custom_destination = shelf(merging())});
  ASSERT_TRUE(aborted) << aborted.error().message;
  EXPECT_THAT(store_->abandoned, ElementsAre(load_id));
}

TEST_F(DatasetLoading, ItIsOpenedWithItsSectionOfTheConfiguration) {
  DatasetOptions options = merging();
  options.given = {{"password", "sesame"}};
  ASSERT_EQ(pipeline(shelf(options)).run(users(rows_)).ending, Ending::delivered);
  EXPECT_EQ(store_->password, "sesame");
}

TEST_F(DatasetLoading, CapabilitiesAreOverriddenByTheProgram) {
  const auto run = [&](const CapabilityOverrides& capabilities) {
    Pipeline pipeline({.name = "p",
                       .custom_destination = shelf(merging()),
                       .capabilities = capabilities,
                       .dataset = "d",
                       .data_dir = folder_ / "state"});
    return pipeline.run(users({R"({"a_name_that_is_long": 1, "tags": [1]})"}));
  };
  const Report report = run({.max_identifier_length = 12, .max_table_nesting = 0});
  ASSERT_EQ(report.ending, Ending::delivered) << message_of(report);
  ASSERT_THAT(data().tables["users"], SizeIs(1));
  EXPECT_THAT(data().tables["users"][0], HasSubstr("\"a_n"));
  EXPECT_THAT(data().tables["users"][0], testing::Not(HasSubstr("a_name_that_is_long")));
  EXPECT_THAT(data().tables["users"][0], HasSubstr("\"tags\":[1]"));
  const Report beyond = run({.supported_merge_strategies = {{MergeStrategy::cdc}}});
  EXPECT_EQ(beyond.ending, Ending::misuse);
  EXPECT_THAT(message_of(beyond), HasSubstr("its capability supported_merge_strategies cannot be cdc"));
}

}  // namespace
}  // namespace outfall::library
