// SPDX-License-Identifier: Apache-2.0
//
// The words of reports, which state stores and scripts keep.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "outfall/pipeline.h"
#include "outfall/report.h"

namespace outfall {
namespace {

using testing::HasSubstr;

TEST(ReportWords, AreThoseOfThePages) {
  const std::map<Progress::Stage, std::string> stages{
      {Progress::Stage::extract, "extract"}, {Progress::Stage::seal, "seal"}, {Progress::Stage::load, "load"}};
  for (const auto& [stage, word] : stages) EXPECT_EQ(name(stage), word);
  const std::map<Ending, std::string> endings{{Ending::delivered, "delivered"},     {Ending::failed, "failed"},
                                              {Ending::misuse, "misuse"},           {Ending::rejected, "rejected"},
                                              {Ending::pending, "pending"},         {Ending::busy, "busy"},
                                              {Ending::interrupted, "interrupted"}, {Ending::terminated, "terminated"}};
  for (const auto& [ending, word] : endings) EXPECT_EQ(name(ending), word);
  const std::map<InputFate, std::string> fates{{InputFate::loaded, "loaded"},
                                               {InputFate::finished, "finished"},
                                               {InputFate::pending, "pending"},
                                               {InputFate::changed, "changed"},
                                               {InputFate::skipped, "skipped"}};
  for (const auto& [fate, word] : fates) EXPECT_EQ(name(fate), word);
}

TEST(ReportJson, SaysWhatIsPending) {
  Report report;
  report.pending_packages.push_back({.load_id = "1.5", .resumed = true, .failed = true, .held = true, .rows = 2});
  EXPECT_THAT(
      to_json(report),
      HasSubstr(
          R"("pending_packages":[{"load_id":"1.5","resumed":true,"failed":true,"held":true,"rows":2,"jobs":[]}])"));
}

Report with_everything() {
  const PackageReport package{.load_id = "1.5",
                              .resumed = true,
                              .failed = true,
                              .held = true,
                              .rows = 2,
                              .jobs = {{.table = "users", .file = "users.00001.arrow", .rows = 2, .bytes = 300}}};
  return {
      .ending = Ending::terminated,
      .error =
          Error{.message = "stopped \"here\"", .hint = "go on", .remedy = Remedy::retry, .blame = Blame::interrupted},
      .mode = DeliveryMode::at_least_once,
      .run_id = "0a",
      .pipeline = "shop",
      .called = "shop-1a2b3c4d",
      .dataset = "shop_dataset",
      .destination = "duckdb:shop.duckdb",
      .data_dir = "state",
      .balance = {.in = 10, .delivered = 7, .rejected = 1, .pending = 2},
      .packages = {package},
      .pending_packages = {package},
      .tables = {{.name = "users",
                  .parent = "root",
                  .rows = 3,
                  .rows_pending = 1,
                  .rows_rejected = 2,
                  .attempts = 5,
                  .unknown = 4,
                  .new_columns = {"a", "b"},
                  .variants = {{.column = "a__v_text",
                                .base_column = "a",
                                .first_value = "x",
                                .input = "users.jsonl",
                                .line = 4,
                                .is_stated = true}},
                  .widened = {{.column = "b",
                               .from = "bigint",
                               .to = "double",
                               .first_value = "1.5",
                               .input = "users.jsonl",
                               .line = 5}},
                  .created = true,
                  .plan = RowPlan{.add = 1, .change = 2, .remove = 3}},
                 {.name = "planned", .parent = "", .plan = RowPlan{.add = 1, .change = 0, .remove = {}}}},
      .inputs = {{.path = "-",
                  .run_key = "night",
                  .fate = InputFate::finished,
                  .run = "09",
                  .aborted = true,
                  .documents = 10,
                  .rejected = 1,
                  .bytes = 99,
                  .hash = "00ff",
                  .notes = {"it grew"}}},
      .steps = {{.name = "extract",
                 .load_id = "1.5",
                 .started_at = Time(std::chrono::microseconds(1'795'961'598'127'445)),
                 .elapsed = std::chrono::milliseconds(1'250),
                 .rows = 10,
                 .bytes = 99,
                 .is_finished = true},
                {.name = "load", .load_id = ""}},
      .rejects = {{.input = "users.jsonl", .table = "users", .line = 6, .column = 7, .reason = "no", .hint = "yes"}},
      .discarded = {{.table = "users",
                     .column = "extra",
                     .entity = "columns",
                     .values = 8,
                     .first_value = "x",
                     .input = "users.jsonl",
                     .line = 9}},
      .dead_letters = 1,
      .notes = {"a note"},
      .duplicate_keys = 2,
      .bytes_read = 99,
      .elapsed = std::chrono::milliseconds(1'500),
      .metrics = {.counters = {{"calls", 3}}, .gauges = {{"queue", 2.0}}},
      .dry_run = true,
      .first_call = FirstCall{.table = "users", .rows = 10, .json = {R"({"id":1})", R"({"id":2})"}}};
}

TEST(ReportJson, IsReadAsItWasWritten) {
  const std::string written = to_json(with_everything());
  EXPECT_THAT(written, HasSubstr(R"("started_at":"2026-11-29T14:13:18.127445Z")"));
  const Result<Report> report = parse_report(written);
  ASSERT_TRUE(report);
  EXPECT_EQ(to_json(*report), written);
  EXPECT_EQ(report->error->blame, Blame::interrupted);
  EXPECT_EQ(to_json(parse_report(to_json(Report())).value()), to_json(Report()));
}

TEST(ReportJson, OfAnOlderProgramLacksWhatIsNew) {
  const Result<Report> report = parse_report(R"({"ending":"a new word","inputs":[{"path":"a.jsonl"},7],"rows":-1})");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->ending, Ending::failed);
  ASSERT_EQ(report->inputs.size(), 2U);
  EXPECT_EQ(report->inputs[0].path, "a.jsonl");
  EXPECT_FALSE(report->error);
}

TEST(ReportJson, IsAnObject) {
  EXPECT_FALSE(parse_report("[]"));
  EXPECT_FALSE(parse_report("{"));
}

}  // namespace
}  // namespace outfall
