// SPDX-License-Identifier: Apache-2.0
#include "schema/temporal.h"

#include <gtest/gtest.h>

namespace outfall::schema {
namespace {

std::string timestamp_of(std::string_view text) {
  const std::optional<Timestamp> timestamp = parse_timestamp(text);
  return timestamp ? iso_text(*timestamp) : "none";
}

std::string date_of(std::string_view text) {
  const std::optional<Date> date = parse_date(text);
  return date ? iso_text(*date) : "none";
}

std::string time_of(std::string_view text) {
  const std::optional<Time> time = parse_time(text);
  return time ? iso_text(*time) : "none";
}

TEST(Calendar, EveryDayGoesThereAndBack) {
  CivilDate expected{1, 1, 1};
  for (std::int32_t days = days_min; days <= days_max; ++days) {
    const CivilDate civil = to_civil({days});
    ASSERT_EQ(civil, expected) << days;
    ASSERT_TRUE(exists(civil));
    ASSERT_EQ(to_date(civil).days, days);
    if (exists({civil.year, civil.month, civil.day + 1})) {
      ++expected.day;
    } else if (civil.month < 12) {
      expected = {civil.year, civil.month + 1, 1};
    } else {
      expected = {civil.year + 1, 1, 1};
    }
  }
  EXPECT_EQ(expected, (CivilDate{10000, 1, 1}));
  EXPECT_EQ(to_date({1970, 1, 1}).days, 0);
}

TEST(Calendar, KnowsWhatDoesNotExist) {
  EXPECT_TRUE(exists({2000, 2, 29}));
  EXPECT_FALSE(exists({1900, 2, 29}));
  EXPECT_FALSE(exists({2024, 2, 30}));
  EXPECT_FALSE(exists({2024, 13, 1}));
  EXPECT_FALSE(exists({2024, 1, 0}));
  EXPECT_FALSE(exists({0, 1, 1}));
  EXPECT_FALSE(exists({10000, 1, 1}));
}

TEST(ParseTimestamp, UsualForms) {
  EXPECT_EQ(parse_timestamp("1970-01-01T00:00:01Z"), (Timestamp{1'000'000, 0}));
  EXPECT_EQ(parse_timestamp("1970-01-01T02:00:00+02:00"), (Timestamp{0, 7200}));
  EXPECT_EQ(parse_timestamp("1970-01-01 00:00:00.5"), (Timestamp{500'000, std::nullopt}));
  EXPECT_EQ(timestamp_of("2024-01-02T03:04:05.123456789Z"), "2024-01-02T03:04:05.123456+00:00");
  EXPECT_EQ(timestamp_of("2024-01-02T03:04:05.0006Z"), "2024-01-02T03:04:05.000600+00:00");
  EXPECT_EQ(timestamp_of("2024-01-02T03:04:05,5"), "2024-01-02T03:04:05.500000");
  EXPECT_EQ(timestamp_of("2024-02-29T23:59:59-0530"), "2024-02-29T23:59:59-05:30");
}

TEST(ParseTimestamp, RarerForms) {
  EXPECT_EQ(timestamp_of("2024-01-02T03"), "2024-01-02T03:00:00");
  EXPECT_EQ(timestamp_of("20240102T030405"), "2024-01-02T03:04:05");
  EXPECT_EQ(timestamp_of("20240102 03:04Z"), "2024-01-02T03:04:00+00:00");
  EXPECT_EQ(timestamp_of("2024-01T03:04"), "2024-01-01T03:04:00");
  EXPECT_EQ(timestamp_of("2024-W01-1T03:04"), "2024-01-01T03:04:00");
  EXPECT_EQ(timestamp_of("2024-060 03"), "2024-02-29T03:00:00");
  EXPECT_EQ(timestamp_of("2024/01/02 3:4:5.6"), "2024-01-02T03:04:05.600000");
  EXPECT_EQ(timestamp_of("2024-01-02T03:04:05+02:"), "2024-01-02T03:04:05+02:00");
  EXPECT_EQ(timestamp_of("2024-01-02T03:04:05+02:60"), "2024-01-02T03:04:05+03:00");
}

TEST(ParseTimestamp, RefusesTheRest) {
  for (const char* text : {"",
                           "2024-01-02",
                           "10:20:30",
                           "P1D",
                           "1704164645",
                           "2024-01-02T24:00:00",
                           "2024-01-02T03:04:60Z",
                           "2024-02-30T00:00:00Z",
                           "2024-13-01T00:00:00Z",
                           "0000-01-01T00:00:00Z",
                           "2024-01-02t03:04:05Z",
                           "2024-01-02T03:04:05z",
                           "2024-01-02T03:04:05 Z",
                           "2024-01-02T03:04:05Zx",
                           "2024-01-02T03:04:05.",
                           "2024-01-02T03:04:05.Z",
                           "2024-01-02T03:04:05.1x2Z",
                           "2024-01-02T03:04:05.1234567xZ",
                           "2024-01-02T030405",
                           "20240102T03:04:05",
                           "2024-01-02T03:04:05+24:00",
                           "2024-01-02T03:04:05+2",
                           "2024-1-2T03:04:05",
                           "2024-01-02T03:04:05\xff",
                           "2024-01-0:T03:04:05Z",
                           "2024/01/02T03:04"}) {
    EXPECT_EQ(timestamp_of(text), "none") << text;
  }
}

TEST(ParseTimestamp, StaysWithinYears1To9999) {
  EXPECT_EQ(timestamp_of("0001-01-01T00:00:00Z"), "0001-01-01T00:00:00+00:00");
  EXPECT_EQ(timestamp_of("9999-12-31T23:59:59.999999Z"), "9999-12-31T23:59:59.999999+00:00");
  EXPECT_EQ(timestamp_of("0001-01-01T00:00:00+02:00"), "none");
  EXPECT_EQ(timestamp_of("9999-12-31T23:59:59-02:00"), "none");
}

TEST(ParseDate, Forms) {
  EXPECT_EQ(date_of("2024-01-02"), "2024-01-02");
  EXPECT_EQ(date_of("20240102"), "2024-01-02");
  EXPECT_EQ(date_of("2024-01"), "2024-01-01");
  EXPECT_EQ(date_of("2024"), "2024-01-01");
  EXPECT_EQ(date_of("٢٠٢٤"), "2024-01-01");
  EXPECT_EQ(date_of("2024-366"), "2024-12-31");
  EXPECT_EQ(date_of("2024001"), "2024-01-01");
  EXPECT_EQ(date_of("2024/01/02"), "2024-01-02");
  EXPECT_EQ(date_of("2020-W53-7"), "2021-01-03");
  EXPECT_EQ(date_of("2024W01"), "2024-01-01");
  EXPECT_EQ(date_of("2024-W00"), "2023-12-25");
  for (const char* text : {"2023-366", "2024-000", "2024-W53", "2024-W01-8", "9999-W52-7", "0001-W00", "202412",
                           "2024-1-2", "12", "2024-13-01", "0000", "2024-01-02x", "2024-01-02\n"}) {
    EXPECT_EQ(date_of(text), "none") << text;
  }
}

TEST(ParseTime, FormsAndUtc) {
  EXPECT_EQ(time_of("10:20"), "10:20:00");
  EXPECT_EQ(time_of("T10:20"), "10:20:00");
  EXPECT_EQ(time_of("10:20:30.5"), "10:20:30.500000");
  EXPECT_EQ(time_of("10:20:30+02:00"), "08:20:30");
  EXPECT_EQ(time_of("00:10+02:00"), "22:10:00");
  EXPECT_EQ(time_of("23:00-02:00"), "01:00:00");
  EXPECT_EQ(time_of("1:2"), "01:02:00");
  for (const char* text : {"T10:20:30", "24:00", "10:", "12", "10:20:30z", "10:20x", "10:20+24:00"}) {
    EXPECT_EQ(time_of(text), "none") << text;
  }
}

TEST(Temporal, TheDayIsTheOneInUtc) {
  EXPECT_EQ(iso_text(day_of(*parse_timestamp("2024-01-02T01:00:00+02:00"))), "2024-01-01");
  EXPECT_EQ(iso_text(day_of(*parse_timestamp("1969-12-31T23:59:59.999999Z"))), "1969-12-31");
}

}  // namespace
}  // namespace outfall::schema
