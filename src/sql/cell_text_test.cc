// SPDX-License-Identifier: Apache-2.0
#include "sql/cell_text.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "schema/temporal.h"

namespace outfall::sql {
namespace {

std::string date(std::int32_t days) {
  std::string out;
  append_date(out, days);
  return out;
}

std::string time(std::int64_t microseconds) {
  std::string out;
  append_time(out, microseconds);
  return out;
}

std::string timestamp(std::int64_t units, bool is_nanoseconds = false) {
  std::string out;
  append_timestamp(out, units, is_nanoseconds);
  return out;
}

TEST(CellText, DatesHaveFourDigitsOfTheYear) {
  EXPECT_EQ(date(0), "1970-01-01");
  EXPECT_EQ(date(-1), "1969-12-31");
  EXPECT_EQ(date(19'782), "2024-02-29");
  EXPECT_EQ(date(schema::days_min), "0001-01-01");
  EXPECT_EQ(date(schema::days_max), "9999-12-31");
}

TEST(CellText, TimesHaveSixDigitsOfTheSecond) {
  EXPECT_EQ(time(0), "00:00:00.000000");
  EXPECT_EQ(time(30'720'000'001), "08:32:00.000001");
  EXPECT_EQ(time(schema::microseconds_per_day - 1), "23:59:59.999999");
}

TEST(CellText, MomentsBeforeTheEpochAreTheirDaysOwn) {
  EXPECT_EQ(timestamp(0), "1970-01-01 00:00:00.000000");
  EXPECT_EQ(timestamp(-1), "1969-12-31 23:59:59.999999");
  EXPECT_EQ(timestamp(schema::microseconds_min), "0001-01-01 00:00:00.000000");
  EXPECT_EQ(timestamp(schema::microseconds_max), "9999-12-31 23:59:59.999999");
  EXPECT_EQ(timestamp(-1, true), "1969-12-31 23:59:59.999999999");
  EXPECT_EQ(timestamp(1'713'083'520'000'000'123, true), "2024-04-14 08:32:00.000000123");
}

TEST(CellText, DecimalsHaveTheDigitsOfTheirScale) {
  const auto decimal = [](schema::Int128 unscaled, int scale) {
    std::string out;
    append_decimal(out, unscaled, scale);
    return out;
  };
  EXPECT_EQ(decimal(-1250, 2), "-12.50");
  EXPECT_EQ(decimal(5, 3), "0.005");
  EXPECT_EQ(decimal(0, 0), "0");
  EXPECT_EQ(decimal(12, 0), "12");
}

TEST(CellText, DoublesReadBackAsDoubles) {
  const auto real = [](double value) {
    std::string out;
    append_double(out, value);
    return out;
  };
  EXPECT_EQ(real(2), "2.0");
  EXPECT_EQ(real(0.1), "0.1");
  EXPECT_EQ(real(1e300), "1e+300");
}

}  // namespace
}  // namespace outfall::sql
