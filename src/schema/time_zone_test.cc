// SPDX-License-Identifier: Apache-2.0
#include "schema/time_zone.h"

#include <gtest/gtest.h>

#include "schema/temporal.h"

namespace outfall::schema {
namespace {

/// The instant of a reading of the clock in a zone, as text.
std::string utc(std::string_view zone, std::string_view reading) {
  const Result<TimeZone> found = TimeZone::find(zone);
  if (!found) return found.error().message;
  return iso_text(Timestamp{found->to_utc(parse_timestamp(reading)->microseconds_utc), 0});
}

TEST(TimeZone, KnowsZonesByName) {
  EXPECT_EQ(utc("UTC", "2024-07-01T12:00:00"), "2024-07-01T12:00:00+00:00");
  EXPECT_EQ(utc("Europe/Oslo", "2024-01-01T00:30:00.25"), "2023-12-31T23:30:00.250000+00:00");
  EXPECT_EQ(utc("Europe/Oslo", "2024-07-01T12:00:00"), "2024-07-01T10:00:00+00:00");
  EXPECT_EQ(utc("America/New_York", "1960-01-15T00:00:00.5"), "1960-01-15T05:00:00.500000+00:00");
}

TEST(TimeZone, DecidesHoursThatTheClockSkipsOrShowsTwice) {
  EXPECT_EQ(utc("Europe/Oslo", "2024-03-31T02:30:00"), "2024-03-31T01:30:00+00:00");
  EXPECT_EQ(utc("Europe/Oslo", "2024-10-27T02:30:00"), "2024-10-27T00:30:00+00:00");
}

TEST(TimeZone, TakesOffsets) {
  for (const char* offset : {"+05:30", "+0530"})
    EXPECT_EQ(utc(offset, "2024-01-01T05:30:00"), "2024-01-01T00:00:00+00:00");
  for (const char* offset : {"-2", "-02", "-02:00", "-200"}) {
    EXPECT_EQ(utc(offset, "2024-01-01T00:00:00"), "2024-01-01T02:00:00+00:00") << offset;
  }
}

TEST(TimeZone, RefusesWhatIsNoZone) {
  for (const char* name :
       {"", "Europe/Bergen", "+", "+15", "+1:5", "+02:60", "/etc/localtime", "../zone", "file:/x", "+-1"}) {
    const Result<TimeZone> found = TimeZone::find(name);
    ASSERT_FALSE(found) << name;
    EXPECT_EQ(found.error().blame, Blame::usage);
  }
}

}  // namespace
}  // namespace outfall::schema
