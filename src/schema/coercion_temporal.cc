// SPDX-License-Identifier: Apache-2.0
//
// Text and seconds since 1970 to timestamps, dates and times.
#include <cmath>

#include "schema/coercion.h"

namespace outfall::schema {
namespace {

constexpr std::int64_t seconds_min = microseconds_min / microseconds_per_second;
constexpr std::int64_t seconds_max = microseconds_max / microseconds_per_second;

std::optional<Date> day_of(const std::optional<Timestamp>& timestamp) {
  if (!timestamp) return std::nullopt;
  return schema::day_of(*timestamp);
}

/// Python's float() and no hexadecimal: "0x10" is no number of seconds.
std::optional<Timestamp> seconds_text_to_timestamp(std::string_view text) {
  const std::optional<double> seconds = text_to_float(text);
  return seconds ? double_to_timestamp(*seconds) : std::nullopt;
}

}  // namespace

std::optional<Timestamp> text_to_timestamp(std::string_view text) {
  if (const std::optional<Timestamp> timestamp = parse_timestamp(text)) return timestamp;
  if (const std::optional<Date> date = parse_date(text)) return date_to_timestamp(*date);
  return seconds_text_to_timestamp(text);
}

std::optional<Timestamp> bigint_to_timestamp(std::int64_t seconds) {
  if (seconds < seconds_min || seconds > seconds_max) return std::nullopt;
  return Timestamp{seconds * microseconds_per_second, 0};
}

std::optional<Timestamp> double_to_timestamp(double seconds) {
  if (!(seconds > static_cast<double>(seconds_min) - 1 && seconds < static_cast<double>(seconds_max) + 1)) {
    return std::nullopt;
  }
  // Whole seconds and fraction apart, as Python rounds them: their product with a million would lose the last digits.
  double whole = 0;
  const double microseconds = std::nearbyint(std::modf(seconds, &whole) * static_cast<double>(microseconds_per_second));
  const std::int64_t utc =
      static_cast<std::int64_t>(whole) * microseconds_per_second + static_cast<std::int64_t>(microseconds);
  if (utc < microseconds_min || utc > microseconds_max) return std::nullopt;
  return Timestamp{utc, 0};
}

std::optional<Date> text_to_date(std::string_view text) {
  if (const std::optional<Date> date = parse_date(text)) return date;
  if (const std::optional<Timestamp> timestamp = parse_timestamp(text)) return schema::day_of(*timestamp);
  return day_of(seconds_text_to_timestamp(text));
}

std::optional<Date> bigint_to_date(std::int64_t seconds) {
  return day_of(bigint_to_timestamp(seconds));
}

std::optional<Date> double_to_date(double seconds) {
  return day_of(double_to_timestamp(seconds));
}

std::optional<Time> text_to_time(std::string_view text) {
  return parse_time(text);
}

}  // namespace outfall::schema
