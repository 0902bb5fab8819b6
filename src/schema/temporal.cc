// SPDX-License-Identifier: Apache-2.0
//
// The calendar, and writing. Reading is in temporal_parse.cc.
//
// A year is counted from March, so that the leap day is its last day; 400 years have 146,097 days.
#include "schema/temporal.h"

#include <array>

namespace outfall::schema {
namespace {

constexpr std::int32_t days_per_era = 146'097;
constexpr std::int32_t days_before_1970 = 719'468;  // since 0000-03-01

std::int64_t floor_divide(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

/// Writes `value` with leading zeros over the `width` characters in front of `end`.
void write_digits(char* end, int width, std::int64_t value) {
  for (int i = 0; i < width; ++i) {
    *--end = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

void append_clock(std::string& out, std::int64_t microseconds) {
  const std::int64_t fraction = microseconds % microseconds_per_second;
  const std::int64_t seconds = microseconds / microseconds_per_second;
  std::array<char, 15> text{'0', '0', ':', '0', '0', ':', '0', '0', '.'};
  write_digits(&text[2], 2, seconds / 3600);
  write_digits(&text[5], 2, seconds / 60 % 60);
  write_digits(&text[8], 2, seconds % 60);
  if (fraction != 0) write_digits(text.data() + 15, 6, fraction);
  out.append(text.data(), fraction != 0 ? 15 : 8);
}

void append_offset(std::string& out, std::int32_t offset_seconds) {
  const std::int32_t size = offset_seconds < 0 ? -offset_seconds : offset_seconds;
  std::array<char, 6> text{offset_seconds < 0 ? '-' : '+', '0', '0', ':', '0', '0'};
  write_digits(&text[3], 2, size / 3600);
  write_digits(text.data() + 6, 2, size / 60 % 60);
  out.append(text.data(), text.size());
}

}  // namespace

CivilDate to_civil(Date date) {
  const std::int32_t days = date.days + days_before_1970;
  const auto era = static_cast<std::int32_t>(floor_divide(days, days_per_era));
  const std::int32_t day_of_era = days - era * days_per_era;
  const std::int32_t leap_days = day_of_era / 1460 - day_of_era / 36'524 + day_of_era / 146'096;
  const std::int32_t year_of_era = (day_of_era - leap_days) / 365;
  const std::int32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int32_t month = (5 * day_of_year + 2) / 153;  // March is 0
  return {.year = era * 400 + year_of_era + (month >= 10 ? 1 : 0),
          .month = month < 10 ? month + 3 : month - 9,
          .day = day_of_year - (153 * month + 2) / 5 + 1};
}

Date day_of(const Timestamp& timestamp) {
  return {static_cast<std::int32_t>(floor_divide(timestamp.microseconds_utc, microseconds_per_day))};
}

Time ZonedTime::utc() const {
  const std::int64_t shifted = local.microseconds - offset_seconds.value_or(0) * microseconds_per_second;
  return {shifted - floor_divide(shifted, microseconds_per_day) * microseconds_per_day};
}

void append_iso(std::string& out, const Timestamp& timestamp) {
  const std::int64_t local =
      timestamp.microseconds_utc + timestamp.offset_seconds.value_or(0) * microseconds_per_second;
  const std::int64_t days = floor_divide(local, microseconds_per_day);
  append_iso(out, Date{static_cast<std::int32_t>(days)});
  out += 'T';
  append_clock(out, local - days * microseconds_per_day);
  if (timestamp.offset_seconds) append_offset(out, *timestamp.offset_seconds);
}

void append_iso(std::string& out, Date date) {
  const CivilDate civil = to_civil(date);
  std::array<char, 10> text{'0', '0', '0', '0', '-', '0', '0', '-', '0', '0'};
  write_digits(&text[4], 4, civil.year);
  write_digits(&text[7], 2, civil.month);
  write_digits(text.data() + 10, 2, civil.day);
  out.append(text.data(), text.size());
}

void append_iso(std::string& out, Time time) {
  append_clock(out, time.microseconds);
}

std::string iso_text(const Timestamp& timestamp) {
  std::string out;
  append_iso(out, timestamp);
  return out;
}

std::string iso_text(Date date) {
  std::string out;
  append_iso(out, date);
  return out;
}

std::string iso_text(Time time) {
  std::string out;
  append_iso(out, time);
  return out;
}

}  // namespace outfall::schema
