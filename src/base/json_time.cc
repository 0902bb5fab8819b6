// SPDX-License-Identifier: Apache-2.0
#include "base/json_time.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

namespace outfall {
namespace {

constexpr std::string_view form = "0000-00-00T00:00:00.000000Z";

std::optional<int> number_at(std::string_view text, std::size_t from, std::size_t digits) {
  int number = 0;
  const char* end = text.data() + from + digits;
  const auto [stop, error] = std::from_chars(text.data() + from, end, number);
  return error == std::errc{} && stop == end ? std::optional(number) : std::nullopt;
}

}  // namespace

Json time_json(const Time& time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return Json(fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                          (time - seconds).count()));
}

Time read_time(std::string_view text) {
  if (text.size() != form.size()) return {};
  std::array<int, 7> parts{};
  std::size_t part = 0;
  for (const auto& [from, digits] : std::array<std::pair<std::size_t, std::size_t>, 7>{
           {{0, 4}, {5, 2}, {8, 2}, {11, 2}, {14, 2}, {17, 2}, {20, 6}}}) {
    const std::optional<int> number = number_at(text, from, digits);
    if (!number) return {};
    parts[part++] = *number;
  }
  const std::chrono::year_month_day day{std::chrono::year{parts[0]},
                                        std::chrono::month{static_cast<unsigned>(parts[1])},
                                        std::chrono::day{static_cast<unsigned>(parts[2])}};
  if (!day.ok()) return {};
  return std::chrono::sys_days(day) + std::chrono::hours(parts[3]) + std::chrono::minutes(parts[4]) +
         std::chrono::seconds(parts[5]) + std::chrono::microseconds(parts[6]);
}

}  // namespace outfall
