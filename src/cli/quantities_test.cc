// SPDX-License-Identifier: Apache-2.0
//
// Sizes, counts, times, and words that were nearly right.
#include "cli/quantities.h"

#include <gtest/gtest.h>

#include "cli/nearest.h"
#include "cli/terminal.h"

namespace outfall::cli {
namespace {

TEST(Quantities, ReadsSizesWithAndWithoutUnits) {
  EXPECT_EQ(parse_size("--memory", "4096"), 4096U);
  EXPECT_EQ(parse_size("--memory", "256MB"), 256'000'000U);
  EXPECT_EQ(parse_size("--memory", "1.5 GiB"), 1'610'612'736U);
  EXPECT_EQ(parse_size("--memory", "2k"), 2048U);
}

TEST(Quantities, RefusesWhatIsNoSize) {
  for (const char* text : {"", "lots", "-1", "12 parsecs", "1e30", "inf", "nan", "1MB2"}) {
    const Result<std::size_t> size = parse_size("--memory", text);
    ASSERT_FALSE(size) << text;
    EXPECT_EQ(size.error().blame, Blame::usage);
    EXPECT_NE(size.error().message.find("--memory"), std::string::npos);
  }
}

TEST(Quantities, ReadsRates) {
  EXPECT_EQ(parse_rate("--rate-limit", "10/s"), 10.0);
  EXPECT_EQ(parse_rate("--rate-limit", "90/m"), 1.5);
  EXPECT_EQ(parse_rate("--rate-limit", "3600/h"), 1.0);
  for (const char* text : {"", "10", "0/s", "-1/s", "10/d", "inf/s", "nan/s", "1e9/s", "/s"}) {
    const Result<double> rate = parse_rate("--rate-limit", text);
    ASSERT_FALSE(rate) << text;
    EXPECT_EQ(rate.error().blame, Blame::usage);
  }
}

TEST(Quantities, ReadsWholeNumbersInsideTheirRange) {
  EXPECT_EQ(parse_number("--workers", "8", {0, 8}), 8);
  for (const char* text : {"9", "-1", "1.5", "", "x", "99999999999999999999"}) {
    EXPECT_FALSE(parse_number("--workers", text, {0, 8})) << text;
  }
}

TEST(Quantities, WritesCountsBytesAndTimes) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1'000), "1,000");
  EXPECT_EQ(count_text(123'456'789), "123,456,789");
  EXPECT_EQ(count_text(1, "row"), "1 row");
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(1'500), "1.5 kB");
  EXPECT_EQ(bytes_text(999'999), "1.0 MB");
  EXPECT_EQ(duration_text(std::chrono::milliseconds(420)), "0.42 s");
  EXPECT_EQ(duration_text(std::chrono::milliseconds(59'700)), "1 min 0 s");
  EXPECT_EQ(duration_text(std::chrono::minutes(125)), "2 h 5 min");
}

TEST(Nearest, FindsSlipsOfTheFingersOnly) {
  const std::vector<std::string> words{"--table", "--to", "--pipeline", "--workers"};
  EXPECT_EQ(nearest("--tabel", words), "--table");
  EXPECT_EQ(nearest("--worker", words), "--workers");
  EXPECT_EQ(nearest("--pipe", words), "--pipeline");
  EXPECT_EQ(nearest("--quiet", words), std::nullopt);
  EXPECT_EQ(nearest(std::string(10'000, 'x'), words), std::nullopt);
}

TEST(Terminal, KeepsTextInItsPlace) {
  EXPECT_EQ(shortened("größer", 6), "größer");
  EXPECT_EQ(shortened("größer", 4), "grö…");
  EXPECT_EQ(one_line("a\nb\t\x01"), "a\\nb\\t\\x01");
  EXPECT_EQ(one_line("\xc0\x80\xe0\x80\x80\xed\xa0\x80\xf4\x90\x80\x80"),
            "\\xc0\\x80\\xe0\\x80\\x80\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(one_line("\xff\xc2\x9b\xc3\xa9\xe2\x82"), "\\xff\\xc2\\x9b\xc3\xa9\\xe2\\x82");
}

TEST(Since, IsADateATimeOrAnAge) {
  using namespace std::chrono_literals;
  const auto day = std::chrono::sys_days(std::chrono::year(2026) / 11 / 22);
  const std::chrono::system_clock::time_point now = day + 12h;
  EXPECT_EQ(parse_since("--since", "2026-11-22", now).value(), day);
  EXPECT_EQ(parse_since("--since", "2026-11-22T10:05", now).value(), day + 10h + 5min);
  EXPECT_EQ(parse_since("--since", "2026-11-22 10:05:30Z", now).value(), day + 10h + 5min + 30s);
  EXPECT_EQ(parse_since("--since", "90m", now).value(), day + 10h + 30min);
  EXPECT_EQ(parse_since("--since", "7d", now).value(), day + 12h - 7 * 24h);
  for (const char* text : {"", "d", "7", "-1h", "7w", "2026-13-01", "2026-02-30", "2026-11-22T", "2026-11-22T24:00",
                           "2026-11-22T10:00:00+01:00", "tomorrow", "99999999999d"}) {
    EXPECT_FALSE(parse_since("--since", text, now)) << text;
  }
}

TEST(Lag, IsANumberOrATime) {
  using namespace std::chrono_literals;
  EXPECT_EQ(parse_lag("--cursor-lag", "100").value(), CursorLag(std::int64_t{100}));
  EXPECT_EQ(parse_lag("--cursor-lag", "15m").value(), CursorLag(std::chrono::seconds(15min)));
  EXPECT_EQ(parse_lag("--cursor-lag", "7d").value(), CursorLag(std::chrono::seconds(7 * 24h)));
  for (const char* text : {"", "-1", "1.5", "1w", "h", "2 h"}) EXPECT_FALSE(parse_lag("--cursor-lag", text)) << text;
}

}  // namespace
}  // namespace outfall::cli
