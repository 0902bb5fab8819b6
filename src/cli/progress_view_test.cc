// SPDX-License-Identifier: Apache-2.0
//
// What is shown of a run, decided by values alone.
#include "cli/progress_view.h"

#include <gtest/gtest.h>

#include "cli/report_text.h"

namespace outfall::cli {
namespace {

using std::chrono::seconds;

StageMeter half_way() {
  StageMeter meter;
  meter.update({.stage = Progress::Stage::extract, .bytes_total = 90'000'000}, Clock::time_point{});
  meter.update({.stage = Progress::Stage::extract, .rows = 120'000, .bytes = 45'000'000, .bytes_total = 90'000'000},
               Clock::time_point{} + seconds(4));
  return meter;
}

TEST(ProgressView, BarTellsRowsBytesRateAndTimeLeft) {
  EXPECT_EQ(bar_line(half_way(), 200),
            "extract  [==========>         ]  50%  4.00 s left  120,000 rows  45.0 MB of 90.0 MB  30,000 rows/s");
  EXPECT_EQ(shown_length(bar_line(half_way(), 40)), 40U);
}

TEST(ProgressView, PlainAndJsonTellTheSame) {
  EXPECT_EQ(plain_line(half_way()),
            "progress: extract 50%, 4.00 s left, 120,000 rows, 45.0 MB of 90.0 MB, 30,000 rows/s");
  EXPECT_EQ(json_line(half_way()),
            R"({"event":"progress","stage":"extract","rows":120000,"rows_total":null,"bytes":45000000,)"
            R"("bytes_total":90000000,"rows_per_second":30000,"seconds":4.000,"load_id":null,"waiting":null})");
}

TEST(ProgressView, OneRowIsNoRows) {
  StageMeter meter;
  meter.update({.stage = Progress::Stage::load}, Clock::time_point{});
  meter.update({.stage = Progress::Stage::load, .rows = 4}, Clock::time_point{} + seconds(4));
  EXPECT_EQ(plain_line(meter), "progress: load, 4 rows, 1 row/s");
}

TEST(ProgressView, AWaitIsToldInFrontOfWhatIsDone) {
  StageMeter meter;
  meter.update({.stage = Progress::Stage::load, .rows_total = 100, .load_id = "1.5"}, Clock::time_point{});
  meter.update({.stage = Progress::Stage::load,
                .rows = 12,
                .rows_total = 100,
                .load_id = "1.5",
                .waiting = "3.2 s to send batch 4 of users again: \"slow\" down"},
               Clock::time_point{} + seconds(2));
  EXPECT_EQ(plain_line(meter),
            "progress: load 12%, waiting 3.2 s to send batch 4 of users again: \"slow\" down, 12 of 100 rows, "
            "6 rows/s")
      << "how long it takes nobody knows then";
  EXPECT_TRUE(
      json_line(meter).ends_with(R"("load_id":"1.5","waiting":"3.2 s to send batch 4 of users again: \"slow\" down"})"))
      << json_line(meter);
}

TEST(ProgressView, AnUnknownTotalHasNoBarAndNoEnd) {
  StageMeter meter;
  meter.update({.stage = Progress::Stage::extract, .rows = 5, .bytes = 100}, Clock::time_point{});
  EXPECT_EQ(bar_line(meter, 80), "extract  5 rows  100 B");
  EXPECT_EQ(meter.left(), std::nullopt);
}

TEST(ProgressView, EachStageHasAClockOfItsOwn) {
  StageMeter meter = half_way();
  meter.update({.stage = Progress::Stage::load, .rows = 10, .rows_total = 10}, Clock::time_point{} + seconds(9));
  EXPECT_TRUE(meter.began());
  EXPECT_EQ(meter.elapsed(), Clock::duration::zero());
}

TEST(ProgressView, PlainLinesComeAtMostOnceASecond) {
  std::FILE* out = std::tmpfile();
  const auto view = ProgressView::make(ProgressMode::plain, out, {});
  for (int ms = 0; ms <= 2500; ms += 50) {
    view->show({.rows = 1}, Clock::time_point{} + std::chrono::milliseconds(ms));
  }
  EXPECT_EQ(std::fseek(out, 0, SEEK_SET), 0);
  int lines = 0;
  for (int c = 0; (c = std::fgetc(out)) != EOF;) lines += c == '\n' ? 1 : 0;
  std::fclose(out);
  EXPECT_EQ(lines, 2);
}

TEST(ReportText, EndsWithTheBalanceAndTheMode) {
  Report report;
  report.ending = Ending::rejected;
  report.mode = DeliveryMode::transactional;
  report.balance = {.in = 1000, .delivered = 997, .rejected = 3, .pending = 0};
  const std::string text = report_text(report, {});
  EXPECT_TRUE(text.ends_with("\nin 1000 = delivered 997 + rejected 3 + pending 0, exactly once (transactional)\n"));
}

TEST(ReportText, VariantsOfNestedTablesAreNamedByTheirKeys) {
  Report report;
  report.ending = Ending::delivered;
  report.tables.resize(1);
  report.tables[0].name = "users__addresses__lines";
  report.tables[0].parent = "users__addresses";
  report.tables[0].variants = {
      {.column = "no__v_text", .base_column = "no", .first_value = "12a", .input = "users.jsonl", .line = 7}};
  const std::string text = report_text(report, {});
  EXPECT_NE(text.find("first 12a at users.jsonl:7"), std::string::npos);
  EXPECT_NE(text.find("--column 'addresses.lines.no:text'"), std::string::npos);
}

TEST(ReportText, TheNextQueryIsQuotedForShellAndDatabase) {
  Report report;
  report.ending = Ending::delivered;
  report.destination = "duckdb:/my data/a.duckdb";
  report.mode = DeliveryMode::transactional;
  report.dataset = "d";
  report.balance = {.in = 1, .delivered = 1};
  report.tables.resize(1);
  report.tables[0].name = "select";
  EXPECT_NE(report_text(report, {})
                .find(R"(outfall query 'duckdb:/my data/a.duckdb' --dataset d 'select * from "select" limit 10')"),
            std::string::npos);
}

TEST(ReportText, MisuseIsAnErrorAndNothingElse) {
  Report report;
  report.ending = Ending::misuse;
  report.error = Error{.message = "no\nway", .hint = "try"};
  EXPECT_EQ(report_text(report, {}), "error: no way\nhint: try\n");
}

}  // namespace
}  // namespace outfall::cli
