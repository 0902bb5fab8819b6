// SPDX-License-Identifier: Apache-2.0
#include "schema/detection.h"

#include <gtest/gtest.h>

namespace outfall::schema {
namespace {

constexpr std::chrono::seconds now{1'704'164'645};
constexpr std::int64_t window = 157'680'000;

TEST(Detection, NumbersNearNowAreTimestamps) {
  EXPECT_EQ(detect(Detection::timestamp, Value::bigint(now.count() - window), now), DataType::timestamp);
  EXPECT_EQ(detect(Detection::timestamp, Value::bigint(now.count() - window - 1), now), std::nullopt);
  EXPECT_EQ(detect(Detection::timestamp, Value::real(1'704'164'645.5), now), DataType::timestamp);
  EXPECT_EQ(detect(Detection::timestamp, Value::text("1704164645"), now), std::nullopt);
}

TEST(Detection, LargeIntegersAreWeiAndThenText) {
  const auto large = [](std::string_view digits) {
    return detect(Detection::large_integer, Value::bigint(*Decimal::parse(digits)), now);
  };
  EXPECT_EQ(large("9223372036854775807"), std::nullopt);
  EXPECT_EQ(large("9223372036854775808"), DataType::wei);
  EXPECT_EQ(large("578960446186580977117854925043439539266"), DataType::wei);
  EXPECT_EQ(large("578960446186580977117854925043439539267"), DataType::text);
  EXPECT_EQ(large("-99999999999999999999"), std::nullopt);
  EXPECT_EQ(detect(Detection::large_integer, Value::wei(*Decimal::parse("99999999999999999999")), now), std::nullopt);
}

TEST(Detection, TextsAreTimestampsOrDatesNeverBoth) {
  EXPECT_EQ(detect(Detection::iso_timestamp, Value::text("2024-01-02T03:04:05Z"), now), DataType::timestamp);
  EXPECT_EQ(detect(Detection::iso_date, Value::text("2024-01-02T03:04:05Z"), now), std::nullopt);
  EXPECT_EQ(detect(Detection::iso_date, Value::text("2024-01-02"), now), DataType::date);
  EXPECT_EQ(detect(Detection::iso_timestamp, Value::json("\"2024-01-02T03:04:05Z\""), now), std::nullopt);
  EXPECT_EQ(detect(Detection::iso_timestamp, Value(), now), std::nullopt);
}

TEST(LooksLikeIsoTimestamp, ShortAndForeignFormsCount) {
  EXPECT_TRUE(looks_like_iso_timestamp("20243:4"));
  EXPECT_TRUE(looks_like_iso_timestamp("٢٠٢٤ 3:04"));
  for (const char* text : {"", "2024-01-02", "T10:20:30", " 10:20:30", "hello world", "123456789012"}) {
    EXPECT_FALSE(looks_like_iso_timestamp(text)) << text;
  }
}

TEST(Detection, NamesGoBothWays) {
  EXPECT_EQ(name(Detection::large_integer), "large_integer");
  EXPECT_EQ(detection("iso_timestamp"), Detection::iso_timestamp);
  EXPECT_EQ(detection("iso"), std::nullopt);
}

}  // namespace
}  // namespace outfall::schema
