// SPDX-License-Identifier: Apache-2.0
//
// Timestamps, dates and times: their arithmetic, and reading and writing them in the ISO 8601 forms that dlt accepts
// and writes.
//
// Proleptic Gregorian calendar, years 1 to 9999; no locale and no time zone database take part. Reading does not
// allocate (but for digits of other scripts, which are spelled in ASCII first); writing appends to a string.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace outfall::schema {

/// An instant. Without an offset it is naive: a reading of the clock that counts as UTC.
struct Timestamp {
  std::int64_t microseconds_utc = 0;           ///< since 1970-01-01T00:00:00 UTC
  std::optional<std::int32_t> offset_seconds;  ///< as written, east of Greenwich positive

  bool operator==(const Timestamp&) const = default;
};

struct Date {
  std::int32_t days = 0;  ///< since 1970-01-01

  bool operator==(const Date&) const = default;
};

struct Time {
  std::int64_t microseconds = 0;  ///< since midnight

  bool operator==(const Time&) const = default;
};

/// A day of the calendar by its names.
struct CivilDate {
  std::int32_t year;
  std::int32_t month;  ///< 1..12
  std::int32_t day;    ///< 1..31

  bool operator==(const CivilDate&) const = default;
};

/// By month, of a year that is no leap year; no month is 0.
inline constexpr std::array<std::int8_t, 13> days_of_month{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

constexpr bool is_leap_year(std::int32_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/// False for the 30th of February, month 13, year 0.
constexpr bool exists(const CivilDate& civil) {
  if (civil.year < 1 || civil.year > 9999 || civil.month < 1 || civil.month > 12 || civil.day < 1) return false;
  if (civil.day <= days_of_month[static_cast<std::size_t>(civil.month)]) return true;
  return civil.month == 2 && civil.day == 29 && is_leap_year(civil.year);
}

/// The day of a date that exists. Years are counted from March, so that the leap day is the last one.
constexpr Date to_date(const CivilDate& civil) {
  constexpr std::int32_t days_before_1970 = 719'468;  // since 0000-03-01
  const auto year = static_cast<std::uint32_t>(civil.year - (civil.month <= 2 ? 1 : 0));
  const auto month = static_cast<std::uint32_t>(civil.month + (civil.month <= 2 ? 9 : -3));
  const std::uint32_t leap_days = year / 4 - year / 100 + year / 400;
  const std::uint32_t day_of_year = (153 * month + 2) / 5 + static_cast<std::uint32_t>(civil.day) - 1;
  return {static_cast<std::int32_t>(year * 365 + leap_days + day_of_year) - days_before_1970};
}

CivilDate to_civil(Date date);

inline constexpr std::int64_t microseconds_per_second = 1'000'000;
inline constexpr std::int64_t microseconds_per_day = 86'400 * microseconds_per_second;
/// 0001-01-01 and 9999-12-31: what a timestamp or date column may hold.
inline constexpr std::int32_t days_min = -719'162;
inline constexpr std::int32_t days_max = 2'932'896;
inline constexpr std::int64_t microseconds_min = days_min * microseconds_per_day;
inline constexpr std::int64_t microseconds_max = (days_max + 1) * microseconds_per_day - 1;

/// The day, in UTC, on which an instant falls.
Date day_of(const Timestamp& timestamp);

/// A clock time with its zone, as text has it. UTC of `10:20+02:00` is 08:20.
struct ZonedTime {
  Time local;
  std::optional<std::int32_t> offset_seconds;

  Time utc() const;
};

/// What an ISO 8601 text says. A text may be a day and a time, a day, or a time; durations and intervals are none of
/// these.
using IsoMoment = std::variant<Timestamp, Date, ZonedTime>;
std::optional<IsoMoment> parse_iso(std::string_view text);

/// A day with a time, with or without an offset: `2024-01-02T03:04:05Z`, `2024-01-02 03:04`, `20240102T030405+0200`.
/// Fractions are cut to microseconds. A plain date is none. The usual forms take a path without branches per character.
std::optional<Timestamp> parse_timestamp(std::string_view text);
/// A day alone: `2024-01-02`, `20240102`, `2024`, `2024-W01-1`, `2024-001`, `2024/01/02`.
std::optional<Date> parse_date(std::string_view text);
/// A time alone: `10:20`, `10:20:30.5`, `T10:20`, `10:20:30+02:00`, and then in UTC.
std::optional<Time> parse_time(std::string_view text);

/// `2024-01-02T03:04:05.000600+02:00`: local to its offset, none when naive, microseconds only when there are any.
void append_iso(std::string& out, const Timestamp& timestamp);
void append_iso(std::string& out, Date date);
void append_iso(std::string& out, Time time);
std::string iso_text(const Timestamp& timestamp);
std::string iso_text(Date date);
std::string iso_text(Time time);

}  // namespace outfall::schema
