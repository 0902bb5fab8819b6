// SPDX-License-Identifier: Apache-2.0
#include "schema/time_zone.h"

#include <cctz/civil_time.h>
#include <cctz/time_zone.h>
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "schema/temporal.h"

namespace outfall::schema {
namespace {

std::optional<int> digits(std::string_view text, int max) {
  int value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool good = !text.empty() && text.size() <= 2 && text.front() != '-' && code == std::errc() &&
                    end == text.data() + text.size() && value <= max;
  return good ? std::optional(value) : std::nullopt;
}

/// `+02:00`, `+0200`, `+02`, `+2` in seconds.
std::optional<int> offset_of(std::string_view name) {
  if (name.size() < 2 || (name.front() != '+' && name.front() != '-')) return std::nullopt;
  const bool is_west = name.front() == '-';
  name.remove_prefix(1);
  const std::size_t colon = name.find(':');
  const std::size_t hour_size = colon != std::string_view::npos ? colon
                                : name.size() > 2               ? name.size() - 2
                                                                : name.size();
  const std::string_view minute_text =
      name.substr(std::min(hour_size + (colon == std::string_view::npos ? 0 : 1), name.size()));
  const std::optional<int> hours = digits(name.substr(0, hour_size), 14);
  const bool has_minutes = colon != std::string_view::npos || name.size() > 2;
  const std::optional<int> minutes = has_minutes ? digits(minute_text, 59) : std::optional(0);
  if (!hours || !minutes || (has_minutes && minute_text.size() != 2)) return std::nullopt;
  const int seconds = (*hours * 60 + *minutes) * 60;
  return is_west ? -seconds : seconds;
}

}  // namespace

struct TimeZone::Rules {
  cctz::time_zone zone;
};

TimeZone::TimeZone(std::shared_ptr<const Rules> rules) : rules_(std::move(rules)) {}

Result<TimeZone> TimeZone::find(std::string_view name) {
  auto rules = std::make_shared<Rules>();
  if (const std::optional<int> offset = offset_of(name)) {
    rules->zone = cctz::fixed_time_zone(std::chrono::seconds(*offset));
    return TimeZone(std::move(rules));
  }
  // An absolute path or another way out of the folder of zones is no name.
  const bool is_name = !name.empty() && name.front() != '/' && name.find("..") == std::string_view::npos &&
                       name.find(':') == std::string_view::npos;
  if (is_name && cctz::load_time_zone(std::string(name), &rules->zone)) return TimeZone(std::move(rules));
  return fail(Error{.message = fmt::format("there is no time zone {}", name),
                    .hint = "zones are called as in Europe/Oslo, and come with the system's tzdata; an offset such as "
                            "+02:00 needs none",
                    .blame = Blame::usage});
}

std::int64_t TimeZone::to_utc(std::int64_t local) const {
  std::int64_t seconds = local / microseconds_per_second;
  std::int64_t rest = local % microseconds_per_second;
  if (rest < 0) {
    rest += microseconds_per_second;
    --seconds;
  }
  const cctz::time_zone::civil_lookup found = rules_->zone.lookup(cctz::civil_second(1970, 1, 1) + seconds);
  return found.pre.time_since_epoch().count() * microseconds_per_second + rest;
}

}  // namespace outfall::schema
